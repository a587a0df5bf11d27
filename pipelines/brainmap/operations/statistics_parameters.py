"""What can be set for statistics across voxels."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from pipelines.brainmap.operations.parameters import listed
from pipelines.brainmap.parameters import LookParameters
from pipelines.core.parameters import parameter

Percentiles = Annotated[tuple[Annotated[float, Field(ge=0, le=100)], ...], BeforeValidator(listed)]


class StatisticsParameters(LookParameters):
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
