"""Labels made for a sorting stay with it, and every export carries them."""

import csv
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import zarr
from pynwb import NWBHDF5IO

from pipelines.__main__ import main
from pipelines.spikes.units import folder
from tests.earlier import unpack

METHODS = ("thresholds", "bombcell", "unitrefine")


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four units of an earlier version, whose recording is there."""
    monkeypatch.chdir(unpack(tmp_path, "lab", "spikes"))
    return tmp_path / "spikes" / "units"


def label(folder: Path, method: str, *more: object) -> None:
    words = ["spikes", "label", str(folder), "--method", method, "--quiet", *map(str, more)]
    assert main(words) == 0


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "units.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def labels(folder: Path, method: str) -> list[str]:
    return [row[f"label_{method}"] for row in rows(folder)]


def with_limit(folder: Path, metric: str, least: float) -> Path:
    """A file of thresholds with one limit."""
    file = folder.parent / f"{metric}.json"
    file.write_text(json.dumps({metric: {"greater": least, "less": None}}))
    return file


def test_labels_are_columns_of_the_sortings_table(
    units: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows(units)
    label(units, "all")
    said = capsys.readouterr().out.splitlines()[0]
    assert said == (
        f"Note: The labels are kept in {units / 'units.csv'}; every export of {units} carries them."
    )
    after = rows(units)
    assert [{name: row[name] for name in before[0]} for row in after] == before
    assert list(after[0])[-5:] == [
        "label_thresholds",
        "label_bombcell",
        "label_unitrefine",
        "probability_unitrefine",
        "reason",
    ]
    assert set(json.loads((units / "labels.json").read_text())) == set(METHODS)


def test_a_labeller_replaces_its_own_columns_only(units: Path) -> None:
    label(units, "all")
    whole = rows(units)
    file = with_limit(units, "n_spikes", 100)
    label(units, "thresholds", "--thresholds", file)
    found = rows(units)
    others = [name for name in whole[0] if name not in ("label_thresholds", "reason")]
    assert [[row[name] for name in others] for row in found] == [
        [row[name] for name in others] for row in whole
    ]
    assert labels(units, "thresholds") == ["good", "noise", "noise", "good"]
    assert "thresholds: " in found[1]["reason"]
    for method in ("bombcell", "unitrefine"):
        assert f"{method}: " in found[1]["reason"]
    rules = json.loads((units / "thresholds.json").read_text())
    assert list(rules["thresholds"]) == ["num_spikes"]
    assert "mua" in rules["bombcell"]


def test_labelling_twice_changes_nothing(units: Path) -> None:
    label(units, "all")
    first = (units / "units.csv").read_bytes()
    label(units, "all")
    assert (units / "units.csv").read_bytes() == first


def test_what_a_person_wrote_into_the_table_stays_to_the_letter(units: Path) -> None:
    table = rows(units)
    notes = ['deep, "old"', "007", "NA", "two\nlines"]
    with (units / "units.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, [*table[0], "comment"])
        writer.writeheader()
        writer.writerows({**row, "comment": note} for row, note in zip(table, notes, strict=True))
    label(units, "all")
    assert [row["comment"] for row in rows(units)] == notes
    assert [{name: row[name] for name in table[0]} for row in rows(units)] == table
    with (units / "units.csv").open("a") as stream:
        stream.write("9,0\n")
    before = (units / "units.csv").read_bytes()
    assert main(["spikes", "label", str(units), "--method", "all", "--quiet"]) == 2
    assert (units / "units.csv").read_bytes() == before


def test_labels_by_hand_stay(units: Path) -> None:
    folder = units.with_name("curated")
    log = (units.with_name("units-curated") / "curation.jsonl").read_bytes()
    by_hand = [row["label_curated"] for row in rows(folder)]
    label(folder, "all")
    assert [row["label_curated"] for row in rows(folder)] == by_hand
    label(units.with_name("units-curated"), "all")
    assert (units.with_name("units-curated") / "curation.jsonl").read_bytes() == log
    decided = units.with_name("units-decided")
    said = [row["label_sort_file"] for row in rows(decided)]
    label(decided, "all")
    assert [row["label_sort_file"] for row in rows(decided)] == said


def test_the_sorting_is_whole_whenever_labelling_ends(
    units: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (units / "units.csv").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "write_rows", full)
    assert main(["spikes", "label", str(units), "--method", "all", "--quiet"]) == 2
    assert (units / "units.csv").read_bytes() == before


def test_with_a_place_of_their_own_they_leave_the_sorting_alone(
    units: Path, tmp_path: Path
) -> None:
    before = (units / "units.csv").read_bytes()
    label(units, "all", "--out", tmp_path / "labels.csv")
    assert (units / "units.csv").read_bytes() == before
    words = ["spikes", "label", "--metrics", str(tmp_path / "labels.csv"), "--method", "all"]
    assert main(words) == 2


def exported(units: Path, kind: str, out: Path, *more: object) -> list[str]:
    """The label of each unit in an export, or whether it is good where no more is said."""
    words = ["spikes", "export", str(units), "--format", kind, "--out", str(out), "--quiet"]
    assert main([*words, *map(str, more)]) == 0
    if kind == "phy":
        return pd.read_csv(out / "cluster_group.tsv", sep="\t")["group"].tolist()
    if kind == "csv":
        return pd.read_csv(out / "units.csv")["label"].tolist()
    if kind == "zarr":
        return [str(one) for one in zarr.open_group(out / "units.zarr", mode="r")["units/label"]]
    if kind == "curation-json":
        found = json.loads((out / "curation.json").read_text())["manual_labels"]
        return [one["quality"][0].lower() for one in found]
    if kind == "nwb":
        with NWBHDF5IO(out / "units.nwb", mode="r") as file:
            return list(file.read().units["label"][:])
    with h5py.File(out / "sorted_units.h5") as root:
        single = np.asarray(root["unit_descriptor"]["single_unit"])
    return ["good" if one else "mua" for one in single]


@pytest.mark.parametrize("kind", ["phy", "nwb", "csv", "curation-json", "blech-hdf5", "zarr"])
def test_every_export_carries_the_labels_without_being_told(
    units: Path, tmp_path: Path, kind: str
) -> None:
    label(units, "all")
    assert labels(units, "unitrefine") == ["good", "mua", "mua", "good"]
    assert exported(units, kind, tmp_path / "out") == ["good", "mua", "mua", "good"]


def test_labels_that_are_given_count_instead_of_those_that_are_kept(
    units: Path, tmp_path: Path
) -> None:
    label(units, "all")
    file = with_limit(units, "n_spikes", 128)
    label(units, "thresholds", "--thresholds", file, "--out", tmp_path / "labels.csv")
    given = ("--labels", tmp_path / "labels.csv")
    assert exported(units, "phy", tmp_path / "out", *given) == ["noise", "noise", "noise", "good"]


def test_the_paragraph_for_methods_names_the_labellers(units: Path, tmp_path: Path) -> None:
    label(units, "bombcell")
    exported(units, "csv", tmp_path / "out")
    assert "Bombcell" in (tmp_path / "out" / "methods.txt").read_text()
    assert (tmp_path / "out" / "thresholds.json").is_file()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.drop(columns="n_spikes"), "labels.csv has no column n_spikes"),
        (lambda table: pd.concat([table, table]), "labels.csv has unit 0 more than once"),
        (lambda table: table.assign(label_thresholds="SUA"), "labels.csv calls unit 0 'SUA' in"),
    ],
)
def test_labels_that_are_not_understood_are_asked_for(
    units: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, words: str
) -> None:
    file = tmp_path / "labels.csv"
    label(units, "thresholds", "--out", file)
    change(pd.read_csv(file)).to_csv(file, index=False)
    said = ["spikes", "export", str(units), "--labels", str(file), "--out", str(tmp_path / "x")]
    assert main([*said, "--quiet"]) == 2
    assert words in capsys.readouterr().err


def test_labels_may_be_written_in_capitals_or_left_empty(units: Path, tmp_path: Path) -> None:
    file, out = tmp_path / "labels.csv", tmp_path / "x"
    label(units, "thresholds", "--out", file)
    table = pd.read_csv(file).assign(label_thresholds=["Noise", " MUA", "GOOD", None])
    table.to_csv(file, index=False)
    said = ["spikes", "export", str(units), "--labels", str(file), "--out", str(out), "--quiet"]
    assert main([*said, "--format", "csv"]) == 0
    assert [row["label"] for row in rows(out)][:3] == ["noise", "mua", "good"]
