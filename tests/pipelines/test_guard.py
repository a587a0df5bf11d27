"""A file that breaks the library that reads it costs a sentence, and nothing else."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.processes import doing, guard, usage, usage_elsewhere, watching
from pipelines.processes.watching import Notes, ProcessLimits, Watch

REPOSITORY = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("watched_command.py")
AGAIN = "damaged or was made to do so; copy it again"
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are of Unix")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "images.npy"
    path.parent.mkdir()
    path.write_bytes(b"x")
    return path


def command(file: Path, how: str, when: str = "reading") -> list[str]:
    return [sys.executable, str(SCRIPT), how, when, str(file), str(file.parent.parent / "out")]


def run(file: Path, how: str, when: str = "reading") -> subprocess.CompletedProcess[str]:
    temporary = file.parent.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        command(file, how, when),
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert list(temporary.iterdir()) == []
    return done


@posix
@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("SIGSEGV", "SIGSEGV"),
        ("SIGABRT", "SIGABRT"),
        ("memory", "of memory for 1 bytes of data"),
        ("loop", "no end after"),
        ("sleep", "no end after"),
    ],
)
def test_a_file_that_breaks_its_reader_is_named_and_nothing_half_written_stays(
    file: Path, how: str, why: str
) -> None:
    out = file.parent.parent / "out"
    out.mkdir()
    (out / "earlier").touch()
    done = run(file, how)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"{file} broke the program that reads it (")
    assert why in done.stderr
    assert AGAIN in done.stderr
    assert [path.name for path in out.iterdir()] == ["earlier"]
    assert sorted(path.name for path in out.parent.iterdir()) == ["in", "out", "tmp"]


@posix
def test_what_breaks_later_names_the_stage_and_what_was_worked_on(file: Path) -> None:
    done = run(file, "SIGSEGV", "later")
    assert done.returncode == 1
    assert 'at the stage "Looking at it" (SIGSEGV' in done.stderr
    assert f"while working on {file}" in done.stderr
    assert "report this" in done.stderr


@posix
def test_a_step_that_takes_more_memory_than_it_may_says_how_much_and_which_setting(
    file: Path,
) -> None:
    done = run(file, "memory", "later")
    assert done.returncode == 2
    assert "MB of memory and may take 250.0 MB" in done.stderr
    assert "NEUROBOARD_MEMORY_GB" in done.stderr


@pytest.mark.parametrize("code", [0, 1, 2, 130])
def test_exit_codes_are_passed_through(file: Path, code: int) -> None:
    done = run(file, str(code))
    assert (done.returncode, done.stdout, done.stderr) == (code, "begun\n", "")


@posix
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)]
)
def test_who_stops_the_command_stops_all_of_it(file: Path, number: int, code: int) -> None:
    process = subprocess.Popen(command(file, "sleep", "later"), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    # The stream ends when nobody holds it any more: neither that process nor the watched one.
    assert process.stdout.read() == ""
    process.stdout.close()
    assert process.wait() == code
    if number != signal.SIGKILL:
        assert sorted(path.name for path in file.parent.parent.iterdir()) == ["in"]


@posix
def test_an_endless_loop_in_a_library_is_ended_by_a_second_interrupt(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "print('begun', flush=True); time.sleep(60)"
    )
    start = (
        f"import sys; from pipelines.processes import guard; sys.orig_argv = ['', '-c', {code!r}];"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", f"{start} guard.run_watched(['a', 'b'])"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    time.sleep(guard.TWICE_SECONDS + 0.1)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert (process.returncode, said) == (130, "Cancelled; nothing was written.\n")


@posix
def test_a_crash_is_one_sentence_at_the_command_line_of_the_pipelines(file: Path) -> None:
    code = """if True:
        import os, signal, sys
        from pipelines.processes.guard import run_watched
        run_watched(sys.argv[1:])
        from pipelines.files import reading
        from pipelines.__main__ import main
        from pipelines.brainmap.map import look
        from pipelines.core.errors import ImageError
        def look_at(inputs, parameters, folder, report):
            with reading.reading(inputs["images"], ImageError):
                os.kill(os.getpid(), signal.SIGSEGV)
        look.look = look_at
        sys.exit(main())"""
    out = file.parent.parent / "out"
    done = subprocess.run(
        [sys.executable, "-c", code, "brainmap", "look", str(file), "--out", str(out), "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert done.stderr.count("\n") == 1
    assert "SIGSEGV" in done.stderr
    assert str(file) in done.stderr
    assert not out.exists()


def test_help_starts_no_second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_: pytest.fail("started"))
    for arguments in ([], ["--help"], ["spikes", "sort", "-h"], ["models", "list"]):
        guard.run_watched(arguments)


def test_the_process_that_watches_imports_next_to_nothing() -> None:
    code = "import sys, pipelines.processes.guard; print('numpy' in sys.modules, len(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    has_numpy, number = done.stdout.split()
    assert has_numpy == "False"
    assert int(number) < 150


def noted(board: Path, **values: Any) -> Path:
    board.write_bytes(bytes(8) + b"\1" + json.dumps(values).encode() + b"\n")
    return board


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (-11, "SIGSEGV"),
        (-6, "SIGABRT"),
        (0xC0000005, "SIGSEGV"),
        (0xC0000005 - 2**32, "SIGSEGV"),
        (0xC00000FD, "SIGSEGV"),
        (0xC0000374, "SIGABRT"),
    ],
)
@posix
def test_a_crash_is_known_by_its_exit_code_also_on_windows(
    tmp_path: Path, code: int, name: str
) -> None:
    board = noted(tmp_path / "board", reading="a.mat")
    ending = Watch(os.getpid(), board, ProcessLimits(1)).ending(code)
    assert ending is not None
    assert ending.exit_code == 2
    assert ending.sentence.startswith(f"a.mat broke the program that reads it ({name}:")


@pytest.mark.parametrize("code", [0, 1, 3, None])
def test_an_end_of_its_own_is_no_crash(tmp_path: Path, code: int | None) -> None:
    assert Watch(os.getpid(), tmp_path / "none", ProcessLimits(1)).ending(code) is None


def test_a_large_file_may_take_as_much_as_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A film of 12 GB of which 5 GB are taken at once, on a machine with 16."""
    film = tmp_path / "film.npy"
    with film.open("wb") as stream:
        stream.truncate(12 * 10**9)
    taken = [10**8]
    monkeypatch.setattr(usage, "memory", lambda _: taken[0])
    watch = Watch(
        os.getpid(), noted(tmp_path / "board", reading=str(film)), ProcessLimits(16 * 10**9)
    )
    taken[0] = 5 * 10**9
    assert not watch.look()


