"""What a command says when nobody reads it, and `--quiet` wherever an option may stand."""

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.__main__ import main, parser
from pipelines.core.terminal import ShownFormatter, _Lines, say, shown
from tests.earlier import unpack

REPOSITORY = Path(__file__).resolve().parents[2]


def unread(*words: object, errors: bool = False) -> tuple[int, str]:
    """Run a command whose output nobody reads, as `| head -0` leaves it; code and errors."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", *map(str, words)],
            cwd=REPOSITORY,
            stdout=write,
            stderr=write if errors else subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(write)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("words", [["--help"], ["spikes", "sort", "--help"], ["models", "list"]])
def test_a_command_ends_quietly_when_nobody_reads(words: list[str], tmp_path: Path) -> None:
    unpack(tmp_path, "models")
    more = ["--registry", tmp_path / "models" / "registry"] if words[0] == "models" else []
    assert unread(*words, *more) == (0, "")


def test_what_it_does_is_done_to_its_end(tmp_path: Path) -> None:
    film = unpack(tmp_path, "lab") / "lab" / "film.npy"
    assert unread("brainmap", "look", film, "--out", tmp_path / "look", errors=True) == (0, "")
    assert (tmp_path / "look" / "run.json").is_file()


def test_a_mistake_still_ends_with_two(tmp_path: Path) -> None:
    words = ("brainmap", "look", tmp_path / "none.npy", "--out", tmp_path / "out")
    assert unread(*words, errors=True)[0] == 2
    assert unread("brainmap", "look", errors=True)[0] == 2


def test_a_closed_pipe_after_the_first_line(tmp_path: Path) -> None:
    """As `| head -1`: more lines come than are read."""
    unpack(tmp_path, "models")
    command = [sys.executable, "-m", "pipelines", "models", "verify", "--registry"]
    with subprocess.Popen(
        [*command, str(tmp_path / "models/registry")],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline() == "as_bundle: as it was added\n"
        running.stdout.close()
        assert running.stderr.read() == ""
        assert running.wait() == 0


def places() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser."""
    waiting = [("", parser())]
    while waiting:
        name, some = waiting.pop()
        yield name.strip() or "top", some
        for action in some._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += [(f"{name} {word}", sub) for word, sub in action.choices.items()]


@pytest.mark.parametrize(("name", "some"), list(places()), ids=lambda one: str(one)[:30])
def test_quiet_is_taken_everywhere(name: str, some: argparse.ArgumentParser) -> None:
    assert "--quiet" in some.format_help(), name


@pytest.mark.parametrize("place", range(4))
def test_quiet_counts_wherever_it_stands(
    tmp_path: Path, place: int, capsys: pytest.CaptureFixture[str]
) -> None:
    film = unpack(tmp_path, "lab") / "lab" / "film.npy"
    words = ["brainmap", "look", str(film), "--out", str(tmp_path / "out")]
    words.insert(min(place, 3) if place < 3 else len(words), "--quiet")
    assert main(words) == 0
    assert capsys.readouterr().err == ""


def test_the_help_says_where_labels_go() -> None:
    found = dict(places())
    words = " ".join(found["spikes label"].format_help().split())
    assert "--out FILE.csv" in words
    assert "without it the labels are kept with the sorting" in words
    assert "spikes label DIR --out labels.csv" in " ".join(
        found["spikes export"].format_help().split()
    )


ODD = "a\x1b[31m\x07\r\x9b\u202e\u2028\ud800b"
SHOWN = r"a\x1b[31m\x07\r\x9b\u202e\u2028\ud800b"


def test_controls_are_shown_and_not_sent(capsys: pytest.CaptureFixture[str]) -> None:
    say(ODD)
    say(ODD, sys.stderr)
    report = _Lines()
    report(0.5, ODD)
    assert capsys.readouterr() == (f"{SHOWN}\n", f"{SHOWN}\n 50% {SHOWN}\n")


def test_what_people_write_stays() -> None:
    words = "Größe µm 大脑 עברית e\u0301 😀\tx\ny"
    assert shown(words) == words


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_a_file_with_an_escape_in_its_name_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[31m\x07.npy"
    file.write_bytes(b"nothing")
    command = [sys.executable, "-m", "pipelines", "brainmap", "look", file, "--out", "x\x1b[2J"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"\x1b" not in done.stderr + done.stdout
    assert rb"a\x1b[31m\x07.npy" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
@pytest.mark.parametrize("words", [["models", "list"], ["--help"], ["brainmap", "look", "none"]])
def test_a_full_disk_under_what_is_printed_is_a_sentence(words: list[str], tmp_path: Path) -> None:
    unpack(tmp_path, "models")
    more = ["--registry", tmp_path / "models" / "registry"] if words[0] == "models" else []
    command = [sys.executable, "-m", "pipelines", *words, *more]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, cwd=REPOSITORY, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        both = subprocess.run(command, cwd=REPOSITORY, stdout=full, stderr=full, check=False)
        assert both.returncode == 2


def test_a_log_shows_controls() -> None:
    record = logging.LogRecord("x", logging.ERROR, "f", 1, f"GET /{ODD}", None, None)
    assert ShownFormatter().format(record) == f"GET /{SHOWN}"
