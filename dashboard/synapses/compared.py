"""Two fits of a table side by side: their maps, which clusters are the same, how far they hold."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from dash import html
from dash.development.base_component import Component

from dashboard.kit import results, shell
from dashboard.kit.aria import aria
from dashboard.kit.desk import View
from dashboard.kit.figures import Drawn, color, style
from dashboard.kit.results import counted
from dashboard.synapses import map_figures as maps
from dashboard.synapses.rows import clusters, load
from dashboard.synapses.tabs.common import NUMBERS, said
from pipelines.core.errors import InputError
from pipelines.synapses.fits.agreement import (
    Shared,
    adjusted_information,
    adjusted_rand,
    shared,
)

MOST_WRITTEN = 16
"""Clusters of which each cell bears its number; of more, colour tells."""
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
            html.Div([_same(found), _contingency(found)], className="pair"),
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
            html.P(in_words(found), id="compared-words"),
            html.P(WORDS, className="hint"),
            html.Div(_lines(found), className="scroll tall", tabIndex="0", role="region",
                     **aria(label="Clusters of both fits")),
        ],
        className="card stack",
    )  # fmt: skip


def in_words(found: Shared) -> str:
    """How far two fits agree."""
    n_both, inside = int(found.counts.sum()), found.clustered
    alone = found.only_one + found.only_two
    kept = f"{counted(n_both, 'row')} are in both fits"
    kept += f", {alone:,} in one only" if alone else ""
    noisy = n_both - int(inside.sum())
    words = f"{kept}. ARI {_two(adjusted_rand(found.counts))}"
    words += f", AMI {_two(adjusted_information(found.counts))}"
    if noisy and inside.sum():
        words += (
            f" with noise as a group; without the {noisy:,} that are noise in one of them "
            f"ARI {_two(adjusted_rand(inside))}, AMI {_two(adjusted_information(inside))}"
        )
    return words + "."


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00")


def _lines(found: Shared) -> Component:
    """Each compared cluster with the one that has most of its rows."""
    rows = []
    for k, name in enumerate(found.one.tolist()):
        cells = found.counts[k]
        total, m = int(cells.sum()), int(cells.argmax())
        back = int(cells[m]) / max(int(found.counts[:, m].sum()), 1)
        texts = (
            f"{total:,}",
            maps.cluster_name(int(found.two[m])),
            f"{cells[m] / max(total, 1):.0%}",
            f"{back:.0%}",
        )
        head = html.Th(maps.cluster_name(name), scope="row")
        rows.append(html.Tr([head, *[html.Td(text) for text in texts]]))
    return shell.table(("compared", "rows", "mostly in, shown", "of its rows", "of that"), rows)


def _contingency(found: Shared) -> Component:
    return html.Div(
        [
            html.H3("Clusters against clusters"),
            contingency(found).framed("compared-contingency"),
        ],
        className="card",
    )


def contingency(found: Shared) -> Drawn:
    """Shared rows of every two clusters, those that are the same along the diagonal."""
    pairs = list(found.matches().items())
    down = _ordered(found.one, [a for a, _ in pairs])
    across = _ordered(found.two, [b for _, b in pairs])
    counts = found.counts[np.ix_(down, across)]
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [
        [maps.cluster_name(int(part[k])).removeprefix("cluster ") for k in order]
        for part, order in ((found.one, down), (found.two, across))
    ]
    figure = go.Figure(
        go.Heatmap(
            z=share.astype(np.float32), y=names[0], x=names[1], text=counts,
            texttemplate="%{text:,}" if max(counts.shape) <= MOST_WRITTEN else "",
            colorscale=[(0, "rgba(59,111,212,0.05)"), (1, "rgba(59,111,212,0.85)")],
            zmin=0, zmax=1, showscale=False,
            hovertemplate="compared %{y}, shown %{x}: %{text:,} rows, %{z:.1%} of the compared"
            "<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title="cluster of the shown fit", type="category")
    figure.update_yaxes(title="cluster of the compared fit", type="category", autorange="reversed")
    words = "Rows that both fits have; colour: share of the rows of the compared cluster."
    return Drawn(style(figure, height=420), words)


def _ordered(names: np.ndarray, first: list[int]) -> list[int]:
    """Places of names: those that come first, then the others as they are."""
    known = names.tolist()
    return [known.index(one) for one in first] + [
        k for k, one in enumerate(known) if one not in first
    ]


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
