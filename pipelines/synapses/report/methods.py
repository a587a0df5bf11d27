"""What was done to a table, in sentences: only what a run's parameters and results say."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipelines.core.errors import ParameterError
from pipelines.report.methods import Said, listed, number, said
from pipelines.report.runs import ReportedRun
from pipelines.synapses.classify.rows import CLASSIFIERS
from pipelines.synapses.parameters import FitParameters
from pipelines.synapses.profiles import PUBLISHED, applied
from pipelines.synapses.repeats import REPEATS, SUBSAMPLE

Values = Mapping[str, Any]


def fitted(run: ReportedRun) -> list[Said]:
    """What `synapses fit` did."""
    given, found = used(run.parameters), run.results
    return [
        *_rows(run),
        *_features(given),
        *_map(given),
        *_clusters(run, given),
        *([] if run.has_input("labels") else _evidence(given, found)),
        said(
            "Differences of a cluster from the rest are Cliff's delta with its interval.",
            "cliff",
            "feng",
        ),
    ]


def used(given: Values) -> Values:
    """The parameters as they were used: a profile replaces some of those that were set."""
    if given.get("profile") != PUBLISHED:
        return given
    try:
        return applied(FitParameters.parse_stored(given)[0]).model_dump(mode="json")
    except ParameterError:
        return given


def _rows(run: ReportedRun) -> Iterator[Said]:
    found, group = run.results, run.parameters.get("group")
    sheet = f", sheet {run.parameters['sheet']}" if run.parameters.get("sheet") else ""
    name = f"{run.input_name('table')}{sheet}"
    if "n_in_group" in found and "n_rows" in found:
        chosen = f" of the group {group}" if group and group != "all" else ""
        yield Said(
            f"Of the {found['n_rows']:,} rows of {name}, {found['n_in_group']:,}{chosen} were "
            "clustered."
        )
    if found.get("n_rejected"):
        yield Said(f"{found['n_rejected']:,} rows could not be used.")
    if found.get("n_repaired"):
        ways = listed([str(one) for one in run.parameters.get("repair", ())])
        how = f" ({ways})" if ways else ""
        yield Said(f"{found['n_repaired']:,} rows were repaired{how}.")


def _features(given: Values) -> Iterator[Said]:
    if given.get("profile") == PUBLISHED:
        yield Said(
            "Features were those of the published analysis: positions in µm in the frame of the "
            f"neuron and areas in µm² times {given.get('area_weight', 0):g}."
        )
        return
    own = [str(name) for name in given.get("feature_columns", ())]
    places = [str(name) for name in given.get("coordinate_columns", ())]
    if own or places:
        yield from _own_columns(own, places, [str(one) for one in given.get("log_columns", ())])
    elif "spatial_weight" in given and "area_weight" in given:
        yield Said(
            "Features were the place of each synapse along the principal axes of its neuron, all "
            f"three on one robust scale (weight {given['spatial_weight']:g}), and the natural "
            "logarithms of the areas of synapse and bouton, each scaled by its interquartile range "
            f"(weight {given['area_weight']:g})."
        )


def _own_columns(own: list[str], places: list[str], logs: list[str]) -> Iterator[Said]:
    if places:
        yield Said(f"Places came from the columns {listed(places)}, turned to principal axes.")
    if own:
        logged = f"; of {listed(logs)} the natural logarithm was taken" if logs else ""
        yield Said(f"Features were {listed(own)}, each scaled by its interquartile range{logged}.")


def _map(given: Values) -> Iterator[Said]:
    if "umap_neighbors" in given:
        yield said(
            f"They were laid out with UMAP in {given.get('dimensions', '2')} dimensions "
            f"({given['umap_neighbors']} neighbours, minimum distance "
            f"{given.get('umap_min_dist', 0):g}; seed {given.get('seed', 0)}).",
            "umap",
        )


def _clusters(run: ReportedRun, given: Values) -> Iterator[Said]:
    found = run.results
    if run.has_input("labels"):
        yield Said(f"Clusters were taken over from {run.input_name('labels')}.")
    elif given.get("labels") == "hdbscan":
        sizes = ""
        if "min_cluster_size" in found and "min_samples" in found:
            sizes = (
                f" with a smallest cluster of {found['min_cluster_size']} and "
                f"{found['min_samples']} minimum samples"
            )
        yield said(f"Clusters were found on the map by HDBSCAN{sizes}.", "campello", "hdbscan")
    elif given.get("labels") == "gmm":
        yield said(
            "Clusters were found in the features by a mixture of Gaussians, whose number of "
            "components was that of the lowest Bayesian information criterion.",
            "fraley",
        )


def _evidence(given: Values, found: Values) -> Iterator[Said]:
    """What was measured of the clusters; no verdict."""
    often = REPEATS.get(str(given.get("evidence")))
    if often is None or not often.seeds:
        return
    yield said(
        f"The clustering was repeated with {often.seeds} other seeds and on {often.subsamples} "
        f"subsamples of {SUBSAMPLE:.0%}, and compared by the adjusted Rand index.",
        "hubert",
        "hennig-stability",
    )
    if found.get("null_p") is not None:
        yield said(
            "The widest gap between groups in the features was compared with those of "
            f"{often.surrogates} sets of chance data without clusters, drawn with the same rank "
            "correlations.",
            "hennig-merging",
            "hartigan",
            "liu",
        )
    yield said("Separation is the density-based validity DBCV.", "moulavi")


def trained(run: ReportedRun) -> list[Said]:
    """What `synapses train` did."""
    given, found = run.parameters, run.results
    row = CLASSIFIERS.get(str(found.get("classifier", given.get("classifier"))))
    if row is None:
        return []
    chosen = (
        ", the best of several in cross-validation," if given.get("classifier") == "auto" else ""
    )
    folds, seed = given.get("folds"), given.get("seed", 0)
    return [
        Said(
            f"Clusters of new synapses are told from the features by {row.title}{chosen} "
            f"({row.source}; seed {seed})."
        ),
        said(
            f"Its score comes from {folds} parts that were each held out before anything was "
            "fitted.",
            "varma",
        ),
    ]


def predicted(run: ReportedRun) -> list[Said]:
    """What `synapses predict` did."""
    given, found = run.parameters, run.results
    if "n_predicted" not in found or "n_rows" not in found:
        return []
    text = (
        f"Clusters were predicted for {found['n_predicted']:,} of the {found['n_rows']:,} rows of "
        f"{run.input_name('table')}"
    )
    share = given.get("outlier_quantile")
    unlike = (
        f"; rows count as unlike the known ones when they lie farther from them than "
        f"{number(100 * share)} % of those that were held out"
        if share
        else ""
    )
    return [Said(f"{text}{unlike}.")]


SENTENCES: Mapping[str, Callable[[ReportedRun], list[Said]]] = {
    "synapses fit": fitted,
    "synapses train": trained,
    "synapses predict": predicted,
}
"""By the step."""
