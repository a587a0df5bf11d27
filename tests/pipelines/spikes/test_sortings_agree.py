"""Two sortings of one recording are compared; units are compared by their waveforms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.spikes.units.agreement import Agreement, agreement
from pipelines.spikes.units.sorting import Spikes
from pipelines.spikes.units.waveforms import Alike, in_order, similarity

RATE = 30_000.0


def _spikes(trains: dict[int, np.ndarray]) -> Spikes:
    samples = np.concatenate([np.asarray(train, np.int64) for train in trains.values()])
    units = np.repeat(list(trains), [len(train) for train in trains.values()]).astype(np.int32)
    order = np.argsort(samples, kind="stable")
    return Spikes(samples[order], units[order])


def _some(seed: int) -> tuple[Spikes, Spikes]:
    """A sorting, and one that finds its units under other names with some spikes lost."""
    rng = np.random.default_rng(seed)
    one = {unit: np.cumsum(rng.integers(100, 3000, 300)) for unit in (2, 5, 9)}
    kept = {unit: train[rng.random(300) < share] for (unit, train), share in
            zip(one.items(), (1.0, 0.8, 0.3), strict=True)}  # fmt: skip
    two = {unit + 10: train + rng.integers(-8, 9, len(train)) for unit, train in kept.items()}
    return _spikes(one), _spikes({unit: np.sort(train) for unit, train in two.items()})


def test_a_sorting_agrees_with_itself() -> None:
    one, _ = _some(0)
    found = agreement(one, one, RATE)
    assert found.one.tolist() == [2, 5, 9]
    assert np.diag(found.share).tolist() == [1.0, 1.0, 1.0]
    assert [pair[:2] for pair in found.pairs()] == [(2, 2), (5, 5), (9, 9)]


def test_units_are_matched_as_spikeinterface_does() -> None:
    core = pytest.importorskip("spikeinterface.core")
    comparison = pytest.importorskip("spikeinterface.comparison")
    one, two = _some(1)
    ours = agreement(one, two, RATE)
    theirs = comparison.compare_two_sorters(
        *(
            core.NumpySorting.from_samples_and_labels([each.sample_index], [each.unit_id], RATE)
            for each in (one, two)
        ),
        delta_time=0.4,
    )
    expected = theirs.agreement_scores.loc[ours.one, ours.two].to_numpy()
    assert np.abs(ours.share - expected).max() < 0.01
    matched = theirs.hungarian_match_12
    assert {pair[0]: pair[1] for pair in ours.pairs()} == {
        unit: other for unit, other in matched.items() if other != -1
    }


@settings(max_examples=50)
@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=40),
    st.lists(st.integers(0, 400), min_size=1, max_size=40),
)
def test_agreement_is_a_share_and_the_same_from_both_sides(one: list[int], two: list[int]) -> None:
    first, second = (_spikes({0: np.sort(train)}) for train in (one, two))
    there, back = (agreement(*pair, RATE).share for pair in ((first, second), (second, first)))
    assert 0 <= there[0, 0] <= 1
    assert there[0, 0] == back[0, 0]


def test_a_unit_is_matched_once_the_best_first() -> None:
    share = np.array([[0.9, 0.8], [0.85, 0.2]])
    found = Agreement(np.array([0, 1]), np.array([0, 1]), share)
    assert found.pairs() == [(0, 0, 0.9)]


def test_sortings_without_a_common_spike_agree_on_nothing() -> None:
    one, two = _spikes({0: np.array([0, 1000])}), _spikes({0: np.array([500])})
    assert agreement(one, two, RATE).pairs() == []


def test_likeness_of_one_unit_is_its_row_of_all() -> None:
    rng = np.random.default_rng(2)
    mean = rng.normal(size=(7, 30, 12)).astype(np.float32)
    mean[1, 2:, :6] = mean[0, :-2, :6]
    mean[0, :, 6:] = np.nan
    mean[3] = np.nan
    every, one = similarity(mean), Alike.of(mean)
    for row in range(7):
        assert one.to(row) == pytest.approx(every[row], abs=1e-6)


def test_units_that_are_alike_stand_together() -> None:
    groups = np.array([0, 1, 0, 2, 1, 0, 2, 1])
    alike = np.where(groups[:, None] == groups[None, :], 0.95, 0.05)
    placed = groups[in_order(alike)]
    assert (np.diff(placed) != 0).sum() == 2
