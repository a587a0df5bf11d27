"""Uploads are streamed, checked, and kept by content."""

import io
import os
import time
import uuid
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from dashboard import create_app
from dashboard.server import pieces, uploads
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


SET = "ab" * 16


def piece(
    client: FlaskClient, content: bytes, offset: int, length: int, file: str = "a.csv"
) -> Any:
    address = f"/uploads/table/{SET}/a.csv?offset={offset}&total={len(content)}"
    return client.put(address, data=content[offset : offset + length])


def test_a_file_arrives_in_pieces_and_goes_on_where_it_broke_off(
    client: FlaskClient, found: Services
) -> None:
    content = bytes(range(256)) * 40
    assert piece(client, content, 0, 4000).get_json() == {"ok": True}
    assert client.get(f"/uploads/table/{SET}/a.csv").get_json() == {"there": 4000}
    assert "did not arrive whole" in client.post(f"/uploads/table/{SET}").get_json()["error"]
    for offset in (0, 3999, 4001, len(content)):  # twice, overlapping, with a hole
        answer = piece(client, content, offset, 100)
        assert (answer.status_code, answer.get_json()["there"]) == (409, 4000)
    assert piece(client, content, 4000, 10**6).status_code == 200
    assert client.get(f"/uploads/table/{SET}/a.csv").get_json() == {"there": len(content)}
    done = client.post(f"/uploads/table/{SET}").get_json()
    upload = uploads.find(done["reference"].removeprefix("upload:"), found.settings)
    assert upload.path.read_bytes() == content
    at_once = send(client, "table", {"a.csv": content})
    assert at_once == done


def test_a_piece_brings_no_more_than_its_file_has(client: FlaskClient, found: Services) -> None:
    address = f"/uploads/table/{SET}/a.csv?offset=0&total=3"
    assert client.put(address, data=b"1,2,3,4,5").status_code == 200
    client.post(f"/uploads/table/{SET}")
    [kept] = found.settings.uploads.rglob("a.csv")
    assert kept.read_bytes() == b"1,2"


@pytest.mark.parametrize(
    "words",
    [
        "offset=-1&total=5",
        "offset=9&total=5",
        "offset=1",
        "total=x&offset=0",
        "offset=\u0663&total=5",
        "offset=0&total=99999999999999999999",
    ],
)
def test_a_piece_that_belongs_nowhere_is_refused(
    client: FlaskClient, found: Services, words: str
) -> None:
    answer = client.put(f"/uploads/table/{SET}/a.csv?{words}", data=b"x")
    assert answer.status_code in (400, 409)
    assert answer.get_json()["error"]
    assert client.get(f"/uploads/table/{SET}/a.csv").get_json() == {"there": 0}


def test_pieces_keep_within_the_limit_and_the_quota(settings: Settings) -> None:
    small = create_app(replace(settings, table_limit_mb=1)).server.test_client()
    answer = small.put(f"/uploads/table/{SET}/a.csv?offset=0&total=1000001", data=b"x")
    assert "upload limit of 1 MB" in answer.get_json()["error"]
    assert list(settings.uploads.iterdir()) == []
    full = create_app(replace(settings, quota_gb=1, upload_limit_mb=3000)).server.test_client()
    answer = full.put(f"/uploads/images/{SET}/a.npy?offset=0&total=1100000000", data=b"x")
    assert "no room for 1.1 GB more" in answer.get_json()["error"]
    assert list(settings.uploads.iterdir()) == []


def test_a_file_for_which_the_disk_has_no_room_is_refused_at_its_first_piece(
    client: FlaskClient, found: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 5})
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: usage)
    answer = piece(client, b"123456", 0, 3)
    assert (answer.status_code, answer.get_json()["error"][:31]) == (
        507,
        "The server's disk has no room f",
    )
    assert list(found.settings.uploads.iterdir()) == []


def test_two_large_files_of_one_name_do_not_replace_each_other(client: FlaskClient) -> None:
    assert piece(client, b"one", 0, 3).status_code == 200
    assert piece(client, b"two", 0, 2).status_code == 200
    answer = piece(client, b"two", 2, 1)
    assert answer.get_json()["error"].startswith("Two of these files are called a.csv")


def test_a_half_upload_is_given_up_or_expires(client: FlaskClient, found: Services) -> None:
    folder = found.settings.uploads / f".incoming-{SET}"
    piece(client, b"content", 0, 3)
    assert client.delete(f"/uploads/table/{SET}").get_json() == {"ok": True}
    assert not folder.exists()
    piece(client, b"content", 0, 3)
    pieces.tidy(found.settings)
    assert folder.exists()
    old = time.time() - pieces.EXPIRES_SECONDS - 60
    os.utime(folder, (old, old))
    pieces.tidy(found.settings)
    assert folder.exists()  # its piece is young
    for file in (*folder.iterdir(), folder):
        os.utime(file, (old, old))
    other = SET.replace("ab", "cd")
    client.put(f"/uploads/table/{other}/b.csv", data=b"x")  # the next upload sweeps
    assert not folder.exists()


@pytest.mark.parametrize("name", ["..", "x", "AB" * 16, "ab" * 15])
def test_no_other_folder_is_given_up(client: FlaskClient, found: Services, name: str) -> None:
    kept = found.settings.uploads / "keep.csv"
    kept.write_bytes(b"x")
    assert client.delete(f"/uploads/table/{name}").status_code in (400, 404, 405)
    assert kept.exists()
