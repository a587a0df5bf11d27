"""What most curators say of units is taken over by one command, as steps that can be undone."""

from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.spikes.curation.agreement import majority_steps
from pipelines.spikes.curation.log import Log, read_start
from pipelines.spikes.curation.steps import replay
from tests.earlier import unpack

CURATORS = {
    "ann": {1: "good", 2: "mua", 3: "good"},
    "ben": {1: "good", 2: "noise", 3: "mua"},
    "eve": {1: "mua", 2: "noise"},
}


def test_only_labels_that_differ_from_a_clear_majority_become_steps() -> None:
    steps = majority_steps(CURATORS, {1: "good", 2: "mua", 3: "noise"})
    assert [(step.units, step.label) for step in steps] == [((2,), "noise")]
    assert steps[0].reason == "majority of ann, ben, eve"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    return unpack(tmp_path, "spikes") / "spikes" / "units"


def test_the_command_labels_units_and_leaves_those_that_are_not_there(units: Path) -> None:
    files = []
    for name, labels in {
        "a": "0,good\n1,mua\n999,good\n",
        "b": "0,good\n1,noise\n999,good\n",
    }.items():
        files.append(units.parent / f"{name}.csv")
        files[-1].write_text(f"unit_id,label\n{labels}")
    command = ["spikes", "step", str(units), "majority", "--author", "me"]
    assert main([*command, "--curators", *map(str, files)]) == 0
    start, digest = read_start(units)
    log = Log(units / "curation.jsonl", digest)
    assert replay(start, log.read()).labels == {0: "good"}
    assert [step.author for step in log.read()] == ["me"]
    assert main([*command, "--curators", *map(str, files)]) == 0
    assert len(log.read()) == 1


def test_a_single_curator_is_no_majority(units: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["spikes", "step", str(units), "majority", "--author", "me"]
    assert main([*command, "--curators", str(units)]) == 2
    assert "two curators or more" in capsys.readouterr().err
