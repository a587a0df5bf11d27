"""Which sorter takes which channels, and SpikeInterface's own sorters behind the same files."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from spikeinterface.comparison import compare_sorter_to_ground_truth
from spikeinterface.core import NumpySorting, load_sorting_analyzer

from pipelines.core.errors import RecordingError
from pipelines.spikes import demo
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.sorting.plan import planned
from pipelines.tasks import run

SECONDS = 30.0


def row(count: int, pitch: float, first: float = 0.0) -> np.ndarray:
    y = first + np.arange(count) * pitch
    return np.stack([np.zeros(count), y], axis=1)


@pytest.mark.parametrize(
    ("places", "sorters"),
    [
        (row(16, 400.0), ["group"] * 16),
        (row(4, 20.0), ["group"]),
        (row(8, 25.0), ["group"]),
        (row(9, 25.0), ["tridesclous2"]),
        (np.concatenate([row(4, 20.0), row(32, 25.0, first=5000)]), ["group", "tridesclous2"]),
    ],
    ids=["wires", "tetrode", "eight contacts", "nine contacts", "tetrode and probe"],
)
def test_auto_chooses_by_geometry(places: np.ndarray, sorters: list[str]) -> None:
    plan = planned(places, SpikesParameters())
    assert [share.sorter for share in plan.shares] == sorters
    assert sorted(np.concatenate([share.group.channels for share in plan.shares])) == list(
        range(len(places))
    )
    for name in set(sorters):
        assert name.removesuffix("2") in plan.reason.replace("the group sorter", "group")


def test_a_sorter_by_choice_takes_every_group() -> None:
    plan = planned(row(16, 400.0), SpikesParameters(sorter="simple"))
    assert [share.sorter for share in plan.shares] == ["simple"] * 16
    assert plan.reason == "simple was asked for."
    plan = planned(row(32, 25.0), SpikesParameters(sorter="group"))
    assert [len(share.group.channels) for share in plan.shares] == [8] * 4


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, demo.SimulatedRecording]:
    folder = tmp_path_factory.mktemp("probe")
    made = demo.simulate(11, SECONDS, demo.linear_probe(11))
    demo.save(made.recording, folder / "recording")
    return folder / "recording", made


def accuracy(made: demo.SimulatedRecording, folder: Path) -> pd.Series:
    def sorting(sample_index: np.ndarray, unit_id: np.ndarray) -> NumpySorting:
        return NumpySorting.from_samples_and_labels(
            [sample_index], [unit_id], sampling_frequency=demo.SAMPLING_FREQUENCY
        )

    with np.load(folder / "spikes.npz") as spikes:
        found = sorting(spikes["sample_index"], spikes["unit_id"])
    compared = compare_sorter_to_ground_truth(
        sorting(made.sample_index, made.unit_id), found, exhaustive_gt=True, delta_time=0.4
    )
    return compared.get_performance()["accuracy"].astype(float)


def test_a_probe_goes_to_tridesclous2_and_leaves_the_same_files(
    probe: tuple[Path, demo.SimulatedRecording], tmp_path: Path
) -> None:
    recording, made = probe
    done = run("spikes sort", {"recording": recording}, {}, tmp_path / "out")
    assert done.results["sorters"] == {"tridesclous2": 1}
    assert "more than that (up to 32 channels)" in done.results["sorter_reason"]
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["results"]["sorter_reason"] == done.results["sorter_reason"]
    assert accuracy(made, tmp_path / "out").mean() >= 0.9
    units = pd.read_csv(tmp_path / "out" / "units.csv")
    waveforms = np.load(tmp_path / "out" / "waveforms.npz")
    assert waveforms["mean"].shape == (len(units), 76, 32)
    assert units["snr"].max() == pytest.approx(20.3, rel=0.15)  # the largest simulated
    groups = pd.read_csv(tmp_path / "out" / "groups.csv")
    assert (groups["sorter"][0], groups["n_units"][0]) == ("tridesclous2", len(units))
    analyzer = load_sorting_analyzer(tmp_path / "out" / "analyzer.zarr")
    assert analyzer.get_num_units() == len(units)
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith("tmp")]


def sorted_for_a_while(sorter: str, tetrode: Path, out: Path, **more: object) -> pd.Series:
    """The accuracy of a sorter on the first 15 s of the example."""
    values = {"sorter": sorter, "end_s": 15.0, "min_spikes": 15, **more}
    done = run("spikes sort", {"recording": tetrode / "recording"}, values, out)
    assert done.results["sorters"] == {sorter: 1}
    truth = np.load(tetrode / "truth.npz")
    early = truth["sample_index"] < 15 * demo.SAMPLING_FREQUENCY
    made = demo.SimulatedRecording(
        None,
        truth["sample_index"][early],
        truth["unit_id"][early],
        pd.read_csv(tetrode / "truth_units.csv"),
    )
    return accuracy(made, out)


@pytest.mark.parametrize("sorter", ["spykingcircus2", "lupin"])
def test_another_sorter_finds_units_of_the_tetrode(
    sorter: str, tetrode: Path, tmp_path: Path
) -> None:
    assert (sorted_for_a_while(sorter, tetrode, tmp_path / "out") >= 0.8).sum() >= 3


def test_simple_gives_the_same_units_for_the_same_seed(tetrode: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        found = sorted_for_a_while("simple", tetrode, tmp_path / name, seed=3)
    assert (found >= 0.8).sum() >= 3
    for file in ("spikes.npz", "units.csv"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_sorter_that_fails_is_named_with_its_reason(
    tetrode: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no peaks")

    monkeypatch.setattr("pipelines.spikes.sorting.spikeinterface_group.run_foreign", broken)
    with pytest.raises(RecordingError, match=r"lupin cannot sort these channels .*no peaks"):
        run(
            "spikes sort",
            {"recording": tetrode / "recording"},
            {"sorter": "lupin"},
            tmp_path / "out",
        )
