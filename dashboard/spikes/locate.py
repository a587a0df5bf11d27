"""Where a sorting's recording lies now, when it is not where it was."""

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from dashboard.kit import results
from dashboard.server import people, roots
from dashboard.server.people import Role
from dashboard.server.services import services
from dashboard.spikes import lasso
from dashboard.spikes.curation import desk as curating
from pipelines.core.errors import NeuroboardError
from pipelines.spikes.recording import signal_reader
from pipelines.spikes.units.sorting import FinishedSorting

GONE = "The recording {} is not there any more: what needs its signal cannot be shown or made."


def offer(job_id: str, sorting: FinishedSorting, sentence: str = "") -> Component | None:
    """A way to point to the recording of a job's sorting, if it is not where it was."""
    if sorting.recording.exists():
        return None
    return control(job_id, sentence or GONE.format(sorting.recording))


def control(job_id: str, sentence: str) -> Component:
    """What is wrong with a job's recording, and a way to point to the right one."""
    settings = services().settings
    choice = dmc.Autocomplete(
        id="locate-path",
        label="The recording lies here now",
        description="Below a data root, as root/folder/name.",
        data=roots.offers(settings.data, "recording"),
        disabled=not settings.data,
        w=420,
    )
    press = dmc.Button("Use this place", id="locate-use", variant="default", size="sm")
    without = (
        None
        if settings.data
        else "There is no data root: start the app with --data DIR, where recordings lie."
    )
    return html.Div(
        [
            html.P(sentence),
            html.Div([choice, press], className="row bottom"),
            html.P(without, className="hint") if without else None,
            html.Div(id="locate-said", role="status"),
            dcc.Store(id="locate-job", data=job_id),
        ],
        className="note stack",
    )


def register(app: Dash) -> None:
    """Connect the button."""
    app.callback(
        Output("locate-said", "children"),
        Input("locate-use", "n_clicks"),
        State("locate-path", "value"),
        State("locate-job", "data"),
        prevent_initial_call=True,
        running=[(Output("locate-use", "loading"), True, False)],
    )(use)


def use(_clicks: int | None, place: str | None, job_id: str) -> Component:
    """Keep the place, if the recording there is the one that was sorted, and say so."""
    try:
        people.require(Role.WORK)
        recording = roots.locate(services().settings.data, place or "")
        signal_reader.locate(results.folder(job_id), recording)
    except NeuroboardError as error:
        return html.P(error.sentence, className="error", role="alert")
    curating.forget()
    lasso.forget()
    words = (
        f"This is the recording that was sorted; from now on it is read from {place}. "
        "What was made without it can be made again. "
    )
    return html.P([words, html.A("Show this page again", href="")])