def test_time_in_which_the_whole_command_was_stopped_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.npy"
    file.write_bytes(b"x")
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    board = noted(tmp_path / "board", reading=str(file))
    limits = ProcessLimits(2**60, processor_seconds=20, seconds=30)
    watch = Watch(os.getpid(), board, limits)
    monkeypatch.setattr(usage, "processor_seconds", lambda _: 0.0)
    assert not watch.look()
    now[0] += 3600  # Ctrl+Z, lunch, fg
    assert not watch.look()
    for _ in range(7):
        now[0] += 5
        ended = watch.look()
    assert ended


def test_progress_is_a_sign_of_life(tmp_path: Path) -> None:
    board = tmp_path / "board"
    board.write_bytes(bytes(guard.BOARD_BYTES))
    notes = doing.Board(board)
    notes.read(tmp_path)
    watch = Watch(os.getpid(), board, ProcessLimits(2**60, processor_seconds=0, seconds=0.4))
    watch.look()
    time.sleep(0.3)
    notes.note(stage="Half of it")
    watch.look()
    time.sleep(0.3)
    assert not watch.look()
    time.sleep(0.3)
    assert watch.look()


def test_what_is_noted_can_be_read_and_is_forgotten(tmp_path: Path) -> None:
    board = tmp_path / "board"
    board.write_bytes(bytes(guard.BOARD_BYTES))
    notes, watch = doing.Board(board), Watch(os.getpid(), board, ProcessLimits(1))
    notes.read(Path("a \udcff.npy"))
    assert watch.notes().file == "a \udcff.npy"
    notes.note(inputs=["b" * guard.BOARD_BYTES])  # too long for the board: left out
    notes.read(Path("c.npy"))
    assert (watch.notes().file, watch.notes().inputs) == ("c.npy", "")
    notes.read(None)
    assert watch.notes().file == ""
    notes.forget()
    assert watch.notes() == Notes(steps=watch.notes().steps)


