"""A look at a recording before it is sorted: what is in it, what will be left out, and why."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import welch
from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError
from pipelines.core.progress import Report
from pipelines.spikes.formats.segments import time_notes, timeline_of
from pipelines.spikes.reading.channels import as_list, placed
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.reading.reading_checks import check_reading
from pipelines.spikes.recording.identity import digest_of_samples
from pipelines.spikes.recording.looked import LookFolder, Spectrum
from pipelines.spikes.recording.parameters import RecordingLookParameters
from pipelines.spikes.recording.pyramid import bin_edges, bin_samples, binned, chunk_bins
from pipelines.spikes.recording.timeline import Segment, Timeline
from pipelines.spikes.signal.bad_samples import BadSamples, find_bad, in_words
from pipelines.spikes.signal.bad_samples import table as table_of_stretches
from pipelines.spikes.signal.mending import Mender
from pipelines.spikes.signal.preprocess import BandPass, Floats, band_pass, scaled_mad, slices
from pipelines.spikes.sorting.group_sorter import LEAST_NOISE_UV

LEAST_SATURATED_S = 5
"""A shorter saturated end is an artefact, not a headstage that fell off."""

SPECTRUM_SAMPLES = 4096


@dataclass(frozen=True)
class Channels:
    """What is measured of every channel, shape (channel,), and of every pair.

    Attributes:
        noise_uv: scaled median absolute deviation of the filtered signal, in uV.
        rms_uv: its root mean square, in uV.
        correlation: Pearson's r of every two channels, shape (channel, channel).
    """

    noise_uv: Floats
    rms_uv: Floats
    correlation: NDArray[np.float64]


def look(
    inputs: Mapping[str, Path], parameters: RecordingLookParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Look at a whole recording, in pieces that fit into memory.

    Writes `channels.csv` (a row per channel: place, noise, state, reason), `spectrum.npz` (power
    of every channel), `traces.npy` (lowest and highest value in uV of every few samples, float16,
    (2, bin, channel)), `saturation.csv` (share of saturated samples, a row per second) and
    `bad_samples.csv` (stretches that are no signal).

    Args:
        inputs: `recording`; perhaps `probe`, a probeinterface file.
        parameters: band and limits.
        folder: an existing, empty folder.
        report: told what happens.

    Returns:
        `n_channels`, `duration_s` (recorded time), `n_samples`, `segments` (start, length and
        samples of each), `samples_sha256`, `sampling_frequency`, `bin_samples`,
        `exclude_channels` (names divided by commas), `n_left_out`, `end_s` (on the recording's
        clock; none if it is good to its end),
        `bad_stretches` and `bad_channel_s` (number and length of all stretches without signal),
        `notes`.

    Raises:
        RecordingError: the recording or the probe cannot be read.
        ParameterError: the starts of segments are no numbers, or not as many as segments.
    """
    recording = read_recording(inputs["recording"], parameters)
    recording = placed(recording, parameters, inputs.get("probe"))
    notes = check_reading(recording, inputs["recording"], parameters)
    signal = band_pass(recording, parameters.freq_min, parameters.freq_max)
    looking = "Looking for stretches without signal"
    bad = find_bad(recording, lambda done: report(0.05 * done, looking))
    report(0.05, "Measuring noise and bridges")
    channels = _channels(signal)
    kept = LookFolder(folder)
    kept.write_spectrum(_spectrum(signal))
    saturated = _write_traces(recording, parameters, kept.traces_file, report)
    end_s = _cut_off(saturated)
    table = _table(recording, channels, parameters)
    kept.write_channels(table)
    kept.write_saturation(saturated)
    kept.write_stretches(table_of_stretches(bad, signal.timeline))
    notes = [*notes, *time_notes(recording), *in_words(bad)]
    return {**_figures(recording, signal.timeline, table, end_s, bad), "notes": notes}


