"""What can be set when units are reviewed, curated, and compared between curators."""

from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from pipelines.core.parameters import Parameters, parameter
from pipelines.spikes.labels.columns import BY_HAND
from pipelines.spikes.labels.labellers import by_trust
from pipelines.spikes.labels.words import LABELS, UNLABELLED

WORDS = (*LABELS, UNLABELLED)
NOTHING = "nothing"
if TYPE_CHECKING:
    Filler = str
else:  # the names are those of the rows
    Filler = Literal[(NOTHING, *(labeller.name for labeller in by_trust()))]


class ReviewParameters(Parameters):
    """From sorted units to a queue of what a person should look at, with proposals."""

    splitter: Literal["isosplit", "bgmm"] = parameter(
        "isosplit",
        label="Split with",
        help="How spikes of one unit are divided when a split is proposed. isosplit: ISO-SPLIT; "
        "it is compiled when it first runs, for half a minute. bgmm: a Bayesian mixture whose "
        "parts are joined when there is no dip between them.",
    )
    merger: Literal["pairs", "spikeinterface"] = parameter(
        "pairs",
        label="Propose merges by",
        help="pairs: units with like waveforms are compared spike by spike. spikeinterface: those "
        "that its compute_merge_unit_groups (cross contamination) names as well; it takes longer. "
        "Either way more must speak for one cell than for two.",
    )
    min_similarity: float = parameter(
        0.85,
        label="Least likeness of waveforms",
        help="Cosine of two mean waveforms from which on a merge is considered. 1 is the same "
        "shape on the same channels.",
        ge=0.5,
        le=1,
    )
    max_contamination: float = parameter(
        0.1,
        label="Most contamination of a merged unit",
        help="Share of foreign spikes that a unit of one cell may hold: so many of the spikes that "
        "two cells would have within each other's refractory period still speak for one.",
        ge=0,
        le=1,
    )
    coincidence_ms: float = parameter(
        0.4,
        label="Spikes at the same time",
        help="Two spikes that are nearer than this are one and the same, found twice.",
        unit="ms",
        gt=0,
        le=2,
        advanced=True,
    )
    max_lag_ms: float = parameter(
        1.0,
        label="Most lag of a duplicate",
        help="Another group of channels may see the same cell this much earlier or later.",
        unit="ms",
        ge=0,
        le=3,
        advanced=True,
    )
    min_coincidence: float = parameter(
        0.5,
        label="Least share of common spikes of a duplicate",
        help="Of the unit with fewer spikes, beyond what chance gives: from this share on two "
        "units are proposed as found twice.",
        gt=0,
        le=1,
        advanced=True,
    )
    seed: int = parameter(
        0,
        label="Seed",
        help="Start of the random numbers; the same seed gives the same proposals.",
        ge=0,
        le=2**32 - 1,
        advanced=True,
    )


class CurateParameters(Parameters):
    """From a sorting and the log of its curation to the units as curated."""

    only: str = parameter(
        "",
        label="Only units labelled",
        help="Labels divided by commas: good, mua, noise, unlabelled; empty for all units. "
        "good,mua,unlabelled removes noise.",
    )
    fill: Filler = parameter(
        NOTHING,
        label="Units without a curator's label take that of",
        help="A labeller whose word counts where no curator said anything. nothing: they stay "
        "unlabelled. Units that were merged or split have no automatic label.",
    )

    @field_validator("only")
    @classmethod
    def _known_words(cls, value: str) -> str:
        for word in value.replace(",", " ").split():
            if word not in WORDS:
                raise ValueError(f"must hold labels out of {', '.join(WORDS)}, not {word}")
        return value

    @property
    def wanted(self) -> frozenset[str]:
        """The labels of `only`; all when it is empty."""
        return frozenset(self.only.replace(",", " ").split() or WORDS)


class AgreementParameters(Parameters):
    """From the labels of several curators to their agreement and the majority."""

    label_column: str = parameter(
        "",
        label="Column of the labels",
        help=f"In tables; empty: {', '.join(BY_HAND[:-1])} or {BY_HAND[-1]}, whichever is there.",
    )
    min_votes: int = parameter(
        2,
        label="Least number of equal votes",
        help="A unit gets a majority label when at least this many curators gave it and no other "
        "label has as many.",
        ge=1,
        le=100,
    )


class TrainingTableParameters(Parameters):
    """From curated recordings to one table that a classifier can be trained on."""
