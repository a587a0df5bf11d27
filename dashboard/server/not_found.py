"""Addresses that are none: a page that says so with status 404, or JSON for a program.

Dash answers every address with the frame of the app and 200, and a file of a component that it
does not know with 500.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from dash import Dash, dcc
from dash.exceptions import DependencyException
from flask import Response, jsonify, request

from dashboard import pages
from dashboard.home import guide
from dashboard.kit import shell
from dashboard.server.services import services
from dashboard.workspaces import workspaces

PAGE = {"module": "not_found_404", "path": "/not-found", "title": "Not found – Neuroboard"}
FOR_PROGRAMS = ("/api/", "/_dash", "/_reload", "/uploads/")
EVERY_PATH = "/<path:path>"


def layout(**_: str) -> Any:
    """What stands on the page of an address that is none."""
    text = "There is no such page: the address may be mistyped, or what it showed was deleted."
    return shell.page("Not found", text, dcc.Link("Go to the start", href="/", className="button"))


def install(app: Dash) -> None:
    """Tell addresses of pages from others."""
    views = app.server.view_functions
    views[EVERY_PATH] = _known(views[EVERY_PATH])
    app.server.register_error_handler(DependencyException, lambda _error: _missing())


def _known(frame: Callable[..., Any]) -> Callable[..., Any]:
    def answer(**path: str) -> Any:
        if f"{request.path}/".startswith(FOR_PROGRAMS):
            return _missing()
        return frame(**path), 200 if is_page(request.path) else 404

    return answer


def _missing() -> tuple[Response, int]:
    return jsonify(error=f"There is nothing at {request.path[:200]}."), 404


def is_page(path: str) -> bool:
    """Whether an address is one of a page, and of a job, workspace or document that exists."""
    found = re.fullmatch(r"/([a-z]+)/([^/]+)/?", path)
    if found and found.group(1) == "jobs":
        return services().store.get(found.group(2)) is not None
    if found and found.group(1) == "guide":
        return found.group(2) in guide.documents()
    if found:
        known = workspaces.get(found.group(2))
        return known is not None and known.subject == found.group(1)
    return f"/{path.strip('/')}" in {_path(page.PAGE) for page in pages.ALL}


def _path(page: Mapping[str, Any]) -> str:
    return str(page.get("path", ""))
