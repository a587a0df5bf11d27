"""Results of training a classifier of synapses, and of using it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.figures import synapses as figures
from dashboard.figures.common import framed
from dashboard.jobs.store import Job
from dashboard.results import common
from dashboard.results.synapse_check import MOST_ROWS


def view_train(job: Job) -> Component:
    """The card of a trained classifier."""
    card = json.loads((common.folder(job.id) / "card.json").read_text(encoding="utf-8"))
    predict = f"/synapses?step=predict&bundle={job.id}"
    links = [
        dcc.Link("Predict new synapses with it", href=predict, className="button"),
        common.download(job, "card.json", "Card (JSON)"),
    ]
    return html.Div(
        [
            html.Div([_scores(card), html.Div(links, className="downloads")], className="card"),
            html.Div(_confusion(card), className="card"),
        ]
    )


def _scores(card: dict[str, Any]) -> Component:
    low, high = card["holdout_accuracy_interval"]
    return common.stats(
        {
            "Hold-out accuracy": f"{card['holdout_accuracy']:.3f}",
            "95 % interval": f"{low:.3f} to {high:.3f}",
            "Macro F1": f"{card['holdout_macro_f1']:.3f}",
            "Always the largest cluster": f"{card['largest_class_share']:.3f}",
            "Calibration error": f"{card['holdout_calibration_error']:.3f}",
            "Synapses": common.number(sum(card["n_per_class"])),
        }
    )


def _confusion(card: dict[str, Any]) -> Component:
    matrix = np.array(card["confusion_matrix"], dtype=np.int64)
    classes = [str(name) for name in card["classes"]]
    caption = (
        "Held-out synapses by true and predicted cluster, "
        f"{card['parameters']['folds']} folds. Each row was held out before frames, scaling and "
        "classifier were fitted. The clusters themselves were "
        "found on all rows; the score says how well they are told apart, not that they are real."
    )
    return framed(figures.confusion(matrix, classes), id="synapses-confusion", caption=caption)


def view_predict(job: Job) -> Component:
    """New synapses on the map, and in a table."""
    folder = common.folder(job.id)
    rows = pd.read_csv(folder / "predictions.csv", dtype={"note": str}).fillna({"note": ""})
    links = [common.download(job, "predictions.csv", "Predictions (CSV)")]
    return html.Div(
        [
            html.Div(
                [_predict_headline(job), html.Div(links, className="downloads")], className="card"
            ),
            html.Div(_predict_map(job, rows), className="card"),
            html.Div(_predict_table(rows), className="card"),
        ]
    )


def _predict_headline(job: Job) -> Component:
    found = common.headline(job)
    return common.stats(
        {
            "Rows": common.number(found["n_rows"]),
            "Predicted": common.number(found["n_predicted"]),
            "Rejected": common.number(found["n_rejected"]),
            "Outliers": common.number(found["n_outliers"]),
            "Neurons not seen before": common.number(found["n_new_neurons"]),
        }
    )


def _predict_map(job: Job, rows: pd.DataFrame) -> Component:
    new = rows.dropna(subset=["cluster"]).copy()
    if new.empty:
        return html.P("No row could be predicted; the table says why.", className="empty")
    new["name"] = new["NeuronId"].astype(str) + " " + new["SynId"].astype(str)
    new["is_outlier"] = new["is_outlier"].astype(str).str.lower() == "true"
    bundle = Path(next(item.path for item in job.inputs if item.name == "bundle"))
    with np.load(bundle / "arrays.npz", allow_pickle=False) as arrays:
        known = pd.DataFrame(arrays["embedding"], columns=["UMAP_1", "UMAP_2"])
    caption = (
        "New synapses in the colour of their predicted cluster, placed among the synapses that "
        "were learnt from (grey) by their five nearest in the features; crosses are outliers."
    )
    figure = figures.predictions(known, new)
    return framed(figure, id="synapses-predicted", caption=caption)


def _predict_table(rows: pd.DataFrame) -> Component:
    first = ["cluster", "probability", "outlier_score", "is_outlier", "note"]
    order = first + [name for name in rows.columns if name not in first]
    shown = rows[order].head(MOST_ROWS).round(3).astype(object)
    records = shown.where(shown.notna(), None).to_dict("records")
    return common.table(records, id="synapses-predictions", label="Predictions, row by row")
