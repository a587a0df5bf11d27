"""What can be set when a recording is sorted and when units are exported."""

from typing import TYPE_CHECKING, Literal

from pydantic import ValidationInfo, field_validator

from pipelines.core.formats import written
from pipelines.core.parameters import Parameters, parameter
from pipelines.spikes.clusterers import CLUSTERERS, clusterer_help, number_help
from pipelines.spikes.labels.words import LABELS
from pipelines.spikes.recording.parameters import RECORDING, RecordingParameters
from pipelines.spikes.sorters import (
    AUTO,
    OWN_BAND_HZ,
    SORTERS,
    own_band_in_words,
    sorter_help,
)
from pipelines.spikes.units.formats import SORTINGS

PeakSign = Literal["neg", "pos", "both"]
if TYPE_CHECKING:
    SorterName = str
    ClustererName = str
    ExportFormat = str
else:  # the names are those of the rows
    SorterName = Literal[(AUTO, *SORTERS)]
    ClustererName = Literal[tuple(CLUSTERERS)]
    ExportFormat = Literal[written(SORTINGS)]
MOST_COMPONENTS = 100
GOOD_OVER_THRESHOLD = 1.2
"""Without labels, a unit this many times above the detection threshold counts as good: clusters
of noise stay below it."""


class SpikesParameters(RecordingParameters):
    """From a recording to units: filter, detection, features, clusters."""

    sorter: SorterName = parameter(AUTO, label="Sorter", help=sorter_help())
    clusterer: ClustererName = parameter("bgmm", label="Clusterer", help=clusterer_help())
    n_clusters: int | None = parameter(
        None,
        label="Number of units per group",
        help=number_help(),
        ge=1,
        le=100,
    )
    max_clusters: int = parameter(
        20,
        label="Most components per group",
        help="How many components bgmm starts with, and gmm tries at most. Components that form "
        "one dense region together are joined, so take about twice the number of units.",
        ge=1,
        le=100,
        advanced=True,
    )
    split_merged: bool = parameter(
        True,
        label="Split merged units",
        help="Of SpikeInterface's sorters: cluster the spikes of every unit again and take units "
        "with two clusters apart. tridesclous2 merges cells of like shape and different size.",
        advanced=True,
    )
    choose: str = parameter(
        "",
        label="Chosen solutions",
        help="Groups whose mixture has a number of components that was chosen by hand, as "
        "group:components divided by commas, such as 0:4,3:2. The others find theirs.",
        advanced=True,
    )
    solutions: int | None = parameter(
        None,
        label="Solutions to keep",
        empty="none",
        help="Also fit Gaussian mixtures with 2 to this many components to every group and keep "
        "them all, to look at and choose from. Empty for none: it takes time.",
        ge=2,
        le=20,
        advanced=True,
    )
    freq_min: float = parameter(
        300.0,
        label="Band-pass from",
        unit="Hz",
        help="Slower signals than this, such as field potentials, are filtered out. "
        f"{own_band_in_words()} take their own band, {OWN_BAND_HZ[0]:g} to {OWN_BAND_HZ[1]:g} Hz.",
        gt=0,
    )
    freq_max: float = parameter(
        6000.0,
        label="Band-pass to",
        unit="Hz",
        help="Faster signals than this are filtered out; below half the sampling frequency.",
        gt=0,
    )
    detect_threshold: float = parameter(
        5.0,
        label="Detection threshold",
        unit="noise levels",
        help="A peak counts when it is this many times the channel's noise (scaled median "
        "absolute deviation). Lower finds weaker units and more noise.",
        ge=2,
        le=50,
    )
    noise_window_s: float | None = parameter(
        None,
        label="Noise measured every",
        empty="once",
        unit="s",
        help="Empty: one threshold for the whole recording. A number, such as 10, measures the "
        "noise anew for every stretch of that length, for recordings whose noise changes.",
        ge=1,
        le=60,
        advanced=True,
    )
    peak_sign: PeakSign = parameter(
        "neg",
        label="Peak sign",
        help="Spikes outside the cell are mostly negative. both also finds positive ones.",
    )
    dead_time_ms: float = parameter(
        0.8,
        label="Dead time",
        unit="ms",
        help="Within this time and one group only the largest peak counts, and no unit of any "
        "sorter has two spikes.",
        gt=0,
        le=10,
        advanced=True,
    )
    ms_before: float = parameter(
        1.0,
        label="Waveform before the peak",
        unit="ms",
        help="How much of the signal before the peak is kept as a unit's waveform.",
        ge=0.2,
        le=10,
        advanced=True,
    )
    ms_after: float = parameter(
        1.5,
        label="Waveform after the peak",
        unit="ms",
        help="How much of the signal after the peak is kept as a unit's waveform.",
        ge=0.2,
        le=10,
        advanced=True,
    )
    feature_ms_before: float = parameter(
        0.3,
        label="Features before the peak",
        unit="ms",
        help="From here on the waveform takes part in telling units apart. Longer stretches let "
        "in more noise and other cells' spikes.",
        gt=0,
        le=10,
        advanced=True,
    )
    feature_ms_after: float = parameter(
        0.5,
        label="Features after the peak",
        unit="ms",
        help="Up to here the waveform takes part in telling units apart.",
        gt=0,
        le=10,
        advanced=True,
    )
    n_components: int = parameter(
        8,
        label="Principal components",
        help="How many components of the waveforms over a group's channels are clustered.",
        ge=1,
        le=50,
        advanced=True,
    )
    group_radius_um: float = parameter(
        60.0,
        label="Group radius",
        unit="um",
        help="Channels nearer to each other than this are sorted together.",
        ge=0,
        advanced=True,
    )
    min_spikes: int = parameter(
        30,
        label="Least spikes of a unit",
        help="Smaller clusters are not called units.",
        ge=2,
    )
    refractory_ms: float = parameter(
        2.0,
        label="Refractory period",
        unit="ms",
        help="Two spikes of one cell are never nearer than this; nearer ones are counted as "
        "contamination.",
        gt=0,
        le=20,
        advanced=True,
    )
    exclude_channels: str = parameter(
        "",
        label="Channels to leave out",
        help="Names of channels divided by commas, such as broken or bridged ones.",
        advanced=True,
        fold=RECORDING,
    )
    end_s: float | None = parameter(
        None,
        label="Sort up to",
        empty="the end",
        unit="s",
        help="Leave out what comes later, such as after the headstage fell off. Empty for all.",
        gt=0,
        advanced=True,
        fold=RECORDING,
    )
    seed: int = parameter(
        0,
        label="Seed",
        help="Start of the random numbers; the same seed gives the same result.",
        ge=0,
        le=2**32 - 1,
        advanced=True,
    )

    @field_validator("freq_max")
    @classmethod
    def _above_freq_min(cls, value: float, info: ValidationInfo) -> float:
        return above_freq_min(value, info)

    @field_validator("n_clusters")
    @classmethod
    def _kmeans_is_told(cls, value: int | None, info: ValidationInfo) -> int | None:
        clusterer = CLUSTERERS.get(str(info.data.get("clusterer")))
        if value is None and clusterer is not None and clusterer.needs_number:
            raise ValueError(f"must be a number when clusterer is {clusterer.name}")
        return value

    @field_validator("choose")
    @classmethod
    def _groups_and_numbers(cls, value: str) -> str:
        chosen_solutions(value)
        return value

    @field_validator("feature_ms_before", "feature_ms_after")
    @classmethod
    def _inside_waveform(cls, value: float, info: ValidationInfo) -> float:
        name = (info.field_name or "").removeprefix("feature_")
        whole = info.data.get(name)
        if whole is not None and value > whole:
            raise ValueError(f"must not be above {name}, which is {whole:g} ms")
        return value

    @field_validator("refractory_ms")
    @classmethod
    def _above_dead_time(cls, value: float, info: ValidationInfo) -> float:
        return above_dead_time(value, info)


