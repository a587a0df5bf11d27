"""Inputs that go with another one: the newest labelling of the units that are exported."""

from functools import partial
from typing import Any
from urllib.parse import parse_qs

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from dashboard.jobs.store import JobState
from dashboard.kit.bench import Bench, Source
from dashboard.server.services import services


def register(app: Dash, bench: Bench) -> None:
    """Choose the newest of what was made from a source whenever that is chosen."""
    sources = {source.name: source for source in bench.sources}
    for source in bench.sources:
        if source.goes_with:
            _register(app, bench, source, sources[source.goes_with])


def _register(app: Dash, bench: Bench, source: Source, leader: Source) -> None:
    app.callback(
        Output(bench.source_id("root", source), "value"),
        Input(bench.source_id("reference", leader), "data"),
        State(bench.source_id("reference", source), "data"),
        State("url", "search"),
        prevent_initial_call=False,
    )(partial(choose, source, leader))


def choose(
    source: Source, leader: Source, chosen: str | None, follower: str | None, search: str | None
) -> Any:
    """What goes with the chosen reference; none if nothing was made from it.

    What was chosen by hand or belongs to the job that is shown stays.
    """
    if not chosen or _is_shown(search, leader, chosen) or _is_from(follower, chosen):
        raise PreventUpdate
    return newest(source.from_task, chosen)


def newest(task: str, reference: str) -> str | None:
    """The reference of the newest finished job of a task that was made from a reference."""
    for job in services().store.latest((task,)):
        made_from = [item.reference for item in job.inputs]
        if job.state is JobState.DONE and reference in made_from:
            return f"job:{job.id}"
    return None


def _is_from(follower: str | None, reference: str) -> bool:
    job = services().store.get((follower or "").removeprefix("job:"))
    return job is not None and reference in [item.reference for item in job.inputs]


def _is_shown(search: str | None, leader: Source, reference: str) -> bool:
    """Whether the page shows a job with that very input."""
    named = parse_qs((search or "").removeprefix("?")).get("job", [""])[0]
    job = services().store.get(named)
    return job is not None and reference in [
        item.reference for item in job.inputs if item.name == leader.name
    ]
