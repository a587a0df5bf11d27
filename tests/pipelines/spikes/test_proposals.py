"""Merges and splits are proposed for planted mistakes, and not for units that are one cell each."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.spikes.curation.parameters import ReviewParameters
from pipelines.spikes.curation.reviewed import Proposal, ReviewFolder
from pipelines.spikes.review import proposals
from pipelines.spikes.review.joint_clouds import Overlaps, best_lag
from pipelines.spikes.review.one_cell import PairEvidence, lags
from pipelines.spikes.signal.spike_waveforms import UnitWaveforms
from pipelines.spikes.sorting.features import principal_components
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.folder import read_finished

RATE, SECONDS = 30_000, 60
CLOCK = Clock(float(RATE), SECONDS * RATE, 0.002, 0.0008)
TIME = np.linspace(-1, 2, 40)
SHAPE = np.outer(-np.exp(-((TIME / 0.2) ** 2)), [100.0, 60.0, 20.0, 5.0])
OTHER = np.outer(-np.exp(-((TIME / 0.35) ** 2)), [70.0, 90.0, 40.0, 10.0])
NOISE_UV = 10.0
PARAMETERS = ReviewParameters(splitter="bgmm")
Floats = NDArray[np.float64]
Samples = NDArray[np.int64]


def train(rate_hz: float, seed: int) -> Samples:
    """A Poisson train with a refractory period of 2.5 ms."""
    gaps = 0.0025 + np.random.default_rng(seed).exponential(1 / rate_hz - 0.0025, 10_000)
    seconds = np.cumsum(gaps)
    return (seconds[seconds < SECONDS] * RATE).astype(np.int64)


def waves(shape: Floats, sizes: Floats, seed: int) -> Floats:
    """Waveforms in noise, shape (spike, sample, channel), of a shape (sample, channel)."""
    noise = np.random.default_rng(seed).normal(0, NOISE_UV, (len(sizes), *shape.shape))
    return sizes[:, None, None] * shape + noise


def like(train: Samples, seed: int) -> Floats:
    """Sizes that vary by 8 % from spike to spike."""
    return np.random.default_rng(seed).normal(1, 0.08, len(train))


def points(values: Floats) -> Floats:
    return principal_components((values / NOISE_UV).astype(np.float32), 5)


def merges(samples: Samples, values: Floats, second: NDArray[np.bool_]) -> list[Proposal]:
    """What is proposed for two units that look alike."""
    cloud = points(values)
    trains = {1: samples[~second], 2: samples[second]}
    alike = np.full((2, 2), 0.95)
    clouds: proposals.Clouds = lambda _one, _two: (cloud[~second], cloud[second])  # noqa: E731
    return list(proposals.pairs(trains, alike, CLOCK, PARAMETERS, clouds=clouds))


def splits(
    samples: Samples, values: Floats, alone: NDArray[np.bool_] | None = None
) -> list[Proposal]:
    """What is proposed for one unit; its spikes are the places 0, 1, ... of a sorting."""
    places = np.arange(len(samples))
    unit = UnitWaveforms(places, values, np.arange(4), np.full(4, NOISE_UV, np.float32))
    found = proposals.within(7, samples, unit, points(values), CLOCK, PARAMETERS, alone)
    return list(found)


def bursting(seed: int) -> tuple[Samples, Floats]:
    """A cell of which every second spike is followed by three, smaller by 15 % each."""
    rng = np.random.default_rng(seed)
    first = train(5, seed)
    first = first[np.append(np.diff(first) > 0.05 * RATE, True)]
    times, sizes = [first], [np.ones(len(first))]
    burst = first[rng.random(len(first)) < 0.5]
    for number in range(1, 4):
        burst = burst + (rng.uniform(0.003, 0.008, len(burst)) * RATE).astype(np.int64)
        times.append(burst)
        sizes.append(np.full(len(burst), 0.85**number))
    samples, size = np.concatenate(times), np.concatenate(sizes)
    order = np.argsort(samples)
    return samples[order], size[order] * like(samples, seed)


def drifting(samples: Samples) -> Floats:
    """A cell that leaves its first channel for the third, shape (spike, sample, channel)."""
    gone = (samples / samples.max())[:, None, None]
    values = waves(SHAPE, like(samples, 4), 5)
    return values + gone * (SHAPE[:, [2, 1, 0, 3]] - SHAPE)


# -- what was planted is found

CUTS: dict[str, Callable[[Samples, Floats], NDArray[np.bool_]]] = {
    "at random": lambda s, _h: np.random.default_rng(3).random(len(s)) < 0.4,
    "by height": lambda _s, h: h < np.quantile(h, 0.4),
    "in time": lambda s, _h: s < np.quantile(s, 0.4),
}


@pytest.mark.parametrize("how", CUTS)
def test_a_cell_that_was_cut_in_two_is_offered_to_be_merged(how: str) -> None:
    samples = train(8, 0)
    sizes = like(samples, 1)
    (one,) = merges(samples, waves(SHAPE, sizes, 2), CUTS[how](samples, sizes))
    assert (one.kind, one.units) == ("merge", (1, 2))
    assert one.score > 0.7
    for words in (
        "cosine of 0.95",
        "refractory period",
        "one cloud",
        "foreign spikes in the union",
    ):
        assert words in one.evidence


def test_a_drifting_cell_that_was_cut_in_time_is_offered_to_be_merged() -> None:
    samples = train(8, 0)
    assert merges(samples, drifting(samples), samples < samples[len(samples) // 2])


def test_the_small_spikes_of_bursts_are_offered_to_be_merged_with_the_large_ones() -> None:
    samples, sizes = bursting(0)
    assert merges(samples, waves(SHAPE, sizes, 1), np.diff(samples, prepend=-RATE) < 0.012 * RATE)


def test_two_cells_that_were_made_one_are_offered_to_be_split_into_what_they_were() -> None:
    one, two = train(8, 0), train(6, 1)
    values = np.concatenate([waves(SHAPE, like(one, 2), 3), waves(OTHER, like(two, 4), 5)])
    samples = np.concatenate([one, two])
    order = np.argsort(samples)
    (found,) = splits(samples[order], values[order])
    assert (found.kind, found.units) == ("split", (7,))
    leaving = np.isin(np.arange(len(order)), found.spikes[0])
    assert (leaving == (order >= len(one))).mean() > 0.99
    assert "two clouds" in found.evidence


# -- what is right is left as it is


def test_two_cells_are_not_offered_to_be_merged_however_few_spikes_they_have() -> None:
    one, two = train(2, 0), train(2, 1)
    values = np.concatenate([waves(SHAPE, like(one, 2), 3), waves(OTHER, like(two, 4), 5)])
    samples, second = np.concatenate([one, two]), np.arange(len(one) + len(two)) >= len(one)
    assert lags(one, two, CLOCK).by_chance < 1
    assert merges(samples, values, second) == []


def test_cells_of_one_shape_are_kept_apart_by_when_they_fire() -> None:
    one, two = train(20, 0), train(20, 1)
    samples = np.concatenate([one, two])
    second = np.arange(len(samples)) >= len(one)
    assert merges(samples, waves(SHAPE, like(samples, 2), 3), second) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_pure_unit_is_not_offered_to_be_split(seed: int) -> None:
    samples = train(10, seed)
    assert splits(samples, waves(SHAPE, like(samples, seed), seed + 1)) == []


def test_a_bursting_cell_is_not_offered_to_be_split() -> None:
    samples, sizes = bursting(1)
    assert splits(samples, waves(SHAPE, sizes, 2)) == []


def test_a_drifting_cell_is_not_offered_to_be_split() -> None:
    samples = train(10, 6)
    assert splits(samples, drifting(samples)) == []


def test_spikes_under_another_cells_are_no_other_cell() -> None:
    samples = train(10, 8)
    values = waves(SHAPE, like(samples, 9), 10)
    under = np.random.default_rng(11).random(len(samples)) < 0.15
    values[under] += OTHER
    assert splits(samples, values, alone=~under) == []


# -- what it is made of


def test_lags_are_those_by_hand() -> None:
    one, two = np.array([3_000, 9_000]), np.array([3_010, 3_045, 8_950, 9_300, 9_060, 11_100])
    found = lags(one, np.sort(two), CLOCK)
    # 45 and 50 and 60 samples are 1.5, 1.7 and 2 ms; 10 samples are too near to be told apart.
    assert found.close == 3
    assert found.by_chance == pytest.approx(36 / 3000)  # 2,100 samples are 70 ms
    assert (found.after, found.before) == (1, 0)


def test_more_close_pairs_than_chance_speak_against_one_cell_and_none_for_it() -> None:
    several = [PairEvidence(lags(*pair, CLOCK), 0.1).odds for pair in _pairs()]
    assert several[0] > 2
    assert several[1] < -2


def _pairs() -> list[tuple[Samples, Samples]]:
    whole = train(20, 0)
    half = np.random.default_rng(1).random(len(whole)) < 0.5
    return [(whole[half], whole[~half]), (train(20, 2), train(20, 3))]


def test_a_spike_is_alone_when_no_seen_unit_fires_within_a_millisecond(sorting: Path) -> None:
    whole = read_finished(sorting)
    unit = int(whole.units["unit_id"].iloc[0])
    places = np.flatnonzero(whole.unit_id == unit)
    found = Overlaps(whole).alone(places, (unit,))
    others = whole.sample_index[whole.unit_id != unit]  # on a tetrode each is seen by all
    gaps = np.abs(whole.sample_index[places][:, None] - others[None]).min(axis=1)
    np.testing.assert_array_equal(found, gaps > whole.sampling_frequency / 1000)


def test_the_lag_of_two_waveforms_is_the_one_that_was_put_in() -> None:
    shape = SHAPE.astype(np.float32)
    assert [best_lag(shape, np.roll(shape, lag, axis=0)) for lag in (-3, 0, 2)] == [-3, 0, 2]


# -- proposals of earlier versions


def test_proposals_that_were_not_weighed_are_counted_and_not_offered(tmp_path: Path) -> None:
    kept = ReviewFolder(tmp_path)
    kept.write_proposals([Proposal("merge", (1, 2), "Alike.", 0.9)])
    stored = json.loads((tmp_path / "proposals.json").read_text())
    old = [
        {"kind": "outliers", "units": [3], "evidence": "Far.", "score": 0.1, "spikes": [[5, 6]]},
        {"kind": "merge", "units": [3, 4], "evidence": "Alike.", "score": 0.9, "spikes": []},
    ]
    (tmp_path / "proposals.json").write_text(json.dumps([*stored, *old]))
    again = ReviewFolder(tmp_path)
    assert [one.units for one in again.proposals] == [(1, 2)]
    assert again.n_unweighed == 2
    (tmp_path / "proposals.json").write_text("[3]")
    with pytest.raises(InputError, match="list of proposals"):
        _ = ReviewFolder(tmp_path).proposals
