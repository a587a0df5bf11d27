"""Ways to look closer at clustered synapses: filter, keep sets, compare, other views."""

from typing import Any

import dash_mantine_components as dmc
import numpy as np
import pandas as pd
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import message, pictured
from dashboard.server import pressed
from dashboard.server.posted import offered
from dashboard.synapses import explore_figures as figures
from dashboard.synapses import sets
from dashboard.synapses.choice import Choice, Rows, chosen_rows, named_rows
from dashboard.synapses.map_figures import cluster_name
from dashboard.synapses.rows import clusters, load
from pipelines.core.errors import InputError
from pipelines.synapses.fits.described import MOST_BOXES, MOST_RANKED, contrast

REST = "all others"
VIEWS = {
    "space": "Around the soma",
    "pairs": "Every measure against every other",
    "correlation": "Correlations",
    "boxes": "By neuron",
    "density": "Density of the map",
    "map3d": "Map in three dimensions",
}
NEEDED = {"map3d": "UMAP_3", "space": "soma_distance"}
"""A column without which there is no such view."""
CAPTIONS = {
    "space": "Positions of the synapses relative to their soma, in um: as measured on the left, "
    "turned into the frame of each neuron (axis 1 along the dendrite) on the right.",
    "pairs": "Measures against each other, one point a synapse (of many synapses "
    f"{figures.MOST_IN_PAIRS:,}, of every cluster its share).",
    "correlation": "Rank correlations (Spearman's rho) over the clustered synapses (of more than "
    f"{MOST_RANKED:,} an even part).",
    "boxes": "The measure that is chosen above, by neuron and cluster: median, quartiles, and "
    "whiskers to the outermost value within 1.5 times the interquartile range; values beyond are "
    f"not drawn. Of many neurons the {MOST_BOXES} with the most synapses are shown, of "
    f"more than {MOST_RANKED:,} synapses an even part.",
    "density": "Synapses per bin of the map (50 by 50 bins, smoothed).",
    "map3d": "The map in its three dimensions.",
}


def measures(rows: pd.DataFrame) -> list[str]:
    """The columns that measure something about a synapse."""
    names = ("cluster", "SynId", "probability", "row", "point")
    numeric = [str(name) for name in rows.select_dtypes("number").columns if name not in names]
    own = [name for name in numeric if not name.startswith(("UMAP_", "corr_"))]
    return own + [name for name in numeric if name not in own]


def described(rows: pd.DataFrame) -> list[str]:
    """The measures that clusters are described by: not places in the volume or on the map."""
    return [name for name in measures(rows) if not name.startswith(("UMAP_", "corr_"))]


def cards(job: Job, rows: pd.DataFrame) -> list[Component]:
    """Filter and sets, what sets clusters apart, other views."""
    return [
        html.Div([_filter(rows), _sets(job, rows)], className="card pair"),
        html.Div(_summary(job), className="card"),
        html.Div(_views(rows), className="card"),
    ]


def _select(id: str, label: str, data: Any, value: str | None, **more: Any) -> Component:
    properties = {"allowDeselect": False, "w": 200, **more}
    select: Component = dmc.Select(id=id, label=label, data=data, value=value, **properties)
    return select


def _filter(rows: pd.DataFrame) -> Component:
    names = measures(rows)
    return html.Div(
        [
            html.H2("Filter"),
            _select("synapses-measure", "Measure", names, names[0]),
            pictured(
                figures.histogram(rows, names[0], None),
                id="synapses-histogram",
                caption="Drag across the bars to choose the synapses in that range; "
                "double-click to choose all again. Coloured bars are the chosen ones.",
            ),
        ],
        className="stack",
    )


