"""Figures of how units lie in time to themselves and each other, and how alike they are."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.kit.figures import NOISE, Drawn
from dashboard.spikes.sorting_figures import REFRACTORY_MS
from dashboard.spikes.units.known import Known
from dashboard.spikes.units.lines import fit, joined, steps
from pipelines.spikes.units.trains import Histogram, isi_histogram

MARK = "#c43d4a"
GAP = 0.14
"""Between the cells of a matrix, of a cell's size."""
MOST_MS = 50.0
CELL_TICKS_MS = (-40, 0, 40)
FACES = {"depth": "by depth", "likeness": "by similarity"}
"""In which order the units of the matrix of similarities stand."""


def correlograms(known: Known, colors: Mapping[int, str]) -> Drawn:
    """Spikes of units around those of the same and of each other, as a matrix.

    Args:
        known: the sorting.
        colors: of the units.
    """
    units = list(colors)
    if len(units) == 1:
        return _alone(known, units[0], colors[units[0]])
    figure, texts = go.Figure(), []
    shapes: dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    for row, one in enumerate(units):
        for column in range(row, len(units)):
            found = known.correlogram(one, units[column])
            paint = colors[one] if row == column else NOISE
            x, y = _cell(found, row, column, len(units))
            shapes.setdefault(paint, []).append((x, y))
            name = f"{one}" if row == column else f"{one} × {units[column]}"
            texts.append((row, column, f"<b>{name}</b>, up to {found.counts.max(initial=0):,}"))
            if row < column:
                texts.append((column, row, _close(known, one, units[column])))
    for paint, parts in shapes.items():
        figure.add_scatter(
            x=joined([x for x, _ in parts]), y=joined([y for _, y in parts]), mode="lines",
            fill="toself", fillcolor=paint, line={"width": 0}, hoverinfo="skip",
        )  # fmt: skip
    _refractory(figure, len(units))
    _write(figure, texts, len(units))
    ticks = [(k * (1 + GAP) + (ms / MOST_MS + 1) / 2, ms) for k in range(len(units))
             for ms in CELL_TICKS_MS]  # fmt: skip
    figure.update_xaxes(
        tickvals=[x for x, _ in ticks], ticktext=[str(ms) for _, ms in ticks], showgrid=False,
        title="ms", range=[-0.05, len(units) * (1 + GAP) - GAP + 0.05],
    )  # fmt: skip
    figure.update_yaxes(visible=False, range=[-0.04, len(units) * (1 + GAP) + 0.02])
    return Drawn(
        fit(figure, (12, 12, 8, 40), legend=False),
        "On the diagonal each unit's other spikes around its own, above it the second unit's "
        "around the first's, in bins of 1 ms, each cell up to its highest bin. Red: "
        f"{REFRACTORY_MS} ms. Below the diagonal: pairs of spikes closer than that, and how many "
        "two unrelated cells of these rates would have; a pair that has hardly any may be one "
        "cell.",
    )


def _alone(known: Known, unit: int, paint: str) -> Drawn:
    found = known.correlogram(unit, unit)
    x, y = steps(found.edges_ms, found.counts)
    figure = go.Figure()
    figure.add_scatter(
        x=x, y=y, mode="lines", fill="toself", fillcolor=paint, line={"width": 0, "color": paint},
        hovertemplate="%{x:.1f} ms: %{y}<extra></extra>",
    )  # fmt: skip
    for at in (-REFRACTORY_MS, REFRACTORY_MS):
        figure.add_vline(x=at, line={"dash": "dot", "width": 1.5, "color": MARK})
    figure.update_xaxes(title=f"time from a spike of unit {unit} (ms)", range=[-50.5, 50.5])
    figure.update_yaxes(title="spikes", rangemode="tozero")
    return Drawn(
        fit(figure, (52, 12, 12, 40), legend=False),
        f"Unit {unit}: its other spikes around each of its spikes, in bins of 1 ms. Red: "
        f"{REFRACTORY_MS} ms. A single neuron leaves the middle empty. Choose another unit with "
        "shift to see the two around each other.",
    )


