"""What runs on the workers of a cluster, and how it gets there.

The workers need Python with NumPy, SciPy and threadpoolctl; Neuroboard's own code is sent to
them. They read the blocks of series themselves, so the file must have the same path for them.
"""

import socket
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

import pipelines
from pipelines.brainmap.engine import Sums, added
from pipelines.brainmap.series import Series
from pipelines.brainmap.stored import AnySeries
from pipelines.errors import EngineError

ARCHIVE = "neuroboard_pipelines.zip"


def write_archive(folder: Path) -> Path:
    """Pack the pipelines' code for workers that do not have it."""
    root, file = Path(pipelines.__file__).parent, folder / ARCHIVE
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sorted(root.rglob("*.py")):
            archive.write(source, Path("pipelines") / source.relative_to(root))
    return file


def sum_of_blocks(
    function: Callable[..., Sums], series: AnySeries, blocks: Sequence[slice], shared: Any
) -> Sums:
    """Add up what a function says of some blocks."""
    with threadpool_limits(limits=1):
        return added(function(read(series, rows), *shared) for rows in blocks)


def of_blocks(
    function: Callable[..., Any], series: AnySeries, blocks: Sequence[slice], shared: Any
) -> list[Any]:
    """What a function says of each of some blocks."""
    with threadpool_limits(limits=1):
        return [function(read(series, rows), *shared) for rows in blocks]


def read(series: AnySeries, rows: slice) -> Series:
    """Read a block.

    Raises:
        EngineError: the file is not there.
    """
    try:
        return series[rows]
    except OSError as error:
        raise EngineError(
            f"The worker on {socket.gethostname()} cannot read {error.filename}: choose an output "
            "folder on a drive that all workers see under the same path."
        ) from error
