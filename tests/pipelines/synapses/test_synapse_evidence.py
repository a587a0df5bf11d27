import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from pipelines.core.progress import silent
from pipelines.synapses.clusters import evidence
from pipelines.synapses.clusters.evidence import REPEATS, ClusteringRun, Evidence, Repeats, gather
from pipelines.synapses.clusters.fit import fit, fit_rows, weigh
from pipelines.synapses.clusters.joining import NO_STRUCTURE, dbcv, joined
from pipelines.synapses.clusters.mixture import mixture
from pipelines.synapses.clusters.model import Fitted
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.parameters import FitParameters
from pipelines.synapses.simulate import simulate
from pipelines.synapses.table.arrays import Floats, Integers, Synapses, Texts
from pipelines.synapses.table.features import fit_projection
from pipelines.synapses.table.table import check_sheet

KEY = ["NeuronId", "SynType", "SynId"]


def fitted(
    planted: int, seed: int, parameters: FitParameters, n_neurons: int = 2
) -> tuple[Fitted, float]:
    """A fit of some neurons, and its agreement with the truth."""
    simulation = simulate(n_neurons=n_neurons, planted=planted, seed=seed)
    rows = check_sheet(Sheet("t", "s", simulation.table.astype(object))).rows
    found = fit_rows(rows, parameters, "", silent)
    key = pd.DataFrame(found.synapses.key, columns=KEY)
    truth = simulation.truth.astype({"SynId": str})
    joined = key.assign(found=found.labels).merge(truth, on=KEY)
    return found, adjusted_rand_score(joined["planted_cluster"], joined["found"])


def by_mixture(features: Floats, key: Texts, seed: int) -> tuple[Integers, Floats]:
    return mixture(features, key, seed).labels, features


@pytest.mark.parametrize("labels", ["hdbscan", "gmm"])
def test_planted_clusters_are_found_and_do_better_than_chance(labels: str) -> None:
    parameters = FitParameters(labels=labels)
    found, agreement = fitted(3, 0, parameters, n_neurons=5)
    weighed = weigh(found, parameters, silent)
    assert agreement >= 0.9
    assert weighed.found
    assert weighed.null_p == 0.01
    assert weighed.n_surrogates == len(weighed.null_gaps) == 99
    assert weighed.n_groups is not None
    assert weighed.n_groups >= 2
    assert weighed.seed_ari is not None
    assert weighed.subsample_ari is not None
    assert min(weighed.seed_ari, weighed.subsample_ari) > 0.8
    assert weighed.sentence.startswith("More than chance: ")


def test_without_planted_clusters_there_is_no_evidence() -> None:
    verdicts = []
    for seed in range(8):
        simulation = simulate(n_neurons=2, planted=0, seed=seed)
        rows = check_sheet(Sheet("t", "s", simulation.table.astype(object))).rows
        synapses = Synapses.from_rows(rows)
        everything = np.ones(len(synapses), dtype=bool)
        features = fit_projection(synapses, everything, 1.0, 1.0).features(synapses)
        labels = mixture(features, synapses.key, seed).labels
        run = ClusteringRun(features, labels, features)
        verdicts.append(gather(run, synapses.key, by_mixture, Repeats(0, 0, 19), 1.0, seed, silent))
    assert sum(bool(verdict.found) for verdict in verdicts) <= 1


def test_islands_on_the_map_of_a_single_population_are_no_evidence() -> None:
    parameters = FitParameters(umap_neighbors=15)
    found, _ = fitted(0, 1, parameters)
    weighed = weigh(found, parameters, silent)
    assert weighed.n_clusters >= 2
    assert weighed.found is False
    assert weighed.sentence.startswith("No evidence of clusters")


def test_validity_is_high_for_islands_and_low_without_a_gap() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], 100)
    points = random.normal(size=(200, 2))
    assert dbcv(points + 20 * labels[:, np.newaxis], labels) > 0.8
    assert dbcv(points, labels) < 0
    assert dbcv(points, np.zeros(200, dtype=np.int64)) == NO_STRUCTURE


def test_of_many_synapses_a_part_is_judged_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evidence, "MOST_ROWS", 60)
    parameters = FitParameters(labels="gmm", evidence="none")
    found, _ = fitted(3, 0, parameters)
    weighed = weigh(found, parameters, silent)
    assert weighed.n_rows == 60
    assert weighed.n_rows_of_fit == len(found.labels) > 60
    assert "judged on 60 of the 1" in weighed.sentence


def test_the_evidence_is_written_beside_the_clusters(historic: Path, tmp_path: Path) -> None:
    parameters = FitParameters(labels="gmm", group="cb")
    results = fit({"table": historic}, parameters, tmp_path, silent)
    stored = json.loads((tmp_path / "evidence.json").read_text())
    assert list(stored) == list(Evidence.__dataclass_fields__)
    assert results["null_p"] == stored["null_p"]
    assert stored["n_clusters"] == results["n_clusters"]


def test_progress_is_told_throughout() -> None:
    told: list[tuple[float, str]] = []
    random = np.random.default_rng(0)
    labels = np.repeat(np.array([0, 1]), 25)
    features = random.normal(size=(50, 3)) + 20 * labels[:, np.newaxis]
    gather(
        ClusteringRun(features, labels, features),
        np.array([["a", "as", str(i)] for i in range(50)]),
        lambda features, key, seed: (np.zeros(len(features), dtype=np.int64), features),
        Repeats(2, 2, 4),
        1.0,
        0,
        lambda share, sentence: told.append((share, sentence)),
    )
    shares = [share for share, _ in told]
    assert len(told) == 8
    assert shares == sorted(shares)
    assert told[-1][1] == "Looking for gaps in chance data, 4 of 4"


def test_more_surrogates_can_be_asked_for() -> None:
    assert REPEATS["thorough"].surrogates == 499
    assert REPEATS["none"] == Repeats(0, 0, 0)


def test_clusters_that_nothing_separates_are_joined_and_islands_are_not() -> None:
    random = np.random.default_rng(0)
    island = np.repeat([0, 1, 2], 100)
    points = random.normal(size=(300, 2)) + 15 * np.column_stack([island, island == 1])
    torn = np.where((island == 2) & (points[:, 0] > 30), 3, island)
    assert joined(points, torn).tolist() == [0, 1, 2, 2]
    assert joined(points, island).tolist() == [0, 1, 2]


def test_a_handful_of_extremes_is_no_cluster_of_a_mixture() -> None:
    random = np.random.default_rng(0)
    points = np.vstack([random.normal(size=(150, 2)), random.normal(size=(4, 2)) + 30])
    few = np.repeat([0, 1], [150, 4])
    assert joined(points, few).tolist() == [0, 1]
    assert joined(points, few, smallest=0.05).tolist() == [0, 0]


def test_without_any_island_the_clusters_stay_as_a_description() -> None:
    points = np.random.default_rng(0).normal(size=(300, 2))
    thirds = np.digitize(points[:, 0], [-0.5, 0.5]).astype(np.int64)
    assert joined(points, thirds).tolist() == [0, 1, 2]
    assert joined(points, np.full(300, -1)).tolist() == []
