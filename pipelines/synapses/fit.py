"""Check a table, and fit a map and its clusters to it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.csv_export import write_csv
from pipelines.errors import TableError
from pipelines.progress import Report
from pipelines.provenance import digest, versions
from pipelines.synapses.arrays import Synapses, somas_of
from pipelines.synapses.cluster import Density, cluster
from pipelines.synapses.columns import AREAS, KEY, POSITION
from pipelines.synapses.embed import FEWEST_ROWS as FEWEST_MAPPED
from pipelines.synapses.embed import embed, trustworthiness
from pipelines.synapses.features import fit_projection
from pipelines.synapses.frames import FEWEST_ROWS, project
from pipelines.synapses.model import Fitted, Record
from pipelines.synapses.parameters import CheckParameters, FitParameters
from pipelines.synapses.table import CheckedTable, canonical_order, members, read_table

COORDINATES = ("pca_1", "pca_2", "pca_3")
REPORT_FILE, CLUSTERS_FILE = "report.csv", "clusters.csv"


def check(
    inputs: Mapping[str, Path], parameters: CheckParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Check the table `inputs["table"]` and write `report.csv`, a line for every row.

    Raises:
        TableError: no row can be judged.
    """
    report(0.1, f"Checking the rows of {inputs['table'].name}")
    checked = read_table(inputs["table"], parameters.sheet)
    checked.write_report(folder / REPORT_FILE)
    return {**checked.counts, "notes": list(checked.notes)}


def fit(
    inputs: Mapping[str, Path], parameters: FitParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Cluster the synapses of the table `inputs["table"]`.

    Writes `clusters.csv` (the clustered synapses in the order of the table), `report.csv`
    (what became of every row), `model.npz` and `model.json` (the fitted object).

    Raises:
        TableError: the table cannot be used, or too few of its rows.
    """
    table = inputs["table"]
    report(0.05, f"Checking the rows of {table.name}")
    checked = _with_frames(read_table(table, parameters.sheet))
    _refuse_few(checked, parameters.group)
    fitted = fit_rows(checked.rows, parameters, digest(table), report)
    report(0.95, "Writing the clusters")
    fitted.save(folder)
    checked.write_report(folder / REPORT_FILE)
    write_csv(_clusters(checked.rows, fitted), folder / CLUSTERS_FILE)
    return {**checked.counts, "notes": list(checked.notes), **_figures(fitted, parameters.seed)}


def fit_rows(
    rows: pd.DataFrame, parameters: FitParameters, table_sha256: str, report: Report
) -> Fitted:
    """Fit frames, scales, map and clusters.

    Args:
        rows: `CheckedTable.rows`, of neurons with at least 5 rows each.
        parameters: of the fit.
        table_sha256: digest of the file that the rows come from.
        report: progress.
    """
    rows = rows.loc[canonical_order(rows)]
    synapses, selected = Synapses.from_rows(rows), members(rows, parameters.group)
    n_rows, n_neurons = int(selected.sum()), len(np.unique(synapses.neurons))
    report(0.2, f"Fitting the frames of {n_neurons} neurons")
    projection = fit_projection(
        synapses, selected, parameters.spatial_weight, parameters.area_weight
    )
    chosen = synapses.take(selected)
    features = projection.features(chosen)
    report(0.3, f"Laying out {n_rows:,} synapses on a map")
    embedding = embed(features, chosen.key, parameters)
    density = Density.for_rows(n_rows, parameters.min_cluster_size, parameters.min_samples)
    report(0.85, f"Finding clusters of at least {density.min_cluster_size} synapses")
    clusters = cluster(embedding, chosen.key, density)
    record = _record(parameters, table_sha256, density)
    return Fitted(
        record,
        projection,
        synapses,
        somas_of(rows),
        selected,
        features,
        clusters.labels,
        clusters.probability,
        embedding,
    )


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
    few = counts[counts < FEWEST_ROWS]
    reasons = {
        row: f"the neuron has {count} usable rows; {FEWEST_ROWS} are needed for its frame."
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
    )


def _clusters(rows: pd.DataFrame, fitted: Fitted) -> pd.DataFrame:
    """The table of clustered synapses, in the order of `rows`."""
    order = canonical_order(rows)[fitted.selected]
    chosen = fitted.synapses.take(fitted.selected)
    table = rows.loc[order, list(KEY)].assign(
        UMAP_1=fitted.embedding[:, 0],
        UMAP_2=fitted.embedding[:, 1],
        cluster=fitted.labels,
        probability=fitted.probability,
    )
    table = table.join(rows[[*POSITION, *AREAS]])
    table[list(COORDINATES)] = project(fitted.projection.frames, chosen)
    return table.loc[rows.index[members(rows, fitted.record.group)]]


@dataclass(frozen=True)
class Figures:
    """The headline figures of a fit; cluster sizes by falling size."""

    group: str
    n_in_group: int
    n_clusters: int
    n_noise: int
    cluster_sizes: list[int]
    trustworthiness: float
    min_cluster_size: int
    min_samples: int


def _figures(fitted: Fitted, seed: int) -> dict[str, Any]:
    labels = fitted.labels
    sizes = np.bincount(labels[labels >= 0]).tolist()
    trust = trustworthiness(fitted.features, fitted.embedding, seed)
    record = fitted.record
    return asdict(
        Figures(
            group=record.group,
            n_in_group=len(labels),
            n_clusters=len(sizes),
            n_noise=int((labels < 0).sum()),
            cluster_sizes=sizes,
            trustworthiness=round(trust, 4),
            min_cluster_size=record.min_cluster_size,
            min_samples=record.min_samples,
        )
    )
