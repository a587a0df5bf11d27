"""The tab Signal of a recording: its traces at any zoom, its channels, and what is left out."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import ClientsideFunction, Dash, Input, Output, html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.kit import desk, results
from dashboard.kit.desk import Answer, Panel, Slot, Tab, View, chart, column, row
from dashboard.kit.desk_table import column as plain
from dashboard.kit.desk_table import number, table
from dashboard.kit.figures import Drawn, gap_words
from dashboard.setup import glance
from dashboard.setup.facts import table as table_of_facts
from dashboard.spikes import look
from dashboard.spikes import look_figures as figures
from dashboard.spikes.tabs import facts, glimpse
from pipelines.core.errors import NeuroboardError
from pipelines.spikes.recording import signal_reader
from pipelines.spikes.recording.looked import LookFolder

CHANNELS, SPAN, PAGE = "channels", "span", "page"
AT_ONCE = 16
"""Channels that are drawn below each other."""
FIRST_S = 1.0
WHOLE = "whole"
EMPTY = (
    "A look shows the recording here before anything is sorted: its traces at any zoom, where the "
    "channels are, their noise and spectrum, which are dead, noisy or bridged, and what a sorting "
    "will leave out. It takes seconds: press Set up and then Look at the recording."
)


def answer(view: View) -> Answer:
    """How much was recorded, and what is wrong with it."""
    found = results.headline(view.run)
    wrong = look.left_out(_channels(view), found)
    count = len(wrong)
    said = "nothing looks wrong" if not wrong else f"{count} {'thing' if count == 1 else 'things'} "
    said += "" if not wrong else "will be left out"
    length = results.duration(found)["Duration"]
    segments = results.duration(found).get("Segments")
    many = f" in {segments} segments" if segments else ""
    how = f"{found['sampling_frequency'] / 1000:g} kHz"
    return Answer(f"{found['n_channels']} channels, {length}{many}; {said}.", how)


def _channels(view: View) -> pd.DataFrame:
    return LookFolder(results.folder(view.run.id)).channels


def traces(view: View) -> Drawn:
    """The signal as it was recorded, of the chosen channels or those beside each other."""
    timeline = results.timeline(results.headline(view.run))
    names = _shown(view)
    every = _channels(view)["channel"].tolist()
    start_s, stop_s = _span(view)
    envelope, revision = look.read(view.run, [every.index(name) for name in names], start_s, stop_s)
    figure = figures.lanes(envelope, names, view.chosen[CHANNELS], revision, timeline)
    first, last = names[0], names[-1]
    return Drawn(
        figure,
        f"{len(names)} of {len(every)} channels, {first} to {last} by depth, as recorded: for each "
        "picture column the range from its lowest to its highest value, so no spike is lost at any "
        "zoom. Drag to zoom in: the range is read anew from the recording. A click on the probe "
        f"or a row of the table shows a channel, with shift several.{gap_words(timeline)}",
    )


def _shown(view: View) -> list[str]:
    """Channels that are drawn: from the top of the probe down, the chosen ones among them."""
    order = _by_depth(_channels(view))
    chosen = [name for name in view.chosen[CHANNELS] if name in order]
    if len(chosen) > 1:
        return sorted(chosen, key=order.index)[:AT_ONCE]
    if chosen:
        first = max(0, min(order.index(chosen[0]) - AT_ONCE // 2, len(order) - AT_ONCE))
    else:
        pages = -(-len(order) // AT_ONCE)
        first = ((view.chosen[PAGE] or 0) % pages) * AT_ONCE
    return order[first : first + AT_ONCE]


def _by_depth(channels: pd.DataFrame) -> list[str]:
    if "y_um" not in channels:
        return [str(name) for name in channels["channel"]]
    ordered = channels.sort_values(["y_um", "x_um"], ascending=[False, True], kind="stable")
    return [str(name) for name in ordered["channel"]]


def _span(view: View) -> tuple[float, float]:
    """From when to when; the first second where an address says something else."""
    timeline = results.timeline(results.headline(view.run))
    if view.chosen[SPAN] == WHOLE:
        return timeline.start_s, timeline.stop_s
    try:
        start_s, stop_s = map(float, str(view.chosen[SPAN] or "").split(","))
    except ValueError:
        return timeline.start_s, min(timeline.start_s + FIRST_S, timeline.stop_s)
    return start_s, stop_s


def probe(view: View) -> Drawn:
    """Where the channels are, and which of them are left out."""
    return look.probe(_channels(view))


def noise(view: View) -> Drawn:
    """How noisy each channel is."""
    return look.noise(view.run, _channels(view))


def spectrum(view: View) -> Drawn:
    """Power of every channel over frequency."""
    return look.spectrum(view.run, _channels(view))


def saturation(view: View) -> Drawn:
    """How much of every second is out of range."""
    return look.saturation(view.run, results.headline(view.run))


def left_out(view: View) -> Component:
    """What a sorting will leave out and why, and the stretches that are no signal."""
    found = results.headline(view.run)
    lines = look.left_out(_channels(view), found)
    words = "Nothing looks wrong: everything will be sorted."
    said = html.Ul([html.Li(line) for line in lines]) if lines else html.P(words)
    hint = html.P(
        "The form of the sorting on the tab Units is filled in with this; you can change it there.",
        className="hint",
    )
    return html.Div([said, hint, *look.without_signal(view.run, found)])


def file(view: View) -> Component:
    """How the recording was read, and a way to read it otherwise."""
    told = facts.facts({**results.headline(view.run), **_read_as(view.run)}, view.run)
    return html.Div([table_of_facts(told), glance.otherwise(view.run, "gain_uv", "layout")])


def _read_as(job: Job) -> dict[str, Any]:
    """Format, sample type and gain, from the recording itself; nothing where that is gone."""
    paths = {item.name: item.path for item in job.inputs}
    try:
        seen = signal_reader.glimpse(paths["recording"], job.parameters, paths.get("probe", ""))
    except NeuroboardError:
        return {}
    return {"read_as": seen.found["read_as"]}


def channel_table(view: View) -> Component:
    """All channels with their noise and state."""
    channels = _channels(view)
    columns = [
        (number if channels[name].dtype.kind in "if" else plain)(name, look.NAMES.get(name, name))
        for name in map(str, channels.columns)
    ]
    rows: Sequence[Mapping[Any, Any]] = channels.to_dict("records")
    label = "Channels with their noise and state"
    return table(rows, columns, key=CHANNELS, field="channel", label=label)


def fill(view: View) -> Mapping[str, str]:
    """The workspace's recording, while nothing was looked at."""
    return {} if view.job else view.workspace.references


