"""What can be set for a correlation map."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from pipelines.brainmap.operations.parameters import listed
from pipelines.brainmap.parameters import ReadingParameters
from pipelines.core.parameters import parameter

Source = Literal["voxel", "region", "cluster", "signal"]
Pixels = Annotated[
    tuple[Annotated[int, Field(ge=-(2**31), lt=2**31)], ...], BeforeValidator(listed)
]


class CorrelateParameters(ReadingParameters):
    """Settings of `brainmap correlate`. Each source looks only at its own."""

    source: Source = parameter(
        "voxel",
        label="Correlate with",
        help="The series that every voxel is compared with: one voxel, the mean of a region, the "
        "centroid of a cluster of a finished map, or a signal from a file.",
    )
    voxel: Pixels = parameter(
        (),
        label="Voxel",
        unit="pixels",
        help="voxel: its plane, y and x, counted from 0, such as 0, 30, 42. Empty takes the one "
        "that varies most.",
    )
    region: Pixels = parameter(
        (),
        label="Region",
        unit="pixels",
        help="region: its plane, then y and x of one corner after the other. Two corners, such as "
        "0, 10, 12, 30, 40, are the opposite ones of a box; three or more are an outline.",
    )
    cluster: int = parameter(0, label="Cluster", help="cluster: its number in the map.", ge=0)
    k: int | None = parameter(
        None,
        label="Clusters of the map",
        empty="the chosen one",
        help="cluster: which of the map's numbers of clusters is meant; empty for the chosen one.",
        ge=2,
    )
    number: int = parameter(
        0, label="Signal", help="signal: which signal of the file, counted from 0.", ge=0
    )


USED: Mapping[Source, tuple[str, ...]] = {
    "voxel": ("voxel",),
    "region": ("region",),
    "cluster": ("cluster", "k"),
    "signal": ("number",),
}
"""Which settings each source looks at."""
