"""Under a WSGI server that hands a request on with its headers, bodies end there too."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from dashboard import create_app
from dashboard.server.settings import Settings

PATH = f"/uploads/table/{'0' * 32}/a.csv"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def port(settings: Settings) -> Iterator[int]:
    shared = replace(settings, host="0.0.0.0", token="work", look_token="look", owner_token="own")
    with make_server("127.0.0.1", 0, create_app(shared).server, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def first_line(port: int, method: str, path: str, *headers: str) -> bytes:
    """What comes back once the headers are sent, and not a byte of the body."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as line:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
        line.sendall("\r\n".join(lines).encode())
        return line.recv(65536).partition(b"\r\n")[0]


LONG = "Content-Length: 300000000"


def test_a_stranger_is_refused_at_the_headers(port: int) -> None:
    assert b" 401 " in first_line(port, "PUT", PATH, LONG)
    assert b" 401 " in first_line(port, "POST", "/_dash-update-component", "Content-Length: 99")


def test_who_may_only_look_is_refused_at_the_headers(port: int) -> None:
    assert b" 400 " in first_line(port, "PUT", PATH, LONG, "Cookie: neuroboard_token=look")


def test_a_body_that_is_too_large_is_refused_at_the_headers(port: int) -> None:
    known = "Cookie: neuroboard_token=own"
    assert b" 413 " in first_line(port, "POST", "/_dash-update-component", LONG, known)
