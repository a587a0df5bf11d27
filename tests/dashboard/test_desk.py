"""The desk: selections from pages and addresses, panels, drawers, and what is refused."""

from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go
import pytest
from dash import Dash, html
from hypothesis import given
from hypothesis import strategies as st

from dashboard.jobs.store import JobInput, JobState
from dashboard.kit import desk, history, workspace_page
from dashboard.kit.bench import Shown
from dashboard.kit.desk import Key, Panel, Slot, Subject, Tab, View, chart, column, panels, row
from dashboard.kit.figures import Drawn
from dashboard.server.posted import PostedError
from dashboard.server.services import Services, services
from dashboard.workspaces import workspaces
from pipelines.steps import STEPS

UNITS = Key("units", int, many=True)
CLUSTER = Key("cluster", int)


def test_a_selection_is_what_its_key_says() -> None:
    assert UNITS.check([3, 1]) == [3, 1]
    assert CLUSTER.check(None) is None
    for key, value in ((UNITS, [1.5]), (UNITS, None), (UNITS, ["1"]), (CLUSTER, [1])):
        with pytest.raises(PostedError):
            key.check(value)


@given(st.lists(st.integers(min_value=0, max_value=10**9)))
def test_an_address_carries_a_selection(units: list[int]) -> None:
    assert UNITS.of_address(",".join(map(str, units))) == units


@given(st.text())
def test_any_address_is_read(text: str) -> None:
    assert isinstance(UNITS.of_address(text), list)
    assert CLUSTER.of_address(text) is None or isinstance(CLUSTER.of_address(text), int)


def _figure(_view: View) -> Drawn:
    return Drawn(go.Figure(layout={"height": 300, "margin": {"t": 60}}), "What was done.")


ARRANGED = row(
    Panel(name="table", title="Table", draw=lambda _view: html.P("rows")),
    column(
        chart("one", "One", _figure, "units"),
        Slot(chart("two", "Two", _figure), chart("three", "Three", _figure)),
    ),
    sizes=(30, 70),
)


def test_all_panels_of_an_arrangement_are_found() -> None:
    assert [one.name for one in panels(ARRANGED)] == ["table", "one", "two", "three"]


def _components(part: Any) -> Iterator[Any]:
    yield part
    children = getattr(part, "children", None)
    for child in children if isinstance(children, list | tuple) else [children]:
        if child is not None:
            yield from _components(child)


def _workspace(found: Services) -> str:
    """A workspace with one job that nobody has run."""
    item = JobInput("recording", "example:spikes", "Tuesday", "/nowhere", "a-key")
    job = found.store.submit("spikes sort", {}, [item], version="1")
    return workspaces.of(job)[0].id


def test_of_panels_in_one_place_only_the_first_is_shown(found: Services) -> None:
    workspace = workspaces.get(_workspace(found))
    assert workspace is not None
    drawn = desk.desk(View(workspace, "units", None), ARRANGED)
    sections = [one for one in _components(drawn) if isinstance(one, html.Section)]
    assert [one.hidden for one in sections] == [False, False, False, True]
    buttons = [one for one in _components(drawn) if isinstance(one, html.Button)]
    tabs = [one for one in buttons if hasattr(one, "role")]
    assert [one.children for one in tabs] == ["Two", "Three"]


def test_a_figure_fills_its_panel() -> None:
    figure = desk.filling(go.Figure(layout={"height": 300, "margin": {"t": 60}}))
    assert figure.layout.height is None
    assert figure.layout.margin.t <= 28


def test_a_workspace_without_a_result_says_what_it_will_show(app: Dash, found: Services) -> None:
    workspace = _workspace(found)
    subject = _subject()
    page = workspace_page.layout(subject, workspace, "", "", {})
    texts = [one.children for one in _components(page) if isinstance(one, html.P)]
    assert "You will see units." in texts
    assert "panel-cancel" in [getattr(one, "id", None) for one in _components(page)]


def test_a_workspace_that_is_none_is_said(found: Services) -> None:
    page = workspace_page.layout(_subject(), "nothing", "", "", {})
    assert "No such workspace" in str(page)


def _subject() -> Subject:
    tab = Tab(
        word="units",
        title="Units",
        tasks=("spikes sort",),
        arrange=ARRANGED,
        answer=lambda _view: desk.Answer("6 units."),
        empty="You will see units.",
    )
    return Subject(path="/spikes", title="Spikes", tabs=(tab,), keys=(UNITS, CLUSTER))


def test_what_no_page_shows_is_refused(found: Services) -> None:
    page = workspace_page._Page([_subject()])
    workspace = _workspace(found)
    for subject, tab in (("maps", "units"), ("spikes", "no")):
        with pytest.raises(PostedError):
            page.view({"subject": subject, "workspace": workspace, "tab": tab, "run": ""})
    with pytest.raises(PostedError):
        page.view({"subject": "spikes", "workspace": "none", "tab": "units", "run": ""})
    with pytest.raises(PostedError):
        page.view(
            {"subject": "spikes", "workspace": workspace, "tab": "units", "run": ""}, {"rows": [1]}
        )


def test_the_first_run_of_a_workspace_is_shown_when_it_is_done(found: Services) -> None:
    """The page was opened before there was any run, and says so."""
    page, workspace = workspace_page._Page([_subject()]), _workspace(found)
    job = workspaces.jobs(workspace)[0]
    found.store.claim(quick_only=False)
    found.store.finish(job.id, JobState.DONE)
    opened: Shown = {"subject": "spikes", "workspace": workspace, "tab": "units", "run": ""}
    assert page.reload("now", job.id, opened) == f"/spikes/{workspace}?tab=units&run={job.id}"
    assert page.view({**opened, "run": job.id})[1].run == workspaces.jobs(workspace)[0]
    with pytest.raises(PostedError):
        page.view({**opened, "run": "another"})


def test_runs_say_what_was_changed(found: Services) -> None:
    model = STEPS["spikes sort"].parameters
    item = JobInput("recording", "example:spikes", "Tuesday", "/nowhere", "a-key")
    usual = model().model_dump(mode="json")
    first, second = (
        services().store.get(
            found.store.submit("spikes sort", {**usual, **changed}, [item], version="1")
        )
        for changed in ({}, {"seed": 3})
    )
    assert first is not None
    assert second is not None
    assert history.changes(first, None) == "All defaults."
    title = str(model.model_fields["seed"].title)
    assert history.changes(second, first) == f"Changed: {title}: 3"
    assert history.changes(first, first) == "Same parameters as the run before."


def test_pages_and_workspaces_can_be_found_from_anywhere(app: Dash, found: Services) -> None:
    workspace = _workspace(found)
    answer = app.server.test_client().get("/places.json")
    places = {one["title"]: one["href"] for one in answer.json}
    assert places["Models"] == "/models"
    assert places["Tuesday"] == f"/spikes/{workspace}"
    assert places["New recording"] == "/spikes#new"
    assert places["Open the example film"] == "/brainmap#new-example"
