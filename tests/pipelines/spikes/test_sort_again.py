"""A failed group is run again alone, solutions are kept and chosen, and the analyzer is plain."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from spikeinterface.core import load_sorting_analyzer

from pipelines.core.errors import InputError
from pipelines.spikes import demo
from pipelines.spikes.sorting import group_sorter
from pipelines.spikes.sorting.group_sorter import SortedGroup
from pipelines.spikes.sorting.plan import Share
from pipelines.spikes.units.clouds import read_clouds
from pipelines.tasks import run

FILES = ("spikes.npz", "units.csv", "waveforms.npz", "snippets.npz", "clouds.npz")


@pytest.fixture(scope="module")
def wires(tmp_path_factory: pytest.TempPathFactory, tetrode: Path) -> Path:
    """The example's first three contacts as wires that are far apart, for 15 s."""
    folder = tmp_path_factory.mktemp("wires")
    values = np.fromfile(tetrode / "recording" / "traces.raw", np.int16).reshape(-1, 4)
    values[: int(15 * demo.SAMPLING_FREQUENCY), :3].tofile(folder / "a.dat")
    return folder / "a.dat"


RAW = {
    "sampling_frequency": demo.SAMPLING_FREQUENCY,
    "gain_uv": demo.GAIN_UV,
    "num_channels": 3,
}


def test_only_the_failed_group_runs_again(
    wires: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = group_sorter.sort_group
    ran = []

    def fails_once(signal: object, share: Share, *rest: object) -> SortedGroup:
        ran.append(share.group.number)
        if share.group.number == 1 and ran.count(1) == 1:
            raise ValueError("a disk was full")
        return whole(signal, share, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(group_sorter, "sort_group", fails_once)
    run("spikes sort", {"recording": wires}, RAW, tmp_path / "first")
    groups = pd.read_csv(tmp_path / "first" / "groups.csv")
    assert groups["state"].tolist() == ["done", "failed", "done"]
    assert groups["reason"][1] == "a disk was full"
    inputs = {"recording": wires, "earlier": tmp_path / "first"}
    done = run("spikes sort", inputs, RAW, tmp_path / "second")
    assert ran == [0, 1, 2, 1]
    assert done.results["groups_failed"] == 0
    run("spikes sort", {"recording": wires}, RAW, tmp_path / "at once")
    one, other = (pd.read_csv(tmp_path / name / "units.csv") for name in ("second", "at once"))
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-3)
    assert (tmp_path / "second" / "spikes.npz").read_bytes() == (
        tmp_path / "at once" / "spikes.npz"
    ).read_bytes()


def test_running_again_when_all_went_well_changes_nothing(
    tetrode: Path, sorting: Path, tmp_path: Path
) -> None:
    inputs = {"recording": tetrode / "recording", "earlier": sorting}
    run("spikes sort", inputs, {}, tmp_path / "again")
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (sorting / name).read_bytes()


def test_a_sorting_of_other_channels_is_refused(wires: Path, sorting: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="other groups of channels"):
        run("spikes sort", {"recording": wires, "earlier": sorting}, RAW, tmp_path / "out")


def test_every_solution_is_kept_and_one_is_chosen(wires: Path, tmp_path: Path) -> None:
    run("spikes sort", {"recording": wires}, {**RAW, "solutions": 4}, tmp_path / "out")
    clouds = read_clouds(tmp_path / "out" / "clouds.npz")
    assert sorted(clouds) == [0, 1, 2]
    assert sorted(clouds[0].solutions) == [2, 3, 4]
    assert {k: len(np.unique(s.labels)) for k, s in clouds[0].solutions.items()} == {
        2: 2, 3: 3, 4: 4,
    }  # fmt: skip
    run("spikes sort", {"recording": wires}, {**RAW, "choose": "0:3"}, tmp_path / "chosen")
    units = pd.read_csv(tmp_path / "chosen" / "units.csv")
    assert (units["group"] == 0).sum() == 3
    chosen = read_clouds(tmp_path / "chosen" / "clouds.npz")[0]
    assert np.array_equal(chosen.labels, clouds[0].solutions[3].labels)
    rows = (tmp_path / "chosen" / "sort_file.csv").read_text().splitlines()
    assert all(row.split(",")[2] == "3" for row in rows[1:] if row.split(",")[1] == "0")


def test_the_analyzer_opens_in_spikeinterface_and_holds_no_pickle(
    tetrode: Path, sorting: Path
) -> None:
    folder = sorting / "analyzer.zarr"
    described = [json.loads(file.read_text()) for file in folder.rglob(".zarray")]
    used = {
        codec["id"]
        for one in described
        for codec in [*(one["filters"] or []), *([one["compressor"]] if one["compressor"] else [])]
    }
    assert len(described) > 5
    assert "pickle" not in used
    analyzer = load_sorting_analyzer(folder)
    units = pd.read_csv(sorting / "units.csv")
    assert analyzer.get_num_units() == len(units)
    templates = analyzer.get_extension("templates").get_data(operator="average")
    heights = np.abs(templates).max(axis=(1, 2))
    assert heights == pytest.approx(units["amplitude_uv"].to_numpy(), rel=1e-3)
    assert analyzer.has_recording()
    assert analyzer.recording.get_num_samples() == 60 * demo.SAMPLING_FREQUENCY
    analyzer.compute("correlograms", save=False)  # it can be worked with; others use the folder
    spikes = analyzer.sorting.count_num_spikes_per_unit()
    assert list(spikes.values()) == units["n_spikes"].tolist()
