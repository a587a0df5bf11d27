"""How far clusters can be believed: do they come back, and is there more than chance in the data?

Three questions. Running the same pipeline (map and clustering) again, with other seeds and on
four fifths of the synapses, tells whether the clusters come back. Whether the data fall into
groups at all is asked in the features and not on the map, for a map of five features always
tears the data into islands: `gaps.compare` looks for a gap wider than those of chance data. Last,
the clusters that were found are compared with the groups that such a gap parts.

With 99 sets of chance data the smallest possible p is 0.01.

Source: Moulavi et al. (2014), DBCV, doi:10.1137/1.9781611973440.96; Hubert and Arabie
(1985), adjusted Rand index, doi:10.1007/BF01908075; Hennig (2007), stability by
resampling, doi:10.1016/j.csda.2006.11.025; for the comparison with chance see `gaps`.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score

from pipelines.core.progress import Report, part, silent
from pipelines.synapses.clusters.gaps import GapTest, compare
from pipelines.synapses.clusters.joining import dbcv
from pipelines.synapses.clusters.verdict import SIGNIFICANCE, verdict
from pipelines.synapses.fits.folder import write_evidence
from pipelines.synapses.repeats import REPEATS as REPEATS
from pipelines.synapses.repeats import SUBSAMPLE, Repeats
from pipelines.synapses.table.arrays import Floats, Integers, Texts

MOST_ROWS = 1500
"""Every repetition lays out a map; of more synapses, so many are drawn for all of them."""

Labeller = Callable[[Floats, Texts, int], tuple[Integers, Floats]]
"""Features (n, d), key (n, 3) and a seed to labels (n,) and the layout (n, 2 or more)."""


@dataclass(frozen=True)
class Evidence:
    """What `evidence.json` holds.

    Attributes:
        seed_ari: mean adjusted Rand index between the clusters and those of other seeds.
        subsample_ari: the same with those of 80 % subsamples, on the rows in common.
        null_p: share of the sets of chance data (with the data itself) whose widest gap is as
            wide; none if that was not asked, or the rows are too few.
        gap: the widest gap between groups of the data, see `gaps`.
        null_gaps: of each set of chance data.
        n_groups: groups of the data that a gap parts.
        groups_ari: adjusted Rand index between them and the clusters, without noise.
        dbcv: density-based validity, from -1 to 1, in the space that was clustered: the map
            with hdbscan, the features with gmm.
        trustworthiness: of the map, see `embed.trustworthiness`.
        n_clusters: of the fit.
        n_noise: synapses of the fit that are in none.
        n_rows: synapses that the repetitions used.
        n_rows_of_fit: synapses of the fit.
        n_seeds: other seeds that were tried.
        n_subsamples: subsamples that were tried.
        n_surrogates: sets of chance data that were asked for.
        found: whether there are groups beyond chance (null_p at most 0.05).
        sentence: the verdict in words.
    """

    seed_ari: float | None
    subsample_ari: float | None
    null_p: float | None
    gap: float
    null_gaps: list[float]
    n_groups: int | None
    groups_ari: float | None
    dbcv: float
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
        """Write it into the folder of a fit."""
        write_evidence(folder, asdict(self))


@dataclass(frozen=True)
class ClusteringRun:
    """One clustering of n rows.

    Attributes:
        features: (n, d).
        labels: cluster of each row (n,); -1 is noise.
        layout: (n, m), the space that the clusters were found in; the map (n, 2 or 3) of clusters
            from elsewhere.
    """

    features: Floats
    labels: Integers
    layout: Floats


def gather(
    whole: ClusteringRun,
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
    test = _test(run, key, repeats.surrogates, seed, part(report, 0.4, 1.0))
    found = test.p <= SIGNIFICANCE if test.p is not None else None
    n_clusters, agreement = _count(whole.labels), _agreement(run.labels, test)
    return Evidence(
        seed_ari=_mean(seeds),
        subsample_ari=_mean(subsamples),
        null_p=test.p,
        gap=test.gap,
        null_gaps=list(test.null_gaps),
        n_groups=test.n_groups if test.p is not None else None,
        groups_ari=agreement,
        dbcv=round(dbcv(run.layout, run.labels), 4),
        trustworthiness=round(trustworthiness, 4),
        n_clusters=n_clusters,
        n_noise=int((whole.labels < 0).sum()),
        n_rows=len(run.labels),
        n_rows_of_fit=len(whole.labels),
        n_seeds=len(seeds),
        n_subsamples=len(subsamples),
        n_surrogates=repeats.surrogates,
        found=found,
        sentence=verdict(n_clusters, repeats.surrogates, test, agreement, _mean(subsamples))
        + _part_of(len(run.labels), len(whole.labels)),
    )


def without_repeats(run: ClusteringRun, trustworthiness: float) -> Evidence:
    """Evidence of one clustering that is not repeated."""
    numbers = np.arange(len(run.labels)).astype(str)[:, np.newaxis]

    def look_up(_: Floats, key: Texts, __: int) -> tuple[Integers, Floats]:
        rows = key[:, 0].astype(int)
        return run.labels[rows], run.layout[rows]

    return gather(run, numbers, look_up, REPEATS["none"], trustworthiness, 0, silent)


def _drawn(
    whole: ClusteringRun, key: Texts, label: Labeller, seed: int, random: np.random.Generator
) -> tuple[ClusteringRun, Texts]:
    """The fit itself, or the clustering of a random part of its rows when they are many."""
    if len(key) <= MOST_ROWS:
        return whole, key
    rows = np.sort(random.choice(len(key), MOST_ROWS, replace=False))
    features, key = whole.features[rows], key[rows]
    return ClusteringRun(features, *label(features, key, seed)), key


def _other_seeds(
    run: ClusteringRun, key: Texts, label: Labeller, repeats: int, seed: int, report: Report
) -> Iterator[float]:
    for i in range(repeats):
        report(i / repeats, f"Clustering again with another seed, {i + 1} of {repeats}")
        labels, _ = label(run.features, key, seed + 1 + i)
        yield float(adjusted_rand_score(run.labels, labels))


def _subsamples(
    run: ClusteringRun,
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


def _test(run: ClusteringRun, key: Texts, surrogates: int, seed: int, report: Report) -> GapTest:
    """Whether there are groups; the order of the rows decides nothing."""
    order = np.lexsort(key.T[::-1])
    groups = np.zeros(len(key), dtype=np.int64)
    if not surrogates:
        return GapTest(0.0, None, (), groups)
    found = compare(run.features[order], surrogates, seed, report)
    groups[order] = found.groups
    return replace(found, groups=groups)


def _agreement(labels: Integers, test: GapTest) -> float | None:
    """Adjusted Rand index of the clusters and the groups, where there are both."""
    real = labels >= 0
    if test.p is None or test.n_groups < 2 or _count(labels) < 2:
        return None
    return round(float(adjusted_rand_score(labels[real], test.groups[real])), 4)


def _count(labels: Integers) -> int:
    return len(np.unique(labels[labels >= 0]))


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def _part_of(n_rows: int, n_rows_of_fit: int) -> str:
    """How much was judged, where that was not all."""
    if n_rows == n_rows_of_fit:
        return ""
    return f" This was judged on {n_rows:,} of the {n_rows_of_fit:,} synapses, drawn by chance."
