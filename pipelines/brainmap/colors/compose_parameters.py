"""What can be set when measures of voxels are turned into colours."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from pipelines.brainmap.operations.parameters import listed
from pipelines.core.parameters import Parameters, parameter

Measure = Literal["components", "fourier", "clusters"]
ColorMap = Literal["rgb", "hsv", "hv", "polar", "angle", "indexed"]
Clusters = Annotated[tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(listed)]

OFFERED: Mapping[Measure, tuple[ColorMap, ...]] = {
    "components": ("rgb", "hsv", "hv", "polar", "angle"),
    "fourier": ("hv", "polar", "angle", "hsv"),
    "clusters": ("indexed", "rgb", "hsv", "hv", "polar", "angle"),
}
"""The colour maps that suit each measure, the most usual first."""


class ComposeParameters(Parameters):
    """Settings of `brainmap colorize`."""

    measure: Measure = parameter(
        "components",
        label="Measure",
        help="What is shown of each voxel: its scores on the first principal components, the phase "
        "and coherence of its series at a frequency, or its correlation with some clusters.",
    )
    color_map: ColorMap = parameter(
        "rgb",
        label="Colour map",
        help="rgb and hsv take three measures, as red, green and blue or as hue, saturation and "
        "brightness. hv takes two, as hue and brightness. polar and angle take two as the sides of "
        "an arrow: its direction is the hue and, for polar, its length the brightness. indexed "
        "takes any number, each in a colour of its own.",
    )
    freq: int = parameter(
        1,
        label="Frequency",
        unit="cycles per series",
        help="fourier: where phase and coherence are measured.",
        ge=1,
    )
    clusters: Clusters = parameter(
        (0, 1, 2),
        label="Clusters",
        help="clusters: whose centroids voxels are correlated with, such as 0, 4, 7.",
        min_length=2,
        max_length=12,
    )
    k: int | None = parameter(
        None,
        label="Clusters of the map",
        empty="the chosen one",
        help="clusters: which of the map's numbers of clusters is meant; empty for the chosen one.",
        ge=2,
    )
    scale: float = parameter(
        1.0,
        label="Brightness",
        help="Brightness is multiplied by this; raise it where the picture is too dark.",
        gt=0,
        le=20,
    )


USED: Mapping[Measure, tuple[str, ...]] = {
    "components": (),
    "fourier": ("freq",),
    "clusters": ("clusters", "k"),
}
"""Which settings each measure looks at, besides colour map and brightness."""
