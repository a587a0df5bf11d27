"""Spikes that are chosen in a group's cloud: whose they are, how they look, and a split."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import dash_mantine_components as dmc
import numpy as np
import plotly.graph_objects as go
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from dashboard.kit import results
from dashboard.kit.aria import aria
from dashboard.kit.figures import NOISE, color, framed, style
from dashboard.server import people
from dashboard.server.people import Role
from dashboard.server.posted import Outline, Whole, offered, one_of
from dashboard.spikes.curation import desk as curating
from dashboard.spikes.sorting_figures import REFRACTORY_MS
from pipelines.core.errors import InputError, NeuroboardError
from pipelines.spikes.curation.steps import CurationStep
from pipelines.spikes.recording import signal_reader
from pipelines.spikes.units.clouds import Cloud
from pipelines.spikes.units.folder import SortingFolder, read_finished
from pipelines.spikes.units.selection import MOST_READ, Beside, choose
from pipelines.spikes.units.sorting import FinishedSorting
from pipelines.spikes.units.trains import Histogram, isi_histogram

AXES = {"1 and 2": (0, 1), "1 and 3": (0, 2), "2 and 3": (1, 2)}
Axes = Annotated[str, one_of(AXES)]
HINT = (
    "Draw a line around some spikes with the mouse to see how many they are and how they differ "
    "from the rest of their unit."
)
REASON = "line drawn in the clusters of group {group}, components {axes}"
WINDOW_MS = 50.0
SHARE = "% of intervals"


@lru_cache(maxsize=4)
def clouds(folder: Path) -> dict[int, Cloud]:
    """Spikes in feature space of every group, as far as the sorting kept them."""
    return dict(SortingFolder(folder).clouds)


@lru_cache(maxsize=2)
def _sorting(folder: Path) -> FinishedSorting:
    return read_finished(folder)


def forget() -> None:
    """Read sortings anew: one was told where its recording lies now."""
    _sorting.cache_clear()


def view() -> list[Component]:
    """Where the answer to a line goes."""
    return [
        dcc.Store(id="spikes-outline"),
        html.Div(
            html.P(HINT, className="hint"),
            id="spikes-chosen",
            className="stack",
            **aria(live="polite"),
        ),
    ]


def register(app: Dash) -> None:
    """Connect the line with what is said of it, and the button below."""
    # All points of a large lasso are megabytes; the line around them is a few hundred bytes.
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "drawnOutline"),
        Output("spikes-outline", "data"),
        Input("spikes-clusters", "selectedData"),
        prevent_initial_call=True,
    )
    app.callback(
        Output("spikes-chosen", "children"),
        Input("spikes-outline", "data"),
        State("spikes-group", "value"),
        State("spikes-axes", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show)
    app.callback(
        Output("spikes-split-said", "children"),
        Input("spikes-split", "n_clicks"),
        State("spikes-outline", "data"),
        State("spikes-group", "value"),
        State("spikes-axes", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(split)


def show(outline: Outline | None, group: Whole, axes: Axes, job_id: str) -> list[Component]:
    """What is inside the line, and its unit's spikes beside it."""
    if not outline:
        return [html.P(HINT, className="hint")]
    folder = results.folder(job_id)
    places, loose = _inside(folder, outline, int(group), axes)
    total = sum(map(len, places.values())) + loose
    if not places:
        return [html.P(f"{total:,} spikes in the line, of no unit.", className="hint")]
    sorting = _sorting(folder)
    unit = _cut(sorting, places)
    size = _size(sorting, unit)
    parts = [
        f"{len(found):,} of unit {one}" + (f" (of {size:,})" if one == unit else "")
        for one, found in places.items()
    ]
    parts += [f"{loose:,} of no unit"] if loose else []
    return [
        html.P(f"{total:,} spikes in the line: {', '.join(parts)}.", className="chosen"),
        html.Div(list(_beside(sorting, unit, places[unit])), className="pair"),
        *_offer(clouds(folder)[int(group)], unit, len(places[unit]), size),
    ]


def _inside(
    folder: Path, outline: Sequence[Sequence[float]], group: int, axes: str
) -> tuple[dict[int, NDArray[np.int64]], int]:
    line = (outline[0], outline[1])
    known = clouds(folder)
    cloud = known[offered(group, known)]
    chosen = choose(_sorting(folder), group, cloud, AXES[axes], line)
    return dict(chosen.places), chosen.loose


def _cut(sorting: FinishedSorting, places: Mapping[int, NDArray[np.int64]]) -> int:
    """The unit that the line cuts: of those partly inside the one with most spikes in it."""
    partly = [unit for unit, found in places.items() if len(found) < _size(sorting, unit)]
    return next(iter(partly or places))


def _size(sorting: FinishedSorting, unit: int) -> int:
    return int((sorting.unit_id == unit).sum())


def _beside(sorting: FinishedSorting, unit: int, places: NDArray[np.int64]) -> Iterator[Component]:
    try:
        yield framed(
            beside_figure(unit, signal_reader.beside(sorting, unit, places)),
            id="spikes-chosen-waveforms",
            caption=f"Unit {unit}: mean waveform with one standard deviation of its spikes in the "
            f"line and of its others, at most {MOST_READ} of each, on its largest channels.",
        )
    except InputError as error:
        yield html.P(error.sentence, className="empty")
    rate = sorting.clock.sampling_frequency
    others = np.setdiff1d(np.flatnonzero(sorting.unit_id == unit), places)
    apart = sorting.timeline.apart(sorting.sample_index)
    trains = [apart[some] for some in (places, others)]
    inside, outside = (isi_histogram(train, rate, bin_ms=1.0, max_ms=WINDOW_MS) for train in trains)
    short = [int((np.diff(train) < REFRACTORY_MS * rate / 1000).sum()) for train in trains]
    yield framed(
        intervals_figure(unit, inside, outside),
        id="spikes-chosen-intervals",
        caption=f"Intervals between successive spikes in bins of 1 ms. Shorter than "
        f"{REFRACTORY_MS} ms: {short[0]} among those in the line, {short[1]} among the others.",
    )