# -- memory and time on three systems


def test_memory_counts_what_a_process_wrote_and_not_the_files_it_maps(tmp_path: Path) -> None:
    code = f"""
import os, numpy as np
from pipelines.processes import usage
before = usage.memory(os.getpid())
mapped = np.memmap({str(tmp_path / "film")!r}, np.uint8, "w+", shape=(60_000_000,))
mapped[:] = 1
held = np.ones(30_000_000, np.uint8)
print(usage.memory(os.getpid()) - before)
"""
    # In a process of its own, since others that tests started count as parts of this one.
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert 25e6 < int(done.stdout) < 50e6


def test_processor_time_grows() -> None:
    before, end = usage.processor_seconds(os.getpid()), time.process_time() + 0.05
    while time.process_time() < end:
        pass
    assert 0.03 <= usage.processor_seconds(os.getpid()) - before < 5


def test_a_container_may_use_less_than_the_machine_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = usage.machine_memory()
    (tmp_path / "memory.max").write_text("2000000\n", encoding="utf-8")
    monkeypatch.setattr(usage, "CGROUPS", (tmp_path / "memory.max", tmp_path / "none"))
    assert usage.machine_memory() == 2_000_000 < whole
    (tmp_path / "memory.max").write_text("max\n", encoding="utf-8")
    assert usage.machine_memory() > 2_000_000


def test_the_limit_is_a_share_of_the_machine_unless_it_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usage, "machine_memory", lambda: 10**10)
    monkeypatch.delenv(watching.SETTING, raising=False)
    assert watching.of_this_machine().memory == 8 * 10**9
    monkeypatch.setenv(watching.SETTING, "3")
    assert watching.of_this_machine().memory == 3 * 10**9


def test_on_macos_memory_is_the_footprint_that_the_system_reports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def proc_pid_rusage(pid: int, flavor: int, found: Any) -> int:
        assert (pid, flavor) == (7, 0)
        found._obj.phys_footprint, found._obj.user_time, found._obj.system_time = 5000, 24, 24
        return 0

    def mach_timebase_info(base: Any) -> int:
        base._obj.numer, base._obj.denom = 125, 3
        return 0

    system = SimpleNamespace(proc_pid_rusage=proc_pid_rusage, mach_timebase_info=mach_timebase_info)
    monkeypatch.setattr(usage_elsewhere, "_system", lambda: system)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert usage.memory(7) == 5000
    assert usage.processor_seconds(7) == pytest.approx(48 * 125 / 3 / 1e9)
    monkeypatch.setattr(system, "proc_pid_rusage", lambda *_: -1)
    assert usage.memory(7) == 0


def test_on_windows_memory_is_what_only_the_process_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    def memory(handle: Any, found: Any, size: int) -> int:
        assert (handle.value, size) == (3, found._obj.cb)
        found._obj.pagefile = 6000
        return 1

    def times(handle: Any, begun: Any, ended: Any, system: Any, program: Any) -> int:
        system._obj.value, program._obj.value = 10_000_000, 20_000_000
        return 1

    def machine(found: Any) -> int:
        found._obj.total = 8000
        return 1

    kernel = SimpleNamespace(
        OpenProcess=lambda access, inherit, pid: 3 if pid == 7 else None,
        K32GetProcessMemoryInfo=memory,
        GetProcessTimes=times,
        GlobalMemoryStatusEx=machine,
        CloseHandle=lambda handle: closed.append(handle.value),
    )
    monkeypatch.setattr(usage_elsewhere, "_kernel", lambda: kernel)
    monkeypatch.setattr(sys, "platform", "win32")
    assert (usage.memory(7), usage.processor_seconds(7)) == (6000, 3.0)
    assert (usage.memory(8), usage.machine_memory()) == (0, 8000)
    assert closed == [3, 3]
