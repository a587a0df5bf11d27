"""The result of clustering synapses: how far to believe it, the map, and the table beside it."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.figures import synapse_explore as explore
from dashboard.figures import synapses as figures
from dashboard.figures.common import framed
from dashboard.jobs.store import Job
from dashboard.results import common, synapse_explore
from dashboard.results.synapse_check import MOST_ROWS, report
from dashboard.results.synapse_rows import clusters, inside, nearest, window_of

METHODS = {
    "hdbscan": "clustered on the map with HDBSCAN; grey is noise",
    "gmm": "clustered in the features with a Gaussian mixture (components by BIC)",
}


def view(job: Job) -> Component:
    """Evidence, then the map with the table beside it, then ways to look closer."""
    rows = clusters(common.folder(job.id))
    return html.Div(
        [
            html.Div(
                [_verdict(job), _fit_headline(job), _fit_links(job)],
                className="card",
            ),
            dcc.Store(id="synapses-choice"),
            html.Div([_map(job, rows), _table(rows)], className="card pair"),
            *synapse_explore.cards(job, rows),
            *_evidence_card(job),
            report(job),
        ]
    )


@lru_cache(maxsize=8)
def evidence(folder: Path) -> dict[str, Any]:
    """What `evidence.json` of a finished fit holds."""
    found: dict[str, Any] = json.loads((folder / "evidence.json").read_text(encoding="utf-8"))
    return found


def _verdict(job: Job) -> Component:
    found = evidence(common.folder(job.id))
    doubtful = found["found"] is not True
    return html.P(
        found["sentence"], className="note" if doubtful else "hint", id="synapses-verdict"
    )


def _fit_headline(job: Job) -> Component:
    found = common.headline(job)
    return common.stats(
        {
            "Synapses clustered": common.number(found["n_in_group"]),
            "Rejected": common.number(found["n_rejected"]),
            "Clusters": str(found["n_clusters"]),
            "Noise": common.number(found["n_noise"]),
            "ARI over seeds": common.number(found["seed_ari"]),
            "ARI over subsamples": common.number(found["subsample_ari"]),
            "p against chance": common.number(found["null_p"]),
            "Trustworthiness of the map": common.number(found["trustworthiness"]),
        }
    )


def _fit_links(job: Job) -> Component:
    train = f"/synapses?step=train&fit={job.id}"
    links = [
        dcc.Link("Train a classifier on these clusters", href=train, className="button"),
        common.download(job, "clusters.csv", "Clusters (CSV)"),
        common.download(job, "summary.csv", "Clusters against the rest (CSV)"),
        common.download(job, "evidence.json", "Evidence (JSON)"),
        common.download(job, "report.csv", "Report, row by row (CSV)"),
    ]
    return html.Div(links, className="downloads")


# -- map and table


def _map(job: Job, rows: pd.DataFrame) -> Component:
    columns = [name for name in rows.columns if name not in ("SynId", "UMAP_1", "UMAP_2")]
    colour = dmc.Select(
        id="synapses-colour",
        label="Colour",
        data=["cluster", *(name for name in columns if name != "cluster")],
        value="cluster",
        allowDeselect=False,
        w=220,
    )
    figure = framed(figures.embedding(rows), id="synapses-map", caption=_fit_caption(job, rows))
    return html.Div([colour, figure], className="stack")


def _fit_caption(job: Job, rows: pd.DataFrame) -> str:
    values = job.parameters
    return (
        f"{len(rows):,} synapses (group {values['group']}), each neuron in its own frame, embedded "
        f"with UMAP ({values['umap_neighbors']} neighbours, minimum distance "
        f"{values['umap_min_dist']:g}, seed {values['seed']}) and {METHODS[values['labels']]}. "
        "A map of this kind always shows groups: that they are there in the picture does not show "
        "that they are there in the data."
    )


def _table(rows: pd.DataFrame) -> Component:
    grid = common.table(
        _records(rows),
        id="synapses-rows",
        label="Synapses with their clusters",
        height=440,
        dashGridOptions={"rowSelection": {"mode": "singleRow", "enableClickSelection": True}},
    )
    hint = (
        "Click a point, or choose points with the lasso, to see only those here; double-click "
        "the map to see all again. Click a row to find it and its nearest synapses on the map."
    )
    return html.Div(
        [
            html.P(hint, className="hint"),
            html.P(f"All {len(rows):,} synapses.", id="synapses-chosen", role="status"),
            grid,
            html.P("", id="synapses-nearest", role="status", className="hint"),
        ],
        className="stack",
    )


def _records(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    shown = rows.head(MOST_ROWS).round(3)
    first = ["NeuronId", "SynType", "SynId", "cluster", "probability"]
    rest = [name for name in shown.columns if name not in first]
    numbered = shown[first + rest].assign(number=shown.index)
    records: list[dict[Any, Any]] = numbered.to_dict("records")
    return records


# -- evidence


def _evidence_card(job: Job) -> list[Component]:
    folder = common.folder(job.id)
    found = evidence(folder)
    if not found["n_surrogates"]:
        return []
    part = (
        f" Of the {found['n_rows_of_fit']:,} synapses {found['n_rows']:,} were drawn for this."
        if found["n_rows"] < found["n_rows_of_fit"]
        else ""
    )
    caption = (
        f"Each grey point is a set of chance data, treated in the same way: every column keeps its "
        "own distribution, all other structure is lost. Clusters that are real lie to the right "
        f"of them (p = {found['null_p']:.2g}). Other seeds ({found['n_seeds']}) agree with ARI "
        f"{found['seed_ari']}, 80 % subsamples ({found['n_subsamples']}) with "
        f"{found['subsample_ari']}.{part}"
    )
    parts = [framed(explore.null(found), id="synapses-null", caption=caption)]
    if (folder / "sweep.csv").exists():
        parts.append(
            framed(
                explore.sweep(pd.read_csv(folder / "sweep.csv")),
                id="synapses-sweep",
                caption="HDBSCAN on the same map with other values of minimum samples. A number "
                "of clusters that holds over a wide range depends little on the setting.",
            )
        )
    heading = html.H2("Are these clusters more than chance?")
    return [html.Div([heading, html.Div(parts, className="pair")], className="card")]


# -- callbacks


def register(app: Dash) -> None:
    """Connect the map, the table, and what is chosen."""
    app.callback(
        Output("synapses-choice", "data"),
        Input("synapses-map", "selectedData"),
        Input("synapses-histogram", "selectedData"),
        Input("synapses-show-set", "value"),
        State("synapses-measure", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(choose)
    app.callback(
        Output("synapses-rows", "rowData"),
        Output("synapses-chosen", "children"),
        Input("synapses-choice", "data"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show_chosen)
    app.callback(
        Output("synapses-map", "figure"),
        Output("synapses-nearest", "children"),
        Input("synapses-colour", "value"),
        Input("synapses-rows", "selectedRows"),
        Input("synapses-choice", "data"),
        Input("synapses-map", "relayoutData"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(redraw)
    synapse_explore.register(app)


def choose(
    on_map: dict[str, Any] | None,
    in_histogram: dict[str, Any] | None,
    named: str | None,
    measure: str,
    job_id: str,
) -> dict[str, Any]:
    """Which synapses are chosen, by what was last used; no rows means all."""
    if not job_id:
        raise PreventUpdate
    rows = clusters(common.folder(job_id))
    source = ctx.triggered_id
    if source == "synapses-show-set":
        return {"source": "set", "rows": synapse_explore.members(job_id, named or "")}
    if source == "synapses-histogram":
        span = (in_histogram or {}).get("range", {}).get("x")
        found = rows.index[rows[measure].between(*span)].tolist() if span else None
        return {"source": "histogram", "rows": found}
    return {"source": "map", "rows": inside(rows, on_map)}


def show_chosen(choice: dict[str, Any] | None, job_id: str) -> tuple[list[dict[Any, Any]], str]:
    """The chosen rows for the table, or all, and how many they are."""
    if not job_id:
        raise PreventUpdate
    rows = clusters(common.folder(job_id))
    chosen = (choice or {}).get("rows")
    if chosen is None:
        return _records(rows), f"All {len(rows):,} synapses."
    return _records(rows.loc[chosen]), f"{len(chosen):,} of {len(rows):,} synapses are chosen."


def redraw(
    colour: str,
    selected: Sequence[dict[str, Any]] | None,
    choice: dict[str, Any] | None,
    zoom: dict[str, Any] | None,
    job_id: str,
) -> tuple[Any, str]:
    """The map in another colour, with a row pointed out, or at another zoom."""
    rows = clusters(common.folder(job_id))
    window = window_of(zoom) if len(rows) > figures.MOST_POINTS else None
    trigger = ctx.triggered_id
    if trigger == "synapses-map" and window is None and len(rows) <= figures.MOST_POINTS:
        raise PreventUpdate
    if trigger == "synapses-choice" and (choice or {}).get("source") == "map":
        # The map itself shows what was chosen on it.
        raise PreventUpdate
    marked, text = _pointed_out(job_id, rows, selected)
    figure = figures.embedding(rows, colour, marked, window)
    if choice and choice["source"] != "map" and choice["rows"] is not None:
        figures.fade_others(figure, choice["rows"])
    return figure, text


def _pointed_out(
    job_id: str, rows: pd.DataFrame, selected: Sequence[dict[str, Any]] | None
) -> tuple[list[int], str]:
    if not selected:
        return [], ""
    row = int(selected[0]["number"])
    others = nearest(common.folder(job_id), row)
    names = figures.names_of(rows.loc[others]).tolist()
    own = figures.names_of(rows.loc[[row]]).iloc[0]
    return [row, *others], f"Nearest to {own} in the features: {', '.join(names)}."
