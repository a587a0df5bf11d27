"""Paths below the data roots."""

import json
from pathlib import Path

import pytest

from dashboard.jobs.store import JobInput, JobState
from dashboard.kit import results
from dashboard.server import roots
from dashboard.server.services import Services
from dashboard.server.settings import Settings
from dashboard.server.uploads import KINDS
from pipelines.brainmap.formats.rows import FORMATS, TIFF
from pipelines.core import formats
from pipelines.core.errors import InputError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    (folder / "fish").mkdir(parents=True)
    for name in ("t1.tif", "t2.tif"):
        (folder / "fish" / name).write_bytes(b"II*\0")
    (folder / "sheet.xlsx").write_bytes(b"PK")
    return folder


def test_what_suits_is_offered(root: Path) -> None:
    assert roots.offers([root], "images") == ["lab/fish"]
    assert roots.offers([root], "table") == ["lab/sheet.xlsx"]


def test_every_kind_of_film_is_offered_and_can_be_uploaded(root: Path) -> None:
    (root / "fish" / "t1.tif").unlink()
    (root / "fish" / "t2.tif").unlink()
    (root / "plane0").mkdir()
    (root / "plane0" / "data.bin").touch()
    suffixes = set(formats.suffixes(FORMATS))
    names = [f"film{suffix}" for suffix in suffixes - set(TIFF.suffixes) - {".bin"}]
    for name in names:
        (root / name).touch()
    expected = {"lab/plane0", *(f"lab/{name}" for name in names)}
    assert set(roots.offers([root], "images")) == expected
    assert suffixes <= set(KINDS["images"].suffixes)


def test_what_macos_leaves_is_not_offered(root: Path) -> None:
    (root / "a.dat").write_bytes(b"x")
    (root / "._a.dat").write_bytes(b"x")
    (root / "._sheet.xlsx").write_bytes(b"x")
    assert roots.offers([root], "recording") == ["lab/a.dat"]
    assert roots.offers([root], "table") == ["lab/sheet.xlsx"]


def test_a_path_below_the_root_is_found(root: Path) -> None:
    assert roots.locate([root], "lab/fish") == root / "fish"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lab/../secret", "must not contain '..'"),
        ("/etc/passwd", "must begin with the name of a data root"),
        ("other/fish", "must begin with the name of a data root"),
        ("lab/nothing", "does not exist"),
        ("", "must begin with the name of a data root"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(root: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        roots.locate([root], text)


def test_links_out_of_the_root_are_refused(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "way-out").symlink_to(outside)
    (outside / "secret.tif").write_bytes(b"")
    (root / "fish" / "t3.tif").symlink_to(outside / "secret.tif")
    for text in ("lab/way-out", "lab/fish", "lab/way-out/secret.tif"):
        with pytest.raises(InputError, match="link that leads out"):
            roots.locate([root], text)


@pytest.mark.parametrize("home", [".neuroboard", "fish/board"])
def test_a_home_folder_below_a_root_is_closed(root: Path, home: str) -> None:
    kept = root / home
    (kept / "uploads" / "0" / "deep").mkdir(parents=True)
    (kept / "jobs.sqlite").touch()
    (kept / "owner-token").write_text("secret")
    (kept / "uploads" / "a.csv").write_text("a\n1\n")
    (root / "near").symlink_to(kept)
    assert roots.offers([root], "table") == ["lab/sheet.xlsx"]
    for text in (home, f"{home}/owner-token", f"{home}/uploads/0/deep", "near/owner-token"):
        with pytest.raises(InputError, match="home folder of a Neuroboard"):
            roots.locate([root], f"lab/{text}")
    assert roots.locate([kept / "uploads"], "uploads/a.csv") == kept / "uploads" / "a.csv"


def test_sentences_on_pages_tell_no_whole_path_of_the_server(
    found: Services, settings: Settings
) -> None:
    root, home = settings.data[0], settings.home
    damaged = InputError(f"{root / 'fish' / 't1.tif'} is damaged, see {home}/jobs/1/log.txt.")
    assert damaged.sentence == "data/fish/t1.tif is damaged, see jobs/1/log.txt."
    assert str(root) in str(damaged)
    assert InputError(f"The data root {root!r} is gone.").sentence.endswith("('data') is gone.")
    assert InputError(f"No room in {home}.").sentence == "No room in home."
    beside = f"{root}2/t1.tif, {root}-old/t1.tif and /mnt{root}/t1.tif"
    assert InputError(beside).sentence == beside
    recording = JobInput("recording", "data:data/a.raw", "data/a.raw", str(root / "a.raw"), "key")
    job_id = found.store.submit("spikes look", {}, [recording], version="1")
    found.store.claim(quick_only=False)
    found.store.finish(job_id, JobState.FAILED, f"OSError: [Errno 5] '{root}/a.raw'")
    job = found.store.get(job_id)
    assert job is not None
    assert job.error == "OSError: [Errno 5] 'data/a.raw'"
    assert job.inputs[0].path == str(root / "a.raw")
    record = settings.jobs / job_id / "result" / "run.json"
    record.parent.mkdir(parents=True)
    noted = {"notes": [f"{root}/a.raw says no gain: 1 uV per step is taken."]}
    record.write_text(json.dumps({"results": noted}), encoding="utf-8")
    assert [note.children for note in results.notes(job)] == [
        "data/a.raw says no gain: 1 uV per step is taken."
    ]
