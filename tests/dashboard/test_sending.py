"""What answers weigh, how long browsers keep them, and which scripts a page asks for."""

import gzip
import json
import re
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from flask import Flask, Response, jsonify, send_file
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard import create_app
from dashboard.server import scripts, sending
from dashboard.server.settings import Settings

POLICY = "Content-Security-Policy"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Dash:
    return create_app(Settings(home=tmp_path_factory.mktemp("home")))


def addresses(client: FlaskClient) -> list[str]:
    """Every script, style and picture that a page names."""
    return re.findall(r'(?:src|href)="(/[^"]+)"', client.get("/").get_data(as_text=True))


def get(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers=named, buffered=True)


def ask(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    return get(client, path, Accept_Encoding="gzip, deflate, br", **headers)


def cached(answer: TestResponse) -> set[str]:
    return set(answer.headers.get("Cache-Control", "").split(", ")) - {""}


def test_every_file_of_a_page_comes_packed_and_is_kept_for_a_year(client: FlaskClient) -> None:
    found = addresses(client)
    assert len(found) > 15
    for address in found:
        packed, plain = ask(client, address), get(client, address)
        assert cached(packed) == {"max-age=31536000", "immutable"}, address
        assert packed.headers["Vary"] == "Accept-Encoding", address
        assert len(packed.data) == int(packed.headers["Content-Length"])
        assert "Content-Encoding" not in plain.headers
        if len(plain.data) >= sending.LEAST_BYTES:
            assert packed.headers["Content-Encoding"] == "gzip", address
            assert gzip.decompress(packed.data) == plain.data, address
            assert len(packed.data) < 0.6 * len(plain.data), address
        for answer in (packed, plain):
            assert "default-src 'self'" in answer.headers[POLICY]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_all_that_a_first_page_loads_is_small(client: FlaskClient) -> None:
    assert sum(len(ask(client, address).data) for address in addresses(client)) < 650_000


@pytest.mark.parametrize("said", ["", "identity", "br", "gzip;q=0", "deflate, gzip;q=0, *;q=0"])
def test_who_does_not_take_gzip_gets_none(client: FlaskClient, said: str) -> None:
    answer = get(client, f"/{scripts.assets_path()}/10-app.css", Accept_Encoding=said)
    assert "Content-Encoding" not in answer.headers
    assert answer.data == (scripts.ASSETS / "10-app.css").read_bytes()
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_a_file_is_packed_once_however_many_ask_for_it_at_once(
    app: Dash, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[int] = []
    compress = gzip.compress

    def counted(body: bytes, *level: int, mtime: float = 0) -> bytes:
        packed.append(len(body))
        return compress(body, *level, mtime=mtime)

    monkeypatch.setattr(sending, "_packed", sending._Packed())
    monkeypatch.setattr(gzip, "compress", counted)
    path = f"/{scripts.assets_path()}/{scripts.PLOTLY}"
    begin, bodies = threading.Barrier(6), []

    def visit() -> None:
        begin.wait()
        bodies.append(ask(app.server.test_client(), path).data)

    visitors = [threading.Thread(target=visit) for _ in range(6)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    script = (scripts.ASSETS / scripts.PLOTLY).read_bytes()
    assert packed == [len(script)]
    assert {gzip.decompress(body) == script for body in bodies} == {True}


def test_addresses_that_were_made_up_take_no_memory(client: FlaskClient) -> None:
    """Dash gives a file at any version that one asks for."""
    address = next(one for one in addresses(client) if "react-dom" in one)
    before = dict(sending._packed._files)
    ask(client, address)
    for number in range(5):
        assert ask(client, re.sub(r"m\d+", f"m{number}", address)).status_code == 200
    assert len(sending._packed._files) <= len(before) + 1


def test_a_file_without_its_version_in_the_address_is_asked_for_again(client: FlaskClient) -> None:
    path = "/_dash-component-suites/dash/dcc/async-graph.js"
    for way in (get, ask):
        first = way(client, path)
        assert cached(first) == {"no-cache", "private"}
        again = way(client, path, If_None_Match=first.headers["ETag"])
        assert (again.status_code, again.data) == (304, b"")
        assert POLICY in again.headers
        other = way(client, path, If_None_Match='"another"')
        assert (other.status_code, other.data) == (200, first.data)


@pytest.mark.parametrize("path", ["/_dash-layout", "/_dash-dependencies"])
def test_what_pages_begin_with_is_sent_again_only_if_it_changed(
    client: FlaskClient, path: str
) -> None:
    first = ask(client, path)
    assert cached(first) == {"no-cache", "private"}
    assert json.loads(gzip.decompress(first.data))
    assert ask(client, path, If_None_Match=first.headers["ETag"]).status_code == 304


@pytest.mark.parametrize("path", ["/", "/health", "/jobs", "/nope", "/_dash-nope"])
def test_pages_and_faults_are_never_kept_for_long(client: FlaskClient, path: str) -> None:
    answer = ask(client, path)
    assert not cached(answer) & {"immutable", "max-age=31536000"}


def test_an_old_or_invented_address_of_an_asset_is_not_found_and_not_kept(
    client: FlaskClient,
) -> None:
    for folder in ("assets", "assets/0123456789abcdef"):
        answer = ask(client, f"/{folder}/10-app.css")
        assert answer.status_code == 404
        assert "immutable" not in cached(answer)


def test_a_part_of_a_file_is_sent_as_it_is(client: FlaskClient) -> None:
    answer = ask(client, f"/{scripts.assets_path()}/10-app.css", Range="bytes=3-1502")
    assert answer.status_code == 206
    assert "Content-Encoding" not in answer.headers
    assert answer.data == (scripts.ASSETS / "10-app.css").read_bytes()[3:1503]


def test_the_font_is_not_packed_twice(client: FlaskClient) -> None:
    name = "inter-latin-wght-normal.woff2"
    answer = ask(client, f"/{scripts.assets_path()}/{name}")
    assert "Content-Encoding" not in answer.headers
    assert "immutable" in cached(answer)
    assert answer.data == (scripts.ASSETS / name).read_bytes()


def other_app(answers: Mapping[str, Callable[[], Any]]) -> FlaskClient:
    """A server with answers of a test's own, sent as the app sends its own."""
    server = Flask("other")
    sending.lighten(server)
    for path, answer in answers.items():
        server.add_url_rule(path, path, answer, methods=["GET", "POST"])
    return server.test_client()


def test_downloads_travel_as_they_are(tmp_path: Path) -> None:
    """Whoever resumes one asks for its later bytes; and a table may be larger than the memory."""
    (tmp_path / "units.csv").write_text("unit,rate\n" * 1000, encoding="utf-8")
    client = other_app(
        {
            "/units.csv": lambda: send_file(tmp_path / "units.csv", mimetype="text/plain"),
            "/all.zip": lambda: Response(bytes(9999), mimetype="application/zip"),
            "/map.png": lambda: Response(bytes(9999), mimetype="image/png"),
            "/rows.txt": lambda: Response((line for line in ["row"] * 999), mimetype="text/plain"),
        }
    )
    for path in ("/units.csv", "/all.zip", "/map.png", "/rows.txt"):
        assert "Content-Encoding" not in ask(client, path).headers, path
    assert ask(client, "/units.csv").headers["Accept-Ranges"] == "bytes"


def test_an_answer_is_packed_where_that_is_worth_it() -> None:
    client = other_app(
        {
            "/short": lambda: jsonify("a" * 100),
            "/long": lambda: jsonify("a" * 5000),
            "/packed": lambda: Response(b"x" * 5000, 200, {"Content-Encoding": "br"}),
            "/empty": lambda: ("", 204),
        }
    )
    headers = {"Accept-Encoding": "gzip"}
    for method in (client.get, client.post):
        assert "Content-Encoding" not in method("/short", headers=headers).headers
        long = method("/long", headers=headers)
        assert json.loads(gzip.decompress(long.data)) == "a" * 5000
        assert len(long.data) == int(long.headers["Content-Length"]) < 200
        assert method("/packed", headers=headers).data == b"x" * 5000
        assert method("/empty", headers=headers).status_code == 204
    assert client.head("/long", headers=headers).headers["Content-Length"] == str(len(long.data))


def test_a_page_names_no_script_that_only_others_need(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    assert not [one for one in addresses(client) if "ag_grid" in one or "plotly" in one]
    late = re.search(r'name="late-grid" content="([^"]+)"', page)
    assert late
    answer = ask(client, late[1])
    assert b"window.dash_ag_grid" in gzip.decompress(answer.data)
    assert "immutable" in cached(answer)


def test_who_asks_for_the_plotly_js_of_dash_gets_the_strict_one(client: FlaskClient) -> None:
    answer = get(client, scripts.DASH_PLOTLY_URL)
    assert "immutable" not in cached(answer)
    assert b"plotly.js (strict" in get(client, answer.headers["Location"]).data[:300]


def test_the_address_of_the_assets_changes_with_any_byte_or_name_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def path() -> str:
        scripts.assets_path.cache_clear()
        return scripts.assets_path()

    before = path()
    shutil.copytree(scripts.ASSETS, tmp_path / "assets")
    monkeypatch.setattr(scripts, "ASSETS", tmp_path / "assets")
    assert path() == before
    style = tmp_path / "assets" / "10-app.css"
    style.write_bytes(style.read_bytes() + b" ")
    changed = path()
    style.rename(style.with_name("11-app.css"))
    assert len({before, changed, path()}) == 3
    monkeypatch.undo()
    assert path() == before