def above_freq_min(value: float, info: ValidationInfo) -> float:
    """The upper end of a band, which is above its lower one.

    Raises:
        ValueError: it is not.
    """
    low = info.data.get("freq_min")
    if low is not None and value <= low:
        raise ValueError(f"must be above freq_min, which is {low:g} Hz")
    return value


def above_dead_time(value: float, info: ValidationInfo) -> float:
    """A refractory period, which is longer than the dead time.

    Raises:
        ValueError: it is not.
    """
    dead = info.data.get("dead_time_ms")
    if dead is not None and value <= dead:
        raise ValueError(f"must be above dead_time_ms, which is {dead:g} ms")
    return value


def chosen_solutions(text: str) -> dict[int, int]:
    """The number of components of each group in a text such as `0:4,3:2`.

    Raises:
        ValueError: a part of the text is something else.
    """
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        group, colon, number = part.partition(":")
        if not (colon and group.strip().isdecimal() and number.strip().isdecimal()):
            raise ValueError(f"must be written as group:components, such as 0:4, not {part}")
        if not 1 <= int(number) <= MOST_COMPONENTS:
            raise ValueError(f"must have 1 to {MOST_COMPONENTS} components in every group")
        found[int(group)] = int(number)
    return found


def least_good_snr(parameters: SpikesParameters) -> float:
    """From which SNR on a unit without a label counts as good."""
    return GOOD_OVER_THRESHOLD * parameters.detect_threshold


