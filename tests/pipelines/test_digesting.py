"""Inputs of a run are known by their content, whatever their size."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.digesting import Digesting
from pipelines.core.errors import Cancelled
from pipelines.core.fingerprint import Fingerprint, fingerprint
from pipelines.core.progress import silent
from pipelines.core.provenance import digest, files_below

HUGE = 10**11


def sparse(file: Path, size: int) -> Path:
    """A file of that size that takes no room on the disk."""
    file.touch()
    os.truncate(file, size)
    return file


def look(path: Path) -> Fingerprint:
    return fingerprint(path, list(files_below(path)))


def test_the_record_has_the_sha256_of_everything(tmp_path: Path) -> None:
    file, folder = tmp_path / "one.bin", tmp_path / "many"
    folder.mkdir()
    file.write_bytes(b"abc")
    (folder / "b.bin").write_bytes(b"abc")
    with Digesting({"one": file, "many": folder}, tmp_path / "out") as digests:
        (folder / "result.csv").write_text("came while it ran")
        one, many = digests.records(silent)
        assert digests.notes() == []
    (folder / "result.csv").unlink()
    assert (one.sha256, one.size) == (hashlib.sha256(b"abc").hexdigest(), 3)
    assert (many.sha256, many.size) == (digest(folder), 3)


def test_a_hundred_gigabytes_are_looked_at_in_a_moment_and_left_when_cancelled(
    tmp_path: Path,
) -> None:
    file = sparse(tmp_path / "huge.dat", HUGE)
    clock = time.monotonic()

    def cancelled(_: float, __: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled), Digesting({"a": file}, tmp_path / "out") as digests:
        digests.records(cancelled)
    assert time.monotonic() - clock < 5


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.write_bytes(b"abd"),
        lambda file: file.write_bytes(b"abcd"),
        lambda file: file.unlink(),
    ],
)
def test_a_file_that_changes_during_the_run_is_told(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "a.bin"
    file.write_bytes(b"abc")
    with Digesting({"recording": tmp_path / "in"}, tmp_path / "out") as digests:
        change(file)
        digests.records(silent)
        (note,) = digests.notes()
    assert str(tmp_path / "in") in note
    assert "was changed while it was read" in note


def test_a_change_inside_a_huge_file_is_told_though_no_block_saw_it(tmp_path: Path) -> None:
    file = sparse(tmp_path / "huge.dat", HUGE)
    before = look(file)
    with file.open("r+b") as stream:
        stream.seek(HUGE // 2 + 12_345_678)
        stream.write(b"other")
    os.utime(file, ns=(0, 0))
    assert look(file).sha256 == before.sha256
    assert look(file) != before


def test_a_small_file_is_itself_when_touched_renamed_or_copied(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"abc" * 1000)
    (tmp_path / "b.bin").write_bytes(b"abc" * 1000)
    os.utime(tmp_path / "b.bin", ns=(0, 0))
    assert look(tmp_path / "a.bin") == look(tmp_path / "b.bin")


def test_what_file_managers_leave_does_not_make_another_folder(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"abc")
    before = look(tmp_path)
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "._a.bin").write_bytes(b"x")
    assert look(tmp_path) == before
    (tmp_path / "c.bin").write_bytes(b"x")
    assert look(tmp_path) != before


def test_a_folder_of_many_files_is_looked_at_at_fixed_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.core.fingerprint.MOST_WHOLE", 1000)
    monkeypatch.setattr("pipelines.core.fingerprint.MOST_FILES", 10)
    for number in range(101):
        (tmp_path / f"{number:03d}").write_bytes(bytes(np.full(100, number, np.uint8)))
    before = look(tmp_path)
    assert len(before.times) == 91
    (tmp_path / "100").write_bytes(bytes(100))
    assert look(tmp_path).sha256 != before.sha256