def _sets(job: Job, rows: pd.DataFrame) -> Component:
    options = _options(job.id, rows)
    first, second = ([*[item["value"] for item in options if item["value"] != REST], REST] * 2)[:2]
    name = dmc.TextInput(id="synapses-set-name", label="Keep the chosen synapses as", w=260)
    save = dmc.Button("Save set", id="synapses-save-set", variant="default")
    drop = dmc.Button("Remove set", id="synapses-drop-set", variant="subtle")
    kept = _select(
        "synapses-show-set",
        "Show a cluster or set",
        _options(job.id, rows)[:-1],
        None,
        allowDeselect=True,
        clearable=True,
        placeholder="all synapses",
    )
    return html.Div(
        [
            html.H2("Sets and comparison"),
            html.Div([name, save], className="row bottom"),
            html.P("", id="synapses-set-said", role="status", className="hint"),
            html.Div([kept, drop], className="row bottom"),
            html.Div(
                [
                    _select("synapses-one", "Compare", options, first),
                    _select("synapses-other", "with", options, second),
                ],
                className="row bottom",
            ),
            pictured(
                compare(first, second, job.id),
                id="synapses-comparison",
                caption="How far the two differ in each measure: Cliff's delta, from -1 to 1, "
                "with its 95 % interval. Clusters were made from these measures, so a "
                "difference between clusters describes them; it proves nothing.",
            ),
        ],
        className="stack",
    )


def _options(job_id: str, rows: pd.DataFrame) -> list[dict[str, str]]:
    """Clusters, sets, and the rest, as choices."""
    found = sorted(int(cluster) for cluster in rows["cluster"].unique())
    parts = [{"value": f"cluster:{name}", "label": cluster_name(name)} for name in found]
    kept = [
        {"value": f"set:{name}", "label": f"{name} ({len(members):,})"}
        for name, members in sets.load(job_id).items()
    ]
    return [*parts, *kept, {"value": REST, "label": REST}]


def _summary(job: Job) -> list[Component]:
    lines = load(results.folder(job.id)).summary
    shown = lines.assign(cluster=[cluster_name(int(name)) for name in lines["cluster"]])
    rows = shown.round(3).astype(object).where(shown.notna(), None).to_dict("records")
    return [
        html.H2("What sets the clusters apart"),
        pictured(
            figures.summary(lines),
            id="synapses-summary",
            caption="Each cluster against all other synapses: Cliff's delta with its 95 % "
            "interval; 1 means that every synapse of the cluster is higher.",
        ),
        html.Details(
            [
                html.Summary("The numbers"),
                results.table(
                    rows,
                    id="synapses-summary-rows",
                    label="Clusters against the rest",
                    names={"delta_low": "from", "delta_high": "to", "q25": "25 %", "q75": "75 %"},
                    height=320,
                ),
            ],
            className="fold",
        ),
    ]


def _views(rows: pd.DataFrame) -> list[Component]:
    offered = [
        {"value": name, "label": label}
        for name, label in VIEWS.items()
        if NEEDED.get(name, "cluster") in rows
    ]
    first = "map3d" if NEEDED["map3d"] in rows else "boxes"  # who asked for it sees it first
    return [
        html.H2("Other views"),
        _select("synapses-view", "View", offered, first),
        html.Div(view(first, described(rows)[0], rows), id="synapses-view-box"),
    ]


def view(name: str, measure: str, rows: pd.DataFrame) -> Component:
    """One of the other views with its caption."""
    makers = {
        "space": lambda: figures.in_space(rows),
        "pairs": lambda: figures.pairs(rows, described(rows)),
        "correlation": lambda: figures.correlation(rows, described(rows)),
        "boxes": lambda: figures.boxes(rows, measure),
        "density": lambda: figures.density(rows),
        "map3d": lambda: figures.map_in_space(rows),
    }
    return pictured(makers[offered(name, makers)](), id="synapses-viewed", caption=CAPTIONS[name])


# -- callbacks


