"""Figures of units over the time of the recording, in feature space, and in the signal."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.kit.figures import NOISE, Drawn, gap_words, shade_gaps, time_axis
from dashboard.spikes.units.known import Known
from dashboard.spikes.units.lines import fit, joined, steps, strokes, thinned
from pipelines.spikes.recording.overview import Stretch, over_time
from pipelines.spikes.units.clouds import Cloud

MOST_SPIKES = 2000
"""Drawn of each unit over time; its median and rate are of all."""
TIME_BINS = 800
MOST_POINTS = 6000
MOST_SAMPLES = 1500
"""Samples of a channel that are drawn as they are; of more, the range of each pixel column."""
SCALE: Sequence[tuple[float, str]] = (
    (0.0, "rgba(128,136,150,0)"),
    (0.02, "rgba(128,136,150,0.35)"),
    (1.0, "rgba(90,98,114,1)"),
)
MOST_GREY = 0.99


def in_time(known: Known, colors: Mapping[int, str]) -> Drawn:
    """Heights of spikes with their running median, and below the rates."""
    figure, timeline, every = go.Figure(), known.timeline, 1
    for unit, paint in colors.items():
        own = known.sorting.spikes.of(unit)
        found = over_time(own.sample_index, own.heights, timeline)
        some = thinned(len(found.seconds), MOST_SPIKES)
        every = max(every, len(own.sample_index) // max(1, len(found.seconds[some])))
        seconds, heights = found.seconds[some], found.heights_uv[some].astype(np.float64)
        tall = 0.006 * float(np.ptp(heights) if len(heights) else 1.0) + 0.4
        x, y = strokes(seconds, heights - tall, heights + tall)
        figure.add_scatter(
            x=x, y=y, mode="lines", line={"color": paint, "width": 2, "simplify": False},
            opacity=0.45, name=f"unit {unit}", hoverinfo="skip",
        )  # fmt: skip
        middle = (found.edges_s[:-1] + found.edges_s[1:]) / 2
        figure.add_scatter(
            x=middle, y=found.median_uv, mode="lines", line={"color": paint, "width": 2.5},
            hovertemplate=f"unit {unit}: median %{{y:.1f}} µV<extra></extra>", showlegend=False,
        )  # fmt: skip
        x, y = steps(found.edges_s, found.rate_hz)
        figure.add_scatter(
            x=x, y=y, yaxis="y2", mode="lines", line={"color": paint, "width": 1.5},
            fill="tozeroy" if len(colors) == 1 else "none", showlegend=False,
            hovertemplate=f"unit {unit}: %{{y:.2f}} Hz<extra></extra>",
        )  # fmt: skip
    time_axis(figure, timeline)
    fit(figure, (52, 12, 24, 40), legend=True)
    grid = {"gridcolor": "rgba(128,128,128,0.18)", "zeroline": False, "rangemode": "tozero"}
    figure.update_layout(
        xaxis={"anchor": "y2"},
        yaxis={"title": {"text": "height (µV)"}, "domain": [0.36, 1.0], **grid},
        yaxis2={"title": {"text": "rate (Hz)"}, "domain": [0.0, 0.28], **grid},
    )
    few = f"One of {every} spikes is drawn. " if every > 1 else ""
    return Drawn(
        figure,
        f"Height of the spikes with the median of each stretch as a line, and the rate. {few}A "
        "slow change is drift; heights cut off at the bottom mean that spikes are missing below "
        f"the threshold.{gap_words(timeline)}",
    )


def raster(known: Known, colors: Mapping[int, str]) -> Drawn:
    """When each unit fired, from the top of the probe to its bottom; the chosen ones in colour."""
    timeline = known.timeline
    waves = known.sorting.waveforms
    units = [int(waves.unit_id[row]) for row in known.by_depth]
    edges = np.linspace(timeline.start_s, timeline.stop_s, TIME_BINS + 1)
    share = np.minimum(_binned(known, units, edges), MOST_GREY)
    # Grey from 0 to 1; above, one whole number and a flat colour for each chosen unit.
    scale, top = list(SCALE), len(colors) + 1
    for number, (unit, paint) in enumerate(colors.items(), 1):
        row = share[units.index(unit)]
        row[row > 0] = number + 0.5
        scale += [(number, paint), (number + 1, paint)]
    figure = go.Figure(
        go.Heatmap(
            z=share, x=(edges[:-1] + edges[1:]) / 2, y=[str(unit) for unit in units],
            zmin=0, zmax=top, colorscale=[[at / top, paint] for at, paint in scale],
            showscale=False, hovertemplate="unit %{y}, %{x:.1f} s<extra></extra>",
            customdata=np.broadcast_to(np.array(units, np.int32)[:, None], share.shape),
        )
    )  # fmt: skip
    time_axis(figure, timeline)
    figure.update_yaxes(title="unit, by depth", type="category", autorange="reversed")
    fit(figure, (52, 12, 8, 40))
    figure.update_yaxes(showgrid=False)
    return Drawn(
        figure,
        f"When each of {len(units)} units fired, the topmost of the probe at the top: the darker, "
        f"the more spikes in {(edges[1] - edges[0]):.2g} s, each row up to its busiest moment; "
        "chosen units in their colours. A unit that comes or goes in the middle may have drifted. "
        f"A click chooses a unit, drag to zoom in.{gap_words(timeline)}",
    )


def _binned(known: Known, units: list[int], edges: NDArray[np.float64]) -> NDArray[np.float32]:
    """Spikes of each unit in each bin over the most that the unit has in one."""
    rows = []
    for unit in units:
        seconds = known.timeline.seconds(known.train(unit))
        counts = np.diff(np.searchsorted(seconds, edges)).astype(np.float32)
        rows.append(counts / max(1.0, float(counts.max(initial=0))))
    return np.array(rows, np.float32)


def cloud(found: Cloud, labels: NDArray[np.int16], colors: Mapping[int, str], axes: str) -> Drawn:
    """A group's spikes on two principal components, the chosen units in colour.

    Args:
        found: the group's spikes.
        labels: the unit of each, -1 for none.
        colors: of the chosen units.
        axes: which components, such as "1 and 2".
    """
    one, two = (int(word) - 1 for word in axes.split(" and "))
    figure = go.Figure()
    points = found.points.astype(np.float64)
    tall = 0.005 * float(np.ptp(points[:, two]) if len(points) else 1.0)
    chosen = {unit: labels == unit for unit in colors}
    others = ~np.any(list(chosen.values()), axis=0) if chosen else np.ones(len(labels), bool)
    parts = [("other spikes", others, NOISE, 0.35)]
    parts += [(f"unit {unit}", own, colors[unit], 0.8) for unit, own in chosen.items()]
    for name, own, paint, strong in parts:
        place = np.flatnonzero(own)
        place = place[thinned(len(place), MOST_POINTS // 2)]
        x, y = strokes(points[place, one], points[place, two] - tall, points[place, two] + tall)
        figure.add_scatter(
            x=x, y=y, mode="lines", name=name, opacity=strong, hoverinfo="skip",
            line={"color": paint, "width": 2.5, "simplify": False},
        )  # fmt: skip
    figure.update_xaxes(title=f"component {one + 1} (noise levels)")
    figure.update_yaxes(title=f"component {two + 1} (noise levels)")
    return Drawn(
        fit(figure, (52, 12, 24, 40), legend=True),
        f"Waveforms of {found.n_spikes:,} spikes over the channels of the group, on principal "
        f"components {axes}; of many every n-th is drawn. Units that touch here may be one cell.",
    )


def signal(found: Stretch, known: Known, colors: Mapping[int, str], at_s: float) -> Drawn:
    """The signal around a spike of the first chosen unit, with all spikes in it.

    Args:
        found: the stretch.
        known: the sorting.
        colors: of the chosen units.
        at_s: when the spike is.
    """
    unit, timeline = next(iter(colors)), known.timeline
    around = round(known.rate / 1000)
    step = _spacing(found, known, unit)
    offsets = -np.arange(len(found.channels)) * step
    seconds, values, thin = _drawn(found)
    figure = go.Figure()
    figure.add_scatter(
        x=joined([seconds] * len(offsets)), mode="lines", hoverinfo="skip", showlegend=False,
        y=joined([values[:, k] + offset for k, offset in enumerate(offsets)]),
        line={"width": 1, "color": "#8b93a1", "simplify": thin},
    )  # fmt: skip
    for other, (samples, column) in found.spikes.items():
        columns = range(len(offsets)) if other in colors else [column]
        rows = samples[:, None] + np.arange(-around, around + 1)
        rows = np.clip(rows, 0, len(found.seconds) - 1)
        x = [found.seconds[row] for _ in columns for row in rows]
        y = [found.traces_uv[row, k] + offsets[k] for k in columns for row in rows]
        figure.add_scatter(
            x=joined(x), y=joined(y), mode="lines", name=f"unit {other}",
            line={"width": 2 if other in colors else 1.5, "color": colors.get(other, OTHER)},
            hovertemplate=f"unit {other}<extra></extra>", customdata=[other] * len(joined(x)),
        )  # fmt: skip
    figure.add_vline(x=at_s, line={"dash": "dot", "width": 1, "color": colors[unit]})
    figure.update_xaxes(title=timeline.axis, range=[found.seconds[0], found.seconds[-1]])
    shade_gaps(figure, timeline)
    names = [f"ch {name}" for name in found.channels]
    figure.update_yaxes(tickvals=offsets, ticktext=names, title=f"{step:.0f} µV between channels")
    return Drawn(
        fit(figure, (72, 12, 24, 40), legend=True),
        f"The largest channels of unit {unit}, {known.band}, around its spike at {at_s:.4f} s. "
        "Spikes of chosen units are in their colours on all of these channels, those of others "
        "darker on their own; each for 1 ms on both sides of the peak. The keys . and , go to the "
        f"next spike and the one before.{gap_words(timeline)}",
    )


OTHER = "#4c5566"


def _spacing(found: Stretch, known: Known, unit: int) -> float:
    """Between channels: noise stays apart, and the unit's own spike takes about one and a half."""
    height = float(known.heights_uv[known.row(unit)].max())
    return max(1.0, 5 * float(np.std(found.traces_uv)), 0.7 * height)


def _drawn(found: Stretch) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Times and values (sample, channel) to be drawn: of a long stretch lowest and highest."""
    seconds, values = found.seconds, found.traces_uv.astype(np.float64)
    lifted = np.flatnonzero(np.diff(seconds) > 1.5 * np.median(np.diff(seconds))) + 1
    size = len(seconds) // (MOST_SAMPLES // 2)
    if size < 2 or len(lifted):
        return np.insert(seconds, lifted, np.nan), np.insert(values, lifted, np.nan, axis=0), True
    count = len(seconds) // size
    parts = values[: count * size].reshape(count, size, -1)
    both = np.stack([parts.min(axis=1), parts.max(axis=1)], axis=1).reshape(2 * count, -1)
    return np.repeat(seconds[: count * size : size], 2), both, False
