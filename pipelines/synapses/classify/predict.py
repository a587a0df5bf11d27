"""The clusters of new synapses, from a stored model and nothing else.

A synapse of a known neuron gets the same answer alone, in a batch and in any order: frame,
scales, classifier and map are stored, and the map is not made anew. A neuron that the
model does not know gets a frame of its own from the rows that are given together, five at
least; its answers depend on which rows these are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.core.progress import Report
from pipelines.models import bundles
from pipelines.synapses.classify import published
from pipelines.synapses.classify.published_parts import COLUMNS
from pipelines.synapses.classify.train import Trained, load_trained
from pipelines.synapses.fits.folder import REPORT, write_predictions
from pipelines.synapses.formats.reading import read_sheet
from pipelines.synapses.parameters import PredictParameters
from pipelines.synapses.table.arrays import Booleans, Floats, Integers, Synapses
from pipelines.synapses.table.columns import SYNAPSES
from pipelines.synapses.table.features import Projection
from pipelines.synapses.table.findings import Outcome, finding
from pipelines.synapses.table.frames import Frames
from pipelines.synapses.table.left_out import left_out, offers
from pipelines.synapses.table.table import CheckedTable, members, read_table, remarks_by_row

ANSWERS = ("cluster", "probability", "outlier_score", "is_outlier", "UMAP_1", "UMAP_2")
NOTE = "note"


@dataclass(frozen=True)
class Predicted:
    """The answers for a table.

    Attributes:
        checked: the table, with the rows that got no answer rejected.
        answers: `ANSWERS` for every row with an answer, one line a row, indexed by row number;
            places on the map (`UMAP_1`, `UMAP_2`) have no unit.
        new_neurons: neurons that the model does not know, with a frame of their own.
    """

    checked: CheckedTable
    answers: pd.DataFrame
    new_neurons: Frames


def predict(
    inputs: Mapping[str, Path], parameters: PredictParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Predict the clusters of the table `inputs["table"]` with the bundle `inputs["bundle"]`.

    Writes `predictions.csv` (all columns and rows of the table in their order, then the
    answers; empty where a row was rejected) and `report.csv`.

    Raises:
        BundleError: the bundle cannot be used.
        TableError: no row can be judged.
    """
    report(0.05, "Reading the model")
    bundle = bundles.open_bundle(inputs["bundle"])
    if bundle.card.get("kind") == published.KIND:
        found = published.load(bundle)
        report(0.3, f"Predicting the rows of {inputs['table'].name} on the published map")
        predicted = predict_places(inputs["table"], found, parameters)
    else:
        trained = load_trained(inputs["bundle"])
        report(0.3, f"Checking the rows of {inputs['table'].name}")
        checked = read_table(
            inputs["table"],
            parameters.sheet,
            trained.somas,
            schema=trained.projection.schema,
            repairs=parameters.repair,
            groups=list(trained.projection.frames),
            header_row=parameters.header_row,
            columns=parameters.columns,
        )
        report(0.6, f"Predicting {len(checked.rows):,} synapses")
        predicted = predict_rows(checked, trained, parameters.outlier_quantile)
    return _write(predicted, folder)


def _write(predicted: Predicted, folder: Path) -> dict[str, Any]:
    table = _table(predicted)
    write_predictions(folder, table)
    predicted.checked.write_report(folder / REPORT)
    answered = table["cluster"].notna()
    return {
        "n_rows": len(table),
        "n_predicted": int(answered.sum()),
        "n_rejected": int((~answered).sum()),
        "n_outliers": int((table["is_outlier"].eq(True) & answered).sum()),
        "n_new_neurons": len(predicted.new_neurons),
        "offers": offers(predicted.checked),
        "notes": [*left_out(predicted.checked), *predicted.checked.notes],
    }


def predict_places(
    table: Path, found: published.PublishedBundle, parameters: PredictParameters
) -> Predicted:
    """Predict a table with UMAP_1 and UMAP_2 of the published map.

    Raises:
        TableError: the table cannot be read or lacks a column.
    """
    names = list(COLUMNS)
    sheet = read_sheet(table, parameters.sheet, names=names, header_row=parameters.header_row)
    places = published.places_of(sheet)
    usable: Booleans = np.isfinite(places[:, 0] + places[:, 1])
    text = "it is no finite number; give the row's coordinates on the published map."
    wrong = [COLUMNS[column] for column in np.isnan(places[~usable]).argmax(axis=1)]
    rejected = [
        finding(sheet, row, column, Outcome.REJECTED, text)
        for row, column in zip(sheet.cells.index[~usable], wrong, strict=True)
    ]
    checked = CheckedTable(sheet, sheet.cells.loc[usable], tuple(rejected), {}, ())
    answers = pd.DataFrame(columns=list(ANSWERS), index=checked.rows.index)
    if usable.any():
        answers = found.answers(places[usable], gate=parameters.gate).set_axis(checked.rows.index)
    return Predicted(checked, answers, {})