def _figures(
    recording: BaseRecording,
    timeline: Timeline,
    table: pd.DataFrame,
    end_s: float | None,
    bad: BadSamples,
) -> dict[str, Any]:
    """What `look` returns, without the notes."""
    rate = float(recording.get_sampling_frequency())
    left_out = table.loc[table["state"] != "good", "channel"].astype(str).tolist()
    return {
        "n_channels": len(table),
        "duration_s": round(recording.get_num_samples() / rate, 3),
        "n_samples": recording.get_num_samples(),
        "segments": timeline.as_results(),
        "sampling_frequency": rate,
        "bin_samples": bin_samples(recording.get_num_samples(), len(table)),
        "exclude_channels": as_list(left_out),
        "n_left_out": len(left_out),
        "end_s": end_s,
        "bad_stretches": bad.n_stretches,
        "bad_channel_s": round(bad.channel_seconds, 3),
        "samples_sha256": digest_of_samples(recording),
    }


def _channels(signal: BandPass) -> Channels:
    everything = np.arange(signal.recording.get_num_channels())
    traces = np.concatenate(list(slices(signal, everything, count=10, seconds=0.5)))
    noise = scaled_mad(traces)
    # Where there is no signal, it neither adds to the power nor to any correlation.
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of channels without any signal
        centred = np.nan_to_num(traces - np.nanmedian(traces, axis=0))
        n_good = np.maximum(np.isfinite(traces).sum(axis=0), 1)
    rms = np.sqrt(np.square(centred, dtype=np.float64).sum(axis=0) / n_good)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.atleast_2d(np.corrcoef(centred.T.astype(np.float64)))
    return Channels(noise, rms.astype(np.float32), np.nan_to_num(correlation))


def _table(
    recording: BaseRecording, found: Channels, parameters: RecordingLookParameters
) -> pd.DataFrame:
    places = np.asarray(recording.get_channel_locations(), dtype=np.float64)
    states = _states(found, parameters, [str(name) for name in recording.channel_ids])
    return pd.DataFrame(
        {
            "channel": [str(name) for name in recording.channel_ids],
            "x_um": np.round(places[:, 0], 3) + 0.0,
            "y_um": np.round(places[:, 1], 3) + 0.0,
            "noise_uv": np.round(found.noise_uv, 3),
            "rms_uv": np.round(found.rms_uv, 3),
            "state": [state for state, _ in states],
            "reason": [reason for _, reason in states],
        }
    )


def _states(
    found: Channels, parameters: RecordingLookParameters, names: list[str]
) -> list[tuple[str, str]]:
    """State and reason of every channel; of a bridge the first channel stays."""
    alive = np.isfinite(found.noise_uv) & (found.noise_uv > LEAST_NOISE_UV)
    middle = float(np.median(found.noise_uv[alive])) if alive.any() else 0.0
    states: list[tuple[str, str]] = []
    for number in range(len(names)):
        if not alive[number]:
            states.append(("dead", "Flat, or values that are not numbers: not connected."))
            continue
        times = found.noise_uv[number] / middle
        if times >= parameters.noisy_times:
            states.append(("noisy", f"{times:.1f} times the noise of the middle channel."))
            continue
        with_earlier = found.correlation[number, :number]
        alike = np.flatnonzero(with_earlier >= parameters.bridge_correlation)
        bridged = [int(one) for one in alike if states[one][0] == "good"]
        if bridged:
            one = bridged[0]
            words = f"Correlates {with_earlier[one]:.3f} with channel {names[one]}: bridged."
            states.append(("bridged", words))
        else:
            states.append(("good", ""))
    return states


def _spectrum(signal: BandPass) -> Spectrum:
    recording, mender = signal.recording, signal.mender
    rate, n_samples = float(recording.get_sampling_frequency()), recording.get_num_samples()
    length = min(SPECTRUM_SAMPLES * 8, n_samples)
    starts = np.unique(np.linspace(0, n_samples - length, 8).astype(int)).tolist()
    powers = []
    for start, stop in _within_segments(signal.timeline, starts, length):
        raw = _microvolts(recording, start, stop, mender)
        freq_hz, power = welch(raw, rate, nperseg=min(SPECTRUM_SAMPLES, length), axis=0)
        powers.append(power)
    return Spectrum(freq_hz.astype(np.float32), np.mean(powers, axis=0).astype(np.float32))


