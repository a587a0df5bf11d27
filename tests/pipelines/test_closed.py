"""A closed process can compute and answer, and nothing else, whatever runs in it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.errors import BundleError
from pipelines.models import pickled
from pipelines.processes import closed, seccomp
from pipelines.processes.closed import Answered, Broke
from pipelines.processes.seccomp import Unenforceable
from tests.hostile_models import pickles

pytestmark = pytest.mark.skipif(not seccomp.known(), reason="only Linux can close a process so")
SECRET = "NEUROBOARD_OWNER_TOKEN"
REPOSITORY = Path(closed.__file__).parents[2]
OPEN = {"x86_64": 2, "aarch64": 56}


@pytest.fixture(scope="module")
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def outcome(listening: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one closed process found, that tried everything."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "owner-token").write_text("the owner's token")
    said = {
        "token": str(folder / "owner-token"),
        "new": str(folder / "new"),
        "port": listening.getsockname()[1],
        "parent": os.getpid(),
        "open": OPEN[os.uname().machine],
        "secret": SECRET,
    }
    before = os.environ.get(SECRET)
    os.environ[SECRET] = "the owner's token"
    try:
        found = closed.ask("tests.closed.attempts", Answered(said, {"given": b"\0kept\n"}))
    finally:
        os.environ.pop(SECRET) if before is None else os.environ.update({SECRET: before})
    assert found.parts == {"given": b"\0kept\n"}
    return {**found.said, "files": sorted(file.name for file in folder.iterdir())}


def test_nothing_that_it_tries_succeeds(outcome: dict[str, Any]) -> None:
    told = outcome["attempts"]
    assert len(told) == 29
    # Where Python says in words of its own what the refused call below came to.
    assert told.pop("start a thread") == "RuntimeError: can't start new thread"
    assert told.pop("raise a limit").startswith("ValueError: not allowed")
    assert told.pop("ask for a name").startswith("[Errno -")
    assert set(told.values()) == {"EPERM"}
    assert outcome["files"] == ["owner-token"]


def test_its_parent_lives_and_nobody_was_called(
    outcome: dict[str, Any], listening: socket.socket
) -> None:
    with pytest.raises(BlockingIOError):
        listening.accept()


def test_every_other_system_call_is_refused_by_number(outcome: dict[str, Any]) -> None:
    assert outcome["calls"] == []


def test_it_has_no_environment_and_two_descriptors(outcome: dict[str, Any]) -> None:
    assert outcome["environment"] == {}
    assert outcome["of the C library"] == ["0", "0"]
    assert outcome["descriptors"] == [0, 1]


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("crash", "it crashed"),
        ("take_memory", "it took more than 4 GB of memory"),
        ("never_end", "it took more than 120 s"),
        ("answer_nonsense", "it gave no answer"),
        ("answer_too_much", "it crashed|it gave no answer"),
        ("call_as_32_bits", "it crashed|it gave no answer"),
    ],
)
def test_whatever_it_does_its_parent_goes_on_and_says_so(
    way: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed, "LARGEST_ANSWER", 10**6)
    with pytest.raises(Broke, match=said):
        closed.ask("tests.closed.misbehaving", Answered({"way": way}, {}))


def python(code: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", code]
    return subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("refused", ["seccomp", "prctl"])
def test_where_a_container_forbids_the_filter_nothing_is_read(refused: str) -> None:
    code = f"""
