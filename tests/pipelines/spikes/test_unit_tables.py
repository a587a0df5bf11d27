"""Names are text and ids are whole numbers, wherever a table of units is read."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.spikes.curation.log import LOG_FILE, Log, curate, read_start
from pipelines.spikes.curation.steps import CurationStep
from pipelines.spikes.reading.channels import as_list, listed
from pipelines.spikes.signal.trace_window import stretch
from pipelines.spikes.units.folder import read_finished
from pipelines.spikes.units.unit_tables import read_table, read_units, write_table
from pipelines.tasks import run

REPOSITORY = Path(__file__).resolve().parents[3]
NAMES = ["01", "1e5", "NA", "+A 4"]
printable = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)
names = printable.filter(lambda text: not text.startswith("'"))


@given(st.lists(names | st.sampled_from(["01", "007", "NA", "None", "1e5", "nan", " A", "é,ß"])))
def test_names_come_back_as_they_were(tmp_path: Path, found: list[str]) -> None:
    numbers = list(range(len(found)))
    table = pd.DataFrame({"unit_id": numbers, "channel": found, "snr": np.arange(len(found)) / 3})
    write_table(table, tmp_path / "units.csv")
    again = read_units(tmp_path / "units.csv")
    assert again["channel"].tolist() == found
    assert again["unit_id"].tolist() == numbers
    assert again["snr"].tolist() == pytest.approx(table["snr"].tolist(), nan_ok=True)


def test_only_numbers_have_gaps(tmp_path: Path) -> None:
    text = "unit_id,channel,snr,label_curated,type\n3,NA,NA,,None\n12,01,5,good,f\n"
    (tmp_path / "units.csv").write_text(text)
    found = read_units(tmp_path / "units.csv")
    assert found["channel"].tolist() == ["NA", "01"]
    assert np.isnan(found["snr"][0])
    assert found["label_curated"].tolist() == ["", "good"]
    assert found["type"].tolist() == ["None", "f"]


@pytest.mark.parametrize("cell", ["", "1.5", "one"])
def test_a_number_of_a_unit_that_is_none_is_refused(tmp_path: Path, cell: str) -> None:
    (tmp_path / "units.csv").write_text(f"unit_id,channel\n{cell},1\n")
    with pytest.raises(ValueError, match="whole numbers"):
        read_units(tmp_path / "units.csv")


def test_ids_of_another_program_stay_text_where_they_are_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("unit_id,snr\n007,1\n8,2\n")
    assert read_table(tmp_path / "a.csv")["unit_id"].tolist() == ["007", "8"]
    (tmp_path / "b.csv").write_text("unit_id,snr\n7.0,1\n8,2\n")
    assert read_table(tmp_path / "b.csv")["unit_id"].tolist() == [7, 8]


def test_no_place_reads_these_tables_by_hand() -> None:
    tables = r"(units|groups|channels|labels|metrics|queue|similar)\.csv"
    for file in [
        *(REPOSITORY / "pipelines").rglob("*.py"),
        *(REPOSITORY / "dashboard").rglob("*.py"),
    ]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(rf"read_csv\([^)]*{tables}", text), file
        if "spikes" in file.parts and file.stem != "unit_tables":
            assert "pd.read_csv" not in text, file


@pytest.fixture(scope="module")
def named(tetrode: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 20 s of the example with names of channels that look like something else."""
    folder = tmp_path_factory.mktemp("named")
    shutil.copytree(tetrode / "recording", folder / "recording")
    file = folder / "recording" / "binary.json"
    described = json.loads(file.read_text())
    described["kwargs"]["channel_ids"] = NAMES
    file.write_text(json.dumps(described))
    run("spikes sort", {"recording": folder / "recording"}, {"end_s": 20}, folder / "sorted")
    return folder


def test_a_sorting_with_such_names_is_whole(named: Path) -> None:
    found = read_finished(named / "sorted")
    assert found.channel_id.tolist() == NAMES
    largest = np.nanmax(np.abs(found.mean), axis=1).argmax(axis=1)
    assert found.units["channel"].tolist() == [NAMES[channel] for channel in largest]
    page = (named / "sorted" / "report.html").read_text()
    assert all(f"channel {name}<" in page for name in set(found.units["channel"]))


def test_the_traces_of_such_a_sorting_mark_the_spikes_of_all_units(named: Path) -> None:
    units = read_finished(named / "sorted").units["unit_id"].tolist()
    seen = stretch(named / "sorted", units[0], 0.0, 5.0)
    assert seen.channels == NAMES
    assert sorted(seen.spikes) == units


def test_such_a_sorting_is_curated_and_sorted_again(named: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sorted"
    shutil.copytree(named / "sorted", folder)
    start, digest = read_start(folder)
    curate(Log(folder / LOG_FILE, digest), start, CurationStep("merge", "me", (0, 1)))
    run("spikes curate", {"sorting": folder}, {}, tmp_path / "curated")
    curated = read_finished(tmp_path / "curated").units
    assert set(curated["channel"]) <= set(NAMES)
    inputs = {"recording": named / "recording", "earlier": named / "sorted"}
    run("spikes sort", inputs, {"end_s": 20}, tmp_path / "again")
    pd.testing.assert_frame_equal(
        read_finished(tmp_path / "again").units,
        read_finished(named / "sorted").units,
    )


@given(st.lists(names.map(str.strip).filter(bool), unique=True))
def test_a_list_of_names_is_taken_apart_as_it_was_written(found: list[str]) -> None:
    assert listed(as_list(found)) == set(found)


def test_a_channel_is_left_out_by_such_a_name(named: Path, tmp_path: Path) -> None:
    settings = {"end_s": 5, "exclude_channels": "01, +A 4", "min_spikes": 2}
    run("spikes sort", {"recording": named / "recording"}, settings, tmp_path / "out")
    assert read_finished(tmp_path / "out").channel_id.tolist() == ["1e5", "NA"]


def test_names_that_are_numbers_stay_names(sorting: Path) -> None:
    assert read_table(sorting / "groups.csv")["channels"].tolist() == ["0 1 2 3"]