def _cell(
    found: Histogram, row: int, column: int, size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The bars of a cell of the matrix, which is 1 wide and high."""
    x, y = steps((found.edges_ms / found.edges_ms[-1] + 1) / 2, found.counts)
    y = y / max(1, int(found.counts.max(initial=0)))
    return x + column * (1 + GAP), y + (size - 1 - row) * (1 + GAP)


def _refractory(figure: go.Figure, size: int) -> None:
    at = [(1 + sign * REFRACTORY_MS / MOST_MS) / 2 for sign in (-1, 1)]
    cells = [(row, column) for row in range(size) for column in range(row, size)]
    x = [np.full(2, column * (1 + GAP) + one) for _, column in cells for one in at]
    y = [(size - 1 - row) * (1 + GAP) + np.array([0, 1]) for row, _ in cells for _ in at]
    figure.add_scatter(
        x=joined(x), y=joined(y), mode="lines", hoverinfo="skip",
        line={"color": MARK, "width": 1, "dash": "dot"},
    )  # fmt: skip


def _write(figure: go.Figure, texts: Sequence[tuple[int, int, str]], size: int) -> None:
    """What stands above the cells on and over the diagonal, and in those below."""
    x = [column * (1 + GAP) + (0.5 if row > column else 0.0) for row, column, _ in texts]
    y = [(size - 1 - row) * (1 + GAP) + (0.5 if row > column else 1.06) for row, column, _ in texts]
    places = ["middle center" if row > column else "middle right" for row, column, _ in texts]
    figure.add_scatter(
        x=x, y=y, mode="text", text=[text for *_, text in texts], textposition=places,
        textfont={"size": 11}, hoverinfo="skip",
    )  # fmt: skip


def _close(known: Known, one: int, two: int) -> str:
    """Pairs of spikes of two units within the refractory period, and how many chance gives."""
    there, chance = known.close_pairs(one, two)
    return f"{there:,} within {REFRACTORY_MS} ms<br>{chance:,.0f} by chance"


def intervals(known: Known, colors: Mapping[int, str]) -> Drawn:
    """Intervals between successive spikes of units, over each other."""
    figure = go.Figure()
    for unit, paint in colors.items():
        found = isi_histogram(known.apart(unit), known.rate, bin_ms=1.0, max_ms=100.0)
        x, y = steps(found.edges_ms, found.counts)
        figure.add_scatter(
            x=x, y=y, mode="lines", line={"color": paint, "width": 1.5}, name=f"unit {unit}",
            fill="tozeroy" if len(colors) == 1 else "none", fillcolor=paint,
            hovertemplate="%{x:.0f} ms: %{y}<extra>unit " + f"{unit}</extra>",
        )  # fmt: skip
    figure.add_vline(x=REFRACTORY_MS, line={"dash": "dot", "width": 1.5, "color": MARK})
    figure.update_xaxes(title="interval between spikes (ms)", range=[0, 100])
    figure.update_yaxes(title="intervals", rangemode="tozero")
    return Drawn(
        fit(figure, (52, 12, 24, 40), legend=True),
        "Intervals between successive spikes in bins of 1 ms, up to 100 ms. The dotted line is at "
        f"{REFRACTORY_MS} ms: a single neuron hardly ever fires faster.",
    )


def similarity(known: Known, colors: Mapping[int, str], order: str) -> Drawn:
    """How alike the mean waveforms of every two units are.

    Args:
        known: the sorting.
        colors: of the chosen units, which are marked.
        order: a key of `FACES`.
    """
    rows = known.by_likeness if order == "likeness" else known.by_depth
    numbers = [int(known.sorting.waveforms.unit_id[row]) for row in rows]
    names = [f"{number}" for number in numbers]
    across, down = np.meshgrid(numbers, numbers)
    figure = go.Figure(
        go.Heatmap(
            z=known.cosines[np.ix_(rows, rows)].astype(np.float32),
            x=names, y=names, zmin=-1, zmax=1, colorscale="RdBu", reversescale=True,
            customdata=np.stack([down, across], axis=-1).astype(np.int32),
            colorbar={"title": {"text": "cosine"}, "thickness": 10},
            hovertemplate="units %{y} and %{x}: %{z:.2f}<extra></extra>",
        )
    )  # fmt: skip
    for unit, paint in colors.items():
        if str(unit) in names:
            figure.add_shape(
                type="rect", xref="x domain", x0=0, x1=1, line={"color": paint, "width": 1.5},
                y0=names.index(str(unit)) - 0.5, y1=names.index(str(unit)) + 0.5,
            )  # fmt: skip
    figure.update_xaxes(title="unit", type="category", tickangle=-90)
    figure.update_yaxes(title="unit", type="category", autorange="reversed")
    return Drawn(
        fit(figure, (52, 8, 8, 52), legend=False),
        f"The cosine of every two mean waveforms, units {FACES[order]}: 1 is the same shape on the "
        "same channels, 0 also stands for units that share no channel. Drag to zoom in, "
        "double-click to see all; a click chooses the two units. Two that are alike and whose "
        "correlogram is empty at 0 may be one cell that was split.",
    )
