"""How much memory a look at a large film and a whole map of it take.

    python -m benchmarks.brainmap_memory --gigabytes 12 --folder /a/disk/with/room

A film of that size is written, then each way runs in a process of its own. `peak` is the largest
resident memory that the system counted, which includes the pages of files that the process maps
(VmHWM); `own` and `mapped` are its largest parts of its own and of files (RssAnon, RssFile). What
the system caches of files that are read, not mapped, counts for no process. The folder needs room
for the film and for its series in single precision, besides some bytes a voxel.
"""

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile

from pipelines import tasks

N_TIMES, N_PLANES, HEIGHT = 300, 5, 500
THRESHOLD = 0.02
ACTIVE_SHARE = 0.02


def write_film(path: Path, gigabytes: float) -> None:
    """Write a multi-page TIFF of single-precision noise in which some voxels are active."""
    width = int(gigabytes * 1e9 / (4 * N_TIMES * N_PLANES * HEIGHT))
    random = np.random.default_rng(0)
    active = random.random((N_PLANES, HEIGHT, width)) < ACTIVE_SHARE
    phase = np.arange(np.count_nonzero(active)) % 10
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        for time_point in range(N_TIMES):
            volume = random.standard_normal(active.shape, dtype=np.float32)
            volume *= 3
            volume += 1000
            volume[active] += 500 * np.sin(time_point / (5 + phase))
            file.write(volume, contiguous=True, photometric="minisblack")


def run_look(film: Path, out: Path) -> int:
    """A first look; gives the voxels above the threshold."""
    tasks.run("brainmap look", {"images": film}, {"planes": N_PLANES}, out)
    return int((np.load(out / "deviations.npy") > THRESHOLD).sum())


def run_fit(film: Path, out: Path, threshold: float) -> int:
    """A map from import to the last file; gives the voxels that are clustered."""
    values = {"planes": N_PLANES, "std_threshold": threshold, "k": "10,30"}
    return int(tasks.run("brainmap fit", {"images": film}, values, out).results["n_kept"])


def run_fit_active(film: Path, out: Path) -> int:
    """A map of the voxels that are active."""
    return run_fit(film, out, THRESHOLD)


def run_fit_all(film: Path, out: Path) -> int:
    """A map of all voxels."""
    return run_fit(film, out, 0.0)


def run_in_memory(film: Path, _out: Path) -> int:
    """What precedes clustering with the whole film in memory, in single precision."""
    series = tifffile.imread(film).reshape(N_TIMES, -1).T.astype(np.float32)
    baseline = np.percentile(series, 20, axis=1, keepdims=True).astype(np.float32)
    series -= baseline
    series /= baseline + np.float32(0.1)
    return int((series.std(axis=1) > THRESHOLD).sum())


WAYS: dict[str, tuple[str, Callable[[Path, Path], int]]] = {
    "look": ("brainmap look", run_look),
    "active": ("brainmap fit, k = 10, 30, active voxels", run_fit_active),
    "all": ("brainmap fit, k = 10, 30, all voxels", run_fit_all),
    "memory": ("numpy, no clusters, all in memory", run_in_memory),
}


class Watch:
    """The largest memory of this process and its parts, in GB (Linux)."""

    def __init__(self) -> None:
        self.most = {"VmHWM": 0.0, "RssAnon": 0.0, "RssFile": 0.0}
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while Path("/proc/self/status").exists():
            for line in Path("/proc/self/status").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in self.most:
                    self.most[name] = max(self.most[name], int(value.split()[0]) / 1e6)
            time.sleep(0.05)


def measure(name: str, film: Path) -> tuple[float, ...]:
    """Wall and CPU seconds, peaks in GB, and voxels found; run in a process of its own."""
    watch = Watch()
    with tempfile.TemporaryDirectory(dir=film.parent) as scratch:
        start = time.monotonic()
        found = WAYS[name][1](film, Path(scratch) / "out")
        seconds = time.monotonic() - start
    return seconds, time.process_time(), *watch.most.values(), found


def main() -> None:
    """Write the film, run all ways, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.5)
    parser.add_argument("--folder", type=Path, help="where the film is written for a while")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        film = Path(folder) / "film.tif"
        write_film(film, options.gigabytes)
        print(f"film of {film.stat().st_size / 1e9:.1f} GB")
        print("| way | seconds | CPU s | peak GB | own GB | mapped GB | voxels |")
        print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
        for name in options.ways:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                seconds, spent, *peaks, found = pool.apply(measure, (name, film))
            figures = " | ".join(f"{value:.2f}" for value in peaks)
            row = f"{WAYS[name][0]} | {seconds:.0f} | {spent:.0f} | {figures} | {found:,}"
            print(f"| {row} |", flush=True)


if __name__ == "__main__":
    main()
