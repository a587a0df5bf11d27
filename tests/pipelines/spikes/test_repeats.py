"""A unit has a spike once: no two of its spikes lie within the dead time, from any sorter."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.spikes.curation.log import LOG_FILE, Log, curate, read_start
from pipelines.spikes.curation.steps import CurationStep
from pipelines.spikes.sorting import spikeinterface_group
from pipelines.spikes.sorting.repeats import repeats
from pipelines.spikes.sorting.spikeinterface_sorters import Trains
from pipelines.spikes.units.folder import read_finished
from pipelines.tasks import run

DEAD = 24  # 0.8 ms at 30 kHz


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 5)), max_size=40), st.integers(1, 30))
def test_what_is_kept_is_apart_and_what_goes_is_near_a_larger_one(
    spikes: list[tuple[int, int]], dead: int
) -> None:
    samples = np.array(sorted(sample for sample, _ in spikes), np.int64)
    heights = np.array([height for _, height in spikes], np.float32)
    again = repeats(samples, heights, dead)
    assert (np.diff(samples[~again]) > dead).all()
    for place in np.flatnonzero(again):
        near = np.abs(samples - samples[place]) <= dead
        assert heights[near & ~again].max() >= heights[place]


def test_the_larger_of_two_is_kept_and_the_first_of_equals() -> None:
    samples = np.array([100, 106, 500, 500, 900, 925])
    heights = np.array([5.0, 9.0, 4.0, 4.0, 1.0, 2.0])
    assert repeats(samples, heights, DEAD).tolist() == [True, False, False, True, False, False]


def gaps(folder: Path) -> int:
    """The least distance between two spikes of one unit, in samples."""
    found = read_finished(folder)
    trains = [found.sample_index[found.unit_id == unit] for unit in found.units["unit_id"]]
    return min(int(np.diff(train).min()) for train in trains)


@pytest.fixture
def twice(tetrode: Path, sorting: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A sorter that finds one cell of the example, and some of its spikes twice."""
    stored = np.load(sorting / "spikes.npz")
    train = stored["sample_index"][stored["unit_id"] == 0]
    shadows = np.concatenate([train[10:13], train[50:54] + 6])  # the same sample, 0.2 ms later
    samples = np.sort(np.concatenate([train, shadows]))
    found = Trains(samples, np.zeros(len(samples), np.intp))
    monkeypatch.setattr(spikeinterface_group, "run_foreign", lambda *_: found)
    return np.asarray(train)


def test_spikes_that_a_sorter_gives_twice_are_counted_once(
    twice: np.ndarray, tetrode: Path, tmp_path: Path
) -> None:
    settings = {"sorter": "tridesclous2", "split_merged": False}
    done = run("spikes sort", {"recording": tetrode / "recording"}, settings, tmp_path / "out")
    found = read_finished(tmp_path / "out")
    assert found.sample_index.tolist() == twice.tolist()  # the peaks, not their shadows
    assert found.units["n_spikes"].tolist() == [len(twice)]
    assert done.results["notes"][0].startswith("7 spikes were found twice by a sorter, within 0.8")
    assert "7 spikes were found twice" in (tmp_path / "out" / "report.html").read_text()


def test_a_sorting_without_such_spikes_says_nothing(sorting: Path) -> None:
    assert gaps(sorting) > DEAD
    assert "found twice" not in (sorting / "report.html").read_text()


def with_shared_spikes(sorting: Path, folder: Path, n: int) -> None:
    """A copy in which unit 1 has spikes 0.3 ms after some of unit 0, as of two groups."""
    shutil.copytree(sorting, folder)
    with np.load(folder / "spikes.npz") as stored:
        spikes = dict(stored)
    first, second = (np.flatnonzero(spikes["unit_id"] == unit) for unit in (0, 1))
    spikes["sample_index"][second[:n]] = spikes["sample_index"][first[:n]] + 9
    order = np.argsort(spikes["sample_index"], kind="stable")
    np.savez(folder / "spikes.npz", **{name: values[order] for name, values in spikes.items()})


def test_a_unit_that_was_merged_by_hand_has_each_spike_once(sorting: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sorted"
    with_shared_spikes(sorting, folder, 7)
    found = read_finished(folder)
    start, digest = read_start(folder)
    curate(Log(folder / LOG_FILE, digest), start, CurationStep("merge", "me", (0, 1)))
    done = run("spikes curate", {"sorting": folder}, {}, tmp_path / "out")
    merged = read_finished(tmp_path / "out")
    (n,) = merged.units.loc[merged.units["unit_id"] == 6, "n_spikes"]
    assert n == np.isin(found.unit_id, (0, 1)).sum() - 7 == (merged.unit_id == 6).sum()
    assert gaps(tmp_path / "out") > DEAD
    assert done.results["notes"] == [
        "Unit 6: 7 of its spikes came twice within 0.8 ms; the larger one of each two is kept."
    ]