import platform
from pipelines.processes import closed; from pipelines.processes import seccomp
kind = seccomp.ARCHITECTURES[platform.machine()]
number = {{"seccomp": kind.seccomp, "prctl": {{"x86_64": 157, "aarch64": 167}}}}
wanted = number["{refused}"] if "{refused}" == "seccomp" else number["prctl"][platform.machine()]
seccomp.install([
    (seccomp.LOAD, 0, 0, seccomp.NUMBER_AT),
    (seccomp.IF_EQUAL, 0, 1, wanted),
    (seccomp.RETURN, 0, 0, seccomp.RET_EPERM),
    (seccomp.RETURN, 0, 0, seccomp.RET_ALLOW),
])
closed.serve(lambda asked: print("read"))
"""
    done = python(code)
    assert (done.returncode, done.stdout) == (closed.CANNOT_CLOSE, ""), done.stderr


def test_a_filter_that_the_system_does_not_heed_is_found() -> None:
    code = (
        "from pipelines.processes import closed; "
        "closed.seccomp.install = lambda: None; closed.serve(print)"
    )
    assert python(code).returncode == closed.CANNOT_CLOSE


@pytest.mark.parametrize(
    "system", [("darwin", "arm64"), ("win32", "AMD64"), ("linux", "riscv64"), ("linux", "i686")]
)
def test_elsewhere_a_pickle_is_refused_and_no_process_started(
    system: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system[0])
    monkeypatch.setattr(seccomp.platform, "machine", lambda: system[1])
    monkeypatch.setattr(closed, "run", lambda *_: pytest.fail("a process was started"))
    with pytest.raises(BundleError, match=r"as_bundle\.pkl is a pickle.*on Linux"):
        pickled.converted(b"", "as_bundle.pkl", "published")
    with pytest.raises(Unenforceable):
        closed.close()


def test_a_process_that_cannot_be_closed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed, "run", lambda *_: (closed.CANNOT_CLOSE, b""))
    with pytest.raises(BundleError, match="this system cannot close off a process"):
        pickled.converted(b"", "as_bundle.pkl", "published")


@settings(max_examples=30)
@given(st.dictionaries(st.text(max_size=5), st.binary(max_size=20), max_size=4), st.text())
def test_an_answer_comes_back_as_it_was_given(parts: dict[str, bytes], said: str) -> None:
    answer = Answered({"said": said}, parts)
    assert Answered.unpacked(answer.packed()) == answer


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_are_taken_for_an_answer_that_are_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="answer"):
        Answered.unpacked(content)


@pytest.mark.parametrize(
    "content",
    [
        b'{"said": {}, "parts": {"a": 5}}\nabc',
        b'{"said": {}, "parts": {"a": -1, "b": 2}}\na',
        b'{"said": {}, "parts": {"a": true}}\na',
        b'{"said": {}, "parts": {}}\nabc',
        b'{"said": {}, "parts": {}}',
        b'{"said": 3, "parts": {}}\n',
        b"[" * 10**6 + b"\n",
        b'{"said": {}, "parts": {"a": ' + b"9" * 5000 + b"}}\n",
    ],
)
def test_an_answer_of_another_length_is_none(content: bytes) -> None:
    with pytest.raises(ValueError, match="answer"):
        Answered.unpacked(content)


def test_a_pickle_is_read_by_the_very_process_that_the_command_line_starts() -> None:
    """Other tests fork it, which takes less time."""
    found = pickled.converted(
        pickles.dumped({"model": pickles.knn()}), "as_bundle.pkl", "published"
    )
    assert list(found.parts) == ["classifier.skops"]
    assert found.said == {"scikit_learn": sklearn.__version__}


# -- the filter itself, of both architectures, in an interpreter of its language


def verdict(kind: seccomp.Architecture, number: int, audit: int, protection: int = 0) -> int:
    """What the kernel would return for a call."""
    data = {seccomp.NUMBER_AT: number, seccomp.ARCHITECTURE_AT: audit}
    data[seccomp.PROTECTION_AT] = protection
    instructions = seccomp.program(kind)
    place = loaded = 0
    while True:
        code, if_true, if_false, operand = instructions[place]
        if code == seccomp.RETURN:
            return operand
        if code == seccomp.LOAD:
            loaded, holds = data[operand], False
            if_true = if_false = 0
        else:
            holds = loaded == operand if code == seccomp.IF_EQUAL else bool(loaded & operand)
        place += 1 + (if_true if holds else if_false)


FORBIDDEN = {
    "x86_64": {
        **{"open": 2, "openat": 257, "openat2": 437, "memfd_create": 319, "prctl": 157},
        **{"socket": 41, "connect": 42, "clone": 56, "fork": 57, "vfork": 58, "clone3": 435},
        **{"execve": 59, "execveat": 322, "kill": 62, "tgkill": 234, "pidfd_open": 434},
        **{"ptrace": 101, "process_vm_readv": 310, "prlimit64": 302, "io_uring_setup": 425},
    },
    "aarch64": {
        **{"openat": 56, "openat2": 437, "memfd_create": 279, "prctl": 167},
        **{"socket": 198, "connect": 203, "clone": 220, "clone3": 435},
        **{"execve": 221, "execveat": 281, "kill": 129, "tgkill": 131, "pidfd_open": 434},
        **{"ptrace": 117, "process_vm_readv": 270, "prlimit64": 261, "io_uring_setup": 425},
    },
}


@pytest.mark.parametrize("name", list(seccomp.ARCHITECTURES))
def test_the_filter_lets_through_what_is_listed_and_nothing_else(name: str) -> None:
    kind = seccomp.ARCHITECTURES[name]
    passes = {n for n in range(600) if verdict(kind, n, kind.audit) == seccomp.RET_ALLOW}
    assert passes == {*kind.allowed.values(), *kind.mapping.values()}
    assert not passes & {*FORBIDDEN[name].values()}
    for number in range(600):
        found = verdict(kind, number, kind.audit, seccomp.PROT_EXEC | 1)
        mapping = number in kind.mapping.values()
        assert (found == seccomp.RET_ALLOW) == (number in passes and not mapping)


@pytest.mark.parametrize("name", list(seccomp.ARCHITECTURES))
def test_a_call_of_another_architecture_ends_the_process(name: str) -> None:
    kind = seccomp.ARCHITECTURES[name]
    for audit in (0x40000003, 0xC000003E, 0xC00000B7, 0):
        if audit != kind.audit:
            assert verdict(kind, 0, audit) == verdict(kind, 59, audit) == seccomp.RET_KILL
