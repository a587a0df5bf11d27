"""A correlation's folder: what `brainmap correlate` writes, and what is read of it again.

correlation.tif correlation.csv          Pearson's r of every voxel, NaN where there is none
correlation.png correlation.svg          the same in colours
mean.tif                                 mean over time of every voxel
series.csv                               the series that every voxel is compared with
preview.npy                              the images, thinned, see `preview`
run.json                                 what was done
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap.formats.volume_files import read_volume, write_volume
from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.map import maps, preview
from pipelines.brainmap.voxels.series import Floats
from pipelines.core.csv import write_csv
from pipelines.core.errors import InputError
from pipelines.core.result_schema import NUMBER, WHOLE, TableFile
from pipelines.figures.png import write_png

ADVICE = "copy it again, or correlate again"
VOLUME, PICTURE, DRAWING = "correlation.tif", "correlation.png", "correlation.svg"
TABLE = TableFile(
    "correlation.csv", {"plane": WHOLE, "y": WHOLE, "x": WHOLE, "correlation": NUMBER}
)
SERIES = TableFile("series.csv", {"time": WHOLE, "value": NUMBER})
MEAN = "mean.tif"


@dataclass(frozen=True)
class FinishedCorrelation:
    """What a correlation found; each part is read when it is first asked for.

    Raises:
        InputError: in each of its parts: the file is not there, or damaged.
    """

    folder: Path

    @cached_property
    def values(self) -> NDArray[np.float32]:
        """Pearson's r (plane, y, x), NaN where there is none."""
        return read_volume(self.folder / VOLUME, InputError, ADVICE)

    @cached_property
    def mean(self) -> NDArray[np.float32]:
        """Mean over time (plane, y, x)."""
        return read_volume(self.folder / MEAN, InputError, ADVICE)

    @cached_property
    def series(self) -> Floats:
        """What every voxel is compared with (time,)."""
        return SERIES.read(self.folder, InputError, ADVICE)["value"].to_numpy(float)

    @cached_property
    def preview(self) -> NDArray[Any]:
        """The images as they were recorded (time, plane, y, x), thinned; mapped, not read."""
        return preview.FILE.mapped(self.folder, InputError, ADVICE)


def write(
    folder: Path,
    values: Floats,
    mean: Floats,
    series: Floats,
    painted: NDArray[np.uint8],
    info: ImageInfo,
) -> None:
    """Write all but the preview and the drawing.

    Args:
        folder: of the correlation.
        values: Pearson's r (plane, y, x).
        mean: (plane, y, x).
        series: (time,).
        painted: the values in colours (plane, y, x, 3).
        info: what is known of the images.
    """
    write_volume(values.astype(np.float32), folder / VOLUME, info)
    write_volume(mean.astype(np.float32), folder / MEAN, info)
    write_png(maps.side_by_side(painted), folder / PICTURE)
    plane, y, x = (axis.ravel() for axis in np.indices(values.shape))
    table = {"plane": plane, "y": y, "x": x, "correlation": values.ravel().astype(np.float32)}
    write_csv(pd.DataFrame(table), folder / TABLE.name)
    times = np.arange(len(series))
    write_csv(pd.DataFrame({"time": times, "value": series}), folder / SERIES.name)
