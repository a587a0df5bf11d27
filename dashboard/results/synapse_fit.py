"""The result of clustering synapses: the map with the table beside it."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.figures import synapses as figures
from dashboard.figures.common import framed
from dashboard.jobs.store import Job
from dashboard.results import common
from dashboard.results.synapse_check import MOST_ROWS, report


@lru_cache(maxsize=4)
def clusters(folder: Path) -> pd.DataFrame:
    """The clustered synapses of a finished fit."""
    return pd.read_csv(folder / "clusters.csv", dtype={"NeuronId": str, "SynType": str})


def view(job: Job) -> Component:
    """The map with the table beside it."""
    rows = clusters(common.folder(job.id))
    train = f"/synapses?step=train&fit={job.id}"
    return html.Div(
        [
            html.Div(
                [_fit_headline(job), html.Div(_fit_links(job, train), className="downloads")],
                className="card",
            ),
            html.Div(
                [
                    framed(
                        figures.embedding(rows), id="synapses-map", caption=_fit_caption(job, rows)
                    ),
                    html.Div(
                        [
                            html.P(
                                "All synapses. Click a point, or choose points with the lasso, "
                                "to see only those; double-click the map to see all again.",
                                className="hint",
                                id="synapses-chosen",
                                role="status",
                            ),
                            _rows_table(rows),
                        ]
                    ),
                ],
                className="card pair",
            ),
            report(job),
        ]
    )


def _fit_headline(job: Job) -> Component:
    found = common.headline(job)
    return common.stats(
        {
            "Synapses clustered": common.number(found["n_accepted"] + found["n_repaired"]),
            "Rejected": common.number(found["n_rejected"]),
            "Clusters": str(found["n_clusters"]),
            "Noise": common.number(found["n_noise"]),
            "Trustworthiness of the map": common.number(found["trustworthiness"]),
        }
    )


def _fit_links(job: Job, train: str) -> list[Component]:
    return [
        dcc.Link("Train a classifier on these clusters", href=train, className="button"),
        common.download(job, "clusters.csv", "Clusters (CSV)"),
        common.download(job, "report.csv", "Report, row by row (CSV)"),
    ]


def _fit_caption(job: Job, rows: pd.DataFrame) -> str:
    values = job.parameters
    return (
        f"{len(rows):,} synapses (group {values['group']}), each neuron in its own frame, embedded "
        f"with UMAP ({values['umap_neighbors']} neighbours, minimum distance "
        f"{values['umap_min_dist']:g}, seed {values['seed']}) and clustered on the map with "
        "HDBSCAN; grey is noise. A map of this kind always shows groups: that they are there in "
        "the picture does not show that they are there in the data."
    )


def _rows_table(rows: pd.DataFrame) -> Component:
    return common.table(
        _records(rows), id="synapses-rows", label="Synapses with their clusters", height=440
    )


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    shown = rows.head(MOST_ROWS).round(3)
    first = ["NeuronId", "SynType", "SynId", "cluster", "probability"]
    rest = [name for name in shown.columns if name not in first]
    records: list[dict[Any, Any]] = shown[first + rest].to_dict("records")
    return records


def register(app: Dash) -> None:
    """Connect the map with the table beside it."""
    app.callback(
        Output("synapses-rows", "rowData"),
        Output("synapses-chosen", "children"),
        Input("synapses-map", "selectedData"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show_chosen)


def show_chosen(selected: dict[str, Any] | None, job_id: str) -> tuple[list[dict[Any, Any]], str]:
    """The rows of the points that are selected on the map, or all."""
    if not job_id:
        raise PreventUpdate
    rows = clusters(common.folder(job_id))
    points = (selected or {}).get("points", [])
    if not points:
        return _records(rows), f"All {len(rows):,} synapses."
    chosen = rows.loc[[int(point["customdata"]) for point in points]]
    return _records(chosen), f"{len(chosen):,} of {len(rows):,} synapses are chosen."
