"""Who may not send a body is answered before it is sent."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

from dashboard.server import door
from dashboard.server.security import access_tokens
from dashboard.server.settings import Settings
from tests.live import LiveApp

PATH = f"/uploads/table/{'0' * 32}/a.csv"
BODY = b"a,b\n1,2\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApp]:
    """Reached by others, as far as it knows: 127.1 is no name of the loopback that it knows."""
    live = LiveApp(tmp_path_factory.mktemp("door") / "home", [])
    live.start({**os.environ, "NEUROBOARD_HOST": "127.1"})
    yield live
    live.stop()


def token(home: Path, role: str) -> str:
    found = access_tokens(Settings(home=home, host="127.1"))
    return next(token for token, given in found.items() if given.name == role)


def asked(
    app: LiveApp, cookie: str, *headers: str, body: bytes = b"", what: str = f"PUT {PATH}"
) -> bytes:
    """The first line that comes back once headers, and a body or none, are sent."""
    lines = [f"{what} HTTP/1.1", "Host: 127.0.0.1", f"Cookie: neuroboard_token={cookie}"]
    with closing(socket.create_connection(("127.0.0.1", app.port), timeout=10)) as line:
        line.sendall("\r\n".join([*lines, *headers, "", ""]).encode() + body)
        return line.recv(65536).partition(b"\r\n")[0]


LONG = ("Content-Length: 300000000",)
CHUNKED = ("Transfer-Encoding: chunked",)
POLITE = ("Content-Length: 300000000", "Expect: 100-continue")


@pytest.mark.parametrize("headers", [LONG, CHUNKED, POLITE])
@pytest.mark.parametrize("known", ["", "guessed"])
def test_a_stranger_is_refused_at_the_headers(
    app: LiveApp, headers: tuple[str, ...], known: str
) -> None:
    assert asked(app, known, *headers).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("headers", [LONG, CHUNKED, POLITE])
def test_who_may_only_look_is_refused_at_the_headers(
    app: LiveApp, headers: tuple[str, ...]
) -> None:
    assert asked(app, token(app.home, "LOOK"), *headers).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize("role", ["WORK", "OWN"])
def test_who_may_work_uploads(app: LiveApp, role: str) -> None:
    known, length = token(app.home, role), f"Content-Length: {len(BODY)}"
    assert asked(app, known, length, body=BODY) == b"HTTP/1.1 200 OK"
    assert asked(app, known, length, "Expect: 100-continue") == b"HTTP/1.1 100 Continue"


@pytest.mark.parametrize("role", ["LOOK", "WORK", "OWN"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [(("Content-Length: 20000001",), b"413"), (LONG, b"413"), (CHUNKED, b"411")],
)
def test_what_is_no_upload_may_not_be_large(
    app: LiveApp, role: str, headers: tuple[str, ...], status: bytes
) -> None:
    known = token(app.home, role)
    for path in ("/_dash-update-component", "/jobs", "/uploads"):
        assert asked(app, known, *headers, what=f"POST {path}").split()[1] == status


@pytest.mark.parametrize(
    ("kind", "megabytes", "status"),
    [("table", 51, b"413"), ("images", 1999, b"100"), ("x", 21, b"413")],
)
def test_an_upload_that_is_too_large_is_refused_at_its_headers(
    app: LiveApp, kind: str, megabytes: int, status: bytes
) -> None:
    headers = (f"Content-Length: {megabytes}000000", "Expect: 100-continue")
    what = f"PUT /uploads/{kind}/{'0' * 32}/a.tif"
    assert asked(app, token(app.home, "WORK"), *headers, what=what).split()[1] == status


def test_an_upload_for_which_there_is_no_room_is_refused_at_its_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5_999_999))
    parser = HTTPRequestParser(Adjustments())
    parser.received(f"PUT {PATH} HTTP/1.1\r\nContent-Length: 6000000\r\n\r\n".encode())
    refused = door._refused(Settings(home=tmp_path), {}, parser, "127.0.0.1")
    assert refused is not None
    assert refused.code == 507
    assert "disk is full (5 MB free)" in refused.body
