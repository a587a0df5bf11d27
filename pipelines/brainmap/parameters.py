"""What can be set when voxels are mapped."""

from typing import Literal

from pipelines.parameters import Parameters, parameter

Normalization = Literal["percentile", "mean", "zscore", "none"]


class BrainmapParameters(Parameters):
    """Settings of `brainmap fit`."""

    normalize: Normalization = parameter(
        "percentile",
        label="Normalisation",
        help="How a voxel's series is made comparable with others. percentile and mean give "
        "(x - b) / (b + offset), the change relative to the baseline b; zscore gives "
        "(x - mean) / standard deviation; none leaves the intensities as they are.",
    )
    percentile: float = parameter(
        20.0,
        label="Baseline percentile",
        unit="%",
        help="The percentile of a voxel's own series that counts as its baseline. "
        "Used by the percentile normalisation; lower it for voxels that are mostly active.",
        ge=0,
        le=100,
    )
    offset: float = parameter(
        0.1,
        label="Baseline offset",
        unit="intensity",
        help="Added to the baseline before dividing, so that dark voxels do not explode. "
        "Used by the percentile and the mean normalisation.",
        ge=0,
        allow_inf_nan=False,
        advanced=True,
    )
    std_threshold: float = parameter(
        0.01,
        label="Activity threshold",
        help="Voxels whose normalised series has a standard deviation above this are kept; "
        "the others are left grey. It is in units of the normalised series.",
        ge=0,
        allow_inf_nan=False,
    )
    k: int = parameter(
        30,
        label="Number of clusters",
        help="How many groups of voxels K-means makes. Fewer are easier to read, more show finer "
        "differences in time course.",
        ge=2,
        le=500,
    )
    n_init: int = parameter(
        4,
        label="Restarts",
        help="K-means starts this many times from different voxels and the best result is kept. "
        "More restarts take longer and give more reproducible maps.",
        ge=1,
        le=100,
        advanced=True,
    )
    seed: int = parameter(
        0,
        label="Random seed",
        help="The same seed gives the same map. Change it to see how stable a map is.",
        ge=0,
        le=2**32 - 1,
        advanced=True,
    )
    planes: int | None = parameter(
        None,
        label="Planes per volume",
        unit="pages",
        help="How many pages of a multi-page TIFF make one volume. Only needed for a single TIFF "
        "file that does not say so itself; 1 for a film of one plane.",
        ge=1,
    )
