"""What is shown of a finished job: the view that its step's page names, within a boundary."""

import logging
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, cast

from dash import Dash, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from flask import has_request_context
from werkzeug.exceptions import HTTPException

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.bench import StepPage
from dashboard.server.posted import PostedError
from dashboard.server.services import services
from dashboard.workspaces import workspaces
from pipelines.core.errors import InputError, NeuroboardError
from pipelines.core.outputs import is_full
from pipelines.core.result_files import damaged

UNSHOWN = (
    "This result cannot be shown: some of its files are missing, damaged or older than this "
    "version. "
    "The job's page still has the downloads; Run again with changes makes it anew."
)
FAULT = (
    "This result cannot be shown: that is a fault of Neuroboard, not of the result, whose files "
    "are whole. The job's page has the downloads, and what went wrong is in the server's log."
)
_log = logging.getLogger(__name__)

Answer = Callable[..., Any]


def view(job: Job) -> Component:
    """The result of a finished job, or a sentence when its files cannot be shown.

    Results outlive the code that wrote them: one that lacks a file must not take the page,
    with its downloads, with it; nor must an error in our own code.
    """
    try:
        shown = services().pages[job.task].view(job)
        return html.Div([*_desks(job), *results.notes(job), shown])
    except Exception as error:
        _log.exception("The result of job %s cannot be shown", job.id)
        return html.P(reason(error, job.id), className="note")


def _desks(job: Job) -> list[Component]:
    """Links to the desks on which a result can be worked with."""
    links: list[Any] = [
        dcc.Link(f"Open on the desk of {one.name}", href=one.address)
        for one in workspaces.of(job.id)
    ]
    return [html.P(links, className="row")] if links else []


def reason(error: Exception, job_id: str) -> str:
    """Whether the files of a result are why it cannot be shown, or our own code."""
    if isinstance(error, NeuroboardError | OSError) or not job_id:
        return UNSHOWN
    folder = services().settings.jobs / job_id / "result"
    return UNSHOWN if not folder.is_dir() or damaged(folder) else FAULT


def in_panel(draw: Callable[[], Any], job_id: str) -> Any:
    """What a panel draws, or the sentence that says why it cannot."""
    try:
        return draw()
    except (PreventUpdate, HTTPException, PostedError):
        raise
    except InputError as error:
        return html.P(error.sentence, className="empty")
    except Exception as error:
        if is_full(error):
            raise
        _log.exception("A panel cannot be shown")
        return html.P(reason(error, job_id), className="note")


class _Bounded:
    """An app as results see it: what a callback cannot show of a damaged result is a sentence."""

    def __init__(self, app: Dash) -> None:
        self._app = app
        self.clientside_callback = app.clientside_callback

    def callback(self, *args: Any, **named: Any) -> Callable[[Answer], Answer]:
        """As Dash's, for a function within the boundary."""
        return lambda function: self._app.callback(*args, **named)(_in_a_sentence(function))


def _in_a_sentence(function: Answer) -> Answer:
    @wraps(function)
    def bounded(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)
        except (NeuroboardError, PreventUpdate, HTTPException, PostedError, FileNotFoundError):
            raise
        except Exception as error:
            if is_full(error):
                raise
            _log.exception("A part of a result cannot be shown")
            raise InputError(reason(error, _shown())) from error

    return bounded


def _shown() -> str:
    """The job whose result a callback is about, as the page says; none outside of a callback."""
    states = ctx.states if has_request_context() else {}
    return str(states.get("labels-job.data") or states.get("panel-job.data") or "")


def register(to: Dash, pages: Iterable[StepPage]) -> None:
    """Connect what can be pointed at and clicked in the results of steps."""
    app = cast(Dash, _Bounded(to))
    for connect in dict.fromkeys(page.connect for page in pages):
        if connect is not None:
            connect(app)
