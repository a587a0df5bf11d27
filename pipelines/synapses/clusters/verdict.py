"""What is said of clusters: each sentence true of what was compared, and of no more.

"Cannot tell" is an answer: of too few rows, and where chance data come close.
"""

from pipelines.synapses.clusters.gaps import FEWEST_ROWS, LEAST_GAP, SMALLEST_SHARE, GapTest

SIGNIFICANCE = 0.05
DOUBTFUL = 0.2
"""Below this share of chance data with as wide a gap nothing is said for or against clusters."""
LARGE = f"at least {SMALLEST_SHARE:.0%} of the rows"
SAME, PARTLY = 0.8, 0.3
"""Adjusted Rand index from which clusters are the groups, or have something of them."""


def verdict(
    n_clusters: int,
    surrogates: int,
    test: GapTest,
    agreement: float | None,
    stability: float | None,
) -> str:
    """The evidence for clusters in words.

    Args:
        n_clusters: that the clustering found.
        surrogates: sets of chance data that were asked for.
        test: the comparison with them.
        agreement: adjusted Rand index of the clusters and the groups of the test.
        stability: the same of the clusters and those of subsamples.
    """
    if not surrogates:
        return "Whether there is more than chance in these data was not tested."
    if test.p is None:
        return (
            f"Cannot tell whether there is more than chance in these data: they are fewer than "
            f"{FEWEST_ROWS} rows, or no feature varies."
        )
    if test.p > SIGNIFICANCE:
        return _not_found(test.p, test) + _mere_description(n_clusters)
    return (
        f"More than chance: the data fall into {test.n_groups} groups; "
        f"{_as_wide(test)} (p = {test.p:.2g})."
        + _of_clusters(n_clusters, agreement)
        + _steady(n_clusters, stability)
    )


def _not_found(p: float, test: GapTest) -> str:
    if test.gap == 0:
        return f"No evidence of clusters: no gap was found between groups of {LARGE}."
    if test.gap < LEAST_GAP:
        return (
            f"No evidence of clusters: between groups of {LARGE} no gap was found that a single "
            f"population could not show (dip {test.gap:.2f}, less than {LEAST_GAP:.2f})."
        )
    as_wide = f"{_as_wide(test)} (p = {p:.2g})."
    if p <= DOUBTFUL:
        return f"Cannot tell whether there is more than chance in these data: {as_wide}"
    return f"No evidence of clusters: {as_wide}"


def _as_wide(test: GapTest) -> str:
    wider = sum(one >= test.gap for one in test.null_gaps)
    many = f"{wider or 'none'} of {len(test.null_gaps)}"
    return f"a gap as wide is in {many} sets of chance data without clusters"


def _mere_description(n_clusters: int) -> str:
    if n_clusters < 2:
        return ""
    return (
        f" The {n_clusters} clusters that were found describe the data; it is not shown that they "
        "are groups of their own."
    )


def _of_clusters(n_clusters: int, agreement: float | None) -> str:
    if n_clusters < 2 or agreement is None:
        return " The clustering did not tell them apart: other settings may."
    if agreement >= SAME:
        return f" The {n_clusters} clusters that were found are these groups (ARI {agreement:.2f})."
    if agreement >= PARTLY:
        return (
            f" The {n_clusters} clusters that were found agree with these groups in part (ARI "
            f"{agreement:.2f})."
        )
    return (
        f" The {n_clusters} clusters that were found are others (ARI {agreement:.2f}): of them it "
        "is not shown that they are more than chance."
    )


def _steady(n_clusters: int, stability: float | None) -> str:
    if n_clusters < 2 or stability is None:
        return ""
    return f" On subsamples the clusters come back with ARI {stability:.2f}."
