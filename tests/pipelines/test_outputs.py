"""Results appear whole or not at all."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from pipelines.core import outputs
from pipelines.core.errors import OutputError
from pipelines.core.outputs import atomic_file, atomic_folder


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


def test_a_program_that_ends_between_the_two_steps_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out"
    _write(target, "old")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", _dies_at_step(2))
        patched.setattr(outputs.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(_Killed):
            _write(target, "new")
    assert not target.exists()
    with pytest.raises(OutputError, match="exists already"), atomic_folder(target):
        pass
    assert (target / "a.txt").read_text(encoding="utf-8") == "old"


def test_an_old_result_that_was_put_aside_by_a_killed_program_is_found_by_the_next_run(
    tmp_path: Path,
) -> None:
    (tmp_path / ".out.replaced").mkdir()
    outputs.put_back(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


class _Killed(BaseException):
    """Stands for a process that is gone."""


def _dies_at_step(number: int) -> Callable[[Path, Path], Path]:
    """A `Path.replace` that the process does not survive when it is called for the nth time."""
    calls = []
    whole = Path.replace

    def replace(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == number:
            raise _Killed
        return whole(self, target)

    return replace


def _write(target: Path, text: str) -> None:
    with atomic_folder(target, overwrite=True) as folder:
        (folder / "a.txt").write_text(text, encoding="utf-8")


def test_a_failing_second_step_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out"
    _write(target, "old")
    whole = Path.replace

    def refuses(self: Path, to: Path) -> Path:
        if to == target and self.name != ".out.replaced":
            raise PermissionError(13, "in use")
        return whole(self, to)

    monkeypatch.setattr(Path, "replace", refuses)
    with pytest.raises(OutputError, match=r"in use.*the result is in .*out-2"):
        _write(target, "new")
    assert (target / "a.txt").read_text(encoding="utf-8") == "old"
    assert (tmp_path / "out-2" / "a.txt").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("crash", [False, True])
def test_a_persons_work_is_kept_beside_what_replaces_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash: bool
) -> None:
    target = tmp_path / "units"
    _write(target, "old")
    (target / "curation.jsonl").write_text("steps", encoding="utf-8")
    assert outputs.kept_as(target) == tmp_path / "units-before-1"
    with monkeypatch.context() as patched:
        if crash:
            patched.setattr(Path, "replace", _dies_at_step(2))
        with suppress(_Killed):
            _write(target, "new")
    kept = tmp_path / "units-before-1"
    assert (kept / "curation.jsonl").read_text(encoding="utf-8") == "steps"
    assert (kept / "a.txt").read_text(encoding="utf-8") == "old"
    assert target.exists() is not crash
    assert outputs.free_name(target, "before").name == "units-before-2"


def test_what_came_to_be_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target, table = tmp_path / "out", tmp_path / "a.csv"
    with pytest.raises(OutputError, match=r"came to be while this ran.*out-2"):
        _write_while_another_does(target)
    assert [path.name for path in target.iterdir()] == ["theirs"]
    assert [path.name for path in (tmp_path / "out-2").iterdir()] == ["mine"]
    with pytest.raises(OutputError, match=r"a-2\.csv"):
        _write_file_while_another_does(table)
    assert table.read_text(encoding="utf-8") == "theirs"
    assert (tmp_path / "a-2.csv").read_text(encoding="utf-8") == "mine"


def _write_while_another_does(target: Path) -> None:
    with atomic_folder(target) as folder:
        (folder / "mine").touch()
        target.mkdir()
        (target / "theirs").touch()


def _write_file_while_another_does(target: Path) -> None:
    with atomic_file(target) as file:
        file.write_text("mine", encoding="utf-8")
        target.write_text("theirs", encoding="utf-8")


def test_a_file_and_a_folder_do_not_replace_each_other(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="is a file"):
        _write(tmp_path / "file", "new")
    with (
        pytest.raises(OutputError, match="is a folder"),
        atomic_file(tmp_path / "folder", overwrite=True),
    ):
        pass


def test_a_link_is_replaced_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a.txt").touch()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    _write(tmp_path / "link", "new")
    assert (tmp_path / "kept" / "a.txt").exists()
    assert not (tmp_path / "link").is_symlink()


HANGS = """
import sys, time
from pathlib import Path
from pipelines.core.outputs import atomic_folder
with atomic_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not say who uses a folder")
def test_what_a_killed_program_left_is_removed_by_the_next_run_and_not_before(
    tmp_path: Path,
) -> None:
    target, own = tmp_path / "out", tmp_path / ".out-abcdefgh"
    own.mkdir()
    command = [sys.executable, "-c", HANGS, str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        (work,) = set(tmp_path.iterdir()) - {own}
        _write(target, "of another")
        assert (work / "half").exists()
        running.kill()
    _write(target, "new")
    assert set(tmp_path.iterdir()) == {target, own}
