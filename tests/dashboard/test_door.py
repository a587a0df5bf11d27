"""Who may not send a body is answered before it is sent."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.security import access_tokens
from dashboard.settings import Settings
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


def asked(app: LiveApp, cookie: str, *headers: str, body: bytes = b"") -> bytes:
    """The first line that comes back once headers, and a body or none, are sent."""
    lines = [f"PUT {PATH} HTTP/1.1", "Host: 127.0.0.1", f"Cookie: neuroboard_token={cookie}"]
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
