"""Recordings with known cells that make sorters err: overlaps, bursts, drift.

As in `pipelines.spikes.demo` spikes jitter below one sample, vary by 8 % and lie in white noise
among distant cells. On top of that

- a third of the cells fires in bursts, whose later spikes are smaller by 15 % each;
- 5 % of the spikes of every cell come within a millisecond of one of its neighbour;
- all cells move along the probe, by `drift_um` from the first second to the last.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from probeinterface import Probe
from scipy.signal import butter, sosfiltfilt
from spikeinterface.core import BaseRecording, NumpyRecording, NumpySorting
from spikeinterface.core.generate import (
    InjectTemplatesRecording,
    generate_templates,
    generate_unit_locations,
)
from spikeinterface.generation.noise_tools import NoiseGeneratorRecording

from pipelines.spikes import demo

RATE = demo.SAMPLING_FREQUENCY
MS_BEFORE, MS_AFTER = 1.5, 3.0
PHASES = 4
"""Places between two samples at which a spike may lie."""
STEPS = 7
"""Places that a drifting cell goes through."""
BURSTING = 1 / 3
BURST_SHRINKS = 0.85
BURST_GAPS_S = (0.003, 0.008)
MORE_IN_BURST = 0.6
"""Chance of yet another spike in a burst."""
TOGETHER = 0.05
CHUNK_S = 10.0

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Kind:
    """A kind of recording: electrodes and cells, for how long, and how far the cells move."""

    layout: Callable[[int], demo.Arrangement]
    seconds: float
    drift_um: float


def dense_probe(seed: int) -> demo.Arrangement:
    """128 contacts in four staggered columns as on a Neuropixels 1.0, and 64 cells."""
    rng = np.random.default_rng(seed)
    number = np.arange(128)
    x = np.array([16.0, 48.0, 0.0, 32.0])[number % 4]
    probe = Probe(ndim=2)
    probe.set_contacts(np.stack([x, number // 2 * 20.0], axis=1), shape_params={"radius": 6.0})
    probe.set_device_channel_indices(number)
    return demo.Arrangement(
        probe, [range(128)], [64], rng.permutation(np.geomspace(5.7, 20.3, 64)).tolist(),
        rng.uniform(3.0, 12.0, 64).tolist(), n_far=80,
    )  # fmt: skip


KINDS: Mapping[str, Kind] = {
    "tetrode": Kind(lambda _seed: demo.tetrode(), 120.0, 6.0),
    "wires": Kind(demo.wires, 90.0, 6.0),
    "32 channels": Kind(demo.linear_probe, 90.0, 15.0),
    "128 channels": Kind(dense_probe, 40.0, 15.0),
}


@dataclass(frozen=True)
class Known:
    """A recording and its true spikes, in order of time.

    Attributes:
        recording: int16, with gain and probe.
        sample_index: shape (spike,).
        unit_id: whose each is, shape (spike,).
    """

    recording: BaseRecording
    sample_index: NDArray[np.int64]
    unit_id: NDArray[np.int32]


@dataclass(frozen=True)
class _Fired:
    """Spikes before they are drawn: when, whose, how large; shape (spike,) each."""

    sample_index: NDArray[np.int64]
    unit_id: NDArray[np.int64]
    size: NDArray[np.float64]


def simulate(kind: Kind, seed: int) -> Known:
    """Simulate a recording; the same seed gives the same one."""
    layout, rng = kind.layout(seed), np.random.default_rng(seed)
    quiet = NoiseGeneratorRecording(
        layout.probe.get_contact_count(), RATE, [kind.seconds], noise_levels=demo.NOISE_UV,
        strategy="on_the_fly", seed=int(rng.integers(2**31)),
    )  # fmt: skip
    near, far = _cells(layout, kind.drift_um, rng)
    far *= (rng.uniform(*demo.HASH_PEAKS_UV, len(far)) / _peaks(far))[:, None, None, None, None]
    hum = _poisson(rng.uniform(*demo.HASH_RATES_HZ, len(far)), kind.seconds, rng)
    background = _drawn(quiet, far, _together(hum, rng), rng)
    noise = _filtered(background.get_traces(end_frame=int(RATE)).astype(float)[None]).std()
    middle = _filtered(near[:, STEPS // 2])
    near *= (np.array(layout.snr) * noise / _peaks(middle))[:, None, None, None, None]
    trains = _with_neighbours(_poisson(layout.rates_hz, kind.seconds, rng), rng)
    fired = _together([_burst(train, number, rng) for number, train in enumerate(trains)], rng)
    recording = NumpyRecording([_sampled(_drawn(background, near, fired, rng))], RATE)
    recording.set_channel_gains(demo.GAIN_UV)
    recording.set_channel_offsets(0.0)
    recording.set_probe(layout.probe)
    return Known(recording, fired.sample_index, fired.unit_id.astype(np.int32))


def _cells(
    layout: demo.Arrangement, drift_um: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Waveforms of near and far cells, shape (cell, place, sample, channel, phase)."""
    near, far = [], []
    places = layout.probe.contact_positions
    for contacts, count in zip(layout.sites, layout.units, strict=True):
        seed = int(rng.integers(2**31))
        homes = generate_unit_locations(
            count + layout.n_far, places[list(contacts)], margin_um=25.0, minimum_z=5.0,
            maximum_z=40.0, minimum_distance=10.0, seed=seed,
        )  # fmt: skip
        moved = [
            generate_templates(
                places, homes + np.array([0.0, shift, 0.0]), RATE, MS_BEFORE, MS_AFTER,
                upsample_factor=PHASES, seed=seed, dtype="float32",
            )
            for shift in np.linspace(-drift_um / 2, drift_um / 2, STEPS)
        ]  # fmt: skip
        near.append(np.stack([one[:count] for one in moved], axis=1))
        far.append(moved[STEPS // 2][count:, None])
    return np.concatenate(near), np.concatenate(far)


def _poisson(
    rates_hz: object, seconds: float, rng: np.random.Generator
) -> list[NDArray[np.float64]]:
    trains = []
    for rate in np.asarray(rates_hz, float):
        gaps = rng.exponential(1 / rate - demo.REFRACTORY_S, int(3 * rate * seconds) + 20)
        times = np.cumsum(gaps + demo.REFRACTORY_S)
        trains.append(times[(times > 0.01) & (times < seconds - 0.1)])
    return trains


def _with_neighbours(
    trains: list[NDArray[np.float64]], rng: np.random.Generator
) -> list[NDArray[np.float64]]:
    """Some spikes of each train beside those of the train before it."""
    found = trains[:1]
    for before, own in pairwise(trains):
        some = before[rng.random(len(before)) < TOGETHER]
        found.append(_apart(np.concatenate([own, some + rng.uniform(-0.001, 0.001, len(some))])))
    return found


def _apart(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """In order of time, without those within the refractory period of the one before."""
    ordered = np.sort(times)
    return ordered[np.append(True, np.diff(ordered) > demo.REFRACTORY_S)]


def _burst(train: NDArray[np.float64], number: int, rng: np.random.Generator) -> _Fired:
    """A cell's spikes; every third cell follows some up with smaller ones."""
    if number % round(1 / BURSTING):
        return _Fired(_samples(train), np.full(len(train), number), np.ones(len(train)))
    room = np.append(np.diff(train), 1.0)
    times, sizes, last, size = [train], [np.ones(len(train))], train.copy(), 1.0
    going = np.ones(len(train), bool)
    for _ in range(4):
        last = last + rng.uniform(*BURST_GAPS_S, len(train))
        going &= (rng.random(len(train)) < MORE_IN_BURST) & (last - train < room - 0.003)
        size *= BURST_SHRINKS
        times.append(last[going])
        sizes.append(np.full(going.sum(), size))
    when = np.concatenate(times)
    return _Fired(_samples(when), np.full(len(when), number), np.concatenate(sizes))


def _samples(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(seconds * RATE, np.int64)


def _together(trains: list[object], rng: np.random.Generator) -> _Fired:
    parts = [
        one if isinstance(one, _Fired)
        else _Fired(_samples(one), np.full(len(one), number), np.ones(len(one)))  # type: ignore
        for number, one in enumerate(trains)
    ]  # fmt: skip
    samples = np.concatenate([one.sample_index for one in parts])
    order = np.argsort(samples, kind="stable")
    size = np.concatenate([one.size for one in parts]) * rng.normal(1.0, 0.08, len(order))
    return _Fired(
        samples[order], np.concatenate([one.unit_id for one in parts])[order], size[order]
    )


def _drawn(
    background: BaseRecording, cells: Floats, fired: _Fired, rng: np.random.Generator
) -> BaseRecording:
    """Add spikes to a background; a cell is drawn at the place where it is then."""
    steps = cells.shape[1]
    step = np.minimum(fired.sample_index * steps // background.get_num_samples(), steps - 1)
    flat = cells.reshape(-1, *cells.shape[2:])
    trains = NumpySorting.from_samples_and_labels(
        [fired.sample_index], [fired.unit_id * steps + step], RATE, unit_ids=range(len(flat))
    )
    return InjectTemplatesRecording(
        trains, flat, nbefore=round(MS_BEFORE * RATE / 1000), amplitude_factor=fired.size,
        upsample_vector=rng.integers(PHASES, size=len(step)), parent_recording=background,
    )  # fmt: skip


def _peaks(cells: Floats) -> NDArray[np.float64]:
    """The largest negative deflection of each cell."""
    return np.asarray(-cells.min(axis=tuple(range(1, cells.ndim))), float)


def _filtered(waves: NDArray[np.floating]) -> NDArray[np.float64]:
    """In the band of spikes; time is the second axis."""
    sections = butter(2, demo.BAND_HZ, btype="bandpass", fs=RATE, output="sos")
    return np.asarray(sosfiltfilt(sections, waves, axis=1))


def _sampled(signal: BaseRecording) -> NDArray[np.int16]:
    step, n_samples = int(CHUNK_S * RATE), signal.get_num_samples()
    parts = [
        signal.get_traces(start_frame=start, end_frame=min(start + step, n_samples))
        for start in range(0, n_samples, step)
    ]
    return np.concatenate([np.round(part / demo.GAIN_UV).astype(np.int16) for part in parts])
