"""Nothing that a file from elsewhere says is run, and no file that it names is read.

The package `traps` is the kept corpus. That nothing ran shows a canary; that nothing was read shows
the time of the last reading, which the system keeps of each file.
"""

import contextlib
import os
import pickle
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from pipelines import tasks
from pipelines.core.errors import NeuroboardError
from tests.pipelines import traps
from tests.pipelines.spikes import writers
from tests.pipelines.traps import SHAPE, WORD, Bench, Maker, images, recordings, tables, zarrs

LONG_AGO = 1_000_000_000


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    for name in ("given", "private"):
        (tmp_path / name).mkdir()
    found = Bench(tmp_path / "given", tmp_path / "canary", tmp_path / "private" / "secret.dat")
    traps.save_other_files(found.secret)
    return found


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*asked: object) -> None:
        pytest.fail(f"{asked} was to be reached")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def private(bench: Bench) -> list[Path]:
    return [file for file in bench.secret.parent.rglob("*") if file.is_file()]


def forget_reading(bench: Bench) -> None:
    """So that even a system that notes the first reading only (`relatime`) notes the next."""
    for file in private(bench):
        os.utime(file, (LONG_AGO, LONG_AGO + 1))


def was_read(bench: Bench) -> list[str]:
    return [file.name for file in private(bench) if file.stat().st_atime != LONG_AGO]


def contents(folder: Path) -> Iterator[bytes]:
    """All that was written, unpacked."""
    for file in folder.rglob("*"):
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                yield from (archive.read(name) for name in archive.namelist())
        elif file.is_file():
            yield file.read_bytes()


def outcome(bench: Bench, task: str, inputs: dict[str, Path], **values: Any) -> str:
    """Run a step as the pages and the command line do; its sentence if it refuses."""
    out = bench.canary.with_name("out")
    forget_reading(bench)
    said = ""
    try:
        tasks.run(task, inputs, values, out)
    except NeuroboardError as error:
        said = error.sentence
        assert not out.exists()
    assert not bench.canary.exists()
    assert was_read(bench) == []
    assert WORD.decode() not in said
    assert not any(WORD in content for content in contents(out))
    return said


@pytest.mark.parametrize("make", [*images.IMAGES, *zarrs.ZARRS], ids=lambda one: one.__name__)
def test_images(bench: Bench, make: Maker) -> None:
    given = make(bench)
    # TIFF does not say what its pages are, and what is not known would be asked for first.
    outcome(
        bench, "brainmap look", {"images": given}, **({"planes": 1} if "tif" in given.name else {})
    )


@pytest.mark.parametrize(
    "make", [*recordings.RECORDINGS, *zarrs.ZARRS], ids=lambda one: one.__name__
)
def test_recordings(bench: Bench, make: Maker) -> None:
    outcome(bench, "spikes look", {"recording": make(bench)}, gain_uv=0.195)


@pytest.mark.parametrize("make", recordings.PROBES, ids=lambda one: one.__name__)
def test_probes(bench: Bench, make: Maker) -> None:
    folder = bench.canary.with_name("sound")
    writers.spikeglx(folder, traps.TRACES)
    outcome(bench, "spikes look", {"recording": folder, "probe": make(bench)})


@pytest.mark.parametrize("make", tables.TABLES, ids=lambda one: one.__name__)
def test_tables(bench: Bench, make: Maker) -> None:
    assert outcome(bench, "synapses fit", {"table": make(bench)})


@pytest.mark.parametrize("make", images.SIGNALS, ids=lambda one: one.__name__)
def test_signals(bench: Bench, make: Maker) -> None:
    film = bench.canary.with_name("film.npy")
    np.save(film, np.random.default_rng(0).integers(0, 99, SHAPE, np.uint8))
    inputs = {"images": film, "signal": make(bench)}
    assert outcome(bench, "brainmap series", inputs, operation="correlate")


# -- the checks above can fail


def test_what_is_read_is_noticed(bench: Bench) -> None:
    for read in (Path.read_bytes, lambda file: np.memmap(file, np.uint8, "r")[:1]):
        forget_reading(bench)
        assert was_read(bench) == []
        read(bench.secret)
        assert was_read(bench) == [bench.secret.name]


def test_the_trap_makes_the_canary(bench: Bench) -> None:
    pickle.loads(bench.pickled)
    assert bench.canary.exists()


@pytest.mark.parametrize("make", [images.npy_of_objects, images.signal_of_objects])
def test_numpy_springs_the_trap_when_it_may(bench: Bench, make: Maker) -> None:
    with contextlib.suppress(Exception):
        np.load(make(bench), allow_pickle=True)
    assert bench.canary.exists()


def test_tifffile_reads_the_file_that_ome_names_when_it_may(bench: Bench) -> None:
    file = images.ome_in_an_absolute_place(bench)
    forget_reading(bench)
    with contextlib.suppress(Exception):
        tifffile.imread(file)
    assert was_read(bench) == ["other.tif"]


@pytest.mark.parametrize("format", ["spikeglx", "open_ephys", "blackrock", "intan", "nwb"])
def test_the_same_recordings_without_an_attack_are_read(bench: Bench, format: str) -> None:
    """So that those above are refused for what they name, and not for how they were made."""
    values = traps.TRACES
    place = bench.given / {"blackrock": "rec.ns5", "nwb": "rec.nwb", "intan": "intan"}.get(
        format, ""
    )
    if format == "blackrock":
        writers.blackrock(place, values, period=1)
    else:
        name = "intan_per_signal" if format == "intan" else format
        getattr(writers, name)(place, values)
    given = place / "info.rhd" if format == "intan" else place
    assert outcome(bench, "spikes look", {"recording": given}) == ""
