"""Figures of the shape and place of units."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.kit.figures import NOISE, Drawn
from dashboard.spikes.units.known import Floats, Known
from dashboard.spikes.units.lines import fit, joined

MOST_CHANNELS = 16
OF_ONE = 8
"""Channels of a unit that are shown, the largest."""
SEEN = 0.05
"""Of a unit's height: where it is smaller it is not drawn."""
LEAST_DOT, MOST_DOT = 6.0, 18.0
QUIET = "rgba(128,136,150,0.55)"


def waveforms(known: Known, colors: Mapping[int, str]) -> Drawn:
    """Mean waveforms of units where their channels are on the probe.

    Args:
        known: the sorting.
        colors: of the units that are shown, the first of them first.
    """
    rows = [known.row(unit) for unit in colors]
    channels = _channels(known, rows)
    places, (wide, high) = _cells(known.places_um[channels])
    waves = known.sorting.waveforms
    shown = np.nan_to_num(waves.mean[rows][:, :, channels])
    scale = 0.9 * high / max(float(np.ptp(shown, axis=1).max(initial=0.0)), 1e-9)
    span = waves.ms[-1] - waves.ms[0]
    across = (waves.ms - waves.ms[0]) / span * 0.86 * wide - 0.43 * wide
    figure = go.Figure()
    for row, (unit, paint) in zip(rows, colors.items(), strict=True):
        kept = np.flatnonzero(known.heights_uv[row][channels] > 0)
        sd = np.nan_to_num(waves.sd[row][:, channels])
        mean = np.nan_to_num(waves.mean[row][:, channels])
        at = [(places[k, 0] + across, places[k, 1], mean[:, k], sd[:, k]) for k in kept]
        band = [np.concatenate([m + s, (m - s)[::-1]]) * scale + y for _, y, m, s in at]
        figure.add_scatter(
            x=joined([np.concatenate([x, x[::-1]]) for x, *_ in at]), y=joined(band),
            fill="toself", fillcolor=paint, opacity=0.18, line={"width": 0}, mode="lines",
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip
        figure.add_scatter(
            x=joined([x for x, *_ in at]), y=joined([y + m * scale for _, y, m, _ in at]),
            mode="lines", line={"color": paint, "width": 2}, name=f"unit {unit}", hoverinfo="skip",
        )  # fmt: skip
    _names(figure, places, waves.channel_id[channels], wide, high)
    _bars(figure, places, (wide, high), scale, 0.86 * wide / span)
    figure.update_xaxes(visible=False, range=_range(places[:, 0], wide, 0.5))
    figure.update_yaxes(visible=False, range=_range(places[:, 1], high, 0.75))
    count = " and ".join(f"unit {unit} ({len(known.train(unit)):,} spikes)" for unit in colors)
    return Drawn(
        fit(figure, (8, 8, 24, 8), legend=True),
        f"Mean waveforms of {count} with one standard deviation, {known.band}, each on its largest "
        "channels where these are on the probe. The bar is the scale of all.",
    )


def _channels(known: Known, rows: list[int]) -> NDArray[np.intp]:
    """The largest channels of the units, the first unit's first to be taken."""
    found: dict[int, None] = {}
    for row in rows:
        heights = known.heights_uv[row]
        largest = np.argsort(-heights, kind="stable")[:OF_ONE]
        found |= dict.fromkeys(
            int(one) for one in largest if heights[one] > SEEN * heights[largest[0]]
        )
    return np.array(list(found)[:MOST_CHANNELS] or [0], dtype=np.intp)


def _cells(places: Floats) -> tuple[Floats, tuple[float, float]]:
    """Where the waveforms of channels are drawn, and how wide and high each may be.

    Channels that lie in one place, as those of a twisted tetrode may, stand side by side; what is
    empty between units that are far from each other is cut short.
    """
    if len(np.unique(places, axis=0)) < len(places):
        number = np.arange(len(places))
        places = np.stack([number % 4, -(number // 4)], axis=1).astype(np.float64)
    wide, high = _step(places[:, 0]), _step(places[:, 1])
    drawn = np.stack([_shortened(places[:, 0], wide), _shortened(places[:, 1], high)], axis=1)
    beside = np.abs(drawn[:, None, 0] - drawn[None, :, 0]) < 0.9 * wide
    apart = np.abs(drawn[:, None, 1] - drawn[None, :, 1])
    near = apart[beside & (apart > 1e-6)]
    return drawn, (wide, float(near.min()) if len(near) else high)


def _shortened(values: Floats, step: float) -> Floats:
    """Coordinates with the gaps between them cut to at most a bit over two steps."""
    known, place = np.unique(values, return_inverse=True)
    gaps = np.minimum(np.diff(known), 2.2 * step)
    return np.asarray(np.concatenate([[0.0], np.cumsum(gaps)])[place])


def _step(values: Floats) -> float:
    """The smallest distance of columns or rows; those almost in line are one."""
    steps = np.diff(np.unique(np.round(values, 3)))
    steps = steps[steps > 0.1 * np.median(steps)] if len(steps) else steps
    return float(steps.min()) if len(steps) else 1.0


def _range(values: Floats, step: float, margin: float) -> list[float]:
    return [float(values.min() - margin * step), float(values.max() + margin * step)]


def _names(
    figure: go.Figure, places: Floats, names: NDArray[np.str_], wide: float, high: float
) -> None:
    figure.add_scatter(
        x=places[:, 0] - 0.43 * wide, y=places[:, 1] + 0.3 * high, mode="text",
        text=[f"ch {name}" for name in names], textposition="middle right",
        textfont={"size": 10, "color": NOISE}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def _bars(
    figure: go.Figure, places: Floats, cell: tuple[float, float], scale: float, per_ms: float
) -> None:
    """One bar for microvolts and one for a millisecond, in the corner."""
    volts = _round_number(0.5 * cell[1] / scale)
    x = places[:, 0].min() - 0.47 * cell[0]
    y = places[:, 1].min() - 0.68 * cell[1]
    figure.add_scatter(
        x=[x, x, x + per_ms], y=[y + volts * scale, y, y], mode="lines+text",
        text=[f" {volts:g} µV", "", " 1 ms"], textposition="middle right",
        line={"color": NOISE, "width": 2}, textfont={"size": 10, "color": NOISE},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def _round_number(value: float) -> float:
    """The next smaller of 1, 2, 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(max(value, 1e-9)))
    return float(power * max(one for one in (1, 2, 5) if one * power <= value * 1.0001))


def probe(known: Known, colors: Mapping[int, str]) -> Drawn:
    """Channels and units where they are; a larger dot is a larger unit.

    Args:
        known: the sorting.
        colors: of the units that are chosen.
    """
    places, homes = known.places_um, known.homes_um
    numbers = known.sorting.waveforms.unit_id.tolist()
    size = known.heights_uv.max(axis=1)
    dot = LEAST_DOT + (MOST_DOT - LEAST_DOT) * np.sqrt(size / max(float(size.max()), 1e-9))
    figure = go.Figure()
    half = 0.25 * np.array([_step(places[:, 0]), _step(places[:, 1])])
    corner = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * half
    squares = places[:, None] + corner
    figure.add_scatter(
        x=joined(list(squares[:, :, 0])), y=joined(list(squares[:, :, 1])), mode="lines",
        line={"color": QUIET, "width": 1}, opacity=0.6, hoverinfo="skip",
    )  # fmt: skip
    paint = [colors.get(number, QUIET) for number in numbers]
    front = sorted(range(len(numbers)), key=lambda row: numbers[row] in colors)
    figure.add_scatter(
        x=homes[front, 0], y=homes[front, 1], mode="markers",
        customdata=[numbers[row] for row in front],
        marker={"size": dot[front], "color": [paint[row] for row in front], "line": {"width": 0}},
        hovertemplate="unit %{customdata}: %{x:.0f}, %{y:.0f} µm<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title="µm", nticks=4, range=_span(places[:, 0], homes[:, 0]))
    span = _span(places[:, 1], homes[:, 1])
    figure.update_yaxes(title="µm", range=span)
    return Drawn(
        fit(figure, (60 if max(span) >= 1000 else 48, 8, 8, 40), legend=False),
        "Where the channels (squares) and the units are: a unit is at the mean of its channels, "
        "weighed by the square of its height there; a larger dot is a higher waveform. Both axes "
        "fill the panel, so they have scales of their own. A click chooses a unit, with shift "
        "several; drag to zoom in, double-click to see all.",
    )


def _span(*values: Floats) -> list[float]:
    every = np.concatenate(values)
    margin = 0.06 * float(np.ptp(every)) + 5
    return [float(every.min() - margin), float(every.max() + margin)]
