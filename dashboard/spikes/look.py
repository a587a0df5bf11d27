"""The look at a recording: what it holds, what will be left out, and the way on to sorting."""

from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
import pandas as pd
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from typing_extensions import TypedDict

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import Drawn, framed, gap_words
from dashboard.server import pressed
from dashboard.server.posted import Span
from dashboard.spikes import look_figures as figures
from pipelines.core.errors import NeuroboardError
from pipelines.spikes.recording import signal_reader
from pipelines.spikes.recording.looked import LookFolder
from pipelines.spikes.recording.parameters import RecordingLookParameters, RecordingParameters
from pipelines.spikes.recording.pyramid import Envelope
from pipelines.spikes.units.files import BAD_SAMPLES as STRETCHES

MOST_SHOWN = 8
FIRST_S = 10.0
MOST_STRETCHES = 200
NAMES = {"x_um": "x (µm)", "y_um": "y (µm)", "noise_uv": "noise (µV)", "rms_uv": "RMS (µV)"}


def view(job: Job) -> Component:
    """The whole result."""
    channels = _channels(job.id)
    found = results.headline(job)
    return html.Div(
        [
            html.Div([_headline(found), _verdict(job, channels, found)], className="card"),
            html.Div(_traces(job, channels), className="card"),
            html.Div(_figures(job, channels, found), className="card pair"),
            html.Div(_table(channels), className="card"),
            *_without_signal(job, found),
        ]
    )


def _channels(job_id: str) -> pd.DataFrame:
    return LookFolder(results.folder(job_id)).channels


def _headline(found: dict[str, Any]) -> Component:
    return results.stats(
        {
            "Channels": str(found["n_channels"]),
            "Left out": str(found["n_left_out"]),
            **results.duration(found),
            "Sampling": f"{found['sampling_frequency'] / 1000:g} kHz",
        }
    )


def _verdict(job: Job, channels: pd.DataFrame, found: dict[str, Any]) -> Component:
    """What sorting will leave out and why, and the link that takes it there."""
    lines = [html.Li(text) for text in left_out(channels, found)]
    words = html.P("Nothing looks wrong: everything will be sorted." if not lines else "")
    left = [html.H2("What will be left out"), html.Ul(lines)] if lines else [words]
    link = dcc.Link("Sort with this", href=_sort_link(job, found), className="download")
    hint = html.P("The form of step Sort is filled in; you can change it there.", className="hint")
    return html.Div([*left, link, hint])


def left_out(channels: pd.DataFrame, found: dict[str, Any]) -> list[str]:
    """What sorting will leave out and why, each a sentence."""
    bad = channels[channels["state"] != "good"]
    lines = [
        f"Channel {row['channel']} ({row['state']}): {row['reason']}"
        for row in bad.to_dict("records")
    ]
    if found["end_s"] is not None:
        lines.append(
            f"Everything after {found['end_s']:g} s: half of the samples and more are saturated up "
            "to the end; the headstage may have fallen off."
        )
    return lines


def _sort_link(job: Job, found: dict[str, Any]) -> str:
    references = {item.name: item.reference for item in job.inputs}
    return "/spikes?" + urlencode({"step": "sort", **references, **sorted_with(job, found)})