def register(app: Dash) -> None:
    """Read the stretch anew that the traces were zoomed to."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "draggedSpan"),
        Output({"type": "chosen", "key": SPAN}, "data"),
        Input({"type": "panel-figure", "panel": "traces"}, "relayoutData"),
        prevent_initial_call=True,
    )


def _tools(_view: View) -> Component:
    return html.Span(
        [
            desk.step("‹", PAGE, -1, shortcut=",", label="Channels above"),
            desk.step("›", PAGE, 1, shortcut=".", label="Channels below"),
            desk.button("Whole recording", SPAN, WHOLE, shortcut="w"),
            desk.button("First second", SPAN, "", shortcut="1"),
        ],
        className="row",
    )


TAB = Tab(
    word="signal",
    title="Signal",
    tasks=("spikes look",),
    arrange=row(
        Panel(
            name="traces", title="Signal as recorded", draw=traces, is_figure=True,
            listens=(CHANNELS, SPAN, PAGE), tools=_tools,
        ),
        column(
            Slot(
                chart("look-probe", "Probe", probe, picks=CHANNELS),
                Panel(name="channels", title="Channels", draw=channel_table),
                Panel(name="left-out", title="Left out", draw=left_out),
            ),
            Slot(
                Panel(name="facts", title="File", draw=file),
                chart("noise", "Noise", noise, picks=CHANNELS),
                chart("spectrum", "Spectrum", spectrum),
                chart("saturation", "Saturation", saturation),
            ),
        ),
        sizes=(64, 36),
    ),
    answer=answer,
    fill=fill,
    empty=EMPTY,
    register=register,
    glance="spikes look",
    glimpse=glimpse.glimpse,
)  # fmt: skip
