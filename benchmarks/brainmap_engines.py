"""Passes of K-means on this machine, on Dask and on Spark, with the same result.

    OMP_NUM_THREADS=1 python -m benchmarks.brainmap_engines [VOXELS ...] [--folder DIR]

A scheduler or master with two workers of one core each is started on this machine. Every way makes
the same passes over the same file and then describes every voxel. Seconds and CPU seconds are
those of the passes and the description, without starting the cluster; CPU seconds are of all
processes together; the memory is that of the largest process (VmHWM, Linux).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np

from benchmarks.brainmap_kmeans import CLUSTERS, TIMES, peak_memory, write
from pipelines.brainmap.engine import engine_at
from pipelines.brainmap.lloyd import describe, refine
from tests.pipelines.brainmap.clusters import running

PASSES = 5
TICKS = os.sysconf("SC_CLK_TCK")


def measure(address: str, file: Path) -> None:
    """Make the passes and print seconds, CPU seconds of this process, MB and a digest."""
    with engine_at(address) as engine:
        series = engine.take(file)
        start = series[:CLUSTERS].astype(np.float64)
        refine(engine, series, [start], 1)
        print("ready", flush=True)
        clock, spent = time.monotonic(), time.process_time()
        found = refine(engine, series, [start], PASSES)
        digest = sha256(found[0].centroids.tobytes())
        for _, [described] in engine.each(describe, series, found):
            digest.update(described.labels.tobytes())
        seconds, own = time.monotonic() - clock, time.process_time() - spent
        print(f"{seconds} {own} {peak_memory()} {digest.hexdigest()[:12]}", flush=True)


def in_groups(groups: set[int]) -> Iterator[Path]:
    """The processes of some groups of processes."""
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and os.getpgid(int(folder.name)) in groups:
                yield folder
        except ProcessLookupError:
            continue


def cpu_of(groups: set[int]) -> float:
    """CPU seconds of these processes so far."""
    fields = [
        (folder / "stat").read_text().rpartition(")")[2].split() for folder in in_groups(groups)
    ]
    return sum(int(part) for words in fields for part in words[11:15]) / TICKS


def most_memory(groups: set[int]) -> float:
    """MB of the largest of these processes."""
    lines = [line for folder in in_groups(groups) for line in (folder / "status").open()]
    return max((int(line.split()[1]) / 1000 for line in lines if "VmHWM" in line), default=0.0)


@contextmanager
def engine(kind: str) -> Iterator[tuple[str, set[int]]]:
    """The address of an engine, and the groups of its processes."""
    if kind == "local":
        yield "local", set()
        return
    with tempfile.TemporaryDirectory() as folder, running(kind, Path(folder)) as (address, workers):
        yield address, {worker.pid for worker in workers}


def row(kind: str, file: Path) -> str:
    """One line of the table."""
    words = [sys.executable, "-m", "benchmarks.brainmap_engines", "--measure"]
    with engine(kind) as (address, groups):
        environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
        process = subprocess.Popen(
            [*words, address, str(file)], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        before = cpu_of(groups)
        seconds, own, memory, digest = process.stdout.readline().split()
        cpu, most = float(own) + cpu_of(groups) - before, max(float(memory), most_memory(groups))
        process.wait()
    return f"{kind} | {float(seconds):.1f} | {cpu:.1f} | {most:.0f} | {digest}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voxels", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--engines", nargs="+", default=["local", "dask", "spark"])
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], Path(options.measure[1]))
        return
    print(f"T = {TIMES}, K = {CLUSTERS}, {PASSES} passes and one description")
    print("| voxels | engine | seconds | CPU s | largest process MB | result |")
    print("| --- | --- | --- | --- | --- | --- |")
    for voxels in options.voxels:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            file = Path(folder) / "series.npy"
            write(file, voxels)
            for kind in options.engines:
                print(f"| {voxels:,} | {row(kind, file)} |", flush=True)


if __name__ == "__main__":
    main()
