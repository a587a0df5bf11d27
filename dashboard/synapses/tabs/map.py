"""The tab Map: the clustered rows on their map, and what sets the chosen ones apart."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.kit import desk, results, shell, workspace_page
from dashboard.kit.bench import Shown
from dashboard.kit.desk import Answer, Panel, Slot, Tab, View, chart, column, one_of, row
from dashboard.kit.desk_table import column as plain
from dashboard.kit.desk_table import number, table
from dashboard.kit.figures import Drawn, color
from dashboard.kit.results import counted
from dashboard.synapses import compared, explore, grid, sets, training
from dashboard.synapses import explore_figures as figures
from dashboard.synapses import fit as fit_page
from dashboard.synapses import map_figures as maps
from dashboard.synapses.choice import Rows, named_rows
from dashboard.synapses.explore import REST, described, measures
from dashboard.synapses.raster import packed
from dashboard.synapses.rows import load, nearest, sizes, window_of
from dashboard.synapses.selection import called, is_drawn, selected
from dashboard.synapses.tabs.common import is_of_synapses, of_table, rows_of
from pipelines.core.errors import InputError
from pipelines.synapses.fits import described as descriptions
from pipelines.synapses.fits import folder as fit_folder

CHOSEN, ROW, COLOR, LOOK, WINDOW = "chosen", "row", "color", "look", "window"
ACROSS, UP, MEASURE, AGAINST = "across", "up", "measure", "against"
MOST_ROWS = 1000
MOST_KEYS = 12
"""Of a legend above the map."""
MOST_IN_COLUMNS = 10_000
"""Points of a picture of two columns; of more rows every so many-th."""
PLACE = tuple(f"corr_{axis}_micron" for axis in "xyz")
LOOKS = {"flat": "2-D", "space": "3-D", "frame": "3-D, neuron", "place": "3-D, volume",
         "density": "density"}  # fmt: skip
SPACES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "space": (
        ("UMAP_1", "UMAP_2", "UMAP_3"),
        ("UMAP 1", "UMAP 2", "UMAP 3"),
        "The map in its three dimensions.",
    ),
    "frame": (
        figures.AXES,
        ("along the dendrite (um)", "axis 2 (um)", "axis 3 (um)"),
        "Each synapse in the frame of its neuron, whose soma is at 0, 0, 0.",
    ),
    "place": (PLACE, ("x (um)", "y (um)", "z (um)"), "Where the synapses were measured."),
}
"""Ways to look in three dimensions: the columns, their titles, and the caption."""
EMPTY = (
    "A clustering shows its map here: every row a point, coloured by its cluster or any column, "
    "beside it what sets a cluster apart, and the rows that you choose with the lasso. Press Set "
    "up and then Cluster synapses: the table is filled in, and the defaults suit tables of "
    "synapses. Of another table of points choose the columns in the form."
)
KEEP_HINT = "Choose rows with the lasso on the map, then keep them as a set under a name."


# -- the line above the desk


def answer(view: View) -> Answer:
    """How many clusters, of how much, and what was left out."""
    found, rows = results.headline(view.run), rows_of(view.run)
    word = "synapse" if is_of_synapses(view.run) else "row"
    what = f"{counted(int(found['n_clusters']), 'cluster')} of {counted(len(rows), word)}"
    if is_of_synapses(view.run):
        what += f" of {counted(rows['NeuronId'].nunique(), 'neuron')}"
    return Answer(f"{what}; {_left_out(found)}.", _how(view))


def _left_out(found: Mapping[str, Any]) -> str:
    parts = []
    if found["n_rejected"]:
        parts.append(f"{found['n_rejected']:,} left out")
    if found["n_noise"]:
        parts.append(f"{found['n_noise']:,} in no cluster")
    if found["n_repaired"]:
        parts.append(f"{found['n_repaired']:,} repaired")
    return ", ".join(parts) or "none left out"


def _how(view: View) -> str:
    values = view.run.parameters
    given = any(item.name == "labels" for item in view.run.inputs)
    return f"{'clusters as given' if given else values['labels']}, seed {values['seed']}"


def start(view: View) -> Mapping[str, Any]:
    """All rows, coloured by cluster."""
    names = described(rows_of(view.run)) or measures(rows_of(view.run))
    first, second = (names * 2)[:2]
    return {
        CHOSEN: "", COLOR: "cluster", LOOK: "flat", ACROSS: first, UP: second, MEASURE: first,
        AGAINST: REST,
    }  # fmt: skip


def chosen_rows(view: View) -> Rows | None:
    """The chosen rows; None for all."""
    return selected(view.run.id, view.chosen[CHOSEN])


# -- the map


def _colors(rows: pd.DataFrame) -> dict[str, str]:
    names = [name for name in rows.columns if name not in ("cluster", "SynId", *maps.MAP)]
    return {name: name for name in ("cluster", *names)}


def _looks(rows: pd.DataFrame) -> dict[str, str]:
    columns = set(rows.columns)
    return {
        name: text
        for name, text in LOOKS.items()
        if name not in SPACES or columns.issuperset(SPACES[name][0])
    }


def embedding(view: View) -> Drawn:
    """The map; chosen rows in full colour, the one of the table and its nearest in rings."""
    rows, chosen = rows_of(view.run), chosen_rows(view)
    look = one_of(view.chosen[LOOK], _looks(rows))
    by = one_of(view.chosen[COLOR], _colors(rows))
    if look != "flat":
        return _otherwise(look, by, rows, chosen)
    is_raster = len(rows) > maps.MOST_POINTS
    figure = maps.embedding(
        rows, by, _ringed(view, rows), _window(view) if is_raster else None, chosen
    )
    if is_raster:
        packed(figure)
    _keys(figure, by, len(sizes(results.folder(view.run.id))))
    _selecting(figure, view, *maps.MAP)
    figure.layout.meta["raster"] = is_raster
    return Drawn(figure, fit_page.caption(view.run, rows))


def _keys(figure: Any, by: str, n_clusters: int) -> None:
    """A long legend stands at the side, where it scrolls; clusters are listed beside anyway."""
    count = sum(one.showlegend is not False and one.name is not None for one in figure.data)
    if by == "cluster" and n_clusters > MOST_KEYS:
        figure.update_layout(showlegend=False, margin_t=28)
    elif count > MOST_KEYS:
        aside = {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"}
        figure.update_layout(legend=aside, margin_t=28)


def _otherwise(look: str, by: str, rows: pd.DataFrame, chosen: Rows | None) -> Drawn:
    """In three dimensions or as a density: only what is chosen."""
    shown = rows if chosen is None else rows.iloc[chosen]
    if not len(shown):
        raise InputError("No row is chosen.")
    if look == "density":
        figure, caption = figures.density(shown), explore.CAPTIONS["density"]
    else:
        axes, titles, caption = SPACES[look]
        figure = figures.in_one_space(shown, by, axes, titles, is_place=look != "space")
    return Drawn(figure, _only(shown, rows) + caption)


def _only(shown: pd.DataFrame, rows: pd.DataFrame) -> str:
    if len(shown) == len(rows):
        return ""
    return f"Only the {len(shown):,} chosen of {len(rows):,} rows. "


def _window(view: View) -> maps.MapWindow | None:
    try:
        edges = [float(edge) for edge in (view.chosen[WINDOW] or "").split()]
    except ValueError:
        return None
    return window_of(edges) if len(edges) == 4 and np.isfinite(edges).all() else None


def _ringed(view: View, rows: pd.DataFrame) -> list[int]:
    place = view.chosen[ROW]
    if place is None or not 0 <= place < len(rows):
        return []
    return [place, *nearest(results.folder(view.run.id), place)]


def _selecting(figure: Any, view: View, *axes: str) -> None:
    """Let a lasso choose, and forget an outline when something else was chosen."""
    text = view.chosen[CHOSEN] or ""
    figure.update_layout(
        meta={"axes": list(axes)},
        clickmode="event",
        selectionrevision="drawn" if is_drawn(text) or not text else text,
    )


# -- what sets the chosen rows apart


def effects(view: View) -> Drawn:
    """Effects of the chosen rows against others; of all rows, each cluster against the rest."""
    chosen = chosen_rows(view)
    if chosen is None:
        lines = load(results.folder(view.run.id)).summary
        figure = figures.summary(figures.largest(lines))
        return Drawn(_effects(figure, "all others"), _effects_caption("Each cluster", "the rest"))
    rows = rows_of(view.run)
    first, second = _sides(view, chosen, len(rows))
    if len(first) < 2 or len(second) < 2:
        raise InputError("Each side needs two rows that the other has not: choose more, or fewer.")
    lines = figures.largest(descriptions.contrast(rows, first, second, described(rows)))
    one, other = called(view.chosen[CHOSEN]), called(view.chosen[AGAINST])
    figure = figures.comparison(lines, one, other)
    return Drawn(_effects(figure, other), _effects_caption(f"{one} ({len(first):,} rows)", other))


def _sides(view: View, chosen: Rows, count: int) -> tuple[Rows, Rows]:
    against = named_rows(view.run.id, view.chosen[AGAINST] or "")
    mine = np.zeros(count, dtype=bool)
    mine[chosen] = True
    theirs = ~mine
    if against is not None:
        theirs = np.zeros(count, dtype=bool)
        theirs[against] = True
    both = mine & theirs
    return np.flatnonzero(mine & ~both), np.flatnonzero(theirs & ~both)


def _effects(figure: Any, other: str) -> Any:
    figure.update_xaxes(title=f"Cliff's delta against {other}")
    legend = {"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0}
    return figure.update_layout(legend=legend, showlegend=1 < len(figure.data) <= MOST_KEYS)


def _effects_caption(one: str, other: str) -> str:
    return (
        f"{one} against {other}: Cliff's delta with its 95 % interval, above 0 where the first is "
        "higher; 1 means that every row of it is. Of many measures those with the largest "
        f"effects ({figures.MOST_EFFECTS}). Clusters were made from these measures: a difference "
        "between clusters describes them, it proves nothing."
    )


# -- columns


def two_columns(view: View) -> Drawn:
    """Any two columns against each other."""
    rows = rows_of(view.run)
    known = dict.fromkeys(measures(rows))
    axes = one_of(view.chosen[ACROSS], known), one_of(view.chosen[UP], known)
    shown = descriptions.thinned(rows, MOST_IN_COLUMNS)
    by = one_of(view.chosen[COLOR], _colors(rows))
    marked = [place for place in _ringed(view, rows) if place in shown.index]
    figure = maps.embedding(shown, by, marked, None, chosen_rows(view), axes)
    figure.update_layout(uirevision=" ".join(axes), showlegend=False)
    _selecting(figure, view, *axes)
    part = "" if len(shown) == len(rows) else f" {len(shown):,} of {len(rows):,} rows, evenly."
    return Drawn(figure, f"{axes[1]} against {axes[0]}, coloured as the map.{part}")


def distribution(view: View) -> Drawn:
    """One column, the chosen rows before the others."""
    rows = rows_of(view.run)
    name = one_of(view.chosen[MEASURE], dict.fromkeys(measures(rows)))
    figure = figures.histogram(rows, name, chosen_rows(view))
    _selecting(figure, view, name)
    words = "Drag across the bars to choose the rows in that range; double-click to choose all."
    return Drawn(figure.update_layout(uirevision=name), words)


def by_neuron(view: View) -> Drawn:
    """One column by neuron and cluster."""
    rows = rows_of(view.run)
    name = one_of(view.chosen[MEASURE], dict.fromkeys(measures(rows)))
    return Drawn(figures.boxes(rows, name), explore.CAPTIONS["boxes"])


def correlations(view: View) -> Drawn:
    """All measures against all others in ranks."""
    rows = rows_of(view.run)
    figure = figures.correlation(rows, described(rows))
    return Drawn(figure.update_traces(showscale=False), explore.CAPTIONS["correlation"])


def pairs(view: View) -> Drawn:
    """All measures against all others."""
    rows = rows_of(view.run)
    figure = figures.pairs(rows, described(rows)[:8]).update_layout(showlegend=False)
    return Drawn(figure, explore.CAPTIONS["pairs"])


# -- rows and sets


def chosen_table(view: View) -> Component:
    """The chosen rows; a click rings one on the map with those nearest to it."""
    rows, chosen = rows_of(view.run), chosen_rows(view)
    shown = rows if chosen is None else rows.iloc[chosen]
    records = grid.records(shown.head(MOST_ROWS))
    words = f"{len(shown):,} of {counted(len(rows), 'row')}"
    if len(shown) > MOST_ROWS:
        words += f"; the first {MOST_ROWS:,} listed, all in the download"
    columns = [
        number(name) if pd.api.types.is_numeric_dtype(shown[name]) else plain(name)
        for name in (records[0] if records else {})
        if name in shown
    ]
    listed = table(
        records, columns, key=ROW, field="number", label="Chosen rows", several=False
    )  # fmt: skip
    return html.Div([html.P(words, className="hint"), listed], className="grid-with-words")


def clusters_and_sets(view: View, said: str = "") -> Component:
    """All clusters and sets with a way to choose each, and to keep what is chosen."""
    rows, kept = rows_of(view.run), sets.load(view.run.id)
    found = {
        f"cluster:{name}": (name, count)
        for name, count in sizes(results.folder(view.run.id)).items()
    }
    lines = [
        _line(view, text, maps.cluster_name(name), count, color(name))
        for text, (name, count) in found.items()
    ]
    lines += [
        _line(view, f"set:{name}", name, len(members), "", _shares(rows, members))
        for name, members in kept.items()
    ]
    heads = ("cluster or set", "rows", "of clusters")
    following = _following([*found, *(f"set:{name}" for name in kept)], view.chosen[CHOSEN])
    turn = desk.button("Next", CHOSEN, following, shortcut="c", label="Choose the next one")
    parts = [shell.table(heads, lines), html.Div(turn, className="row")]
    return html.Div([*parts, *_keeping(view, said), _downloads(view)])


def _following(names: list[str], now: str | None) -> str:
    """The one after the chosen one, the first after the last."""
    return names[(names.index(now) + 1) % len(names)] if now in names else names[0]


def _line(
    view: View, text: str, name: str, count: int, shade: str, shares: str = ""
) -> Component:  # fmt: skip
    is_on = view.chosen[CHOSEN] == text
    button = desk.button(name, CHOSEN, "" if is_on else text, label=f"Choose {name}")
    style = {"boxShadow": f"inset 3px 0 0 {shade}"} if shade else {}
    head = html.Th(button, scope="row", style=style)
    look = "shown" if is_on else ""
    return html.Tr([head, html.Td(f"{count:,}"), html.Td(shares)], className=look)


def _shares(rows: pd.DataFrame, members: list[int]) -> str:
    """How many of a set are in each cluster."""
    labels = rows["cluster"].to_numpy()
    inside = labels[members]
    return " / ".join(str(int((inside == one).sum())) for one in np.unique(labels))


def _keeping(view: View, said: str) -> list[Component]:
    text = view.chosen[CHOSEN] or ""
    parts: list[Component] = []
    if text and not text.startswith("set:"):
        name = dcc.Input(
            id="desk-set-name", placeholder="name of the set", maxLength=60, className="choice"
        )
        keep = html.Button("Keep as set", id="desk-set-keep", className="pick")
        parts.append(html.Div([name, keep], className="row"))
    elif text:
        drop = html.Button("Remove this set", id="desk-set-drop", className="pick")
        parts.append(html.Div(drop, className="row"))
    words = said or ("" if parts else KEEP_HINT)
    return [*parts, html.P(words, className="hint", role="status")]


def _downloads(view: View) -> Component:
    links = [
        results.download(view.run, fit_folder.CLUSTERS.name, "Clusters (CSV)"),
        results.download(view.run, fit_folder.SUMMARY.name, "Effects (CSV)"),
    ]
    return html.Div(links, className="downloads")


# -- callbacks


def keep(clicks: int | None, name: str | None, text: str | None, shown: Shown) -> Component:
    """Keep what is chosen as a set."""
    if not clicks:
        raise PreventUpdate
    view = _view(shown, text)
    chosen = chosen_rows(view)
    members = [] if chosen is None else chosen.tolist()
    try:
        sets.save(view.run.id, name or "", members)
    except InputError as error:
        return clusters_and_sets(view, error.sentence)
    words = f"{counted(len(members), 'row')} kept as {' '.join((name or '').split())}."
    return clusters_and_sets(view, words)


def drop(clicks: int | None, text: str | None, shown: Shown) -> Component:
    """Remove the set that is chosen."""
    kind, _, name = (text or "").partition(":")
    if not clicks or kind != "set":
        raise PreventUpdate
    view = _view(shown, "")
    sets.remove(view.run.id, name)
    return clusters_and_sets(view, f"{name} was removed.")


def _view(shown: Shown, text: str | None) -> View:
    view = workspace_page.view_of(TAB, shown)
    return View(view.workspace, view.tab, view.run, {CHOSEN: text or ""})


def register(app: Dash) -> None:
    """Connect what is drawn on figures, the zoom of an image, and the sets."""
    for panel in ("synapse-map", "synapse-columns", "synapse-histogram", "classifier-map"):
        graph = {"type": "panel-figure", "panel": panel}
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction("synapses", "drawn"),
            Output({"type": "chosen", "key": CHOSEN}, "data", allow_duplicate=True),
            Input(graph, "selectedData"),
            State(graph, "figure"),
            prevent_initial_call=True,
        )
    graph = {"type": "panel-figure", "panel": "synapse-map"}
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("synapses", "looked"),
        Output({"type": "chosen", "key": WINDOW}, "data"),
        Input(graph, "relayoutData"),
        State(graph, "figure"),
        prevent_initial_call=True,
    )
    shown, body = State("desk", "data"), {"type": "panel-body", "panel": "synapse-sets"}
    chosen = State({"type": "chosen", "key": CHOSEN}, "data")
    app.callback(
        Output(body, "children", allow_duplicate=True),
        Input("desk-set-keep", "n_clicks"),
        State("desk-set-name", "value"),
        chosen,
        shown,
        prevent_initial_call=True,
    )(keep)
    app.callback(
        Output(body, "children", allow_duplicate=True),
        Input("desk-set-drop", "n_clicks"),
        chosen,
        shown,
        prevent_initial_call=True,
    )(drop)


# -- what stands in the heads


def _map_tools(view: View) -> Component:
    rows = rows_of(view.run)
    looks = _looks(rows)
    return html.Span(
        [
            desk.choice(COLOR, "Colour", _colors(rows), str(view.chosen[COLOR])),
            desk.choice(LOOK, "Way to look at the map", looks, one_of(view.chosen[LOOK], looks)),
            desk.button("All", CHOSEN, "", shortcut="a", label="Choose all rows"),
        ],
        className="row",
    )


def _against_tool(view: View) -> Component:
    names = [REST, *(f"cluster:{name}" for name in sizes(results.folder(view.run.id)))]
    names += [f"set:{name}" for name in sets.load(view.run.id)]
    shown = {name: f"against {called(name)}" for name in names}
    return desk.choice(AGAINST, "Compared with", shown, str(view.chosen[AGAINST]))


def _column_tool(key: str, label: str, view: View) -> Component:
    names = {name: name for name in measures(rows_of(view.run))}
    return desk.choice(key, label, names, one_of(view.chosen[key], names))


def _columns_tools(view: View) -> Component:
    parts = [_column_tool(UP, "Column up", view), _column_tool(ACROSS, "Column across", view)]
    return html.Span(parts, className="row")


def _measure_tool(view: View) -> Component:
    return _column_tool(MEASURE, "Measure", view)


TAB = Tab(
    word="map",
    title="Map",
    tasks=("synapses fit",),
    arrange=row(
        Slot(
            Panel(
                name="synapse-map", title="Map", draw=embedding, is_figure=True, picks=ROW,
                listens=(CHOSEN, ROW, COLOR, LOOK, WINDOW), tools=_map_tools,
            ),
            Panel(
                name="by-neuron", title="By neuron", draw=by_neuron, is_figure=True,
                listens=(MEASURE,), tools=_measure_tool,
            ),
            chart("correlations", "Correlations", correlations),
            chart("pairs", "Pairs", pairs),
        ),
        column(
            Panel(
                name="effects", title="What sets it apart", draw=effects, is_figure=True,
                listens=(CHOSEN, AGAINST), tools=_against_tool,
            ),
            Slot(
                Panel(
                    name="synapse-columns", title="Two columns", draw=two_columns, is_figure=True,
                    picks=ROW, listens=(CHOSEN, ROW, COLOR, ACROSS, UP), tools=_columns_tools,
                ),
                Panel(
                    name="synapse-histogram", title="Distribution", draw=distribution,
                    is_figure=True, listens=(CHOSEN, MEASURE), tools=_measure_tool,
                ),
            ),
        ),
        column(
            Panel(name="rows", title="Chosen rows", draw=chosen_table, listens=(CHOSEN,)),
            Panel(
                name="synapse-sets", title="Clusters and sets", draw=clusters_and_sets,
                listens=(CHOSEN,),
            ),
        ),
        sizes=(49, 26, 25),
    ),
    answer=answer,
    fill=of_table,
    actions=training.button,
    empty=EMPTY,
    start=start,
    register=register,
    compare=compared.compare,
)  # fmt: skip
