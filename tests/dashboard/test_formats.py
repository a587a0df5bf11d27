"""What a page offers and takes is what the readers read: all of them follow the rows of formats."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from dashboard.server import roots, uploads
from dashboard.spikes import export
from pipelines.brainmap.formats import rows as images
from pipelines.core.errors import NeuroboardError
from pipelines.core.formats import Format, of_name
from pipelines.spikes.labels import metric_table
from pipelines.spikes.recording import formats as recordings
from pipelines.spikes.units import formats as units
from pipelines.synapses.formats import rows as tables
from pipelines.tasks import run
from tests import earlier
from tests.conftest import REPOSITORY
from tests.fuzz import images as films
from tests.fuzz import recordings as signals
from tests.fuzz import tables as sheets
from tests.pipelines.spikes import writers

Make = Callable[[Path], str]
FILM, TRACES = films.FILM, signals.TRACES
READ_RAW = signals.read_with(signals.OF_RAW)


@dataclass(frozen=True)
class Kind:
    """What a form asks for: its rows, how a job reads it, and what an upload of it is called."""

    rows: tuple[Format, ...]
    read: Callable[[Path], None]
    upload: str = ""


def read_recording(path: Path) -> None:
    (READ_RAW if path.suffix in recordings.RAW.suffixes else signals.read)(path)


def read_units(path: Path) -> None:
    metric_table.read(path)


KINDS = {
    "images": Kind(images.FORMATS, films.read_film, "images"),
    "signal": Kind(images.SIGNALS, films.read_signal, "signal"),
    "recording": Kind(recordings.FORMATS, read_recording),
    "table": Kind(tables.FORMATS, sheets.read_cells, "table"),
    "tables": Kind(units.TABLES, read_units, "tables"),
}


def xlsb(folder: Path) -> str:
    """Of another kind than its name says, for nothing here writes .xlsb: the content counts."""
    return shutil.move(folder / sheets.xlsx(folder), folder / "table.xlsb").name


def units_as(suffix: str) -> Make:
    def make(folder: Path) -> str:
        table = pd.DataFrame({"unit_id": [0, 1], "snr": [4.5, 9.0]})
        file = folder / f"units{suffix}"
        if suffix == ".xlsx":
            table.to_excel(file, index=False)
        elif suffix == ".parquet":
            table.to_parquet(file)
        else:
            table.to_csv(file, index=False, sep="," if suffix == ".csv" else "\t")
        return file.name

    return make


SAMPLES: dict[str, dict[str, tuple[Make, ...]]] = {
    "images": {
        "tiff": (films.tiff, films.folder_of_tiffs, films.bruker, films.ome),
        "npy": (films.npy, films.npy_in_fortran_order),
        "npz": (films.npz,),
        "hdf5": (films.hdf5, films.hdf5_of_today),
        "nwb": (films.nwb,),
        "mat": (films.mat_5, films.mat_7_3),
        "mmap": (films.caiman,),
        "zarr": (films.zarr_array, films.ome_zarr),
        "operation": (films.operated,),
        "thunder": (films.thunder_images, films.thunder_series),
        "suite2p": (films.suite2p,),
    },
    "signal": {
        "npy": (films.signal_npy,),
        "csv": (films.signal_csv,),
        "mat": (films.signal_mat, films.signal_mat_7_3),
    },
    "recording": {
        "saved": (signals.saved_binary,),
        "zarr": (signals.saved_zarr,),
        "spikeglx": (signals.spikeglx,),
        "open-ephys": (signals.open_ephys,),
        "neuralynx": (signals.neuralynx,),
        "nwb": (signals.nwb,),
        "intan": (signals.intan, signals.intan_per_signal, signals.intan_per_channel),
        "blackrock": (signals.blackrock,),
        "mearec": (signals.mearec,),
        "raw": (signals.raw,),
    },
    "table": {
        "xlsx": (sheets.xlsx,),
        "xls": (sheets.xls,),
        "xlsb": (xlsb,),
        "ods": (sheets.ods,),
        "text": (sheets.csv, sheets.tsv),
        "parquet": (sheets.parquet,),
    },
    "tables": {
        "xlsx": (units_as(".xlsx"),),
        "csv": (units_as(".csv"), units_as(".tsv"), units_as(".tab")),
        "parquet": (units_as(".parquet"),),
    },
}


def cases() -> Iterator[object]:
    for kind, rows in SAMPLES.items():
        for name, makers in rows.items():
            for make in makers:
                yield pytest.param(kind, name, make, id=f"{kind}-{name}-{make.__name__}")


def test_every_row_has_a_sample() -> None:
    for kind, rows in SAMPLES.items():
        assert set(rows) == {row.name for row in KINDS[kind].rows if row.read}, kind


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    (folder / "day").mkdir(parents=True)
    return folder


def offered(lab: Path, kind: str) -> list[Path]:
    return [roots.locate([lab], text) for text in roots.offers([lab], kind)]


@pytest.mark.parametrize(("kind", "name", "make"), list(cases()))
def test_what_is_read_is_offered_and_uploaded_and_what_is_offered_is_read(
    lab: Path, kind: str, name: str, make: Make
) -> None:
    made = lab / "day" / make(lab / "day")
    row = next(row for row in KINDS[kind].rows if row.name == name)
    assert row.recognise(made)
    KINDS[kind].read(made)
    if kind in roots.KINDS:
        found = offered(lab, kind)
        assert len(found) == 1
        KINDS[kind].read(found[0])
    if KINDS[kind].upload and row.is_uploaded:
        taken = uploads.KINDS[KINDS[kind].upload].suffixes
        files = [made] if made.is_file() else [one for one in made.rglob("*") if one.is_file()]
        assert {file.suffix for file in files} <= set(taken)


# -- what stands beside each other


def two_big_tiffs(day: Path) -> None:
    for time in range(3):
        tifffile.imwrite(day / f"t{time}.btf", FILM[time], photometric="minisblack")


def one_intan_recording_in_two_files(day: Path) -> None:
    part = len(TRACES) // 256 * 128
    writers.intan_traditional(day / "a_240101_100000.rhd", TRACES[:part])
    writers.intan_traditional(day / "a_240101_100100.rhd", TRACES[part : 2 * part], first=part)


def blackrock_of_two_speeds(day: Path) -> None:
    writers.blackrock(day / "slow.ns2", TRACES, period=30)
    writers.blackrock(day / "fast.ns3", TRACES)


def spikeglx(day: Path) -> None:
    writers.spikeglx(day, TRACES)


def spikeglx_without_samples(day: Path) -> None:
    writers.spikeglx(day, TRACES)
    next(day.glob("*.bin")).unlink()


def suite2p_of_two_planes(day: Path) -> None:
    for plane in (day / "plane0", day / "plane1"):
        plane.mkdir()
        films.suite2p(plane)
        np.save(plane / "F.npy", np.ones((3, 4)))


def film_and_recording_in_zarr(day: Path) -> None:
    films.zarr_array(day)
    signals.saved_zarr(day)


def zarr_of_tomorrow(day: Path) -> None:
    (day / "film.zarr").mkdir()
    (day / "film.zarr" / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group"}')


def another_conf(day: Path) -> None:
    (day / "conf.json").write_text('{"lamp": "on"}')
    films.npy(day)


def mean_of_a_film(day: Path) -> None:
    np.save(day / "result.npy", FILM.mean(axis=0))
    (day / "run.json").write_text(json.dumps({"results": {"layout": "image"}}))


def saved_sorting(day: Path) -> None:
    (day / "si_folder.json").write_text('{"class": "spikeinterface.core.NumpySorting"}')


BESIDE: dict[str, tuple[Callable[[Path], None], str, set[str]]] = {
    "a folder of .btf": (two_big_tiffs, "images", {"day"}),
    "several .rhd that are joined": (
        one_intan_recording_in_two_files,
        "recording",
        {"day", "day/a_240101_100000.rhd", "day/a_240101_100100.rhd"},
    ),
    "signals too slow for spikes": (blackrock_of_two_speeds, "recording", {"day/fast.ns3"}),
    "a .bin of SpikeGLX": (spikeglx, "recording", {"day"}),
    "a .meta alone": (spikeglx_without_samples, "recording", set()),
    "planes of suite2p": (
        suite2p_of_two_planes,
        "images",
        {"day", "day/plane0", "day/plane1"},
    ),
    "a film beside a recording": (film_and_recording_in_zarr, "images", {"day/film.zarr"}),
    "a recording beside a film": (film_and_recording_in_zarr, "recording", {"day/a.zarr"}),
    "zarr's format 3": (zarr_of_tomorrow, "images", set()),
    "a conf.json of another program": (another_conf, "images", {"day/film.npy"}),
    "a result without time": (mean_of_a_film, "images", set()),
    "a sorting of SpikeInterface": (saved_sorting, "recording", set()),
}


@pytest.mark.parametrize("case", BESIDE)
def test_parts_and_other_things_are_not_offered(lab: Path, case: str) -> None:
    make, kind, expected = BESIDE[case]
    make(lab / "day")
    found = offered(lab, kind)
    assert {str(path.relative_to(lab)) for path in found} == expected
    for path in found:
        KINDS[kind].read(path)


@pytest.mark.parametrize("case", [name for name, (*_, found) in BESIDE.items() if not found])
def test_what_is_not_offered_would_be_refused(lab: Path, case: str) -> None:
    make, kind, _ = BESIDE[case]
    make(lab / "day")
    for path in (lab / "day", *(one for one in (lab / "day").iterdir() if one.is_dir())):
        with pytest.raises(NeuroboardError):
            KINDS[kind].read(path)


def test_what_cannot_be_looked_at_keeps_no_page_waiting(lab: Path) -> None:
    day = lab / "day"
    for name in ("film.npy", "a.ns5", "data.bin", "sheet.csv"):
        os.mkfifo(day / name)
    (day / "gone.npy").symlink_to(day / "nowhere")
    (day / "loop.ns5").symlink_to(day / "loop.ns5")
    (day / "stub.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\xff{")
    (day / "stub.ns5").write_bytes(b"NEURALCD")
    (day / "deep.zarr").mkdir()
    (day / "deep.zarr" / ".zarray").write_text("[" * 100_000)
    for kind, expected in (("images", {"day/stub.npy"}), ("recording", {"day/stub.ns5"})):
        assert {str(path.relative_to(lab)) for path in offered(lab, kind)} == expected
    assert offered(lab, "table") == []


# -- what is written


def test_rows_say_which_files_a_map_is_written_as(tmp_path: Path) -> None:
    stored = earlier.unpack(tmp_path, "brainmap") / "brainmap" / "kmeans"
    run("brainmap export", {"map": stored}, {}, tmp_path / "out")
    said = {name for row in images.FORMATS for name in row.leaves}
    assert {file.name for file in (tmp_path / "out").iterdir()} == {*said, "run.json"}


@pytest.mark.parametrize("name", ["phy", "nwb", "curation-json", "csv"])
def test_rows_say_which_files_a_sorting_is_written_as(tmp_path: Path, name: str) -> None:
    stored = earlier.unpack(tmp_path, "spikes") / "spikes" / "units"
    run("spikes export", {"sorting": stored}, {"format": name}, tmp_path / "out")
    said = set(of_name(units.SORTINGS, name).leaves)
    assert {file.name for file in (tmp_path / "out").iterdir()} - set(export.BESIDE) == said


# -- one more format


def test_a_format_that_is_one_row_is_found_everywhere(tmp_path: Path) -> None:
    stored = earlier.unpack(tmp_path / "stored", "brainmap", "spikes")
    shutil.copytree(stored / "brainmap" / "kmeans", tmp_path / "map")
    shutil.copytree(stored / "spikes" / "units", tmp_path / "sorting")
    command = [sys.executable, "-m", "tests.dashboard.throw_away_format", str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["film"] == [5, 1, 3, 4]
    assert found["recording"] == 100
    assert found["sheet"] == ["a"]
    assert found["outline"] == {"": ["a"]}
    assert ["foo" in text.lower() for text in found["messages"]] == [True] * 3
    assert found["offered"] == [["lab/a.foo"], ["lab/a.foo"], ["lab/a.foo"]]
    assert found["uploaded"] == [True, True]
    assert found["help"]
    assert found["choice"] == [True, True]
    assert found["docs"] == 4
    assert found["shown"] == [True, True, True]
    assert found["usage"] == [True, True]
    assert found["wrote"] == {"brainmap": "", "spikes": "", "look": ""}
    assert (tmp_path / "of-map" / "map.foo").read_text() > "0"
    assert (tmp_path / "of-sorting" / "units.foo").read_text() > "0"
    assert (tmp_path / "looked" / "run.json").is_file()
