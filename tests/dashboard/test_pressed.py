"""What a person pressed is found wherever it stands among all that changed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from dash import Dash
from dash._callback_context import context_value
from dash._utils import AttributeDict
from dash.exceptions import PreventUpdate
from flask.testing import FlaskClient

from dashboard.home import jobs
from dashboard.jobs.store import JobState
from dashboard.server import pressed
from dashboard.server.posted import PATH
from dashboard.server.services import Services
from dashboard.spikes import sorting


@contextmanager
def changed(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    """A request that says that properties (id, property, value) have changed, in that order."""
    names = [one if isinstance(one, str) else json.dumps(one) for one, _, _ in changes]
    found = [
        {"prop_id": f"{name}.{kind}", "value": value}
        for name, (_, kind, value) in zip(names, changes, strict=True)
    ]
    token = context_value.set(AttributeDict(triggered_inputs=found))
    yield
    context_value.reset(token)


TICK = ("tick", "n_intervals", 4)
ROW = ("table", "selectedRows", [{"unit": 3}])
GOOD, NOISE = {"type": "do", "what": "good"}, {"type": "do", "what": "noise"}


def test_a_press_is_found_behind_a_tick_a_row_and_a_button_that_has_just_appeared() -> None:
    with changed(TICK, ROW, (NOISE, "n_clicks", None), (GOOD, "n_clicks", 1)):
        assert pressed.button() == GOOD
        assert pressed.buttons() == [GOOD]
        assert pressed.triggers() == ["tick", "table", GOOD]
        assert pressed.latest() == (GOOD, 1)


def test_two_presses_are_found_in_the_order_in_which_they_were_made() -> None:
    with changed((NOISE, "n_clicks", 2), TICK, (GOOD, "n_clicks", 1)):
        assert pressed.buttons() == [NOISE, GOOD]


def test_a_page_that_has_just_opened_was_not_pressed() -> None:
    with changed():
        assert pressed.button() is None
        assert pressed.triggers() == []
        assert pressed.latest() == (None, None)
    with changed((GOOD, "n_clicks", None)):
        assert pressed.button() is None


def test_next_twice_and_previous_once_is_one_step(found: Services) -> None:
    rows: Any = [{"unit_id": unit} for unit in range(5)]
    back, on = (f"spikes-{name}" for name in ("previous", "next"))
    with changed((back, "n_clicks", 1), (on, "n_clicks", 2)):
        assert sorting.turn(1, 2, rows, rows[2:3]) == rows[2:3]
    with changed((on, "n_clicks", 2)):
        assert sorting.turn(1, 2, rows, rows[4:]) == rows[:1]


def test_both_jobs_are_cancelled_when_both_were_pressed(found: Services) -> None:
    made = [found.store.submit("brainmap look", {"k": k}, [], version="1") for k in (1, 2)]
    buttons = [{"type": "job-do", "what": "cancel", "job": job} for job in made]
    with changed(*((one, "n_clicks", 1) for one in buttons)):
        jobs.act([1, 1])
    states = [job.state for name in made if (job := found.store.get(name))]
    assert states == [JobState.CANCELLED, JobState.CANCELLED]
    with changed((buttons[0], "n_clicks", None)), pytest.raises(PreventUpdate):
        jobs.act([None, 1])


def entries(specs: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> list[Any]:
    return [{**one, "value": values[one["id"]]} for one in specs]


@pytest.mark.parametrize(
    ("last", "state"), [("cancel", JobState.CANCELLED), ("resume", JobState.QUEUED)]
)
def test_of_stop_all_and_go_on_the_last_word_counts(
    app: Dash, client: FlaskClient, found: Services, last: str, state: JobState
) -> None:
    job = found.store.submit("spikes sort", {}, [], version="1")
    if last == "resume":
        found.store.cancel(job)
    key, callback = next(
        item
        for item in app.callback_map.items()
        if any(one["id"] == "batch-resume" for one in item[1]["inputs"])
    )
    first = "cancel" if last == "resume" else "resume"
    values = {"batch-resume": 1, "batch-cancel": 1, "batch-jobs": [job]}
    body = {
        "output": key,
        "outputs": callback["output"].to_dict(),
        "inputs": entries(callback["inputs"], values),
        "state": entries(callback["state"], values),
        "changedPropIds": [f"batch-{first}.n_clicks", f"batch-{last}.n_clicks"],
    }
    assert client.post(PATH, json=body).status_code == 200
    again = found.store.get(job)
    assert again is not None
    assert again.state is state
