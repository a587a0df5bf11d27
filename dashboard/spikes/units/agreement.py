"""Two sortings of a recording side by side: which of their units are the same."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from dash import html
from dash.development.base_component import Component

from dashboard.kit import results, shell
from dashboard.kit.desk import View
from dashboard.kit.figures import Drawn, style
from dashboard.spikes.units.known import known
from pipelines.core.errors import InputError
from pipelines.spikes.units.agreement import LEAST, WITHIN_MS, Agreement, agreement
from pipelines.spikes.units.folder import SortingFolder

WORDS = (
    "The agreement of two units is the number of spikes that they have in common, within "
    f"{WITHIN_MS} ms, over the number of spikes of both; pairs are taken from the best down, to "
    f"{LEAST:.0%}."
)


@lru_cache(maxsize=4)
def _agreement(one: Path, two: Path, rate: float) -> Agreement:
    return agreement(SortingFolder(one).spikes, SortingFolder(two).spikes, rate)


def compare(one: View, two: View) -> Component:
    """Which units of two runs are the same, as a table and a matrix."""
    first, second = known(one.run), known(two.run)
    if first.rate != second.rate:
        raise InputError("The two sortings are of recordings with different sampling rates.")
    folders = [results.folder(view.run.id) for view in (one, two)]
    found = _agreement(folders[0], folders[1], first.rate)
    pairs = found.pairs()
    return html.Div(
        [
            html.Div(
                [html.H3("Units that are the same"), html.P(_in_words(found, pairs)),
                 html.P(WORDS, className="hint"), _table(found, pairs)],
                className="card stack",
            ),
            html.Div(
                [
                    html.H3("Agreement of all units"),
                    matrix(found, pairs).framed("sortings-agreement"),
                ],
                className="card",
            ),
        ],
        className="pair",
    )  # fmt: skip


def _in_words(found: Agreement, pairs: list[tuple[int, int, float]]) -> str:
    left = len(found.one) - len(pairs), len(found.two) - len(pairs)
    return (
        f"{len(pairs)} units are in both; {left[0]} only in the compared sorting, {left[1]} only "
        "in the shown one."
    )


def _table(found: Agreement, pairs: list[tuple[int, int, float]]) -> Component:
    rows = [html.Tr([html.Th(f"{a}", scope="row"), html.Td(f"{b}"), html.Td(f"{share:.3f}")])
            for a, b, share in pairs]  # fmt: skip
    best = found.share.max(axis=1, initial=0.0)
    taken = {a for a, _, _ in pairs}
    rows += [
        html.Tr([html.Th(f"{a}", scope="row"), html.Td("–"), html.Td(f"at most {share:.3f}")])
        for a, share in zip(found.one.tolist(), best.tolist(), strict=True)
        if a not in taken
    ]
    others = {b for _, b, _ in pairs}
    rows += [
        html.Tr([html.Th("–", scope="row"), html.Td(f"{b}"), html.Td(f"at most {share:.3f}")])
        for b, share in zip(found.two.tolist(), found.share.max(axis=0, initial=0.0), strict=True)
        if b not in others
    ]
    body = shell.table(("compared", "shown", "agreement"), rows)
    return html.Div(body, className="scroll tall", tabIndex="0")


def matrix(found: Agreement, pairs: list[tuple[int, int, float]]) -> Drawn:
    """The agreement of every two units, those that are the same along the diagonal."""
    rows, columns = (
        [taken.tolist().index(pair[side]) for pair in pairs]
        + [k for k, unit in enumerate(taken.tolist()) if unit not in {pair[side] for pair in pairs}]
        for side, taken in enumerate((found.one, found.two))
    )
    figure = go.Figure(
        go.Heatmap(
            z=found.share[np.ix_(rows, columns)].astype(np.float32), zmin=0, zmax=1,
            x=[str(found.two[k]) for k in columns], y=[str(found.one[k]) for k in rows],
            colorscale="Blues", colorbar={"title": {"text": "agreement"}, "thickness": 10},
            hovertemplate="compared %{y}, shown %{x}: %{z:.3f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title="unit of the shown sorting", type="category")
    figure.update_yaxes(title="unit of the compared one", type="category", autorange="reversed")
    return Drawn(style(figure, height=480), "Matched units stand on the diagonal, best first.")
