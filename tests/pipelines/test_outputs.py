"""Results appear whole or not at all."""

from pathlib import Path

import pytest

from pipelines.errors import OutputError
from pipelines.outputs import atomic_file, atomic_folder


def test_a_folder_appears_when_all_went_well(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "out") as folder:
        (folder / "a.txt").write_text("a", encoding="utf-8")
        assert not (tmp_path / "out").exists()
    assert (tmp_path / "out" / "a.txt").read_text(encoding="utf-8") == "a"


def test_nothing_is_left_when_something_went_wrong(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        _half_written(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def _half_written(target: Path) -> None:
    with atomic_folder(target) as folder:
        (folder / "a.txt").write_text("a", encoding="utf-8")
        raise RuntimeError


def test_what_exists_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(OutputError, match="exists already"), atomic_folder(target):
        pass
    with atomic_folder(target, overwrite=True) as folder:
        (folder / "new").touch()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failed_replacement_keeps_the_old_result(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(RuntimeError), atomic_folder(target, overwrite=True):
        raise RuntimeError
    assert [path.name for path in target.iterdir()] == ["old"]


def test_a_file_appears_whole(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "a.csv") as file:
        file.write_text("x", encoding="utf-8")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "x"
    with pytest.raises(OutputError, match="exists already"), atomic_file(tmp_path / "a.csv"):
        pass


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    unwritable = tmp_path / "file" / "out"
    with pytest.raises(OutputError, match="cannot be written"), atomic_folder(unwritable):
        pass
