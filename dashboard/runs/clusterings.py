"""Two clusterings of the same things: which clusters are the same, told and drawn."""

import numpy as np
import plotly.graph_objects as go
from dash import html
from dash.development.base_component import Component

from dashboard.kit import shell
from dashboard.kit.aria import aria
from dashboard.kit.figures import Drawn, style
from dashboard.kit.results import counted
from pipelines.core.contingency import Counts, Shared, adjusted_information, adjusted_rand

MOST_WRITTEN = 16
"""Clusters of which each cell bears its number; of more, colour tells."""
MOST_INFORMED = 1_000
"""Pairs of clusters up to which the mutual information, which takes long of many, is told."""


def cluster_name(cluster: int) -> str:
    """What people read."""
    return "noise" if cluster < 0 else f"cluster {cluster}"


def in_words(found: Shared, noun: str, whole: str) -> str:
    """How far two clusterings agree.

    Args:
        found: both.
        noun: what is clustered, such as row.
        whole: what holds it, such as fit.
    """
    n_both, inside = int(found.counts.sum()), found.clustered
    alone = found.only_one + found.only_two
    kept = f"{counted(n_both, noun)} are in both {whole}s"
    kept += f", {alone:,} in one only" if alone else ""
    noisy = n_both - int(inside.sum())
    words = f"{kept}. {_indices(found.counts)}"
    if noisy and inside.sum():
        words += (
            f" with noise as a group; without the {noisy:,} that are noise in one of them "
            f"{_indices(inside)}"
        )
    return words + "."


def _indices(counts: Counts) -> str:
    rand = f"ARI {_two(adjusted_rand(counts))}"
    if counts.size > MOST_INFORMED:
        return rand
    return f"{rand}, AMI {_two(adjusted_information(counts))}"


def _two(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00")


def lines(found: Shared, noun: str) -> Component:
    """Each compared cluster with the one that has most of its members."""
    rows = []
    for k, name in enumerate(found.one.tolist()):
        cells = found.counts[k]
        total, m = int(cells.sum()), int(cells.argmax())
        back = int(cells[m]) / max(int(found.counts[:, m].sum()), 1)
        texts = (
            f"{total:,}",
            cluster_name(int(found.two[m])),
            f"{cells[m] / max(total, 1):.0%}",
            f"{back:.0%}",
        )
        head = html.Th(cluster_name(name), scope="row")
        rows.append(html.Tr([head, *[html.Td(text) for text in texts]]))
    body = shell.table(
        ("compared", f"{noun}s", "mostly in, shown", f"of its {noun}s", "of that"), rows
    )
    named = aria(label="Clusters of both")
    return html.Div(body, className="scroll tall", tabIndex="0", role="region", **named)


def contingency(found: Shared, noun: str, whole: str) -> Drawn:
    """What every two clusters share, those that are the same along the diagonal."""
    pairs = list(found.matches().items())
    down = _ordered(found.one, [a for a, _ in pairs])
    across = _ordered(found.two, [b for _, b in pairs])
    counts = found.counts[np.ix_(down, across)]
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [
        [cluster_name(int(part[k])).removeprefix("cluster ") for k in order]
        for part, order in ((found.one, down), (found.two, across))
    ]
    figure = go.Figure(
        go.Heatmap(
            z=share.astype(np.float32), y=names[0], x=names[1], text=counts,
            texttemplate="%{text:,}" if max(counts.shape) <= MOST_WRITTEN else "",
            colorscale=[(0, "rgba(59,111,212,0.05)"), (1, "rgba(59,111,212,0.85)")],
            zmin=0, zmax=1, showscale=False,
            hovertemplate="compared %{y}, shown %{x}: %{text:,} "
            f"{noun}s, %{{z:.1%}} of the compared<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title=f"cluster of the shown {whole}", type="category")
    figure.update_yaxes(
        title=f"cluster of the compared {whole}", type="category", autorange="reversed"
    )
    words = f"{noun.capitalize()}s of both {whole}s; colour: their share of the compared cluster."
    return Drawn(style(figure, height=420), words)


def against(found: Shared, noun: str, whole: str) -> Component:
    """The same in a card with its heading; arguments as of `contingency`."""
    drawn = contingency(found, noun, whole).framed("compared-contingency")
    return html.Div([html.H3("Clusters against clusters"), drawn], className="card")


def _ordered(names: Counts, first: list[int]) -> list[int]:
    """Places of names: those that come first, then the others as they are."""
    known = names.tolist()
    return [known.index(one) for one in first] + [
        k for k, one in enumerate(known) if one not in first
    ]
