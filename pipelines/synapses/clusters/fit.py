"""Fit a map and its clusters to a table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from pipelines.core.errors import TableError
from pipelines.core.progress import Report, part
from pipelines.core.provenance import digest, versions
from pipelines.synapses.clusterers import CLUSTERERS
from pipelines.synapses.clusters.cluster import (
    NOISE,
    ClusteringAsked,
    Clusters,
    Density,
    sweep_min_samples,
)
from pipelines.synapses.clusters.embed import FEWEST_ROWS as FEWEST_MAPPED
from pipelines.synapses.clusters.embed import embed, trustworthiness
from pipelines.synapses.clusters.evidence import (
    REPEATS,
    ClusteringRun,
    Evidence,
    Labeller,
    gather,
    without_repeats,
)
from pipelines.synapses.clusters.given_clusters import read_labels
from pipelines.synapses.clusters.model import Fitted, Record
from pipelines.synapses.fits import folder as fit_folder
from pipelines.synapses.fits.effects import contrasts
from pipelines.synapses.parameters import FitParameters
from pipelines.synapses.profiles import applied
from pipelines.synapses.table.arrays import Booleans, Floats, Integers, Synapses, Texts, somas_of
from pipelines.synapses.table.columns import KEY, SYNAPSES, Schema
from pipelines.synapses.table.features import Projection, fit_projection
from pipelines.synapses.table.frames import project
from pipelines.synapses.table.left_out import left_out, offers
from pipelines.synapses.table.schemas import chosen_schema, refuse_constant, suggested_logarithms
from pipelines.synapses.table.sources import stated_units
from pipelines.synapses.table.table import CheckedTable, canonical_order, members, read_table

SOMA_DISTANCE = "soma_distance"
GIVEN = (
    "The clusters were read from a table; whether they are more than chance was not tested, for "
    "what made them cannot be repeated here."
)


def fit(
    inputs: Mapping[str, Path], parameters: FitParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Cluster the synapses of the table `inputs["table"]`.

    With a table `inputs["labels"]` (NeuronId, SynType, SynId, cluster) its clusters are taken
    over instead of finding new ones.

    Writes `clusters.csv` (the clustered synapses in the order of the table), `evidence.json`
    (how far the clusters can be believed), `summary.csv` (each cluster against the rest),
    `sweep.csv` (other densities; of a clusterer by density), `report.csv` (what became of every
    row), `model.npz` and `model.json` (the fitted object).

    Raises:
        ParameterError: the columns that were chosen make no table.
        TableError: the table cannot be used, or too few of its rows.
    """
    table, parameters = inputs["table"], applied(parameters)
    report(0.05, f"Checking the rows of {table.name}")
    schema = chosen_schema(parameters)
    checked = _checked(table, schema, parameters)
    given, unmatched = _given(inputs.get("labels"), checked, parameters.group)
    told = replace(schema, stated_units=stated_units(checked.sheet, checked.sources, schema))
    fitted = fit_rows(
        checked.rows,
        parameters,
        digest(table),
        part(report, 0.0, 0.4),
        only=given,
        schema=schema if schema == SYNAPSES else told,
    )
    if given is not None:
        evidence = describe_given(fitted, parameters)
    else:
        evidence = weigh(fitted, parameters, part(report, 0.4, 0.95))
    report(0.95, "Writing the clusters")
    fitted.save(folder)
    evidence.save(folder)
    _write_tables(checked, fitted, folder)
    if CLUSTERERS[parameters.labels].by_density and given is None:
        _write_sweep(fitted, folder)
    return {
        **checked.counts,
        "offers": offers(checked),
        "notes": _notes(checked, parameters.group, unmatched, schema),
        **_figures(fitted, evidence),
        "evidence": evidence.sentence,
    }


