"""The process that opens recordings for the web server may break; the server may not."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.core.errors import InputError
from pipelines.processes.closed import Answered
from pipelines.processes.kept_reader import KeptReader

FILE = Path("a.dat")


@pytest.fixture(scope="module")
def reader() -> Iterator[KeptReader]:
    kept = KeptReader("tests.pipelines.reading_child", memory_bytes=300_000_000, seconds=5)
    yield kept
    kept.end()


def asked(reader: KeptReader, what: str, echo: bytes = b"") -> Answered:
    return reader.ask(Answered({"do": what}, {"echo": echo}), FILE)


def test_one_process_answers_one_request_after_the_other(reader: KeptReader) -> None:
    first = asked(reader, "answer", b"1")
    second = asked(reader, "answer", bytes(3_000_000))
    assert first.said["pid"] == second.said["pid"]
    assert first.parts["echo"] == b"1"
    assert len(second.parts["echo"]) == 3_000_000


@pytest.mark.parametrize("what", ["crash", "eat", "hang"])
def test_a_file_that_breaks_it_is_named_and_the_next_is_read(reader: KeptReader, what: str) -> None:
    reader.seconds = 1 if what == "hang" else 5
    with pytest.raises(InputError, match=r"a\.dat broke the program that reads it"):
        asked(reader, what)
    reader.seconds = 5
    assert asked(reader, "answer", b"again").parts["echo"] == b"again"


def test_sentences_come_through_and_errors_become_one(reader: KeptReader) -> None:
    before = asked(reader, "answer").said
    with pytest.raises(InputError, match=r"^a\.dat is another recording\.$"):
        asked(reader, "refuse")
    with pytest.raises(InputError, match=r"cannot be read \(KeyError: 'channel'\)"):
        asked(reader, "fail")
    assert asked(reader, "answer").said == before


def test_it_ends_with_whoever_asked_also_in_the_middle_of_an_answer() -> None:
    program = (
        "from pathlib import Path; from threading import Thread; import os, time\n"
        "from pipelines.processes.closed import Answered\n"
        "from pipelines.processes.kept_reader import KeptReader\n"
        "kept = KeptReader('tests.pipelines.reading_child')\n"
        "print(kept.ask(Answered({'do': 'answer'}, {}), Path('a')).said['pid'], flush=True)\n"
        "Thread(target=kept.ask, args=(Answered({'do': 'hang'}, {}), Path('a'))).start()\n"
        "time.sleep(0.5); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    child = Path("/proc") / done.stdout.splitlines()[-1]
    if not Path("/proc/self").exists():
        pytest.skip("there is no /proc to look for a process in")
    until = time.monotonic() + 10
    while child.exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not child.exists()


def test_no_page_opens_a_recording_itself() -> None:
    folder = Path(__file__).parents[2] / "dashboard"
    opening = re.compile(
        r"read_recording|read_stretch|pipelines\.spikes\.(stretch|read|raw) import"
    )
    assert not [file for file in folder.rglob("*.py") if opening.search(file.read_text("utf-8"))]