def sorted_with(job: Job, found: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a sorting that leaves out what a look found wrong, and reads as it did."""
    shared = {
        name: value
        for name, value in job.parameters.items()
        if name in RecordingParameters.model_fields
        and value is not None
        and value != RecordingLookParameters.model_fields[name].default
    }
    wished = {"exclude_channels": found["exclude_channels"], "end_s": found["end_s"]}
    return {**shared, **{name: value for name, value in wished.items() if value}}


def _traces(job: Job, channels: pd.DataFrame) -> list[Component]:
    names = channels["channel"].tolist()
    chosen = names[:MOST_SHOWN]
    timeline = results.timeline(results.headline(job))
    start = timeline.start_s
    stop = min(start + FIRST_S, timeline.stop_s)
    return [
        html.H2("Traces"),
        dmc.MultiSelect(
            id="look-channels",
            label=f"Channels (up to {MOST_SHOWN})",
            data=names,
            value=chosen,
            maxValues=MOST_SHOWN,
            searchable=True,
        ),
        html.Div(
            [
                dcc.Store(id="look-range"),
                dmc.Button("Whole recording", id="look-whole", variant="default", size="sm"),
                html.P("", id="look-error", role="alert", className="error"),
            ],
            className="row",
        ),
        framed(
            _drawn(job, chosen, start, stop),
            id="look-traces",
            caption="The signal as recorded: for each picture column the range from its lowest to "
            "its highest value, so no spike is lost at any zoom. Drag to zoom in; the range is "
            f"read anew from the recording.{gap_words(timeline)}",
        ),
    ]


def _drawn(job: Job, chosen: list[str], start_s: float, stop_s: float) -> Any:
    found = results.headline(job)
    names = _channels(job.id)["channel"].tolist()
    columns = [names.index(name) for name in chosen if name in names]
    envelope, revision = read(job, columns, start_s, stop_s)
    timeline = results.timeline(found)
    return figures.traces(envelope, [names[column] for column in columns], revision, timeline)


def read(job: Job, columns: list[int], start_s: float, stop_s: float) -> tuple[Envelope, str]:
    """The signal of some channels as it is drawn, and a text that names the stretch.

    Args:
        job: a look.
        columns: of the channels.
        start_s: on the recording's clock; both are moved into the recording.
        stop_s: likewise.

    Raises:
        InputError: what was stored is too coarse, and the recording cannot be read.
    """
    found = results.headline(job)
    rate, timeline = float(found["sampling_frequency"]), results.timeline(found)
    start_s = min(max(start_s, timeline.start_s), timeline.stop_s)
    stop_s = min(max(stop_s, start_s + 10 / rate), timeline.stop_s)
    kept = LookFolder(results.folder(job.id))
    envelope = kept.envelope(found["bin_samples"], timeline, start_s, stop_s, columns)
    if envelope is None:
        envelope = _from_recording(job, columns, start_s, stop_s)
    return envelope, f"{start_s:.6f} {stop_s:.6f}"


def _from_recording(job: Job, columns: list[int], start_s: float, stop_s: float) -> Envelope:
    """A stretch that is too short for what was stored."""
    paths = {item.name: item.path for item in job.inputs}
    known = str(results.headline(job).get("samples_sha256", ""))
    return signal_reader.envelope(
        paths["recording"], job.parameters, columns, start_s, stop_s, known
    )


def _figures(job: Job, channels: pd.DataFrame, found: dict[str, Any]) -> list[Component]:
    drawn = {
        "probe": probe(channels),
        "noise": noise(job, channels),
        "spectrum": spectrum(job, channels),
        "saturation": saturation(job, found),
    }
    return [one.framed(f"look-{name}") for name, one in drawn.items()]


def probe(channels: pd.DataFrame) -> Drawn:
    """Where the channels are."""
    return Drawn(figures.probe(channels), "Where the channels are.")


def noise(job: Job, channels: pd.DataFrame) -> Drawn:
    """How noisy each channel is."""
    values, _ = RecordingLookParameters.parse_stored(job.parameters)
    band = f"{values.freq_min:g} to {values.freq_max:g} Hz"
    words = f"Noise of every channel: scaled median absolute deviation, {band}."
    return Drawn(figures.noise(channels), words)


def spectrum(job: Job, channels: pd.DataFrame) -> Drawn:
    """Power of every channel over frequency."""
    power = LookFolder(results.folder(job.id)).spectrum
    return Drawn(
        figures.spectrum(power.freq_hz, power.power, channels["channel"].tolist()),
        "Power of every channel over frequency, from eight stretches. A bright line at 50 or 60 Hz "
        "is the mains.",
    )


def saturation(job: Job, found: dict[str, Any]) -> Drawn:
    """How much of every second is out of range."""
    kept = LookFolder(results.folder(job.id)).saturation
    values, _ = RecordingLookParameters.parse_stored(job.parameters)
    return Drawn(
        figures.saturation(kept, found["end_s"], results.timeline(found)),
        f"Share of samples beyond {values.saturation_uv:g} µV in every second; the "
        "dotted line is where the recording will end.",
    )


def _table(channels: pd.DataFrame) -> list[Component]:
    rows = channels.to_dict("records")
    grid = results.table(
        rows,
        id="look-table",
        label="Channels with their noise and state",
        names=NAMES,
        height=min(420, 60 + 42 * len(rows)),
    )
    file = html.H2("Channels")
    return [file, grid]


def _without_signal(job: Job, found: dict[str, Any]) -> list[Component]:
    parts = without_signal(job, found)
    return [html.Div(parts, className="card")] if parts else []


def without_signal(job: Job, found: dict[str, Any]) -> list[Component]:
    """The stretches that are no signal, the first of them as a table; older results have none."""
    if not found.get("bad_stretches"):
        return []
    rows = LookFolder(results.folder(job.id)).stretches
    grid = results.table(
        rows.head(MOST_STRETCHES).to_dict("records"),
        id="look-stretches",
        label="Stretches without signal",
        names={"start_s": "from (s)", "stop_s": "to (s)"},
        height=min(420, 60 + 42 * len(rows)),
    )
    more = f"The first {MOST_STRETCHES} are shown. " if len(rows) > MOST_STRETCHES else ""
    words = f"{more}Sorting bridges them before it filters, and finds no spikes in them."
    link = html.Div(
        [results.download(job, STRETCHES, "Stretches without signal (CSV)")],
        className="downloads",
    )
    title = html.H2("Stretches without signal")
    return [title, html.P(words, className="hint"), grid, link]


def register(app: Dash) -> None:
    """Connect the traces with their zoom and the choice of channels."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "draggedRange"),
        Output("look-range", "data"),
        Input("look-traces", "relayoutData"),
        prevent_initial_call=True,
    )
    app.callback(
        Output("look-traces", "figure"),
        Output("look-error", "children"),
        Input("look-range", "data"),
        Input("look-channels", "value"),
        Input("look-whole", "n_clicks"),
        State("look-traces", "figure"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(zoom)


class _Axis(TypedDict):
    range: Span


class _Layout(TypedDict):
    xaxis: _Axis


class ShownStretch(TypedDict):
    """The figure as it is: of it only the stretch that is shown."""

    layout: _Layout


def zoom(
    dragged: Span | None,
    chosen: list[str],
    _whole: Any,
    shown: ShownStretch,
    job_id: str,
) -> tuple[Any, str]:
    """The traces of what is chosen, where the picture was dragged to."""
    job = results.job(job_id)
    now = shown["layout"]["xaxis"]["range"]
    for changed in pressed.triggers():
        if changed == "look-whole":
            timeline = results.timeline(results.headline(job))
            now = [timeline.start_s, timeline.stop_s]
        elif changed == "look-range" and dragged:
            now = dragged
    if not chosen:
        return no_update, "Choose at least one channel."
    try:
        return _drawn(job, chosen, float(now[0]), float(now[1])), ""
    except NeuroboardError as error:
        return no_update, error.sentence