def _notes(
    checked: CheckedTable, group: str, unmatched: Sequence[str], schema: Schema
) -> list[str]:
    """What to know before the clusters are read; `unmatched` is of given labels."""
    return [
        *left_out(checked, group),
        *unmatched,
        *checked.notes,
        *suggested_logarithms(checked.rows, schema),
    ]


def _checked(table: Path, schema: Schema, parameters: FitParameters) -> CheckedTable:
    """The rows that can be clustered, of which there are enough."""
    read = read_table(
        table,
        parameters.sheet,
        schema=schema,
        repairs=parameters.repair,
        header_row=parameters.header_row,
        columns=parameters.columns,
    )
    checked = _with_frames(read)
    _refuse_few(checked, parameters.group)
    return checked


def _given(
    labels: Path | None, checked: CheckedTable, group: str
) -> tuple["pd.Series[int] | None", tuple[str, ...]]:
    """The clusters of a table, if given, by row number, and what of both tables did not match.

    Raises:
        TableError: see `given_clusters.read_labels`; or too few rows have a cluster.
    """
    if labels is None:
        return None, ()
    rows = checked.rows[members(checked.rows, group)]
    given = read_labels(labels, rows[list(KEY)].to_numpy().astype(str), group, checked.schema)
    if given.named.sum() < FEWEST_MAPPED:
        raise TableError(
            f"Only {given.named.sum()} rows of the group {group} are in {labels.name}, and "
            f"{FEWEST_MAPPED} are needed. {' '.join(given.notes)}"
        )
    return pd.Series(given.clusters.labels, index=rows.index)[given.named], given.notes


def _write_tables(checked: CheckedTable, fitted: Fitted, folder: Path) -> None:
    """Write what became of every row, the clusters, and each of them against the rest."""
    clusters = _clusters(checked.rows, fitted)
    checked.write_report(folder / fit_folder.REPORT)
    described = described_by(fitted.projection.schema)
    fit_folder.write_clusters(folder, clusters, contrasts(clusters, described))


def _write_sweep(fitted: Fitted, folder: Path) -> None:
    """Write what other densities would find on the same map."""
    density = Density(fitted.record.min_cluster_size, fitted.record.min_samples)
    fit_folder.write_sweep(folder, sweep_min_samples(fitted.layout, density))


def fit_rows(
    rows: pd.DataFrame,
    parameters: FitParameters,
    table_sha256: str,
    report: Report,
    only: "pd.Series[int] | None" = None,
    schema: Schema | None = None,
) -> Fitted:
    """Fit frames, scales, map and clusters.

    Args:
        rows: `CheckedTable.rows` (um, um2), of neurons with at least 5 rows each; of another
            table in its own units, of groups with at least `Schema.fewest_rows`.
        parameters: of the fit.
        table_sha256: digest of the file that the rows come from.
        report: progress.
        only: clusters that are taken over, by row number; other rows have none, and serve for
            the frames of their neurons alone. Without it clusters are found.
        schema: which columns say what; without it that of the parameters.

    Returns:
        The fit, its n synapses in the order of their keys.

    Raises:
        ParameterError: without `schema`: the columns that were chosen make no table.
        TableError: the group has too few rows, one of its features never changes, or there is no
            such group.
    """
    rows, schema = rows.loc[canonical_order(rows)], schema or chosen_schema(parameters)
    synapses, selected = Synapses.from_rows(rows, schema), members(rows, parameters.group)
    if only is not None:
        selected = selected & rows.index.isin(only.index)
    n_rows, n_neurons = int(selected.sum()), len(np.unique(synapses.neurons))
    report(0.2, f"Fitting the frames of {n_neurons} neurons")
    projection, chosen = _projection(synapses, selected, parameters), synapses.take(selected)
    features = projection.features(chosen)
    refuse_constant(projection.names, features)
    report(0.3, f"Laying out {n_rows:,} synapses on a map")
    layout = embed(features, chosen.key, parameters)
    density = Density.for_rows(n_rows, parameters.min_cluster_size, parameters.min_samples)
    report(0.85, "Finding clusters")
    if only is None:
        asked = ClusteringAsked(features, layout, chosen.key, density, parameters)
        with threadpool_limits(1):
            clusters: Clusters = CLUSTERERS[parameters.labels].run(asked)
    else:
        clusters = _taken_over(only.loc[rows.index[selected]])
    record = _record(parameters, table_sha256, density)
    somas, found = somas_of(rows, schema), (clusters.labels, clusters.probability)
    return Fitted(record, projection, synapses, somas, selected, features, *found, layout)


