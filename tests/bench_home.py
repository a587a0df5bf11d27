"""A home folder with finished maps, fits, a classifier and predictions, as 342df63 wrote it."""

import tarfile
from pathlib import Path

ARCHIVE = Path(__file__).parent / "fixtures" / "written_by_342df63" / "bench.tar.xz"


def bench_home(folder: Path) -> Path:
    """Unpack it into a folder; where it lies there."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder / "bench"
