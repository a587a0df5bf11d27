"""The web app, put together: pages, security, and how its answers travel."""

import logging
import sys
from typing import Any

import dash
from dash import Dash
from flask import Response, jsonify, redirect
from flask.logging import default_handler

from dashboard import pages, views
from dashboard.jobs.repair import mend
from dashboard.kit import downloads, panel, shell, workspace_page
from dashboard.server import (
    not_found,
    pieces,
    posted,
    scripts,
    security,
    sending,
    services,
    trouble,
    uploads,
)
from dashboard.server.settings import Settings
from dashboard.start import example, grid, links, new, places
from dashboard.workspaces import pictures
from pipelines.core.errors import name_folders
from pipelines.core.terminal import ShownFormatter

WORKER_SILENT_SECONDS = 30.0


def create_app(settings: Settings) -> Dash:
    """Build an app; any number of them can live in one process.

    Raises:
        OutputError: the home folder cannot be written.
        ParameterError: a data root does not exist.
    """
    settings.prepare()
    _show_controls_in_logs()
    pieces.tidy(settings)
    repaired = mend(settings.home / "jobs.sqlite", settings.jobs)
    if repaired:
        print(repaired, file=sys.stderr, flush=True)
    app = Dash(
        "dashboard",
        use_pages=True,
        pages_folder="",
        assets_folder=str(scripts.ASSETS),
        assets_url_path=scripts.assets_path(),
        assets_ignore=r"theme\.js|plotly-strict",
        meta_tags=[scripts.late_grid()],
        index_string=shell.index(scripts.assets_path()),
        title="Neuroboard",
        update_title="",
        on_error=shell.say_error,
        use_async=False,
        suppress_callback_exceptions=True,
    )
    name_folders({settings.home: "", **{root: root.name for root in settings.data}})
    steps = pages.step_pages()
    subjects = {one.word: one for one in pages.subjects()}
    services.install(app.server, settings, repaired, steps, subjects)
    security.protect(app.server, settings)
    trouble.answer(app.server)
    posted.check(app)
    links.install(app.server)
    for routes in (uploads, downloads, places, pictures):
        app.server.register_blueprint(routes.blueprint())
    app.server.add_url_rule("/health", view_func=health)
    app.server.add_url_rule(scripts.DASH_PLOTLY_URL, view_func=plotly_js)
    _add_pages(app)
    views.register(app, steps.values())
    not_found.install(app)
    security.set_headers(app.server, app.csp_hashes)
    sending.lighten(app.server)
    _settle(app)
    return app


def _show_controls_in_logs() -> None:
    """Addresses and names in what a server logs do nothing to the terminal that shows it."""
    line = "[%(asctime)s] %(levelname)s in %(module)s: %(message)s"
    for handler in (default_handler, logging.lastResort):
        if handler is not None:
            handler.setFormatter(ShownFormatter(line))


def health() -> Response:
    """For a monitor: 200 while the worker is alive, 503 when it has been silent for long."""
    store = services.services().store
    beat = store.worker()
    alive = beat is not None and beat.age < WORKER_SILENT_SECONDS and beat.state != "failing"
    active = store.active()
    answer = jsonify(
        status="ok" if alive else "the worker does not work",
        worker=beat.state if beat is not None and beat.age < WORKER_SILENT_SECONDS else "silent",
        jobs=len(active),
    )
    answer.status_code = 200 if alive else 503
    return answer


def plotly_js() -> Any:
    """Lead who asks for Dash's plotly.js to the strict build.

    The usual build compiles shaders with `eval`; under a content security policy without
    `unsafe-eval` it draws no WebGL figure and says that the browser has no WebGL.
    """
    return redirect(f"/{scripts.assets_path()}/{scripts.PLOTLY}")


def _add_pages(app: Dash) -> None:
    dash.page_registry.clear()
    for page in pages.ALL:
        dash.register_page(layout=trouble.told(page.layout), **page.PAGE)  # type: ignore[no-untyped-call]
        page.register(app)
    dash.register_page(layout=not_found.layout, **not_found.PAGE)  # type: ignore[no-untyped-call]
    app.layout = shell.layout
    for part in (shell, panel, grid, example, new):
        part.register(app)
    workspace_page.register(app, pages.subjects())


def _settle(app: Dash) -> None:
    """Let Dash finish its set-up before requests race for it."""
    app.server.test_client().get("/_dash-layout")
