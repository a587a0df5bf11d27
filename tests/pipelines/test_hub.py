"""Published models are fetched from a site that speaks as HuggingFace does, or refused at once."""

import json
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipelines.core.errors import BundleError, InputError
from pipelines.models import hub

FILES = {"best_model.skops": b"a model", "model_info.json": b"{}", "README.md": b"read me"}
NAME = "lab/noise_neural"


class Site(BaseHTTPRequestHandler):
    """Two addresses of HuggingFace: what a model holds, and its files."""

    files = FILES
    digest = ""

    def do_GET(self) -> None:
        if self.path == f"/api/models/{NAME}?blobs=true":
            lfs = {"sha256": self.digest or sha256(self.files.get(hub.INFO, b"")).hexdigest()}
            siblings = [{"rfilename": name} for name in self.files if name != hub.INFO]
            siblings += [{"rfilename": hub.INFO, "lfs": lfs}] if hub.INFO in self.files else []
            self._answer(json.dumps({"sha": "c0ffee", "siblings": siblings}).encode())
        elif self.path.startswith(f"/{NAME}/resolve/c0ffee/"):
            self._answer(self.files[self.path.rpartition("/")[2]])
        else:
            self.send_error(404)

    def _answer(self, content: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment in which a site on this computer stands for HuggingFace."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}/"}
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_model_and_its_description_are_fetched_and_nothing_else(
    site: dict[str, str], tmp_path: Path
) -> None:
    found = hub.fetch(NAME, tmp_path, site)
    assert (found.name, found.revision) == (NAME, "c0ffee")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        name: FILES[name] for name in ("best_model.skops", "model_info.json")
    }


def test_a_model_that_is_not_there_is_said_to_be_missing(
    site: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1 has no model lab/other that everybody"):
        hub.fetch("lab/other", tmp_path, site)


@pytest.mark.parametrize("files", [{"model.pkl": b"x"}, {"a.skops": b"", "b.skops": b""}])
def test_pickles_and_a_choice_of_models_are_refused(
    site: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]
) -> None:
    monkeypatch.setattr(Site, "files", files)
    with pytest.raises(BundleError, match=f"holds {', '.join(files)}: pickles are never opened"):
        hub.fetch(NAME, tmp_path, site)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_what_the_site_says_is_refused(
    site: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Site, "digest", "0" * 64)
    with pytest.raises(BundleError, match=r"model_info\.json of lab/noise_neural arrived damaged"):
        hub.fetch(NAME, tmp_path, site)


@pytest.mark.parametrize(
    ("site", "said"),
    [
        ("http://127.0.0.1:9", "127.0.0.1 cannot be reached"),
        ("http://no-such-host.invalid", "no-such-host.invalid cannot be reached"),
        ("https://192.0.2.1", "192.0.2.1 cannot be reached"),  # answers nobody (RFC 5737)
    ],
)
def test_without_a_network_the_answer_comes_at_once(
    site: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    begin = time.perf_counter()
    with pytest.raises(InputError, match=said) as refused:
        hub.fetch(NAME, tmp_path, {"HF_ENDPOINT": site})
    assert time.perf_counter() - begin < 2
    assert "connect to the network, or bring the model's folder" in refused.value.sentence


def test_who_works_offline_on_purpose_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="HF_HUB_OFFLINE is set"):
        hub.fetch(NAME, tmp_path, {"HF_HUB_OFFLINE": "1"})


def test_a_path_is_no_name_of_a_published_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    assert hub.is_name("SpikeInterface/UnitRefine_noise_neural_classifier")
    for path in ("runs/bundel", "bundle", "/models/bundle", "a/b/c", "../b", "a/..", "./b"):
        assert not hub.is_name(path), path
