"""The waveforms of known spikes, read from the recording that they were sorted from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording

from pipelines.core.errors import InputError, NeuroboardError
from pipelines.core.progress import Report
from pipelines.spikes.reading.channels import prepared
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.recording.identity import refuse_another
from pipelines.spikes.recording.recorded import Recorded, of_recording
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.signal.preprocess import BandPass, Floats, band_pass, noise_levels
from pipelines.spikes.sorting.detect import Peaks
from pipelines.spikes.sorting.features import REACH, Window, cut_out
from pipelines.spikes.units.selection import MOST_READ, Beside, Places
from pipelines.spikes.units.sorting import NO_RECORDING, FinishedSorting

CHUNK_S = 10.0
MOST_CHANNELS = 8
"""A unit is looked at on its largest channels only; far ones add noise."""

CHANNELS_BESIDE = 4
"""Of a unit, where chosen spikes are shown beside its others."""


@dataclass(frozen=True)
class UnitWaveforms:
    """The waveforms of one unit's spikes.

    Attributes:
        spikes: their places in the sorting, in order of time, shape (spike,). Spikes at
            the very ends of the recording, and of its segments, are left out.
        values: in uV, shape (spike, sample, channel).
        channels: positions in the recording of the channels of `values`, shape (channel,).
        noise: of those channels in uV, shape (channel,).
    """

    spikes: Places
    values: Floats
    channels: NDArray[np.intp]
    noise: Floats


def open_signal(sorting: FinishedSorting) -> BandPass:
    """The recording of a sorting, filtered as it was for sorting.

    Raises:
        InputError: it is not there any more, or is another one.
    """
    return _opened(sorting)[1]


def recorded_again(sorting: FinishedSorting) -> Recorded:
    """Where the channels of a sorting are, from its recording.

    Raises:
        InputError: it is not there any more, or is another one.
    """
    whole, signal = _opened(sorting)
    return of_recording(whole, signal.recording)


def _opened(sorting: FinishedSorting) -> tuple[BaseRecording, BandPass]:
    """The recording as it was read, and as it was sorted."""
    path = sorting.recording
    if path == NO_RECORDING:
        raise InputError(
            "This sorting was imported without its recording: import it again with its recording, "
            "or say where that lies, with `spikes locate` or on the page of its units."
        )
    if not path.exists():
        raise InputError(
            f"The recording {path} is not there any more: say where it lies now, with "
            "`spikes locate` or on the page of its units."
        )
    try:
        recording = read_recording(path, sorting.parameters)
        part = prepared(recording, sorting.parameters, None)
        signal = band_pass(part, sorting.parameters.freq_min, sorting.parameters.freq_max)
    except NeuroboardError as error:
        raise InputError(f"The recording cannot be read again: {error.sentence}") from None
    refuse_another(sorting.source.identity, path, recording, part)
    return recording, signal


def unit_waveforms(
    sorting: FinishedSorting,
    signal: BandPass,
    spikes: Mapping[int, Places],
    shapes: Mapping[int, Floats],
    report: Report,
    noise: Floats | None = None,
) -> Iterator[tuple[int, UnitWaveforms]]:
    """Read the waveforms of units one after the other.

    Args:
        sorting: whose spikes.
        signal: from `open_signal`.
        spikes: places in the sorting of the spikes of each unit.
        shapes: mean waveform of each unit, shape (sample, channel of the recording).
        report: told how far it is.
        noise: of every channel in uV, if it is known, shape (channel,).
    """
    window = _window(sorting)
    if noise is None:
        noise = noise_levels(signal, np.arange(len(sorting.channel_id)))
    for number, (unit, places) in enumerate(spikes.items()):
        report(number / len(spikes), f"Reading the waveforms of unit {unit}")
        channels = largest_channels(shapes[unit], MOST_CHANNELS)
        inside = _inside(sorting.sample_index[places], window, signal.timeline)
        peak = shapes[unit][:, channels[0]]
        sign = float(np.sign(peak[np.abs(peak).argmax()]))
        samples = sorting.sample_index[places[inside]]
        values = _read(signal, np.sort(channels), samples, sign, channels[0], window)
        ordered = np.sort(channels)
        yield unit, UnitWaveforms(places[inside], values, ordered, noise[ordered])


def largest_channels(shape: Floats, most: int) -> NDArray[np.intp]:
    """Channels on which a mean waveform is largest, the largest first; only those seen.

    Args:
        shape: the mean waveform, shape (sample, channel), nan where not looked at.
        most: how many channels at most.
    """
    heights = np.nan_to_num(np.abs(shape).max(axis=0), nan=-1.0)
    order = np.argsort(-heights, kind="stable")
    seen: NDArray[np.intp] = order[heights[order] >= 0]
    return seen[:most]


def _window(sorting: FinishedSorting) -> Window:
    per_ms = sorting.clock.sampling_frequency / 1000
    values = sorting.parameters
    return Window(round(values.ms_before * per_ms), round(values.ms_after * per_ms))


def _inside(
    samples: Places, window: Window, timeline: Timeline, reach: int = REACH
) -> NDArray[np.bool_]:
    """Whether what is read around a spike lies in the spike's own segment."""
    low, high = window.before + reach, window.after + reach
    edges = np.append(timeline.firsts, timeline.n_samples)
    here = timeline.segment_of(samples)
    inside: NDArray[np.bool_] = (samples - low >= edges[here]) & (samples + high < edges[here + 1])
    return inside