def _projection(synapses: Synapses, selected: Booleans, parameters: FitParameters) -> Projection:
    """Frames and scales, by the selected of all synapses (row,)."""
    return fit_projection(
        synapses,
        selected,
        parameters.spatial_weight,
        parameters.area_weight,
        recipe=parameters.profile,
    )


def _taken_over(given: "pd.Series[int]") -> Clusters:
    """Clusters from elsewhere: whoever has one belongs to it wholly."""
    labels = np.array(given, dtype=np.int64)
    return Clusters(labels, np.where(labels == NOISE, 0.0, 1.0))


def weigh(fitted: Fitted, parameters: FitParameters, report: Report) -> Evidence:
    """Ask how far the clusters of a fit can be believed, by repeating the clustering.

    On one thread: hundreds of mixtures of a few hundred rows, whose threads would wait for each
    other twenty times as long as they work.
    """
    key = fitted.synapses.take(fitted.selected).key
    report(0.0, "Measuring how well the map keeps neighbours")
    trust = trustworthiness(fitted.features, fitted.embedding, parameters.seed)
    space = fitted.layout if CLUSTERERS[parameters.labels].on_map else fitted.features
    with threadpool_limits(1):
        return gather(
            ClusteringRun(fitted.features, fitted.labels, space),
            key,
            _labeller(fitted, parameters),
            REPEATS[parameters.evidence],
            trust,
            parameters.seed,
            report,
        )


def describe_given(fitted: Fitted, parameters: FitParameters) -> Evidence:
    """Evidence for clusters from elsewhere: what made them cannot be repeated here."""
    trust = trustworthiness(fitted.features, fitted.embedding, parameters.seed)
    run = ClusteringRun(fitted.features, fitted.labels, fitted.embedding)
    return replace(without_repeats(run, trust), sentence=GIVEN)


def _labeller(fitted: Fitted, parameters: FitParameters) -> Labeller:
    """The clustering of the fit, to be repeated on other data; sizes follow the rows."""
    n_rows, row = len(fitted.labels), CLUSTERERS[parameters.labels]

    def label(features: Floats, key: Texts, seed: int) -> tuple[Integers, Floats]:
        again = parameters.model_copy(update={"seed": seed})
        share = len(features) / n_rows
        sizes = (parameters.min_cluster_size, parameters.min_samples)
        density = Density.for_rows(len(features), *(_part(size, share) for size in sizes))
        layout = embed(features, key, again) if row.on_map else features
        return row.run(ClusteringAsked(features, layout, key, density, again)).labels, layout

    return label


def _part(size: int, share: float) -> int:
    """A size for a part of the rows; 0, which is chosen from the rows, stays so."""
    return max(2, round(size * share)) if size else 0


def _record(parameters: FitParameters, table_sha256: str, density: Density) -> Record:
    return Record(
        parameters.group,
        table_sha256,
        parameters.model_dump(mode="json"),
        versions(),
        density.min_cluster_size,
        density.min_samples,
    )


def _with_frames(checked: CheckedTable) -> CheckedTable:
    """Reject the rows of neurons that have too few for a frame of their own."""
    counts = checked.rows.groupby("NeuronId")["NeuronId"].transform("size")
    fewest = checked.schema.fewest_rows
    noun = "neuron" if checked.schema == SYNAPSES else "group"
    few = counts[counts < fewest]
    reasons = {
        row: f"the {noun} has {count} usable rows; {fewest} are needed for its frame."
        for row, count in zip(few.index.to_numpy(dtype=int).tolist(), few, strict=True)
    }
    return checked.reject(reasons)