def register(app: Dash) -> None:
    """Connect filter, sets, comparison and views."""
    job = State("panel-job", "data")
    app.callback(
        Output("synapses-histogram", "figure"),
        Input("synapses-measure", "value"),
        Input("synapses-choice", "data"),
        job,
        prevent_initial_call=True,
    )(show_histogram)
    app.callback(
        Output("synapses-view-box", "children"),
        Input("synapses-view", "value"),
        Input("synapses-measure", "value"),
        job,
        prevent_initial_call=True,
    )(show_view)
    app.callback(
        Output("synapses-set-said", "children"),
        Output("synapses-show-set", "data"),
        Output("synapses-one", "data"),
        Output("synapses-other", "data"),
        Input("synapses-save-set", "n_clicks"),
        Input("synapses-drop-set", "n_clicks"),
        State("synapses-set-name", "value"),
        State("synapses-show-set", "value"),
        State("synapses-choice", "data"),
        job,
        prevent_initial_call=True,
    )(keep)
    app.callback(
        Output("synapses-comparison", "figure"),
        Input("synapses-one", "value"),
        Input("synapses-other", "value"),
        job,
        prevent_initial_call=True,
    )(compare)


def show_histogram(measure: str, choice: Choice | None, job_id: str) -> Any:
    """The distribution of a measure, the chosen synapses before the others."""
    only_chosen = pressed.triggers() == ["synapses-choice"]
    if only_chosen and (choice or {}).get("source") == "histogram":
        # Redrawing would take away the selection that is being made.
        raise PreventUpdate
    rows = clusters(results.folder(job_id))
    return figures.histogram(rows, offered(measure, described(rows)), chosen_rows(job_id, choice))


def show_view(name: str, measure: str, job_id: str) -> Any:
    """Another view; only the one by neuron depends on the measure."""
    if pressed.triggers() == ["synapses-measure"] and name != "boxes":
        raise PreventUpdate
    rows = clusters(results.folder(job_id))
    return view(name, offered(measure, described(rows)), rows)


def keep(
    saved: int | None,
    dropped: int | None,
    name: str | None,
    shown: str | None,
    choice: Choice | None,
    job_id: str,
) -> tuple[Any, ...]:
    """Save what is chosen under a name, or remove the set that is shown."""
    if not saved and not dropped:
        raise PreventUpdate
    try:
        said = " ".join(
            _save(name, choice, job_id) if one == "synapses-save-set" else _drop(shown, job_id)
            for one in pressed.buttons()
        )
    except InputError as error:
        return error.sentence, no_update, no_update, no_update
    options = _options(job_id, clusters(results.folder(job_id)))
    return said, options[:-1], options, options


def _save(name: str | None, choice: Choice | None, job_id: str) -> str:
    chosen = chosen_rows(job_id, choice)
    rows = [] if chosen is None else chosen.tolist()
    sets.save(job_id, name or "", rows)
    return f"{len(rows):,} synapses are kept as {name}."


def _drop(shown: str | None, job_id: str) -> str:
    kind, _, name = (shown or "").partition(":")
    if kind != "set":
        raise InputError("Show the set first that is to be removed.")
    sets.remove(job_id, name)
    return f"{name} was removed."


def compare(one: str, other: str, job_id: str) -> Any:
    """Effect sizes of one set of synapses against another."""
    rows = clusters(results.folder(job_id))
    first, second = _sides(one, other, job_id, rows)
    if len(first) < 2 or len(second) < 2:
        return message("Each side needs two synapses that the other has not", height=260)
    effects = contrast(rows, first, second, described(rows))
    return figures.comparison(effects, _called(one), _called(other))


def _sides(one: str, other: str, job_id: str, rows: pd.DataFrame) -> tuple[Rows, Rows]:
    """The rows of both; the rest is what the other side leaves."""
    sides = []
    for name in (one, other):
        found = named_rows(job_id, name)
        within = np.zeros(len(rows), dtype=bool)
        within[found if found is not None else []] = True
        sides.append(within)
    if one == REST:
        sides[0] = ~sides[1]
    if other == REST:
        sides[1] = ~sides[0]
    both = sides[0] & sides[1]
    return np.flatnonzero(sides[0] & ~both), np.flatnonzero(sides[1] & ~both)


def _called(choice: str) -> str:
    kind, _, name = choice.partition(":")
    return cluster_name(int(name)) if kind == "cluster" else (name or choice)
