"""Addresses that are none, and requests that no browser sends, are answered with 4xx."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard import create_app
from dashboard.pages import ALL
from dashboard.server.settings import Settings
from tests.earlier import HOLDS, unpack

DONE = next(job for job, (_, state) in HOLDS["jobs"].items() if state == "done")
LONG = "x" * 300


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    home: Path = unpack(tmp_path_factory.mktemp("addresses"), "home") / "home"
    return create_app(Settings(home=home)).server.test_client()


def status(answer: TestResponse) -> int:
    with answer:
        return answer.status_code


@pytest.mark.parametrize("path", [page.PAGE["path"] for page in ALL if "path" in page.PAGE])
def test_pages_are_there(visitor: FlaskClient, path: str) -> None:
    assert status(visitor.get(path)) == 200
    assert status(visitor.head(path)) == 200
    assert status(visitor.get(f"/jobs/{DONE}")) == 200


@pytest.mark.parametrize("path", ["/nope", "/spikes/more", "/jobs/nosuch", f"/jobs/{LONG}", "/%ff"])
def test_an_unknown_page_is_said_in_the_frame_of_the_app(visitor: FlaskClient, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "_dash-component-suites" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/jobs/1", "/_dash-nope", "/_dash-component-suites/nope/x.js",
     "/_dash-component-suites/dash/nope.js", f"/uploads/table/{LONG}/a.csv"],
)  # fmt: skip
def test_a_program_is_told_in_json(visitor: FlaskClient, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert path[:100] in answer.get_json()["error"]


@pytest.mark.parametrize(
    "name", ["%00", LONG, "x/" * 2000, "..%2f..%2frun.json", "../../../owner-token", "%ff", "."]
)
def test_names_that_no_file_has_are_not_found(visitor: FlaskClient, name: str) -> None:
    assert status(visitor.get(f"/jobs/{DONE}/files/{name}")) == 404
    assert status(visitor.get(f"/assets/{name}")) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "FOO"])
def test_other_methods_are_not_allowed(visitor: FlaskClient, method: str) -> None:
    for path in ("/", "/nope", "/api/x", "/health", f"/jobs/{DONE}/everything.zip"):
        assert status(visitor.open(path, method=method)) == 405
    assert status(visitor.get("/_dash-update-component")) == 404
    assert status(visitor.options("/")) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "["}, {"Host": "x" * 9000}, {"Host": "127.0.0.1:99999999"}, {"Origin": "http://["},
        {"Origin": "\xff"}, {"Cookie": "\xff=\xff; neuroboard_token=\xff"}, {"Cookie": ";" * 9000},
        {"Content-Length": "-1"}, {"Content-Length": "9" * 40}, {"Content-Type": "\xff"},
        {"Content-Type": "application/json; charset=nope"}, {"Range": "bytes=9-1"},
        {"If-Modified-Since": "nope"},
    ],
    ids=lambda headers: " ".join(headers),
)  # fmt: skip
def test_odd_headers_are_no_fault_of_the_server(
    visitor: FlaskClient, headers: dict[str, str]
) -> None:
    for path in ("/", f"/jobs/{DONE}/files/run.json"):
        assert status(visitor.get(path, headers=headers)) < 500
    for path in ("/_dash-update-component", f"/uploads/table/{'0' * 32}"):
        assert 400 <= status(visitor.post(path, headers=headers, data=b"{}")) < 500


def test_a_long_reference_is_a_sentence(visitor: FlaskClient) -> None:
    assert status(visitor.get(f"/spikes?recording=data:lab/{LONG * 9}")) == 200


def test_a_result_with_files_of_1970_is_zipped(visitor: FlaskClient) -> None:
    """A zip cannot say so; a clock that was set back made such files."""
    assert status(visitor.get(f"/jobs/{DONE}/everything.zip")) == 200