def _read(
    signal: BandPass,
    channels: NDArray[np.intp],
    samples: Places,
    sign: float,
    largest: np.intp,
    window: Window,
) -> Floats:
    column = int(np.flatnonzero(channels == largest)[0])
    parts = [np.empty((0, len(window.offsets), len(channels)), np.float32)]
    for start, stop in signal.spans(CHUNK_S):
        here = samples[(samples >= start) & (samples < stop)]
        if len(here):
            peaks = Peaks(
                here,
                np.full(len(here), column, dtype=np.intp),
                np.full(len(here), sign, dtype=np.float32),
            )
            parts.append(cut_out(signal.read(channels, start, stop), peaks, window).values)
    return np.concatenate(parts)


def spread_waveforms(
    sorting: FinishedSorting,
    signal: BandPass,
    samples: Places,
    channels: NDArray[np.intp],
    most: int,
) -> Floats:
    """Waveforms of some of the given spikes, read one by one, for a quick look.

    Args:
        sorting: that says how long a waveform is.
        signal: from `open_signal`.
        samples: where spikes are; those at the very ends are left out.
        channels: positions in the recording.
        most: how many are read, spread evenly over `samples`.

    Returns:
        In uV, shape (spike, sample, channel).
    """
    window = _window(sorting)
    there = samples[_inside(samples, window, signal.timeline, reach=0)]
    chosen = there[np.linspace(0, len(there) - 1, min(most, len(there))).astype(np.int64)]
    found = np.empty((len(chosen), len(window.offsets), len(channels)), np.float32)
    for number, sample in enumerate(chosen.tolist()):
        chunk = signal.read(channels, sample - window.before, sample + window.after + 1)
        first = chunk.start - chunk.first
        found[number] = chunk.traces[first : first + len(window.offsets)]
    return found


def beside(sorting: FinishedSorting, unit: int, places: Places) -> Beside:
    """Waveforms of chosen spikes of a unit and of its others, on its largest channels.

    Args:
        sorting: whose unit.
        unit: its number.
        places: of the chosen spikes in the sorting, shape (spike,).

    Raises:
        InputError: the recording is not there any more.
    """
    signal = open_signal(sorting)
    channels = np.sort(largest_channels(sorting.mean[sorting.row_of(unit)], CHANNELS_BESIDE))
    others = np.setdiff1d(np.flatnonzero(sorting.unit_id == unit), places)
    inside, outside = (
        spread_waveforms(sorting, signal, sorting.sample_index[some], channels, MOST_READ)
        for some in (places, others)
    )
    names = [str(sorting.channel_id[channel]) for channel in channels]
    return Beside(sorting.ms, names, inside, outside)
