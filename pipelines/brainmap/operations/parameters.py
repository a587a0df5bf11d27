"""What can be set for one operation on series or images, statistics, and a correlation map."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pipelines.brainmap.formats.rows import SIGNAL_FILE
from pipelines.brainmap.images.undefined import DEFAULT_OFFSET
from pipelines.brainmap.parameters import ImageLookParameters, ReadingParameters
from pipelines.core.parameters import parameter

Operation = Literal[
    "normalize", "center", "zscore", "standardize", "detrend", "squelch", "between", "select",
    "sample", "subsample", "correlate", "crosscorr", "fourier", "localcorr", "gaussian-filter",
    "median-filter", "uniform-filter", "std", "mean",
]  # fmt: skip


def listed(value: Any) -> Any:
    """Texts such as `1,5,5`, single numbers and lists alike."""
    if isinstance(value, str):
        return [part.strip() for part in value.strip("()[] ").split(",") if part.strip()]
    return value if isinstance(value, list | tuple) else [value]


Percentiles = Annotated[tuple[Annotated[float, Field(ge=0, le=100)], ...], BeforeValidator(listed)]
Partner = Literal["voxel", "region", "cluster", "signal"]
Pixels = Annotated[
    tuple[Annotated[int, Field(ge=-(2**31), lt=2**31)], ...], BeforeValidator(listed)
]
Whole = Annotated[tuple[int, ...], BeforeValidator(listed)]
Real = Annotated[tuple[float, ...], BeforeValidator(listed)]


class OperationParameters(ReadingParameters):
    """Settings of `brainmap series`. Each operation looks only at its own."""

    operation: Operation = parameter(
        "normalize",
        label="Operation",
        help="What is done with the series, or with the images before they become series.",
    )
    method: Literal["percentile", "mean", "window", "linear", "nonlinear"] | None = parameter(
        None,
        label="Method",
        help="normalize: the baseline is a percentile (the default), the mean, or a percentile in "
        "a moving window. detrend: linear (the default) or nonlinear.",
    )
    percentile: float = parameter(
        20.0, label="Percentile", unit="%", help="normalize: of the baseline.", ge=0, le=100
    )
    offset: float = parameter(
        DEFAULT_OFFSET,
        label="Offset",
        unit="intensity",
        help="normalize: added to the baseline before dividing. Where an offset was taken off "
        "every value, so that baselines are zero or less, state it here.",
        ge=0,
        allow_inf_nan=False,
    )
    window: int = parameter(
        6, label="Window", unit="frames", help="normalize by window: how long it is.", ge=1
    )
    order: int = parameter(
        5, label="Order", help="detrend nonlinear: degree of the polynomial.", ge=1, le=20
    )
    threshold: float = parameter(
        0.0,
        label="Threshold",
        unit="intensity",
        help="squelch: series whose largest value is below this become 0.",
        allow_inf_nan=False,
    )
    left: int = parameter(0, label="First frame", unit="frames", help="between: included.", ge=0)
    right: int | None = parameter(
        None, label="Last frame", unit="frames", help="between: not included; empty for all.", ge=1
    )
    indices: Whole = parameter(
        (0,), label="Time points", help="select: which, counted from 0, such as 4,5,6."
    )
    factor: Whole = parameter(
        (2,),
        label="Factor",
        help="subsample: one number keeps every such time point of the series; three, such as "
        "1,5,5, keep every such plane, y and x of the images.",
    )
    n: int = parameter(
        100, label="Series", unit="voxels", help="sample: how many are drawn, without return.", ge=1
    )
    min_std: float = parameter(
        0.0,
        label="Least deviation",
        unit="intensity",
        help="sample: only series whose standard deviation is above this are drawn; 0 draws from "
        "all.",
        ge=0,
        allow_inf_nan=False,
    )
    seed: int = parameter(
        0, label="Random seed", help="sample: the same seed draws the same.", ge=0, le=2**32 - 1
    )
    signal: str = parameter(
        "",
        label="Signal",
        help=f"correlate and crosscorr: {SIGNAL_FILE} with one value per time point; "
        "for correlate, several signals may stand in the columns of a .csv or the rows of a .npy.",
        path=True,
    )
    lag: int = parameter(
        0, label="Largest lag", unit="frames", help="crosscorr: from -lag to +lag.", ge=0
    )
    freq: int = parameter(
        1,
        label="Frequency",
        unit="cycles per series",
        help="fourier: where coherence and phase are measured.",
        ge=0,
    )
    sigma: Real = parameter(
        (2.0,),
        label="Sigma",
        unit="pixels",
        help="gaussian-filter: one number for plane, y and x alike, or three.",
    )
    size: Whole = parameter(
        (2,),
        label="Size",
        unit="pixels",
        help="median-filter, uniform-filter, and the average that localcorr compares a voxel with: "
        "one number for plane, y and x alike, or three.",
    )
    neighborhood: int | None = parameter(
        None,
        label="Neighbourhood",
        unit="pixels",
        help="localcorr: reach of the average to all sides, instead of its size (1 means 3).",
        ge=1,
    )


USED: Mapping[Operation, tuple[str, ...]] = {
    "normalize": ("method", "percentile", "offset", "window"),
    "center": (),
    "zscore": (),
    "standardize": (),
    "detrend": ("method", "order"),
    "squelch": ("threshold",),
    "between": ("left", "right"),
    "select": ("indices",),
    "sample": ("n", "min_std", "seed"),
    "subsample": ("factor",),
    "correlate": ("signal",),
    "crosscorr": ("signal", "lag"),
    "fourier": ("freq",),
    "localcorr": ("size", "neighborhood"),
    "gaussian-filter": ("sigma",),
    "median-filter": ("size",),
    "uniform-filter": ("size",),
    "std": (),
    "mean": (),
}
"""Which settings each operation looks at, besides how the images are read."""

METHODS: Mapping[Operation, tuple[str, ...]] = {
    "normalize": ("percentile", "mean", "window"),
    "detrend": ("linear", "nonlinear"),
}
"""The methods of the operations that have some; the first is what an empty setting means."""


class StatisticsParameters(ImageLookParameters):
    """Settings of `brainmap statistics`."""

    std_threshold: float = parameter(
        0.01,
        label="Activity threshold",
        help="Voxels whose normalised series has a standard deviation above this are measured. "
        "It is in units of the normalised series; 0 takes all voxels.",
        ge=0,
        allow_inf_nan=False,
    )
    percentiles: Percentiles = parameter(
        (5.0, 25.0, 50.0, 75.0, 95.0),
        label="Percentiles",
        unit="%",
        help="Which percentiles across voxels are measured at each time point.",
        min_length=1,
    )
    n: int = parameter(
        100,
        label="Series",
        unit="voxels",
        help="How many series are drawn at random, without return.",
        ge=1,
    )
    seed: int = parameter(
        0, label="Random seed", help="The same seed draws the same series.", ge=0, le=2**32 - 1
    )


class CorrelateParameters(ReadingParameters):
    """Settings of `brainmap correlate`. Each source looks only at its own."""

    source: Partner = parameter(
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


USED_BY_SOURCE: Mapping[Partner, tuple[str, ...]] = {
    "voxel": ("voxel",),
    "region": ("region",),
    "cluster": ("cluster", "k"),
    "signal": ("number",),
}
"""Which settings each source looks at."""
