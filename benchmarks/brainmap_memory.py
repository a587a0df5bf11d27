"""How much memory a look at a large film and its active voxels take, against doing it in memory.

    python -m benchmarks.brainmap_memory --gigabytes 12 --folder /a/disk/with/room

A film of that size is written, then each way runs in a process of its own, whose largest
resident memory is what the system counted.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile

from pipelines.brainmap.active import find_active
from pipelines.brainmap.look import look
from pipelines.brainmap.parameters import BrainmapParameters, LookParameters
from pipelines.brainmap.read import open_images

N_TIMES, N_PLANES, HEIGHT = 300, 5, 500
THRESHOLD = 0.02
ACTIVE_SHARE = 0.02


def write_film(path: Path, gigabytes: float) -> None:
    """Write a multi-page TIFF of 16-bit noise in which some voxels are active."""
    width = int(gigabytes * 1e9 / (2 * N_TIMES * N_PLANES * HEIGHT))
    random = np.random.default_rng(0)
    active = random.random((N_PLANES, HEIGHT, width)) < ACTIVE_SHARE
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        for time_point in range(N_TIMES):
            volume = random.integers(995, 1006, active.shape, dtype=np.uint16)
            volume[active] += np.uint16(500 * (1 + np.sin(time_point / 7)))
            file.write(volume, contiguous=True, photometric="minisblack")


def run_look(film: Path, scratch: Path) -> int:
    """A first look; gives the voxels above the threshold."""
    look({"images": film}, LookParameters(planes=N_PLANES), scratch)
    return int((np.load(scratch / "deviations.npy") > THRESHOLD).sum())


def run_active(film: Path, scratch: Path) -> int:
    """What a map does before it clusters."""
    values = BrainmapParameters(planes=N_PLANES, std_threshold=THRESHOLD)
    return len(find_active(open_images(film, N_PLANES), values, scratch=scratch).voxels)


def run_in_memory(film: Path, _scratch: Path) -> int:
    """The same with the whole film in memory, in single precision."""
    series = tifffile.imread(film).reshape(N_TIMES, -1).T.astype(np.float32)
    baseline = np.percentile(series, 20, axis=1, keepdims=True).astype(np.float32)
    series -= baseline
    series /= baseline + np.float32(0.1)
    return int((series.std(axis=1) > THRESHOLD).sum())


WAYS: tuple[tuple[str, Callable[[Path, Path], int]], ...] = (
    ("brainmap look", run_look),
    ("active voxels of brainmap fit", run_active),
    ("numpy, all in memory", run_in_memory),
)


def measure(number: int, film: Path) -> tuple[float, float, int]:
    """Seconds, peak memory in GB, and voxels found; run in a process of its own."""
    with tempfile.TemporaryDirectory(dir=film.parent) as scratch:
        start = time.monotonic()
        found = WAYS[number][1](film, Path(scratch))
        seconds = time.monotonic() - start
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9, found


def main() -> None:
    """Write the film, run all ways, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.5)
    parser.add_argument("--folder", type=Path, help="where the film is written for a while")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        film = Path(folder) / "film.tif"
        write_film(film, options.gigabytes)
        print(f"film of {film.stat().st_size / 1e9:.1f} GB")
        print("| way | seconds | peak memory (GB) | voxels |")
        print("| --- | --- | --- | --- |")
        for number, (name, _) in enumerate(WAYS):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                seconds, peak, found = pool.apply(measure, (number, film))
            print(f"| {name} | {seconds:.1f} | {peak:.2f} | {found:,} |", flush=True)


if __name__ == "__main__":
    main()
