"""Two fits are compared on the rows that both have; figures are those of scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix

from pipelines.core.contingency import adjusted_information, adjusted_rand
from pipelines.synapses.fits.agreement import shared

LABELS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=2, max_size=80)


def rows(labels: list[int], first: int = 0) -> pd.DataFrame:
    ids = range(first, first + len(labels))
    return pd.DataFrame({"NeuronId": "n", "SynType": "as", "SynId": ids, "cluster": labels})


@given(LABELS)
def test_the_figures_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    one, two = zip(*pairs, strict=True)
    counts = contingency_matrix(one, two).astype(np.int64)
    assert adjusted_rand(counts) == pytest.approx(adjusted_rand_score(one, two), abs=1e-9)
    expected = adjusted_mutual_info_score(one, two)
    assert adjusted_information(counts) == pytest.approx(expected, abs=1e-6)


def test_large_clusters_cost_little_and_lose_nothing() -> None:
    random = np.random.default_rng(0)
    one = random.integers(0, 12, 60_000)
    two = np.where(random.random(60_000) < 0.7, one, random.integers(0, 9, 60_000))
    counts = contingency_matrix(one, two).astype(np.int64)
    assert adjusted_rand(counts) == pytest.approx(adjusted_rand_score(one, two), abs=1e-9)
    expected = adjusted_mutual_info_score(one, two)
    assert adjusted_information(counts) == pytest.approx(expected, abs=1e-7)


def test_only_rows_that_both_have_are_compared() -> None:
    found = shared(rows([0, 0, 1, 1, -1, 2]), rows([7, 8, 8, -1, 9, 9], first=1))
    assert found.one.tolist() == [-1, 0, 1, 2]
    assert found.two.tolist() == [-1, 7, 8, 9]
    # synapses 1 to 5: (0, 7), (1, 8), (1, 8), (-1, -1), (2, 9)
    expected = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]]
    assert found.counts.tolist() == expected
    assert (found.only_one, found.only_two) == (1, 1)
    assert found.clustered.tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 1]]
    assert found.matches() == {0: 7, 1: 8, 2: 9}


def test_a_cluster_is_matched_once_and_noise_never() -> None:
    found = shared(rows([0, 0, 0, 1, 1, 2]), rows([5, 5, 5, 5, 6, -1]))
    assert found.matches() == {0: 5, 1: 6}


def test_fits_without_a_common_row_say_nothing() -> None:
    found = shared(rows([0, 1]), rows([0, 1], first=10))
    assert found.counts.shape == (0, 0)
    assert found.matches() == {}
    assert (found.only_one, found.only_two) == (2, 2)
