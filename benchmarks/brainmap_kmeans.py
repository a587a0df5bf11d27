"""Exact K-means passes in memory and over a file, beside scikit-learn in memory.

    OMP_NUM_THREADS=1 python -m benchmarks.brainmap_kmeans [VOXELS] [FOLDER]

All start from the same voxels and make the same number of passes, on one thread; the row says how
many were made. Each runs in a process of its own, which says its processor seconds, without those
of loading series that are held in memory, and the most memory it held (VmHWM, with mapped files).
scikit-learn puts the voxels to the last centroids once more at the end, so its inertia is that of
one more half pass.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from pipelines.brainmap.clusters.kmeans import grouped_by
from pipelines.brainmap.clusters.lloyd import refine
from pipelines.brainmap.engines.engine import Local
from pipelines.brainmap.voxels.stored import AnySeries, StoredSeries

TIMES, CLUSTERS, PASSES = 200, 30, 20


def write(file: Path, voxels: int) -> None:
    """Voxels with 30 smooth patterns in noise, written some at a time."""
    random = np.random.default_rng(0)
    patterns = random.standard_normal((30, TIMES)).cumsum(axis=1).astype(np.float32)
    patterns /= patterns.std(axis=1, keepdims=True)
    series = np.lib.format.open_memmap(file, "w+", np.float32, (voxels, TIMES))
    for start in range(0, voxels, 50_000):
        part = series[start : start + 50_000]
        gain = random.lognormal(0, 0.4, len(part)) * (random.random(len(part)) > 0.25)
        noise = random.standard_normal(part.shape, dtype=np.float32)
        pattern = random.integers(0, 30, len(part))
        part[:] = gain.astype(np.float32)[:, None] * patterns[pattern] + noise
    series.flush()


def scikit_learn(series: AnySeries) -> tuple[int, float]:
    """Passes made and inertia."""
    model = KMeans(CLUSTERS, init=series[:CLUSTERS].copy(), n_init=1, max_iter=PASSES, tol=0)
    model.fit(series)
    return model.n_iter_, model.inertia_


def ours(series: AnySeries) -> tuple[int, float]:
    """Passes made and inertia."""
    passes: list[str] = []
    engine, start = Local(threads=1), series[:CLUSTERS].astype(np.float64)
    told = lambda _fraction, sentence: passes.append(sentence)  # noqa: E731
    [means] = refine(engine, series, [start], PASSES, report=told)
    return len(passes), grouped_by(means, series, engine).inertia


WAYS: dict[str, tuple[Callable[[Path], AnySeries], Callable[[AnySeries], tuple[int, float]]]] = {
    "scikit-learn, in memory": (np.load, scikit_learn),
    "ours, in memory": (np.load, ours),
    "ours, from the file": (StoredSeries.open, ours),
}


def peak_memory() -> float:
    """The most resident memory of this process in MB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    most = next(line for line in lines if line.startswith("VmHWM"))
    return int(most.split()[1]) / 1000


def measure(name: str, file: Path) -> None:
    """Run one way and print processor seconds, peak memory in MB, passes, inertia per voxel."""
    opened, run = WAYS[name]
    series = opened(file)
    clock = time.process_time()
    passes, inertia = run(series)
    seconds = time.process_time() - clock
    print(f"{seconds:.2f} {peak_memory():.0f} {passes} {inertia / len(series):.4f}")


def main() -> None:
    """Print the table."""
    if len(sys.argv) > 3:
        with threadpool_limits(limits=1):
            measure(sys.argv[2], Path(sys.argv[3]))
        return
    voxels = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"{voxels:,} x {TIMES}, K = {CLUSTERS}")
    print("| way | processor s | peak MB | passes | inertia per voxel |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(dir=(sys.argv[2:] or [None])[0]) as folder:
        file = Path(folder) / "series.npy"
        write(file, voxels)
        for name in WAYS:
            command = [sys.executable, "-m", __spec__.name, "one", name, str(file)]
            found = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"| {name} | {' | '.join(found.stdout.split())} |", flush=True)


if __name__ == "__main__":
    main()