def _refuse_few(checked: CheckedTable, group: str) -> None:
    found = int(members(checked.rows, group).sum())
    if found >= FEWEST_MAPPED:
        return
    problem = f" The first problem: {checked.first_problem}" if checked.first_problem else ""
    raise TableError(
        f"{checked.sheet.place()}: {found} usable rows in the group {group} are too few, "
        f"{FEWEST_MAPPED} are needed; choose another group or correct the table.{problem}"
        f"{_repairs_in_words(checked)}"
    )


def _repairs_in_words(checked: CheckedTable) -> str:
    """How rows can be repaired, if they can."""
    ways = " or ".join(f"--set repair={name}" for name in checked.offers)
    return f" Rows can be repaired with {ways}; a check shows what comes out." if ways else ""


def _clusters(rows: pd.DataFrame, fitted: Fitted) -> pd.DataFrame:
    """The table of clustered synapses, in the order of `rows`."""
    order = canonical_order(rows)[fitted.selected]
    chosen = fitted.synapses.take(fitted.selected)
    table = rows.loc[order, list(KEY)].assign(
        **{f"UMAP_{axis + 1}": places for axis, places in enumerate(fitted.layout.T)},
        cluster=fitted.labels,
        probability=fitted.probability,
    )
    schema = fitted.projection.schema
    table = table.join(rows[list(schema.measures)])
    table[list(schema.axes)] = project(fitted.projection.frames, chosen)
    if schema.origin:
        table[SOMA_DISTANCE] = np.sqrt((chosen.position**2).sum(axis=1))
    return own_names(table.loc[rows.index[rows.index.isin(order)]], schema)


def described_by(schema: Schema) -> tuple[str, ...]:
    """The columns of `clusters.csv` that clusters are described by; of synapses um2 and um."""
    distance = (SOMA_DISTANCE,) if schema.origin else ()
    return (*schema.features, *schema.axes, *distance)


def own_names(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """A table of rows with their key, of another table under its own names.

    Rows without an id are named by their row number, and by their number (point) when sorted
    by their values.

    Args:
        table: NeuronId, SynType, SynId and any further columns, indexed by row number.
        schema: which columns say what.
    """
    if schema == SYNAPSES:
        return table
    table = table.drop(columns="SynType").rename(columns={"NeuronId": schema.group or "group"})
    if not schema.group:
        table = table.drop(columns="group")
    if schema.id:
        return table.rename(columns={"SynId": schema.id})
    table = table.rename(columns={"SynId": "point"})
    table.insert(0, "row", table.index.to_numpy(dtype=int))
    return table


@dataclass(frozen=True)
class Figures:
    """The headline figures of a fit; cluster sizes by falling size."""

    group: str
    n_in_group: int
    n_clusters: int
    n_noise: int
    cluster_sizes: list[int]
    trustworthiness: float
    seed_ari: float | None
    subsample_ari: float | None
    null_p: float | None
    min_cluster_size: int
    min_samples: int


def _figures(fitted: Fitted, evidence: Evidence) -> dict[str, Any]:
    labels = fitted.labels
    _, counts = np.unique(labels[labels >= 0], return_counts=True)
    sizes = sorted(counts.tolist(), reverse=True)
    record = fitted.record
    return asdict(
        Figures(
            group=record.group,
            n_in_group=len(labels),
            n_clusters=len(sizes),
            n_noise=int((labels < 0).sum()),
            cluster_sizes=sizes,
            trustworthiness=evidence.trustworthiness,
            seed_ari=evidence.seed_ari,
            subsample_ari=evidence.subsample_ari,
            null_p=evidence.null_p,
            min_cluster_size=record.min_cluster_size,
            min_samples=record.min_samples,
        )
    )
