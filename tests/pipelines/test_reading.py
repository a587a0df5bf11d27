"""The boundary around readers: what is no file, what is damaged, and who is told."""

import errno
import os
import socket
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest

from pipelines.core.errors import Cancelled, ImageError, InputError, OutputError, RecordingError
from pipelines.files import hdf5
from pipelines.files.reading import each_read, listen, reading

RAISED = (
    zipfile.BadZipFile("File is not a zip file"),
    zlib.error("Error -3 while decompressing"),
    RecursionError("maximum recursion depth exceeded"),
    OverflowError("int too large to convert to float"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    AssertionError(),
    KeyError("spikes"),
    StopIteration(),
    SyntaxError("invalid header"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.dat"
    path.write_bytes(b"x")
    return path


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_a_library_raises_is_one_sentence_with_its_cause(
    error: Exception, file: Path
) -> None:
    with (
        pytest.raises(RecordingError) as caught,
        reading(file, RecordingError, "copy it again from the rig", "recording"),
    ):
        raise error
    words = f"{file} cannot be read: it is damaged or cut short, or is no recording ("
    assert f"{words}{type(error).__name__}" in str(caught.value)
    assert caught.value.sentence.endswith("; copy it again from the rig.")
    assert caught.value.__cause__ is error


def test_a_long_text_of_a_library_is_shown_in_part(file: Path) -> None:
    with pytest.raises(InputError) as caught, reading(file, InputError):
        raise ValueError("word\n" * 1000)
    assert len(caught.value.sentence) < 400


@pytest.mark.parametrize(
    "error", [ImageError("its own."), Cancelled("no."), KeyboardInterrupt(), MemoryError()]
)
def test_what_is_no_damage_passes(error: BaseException, file: Path) -> None:
    with pytest.raises(type(error)) as caught, reading(file, RecordingError):
        raise error
    assert caught.value is error


def test_an_array_of_exabytes_is_the_fault_of_the_file(file: Path) -> None:
    with (
        pytest.raises(InputError, match="asks for more memory than there is"),
        reading(file, InputError),
    ):
        raise MemoryError("Unable to allocate 7.11 EiB for an array")


def test_what_the_system_cannot_do_is_said_by_its_own_word(file: Path) -> None:
    with (
        pytest.raises(InputError, match="other cannot be read: Permission denied"),
        reading(file, InputError),
    ):
        raise PermissionError(errno.EACCES, "Permission denied", "/data/other")
    with (
        pytest.raises(InputError, match="gone cannot be read: No such file or directory"),
        reading(file.with_name("gone"), InputError),
    ):
        file.with_name("gone").read_bytes()


def test_a_full_disk_is_no_fault_of_the_file(file: Path) -> None:
    with pytest.raises(OutputError, match="No space left on device"), reading(file, InputError):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("where", ["itself", "behind a link", "in a folder", "deep in a folder"])
def test_a_named_pipe_is_refused_before_it_is_opened(where: str, tmp_path: Path) -> None:
    pipe = tmp_path / "folder" / "below" / "x.csv"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    path = pipe
    if where == "behind a link":
        path = tmp_path / "link.csv"
        path.symlink_to(pipe)
    if "folder" in where:
        path = pipe.parent if where == "in a folder" else pipe.parent.parent
    with (
        pytest.raises(ImageError, match=r"x\.csv is a named|link\.csv is a named"),
        reading(path, ImageError),
    ):
        pytest.fail("it was read")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_behind_a_link_is_refused_also_within_a_folder(tmp_path: Path) -> None:
    link = tmp_path / "table.csv"
    link.symlink_to("/dev/zero")
    for path in (Path("/dev/zero"), link, tmp_path):
        with pytest.raises(InputError, match="a device or a socket"), reading(path, InputError):
            pytest.fail("it was read")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such sockets")
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets may not be long
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("s.h5")
        with (
            pytest.raises(InputError, match="a device or a socket"),
            reading(Path("s.h5"), InputError),
        ):
            pytest.fail("it was read")


def test_a_link_that_leads_nowhere_or_in_a_circle_is_left_to_the_reader(tmp_path: Path) -> None:
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "circle").symlink_to(tmp_path)
    with reading(tmp_path, InputError):
        pass


def test_the_listener_is_told_the_innermost_path(tmp_path: Path) -> None:
    told: list[str | None] = []
    listen(lambda path: told.append(path.name if path else None))
    try:
        with reading(tmp_path / "a", InputError), reading(tmp_path / "b", InputError):
            pass
        with pytest.raises(InputError), reading(tmp_path / "c", InputError):
            raise ValueError
    finally:
        listen(None)
    with reading(tmp_path / "d", InputError):
        pass
    assert told == ["a", "b", "a", None, "c", None]


def test_each_item_is_taken_within_the_boundary(file: Path) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise zlib.error("bad")

    taken = each_read(items(), file, ImageError)
    assert next(taken) == 1
    with pytest.raises(ImageError, match=r"cut short, or is no file of its kind \(error: bad\)"):
        next(taken)
    assert list(each_read([1, 2], file, ImageError)) == [1, 2]


def test_what_is_done_with_an_item_is_outside_of_the_boundary(file: Path) -> None:
    taken = each_read([0], file, ImageError)
    with pytest.raises(ZeroDivisionError):
        print([1 / item for item in taken])


def test_a_file_that_is_open_for_long_is_not_said_to_be_read_for_long(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as root:
        root["a"] = 1
    told: list[Path | None] = []
    listen(told.append)
    try:
        with hdf5.opened(tmp_path / "a.h5", InputError):
            while_open = told[-1]
    finally:
        listen(None)
    assert told == [tmp_path / "a.h5", None]
    assert while_open is None
