"""The signal itself, with the spikes of a sorting in it."""

from typing import Annotated

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from pydantic import Field

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import framed, gap_words
from dashboard.server.posted import UnitRow
from dashboard.spikes import locate, unit_figures
from pipelines.core.errors import InputError
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.recording import signal_reader
from pipelines.spikes.recording.overview import LONGEST_STRETCH_S

LENGTHS_S = ("0.05", "0.2", "0.5", "1", "5")


def view(job: Job, unit: int) -> list[Component]:
    """Where to look, and the signal there."""
    timeline = results.timeline(results.headline(job))
    first = timeline.start_s + min(1.0, timeline.segments[0].length_s / 2)
    return [
        html.H2("Signal and spikes"),
        html.Div(
            [
                dmc.NumberInput(
                    id="spikes-from",
                    label="From (s)",
                    value=round(first, 3),
                    min=timeline.start_s,
                    max=timeline.stop_s,
                    step=0.2,
                    decimalScale=3,
                    w=140,
                    debounce=300,
                ),
                dmc.Select(
                    id="spikes-length",
                    label="Length (s)",
                    value="0.2",
                    allowDeselect=False,
                    data=[length for length in LENGTHS_S if float(length) <= LONGEST_STRETCH_S],
                    w=120,
                ),
            ],
            className="row",
        ),
        html.Div(_traces(job, unit, first, 0.2), id="spikes-traces-box"),
    ]


def _traces(job: Job, unit: int, start_s: float, length_s: float) -> Component:
    try:
        found = signal_reader.stretch(results.folder(job.id), unit, start_s, length_s)
    except InputError as error:
        return locate.control(job.id, error.sentence)
    rate = float(results.headline(job)["sampling_frequency"])
    values = SpikesParameters.parse_stored(job.parameters)[0]
    timeline = results.timeline(results.headline(job))
    return framed(
        unit_figures.traces(found, round(rate / 1000), timeline),
        id="spikes-traces",
        caption=f"The largest channels of unit {unit}, band-pass {values.freq_min:g} to "
        f"{values.freq_max:g} Hz, {found.seconds[0]:.3f} to {found.seconds[-1]:.3f} s. Spikes "
        "of each unit are coloured for 1 ms on both sides of the peak, on the unit's own channel."
        f"{gap_words(timeline)}",
    )


def register(app: Dash) -> None:
    """Connect the place and the chosen unit with the signal."""
    app.callback(
        Output("spikes-traces-box", "children"),
        Input("spikes-from", "value"),
        Input("spikes-length", "value"),
        Input("spikes-units", "selectedRows"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show)


Seconds = Annotated[str, Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4})?$")]


def show(
    start_s: float | str | None,
    length_s: Seconds,
    selected: list[UnitRow] | None,
    job_id: str,
) -> Component:
    """The signal at the chosen place."""
    if not selected or not isinstance(start_s, int | float):
        raise PreventUpdate
    return _traces(results.job(job_id), int(selected[0]["unit_id"]), start_s, float(length_s))
