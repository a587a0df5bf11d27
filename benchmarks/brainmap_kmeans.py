"""Exact K-means passes over a file, beside scikit-learn in memory.

    OMP_NUM_THREADS=1 python benchmarks/brainmap_kmeans.py [VOXELS]

Both start from the same voxels and make the same number of passes. Each runs in a process of its
own, which says its processor seconds and the most memory it held: `RssAnon`, which leaves out the
pages of the mapped file that the system caches and gives back when asked.
"""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from pipelines.brainmap.kmeans import lloyd

TIMES, CLUSTERS, PASSES = 200, 30, 20


def write(file: Path, voxels: int) -> None:
    """Voxels with 30 patterns in noise, written some at a time."""
    random = np.random.default_rng(0)
    patterns = random.standard_normal((30, TIMES)).astype(np.float32)
    series = np.lib.format.open_memmap(file, "w+", np.float32, (voxels, TIMES))
    for start in range(0, voxels, 50_000):
        part = series[start : start + 50_000]
        gain = random.lognormal(0, 0.4, len(part)).astype(np.float32)[:, None]
        noise = random.standard_normal(part.shape, dtype=np.float32)
        part[:] = gain * patterns[np.arange(len(part)) % 30] + noise
    series.flush()


def measure(engine: str, file: Path) -> None:
    """Run one engine and print processor seconds, peak memory in MB and inertia per voxel."""
    peak = Peak()
    if engine == "scikit-learn":
        series = np.load(file)
        clock = time.process_time()
        start = series[:CLUSTERS].copy()
        model = KMeans(CLUSTERS, init=start, n_init=1, max_iter=PASSES, tol=0)
        inertia = model.fit(series).inertia_
    else:
        series = np.load(file, mmap_mode="r")
        clock = time.process_time()
        start = np.array(series[:CLUSTERS], np.float64)
        inertia = lloyd(series, start, PASSES).inertia
    seconds = time.process_time() - clock
    print(f"{seconds:.2f} {peak.stop():.0f} {inertia / len(series):.4f}")


class Peak:
    """The most memory of its own that this process held, in MB (Linux)."""

    def __init__(self) -> None:
        self._most, self._running = 0.0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self._running:
            lines = Path("/proc/self/status").read_text().splitlines()
            held = next(line for line in lines if line.startswith("RssAnon"))
            self._most = max(self._most, int(held.split()[1]) / 1000)
            time.sleep(0.05)

    def stop(self) -> float:
        """End watching and give the peak."""
        self._running = False
        self._thread.join()
        return self._most


def main() -> None:
    """Print the table."""
    if len(sys.argv) > 2:
        with threadpool_limits(limits=1):
            measure(sys.argv[1], Path(sys.argv[2]))
        return
    voxels = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"{voxels:,} x {TIMES}, K = {CLUSTERS}, {PASSES} passes")
    print("| engine | processor s | peak MB | inertia per voxel |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "series.npy"
        write(file, voxels)
        for engine in ("scikit-learn", "ours, from the file"):
            command = [sys.executable, __file__, engine, str(file)]
            found = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"| {engine} | {' | '.join(found.stdout.split())} |", flush=True)


if __name__ == "__main__":
    main()
