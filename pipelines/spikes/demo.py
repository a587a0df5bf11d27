"""A tetrode recording with known units, made by simulation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from probeinterface import Probe, generate_tetrode, write_probeinterface
from scipy.signal import butter, sosfiltfilt
from spikeinterface.core import (
    BaseRecording,
    BinaryFolderRecording,
    BinaryRecordingExtractor,
    NumpyRecording,
    NumpySorting,
)
from spikeinterface.core.generate import (
    InjectTemplatesRecording,
    generate_templates,
    generate_unit_locations,
)
from spikeinterface.generation.noise_tools import NoiseGeneratorRecording

SAMPLING_FREQUENCY = 30_000.0
GAIN_UV = 0.195
NOISE_UV = 20.0
BAND_HZ = (300.0, 6000.0)
REFRACTORY_S = 0.0025
UPSAMPLING = 10
MS_BEFORE, MS_AFTER = 1.5, 3.0
SNR = (18.0, 14.5, 11.5, 9.5, 7.5, 6.0)
RATES_HZ = (6.0, 9.0, 5.0, 12.0, 8.0, 10.0)
HASH_PEAKS_UV = (10.0, 30.0)
HASH_RATES_HZ = (2.0, 10.0)
HASH_CELLS = 12

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Simulation:
    """A recording and what is in it.

    Attributes:
        recording: int16, with gain and probe.
        sample_index: of every true spike, in order of time.
        unit_id: of every true spike.
        units: `unit_id, channel, n_spikes, snr, amplitude_uv`, a row per true unit.
    """

    recording: BaseRecording
    sample_index: NDArray[np.int64]
    unit_id: NDArray[np.int32]
    units: pd.DataFrame


def make(folder: Path, seed: int) -> None:
    """Write `recording/`, `truth.npz` and `truth_units.csv` into a folder.

    Args:
        folder: an existing folder.
        seed: the same seed gives the same files.
    """
    made = simulate(seed)
    _save(made.recording, folder / "recording")
    np.savez(folder / "truth.npz", sample_index=made.sample_index, unit_id=made.unit_id)
    made.units.to_csv(folder / "truth_units.csv", index=False)


def simulate(seed: int, duration_s: float = 60.0) -> Simulation:
    """Simulate a tetrode in white noise among distant cells.

    Spikes are Poisson with a refractory period, jitter below one sample, vary by 8 % from spike
    to spike and drift by 10 % over the recording. The units' peaks are 6 to 18 times the noise
    between 300 and 6000 Hz.

    Args:
        seed: of all random numbers.
        duration_s: how long the recording is.
    """
    rng = np.random.default_rng(seed)
    probe = _tetrode()
    cells = _templates(probe, len(SNR) + HASH_CELLS, rng)
    near, far = cells[: len(SNR)], cells[len(SNR) :]
    far = far * (rng.uniform(*HASH_PEAKS_UV, HASH_CELLS) / _peaks(far))[:, None, None, None]
    trains = _trains(rng.uniform(*HASH_RATES_HZ, HASH_CELLS), duration_s, rng)
    background = _inject(_noise(duration_s, rng), far, trains, rng)
    noise = _noise_level(background)
    near = near * (np.array(SNR) * noise / _peaks(_filtered(near)))[:, None, None, None]
    trains = _trains(RATES_HZ, duration_s, rng)
    return _finish(_inject(background, near, trains, rng), near, trains, probe)


def _tetrode() -> Probe:
    probe = generate_tetrode(r=12)
    probe.set_device_channel_indices(np.arange(4))
    return probe


def _templates(probe: Probe, n_cells: int, rng: np.random.Generator) -> Floats:
    """Waveforms of cells around the tetrode: (cell, sample, channel, sub-sample shift)."""
    seed = int(rng.integers(2**31))
    places = generate_unit_locations(
        n_cells, probe.contact_positions, margin_um=25.0, minimum_z=5.0, maximum_z=40.0,
        minimum_distance=10.0, seed=seed,
    )  # fmt: skip
    templates: Floats = generate_templates(
        probe.contact_positions, places, SAMPLING_FREQUENCY, MS_BEFORE, MS_AFTER,
        upsample_factor=UPSAMPLING, seed=seed, dtype="float64",
    )  # fmt: skip
    return templates


def _trains(
    rates_hz: Sequence[float] | Floats, duration_s: float, rng: np.random.Generator
) -> NumpySorting:
    ids = range(len(rates_hz))
    trains = {unit: _train(rate, duration_s, rng) for unit, rate in zip(ids, rates_hz, strict=True)}
    return NumpySorting.from_unit_dict(trains, SAMPLING_FREQUENCY)


def _train(rate_hz: float, duration_s: float, rng: np.random.Generator) -> NDArray[np.int64]:
    waits = rng.exponential(1 / rate_hz - REFRACTORY_S, int(3 * rate_hz * duration_s) + 20)
    times = np.cumsum(waits + REFRACTORY_S)
    inside = times[(times > 0.01) & (times < duration_s - 0.01)]
    return np.asarray(inside * SAMPLING_FREQUENCY, dtype=np.int64)


def _inject(
    background: BaseRecording, templates: Floats, trains: NumpySorting, rng: np.random.Generator
) -> NumpyRecording:
    spikes = trains.to_spike_vector()
    progress = spikes["sample_index"] / background.get_num_samples()
    slope = rng.uniform(-0.1, 0.1, len(templates))[spikes["unit_index"]]
    recording = InjectTemplatesRecording(
        trains,
        templates,
        nbefore=round(MS_BEFORE * SAMPLING_FREQUENCY / 1000),
        amplitude_factor=rng.normal(1.0, 0.08, len(spikes)) * (1 + slope * (2 * progress - 1)),
        upsample_vector=rng.integers(UPSAMPLING, size=len(spikes)),
        parent_recording=background,
    )
    return NumpyRecording([recording.get_traces()], SAMPLING_FREQUENCY)


def _noise(duration_s: float, rng: np.random.Generator) -> NumpyRecording:
    noise = NoiseGeneratorRecording(
        4, SAMPLING_FREQUENCY, [duration_s], noise_levels=NOISE_UV, strategy="on_the_fly",
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
    return NumpyRecording([noise.get_traces().astype(np.float64)], SAMPLING_FREQUENCY)


def _noise_level(background: BaseRecording) -> float:
    second = background.get_traces(end_frame=int(SAMPLING_FREQUENCY))
    return float(_filtered(second[None]).std())


def _filtered(waveforms: Floats) -> Floats:
    """In the band of spikes; time is the second axis."""
    sections = butter(2, BAND_HZ, btype="bandpass", fs=SAMPLING_FREQUENCY, output="sos")
    filtered: Floats = sosfiltfilt(sections, waveforms, axis=1)
    return filtered


def _peaks(waveforms: Floats) -> Floats:
    """The largest negative deflection of each: all axes but the first are searched."""
    peaks: Floats = -waveforms.min(axis=tuple(range(1, waveforms.ndim)))
    return peaks


def _finish(
    signal: BaseRecording, templates: Floats, trains: NumpySorting, probe: Probe
) -> Simulation:
    traces = np.round(signal.get_traces() / GAIN_UV).astype(np.int16)
    recording = NumpyRecording([traces], SAMPLING_FREQUENCY)
    recording.set_channel_gains(GAIN_UV)
    recording.set_channel_offsets(0.0)
    recording.set_probe(probe)
    spikes = trains.to_spike_vector()
    unit_id = spikes["unit_index"].astype(np.int32)
    units = pd.DataFrame(
        {
            "unit_id": np.arange(len(templates)),
            "channel": templates.min(axis=(1, 3)).argmin(axis=1),
            "n_spikes": np.bincount(unit_id, minlength=len(templates)),
            "snr": SNR,
            "amplitude_uv": np.round(_peaks(templates), 1),
        }
    )
    return Simulation(recording, spikes["sample_index"].astype(np.int64), unit_id, units)


def _save(recording: BaseRecording, folder: Path) -> None:
    """Write a folder that SpikeInterface loads, without a record of how it was made."""
    folder.mkdir()
    recording.get_traces().tofile(folder / "traces.raw")
    stored = BinaryRecordingExtractor(
        folder / "traces.raw",
        sampling_frequency=SAMPLING_FREQUENCY,
        num_channels=recording.get_num_channels(),
        dtype=recording.get_dtype(),
        gain_to_uV=recording.get_channel_gains().tolist(),
        offset_to_uV=recording.get_channel_offsets().tolist(),
    )
    write_probeinterface(folder / "probegroup.json", recording.get_probegroup())
    stored.dump_to_json(folder / "binary.json", relative_to=folder)
    loaded = BinaryFolderRecording(folder)
    loaded.dump_to_json(folder / "si_folder.json", relative_to=folder)
