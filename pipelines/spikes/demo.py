"""Recordings with known units, made by simulation; the example is a tetrode."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from probeinterface import (
    Probe,
    generate_linear_probe,
    generate_tetrode,
    write_probeinterface,
)
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

from pipelines.core.csv import write_csv

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
CHUNK_S = 10.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Arrangement:
    """Electrodes and the cells around them.

    Attributes:
        probe: all contacts.
        sites: contacts that see the same cells, one list per site.
        units: how many near cells each site has.
        snr: of the near cells, site after site: peak over noise between 300 and 6000 Hz.
        rates_hz: of the near cells.
        n_far: distant cells at each site, which are background.
    """

    probe: Probe
    sites: Sequence[Sequence[int]]
    units: Sequence[int]
    snr: Sequence[float]
    rates_hz: Sequence[float]
    n_far: int


def tetrode() -> Arrangement:
    """Four contacts in a square of 24 um and six units."""
    probe = _numbered(generate_tetrode(r=12))
    return Arrangement(probe, [range(4)], [len(SNR)], SNR, RATES_HZ, n_far=12)


def wires(seed: int) -> Arrangement:
    """16 wires 400 um apart with one to three units each, 32 in all.

    On a single wire cells are told apart mainly by their size, so those of one wire differ in
    SNR by half or more: SNRs are dealt out by rank, one to each wire in turn.
    """
    rng = np.random.default_rng(seed)
    probe = _numbered(generate_linear_probe(num_elec=16, ypitch=400.0))
    units = rng.permutation(np.repeat([1, 2, 3], [5, 6, 5]))
    turn = np.concatenate([np.arange(count) for count in units])
    snr = np.empty(32)
    snr[np.lexsort((-np.repeat(units, units), turn))] = np.geomspace(6.7, 21.8, 32)
    rates = rng.uniform(3.0, 12.0, 32).tolist()
    sites = [[wire] for wire in range(16)]
    return Arrangement(probe, sites, units.tolist(), snr.tolist(), rates, n_far=4)


def linear_probe(seed: int) -> Arrangement:
    """32 contacts in a row, 25 um apart, and 15 units."""
    rng = np.random.default_rng(seed)
    probe = _numbered(generate_linear_probe(num_elec=32, ypitch=25.0))
    return Arrangement(
        probe, [range(32)], [15], _spread(15, 5.7, 20.3, rng),
        rng.uniform(3.0, 12.0, 15).tolist(), n_far=40,
    )  # fmt: skip


def _spread(count: int, low: float, high: float, rng: np.random.Generator) -> list[float]:
    values: list[float] = rng.permutation(np.geomspace(low, high, count)).tolist()
    return values


@dataclass(frozen=True)
class SimulatedRecording:
    """A recording and what is in it.

    Attributes:
        recording: int16, with gain and probe.
        sample_index: of every true spike, in order of time, shape (spike,).
        unit_id: of every true spike, shape (spike,).
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
    save(made.recording, folder / "recording")
    np.savez(folder / "truth.npz", sample_index=made.sample_index, unit_id=made.unit_id)
    write_csv(made.units, folder / "truth_units.csv")


def simulate(
    seed: int, duration_s: float = 60.0, layout: Arrangement | None = None
) -> SimulatedRecording:
    """Simulate a recording in white noise among distant cells.

    Spikes are Poisson with a refractory period, jitter below one sample, vary by 8 % from spike
    to spike and drift by 10 % over the recording.

    Args:
        seed: of all random numbers.
        duration_s: how long the recording is.
        layout: electrodes and units; a tetrode with six units if it is not given.
    """
    layout = layout or tetrode()
    rng = np.random.default_rng(seed)
    near, far = _cells(layout, rng)
    far = far * (rng.uniform(*HASH_PEAKS_UV, len(far)) / _peaks(far))[:, None, None, None]
    trains = _trains(rng.uniform(*HASH_RATES_HZ, len(far)), duration_s, rng)
    background = _inject(_noise(layout, duration_s, rng), far, trains, rng)
    noise = _noise_level(background)
    near = near * (np.array(layout.snr) * noise / _peaks(_filtered(near)))[:, None, None, None]
    trains = _trains(layout.rates_hz, duration_s, rng)
    return _finish(_inject(background, near, trains, rng), near, trains, layout)


