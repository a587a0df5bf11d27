"""A map's way from images to groups on this machine, on Dask and on Spark, with the same result.

    OMP_NUM_THREADS=1 python -m benchmarks.brainmap_engines [VOXELS ...] [--folder DIR]

A scheduler or master with two workers of one core each is started on this machine. Every way
imports the same film (16-bit), normalises and filters it, makes the same passes of K-means over
the series and describes every voxel. Wall and CPU seconds are those of the work, without starting
clusters and programs; CPU seconds are of all processes together. The memory is that of the largest
process of the driver (Python and, for Spark, its Java) and of the workers (VmHWM, Linux).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from benchmarks.brainmap_kmeans import CLUSTERS, TIMES
from pipelines.brainmap.clusters.lloyd import describe, refine
from pipelines.brainmap.engines.active_on_cluster import find_active_on
from pipelines.brainmap.engines.engine import Engine, Local, engine_at
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels.active import ActiveVoxels, find_active
from pipelines.core.progress import silent
from tests.pipelines.brainmap.clusters import running

PASSES = 5
TICKS = os.sysconf("SC_CLK_TCK")
VALUES = BrainmapParameters()
"""The default threshold keeps all voxels of this film, even silent ones for their noise."""


def write_film(file: Path, voxels: int) -> None:
    """Voxels with 30 smooth patterns in noise, a quarter of noise alone: (time, y, x)."""
    random = np.random.default_rng(0)
    patterns = random.standard_normal((30, TIMES)).cumsum(axis=1).astype(np.float32)
    patterns *= 200 / patterns.std(axis=1, keepdims=True)
    group = random.integers(0, 30, voxels)
    gain = random.lognormal(0, 0.4, voxels).astype(np.float32) * (random.random(voxels) > 0.25)
    shape = (TIMES, voxels // 1000, 1000)
    film = np.lib.format.open_memmap(file, "w+", np.uint16, shape)
    for time_point in range(TIMES):
        noise = random.standard_normal(voxels, np.float32)
        values = 5000 + gain * patterns[group, time_point] + 200 * noise
        film[time_point] = values.clip(0, 60_000).reshape(shape[1:])
        film.flush()


def imported(engine: Engine, film: Path, folder: Path) -> ActiveVoxels:
    """The normalised series of the voxels that vary."""
    folder.mkdir(exist_ok=True)
    if isinstance(engine, Local):
        return find_active(open_images(film), VALUES, folder)
    return find_active_on(engine, open_images(film), VALUES, folder, silent)


def work(address: str, film: Path, folder: Path) -> None:
    """Import and cluster a film, and say so when a stage is done."""
    tiny = folder / "tiny.npy"
    write_film(tiny, 1000)
    with engine_at(address) as engine:
        refine(engine, imported(engine, tiny, folder / "tiny").series, [np.zeros((1, TIMES))], 1)
        print("ready", flush=True)
        active = imported(engine, film, folder / "series")
        print("imported", flush=True)
        start = active.series[:CLUSTERS].astype(np.float64)
        found = refine(engine, active.series, [start], PASSES)
        digest = sha256(active.deviation.tobytes() + found[0].centroids.tobytes())
        for _, [described] in engine.each(describe, active.series, found):
            digest.update(described.labels.tobytes())
        print(f"{len(active.voxels)} {digest.hexdigest()[:12]}", flush=True)
        sys.stdin.readline()


def in_sessions(sessions: set[int]) -> Iterator[Path]:
    """The processes of some sessions: Spark puts its Python workers into groups of their own."""
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and os.getsid(int(folder.name)) in sessions:
                yield folder
        except ProcessLookupError:
            continue


def cpu_of(sessions: set[int]) -> float:
    """CPU seconds of these processes so far."""
    fields = [
        (folder / "stat").read_text().rpartition(")")[2].split() for folder in in_sessions(sessions)
    ]
    return sum(int(part) for words in fields for part in words[11:15]) / TICKS


def most_memory(sessions: set[int]) -> str:
    """MB of the largest of these processes."""
    lines = [line for folder in in_sessions(sessions) for line in (folder / "status").open()]
    sizes = [int(line.split()[1]) / 1000 for line in lines if "VmHWM" in line]
    return f"{max(sizes):.0f}" if sizes else "-"


@contextmanager
def engine(kind: str) -> Iterator[tuple[str, set[int]]]:
    """The address of an engine, and the sessions of its workers."""
    if kind == "local":
        yield "local", set()
        return
    with tempfile.TemporaryDirectory() as folder, running(kind, Path(folder)) as cluster:
        yield cluster.address, {worker.pid for worker in cluster.workers}


@dataclass(frozen=True)
class Clock:
    """Wall and CPU seconds of the processes of some sessions, at one moment."""

    wall: float
    cpu: float

    @classmethod
    def of(cls, sessions: set[int]) -> "Clock":
        """Now."""
        return cls(time.monotonic(), cpu_of(sessions))

    def since(self, before: "Clock") -> str:
        """Two columns of the table."""
        return f"{self.wall - before.wall:.1f} | {self.cpu - before.cpu:.1f}"


def row(kind: str, film: Path) -> str:
    """One line of the table."""
    words = [sys.executable, "-m", "benchmarks.brainmap_engines", "--work"]
    with engine(kind) as (address, workers), tempfile.TemporaryDirectory(dir=film.parent) as name:
        process = subprocess.Popen(
            [*words, address, str(film), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
            start_new_session=True,
        )
        assert process.stdout is not None
        said, clocks = [], []
        for _ in range(3):
            said.append(process.stdout.readline())
            clocks.append(Clock.of(workers | {process.pid}))
        kept, digest = said[-1].split()
        memory = f"{most_memory({process.pid})} | {most_memory(workers)}"
        process.communicate("\n")
    ready, read, done = clocks
    return f"{kind} | {read.since(ready)} | {done.since(read)} | {memory} | {kept} | {digest}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voxels", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--engines", nargs="+", default=["local", "dask", "spark"])
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work[0], Path(options.work[1]), Path(options.work[2]))
        return
    print(f"T = {TIMES}, K = {CLUSTERS}, {PASSES} passes and one description")
    columns = "voxels | engine | import s | CPU s | passes s | CPU s | driver MB | worker MB"
    print(f"| {columns} | kept | result |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for voxels in options.voxels:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            file = Path(folder) / "film.npy"
            write_film(file, voxels)
            for kind in options.engines:
                print(f"| {voxels:,} | {row(kind, file)} |", flush=True)


if __name__ == "__main__":
    main()