def _offer(cloud: Cloud, unit: int, chosen: int, size: int) -> Iterator[Component]:
    """A way to split the unit, where that makes sense."""
    if chosen == size:
        yield html.P(f"All spikes of unit {unit} are in the line.", className="hint")
    elif cloud.n_spikes > len(cloud.points):
        text = (
            f"Of this group {len(cloud.points):,} of {cloud.n_spikes:,} spikes were kept here, so "
            "a line does not find all: split the unit in its curation."
        )
        yield html.P(text, className="hint")
    else:
        yield html.Div(
            [
                dmc.Button(
                    f"Split these off unit {unit} in the curation",
                    id="spikes-split", variant="default", size="sm",
                ),
                html.Span(
                    "The sorting stays as it is; the step can be undone in the curation.",
                    className="hint",
                ),
            ],
            className="row",
        )  # fmt: skip
        yield html.Div(id="spikes-split-said", role="status")


def split(
    clicks: int | None,
    outline: Sequence[Sequence[float]] | None,
    group: str,
    axes: str,
    job_id: str,
) -> Component:
    """Add the split to the curation of the sorting, and say where it is."""
    if not clicks or not outline:
        raise PreventUpdate
    folder = results.folder(job_id)
    places, _ = _inside(folder, outline, int(group), axes)
    unit = _cut(_sorting(folder), places)
    step = CurationStep(
        "split",
        people.current().name or "me",
        (unit,),
        spikes=(tuple(places[unit].tolist()),),
        reason=REASON.format(group=group, axes=axes),
    )
    link = dcc.Link("Open the curation", href=f"/spikes?step=curate&sort={job_id}")
    try:
        people.require(Role.WORK)
        state = curating.curate_sorting(folder, step)
    except NeuroboardError as error:
        return html.P([f"{error.sentence} ", link], className="error", role="alert")
    made = " and ".join(map(str, state.done[-1].made))
    return html.P([f"In the curation, unit {unit} is split into units {made}. ", link])


def beside_figure(unit: int, shapes: Beside) -> go.Figure:
    """Mean waveforms, with one standard deviation, of chosen spikes and of the others."""
    count = max(1, len(shapes.channels))
    figure = make_subplots(
        rows=1, cols=count, shared_yaxes=True, horizontal_spacing=0.03,
        subplot_titles=[f"ch {name}" for name in shapes.channels],
    )  # fmt: skip
    parts = (("the others", shapes.outside, NOISE), ("in the line", shapes.inside, color(unit)))
    for name, values, paint in parts:
        for column in range(len(shapes.channels) if len(values) else 0):
            for trace in _band_and_mean(name, paint, shapes.ms, values[:, :, column], column):
                figure.add_trace(trace, row=1, col=column + 1)
    figure.update_xaxes(title="ms")
    figure.update_yaxes(title="µV", row=1, col=1)
    return style(figure, height=320, legend={"orientation": "h", "y": 1.2})


def _band_and_mean(
    name: str, paint: str, ms: NDArray[np.float64], values: NDArray[np.float32], column: int
) -> list[go.Scatter]:
    mean, sd = values.mean(axis=0), values.std(axis=0)
    band = go.Scatter(
        x=np.concatenate([ms, ms[::-1]]), y=np.concatenate([mean + sd, (mean - sd)[::-1]]),
        fill="toself", fillcolor=paint, opacity=0.25, line={"width": 0}, hoverinfo="skip",
        legendgroup=name, showlegend=False,
    )  # fmt: skip
    line = go.Scatter(
        x=ms, y=mean, line={"color": paint, "width": 2}, name=name, legendgroup=name,
        showlegend=column == 0,
        hovertemplate=f"{name}, %{{x:.2f}} ms: %{{y:.1f}} µV<extra></extra>",
    )  # fmt: skip
    return [band, line]


def intervals_figure(unit: int, inside: Histogram, outside: Histogram) -> go.Figure:
    """Intervals between successive spikes, among those chosen and among the others."""
    figure = go.Figure()
    parts = (("the others", outside, NOISE), ("in the line", inside, color(unit)))
    for name, found, paint in parts:
        share = 100 * found.counts / max(1, found.counts.sum())
        figure.add_scatter(
            x=found.edges_ms[:-1], y=share, mode="lines", name=name,
            line={"shape": "hv", "color": paint, "width": 2},
            hovertemplate=f"{name}, %{{x:.0f}} ms: %{{y:.1f}} %<extra></extra>",
        )  # fmt: skip
    figure.add_vline(x=REFRACTORY_MS, line={"dash": "dot", "width": 1.5, "color": "#a3262f"})
    figure.update_xaxes(title="interval between spikes (ms)", range=[0, inside.edges_ms[-1]])
    figure.update_yaxes(title=SHARE, rangemode="tozero")
    return style(figure, height=320, legend={"orientation": "h", "y": 1.2})
