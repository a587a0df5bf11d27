"""A look at a recording before it is sorted: what is in it, what will be left out, and why."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import welch
from spikeinterface.core import BaseRecording

from pipelines.errors import RecordingError
from pipelines.progress import Report
from pipelines.spikes.bad_samples import find_bad, in_words, write_bad
from pipelines.spikes.group_sorter import LEAST_NOISE_UV
from pipelines.spikes.identity import digest_of_samples
from pipelines.spikes.mending import Mender
from pipelines.spikes.places import placed
from pipelines.spikes.preprocess import BandPass, Floats, band_pass, scaled_mad, slices
from pipelines.spikes.pyramid import bin_samples, binned, chunk_bins
from pipelines.spikes.read import read_recording
from pipelines.spikes.recording_parameters import LookParameters
from pipelines.spikes.segments import time_notes
from pipelines.spikes.unit_tables import write_table

LEAST_SATURATED_S = 5
"""A shorter saturated end is an artefact, not a headstage that fell off."""

SPECTRUM_SAMPLES = 4096


@dataclass(frozen=True)
class Channels:
    """What is measured of every channel, shape (channel,), and of every pair."""

    noise_uv: Floats
    rms_uv: Floats
    correlation: NDArray[np.float64]


def look(
    inputs: Mapping[str, Path], parameters: LookParameters, folder: Path, report: Report
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
        `n_channels`, `duration_s`, `n_samples`, `samples_sha256`, `sampling_frequency`,
        `bin_samples`, `exclude_channels` (names divided by commas), `n_left_out`, `end_s` (none
        if the recording is good to its end),
        `bad_stretches` and `bad_channel_s` (number and length of all stretches without signal),
        `notes`.

    Raises:
        RecordingError: the recording or the probe cannot be read.
    """
    recording = read_recording(inputs["recording"], parameters)
    recording = placed(recording, parameters, inputs.get("probe"))
    signal = band_pass(recording, parameters.freq_min, parameters.freq_max)
    looking = "Looking for stretches without signal"
    bad = find_bad(recording, lambda done: report(0.05 * done, looking))
    report(0.05, "Measuring noise and bridges")
    channels = _channels(signal)
    _write_spectrum(signal, folder / "spectrum.npz")
    saturated = _write_traces(recording, parameters, folder / "traces.npy", report)
    end_s = _cut_off(saturated)
    table = _table(recording, channels, parameters)
    write_table(table, folder / "channels.csv")
    seconds = pd.DataFrame({"second": range(len(saturated)), "saturated": np.round(saturated, 4)})
    seconds.to_csv(folder / "saturation.csv", index=False)
    rate = float(recording.get_sampling_frequency())
    write_bad(bad, folder, signal.timeline)
    left_out = table.loc[table["state"] != "good", "channel"].astype(str).tolist()
    return {
        "n_channels": len(table),
        "duration_s": round(recording.get_num_samples() / rate, 3),
        "n_samples": recording.get_num_samples(),
        "sampling_frequency": rate,
        "bin_samples": bin_samples(recording.get_num_samples(), len(table)),
        "exclude_channels": ",".join(left_out),
        "n_left_out": len(left_out),
        "end_s": end_s,
        "bad_stretches": bad.n_stretches,
        "bad_channel_s": round(bad.channel_seconds, 3),
        "samples_sha256": digest_of_samples(recording),
        "notes": [*time_notes(recording), *in_words(bad)],
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


def _table(recording: BaseRecording, found: Channels, parameters: LookParameters) -> pd.DataFrame:
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


def _states(found: Channels, parameters: LookParameters, names: list[str]) -> list[tuple[str, str]]:
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


def _write_spectrum(signal: BandPass, file: Path) -> None:
    recording, mender = signal.recording, signal.mender
    rate, n_samples = float(recording.get_sampling_frequency()), recording.get_num_samples()
    length = min(SPECTRUM_SAMPLES * 8, n_samples)
    starts = np.unique(np.linspace(0, n_samples - length, 8).astype(int))
    powers = []
    for start in starts:
        raw = _microvolts(recording, int(start), int(start) + length, mender)
        freq_hz, power = welch(raw, rate, nperseg=min(SPECTRUM_SAMPLES, length), axis=0)
        powers.append(power)
    np.savez_compressed(
        file, freq_hz=freq_hz.astype(np.float32), power=np.mean(powers, axis=0).astype(np.float32)
    )


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
    recording: BaseRecording, parameters: LookParameters, file: Path, report: Report
) -> NDArray[np.float64]:
    """Write the envelope of all traces, and return the saturated share of every second."""
    n_samples, n_channels = recording.get_num_samples(), recording.get_num_channels()
    rate = float(recording.get_sampling_frequency())
    samples = bin_samples(n_samples, n_channels)
    shape = (2, -(-n_samples // samples), n_channels)
    stored = np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=shape)
    totals, counts = np.zeros(int(n_samples / rate) + 1), np.zeros(int(n_samples / rate) + 1)
    step = samples * chunk_bins(n_channels, samples)
    for start in range(0, n_samples, step):
        stop = min(start + step, n_samples)
        values = _microvolts(recording, start, stop)
        low, high = binned(values, samples)
        first = start // samples
        stored[0, first : first + len(low)] = np.clip(low, -6e4, 6e4)
        stored[1, first : first + len(high)] = np.clip(high, -6e4, 6e4)
        seconds = (np.arange(start, stop) / rate).astype(np.intp)
        beyond = (np.abs(values) >= parameters.saturation_uv).mean(axis=1)
        totals += np.bincount(seconds, beyond, len(totals))
        counts += np.bincount(seconds, minlength=len(counts))
        report(0.1 + 0.85 * stop / n_samples, f"Looked at {stop / rate:.0f} s")
    stored.flush()
    return np.asarray(totals[counts > 0] / counts[counts > 0])


def _cut_off(saturated: NDArray[np.float64]) -> float | None:
    """From which second on half of all samples are saturated up to the end, if so.

    Raises:
        RecordingError: that is so from the beginning.
    """
    fine = np.flatnonzero(saturated < 0.5)
    if not len(fine):
        raise RecordingError(
            "The whole recording is saturated: check the gain, or raise saturation_uv."
        )
    end = int(fine[-1]) + 1
    return float(end) if len(saturated) - end >= LEAST_SATURATED_S else None
