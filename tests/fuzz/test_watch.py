"""The watch tells what becomes of a file that ends its reader, and damage is repeatable."""

import os
import signal
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from tests.fuzz import catalog, corpus, pool
from tests.fuzz.catalog import Input
from tests.fuzz.outcomes import Found, Outcome
from tests.fuzz.pool import Watched
from tests.fuzz.reader import Reader, Sample
from tests.fuzz.table import Results


def write(folder: Path) -> str:
    (folder / "file").write_bytes(bytes(range(200)))
    return "file"


def die(_: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def spin(_: Path) -> None:
    while True:
        pass


def wait(_: Path) -> None:
    os.read(os.pipe()[0], 1)


def hoard(_: Path) -> None:
    kept = []
    while True:
        kept.append(np.ones(10**6))


def stumble(_: Path) -> None:
    raise IndexError("list index out of range")


FILE = (Sample("file", write),)
READERS = (
    *(Reader(read.__name__, FILE, read) for read in (die, spin, wait, hoard, stumble)),
    Reader("child", FILE, die, in_child=True),
)


def of(reader: str) -> Input:
    return Input("test_watch", reader, "file", "test", 0)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "SECONDS", 2.0)
    monkeypatch.setattr(pool, "BLOCKED", 5.0)
    monkeypatch.setattr(pool, "RESIDENT_BYTES", 4 * 10**8)


def test_what_ends_a_reader_is_known_by_its_file(watched: Watched) -> None:
    found = {name: watched.found({"input": asdict(of(name))}) for name in
             ("die", "spin", "wait", "hoard", "stumble")}  # fmt: skip
    assert found["die"] == Found(Outcome.DEATH, "SIGSEGV")
    assert [found[name].outcome for name in ("spin", "wait", "hoard")] == [  # type: ignore[union-attr]
        Outcome.HANG, Outcome.HANG, Outcome.MEMORY,
    ]  # fmt: skip
    assert found["stumble"] is not None
    assert found["stumble"].detail == "outside: IndexError: list index out of range"


def test_a_death_in_a_child_is_no_fault_and_any_other_is() -> None:
    results = Results()
    results.add(of("child"), Found(Outcome.DEATH, "SIGSEGV"))
    assert not results.failed
    results.add(of("die"), Found(Outcome.DEATH, "SIGSEGV"))
    assert results.failed
    assert "| die | 1 | 0 | 0 | 0 | 1 | 0 | 0 | 0 | 0 |" in results.table()


def test_damage_is_the_same_each_time_and_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "FOLDER", tmp_path / "corpus")
    for group, name in (("images", "TIFF"), ("images", "zarr film"), ("tables", "xlsx")):
        reader = catalog.readers(group)[name]
        sample = reader.samples[0].name
        whole = catalog.load_sample(tmp_path / "samples", reader, sample)
        assert whole is not None
        for number in range(20):
            given = Input(group, name, sample, "repeat", number)
            damaged = catalog.damaged_files(whole, reader, given)
            assert damaged == catalog.damaged_files(whole, reader, given)
            file = corpus.keep(given, whole, f"traceback a.b:{number}: ValueError{number}: text")
            assert file is not None
            assert corpus.Kept.read(file).files(whole) == damaged