class ImportParameters(RecordingParameters):
    """From a sorting made elsewhere to one like ours: how its recording is read and filtered."""

    freq_min: float = parameter(
        300.0,
        label="Band-pass from",
        unit="Hz",
        help="Waveforms that the sorting lacks are measured in its recording, between these "
        "frequencies.",
        gt=0,
    )
    freq_max: float = parameter(
        6000.0,
        label="Band-pass to",
        unit="Hz",
        help="Below half the sampling frequency, and above the lower end of the band.",
        gt=0,
    )
    dead_time_ms: float = parameter(
        0.8,
        label="Dead time",
        unit="ms",
        help="Spikes of one unit that come within this time of each other are counted and said; "
        "none is taken out.",
        gt=0,
        le=10,
        advanced=True,
    )
    refractory_ms: float = parameter(
        2.0,
        label="Refractory period",
        unit="ms",
        help="Two spikes of one cell are never nearer than this; nearer ones are counted as "
        "contamination.",
        gt=0,
        le=20,
        advanced=True,
    )

    @field_validator("freq_max")
    @classmethod
    def _above_freq_min(cls, value: float, info: ValidationInfo) -> float:
        return above_freq_min(value, info)

    @field_validator("refractory_ms")
    @classmethod
    def _above_dead_time(cls, value: float, info: ValidationInfo) -> float:
        return above_dead_time(value, info)


class ExportParameters(Parameters):
    """From a sorting to files of another program."""

    format: ExportFormat = parameter(
        "phy",
        label="Format",
        help=" ".join(f"{row.name}: {row.about}." for row in SORTINGS),
    )
    only: str = parameter(
        "",
        label="Only units labelled",
        help="Labels divided by commas, such as good,mua; empty for all units. Without labels a "
        "unit is good when its SNR reaches the limit below, and mua otherwise.",
    )
    min_snr: float | None = parameter(
        None,
        label="Least SNR of a good unit",
        empty=f"{GOOD_OVER_THRESHOLD:g} times the threshold",
        help=f"Only for units that were not labelled. Empty: {GOOD_OVER_THRESHOLD:g} times the "
        "detection threshold that they were sorted with, for clusters of noise stay below it.",
        gt=0,
        advanced=True,
    )

    @field_validator("only")
    @classmethod
    def _known_labels(cls, value: str) -> str:
        unknown = [word for word in split_labels(value) if word not in LABELS]
        if unknown:
            raise ValueError(f"must hold labels out of {', '.join(LABELS)}, not {unknown[0]}")
        return value


def split_labels(text: str) -> list[str]:
    """The labels of a text such as `good,mua`."""
    return [word.strip() for word in text.split(",") if word.strip()]
