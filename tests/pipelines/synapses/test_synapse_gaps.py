"""Groups that are there are found, and populations without any are not torn apart."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import skew, spearmanr
from sklearn.metrics import adjusted_rand_score

from pipelines.core.progress import silent
from pipelines.core.unimodal import dip
from pipelines.synapses.clusters.gaps import FEWEST_ROWS, LEAST_GAP, GapTest, compare
from pipelines.synapses.clusters.surrogates import OnePopulation, spread_ties
from pipelines.synapses.clusters.verdict import DOUBTFUL, SIGNIFICANCE, verdict
from pipelines.synapses.table.arrays import Floats

ROWS, COLUMNS, SETS = 600, 5, 19


def normal(seed: int, n_rows: int = ROWS) -> Floats:
    return np.random.default_rng(seed).normal(size=(n_rows, COLUMNS))


def two_groups(direction: Floats, apart: float, seed: int) -> tuple[Floats, Floats]:
    truth = np.random.default_rng(seed + 100).integers(2, size=ROWS)
    step = apart * direction / np.linalg.norm(direction)
    return normal(seed) + truth[:, np.newaxis] * step, truth


def found(values: Floats) -> GapTest:
    return compare(values, SETS, 0, silent)


@pytest.mark.parametrize("direction", [[1, 1, 1, 0, 0], [0, 1, 0, 0, 0]], ids=["diagonal", "one"])
def test_two_groups_five_deviations_apart_are_found(direction: list[int]) -> None:
    values, truth = two_groups(np.array(direction), 5.0, 1)
    test = found(values)
    assert test.p == 1 / (SETS + 1)
    assert test.n_groups == 2
    assert adjusted_rand_score(test.groups, truth) > 0.9


def curved(random: np.random.Generator) -> Floats:
    along = random.normal(size=ROWS)
    values = 0.3 * random.normal(size=(ROWS, COLUMNS))
    values[:, 0] += along
    values[:, 1] += 0.7 * along**2
    return values


def of_neurons(random: np.random.Generator) -> Floats:
    length = random.uniform(0.5, 3, 5)[random.integers(5, size=ROWS)]
    values = random.normal(size=(ROWS, COLUMNS))
    values[:, :3] *= length[:, np.newaxis] * [2, 1, 0.5]
    return values


WITHOUT_GROUPS = {
    "Gaussian": lambda random: random.normal(size=(ROWS, COLUMNS)) @ random.normal(size=(5, 5)),
    "skewed": lambda random: np.exp(0.8 * random.normal(size=(ROWS, COLUMNS))),
    "flat": lambda random: random.uniform(size=(ROWS, COLUMNS)),
    "long tails": lambda random: random.standard_t(3, size=(ROWS, COLUMNS)),
    "curved": curved,
    "neurons of different length": of_neurons,
    "counts": lambda random: random.poisson(4, size=(ROWS, COLUMNS)).astype(float),
    "yes and no": lambda random: np.column_stack(
        [random.integers(2, size=ROWS), random.normal(size=ROWS)]
    ).astype(float),
}


@pytest.mark.parametrize("kind", WITHOUT_GROUPS)
def test_one_population_has_no_groups_whatever_its_shape(kind: str) -> None:
    test = compare(WITHOUT_GROUPS[kind](np.random.default_rng(7)), 9, 0, silent)
    assert test.p == 1
    assert test.n_groups == 1


def test_three_exact_piles_are_three_groups() -> None:
    piles = np.column_stack([np.repeat([1.0, 2.0, 3.0], 30), np.repeat([5.0, 9.0, 20.0], 30)])
    test = found(piles)
    assert test.p == 1 / (SETS + 1)
    assert np.bincount(test.groups).tolist() == [30, 30, 30]


def test_chance_data_have_one_hump_where_the_data_have_two_and_keep_the_rest() -> None:
    random = np.random.default_rng(2)
    values, _ = two_groups(np.array([1, 0, 0, 0, 0]), 6.0, 2)
    values[:, 2] = np.exp(values[:, 2])
    values[:, 3] = 0.8 * values[:, 4] + 0.6 * values[:, 3]
    drawn = OnePopulation.like(values).sample(random)
    assert dip(values[:, 0]) > LEAST_GAP > dip(drawn[:, 0])
    assert skew(drawn[:, 2]) > 2
    expected = spearmanr(values[:, 3], values[:, 4])[0]
    assert spearmanr(drawn[:, 3], drawn[:, 4])[0] == pytest.approx(expected, abs=0.06)
    assert (drawn.min(axis=0) >= values.min(axis=0)).all()
    assert (drawn.max(axis=0) <= values.max(axis=0)).all()


def test_ties_are_spread_over_the_step_of_their_column_only() -> None:
    random = np.random.default_rng(0)
    column = np.array([[0.1], [0.3], [0.3], [0.3], [0.7]])
    spread = spread_ties(column, random)
    assert np.array_equal(spread[[0, 4]], column[[0, 4]])
    assert len(np.unique(spread)) == 5
    assert np.abs(spread - column).max() <= 0.1 + 1e-9


def test_the_same_data_give_the_same_answer() -> None:
    values, _ = two_groups(np.array([0, 1, 0, 0, 0]), 3.0, 4)
    one, two = compare(values, 5, 3, silent), compare(values, 5, 3, silent)
    assert (one.gap, one.null_gaps) == (two.gap, two.null_gaps)


def test_too_few_rows_or_no_feature_that_varies_cannot_be_told() -> None:
    for values in (normal(0, FEWEST_ROWS - 1), np.ones((100, 2))):
        test = found(values)
        assert test.p is None
        assert verdict(3, SETS, test, None, None).startswith("Cannot tell")


def outcome(gap: float, wider: int, n_groups: int) -> GapTest:
    null = (gap + 1,) * wider + (0.0,) * (99 - wider) if gap >= LEAST_GAP else ()
    p = (1 + wider) / 100 if null else 1.0
    return GapTest(gap, p, null, np.arange(100) % n_groups)


@pytest.mark.parametrize(
    ("gap", "wider", "n_clusters", "agreement"),
    list(product([0.0, 0.7, 2.0], [0, 4, 5, 19, 60], [0, 1, 3], [None, 0.1, 0.5, 0.9])),
)
def test_nothing_that_is_said_is_false(
    gap: float, wider: int, n_clusters: int, agreement: float | None
) -> None:
    test = outcome(gap, wider, 2 if gap >= LEAST_GAP else 1)
    text = verdict(n_clusters, 99, test, agreement if n_clusters > 1 else None, None)
    assert test.p is not None
    beginnings = ("More than chance", "Cannot tell", "No evidence of clusters")
    expected = 0 if test.p <= SIGNIFICANCE else 1 if test.p <= DOUBTFUL else 2
    assert text.startswith(beginnings[expected])
    assert ("none of 99 sets" in text) == (gap >= LEAST_GAP and wider == 0)
    assert (f" {wider} of 99 sets" in text) == (gap >= LEAST_GAP and wider > 0)
    assert ("fall into 2 groups" in text) == (expected == 0)
    same = expected == 0 and n_clusters > 1 and agreement == 0.9
    assert ("are these groups" in text) == same
    assert ("not shown" in text) == (n_clusters > 1 and (expected > 0 or agreement == 0.1))
    assert ("did not tell them apart" in text) == (
        expected == 0 and (n_clusters < 2 or agreement is None)
    )


def test_what_was_not_asked_is_not_answered() -> None:
    nothing = GapTest(0.0, None, (), np.zeros(3, dtype=np.int64))
    assert "was not tested" in verdict(2, 0, nothing, None, 0.9)
