"""Processes that read what is not trusted are held to their limits on every system."""

import subprocess
import sys
import time

import pytest

from pipelines.processes import isolated, usage
from pipelines.processes.bounds import attended, lowered

resource = pytest.importorskip("resource", reason="Windows has no such limits")
EATER = "a = []\nwhile True:\n    a.append(b'x' * 1_000_000)"


def refuse(kind: int, limits: tuple[int, int]) -> None:
    raise ValueError("current limit exceeds maximum limit")  # as macOS does for RLIMIT_AS


def test_a_limit_that_the_system_refuses_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert not lowered("RLIMIT_AS", 10**9)
    isolated.Bounds(10**9, 10).apply()


def test_nor_is_a_system_without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    assert not lowered("RLIMIT_AS", 10**9)


@pytest.mark.parametrize(
    ("code", "memory", "seconds"),
    [(EATER, 60_000_000, 30.0), ("import time; time.sleep(60)", 10**9, 0.2)],
)
def test_what_takes_too_much_is_killed_from_outside(code: str, memory: int, seconds: float) -> None:
    begun = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        with attended(process, memory, seconds):
            process.wait()
        assert process.returncode != 0
    assert time.monotonic() - begun < 20


def test_a_question_whose_answer_takes_too_much_memory_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usage, "memory", lambda _: 2 * 10**9)
    with pytest.raises(isolated.Failed):
        isolated.ask(
            "pipelines.files.matlab_child",
            {"path": "none", "out": "none"},
            isolated.Bounds(10**9, 60),
        )
