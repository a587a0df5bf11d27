"""Uploads are streamed, checked, and kept by content."""

import io
import uuid
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from dashboard import create_app
from dashboard.server import uploads
from dashboard.server.services import Services
from dashboard.server.settings import Settings
from pipelines.core.errors import InputError


def send(client: FlaskClient, kind: str, files: dict[str, bytes]) -> dict[str, str]:
    name = uuid.uuid4().hex
    for file, content in files.items():
        answer = client.put(f"/uploads/{kind}/{name}/{file}", input_stream=io.BytesIO(content))
        if answer.status_code != 200:
            return dict(answer.get_json())
    return dict(client.post(f"/uploads/{kind}/{name}").get_json())


def test_a_table_becomes_a_reference(client: FlaskClient, found: Services) -> None:
    answer = send(client, "table", {"my sheet.csv": b"a,b\n1,2\n"})
    upload = uploads.find(answer["reference"].removeprefix("upload:"), found.settings)
    assert upload.path.read_bytes() == b"a,b\n1,2\n"
    assert answer["label"] == "my sheet.csv"


def test_the_same_content_is_kept_once(client: FlaskClient) -> None:
    first = send(client, "table", {"a.csv": b"x"})
    assert send(client, "table", {"a.csv": b"x"}) == first


def test_several_images_are_one_folder(client: FlaskClient, found: Services) -> None:
    answer = send(client, "images", {"t1.tif": b"1", "t2.tif": b"2"})
    upload = uploads.find(answer["reference"].removeprefix("upload:"), found.settings)
    assert sorted(path.name for path in upload.path.iterdir()) == ["t1.tif", "t2.tif"]


def test_files_of_one_name_do_not_replace_each_other(client: FlaskClient, found: Services) -> None:
    answer = send(client, "images", {"monday\\1.tif": b"one", "tuesday\\1.tif": b"other"})
    assert answer["error"].startswith("Two of these files are called 1.tif")
    answer = send(client, "images", {"a\\1.tif": b"same", "b\\1.tif": b"same"})
    assert answer["label"] == "1.tif"


def test_a_file_that_did_not_arrive_whole_is_not_kept(settings: Settings) -> None:
    settings.prepare()
    folder = settings.uploads / ".incoming"
    with pytest.raises(InputError, match="did not arrive whole"):
        uploads.save(io.BytesIO(b"1,2"), "a.csv", folder, uploads.KINDS["table"], settings, 9)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("file", ["model.pkl", "run.py", "x.csv.exe", "noname"])
def test_other_kinds_of_files_are_refused(client: FlaskClient, file: str) -> None:
    assert "cannot be used here" in send(client, "table", {file: b"x"})["error"]


def test_the_limit_is_enforced_and_leaves_nothing(settings: Settings) -> None:
    client = create_app(replace(settings, table_limit_mb=1)).server.test_client()
    answer = send(client, "table", {"large.csv": b"x" * 1_000_001})
    assert "upload limit of 1 MB" in answer["error"]
    assert list(settings.uploads.iterdir()) == []


def test_files_that_come_at_the_same_time_are_within_the_limit_together(
    settings: Settings,
) -> None:
    client = create_app(replace(settings, table_limit_mb=1)).server.test_client()
    name = uuid.uuid4().hex
    folder = settings.uploads / f".incoming-{name}"
    folder.mkdir()
    for file in ("a.csv", "b.csv"):  # each had the whole limit for itself when it began
        (folder / file).write_bytes(b"x" * 700_000)
    answer = client.post(f"/uploads/table/{name}")
    assert answer.status_code == 400
    assert "exceed the upload limit of 1 MB" in answer.get_json()["error"]
    assert list(settings.uploads.iterdir()) == []
    assert client.post(f"/uploads/no-such-kind/{name}").status_code == 400


def test_an_empty_set_is_refused(client: FlaskClient) -> None:
    assert "No file arrived" in send(client, "table", {})["error"]


@given(st.text(min_size=1, max_size=300))
def test_names_never_lead_out_of_the_folder(text: str) -> None:
    name = uploads.safe_name(text)
    assert name
    assert "/" not in name
    assert "\\" not in name
    assert not name.startswith(".")
    assert len(name) <= 150
