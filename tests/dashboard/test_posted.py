"""Whatever is posted to a callback, the answer is never a fault of the server (500)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from flask.testing import FlaskClient
from plotly.io.json import to_json_plotly

from dashboard import create_app, views
from dashboard.brainmap import page as brainmap
from dashboard.home import models
from dashboard.jobs.store import JobState
from dashboard.server.posted import PATH
from dashboard.server.services import Services, services
from dashboard.server.settings import Settings
from dashboard.spikes import page as spikes
from dashboard.synapses import page as synapses
from tests.earlier import HOLDS, unpack

ILL: tuple[Any, ...] = (
    None, 7, -1.5, 2**53 - 1, 1e300, "word", "", "-3", "999999", "x" * 5000, True, [], ["a", 1],
    [[1, 2], [3, "x"]], {}, {"a": {"b": [1]}}, {"points": [{"x": 1e9, "y": -5}]}, [{"unit_id": 1}],
    {"shapes": [{}]}, {"source": "set"}, "cluster:999", "job:../../x", "data:" + "a/" * 3000,
)  # fmt: skip
FEW = 2
"""Ill values for each input, its other ones a page's own; which ones differs between inputs."""
PRESSED = {"n_clicks": 1, "submit_n_clicks": 1, "n_intervals": 1, "search": "", "pathname": "/"}
POINT = {"points": [{"x": 1, "y": 1, "z": 0, "curveNumber": 0}]}
Parts = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Dash:
    """An app with a finished job of every kind."""
    home = unpack(tmp_path_factory.mktemp("posted"), "home") / "home"
    return create_app(Settings(home=home))


def parts_of(layout: Any) -> dict[str, dict[str, Any]]:
    """The properties of all components of a layout that have an id, by that id."""
    found: dict[str, dict[str, Any]] = {}
    waiting = [json.loads(to_json_plotly(layout))]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
            own = part.get("props")
            if isinstance(own, dict) and "id" in own:
                found[named(own["id"])] = own
    return found


def named(identity: Any) -> str:
    if isinstance(identity, str):
        return identity
    return json.dumps(identity, sort_keys=True, separators=(",", ":"))


@pytest.fixture(scope="module")
def layouts(shown: Dash) -> list[dict[str, dict[str, Any]]]:
    """What stands on the pages of every kind of job, and in the forms."""
    with shown.server.test_request_context("/"):
        found = {task: job for job, (task, state) in HOLDS["jobs"].items() if state == "done"}
        jobs = [services().store.get(job) for job in found.values()]
        pages = [
            {**parts_of(views.view(job)), "panel-job": {"data": job.id}} for job in jobs if job
        ]
        for page in (brainmap, spikes, synapses):
            pages += [parts_of(page.layout(step=step)) for step in page.BENCHES]
        return [*pages, parts_of(models.layout())]


def is_of(pattern: str, identity: str) -> bool:
    """Whether a component is one of those that a callback names."""
    if not pattern.startswith("{") or not identity.startswith("{"):
        return pattern == identity
    wanted, own = json.loads(pattern), json.loads(identity)
    return set(wanted) == set(own) and all(
        isinstance(part, list) or own[name] == part for name, part in wanted.items()
    )


def value_of(name: str, part: Mapping[str, Any]) -> Any:
    """The value that a browser would send."""
    if name in ("clickData", "hoverData"):
        return POINT
    if name in ("selectedRows", "virtualRowData"):
        return part.get("rowData", [])[:1]
    return part.get(name, PRESSED.get(name))


def entry(spec: Mapping[str, Any], page: Parts) -> Any:
    """An input, a state or an output as a browser would send it."""
    name = spec["property"].partition("@")[0]
    of_it = [key for key in page if is_of(spec["id"], key)]
    found = [
        {"id": json.loads(key) if key[0] == "{" else key, "property": name,
         "value": value_of(name, page[key])}
        for key in of_it
    ]  # fmt: skip
    if '["ALL"]' in spec["id"]:
        return found
    absent = json.loads(spec["id"]) if spec["id"].startswith("{") else spec["id"]
    return found[0] if found else {"id": absent, "property": name, "value": PRESSED.get(name)}


def request_of(key: str, callback: Mapping[str, Any], page: Parts) -> dict[str, Any]:
    outputs = callback["output"]
    several = isinstance(outputs, list | tuple)
    made = [entry(one.to_dict(), page) for one in (outputs if several else [outputs])]
    inputs = [entry(spec, page) for spec in callback["inputs"]]
    first = inputs[0] if inputs else []
    first = (first[0] if first else {}) if isinstance(first, list) else first
    return {
        "output": key,
        "outputs": made if several else made[0],
        "inputs": inputs,
        "state": [entry(spec, page) for spec in callback["state"]],
        "changedPropIds": [f"{named(first['id'])}.{first['property']}"] if first else [],
    }


def page_of(callback: Mapping[str, Any], pages: Sequence[Parts]) -> Parts:
    """The page that has most of a callback's components."""
    specs = [*callback["inputs"], *callback["state"]]
    return max(pages, key=lambda page: sum(any(is_of(s["id"], k) for k in page) for s in specs))


def with_value(body: Mapping[str, Any], kind: str, number: int, value: Any) -> dict[str, Any]:
    """The request with another value of one input or state."""
    entries = list(body[kind])
    one = entries[number]
    entries[number] = (
        [{**item, "value": value} for item in one]
        if isinstance(one, list)
        else {**one, "value": value}
    )
    return {**body, kind: entries}


