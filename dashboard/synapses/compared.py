"""Two fits of a table side by side: their maps, which clusters are the same, how far they hold."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from dash import html
from dash.development.base_component import Component

from dashboard.kit import results, shell
from dashboard.kit.desk import View
from dashboard.kit.figures import Drawn, color
from dashboard.runs import clusterings
from dashboard.synapses import map_figures as maps
from dashboard.synapses.rows import clusters, load
from dashboard.synapses.tabs.common import NUMBERS, said
from pipelines.core.contingency import Shared
from pipelines.core.errors import InputError
from pipelines.synapses.fits.agreement import shared

WORDS = (
    "The adjusted Rand index counts pairs of rows that are together in both or in neither, the "
    "adjusted mutual information what one clustering tells of the other; both are 1 for the same "
    "clusters and about 0 for chance. Rows that only one fit has are not compared."
)
COLORS = (
    "Both maps have the colours of the shown fit: a cluster of the compared one has that of the "
    "cluster with which it shares most rows, and is grey where all of those are taken."
)


@lru_cache(maxsize=4)
def _shared(one: Path, two: Path) -> Shared:
    return shared(clusters(one), clusters(two))


def compare(one: View, two: View) -> Component:
    """The compared run and the shown one.

    Raises:
        InputError: they have no row in common.
    """
    folders = [results.folder(view.run.id) for view in (one, two)]
    found = _shared(*folders)
    if not found.counts.size:
        raise InputError("These two fits have no row in common: nothing can be compared.")
    return html.Div(
        [
            html.Div(_maps(found, *folders), className="pair"),
            html.Div([_same(found), clusterings.against(found, "row", "fit")], className="pair"),
            _evidence(*folders),
        ],
        className="stack",
    )


# -- the maps


def _maps(found: Shared, one: Path, two: Path) -> list[Component]:
    colors = {a: color(b) for a, b in found.matches().items()}
    first = maps.embedding(clusters(one), colors=colors)
    second = maps.embedding(clusters(two))
    sides = (
        ("Compared", first, "compared-map-one", COLORS),
        ("Shown", second, "compared-map-two", ""),
    )
    return [
        html.Div([html.H3(name), Drawn(_small(figure), words).framed(identity)], className="card")
        for name, figure, identity, words in sides
    ]


def _small(figure: go.Figure) -> go.Figure:
    return figure.update_layout(height=420, dragmode="pan", clickmode="event")


# -- which clusters are the same


def _same(found: Shared) -> Component:
    return html.Div(
        [
            html.H3("Clusters that are the same"),
            html.P(clusterings.in_words(found, "row", "fit"), id="compared-words"),
            html.P(WORDS, className="hint"),
            clusterings.lines(found, "row"),
        ],
        className="card stack",
    )  # fmt: skip


# -- how far each holds


def _evidence(one: Path, two: Path) -> Component:
    both = [{**load(folder).evidence, **_sizes(folder)} for folder in (one, two)]
    titles = {name: title for name, (title, _) in NUMBERS.items() if name != "n_clusters"}
    rows = [
        html.Tr([html.Th(title, scope="row"), *[html.Td(said(each.get(name))) for each in both]])
        for name, title in {**SIZES, **titles}.items()
        if any(name in each for each in both)
    ]
    table = shell.table(("figure", "compared", "shown"), rows)
    return html.Div([html.H3("How far each holds"), table], className="card")


SIZES = {"rows": "Rows clustered", "clusters": "Clusters", "noise": "Share in no cluster"}


def _sizes(folder: Path) -> dict[str, Any]:
    labels = clusters(folder)["cluster"].to_numpy()
    found = len(np.unique(labels[labels >= 0]))
    return {"rows": len(labels), "clusters": found, "noise": float((labels < 0).mean())}
