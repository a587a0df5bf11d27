"""How far clusters can be believed: do they come back, and are there any in chance data?

Three questions, each answered by running the same pipeline (map and clustering) again:
with other seeds, on four fifths of the synapses, and on surrogates that have no clusters.
Surrogates keep every column's own distribution (`surrogates.copula_surrogate`).

The statistic that is compared with the surrogates is DBCV (how much denser clusters are
inside than between), measured in the features and not on the map: a map of five features
always tears the data into islands, and DBCV of the islands is as good without clusters as
with them. In the features only a gap that is really there counts, so a negative value is
taken as 0. With 19 surrogates the smallest possible p is 0.05.

Source: Moulavi et al. (2014), DBCV, doi:10.1137/1.9781611973440.96; Hubert and Arabie
(1985), adjusted Rand index, doi:10.1007/BF01908075; Hennig (2007), stability by
resampling, doi:10.1016/j.csda.2006.11.025; Davison and Hinkley (1997), Monte Carlo tests.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score

from pipelines.progress import Report, part, silent
from pipelines.synapses.arrays import Floats, Integers, Texts
from pipelines.synapses.joining import dbcv
from pipelines.synapses.surrogates import copula_surrogate

EVIDENCE_FILE = "evidence.json"
MOST_ROWS = 1500
"""Every repetition lays out a map; of more synapses, so many are drawn for all of them."""
SUBSAMPLE = 0.8
SIGNIFICANCE = 0.05

Labeller = Callable[[Floats, Texts, int], tuple[Integers, Floats]]
"""Features (n, d), key (n, 3) and a seed to labels (n,) and the layout (n, 2 or more)."""


@dataclass(frozen=True)
class Evidence:
    """What `evidence.json` holds.

    Attributes:
        seed_ari: mean adjusted Rand index between the clusters and those of other seeds.
        subsample_ari: the same with those of 80 % subsamples, on the rows in common.
        null_p: share of the surrogates (with the data itself) whose statistic is as high.
        dbcv: density-based validity, from -1 to 1, in the space that was clustered: the map
            with hdbscan, the features with gmm.
        dbcv_features: the same in the features, 0 where negative; the statistic tested.
        null_dbcv_features: the statistic of each surrogate.
        null_n_clusters: how many "clusters" each surrogate was cut into.
        trustworthiness: of the map, see `embed.trustworthiness`.
        n_clusters: of the fit.
        n_noise: synapses of the fit that are in none.
        n_rows: synapses that the repetitions used.
        n_rows_of_fit: synapses of the fit.
        n_seeds: other seeds that were tried.
        n_subsamples: subsamples that were tried.
        n_surrogates: surrogates that were tried.
        found: whether the clusters do better than the surrogates (null_p at most 0.05).
        sentence: the verdict in words.
    """

    seed_ari: float | None
    subsample_ari: float | None
    null_p: float | None
    dbcv: float
    dbcv_features: float
    null_dbcv_features: list[float]
    null_n_clusters: list[int]
    trustworthiness: float
    n_clusters: int
    n_noise: int
    n_rows: int
    n_rows_of_fit: int
    n_seeds: int
    n_subsamples: int
    n_surrogates: int
    found: bool | None
    sentence: str

    def save(self, folder: Path) -> None:
        """Write `evidence.json`."""
        text = json.dumps(asdict(self), indent=2)
        (folder / EVIDENCE_FILE).write_text(text + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Repeats:
    """How often each question is asked."""

    seeds: int
    subsamples: int
    surrogates: int


REPEATS = {"full": Repeats(3, 3, 19), "thorough": Repeats(10, 20, 99), "none": Repeats(0, 0, 0)}


@dataclass(frozen=True)
class Run:
    """One clustering of n rows."""

    features: Floats
    labels: Integers
    layout: Floats

    @property
    def statistic(self) -> float:
        """DBCV in the features; 0 also where it is negative, for then nothing is separated."""
        return max(0.0, dbcv(self.features, self.labels))


def gather(
    whole: Run,
    key: Texts,
    label: Labeller,
    repeats: Repeats,
    trustworthiness: float,
    seed: int,
    report: Report,
) -> Evidence:
    """Ask the three questions of a clustering.

    Args:
        whole: the clustering of the fit.
        key: (n, 3) of its rows.
        label: the pipeline that made it.
        repeats: how often.
        trustworthiness: of the map.
        seed: of the fit; all random numbers follow from it.
        report: progress.
    """
    random = np.random.default_rng(seed)
    run, key = _drawn(whole, key, label, seed, random)
    seeds = list(_other_seeds(run, key, label, repeats.seeds, seed, part(report, 0.0, 0.2)))
    subsamples = list(
        _subsamples(run, key, label, repeats.subsamples, seed, random, part(report, 0.2, 0.4))
    )
    null = list(
        _surrogates(run, key, label, repeats.surrogates, seed, random, part(report, 0.4, 1.0))
    )
    statistics = [round(float(one.statistic), 4) for one in null]
    own = round(run.statistic, 4)
    p = (1 + sum(value >= own for value in statistics)) / (1 + len(null)) if null else None
    found = p <= SIGNIFICANCE if p is not None else None
    n_clusters = _count(whole.labels)
    return Evidence(
        seed_ari=_mean(seeds),
        subsample_ari=_mean(subsamples),
        null_p=p,
        dbcv=round(dbcv(run.layout, run.labels), 4),
        dbcv_features=own,
        null_dbcv_features=statistics,
        null_n_clusters=[_count(one.labels) for one in null],
        trustworthiness=round(trustworthiness, 4),
        n_clusters=n_clusters,
        n_noise=int((whole.labels < 0).sum()),
        n_rows=len(run.labels),
        n_rows_of_fit=len(whole.labels),
        n_seeds=len(seeds),
        n_subsamples=len(subsamples),
        n_surrogates=len(null),
        found=found,
        sentence=_verdict(n_clusters, found, p, len(null), _mean(subsamples))
        + _part_of(len(run.labels), len(whole.labels)),
    )


def without_repeats(run: Run, trustworthiness: float) -> Evidence:
    """Evidence of one clustering that is not repeated."""
    numbers = np.arange(len(run.labels)).astype(str)[:, np.newaxis]

    def look_up(_: Floats, key: Texts, __: int) -> tuple[Integers, Floats]:
        rows = key[:, 0].astype(int)
        return run.labels[rows], run.layout[rows]

    return gather(run, numbers, look_up, REPEATS["none"], trustworthiness, 0, silent)


def _drawn(
    whole: Run, key: Texts, label: Labeller, seed: int, random: np.random.Generator
) -> tuple[Run, Texts]:
    """The fit itself, or the clustering of a random part of its rows when they are many."""
    if len(key) <= MOST_ROWS:
        return whole, key
    rows = np.sort(random.choice(len(key), MOST_ROWS, replace=False))
    features, key = whole.features[rows], key[rows]
    return Run(features, *label(features, key, seed)), key


def _other_seeds(
    run: Run, key: Texts, label: Labeller, repeats: int, seed: int, report: Report
) -> Iterator[float]:
    for i in range(repeats):
        report(i / repeats, f"Clustering again with another seed, {i + 1} of {repeats}")
        labels, _ = label(run.features, key, seed + 1 + i)
        yield float(adjusted_rand_score(run.labels, labels))


def _subsamples(
    run: Run,
    key: Texts,
    label: Labeller,
    repeats: int,
    seed: int,
    random: np.random.Generator,
    report: Report,
) -> Iterator[float]:
    size = round(SUBSAMPLE * len(key))
    for i in range(repeats):
        report(i / repeats, f"Clustering four fifths of the synapses, {i + 1} of {repeats}")
        rows = np.sort(random.choice(len(key), size, replace=False))
        labels, _ = label(run.features[rows], key[rows], seed)
        yield float(adjusted_rand_score(run.labels[rows], labels))


def _surrogates(
    run: Run,
    key: Texts,
    label: Labeller,
    repeats: int,
    seed: int,
    random: np.random.Generator,
    report: Report,
) -> Iterator[Run]:
    for i in range(repeats):
        report(i / repeats, f"Clustering chance data without clusters, {i + 1} of {repeats}")
        features = copula_surrogate(run.features, random)
        yield Run(features, *label(features, key, seed))


def _count(labels: Integers) -> int:
    return len(np.unique(labels[labels >= 0]))


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def _part_of(n_rows: int, n_rows_of_fit: int) -> str:
    """How much was judged, where that was not all."""
    if n_rows == n_rows_of_fit:
        return ""
    return f" This was judged on {n_rows:,} of the {n_rows_of_fit:,} synapses, drawn by chance."


def _verdict(
    n_clusters: int, found: bool | None, p: float | None, surrogates: int, stability: float | None
) -> str:
    if n_clusters < 2:
        return "No evidence of clusters: the synapses form a single group."
    if found is None:
        return "Whether these clusters are more than chance was not tested."
    if not found:
        return (
            f"No evidence of clusters: {surrogates} sets of chance data without clusters, treated "
            f"in the same way, fall into groups that are as well separated (p = {p:.2g})."
        )
    steady = f"; on subsamples they come back with ARI {stability:.2f}"
    return (
        f"The clusters are better separated than those in {surrogates} sets of chance data "
        f"without clusters (p = {p:.2g}){steady if stability is not None else ''}."
    )