def _within_segments(
    timeline: Timeline, starts: Sequence[int], length: int
) -> list[tuple[int, int]]:
    """Of stretches of so many samples their longest parts without a gap, if long enough."""
    spans = [
        max(timeline.spans(start, start + length), key=lambda span: span[1] - span[0])
        for start in starts
    ]
    long_enough = [span for span in spans if span[1] - span[0] >= min(SPECTRUM_SAMPLES, length)]
    return long_enough or [(start, start + length) for start in starts]


def _microvolts(
    recording: BaseRecording, start: int, stop: int, mender: Mender | None = None
) -> Floats:
    """All channels; without a mender as they are stored."""
    gains = np.asarray(recording.get_channel_gains(), dtype=np.float32)
    if mender is None:
        raw = recording.get_traces(start_frame=start, end_frame=stop)
    else:
        raw, _ = mender.read(np.arange(recording.get_num_channels()), start, stop)
    return np.asarray(raw, dtype=np.float32) * gains


def _write_traces(
    recording: BaseRecording, parameters: RecordingLookParameters, file: Path, report: Report
) -> pd.DataFrame:
    """Write the envelope of all traces, and return the saturated share of every second.

    A row is a second of recorded time, the last of a segment what is left of it: `second` is when
    it begins on the recording's clock, `saturated` the share of its samples.
    """
    timeline, n_channels = timeline_of(recording), recording.get_num_channels()
    samples = bin_samples(timeline.n_samples, n_channels)
    edges = bin_edges(timeline, samples)
    shape = (2, len(edges) - 1, n_channels)
    stored = np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=shape)
    seconds = [_Seconds(one, parameters.saturation_uv) for one in timeline.segments]
    for own in seconds:
        step = samples * chunk_bins(n_channels, samples)
        for start in range(own.segment.first_sample, own.segment.stop_sample, step):
            stop = min(start + step, own.segment.stop_sample)
            values = _microvolts(recording, start, stop)
            low, high = binned(values, samples)
            first = int(np.searchsorted(edges, start))
            stored[0, first : first + len(low)] = np.clip(low, -6e4, 6e4)
            stored[1, first : first + len(high)] = np.clip(high, -6e4, 6e4)
            own.add(values, start)
            done = f"Looked at {stop / own.segment.rate_hz:.0f} s"
            report(0.1 + 0.85 * stop / timeline.n_samples, done)
    stored.flush()
    return pd.concat([own.table() for own in seconds], ignore_index=True)


class _Seconds:
    """How much of every second of a segment is saturated."""

    def __init__(self, segment: Segment, limit_uv: float) -> None:
        self.segment = segment
        self._limit_uv = limit_uv
        self._beyond = np.zeros(int(segment.length_s) + 2)
        self._counts = np.zeros(int(segment.length_s) + 2)

    def add(self, values: Floats, start: int) -> None:
        """Count samples in uV, shape (sample, channel), that begin at a sample."""
        inside = np.arange(start, start + len(values)) - self.segment.first_sample
        seconds = (inside / self.segment.rate_hz).astype(np.intp)
        beyond = (np.abs(values) >= self._limit_uv).mean(axis=1)
        self._beyond += np.bincount(seconds, beyond, len(self._beyond))
        self._counts += np.bincount(seconds, minlength=len(self._counts))

    def table(self) -> pd.DataFrame:
        own = np.flatnonzero(self._counts)
        share = np.round(self._beyond[own] / self._counts[own], 4)
        return pd.DataFrame({"second": self.segment.start_s + own, "saturated": share})


def _cut_off(seconds: pd.DataFrame) -> float | None:
    """From which second on half of all samples are saturated up to the end, if so.

    Raises:
        RecordingError: that is so from the beginning.
    """
    fine = np.flatnonzero(seconds["saturated"] < 0.5)
    if not len(fine):
        raise RecordingError(
            "The whole recording is saturated: check the gain, or raise saturation_uv."
        )
    end = int(fine[-1]) + 1
    if len(seconds) - end < LEAST_SATURATED_S:
        return None
    return float(seconds["second"].iloc[end - 1]) + 1.0
