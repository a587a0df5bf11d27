"""The result of clustering synapses: how far to believe it, the map, and the table beside it."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import dash_mantine_components as dmc
import pandas as pd
import plotly.graph_objects as go
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from plotly.subplots import make_subplots
from pydantic import Field
from typing_extensions import TypedDict

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import CHOOSING_CONFIG, NOISE, Drawn, color, pictured, style
from dashboard.server import pressed
from dashboard.server.posted import offered
from dashboard.synapses import explore, grid
from dashboard.synapses import map_figures as figures
from dashboard.synapses.check import offers, report
from dashboard.synapses.choice import Choice, chosen_rows
from dashboard.synapses.explore_figures import CHOSEN
from dashboard.synapses.rows import clusters, load, nearest, window_of
from pipelines.report.withheld import EVIDENCE
from pipelines.synapses.clusterers import CLUSTERERS
from pipelines.synapses.fits import folder as fit_folder
from pipelines.synapses.parameters import FitParameters
from pipelines.synapses.profiles import PUBLISHED, applied

JOINED = "; clusters that are not separated in the features are one"
PUBLISHED_NOTE = (
    "Profile published: the features (um, and um² times 5), map and cluster sizes of the "
    "publication. Its own clusters do not come back this way, not even from its own table: give "
    "them as a table of clusters. "
)
EARLIER = (
    "This fit was judged by an earlier version, whose comparison with chance missed clusters and "
    "is not repeated here: Run again with changes on the job's page judges it anew."
)
RASTER_NOTE = (
    "They are drawn as an image: each pixel has the colour of most of its synapses, or their mean. "
    "Zoom in until few enough are left to see every one. "
)


def view(job: Job) -> Component:
    """Evidence, then the map with the table beside it, then ways to look closer."""
    rows = clusters(results.folder(job.id))
    return html.Div(
        [
            html.Div(
                [_verdict(job), _fit_headline(job), _fit_links(job)],
                className="card",
            ),
            *offers(job),
            dcc.Store(id="synapses-choice"),
            dcc.Store(id="synapses-outline"),
            dcc.Store(id="synapses-seen"),
            dcc.Store(id="synapses-turned"),
            html.Div([_map(job, rows), _table(rows)], className="card pair"),
            *explore.cards(job, rows),
            *_evidence_card(job),
            report(job),
        ]
    )


def _verdict(job: Job) -> Component:
    """Why there is none, as on the desk."""
    found = load(results.folder(job.id)).evidence
    if "null_dbcv_features" in found:
        return html.P(EARLIER, className="note", id="synapses-verdict")
    return html.P(EVIDENCE, className="hint", id="synapses-verdict")


def _fit_headline(job: Job) -> Component:
    found = results.headline(job)
    return results.stats(
        {
            "Synapses clustered": results.number(found["n_in_group"]),
            "Rejected": results.number(found["n_rejected"]),
            "Clusters": str(found["n_clusters"]),
            "Noise": results.number(found["n_noise"]),
            "ARI over seeds": results.number(found["seed_ari"]),
            "ARI over subsamples": results.number(found["subsample_ari"]),
            "p against chance": results.number(found["null_p"]),
            "Trustworthiness of the map": results.number(found["trustworthiness"]),
        }
    )


def _fit_links(job: Job) -> Component:
    train = f"/synapses?step=train&fit={job.id}"
    links = [
        dcc.Link("Train a classifier on these clusters", href=train, className="button"),
        results.download(job, fit_folder.CLUSTERS.name, "Clusters (CSV)"),
        results.download(job, fit_folder.SUMMARY.name, "Clusters against the rest (CSV)"),
        results.download(job, fit_folder.EVIDENCE, "Evidence (JSON)"),
        results.download(job, fit_folder.REPORT, "Report, row by row (CSV)"),
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
    figure = pictured(
        figures.embedding(rows),
        id="synapses-map",
        caption=caption(job, rows),
        config=CHOOSING_CONFIG,
    )
    return html.Div([colour, figure], className="stack")


def caption(job: Job, rows: pd.DataFrame) -> str:
    """How the map of a fit was made, and what it does not show."""
    values = applied(FitParameters.parse_stored(job.parameters)[0])
    return (
        f"{len(rows):,} synapses (group {values.group}), each neuron in its own frame, embedded "
        f"with UMAP ({values.umap_neighbors} neighbours, minimum distance "
        f"{values.umap_min_dist:g}, seed {values.seed}) and {_method(job, values)}. "
        f"{RASTER_NOTE if len(rows) > figures.MOST_POINTS else ''}"
        f"{PUBLISHED_NOTE if values.profile == PUBLISHED else ''}"
        "A map of this kind always shows groups: that they are there in the picture does not show "
        "that they are there in the data."
    )


def _method(job: Job, values: FitParameters) -> str:
    given = [item.label for item in job.inputs if item.name == "labels"]
    if given:
        return f"coloured by the clusters that {given[0]} gives; grey is in none"
    return CLUSTERERS[values.labels].done + ("" if values.profile == PUBLISHED else JOINED)


def _table(rows: pd.DataFrame) -> Component:
    hint = (
        "Click a point, or choose points with the lasso or the box, to see only those here; "
        "double-click the map to see all again. Click a row to find it and its nearest synapses "
        "on the map."
    )
    return html.Div(
        [
            html.P(hint, className="hint"),
            html.P(f"All {len(rows):,} synapses.", id="synapses-chosen", role="status"),
            grid.grid(rows),
            html.P("", id="synapses-nearest", role="status", className="hint"),
        ],
        className="stack",
    )


# -- evidence


def _evidence_card(job: Job) -> list[Component]:
    folder = results.folder(job.id)
    found = load(folder).evidence
    if not found["n_surrogates"]:
        return []
    parts = []
    if found.get("null_gaps"):
        drawn = against_chance(found)
        parts.append(pictured(drawn.figure, id="synapses-null", caption=drawn.caption))
    if (sweep := load(folder).sweep) is not None:
        drawn = other_densities(sweep)
        parts.append(pictured(drawn.figure, id="synapses-sweep", caption=drawn.caption))
    if not parts:
        return []
    heading = html.H2("Are these clusters more than chance?")
    return [html.Div([heading, html.Div(parts, className="pair")], className="card")]


def other_densities(lines: pd.DataFrame) -> Drawn:
    """What other values of minimum samples give."""
    words = (
        "HDBSCAN on the same map with other values of minimum samples, before any joining. A "
        "number of clusters that holds over a wide range depends little on the setting."
    )
    return Drawn(sweep_figure(lines), words)


def against_chance(found: Mapping[str, Any]) -> Drawn:
    """The comparison with chance data, of which some were drawn."""
    part = (
        f" Of the {found['n_rows_of_fit']:,} synapses {found['n_rows']:,} were drawn for this."
        if found["n_rows"] < found["n_rows_of_fit"]
        else ""
    )
    least = 1 / (1 + len(found["null_gaps"]))
    words = (
        f"Grey: the widest gap in each of {len(found['null_gaps'])} sets of chance data. They have "
        "one hump in every feature, the nearest to the one here, and nearly the same correlations "
        "(a Gaussian copula), but no clusters. Line: the widest gap in these data. A gap is a dip "
        "along the line between two groups of rows, times the root of their number. p is the share "
        "of all sets, with the data itself, whose gap is as wide, and 1 where the gap is one that "
        f"a flat hump may show: {found['null_p']:.2g}; it cannot be less than {least:.2g}. "
        f"Other seeds ({found['n_seeds']}) agree with ARI {found['seed_ari']}, 80 % subsamples "
        f"({found['n_subsamples']}) with {found['subsample_ari']}.{part}"
    )
    return Drawn(null_figure(found), words)


# -- callbacks


def register(app: Dash) -> None:
    """Connect the map, the table, and what is chosen."""
    for function, output, change in (
        ("outline", "synapses-outline", "selectedData"),
        ("view", "synapses-seen", "relayoutData"),
    ):
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction("synapses", function),
            Output(output, "data"),
            Input("synapses-map", change),
            prevent_initial_call=True,
        )
    app.callback(
        Output("synapses-choice", "data"),
        Input("synapses-outline", "data"),
        Input("synapses-histogram", "selectedData"),
        Input("synapses-show-set", "value"),
        State("synapses-measure", "value"),
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
        Input("synapses-seen", "data"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(redraw)
    grid.register(app)
    explore.register(app)


def choose(
    outline: Mapping[str, Any] | None,
    in_histogram: Mapping[str, Any] | None,
    named: str | None,
    measure: str,
) -> Choice | None:
    """What is chosen, by what was last used; None means all."""
    source, _ = pressed.latest()
    if source == "synapses-show-set":
        return {"source": "set", "name": named} if named else None
    if source == "synapses-histogram":
        span = (in_histogram or {}).get("range", {}).get("x")
        return {"source": "histogram", "measure": measure, "span": span} if span else None
    return {"source": "map", "outline": outline} if outline else None


def show_chosen(choice: Choice | None, job_id: str) -> tuple[Any, str]:
    """The chosen rows for the table, or all, and how many they are."""
    if not job_id:
        raise PreventUpdate
    rows = clusters(results.folder(job_id))
    chosen = chosen_rows(job_id, choice)
    shown = rows if chosen is None else rows.iloc[chosen]
    # A table that is read page by page asks for its rows itself.
    records = no_update if grid.is_paged(rows) else grid.records(shown)
    if chosen is None:
        return records, f"All {len(rows):,} synapses."
    return records, f"{len(chosen):,} of {len(rows):,} synapses are chosen."


Window4 = Annotated[list[int | float], Field(min_length=4, max_length=4)]
"""Left, right, bottom, top."""


class NumberedRow(TypedDict):
    """A row of the table of synapses."""

    number: int


def redraw(
    colour: str,
    selected: Sequence[NumberedRow] | None,
    choice: Choice | None,
    seen: Window4 | None,
    job_id: str,
) -> tuple[Any, str]:
    """The map in another colour, with a row pointed out, or at another zoom."""
    if not job_id:
        raise PreventUpdate
    rows = clusters(results.folder(job_id))
    is_raster = len(rows) > figures.MOST_POINTS
    on_map = (choice or {}).get("source") == "map"
    # The points themselves show what was chosen among them.
    shown = {"synapses-seen", *(["synapses-choice"] if on_map else [])}
    changed = pressed.triggers()
    if changed and shown.issuperset(changed) and not is_raster:
        raise PreventUpdate
    marked, text = _pointed_out(job_id, rows, selected)
    window = window_of(seen) if is_raster else None
    figure = figures.embedding(
        rows, offered(colour, rows.columns), marked, window, chosen_rows(job_id, choice)
    )
    if choice and choice["source"] != "map":
        # Otherwise plotly keeps what was lassoed before.
        figure.update_layout(selectionrevision=json.dumps(choice))
    return figure, text


def _pointed_out(
    job_id: str, rows: pd.DataFrame, selected: Sequence[NumberedRow] | None
) -> tuple[list[int], str]:
    if not selected:
        return [], ""
    row = offered(selected[0]["number"], range(len(rows)))
    others = nearest(results.folder(job_id), row)
    names = figures.names_of(rows.loc[others]).tolist()
    own = figures.names_of(rows.loc[[row]]).iloc[0]
    return [row, *others], f"Nearest to {own} in the features: {', '.join(names)}."


def null_figure(evidence: Mapping[str, Any]) -> go.Figure:
    """The widest gap of the data beside those of chance data."""
    figure = go.Figure()
    figure.add_histogram(
        x=evidence["null_gaps"],
        nbinsx=30,
        name="chance data",
        marker={"color": NOISE},
        hovertemplate="chance data: %{y} sets with a gap of %{x}<extra></extra>",
    )
    figure.add_vline(x=evidence["gap"], line={"color": CHOSEN, "width": 3})
    figure.add_annotation(
        x=evidence["gap"], y=1, yref="paper", yanchor="bottom", showarrow=False, text="these data"
    )
    figure.update_xaxes(
        title="widest gap between groups (dip times root of rows)", rangemode="tozero"
    )
    figure.update_yaxes(title="sets of chance data")
    return style(figure, height=300, showlegend=False)


def sweep_figure(lines: pd.DataFrame) -> go.Figure:
    """Number of clusters, share of noise and mean membership against min_samples."""
    titles = {
        "n_clusters": "clusters",
        "noise_share": "share of noise",
        "mean_probability": "mean membership",
    }
    figure = make_subplots(rows=3, shared_xaxes=True, vertical_spacing=0.06)
    for row, (column, title) in enumerate(titles.items(), start=1):
        figure.add_scatter(
            x=lines["min_samples"],
            y=lines[column],
            mode="lines+markers",
            line={"color": color(row - 1)},
            row=row,
            col=1,
            hovertemplate=f"min_samples %{{x}}: {title} %{{y:.3g}}<extra></extra>",
        )
        figure.update_yaxes(title=title, rangemode="tozero", row=row, col=1)
    figure.update_xaxes(title="minimum samples (synapses)", row=3, col=1)
    return style(figure, height=420, showlegend=False)
