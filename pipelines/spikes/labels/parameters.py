"""What can be set when units are labelled, and when a classifier of units is trained."""

from typing import TYPE_CHECKING, Literal

from pipelines.core.parameters import Parameters, parameter
from pipelines.spikes.labels.labeller import Labeller
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.words import number_word

ALL = "all"
if TYPE_CHECKING:
    Method = str
else:  # the names are those of the rows
    Method = Literal[(ALL, *LABELLERS)]


def chosen_labellers(method: str) -> tuple[Labeller, ...]:
    """The labellers that a method stands for."""
    return tuple(LABELLERS.values()) if method == ALL else (LABELLERS[method],)


def _help() -> str:
    each = " ".join(f"{name}: {labeller.about}." for name, labeller in LABELLERS.items())
    return f"{each} {ALL}: the {number_word(len(LABELLERS))} side by side."


class LabelParameters(Parameters):
    """From the metrics of units to labels."""

    method: Method = parameter(
        ALL,
        label="Labeller",
        help=_help(),
    )
    split_non_somatic: bool = parameter(
        False,
        label="Mark non-somatic units",
        help="Bombcell only: units whose waveform looks like an axon's become non_soma_good or "
        "non_soma_mua. Needs metrics of the waveform's shape.",
    )
    min_metrics: float = parameter(
        0.5,
        label="Least share of the classifier's metrics",
        help="The classifier refuses a table that has fewer of the metrics it learnt from; "
        "filling in the rest with typical values would make its probabilities worthless.",
        ge=0.1,
        le=1,
        advanced=True,
    )


class TrainLabelsParameters(Parameters):
    """From tables of curated metrics to a classifier of units."""

    label_column: str = parameter(
        "majority_vote",
        label="Column of the labels",
        help="Holds good (or sua), mua and noise for every unit; rows where it is empty are "
        "left out.",
        min_length=1,
    )
    group_column: str = parameter(
        "",
        label="Column of the groups",
        help="Units of one group are held out together when the classifier is scored. Empty: the "
        "animal, from the file's name (mouse1a_imec0 and mouse1b_imec0 are both mouse1).",
    )
    seed: int = parameter(
        0,
        label="Seed",
        help="Start of the random numbers; the same seed gives the same classifier.",
        ge=0,
        le=2**32 - 3,
        advanced=True,
    )
