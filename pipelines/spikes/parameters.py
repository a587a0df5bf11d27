"""What can be set when a recording is sorted and when units are exported."""

from typing import Literal

from pydantic import ValidationInfo, field_validator

from pipelines.parameters import Parameters, parameter

Sorter = Literal["auto", "group"]
Clusterer = Literal["bgmm", "gmm", "kmeans", "isosplit", "hdbscan"]
PeakSign = Literal["neg", "pos", "both"]
Dtype = Literal["int16", "uint16", "int32", "float32", "float64"]
ExportFormat = Literal["phy", "curation-json", "csv"]
LABELS = ("good", "mua", "noise")


class SpikesParameters(Parameters):
    """From a recording to units: filter, detection, features, clusters."""

    sorter: Sorter = parameter(
        "auto",
        label="Sorter",
        help="group sorts every group of neighbouring channels on its own: wires, stereotrodes, "
        "tetrodes and small probes. auto takes what suits the channel layout; that is group.",
    )
    clusterer: Clusterer = parameter(
        "bgmm",
        label="Clusterer",
        help="How spikes become units. bgmm: Bayesian Gaussian mixture, finds the number of units "
        "by itself. gmm: Gaussian mixture, number by BIC. isosplit: cuts where the density dips. "
        "hdbscan: dense regions only, joins near units. kmeans: exactly n_clusters.",
    )
    n_clusters: int | None = parameter(
        None,
        label="Number of units per group",
        help="Leave empty to find it. gmm and kmeans make exactly this many, bgmm at most; "
        "isosplit and hdbscan always find it.",
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
    freq_min: float = parameter(
        300.0,
        label="Band-pass from",
        unit="Hz",
        help="Slower signals than this, such as field potentials, are filtered out.",
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
    peak_sign: PeakSign = parameter(
        "neg",
        label="Peak sign",
        help="Spikes outside the cell are mostly negative. both also finds positive ones.",
    )
    dead_time_ms: float = parameter(
        0.8,
        label="Dead time",
        unit="ms",
        help="Within this time and one group only the largest peak counts.",
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
    sampling_frequency: float | None = parameter(
        None,
        label="Sampling frequency",
        advanced=True,
        unit="Hz",
        help="Of a raw binary file; the other formats know theirs.",
        gt=0,
    )
    num_channels: int | None = parameter(
        None,
        label="Number of channels",
        advanced=True,
        help="Of a raw binary file whose samples are stored channel after channel for each time.",
        ge=1,
    )
    dtype: Dtype = parameter(
        "int16",
        label="Sample type",
        help="Of a raw binary file: the type of one sample.",
        advanced=True,
    )
    gain_uv: float | None = parameter(
        None,
        label="Gain",
        advanced=True,
        unit="uV per step",
        help="Microvolts per step of the stored numbers (0.195 for Intan); only for recordings "
        "that do not say it, where it is needed.",
        gt=0,
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
        low = info.data.get("freq_min")
        if low is not None and value <= low:
            raise ValueError(f"must be above freq_min, which is {low:g} Hz")
        return value

    @field_validator("n_clusters")
    @classmethod
    def _kmeans_is_told(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is None and info.data.get("clusterer") == "kmeans":
            raise ValueError("must be a number when clusterer is kmeans")
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
        dead = info.data.get("dead_time_ms")
        if dead is not None and value <= dead:
            raise ValueError(f"must be above dead_time_ms, which is {dead:g} ms")
        return value


class ExportParameters(Parameters):
    """From a sorting to files of another program."""

    format: ExportFormat = parameter(
        "phy",
        label="Format",
        help="phy: a folder that phy's template-gui opens. curation-json: labels for "
        "SpikeInterface's curation. csv: spike times in seconds and the table of units.",
    )
    only: str = parameter(
        "",
        label="Only units labelled",
        help="Labels divided by commas, such as good,mua; empty for all units. Without labels a "
        "unit is good when its SNR reaches the limit below, and mua otherwise.",
    )
    min_snr: float = parameter(
        6.0,
        label="Least SNR of a good unit",
        help="Only for sortings that were not labelled yet. 1.2 times the detection threshold: "
        "clusters of noise stay below it.",
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