def spoilt(body: Mapping[str, Any], turn: int) -> Iterator[Any]:
    """The request with ill values, and in the wrong shape."""
    for kind in ("inputs", "state"):
        for number in range(len(body[kind])):
            for step in range(FEW):
                value = ILL[(turn + number * FEW + step) % len(ILL)]
                yield with_value(body, kind, number, value)
    ill = ILL[turn % len(ILL)]
    for name in ("output", "outputs", "inputs", "state", "changedPropIds"):
        yield {**body, name: ill}
    yield {**body, "inputs": body["inputs"][1:]}
    yield {**body, "state": [*body["state"], ill]}
    yield {**body, "changedPropIds": [ill]}


def served(app: Dash) -> dict[str, Any]:
    app.server.test_client().get("/_dash-dependencies")
    return {key: one for key, one in app.callback_map.items() if "callback" in one}


def test_no_callback_fails_on_ill_values(
    shown: Dash, layouts: Sequence[Parts], caplog: pytest.LogCaptureFixture
) -> None:
    client = shown.server.test_client()
    callbacks = served(shown)
    assert len(callbacks) > 100
    counts = {200: 0, 204: 0, 400: 0}
    for turn, (key, callback) in enumerate(callbacks.items()):
        page = page_of(callback, layouts)
        for body in spoilt(request_of(key, callback, page), turn):
            answer = client.post(PATH, json=body)
            assert answer.status_code in counts, (key, json.dumps(body)[:2000], caplog.text[-3000:])
            counts[answer.status_code] += 1
    assert counts[400] > 10 * len(callbacks) / 2
    assert counts[200] > 100  # ill-typed for one is fine for another, and was answered


def test_what_a_page_sends_is_not_refused(shown: Dash, layouts: Sequence[Parts]) -> None:
    client = shown.server.test_client()
    for key, callback in served(shown).items():
        if "run" in key or "url.href" in key:  # jobs are started elsewhere
            continue
        page = page_of(callback, layouts)
        specs = [*callback["inputs"], *callback["state"]]
        if not all(any(is_of(spec["id"], known) for known in page) for spec in specs):
            continue
        answer = client.post(PATH, json=request_of(key, callback, page))
        assert answer.status_code in (200, 204), (key, answer.get_data(as_text=True))


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "7", "[]", "{", "[" * 100_000, '{"output": "jobs-list.children"}',
        '{"output": "nothing.here"}', '{"output": 7}', '{"output": NaN}', "\ud800", '"\\ud800"',
        '{"output": "\\u0000"}', '{"output": 1e999}', f'{{"output": {"9" * 5000}}}',
    ],
    ids=range(15),
)  # fmt: skip
def test_what_is_no_request_of_a_browser_is_refused(client: FlaskClient, body: str) -> None:
    data = body.encode("utf-8", "surrogatepass")
    answer = client.post(PATH, data=data, content_type="application/json")
    assert answer.status_code == 400


def test_a_job_s_id_leads_nowhere_else(client: FlaskClient, settings: Settings) -> None:
    """What was posted as the id of a job was joined to the folder of jobs."""
    folder = settings.home / "result"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"results": {}}')
    body = {
        "output": "labels-sliders.children",
        "outputs": {"id": "labels-sliders", "property": "children"},
        "inputs": [{"id": "labels-metric", "property": "value", "value": "snr"}],
        "state": [[], [], {"id": "labels-job", "property": "data", "value": ".."}],
        "changedPropIds": ["labels-metric.value"],
    }
    answer = client.post(PATH, json=body)
    assert "Job .. is not here any more." in answer.get_data(as_text=True)


def test_a_job_is_cancelled_when_the_press_comes_together_with_a_tick(
    app: Dash, client: FlaskClient, found: Services
) -> None:
    job = found.store.submit("brainmap look", {}, [], version="1")
    key, callback = next(item for item in app.callback_map.items() if "panel-cancel-box" in item[0])
    values = {"panel-tick": 3, "panel-cancel": 1, "panel-again": None, "followed-job": job}
    given = {
        kind: [{**one, "value": values[one["id"]]} for one in callback[kind]]
        for kind in ("inputs", "state")
    }
    changed = ["panel-tick.n_intervals", "panel-cancel.n_clicks"]
    outputs = [one.to_dict() for one in callback["output"]]
    body = {"output": key, "outputs": outputs, **given, "changedPropIds": changed}
    assert client.post(PATH, json=body).status_code == 200
    again = found.store.get(job)
    assert again is not None
    assert again.state is JobState.CANCELLED


def test_a_fault_of_ours_stays_one(
    app: Dash,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: Any) -> Any:
        return {}["a bug"]

    monkeypatch.setattr("dashboard.home.models.cards", broken)
    body = {
        "output": "models-comparison.children",
        "outputs": {"id": "models-comparison", "property": "children"},
        "inputs": [{"id": "models-compare", "property": "value", "value": []}],
        "state": [],
        "changedPropIds": ["models-compare.value"],
    }
    assert client.post(PATH, json=body).status_code == 500
    assert "a bug" in caplog.text


def test_a_result_without_a_file_is_said(shown: Dash, layouts: Sequence[Parts]) -> None:
    """A job of another kind has no preview; so has one from which somebody took the file."""
    of_spikes = next(job for job, (task, _) in HOLDS["jobs"].items() if task == "spikes sort")
    callback = served(shown)["look-series.figure"]
    page = {**page_of(callback, layouts), "panel-job": {"data": of_spikes}}
    answer = shown.server.test_client().post(
        PATH, json=request_of("look-series.figure", callback, page)
    )
    assert "reload the page" in answer.get_data(as_text=True)


def test_the_home_of_the_test_is_left(shown: Dash) -> None:
    """Ill values start and delete nothing."""
    with shown.server.app_context():
        assert {job.id for job in services().store.latest(limit=-1)} >= set(HOLDS["jobs"])
        assert Path(services().settings.jobs).is_dir()
