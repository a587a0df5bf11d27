"""Two maps of a film side by side: their clusters, their series, and what speaks for each K."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component
from plotly.subplots import make_subplots

from dashboard.brainmap.map import map_figures
from dashboard.brainmap.map.chosen import load
from dashboard.brainmap.operations import correlation
from dashboard.brainmap.tabs import sheet, shown
from dashboard.brainmap.tabs.shown import OTHER_K, PALETTE, K
from dashboard.kit import results, shell
from dashboard.kit.aria import aria
from dashboard.kit.desk import View
from dashboard.kit.figures import NOISE, Drawn, style
from dashboard.runs import clusterings
from pipelines.brainmap.map.folder import MapOfK
from pipelines.core.contingency import Shared, counted_together
from pipelines.core.errors import InputError

WORDS = (
    "Voxels that only one map has are not compared. Both maps have the colours of the shown one: a "
    "cluster of the compared map has that of the cluster with which it shares most voxels, and is "
    "grey where all of those are taken. Zooming into one zooms into both."
)
MEASURES: Mapping[str, str] = {
    "inertia": "inertia",
    "error_distance": "sum of distances",
    "crossvalidated_error": "held-out error",
    "stability_ari": "agreement over seeds (ARI)",
    "bic": "BIC",
}
"""What was measured of each K, by its column."""
OTHERWISE = (
    "Inertia and errors are in units of the normalised series: of maps that were normalised "
    "otherwise, or keep other voxels, they cannot be compared."
)


@lru_cache(maxsize=4)
def together(one: Path, k_one: int, two: Path, k_two: int) -> Shared:
    """The clusters of two maps on the voxels that both keep.

    Raises:
        InputError: the maps are of images of different shapes.
    """
    first, second = load(one), load(two)
    if first.shape != second.shape:
        raise InputError(
            f"The two maps are of images of different shapes, {first.shape} and {second.shape} "
            "(plane, y, x): their voxels cannot be compared."
        )
    _, at_one, at_two = np.intersect1d(
        first.voxels, second.voxels, assume_unique=True, return_indices=True
    )
    labels = first.labels_of(k_one)[at_one], second.labels_of(k_two)[at_two]
    alone = len(first.voxels) - len(at_one), len(second.voxels) - len(at_two)
    return counted_together(labels[0].astype(np.int64), labels[1].astype(np.int64), *alone)


def compare(one: View, two: View) -> Component:
    """The compared map and the shown one, each at its K."""
    first, second = _compared(one), two
    folders = [shown.folder(view.run) for view in (first, second)]
    ks = [shown.k_of(view) for view in (first, second)]
    found = together(folders[0], ks[0], folders[1], ks[1])
    fitted = [shown.fitted_of(view) for view in (first, second)]
    matched = replace(fitted[0], colors=colors_of(found, fitted[0], fitted[1]))
    words = clusterings.in_words(found, "voxel", "map")
    return html.Div(
        [
            _choices(first, second),
            html.Div(
                [html.H3("Both maps"), html.P(words, id="compared-words"),
                 _maps(first, second, matched, fitted[1])],
                className="card stack",
            ),
            html.Div(
                [
                    html.Div([html.H3("Clusters that are the same"),
                              clusterings.lines(found, "voxel")], className="card stack"),
                    clusterings.against(found, "voxel", "map"),
                ],
                className="pair",
            ),
            html.Div(
                [_series("Compared", matched, first), _series("Shown", fitted[1], second)],
                className="pair",
            ),
            *_measures(folders[0], folders[1]),
        ],
        className="stack",
    )  # fmt: skip


def _compared(view: View) -> View:
    """What is compared, at a K of its own where the address has one."""
    other = view.chosen.get(OTHER_K)
    return replace(view, chosen={**view.chosen, K: other}) if other else view


def colors_of(found: Shared, one: MapOfK, two: MapOfK) -> tuple[str, ...]:
    """Colours of the first map's clusters: those of the second's that they share most with."""
    matches = found.matches()
    return tuple(
        two.colors[matches[cluster]] if cluster in matches else NOISE
        for cluster in range(len(one.colors))
    )


def _choices(one: View, two: View) -> Component:
    """Links to any K of both sides, where there are several."""
    rows = []
    for name, view, key in (("Compared", one, OTHER_K), ("Shown", two, K)):
        ks = load(shown.folder(view.run)).ks
        if len(ks) < 2:
            continue
        links = [
            html.Span(f"K = {k}", **aria(current="true"))
            if k == shown.k_of(view)
            else dcc.Link(f"K = {k}", href=_address(one, two, **{key: str(k)}))
            for k in ks
        ]
        parts = [part for link in links for part in (link, " ")]
        rows.append(html.P([html.Strong(f"{name}: "), *parts]))
    return html.Div(rows)


def _address(one: View, two: View, **changed: str) -> str:
    words = {
        "run": two.run.id,
        "compare": one.run.id,
        K: str(shown.k_of(two)),
        OTHER_K: str(shown.k_of(one)),
        PALETTE: shown.palette_of(two),
        **changed,
    }
    return two.workspace.at(two.tab, **words)


def two_ks(view: View) -> str:
    """Where two K of one run are compared: the one that is shown, and its neighbour."""
    ks, k = load(shown.folder(view.run)).ks, shown.k_of(view)
    other = next((each for each in ks[::-1] if each < k), ks[-1])
    words = {"run": view.run.id, "compare": view.run.id, K: str(k), OTHER_K: str(other)}
    return view.workspace.at(view.tab, **words)


def _maps(one: View, two: View, first: MapOfK, second: MapOfK) -> Component:
    planes = sheet.ALL
    where = sheet.lay_out(load(shown.folder(two.run)).shape, planes)
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.02)
    for place, (view, fitted) in enumerate(((one, first), (two, second)), 1):
        choice = sheet.SheetChoice(shown.k_of(view), shown.palette_of(view), planes)
        png = sheet.colored_sheet(shown.folder(view.run), choice, fitted)
        source = f"data:image/png;base64,{b64encode(png).decode()}"
        image = go.Image(source=source, dx=where.step, dy=where.step, hoverinfo="skip")
        figure.add_trace(image, row=1, col=place)
    high, wide = where.size
    figure.update_xaxes(visible=False, constrain="domain", matches="x", range=[-0.5, wide - 0.5])
    figure.update_yaxes(visible=False, scaleanchor="x", matches="y", range=[high - 0.5, -0.5])
    style(figure, height=480)
    figure.update_layout(margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode="pan")
    names = [f"K = {shown.k_of(view)}" for view in (one, two)]
    caption = f"Left: the compared map, {names[0]}. Right: the shown one, {names[1]}. {WORDS}"
    return Drawn(figure, caption).framed("compared-maps")


def _series(name: str, fitted: MapOfK, view: View) -> Component:
    figure = map_figures.centroids(fitted.centroids, fitted.colors)
    figure.update_layout(height=320)
    drawn = Drawn(shown.scale_of(view).timed(figure), "The mean series of each cluster.")
    identity = f"compared-series-{name.lower()}"
    return html.Div([html.H3(f"{name}: centroids"), drawn.framed(identity)], className="card")


def _measures(one: Path, two: Path) -> list[Component]:
    """What was measured of each K of both runs."""
    if one == two:
        return []
    sweeps = [load(folder).sweep.set_index("k") for folder in (one, two)]
    rows = []
    for k in sorted({*sweeps[0].index, *sweeps[1].index}):
        for column, title in MEASURES.items():
            values = [
                float(sweep.loc[k, column]) if k in sweep.index and column in sweep else np.nan
                for sweep in sweeps
            ]
            if not np.isnan(values).all():
                cells = [html.Td(results.number(value)) for value in values]
                rows.append(html.Tr([html.Th(f"K = {k}, {title}", scope="row"), *cells]))
    table = shell.table(("measure", "compared", "shown"), rows)
    label = aria(label="Measures of each K")
    box = html.Div(table, className="scroll tall", tabIndex="0", role="region", **label)
    return [
        html.Div(
            [html.H3("What speaks for each K"), html.P(OTHERWISE, className="hint"), box],
            className="card stack",
        )
    ]


# -- two correlations


def correlations(one: View, two: View) -> Component:
    """Two maps of correlations, on the plane of the shown one.

    Raises:
        InputError: they are of images of different shapes.
    """
    folders = [results.folder(view.run.id) for view in (one, two)]
    values = [np.asarray(correlation.load(folder).values) for folder in folders]
    if values[0].shape != values[1].shape:
        raise InputError(
            f"The two correlations are of images of different shapes, {values[0].shape} and "
            f"{values[1].shape} (plane, y, x): they cannot be compared."
        )
    plane = int(results.headline(two.run)["plane"])
    words = [str(results.headline(view.run)["series"]) for view in (one, two)]
    return html.Div(
        [
            html.P(_alike(values[0], values[1]), id="compared-words"),
            html.Div(
                [
                    _one_correlation("Compared", values[0][plane], plane, words[0]),
                    _one_correlation("Shown", values[1][plane], plane, words[1]),
                ],
                className="pair",
            ),
        ],
        className="stack",
    )


def _alike(one: Any, two: Any) -> str:
    known = np.isfinite(one) & np.isfinite(two)
    a, b = one[known].astype(float), two[known].astype(float)
    if len(a) < 2 or not (a.std() and b.std()):
        return "There are too few voxels with both correlations to compare them."
    mean = float(np.abs(a - b).mean())
    return (
        f"Over {len(a):,} voxels the two maps correlate with r = {np.corrcoef(a, b)[0, 1]:.3f}; "
        f"their correlations differ by {mean:.3f} on average."
    )


def _one_correlation(name: str, values: Any, plane: int, words: str) -> Component:
    drawn = Drawn(
        correlation.correlation_figure(values, 1.0),
        f"Plane {plane}. Pearson's r with {words}.",
    )
    identity = f"compared-correlation-{name.lower()}"
    return html.Div([html.H3(name), drawn.framed(identity)], className="card")
