"""A finished job whose files were cut, lost or overwritten: its page and its pictures say so."""

import dataclasses
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dash import Dash, html
from plotly.io.json import to_json_plotly

from dashboard import create_app, views
from dashboard.brainmap.map import chosen
from dashboard.home import job as job_page
from dashboard.jobs.store import Job
from dashboard.server.posted import PATH
from dashboard.server.services import KEY, services
from dashboard.server.settings import Settings
from dashboard.spikes.labels import labels
from pipelines.core.errors import InputError
from pipelines.core.result_files import damaged
from tests.dashboard.test_posted import is_of, parts_of, request_of, served
from tests.earlier import HOLDS, unpack

DONE = {task: job for job, (task, state) in HOLDS["jobs"].items() if state == "done"}
MOST_PARTS = 4
"""Callbacks that are asked of each kind of job, those with most of its parts first."""


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def rubbish(content: bytes) -> bytes:
    return (b"\xff\x00{[" * (len(content) // 4 + 1))[: len(content)]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Dash:
    home = unpack(tmp_path_factory.mktemp("damaged"), "home") / "home"
    return create_app(Settings(home=home))


@pytest.fixture
def result(shown: Dash, task: str) -> Iterator[tuple[Job, Path]]:
    """A finished job and the folder of its result, which is as it was afterwards."""
    with shown.server.test_request_context("/"):
        found = services().store.get(DONE[task])
        assert found is not None
        folder = services().settings.jobs / found.id / "result"
        kept = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        yield found, folder
        for path, content in kept.items():
            replace(path, content)


def replace(path: Path, content: bytes) -> None:
    """By another file: a part of the old one may be mapped into memory."""
    path.unlink()
    path.write_bytes(content)


def damage(folder: Path, how: Callable[[bytes], bytes]) -> None:
    for path in folder.iterdir():
        if path.is_file():
            replace(path, how(path.read_bytes()))
    for cached in (chosen.load, chosen.load_map, labels.stored):
        cached.cache_clear()


@pytest.mark.parametrize("task", DONE)
@pytest.mark.parametrize("how", [half, rubbish])
def test_the_page_of_a_damaged_result_is_shown_with_a_sentence(
    task: str, how: Callable[[bytes], bytes], result: tuple[Job, Path]
) -> None:
    job, folder = result
    damage(folder, how)
    drawn = to_json_plotly(job_page.layout(job.id))
    assert views.UNSHOWN in drawn
    assert "Parameters" in drawn
    assert "run.json" in drawn  # its files can still be had


@pytest.mark.parametrize("task", DONE)
@pytest.mark.parametrize("how", [half, rubbish])
def test_pictures_of_a_damaged_result_are_a_sentence_and_no_fault(
    task: str, how: Callable[[bytes], bytes], result: tuple[Job, Path], shown: Dash
) -> None:
    job, folder = result
    page = {**parts_of(views.view(job)), "panel-job": {"data": job.id}}
    damage(folder, how)
    client = shown.server.test_client()
    for key, callback in redrawn(shown, page):
        answer = client.post(PATH, json=request_of(key, callback, page))
        assert answer.status_code in (200, 204), (key, answer.get_data(as_text=True))


def redrawn(app: Dash, page: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The callbacks of a page that read the result anew."""
    found = [
        (key, one)
        for key, one in served(app).items()
        if "run" not in key and "url.href" not in key  # jobs are started elsewhere
        and any(spec["id"] in ("panel-job", "labels-job") for spec in one["state"])
        and all(
            any(is_of(spec["id"], part) for part in page)
            for spec in (*one["inputs"], *one["state"])
        )
    ]  # fmt: skip
    return found[:MOST_PARTS]


def test_a_damaged_record_leaves_no_script_and_the_files_can_be_had(shown: Dash) -> None:
    job = DONE["synapses fit"]
    with shown.server.app_context():
        record = services().settings.jobs / job / "result" / "run.json"
    content = record.read_bytes()
    record.write_bytes(half(content))
    client = shown.server.test_client()
    with client.get(f"/jobs/{job}/repeat.py") as answer:
        assert answer.status_code == 404
    with client.get(f"/jobs/{job}/everything.zip") as answer:
        assert answer.status_code == 200
    record.write_bytes(content)


def test_what_was_raised_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def draw(_k: str) -> None:
        raise KeyError("labels")

    bounded = views._in_a_sentence(draw)
    with caplog.at_level(logging.ERROR), pytest.raises(InputError, match="cannot be shown"):
        bounded("3")
    assert "KeyError: 'labels'" in caplog.text
    assert json.dumps(bounded.__annotations__["_k"].__name__) == '"str"'


@pytest.mark.parametrize("task", ["spikes look"])
def test_a_fault_of_ours_is_not_laid_on_the_files(
    result: tuple[Job, Path], shown: Dash, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(_job: Job) -> html.P:
        raise KeyError("labels")

    job, folder = result
    page = dataclasses.replace(services().pages[job.task], view=faulty)
    pages = {**services().pages, job.task: page}
    changed = dataclasses.replace(services(), pages=pages)
    monkeypatch.setitem(shown.server.extensions, KEY, changed)
    assert views.FAULT in to_json_plotly(views.view(job))
    replace(folder / "run.json", half((folder / "run.json").read_bytes()))
    assert views.UNSHOWN in to_json_plotly(views.view(job))


@pytest.mark.parametrize("task", ["spikes sort", "brainmap fit", "synapses fit"])
@pytest.mark.parametrize("how", [half, rubbish])
def test_damage_is_told_file_by_file(
    task: str, how: Callable[[bytes], bytes], result: tuple[Job, Path]
) -> None:
    _, folder = result
    assert damaged(folder) == []
    known = [path for path in folder.iterdir() if path.suffix in (".npz", ".json", ".npy", ".png")]
    assert known
    for path in known:
        replace(path, how(path.read_bytes()))
    assert set(damaged(folder)) >= {path.name for path in known}
