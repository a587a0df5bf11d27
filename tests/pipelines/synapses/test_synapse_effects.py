import numpy as np
import pandas as pd
import pytest

from pipelines.synapses.fits.effects import cliffs_delta, contrasts


def test_cliffs_delta_is_the_difference_of_two_chances() -> None:
    # By hand: of the 9 pairs 7 are higher, 1 is lower and 1 is tied.
    effect = cliffs_delta(np.array([2.0, 5.0, 6.0]), np.array([1.0, 3.0, 2.0]))
    assert effect.delta == pytest.approx((7 - 1) / 9)
    assert -1 <= effect.low < effect.delta < effect.high <= 1


def test_groups_without_overlap_have_an_interval_that_small_groups_widen() -> None:
    # Feng and Cliff: the limit is (n - z^2) / (n + z^2) of the smaller group.
    effect = cliffs_delta(np.arange(10.0) + 100, np.arange(50.0))
    assert (effect.delta, effect.high) == (1.0, 1.0)
    assert effect.low == pytest.approx((10 - 1.96**2) / (10 + 1.96**2), abs=1e-4)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    # Two normal populations one standard deviation apart: 2 * Phi(1 / sqrt(2)) - 1.
    truth = 0.5205
    covered = 0
    for _ in range(400):
        effect = cliffs_delta(random.normal(1, 1, 30), random.normal(0, 1, 40))
        covered += effect.low <= truth <= effect.high
    assert 0.92 <= covered / 400 <= 0.98


def test_a_group_of_one_has_no_effect_size() -> None:
    assert np.isnan(cliffs_delta(np.array([1.0]), np.arange(5.0)).delta)
    assert np.isnan(cliffs_delta(np.array([1.0, np.nan]), np.arange(5.0)).delta)


def test_each_cluster_is_held_against_the_rest_in_each_measure() -> None:
    rows = pd.DataFrame({"cluster": [0, 0, 0, 1, 1, 1], "SynArea": [1.0, 2, 3, 7, 8, 9]})
    found = contrasts(rows, ["SynArea"])
    assert found["delta"].tolist() == [-1.0, 1.0]
    assert found["median"].tolist() == [2.0, 8.0]
    assert found["n"].tolist() == [3, 3]
