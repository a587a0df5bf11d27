"""Whether the microvolts of a recording can be true, and how a gain that is given counts."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError

LEAST_SPAN_UV, USUAL_SPAN_UV = 1.0, 3.0
"""From the lowest to the highest of a thousand samples. The noise of every electrode and amplifier
(Johnson noise: 2 uV and more in the band of spikes) spans 10 uV; a field potential that is called
microvolts but was stored in millivolts spans 1."""

MOST_NOISE_UV, USUAL_NOISE_UV = 5_000.0, 300.0
"""From sample to sample. Muscles, stimuli and broken wires give 200 uV, a muscle's own electrodes
more; amplifiers for electrodes end at 5000 to 10000, which microvolts that are called millivolts
reach with their noise."""

LIKELY_NOISE_UV = 100.0
N_SLICES, SLICE_S, MOST_BYTES = 8, 0.25, 32_000_000
NOTES = "notes_on_gain"
WAYS = ((1e6, "volts"), (1e3, "millivolts"), (1.0, "microvolts"))
"""What numbers with a fraction are stored in, and the gain that goes with it."""

Steps = NDArray[np.float64]


@dataclass(frozen=True)
class StoredSizes:
    """How large the stored numbers are, in steps, shape (channel,); 0 for a channel without any.

    Attributes:
        noise: from sample to sample.
        span: from the lowest to the highest of a thousand samples.
    """

    noise: Steps
    span: Steps


def with_gain(recording: BaseRecording, path: Path, gain_uv: float | None) -> BaseRecording:
    """Give a recording the gain that was given, or check that it has its own.

    A gain that is given counts also when the recording has another; `gain_notes` then says so.

    Raises:
        RecordingError: neither says a gain, or the recording's is no number or 0.
    """
    own = _own_gains(recording)
    if gain_uv is not None:
        offsets = np.zeros_like(own)
        if np.isfinite(own).all() and (own != 0).all():
            _note_another(recording, path, own, gain_uv)
            known = recording.get_channel_offsets()
            offsets = offsets if known is None else np.nan_to_num(known / own * gain_uv)
        recording.set_channel_gains(gain_uv)
        recording.set_channel_offsets(offsets)
        return recording
    if np.isnan(own).all():
        raise RecordingError(
            f"{path} does not say how many microvolts a step of its numbers is: set gain_uv, "
            f"{_example(recording)}."
        )
    wrong = np.flatnonzero(~np.isfinite(own) | (own == 0))
    if len(wrong):
        name = recording.channel_ids[wrong[0]]
        raise RecordingError(
            f"{path} gives channel {name} the gain {own[wrong[0]]:g}: it must not be 0, and a "
            "number. Leave the channel out with exclude_channels, or set gain_uv."
        )
    if recording.get_channel_offsets() is None:
        recording.set_channel_offsets(0.0)
    return recording


def _own_gains(recording: BaseRecording) -> Steps:
    """The gains of the channels in uV per step, nan where it says none."""
    gains = recording.get_channel_gains()
    if gains is None:
        return np.full(recording.get_num_channels(), np.nan)
    return np.asarray(gains, dtype=np.float64)


def _note_another(recording: BaseRecording, path: Path, own: Steps, gain_uv: float) -> None:
    if np.allclose(own, gain_uv, rtol=1e-6, atol=0):
        return
    says = f"{own.min():g}" if own.min() == own.max() else f"{own.min():g} to {own.max():g}"
    words = f"{path.name} says {says} uV per step, {gain_uv:g} was given and used."
    recording.annotate(**{NOTES: [words]})


def gain_notes(recording: BaseRecording) -> list[str]:
    """What a person has to know of the gains that a recording was read with."""
    gains = _own_gains(recording)
    n_inverted = int((gains < 0).sum())
    words = list(recording.get_annotation(NOTES) or ())
    if n_inverted:
        words.append(
            f"{n_inverted} of {len(gains)} channels have a negative gain, as the recording says: "
            "their signal is turned over."
        )
    return words


def unusual_sizes(recording: BaseRecording, found: StoredSizes) -> list[str]:
    """A sentence if the microvolts are unusual, though they can be.

    Args:
        recording: as it will be used, with gains.
        found: its sizes.
    """
    odd = _beyond(found, _own_gains(recording), USUAL_SPAN_UV, USUAL_NOISE_UV)
    if odd is None:
        return []
    return [
        f"With {odd.gain:g} uV per step, channels have {odd.size}, which is unusual: if it is not "
        "so, give the right gain with --gain-uv."
    ]


def _example(recording: BaseRecording) -> str:
    """What to set, as far as the numbers themselves tell."""
    if recording.get_dtype().kind == "f":
        found = likely(sizes(recording))
        if found is not None:
            return f"such as --set gain_uv={found[0]:g}, for they look like {found[1]}"
    return "for example --set gain_uv=0.195 for Intan"


def gain_doubt(recording: BaseRecording, found: StoredSizes, path: Path, given: bool) -> str:
    """A sentence if the microvolts cannot be true, and the way out; otherwise nothing.

    Args:
        recording: as it will be used, with gains.
        found: its sizes.
        path: for the sentence.
        given: whether a person gave the gain.
    """
    wrong = _beyond(found, _own_gains(recording), LEAST_SPAN_UV, MOST_NOISE_UV)
    return "" if wrong is None else _sentence(recording, found, path, wrong, given)


@dataclass(frozen=True)
class _Beyond:
    """Channels of one gain, some of all, whose microvolts are beyond a limit."""

    gain: float
    size: str
    columns: list[int]


def _beyond(
    found: StoredSizes, gains: Steps, least_span: float, most_noise: float
) -> _Beyond | None:
    """The first gain with which channels are beyond a limit.

    Channels are judged with those of the same gain: that a wire is broken says nothing of it.
    """
    gains = np.abs(gains)
    for gain in np.unique(gains).tolist():
        alike = (gains == gain) & (found.noise > 0)
        if not alike.any():
            continue
        noise = float(np.median(found.noise[alike])) * gain
        span = float(np.median(found.span[alike])) * gain
        columns = [] if alike.sum() == (found.noise > 0).sum() else np.flatnonzero(alike).tolist()
        if noise > most_noise:
            return _Beyond(gain, f"noise of {noise:.3g} uV", columns)
        if span < least_span:
            size = f"signals of {span:.3g} uV from lowest to highest"
            return _Beyond(gain, size, columns)
    return None


def _sentence(
    recording: BaseRecording, found: StoredSizes, path: Path, wrong: _Beyond, given: bool
) -> str:
    whose = "a step"
    if wrong.columns:
        names = ", ".join(str(recording.channel_ids[column]) for column in wrong.columns[:3])
        whose = f"a step of channel {names}" + (" and others" if len(wrong.columns) > 3 else "")
    says = f"gain_uv was given for {path}: " if given else f"{path} says that "
    return (
        f"{says}{whose} is {wrong.gain:g} uV, which makes {wrong.size}. That cannot be. "
        f"{_way_out(recording, found, wrong.columns)}"
    )


def _way_out(recording: BaseRecording, found: StoredSizes, columns: list[int]) -> str:
    if columns:
        return (
            "Leave such channels out with exclude_channels, or give the gain of all with --gain-uv."
        )
    stored = likely(found) if recording.get_dtype().kind == "f" else None
    if stored is not None:
        return f"The numbers look like {stored[1]}: set gain_uv={stored[0]:g}."
    return "Give the right one with --gain-uv, such as --gain-uv 0.195 for Intan."


def likely(found: StoredSizes) -> tuple[float, str] | None:
    """The gain, and what the numbers are stored in, that makes a signal of an electrode."""
    there = found.noise > 0
    if not there.any():
        return None
    noise, span = float(np.median(found.noise[there])), float(np.median(found.span[there]))
    for gain, name in WAYS:
        if noise * gain <= LIKELY_NOISE_UV and span * gain >= USUAL_SPAN_UV:
            return gain, name
    return None


def sizes(recording: BaseRecording) -> StoredSizes:
    """Measure the stored numbers in a few stretches; what is no number is left aside."""
    n_samples, n_channels = recording.get_num_samples(), recording.get_num_channels()
    most = max(100, MOST_BYTES // (8 * n_channels))
    length = min(int(SLICE_S * recording.get_sampling_frequency()), n_samples, most)
    starts = np.unique(np.linspace(0, n_samples - length, N_SLICES).astype(int)).tolist()
    parts = [
        recording.get_traces(start_frame=one, end_frame=one + length).astype(np.float64)
        for one in starts
    ]
    measured = [[_sizes(column) for column in part.T] for part in parts]
    middle = np.median(np.array(measured), axis=0)
    return StoredSizes(middle[:, 0], middle[:, 1])


def _sizes(values: Steps) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return 0.0, 0.0
    # Of a normal distribution the mean step between two samples is 1.128 standard deviations.
    noise = float(np.abs(np.diff(known)).mean()) / 1.128
    low, high = np.quantile(known, (0.0005, 0.9995))
    return noise, float(high - low)