def predict_rows(checked: CheckedTable, trained: Trained, outlier_quantile: float) -> Predicted:
    """Predict the rows of a checked table.

    Args:
        checked: the table, read with the model's somas.
        trained: the model.
        outlier_quantile: share of the held-out synapses that count as usual.
    """
    synapses = Synapses.from_rows(checked.rows, checked.schema)
    unknown = ~np.isin(synapses.neurons, list(trained.projection.frames))
    new = trained.projection.frames_of(synapses.take(unknown))
    checked = checked.reject(_without_frame(checked, trained, new))
    checked = checked.reject(_outside_group(checked, trained.group))
    answers = _answers(checked.rows, trained, new, outlier_quantile)
    # Without coordinates there is nothing of a frame that could be told.
    return Predicted(checked, answers, new if checked.schema.coordinates else {})


def _without_frame(checked: CheckedTable, trained: Trained, new: Frames) -> dict[int, str]:
    neurons = checked.rows["NeuronId"]
    lost = neurons[~neurons.isin([*trained.projection.frames, *new])]
    noun = "neuron" if checked.schema == SYNAPSES else "group"
    text = (
        f"the model does not know the {noun} {{}}, and its rows are too few for a frame of their "
        f"own; give at least {checked.schema.fewest_rows} of them together."
    )
    rows = lost.index.to_numpy(dtype=int).tolist()
    return {row: text.format(neuron) for row, neuron in zip(rows, lost, strict=True)}


def _outside_group(checked: CheckedTable, group: str) -> dict[int, str]:
    inside: Booleans = members(checked.rows, group)
    text = f"the model was trained on the group {group}, to which this row does not belong."
    return dict.fromkeys(checked.rows.index[~inside].to_numpy(dtype=int).tolist(), text)


@dataclass(frozen=True)
class Judged:
    """What a model says of n synapses.

    Attributes:
        cluster: (n,).
        probability: (n,) of that cluster.
        distance: (n,) outlier score, of the detector that the model was trained with.
        place: (n, 2) on the map.
    """

    cluster: Integers
    probability: Floats
    distance: Floats
    place: Floats


def judge(synapses: Synapses, trained: Trained, projection: Projection) -> Judged:
    """Judge synapses whose neurons all have a frame in the projection."""
    features = projection.features(synapses)
    shares = trained.classifier.probabilities(features)
    cluster = trained.classifier.classes[shares.argmax(axis=1)]
    near, rows = trained.neighborhood.nearest(features)
    place = trained.neighborhood.place(near, rows, trained.embedding)
    score = trained.detector.scores(near, place)
    return Judged(cluster, shares.max(axis=1), score, place)


def _answers(
    rows: pd.DataFrame, trained: Trained, new: Frames, outlier_quantile: float
) -> pd.DataFrame:
    if rows.empty:
        return pd.DataFrame(columns=list(ANSWERS), index=rows.index)
    projection = trained.projection.with_frames(new)
    judged = judge(Synapses.from_rows(rows, projection.schema), trained, projection)
    usual = float(np.quantile(trained.holdout_distance, outlier_quantile))
    columns = (
        judged.cluster,
        judged.probability,
        judged.distance,
        judged.distance > usual,
        judged.place[:, 0],
        judged.place[:, 1],
    )
    return pd.DataFrame(dict(zip(ANSWERS, columns, strict=True)), index=rows.index)


def _table(predicted: Predicted) -> pd.DataFrame:
    """The sheet as it was given, then the answers. A repeated row is answered as its first."""
    checked = predicted.checked
    given = checked.sheet.cells.set_axis(_free_names(checked.sheet.cells), axis=1)
    rows = given.index.to_series()
    if checked.repeats:
        rows = rows.replace(dict(checked.repeats))
    answers = predicted.answers.reindex(rows.to_numpy()).set_axis(given.index)
    answers["cluster"] = answers["cluster"].astype("Int64")
    return pd.concat([given, answers], axis=1).assign(**{NOTE: _notes(predicted)})


def _free_names(cells: pd.DataFrame) -> list[str]:
    """The columns of the sheet, `input_` before those that the answers are called."""
    taken = {*ANSWERS, NOTE}
    given = [str(name) for name in cells.columns]
    free = []
    for name in given:
        new = name
        while new in taken or (new != name and new in given):
            new = f"input_{new}"
        free.append(new)
    return free


def _notes(predicted: Predicted) -> "pd.Series[str]":
    """What was said of each row, and of the frame of a neuron that the model does not know."""
    checked = predicted.checked
    index = checked.sheet.cells.index
    remarks = remarks_by_row(checked.findings)
    texts = np.full(len(index), "", dtype=object)
    texts[index.get_indexer(pd.Index(list(remarks), dtype=int))] = [
        " ".join(item.message for item in items) for items in remarks.values()
    ]
    notes = pd.Series(texts, index=index, dtype=object)
    noun = "neuron" if checked.schema == SYNAPSES else "group"
    for neuron, frame in predicted.new_neurons.items():
        text = f"New {noun}: own frame from {frame.n_rows} rows given together."
        rows = checked.rows.index[checked.rows["NeuronId"] == neuron]
        notes[rows] = [f"{note} {text}".strip() for note in notes[rows]]
    return notes
