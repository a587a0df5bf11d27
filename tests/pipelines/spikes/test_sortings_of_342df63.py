"""Sortings that commit 342df63 wrote are opened, labelled, curated, sorted again and exported.

Their channels are called `01`, `1e5`, `NA` and `A 4`, so that a guess at what they are shows.
"""

import json
import shutil
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dash import Dash
from plotly.io.json import to_json_plotly

from dashboard import create_app, views
from dashboard.jobs.store import JobInput
from dashboard.server.services import services
from dashboard.server.settings import Settings
from pipelines.__main__ import main
from pipelines.spikes.curation.log import LOG_FILE, Log, read_start
from pipelines.spikes.curation.steps import replay
from pipelines.spikes.measure.report import write_report
from pipelines.spikes.units.files import REPORT
from pipelines.spikes.units.folder import SortingFolder, read_finished
from pipelines.spikes.units.unit_tables import read_texts

FIXTURES = Path(__file__).parents[2] / "fixtures" / "written_by_342df63"
KNOWN: dict[str, Any] = json.loads((FIXTURES / "sortings.json").read_text(encoding="utf-8"))
HOLDS = KNOWN["holds"]
CHANNELS = ["01", "1e5", "NA", "A 4"]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which paths are as they were given; what changes a sorting takes a copy."""
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(FIXTURES / "sortings.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def here(stored: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(stored)
    return stored / "small"


def run(*words: object) -> None:
    assert main([*map(str, words), "--quiet"]) == 0


def test_the_archive_is_as_it_was_made() -> None:
    assert sha256((FIXTURES / "sortings.tar.xz").read_bytes()).hexdigest() == KNOWN["archive"]


@pytest.mark.parametrize("name", HOLDS)
def test_all_of_it_is_read_as_it_was_written(here: Path, name: str) -> None:
    folder, holds = SortingFolder(here / name), HOLDS[name]
    found = folder.whole()
    assert read_texts(folder.file("units.csv")).to_dict("list") == holds["units"]
    assert found.units["channel"].tolist() == holds["units"]["channel"]
    assert found.units["unit_id"].tolist() == list(map(int, holds["units"]["unit_id"]))
    counts = {str(unit): len(train) for unit, train in folder.spikes.trains().items()}
    assert counts == holds["n_spikes"]
    assert int(found.sample_index.sum()) == holds["sum_of_samples"]
    assert found.channel_id.tolist() == CHANNELS
    assert found.parameters.min_spikes == 15
    assert found.recording == Path("small/recording")
    assert folder.record.version == 1


def test_single_waveforms_clouds_groups_and_decisions_are_there(here: Path) -> None:
    folder = SortingFolder(here / "sorted")
    assert folder.groups["channels"].tolist() == ["01 1e5 NA A 4"]
    assert folder.snippets is not None
    values, columns = folder.snippets.of(0)
    assert values.shape == (47, len(folder.waveforms.ms), len(columns))
    assert folder.clouds[0].n_spikes == 150
    assert folder.decisions is not None
    assert [one.clusters for one in folder.decisions] == [(1,), (2,), (0,)]
    assert folder.bad_samples is not None
    assert folder.bad_samples.empty
    assert folder.recorded is not None
    assert folder.recorded.channel_index.tolist() == [0, 1, 2, 3]


def test_its_report_is_written(here: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(here / "sorted", tmp_path / "sorted")
    write_report(copy, "small", [], SortingFolder(copy).timeline)
    assert "Unit 0, channel 01" in (copy / REPORT).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["sorted", "labelled", "curated"])
def test_it_is_labelled_as_it_was(here: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / "labels.csv"
    run("spikes", "label", here / name, "--method", "all", "--out", out)
    found = read_texts(out)
    assert found["channel"].tolist() == HOLDS[name]["units"]["channel"]
    if name != "curated":
        for column in ("label_thresholds", "label_bombcell", "label_unitrefine"):
            assert found[column].tolist() == HOLDS["labelled"]["units"][column]


def test_its_labels_are_kept_with_it(here: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(here / "sorted", tmp_path / "sorted")
    run("spikes", "label", copy, "--method", "all")
    assert read_texts(copy / "units.csv").to_dict("list") == HOLDS["labelled"]["units"]


def test_its_curation_goes_on_and_gives_the_same_units(here: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(here / "by-hand", tmp_path / "by-hand")
    start, digest = read_start(copy)
    state = replay(start, Log(copy / LOG_FILE, digest).read())
    assert (sorted(state.units), state.labels) == ([0, 4, 5], {0: "good", 5: "mua"})
    run("spikes", "curate", "small/by-hand", "--out", tmp_path / "curated")
    old, new = SortingFolder(here / "curated"), SortingFolder(tmp_path / "curated")
    assert read_texts(new.file("units.csv")).to_dict("list") == HOLDS["curated"]["units"]
    np.testing.assert_array_equal(new.spikes.unit_id, old.spikes.unit_id)
    np.testing.assert_array_equal(new.waveforms.mean, old.waveforms.mean)
    run("spikes", "step", copy, "label", "--units", "4", "--label", "noise", "--author", "ben")


def test_its_groups_are_taken_over(here: Path, tmp_path: Path) -> None:
    more = ("--set", "min_spikes=15", "--set", "freq_max=5000")
    run("spikes", "sort", here / "recording", "--again", here / "sorted", *more,
        "--out", tmp_path / "again")  # fmt: skip
    for name in ("spikes.npz", "waveforms.npz", "snippets.npz", "clouds.npz", "units.csv"):
        new, old = (root / name for root in (tmp_path / "again", here / "sorted"))
        assert new.read_bytes() == old.read_bytes(), name
    assert read_finished(tmp_path / "again").channel_id.tolist() == CHANNELS


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("sorted", kind) for kind in ("phy", "nwb", "curation-json", "zarr")),
        *(("curated", kind) for kind in ("blech-hdf5", "csv")),
    ],
)
def test_it_is_exported(here: Path, tmp_path: Path, name: str, kind: str) -> None:
    run("spikes", "export", here / name, "--format", kind, "--out", tmp_path / "out")
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["results"]["n_spikes"] == 150


@pytest.fixture
def app(tmp_path: Path) -> Dash:
    return create_app(Settings(home=tmp_path / "home"))


@pytest.mark.parametrize(
    ("name", "task"), [("labelled", "spikes sort"), ("curated", "spikes curate")]
)
def test_its_page_is_shown(here: Path, app: Dash, name: str, task: str) -> None:
    record = SortingFolder(here / name).record
    with app.server.app_context():
        store = services().store
        given = JobInput("recording", "data:small", "small", str(here / "recording"), "key")
        job_id = store.submit(task, record.parameters, [given], version="1")
        shutil.copytree(here / name, services().settings.jobs / job_id / "result")
        job = store.get(job_id)
        assert job is not None
        drawn = to_json_plotly(views.view(job))
    assert views.UNSHOWN not in drawn
    assert '"unit_id"' in drawn
    if name == "labelled":
        assert all(f'"{channel}"' in drawn for channel in HOLDS[name]["units"]["channel"])
