"""What is there is never replaced or deleted unless a person said so, and never a person's work."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipelines.__main__ import main
from tests.earlier import unpack


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording with a sorting of it that was curated, a film and tables."""
    monkeypatch.chdir(unpack(tmp_path, "lab", "spikes"))
    return tmp_path


def test_sorting_over_a_curation_keeps_it_and_says_where(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    units = here / "spikes" / "units-curated"
    log = (units / "curation.jsonl").read_bytes()
    words = ["spikes", "sort", "lab/recording", "--out", "spikes/units-curated", "--quiet"]
    assert main(words) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("Note: ")
    assert first.endswith("as spikes/units-curated-before-1.")
    kept = here / "spikes" / "units-curated-before-1"
    assert (kept / "curation.jsonl").read_bytes() == log
    assert not (units / "curation.jsonl").exists()
    record = json.loads((units / "run.json").read_text(encoding="utf-8"))
    assert "units-curated-before-1" in record["results"]["notes"][0]
    # The curation goes on in the folder that was kept.
    assert main(["spikes", "step", str(kept), "undo", "--author", "me"]) == 0


@pytest.mark.parametrize("target", ["lab", "lab/recording", "."])
def test_an_input_is_never_replaced(
    here: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    content = (here / "lab/recording/traces.raw").read_bytes()
    words = ["spikes", "sort", "lab/recording", "--out", target, "--overwrite", "--quiet"]
    assert main(words) == 2
    assert "is what this reads" in capsys.readouterr().err
    assert (here / "lab/recording/traces.raw").read_bytes() == content


@pytest.mark.parametrize("name", ["spikes.npz", "units.csv"])
def test_a_part_of_a_sorting_is_not_replaced_by_its_labels(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    target = here / "spikes" / "units" / name
    content = target.read_bytes()
    words = ["spikes", "label", "spikes/units", "--method", "thresholds", "--quiet"]
    assert main([*words, "--out", f"spikes/units/{name}", "--overwrite"]) == 2
    assert "is part of spikes/units, which this reads" in capsys.readouterr().err
    assert target.read_bytes() == content
    for _ in range(2):
        assert main([*words, "--out", "spikes/units/labels.csv", "--overwrite"]) == 0


@pytest.mark.parametrize("target", ["lab/synapses.csv", "lab"])
def test_a_table_is_not_replaced_by_what_is_made_of_it(
    here: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    content = (here / "lab/synapses.csv").read_bytes()
    words = ["synapses", "check", "lab/synapses.csv", "--repaired", target, "--overwrite"]
    assert main([*words, "--quiet"]) == 2
    assert target in capsys.readouterr().err
    assert (here / "lab/synapses.csv").read_bytes() == content


def test_a_folder_of_something_else_is_not_replaced(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "thesis").mkdir()
    (here / "thesis" / "chapter.txt").write_text("all of it")
    (here / "thesis" / "run.json").write_text("[]")
    words = ["brainmap", "look", "lab/film.npy", "--out", "thesis", "--overwrite", "--quiet"]
    assert main(words) == 2
    assert "no result of Neuroboard" in capsys.readouterr().err
    assert (here / "thesis" / "chapter.txt").read_text() == "all of it"
    words = ["demo", "spikes", "thesis", "--overwrite"]
    assert main(words) == 2
    assert "chapter.txt" in capsys.readouterr().err
    assert (here / "thesis" / "chapter.txt").read_text() == "all of it"


def test_an_input_that_a_killed_program_had_put_aside_is_found(here: Path) -> None:
    units = here / "spikes" / "units"
    units.replace(units.with_name(".units.replaced"))
    words = ["spikes", "export", "spikes/units", "--format", "csv", "--out", "csv", "--quiet"]
    assert main(words) == 0
    assert units.is_dir()


def test_a_full_disk_is_a_sentence_and_leaves_what_was_there(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = here / "map"
    words = ["brainmap", "look", "lab/film.npy", "--out", "map", "--overwrite", "--quiet"]
    assert main(words) == 0
    before = {file.name: file.read_bytes() for file in target.iterdir()}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    monkeypatch.setattr(np, "savez", full)
    monkeypatch.setattr(Path, "write_text", full)
    assert main(words) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in target.iterdir()} == before
    assert not [path for path in here.iterdir() if path.name.startswith(".")]