def _numbered(probe: Probe) -> Probe:
    probe.set_device_channel_indices(np.arange(probe.get_contact_count()))
    return probe


def _cells(layout: Arrangement, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Waveforms of near and of far cells: (cell, sample, channel, sub-sample shift)."""
    near, far = [], []
    for contacts, count in zip(layout.sites, layout.units, strict=True):
        cells = _templates(layout.probe, list(contacts), count + layout.n_far, rng)
        near.append(cells[:count])
        far.append(cells[count:])
    return np.concatenate(near), np.concatenate(far)


def _templates(probe: Probe, contacts: list[int], n_cells: int, rng: np.random.Generator) -> Floats:
    """Waveforms of cells around some contacts, on all contacts."""
    seed = int(rng.integers(2**31))
    places = generate_unit_locations(
        n_cells, probe.contact_positions[contacts], margin_um=25.0, minimum_z=5.0,
        maximum_z=40.0, minimum_distance=10.0, seed=seed,
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
) -> BaseRecording:
    spikes = trains.to_spike_vector()
    progress = spikes["sample_index"] / background.get_num_samples()
    slope = rng.uniform(-0.1, 0.1, len(templates))[spikes["unit_index"]]
    return InjectTemplatesRecording(
        trains,
        templates,
        nbefore=round(MS_BEFORE * SAMPLING_FREQUENCY / 1000),
        amplitude_factor=rng.normal(1.0, 0.08, len(spikes)) * (1 + slope * (2 * progress - 1)),
        upsample_vector=rng.integers(UPSAMPLING, size=len(spikes)),
        parent_recording=background,
    )


def _noise(layout: Arrangement, duration_s: float, rng: np.random.Generator) -> BaseRecording:
    return NoiseGeneratorRecording(
        layout.probe.get_contact_count(), SAMPLING_FREQUENCY, [duration_s],
        noise_levels=NOISE_UV, strategy="on_the_fly", seed=int(rng.integers(2**31)),
    )  # fmt: skip


def _noise_level(background: BaseRecording) -> float:
    second = background.get_traces(end_frame=int(SAMPLING_FREQUENCY)).astype(np.float64)
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
    signal: BaseRecording, templates: Floats, trains: NumpySorting, layout: Arrangement
) -> SimulatedRecording:
    recording = NumpyRecording([_sampled(signal)], SAMPLING_FREQUENCY)
    recording.set_channel_gains(GAIN_UV)
    recording.set_channel_offsets(0.0)
    recording.set_probe(layout.probe)
    spikes = trains.to_spike_vector()
    unit_id = spikes["unit_index"].astype(np.int32)
    units = pd.DataFrame(
        {
            "unit_id": np.arange(len(templates)),
            "channel": templates.min(axis=(1, 3)).argmin(axis=1),
            "n_spikes": np.bincount(unit_id, minlength=len(templates)),
            "snr": list(layout.snr),
            "amplitude_uv": np.round(_peaks(templates), 1),
        }
    )
    return SimulatedRecording(recording, spikes["sample_index"].astype(np.int64), unit_id, units)


def _sampled(signal: BaseRecording) -> NDArray[np.int16]:
    """What an amplifier would store, made in stretches that fit into memory."""
    step, n_samples = int(CHUNK_S * SAMPLING_FREQUENCY), signal.get_num_samples()
    parts = [
        signal.get_traces(start_frame=start, end_frame=min(start + step, n_samples))
        for start in range(0, n_samples, step)
    ]
    return np.concatenate([np.round(part / GAIN_UV).astype(np.int16) for part in parts])


def save(recording: BaseRecording, folder: Path) -> None:
    """Write a recording as a folder that SpikeInterface loads, without how it was made.

    Args:
        recording: one segment, in memory.
        folder: is made.
    """
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
