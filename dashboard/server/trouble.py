"""When the server itself is in trouble: its disk is full, or its list of jobs cannot be reached.

Pages open and say so, requests are answered with 503 or 507, and all goes on afterwards.
"""

import functools
import shutil
from collections.abc import Callable
from typing import Any

from dash import html
from flask import Flask, Response

from dashboard.jobs.database import LEAST_ROOM, StoreError
from dashboard.server.settings import Settings
from pipelines.core.errors import NeuroboardError, NoRoomError
from pipelines.core.outputs import is_full

RETRY_SECONDS = "5"


def status_of(error: Exception) -> int:
    """The status of an answer that is a sentence."""
    if isinstance(error, NoRoomError):
        return 507
    return 503 if isinstance(error, StoreError) else 400


def answer(server: Flask) -> None:
    """Answer whatever meets such trouble, and is no part of a page, with its sentence."""

    def say(error: NeuroboardError) -> Response:
        said = Response(error.sentence, status=status_of(error), mimetype="text/plain")
        said.headers["Retry-After"] = RETRY_SECONDS
        return said

    def say_full(error: OSError) -> Response:
        if not is_full(error):
            raise error
        return say(NoRoomError("A disk of this server is full: ask who runs it to make room."))

    for kind in (StoreError, NoRoomError):
        server.register_error_handler(kind, say)
    server.register_error_handler(OSError, say_full)


def told(layout: Callable[..., Any]) -> Callable[..., Any]:
    """A page's layout that is the sentence while the page cannot be made."""

    @functools.wraps(layout)
    def made(*given: Any, **named: Any) -> Any:
        try:
            return layout(*given, **named)
        except (StoreError, NoRoomError) as error:
            text = html.P(error.sentence, className="lead", role="alert")
            return html.Div([html.H1("Not just now"), text], className="page")

    return made


def is_disk_full(settings: Settings) -> bool:
    """Whether nothing more can be written to the home folder."""
    try:
        return shutil.disk_usage(settings.home).free < LEAST_ROOM
    except OSError:
        return False
