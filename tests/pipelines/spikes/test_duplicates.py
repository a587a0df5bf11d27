"""One cell found twice, in two groups of channels, and cells that only look like it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.__main__ import main
from pipelines.spikes import demo
from pipelines.spikes.curation.log import LOG_FILE, LONGEST_TEXT, Log, read_start
from pipelines.spikes.curation.parameters import ReviewParameters
from pipelines.spikes.curation.steps import replay
from pipelines.spikes.review.duplicates import best_lag, duplicates, find_twins, likeness, shared
from pipelines.spikes.signal.spike_waveforms import open_signal
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.folder import read_finished
from pipelines.tasks import run

RATE = 30_000
CLOCK = Clock(float(RATE), 120 * RATE, 0.0015, 0.0005)
LATER = 15
"""Samples by which the second wire sees the cell later: 0.5 ms."""


def train(rate_hz: float, seed: int) -> np.ndarray:
    """A Poisson train with a refractory period of 2 ms."""
    gaps = 0.002 + np.random.default_rng(seed).exponential(1 / rate_hz - 0.002, 100_000)
    seconds = np.cumsum(gaps)
    return (seconds[seconds < 119] * RATE).astype(np.int64)


def twins(trains: dict[int, np.ndarray]) -> list[tuple[int, int]]:
    snr = {unit: float(unit) for unit in trains}
    return [(one.weak, one.strong) for one in find_twins(trains, snr, CLOCK, ReviewParameters())]


def seen_elsewhere(spikes: np.ndarray, kept: float, seed: int) -> np.ndarray:
    """A part of the spikes, later and with jitter, among as many of another cell's."""
    random = np.random.default_rng(seed)
    own = spikes[random.random(len(spikes)) < kept]
    other = train(len(own) * (1 - kept) / 120, seed + 1)
    return np.sort(np.concatenate([own + LATER + random.integers(-3, 4, len(own)), other]))


def test_a_cell_seen_by_two_groups_is_found_though_it_comes_later_and_with_others() -> None:
    once = train(8, 0)
    again = seen_elsewhere(once, 0.8, 1)
    (found,) = find_twins({7: once, 3: again}, {7: 12.0, 3: 6.0}, CLOCK, ReviewParameters())
    assert (found.weak, found.strong) == (3, 7)
    assert abs(found.lag - LATER) <= 3
    expected = 0.8 * len(once) / min(len(once), len(again))
    assert found.share == pytest.approx(expected, abs=0.05)
    assert found.chance < 0.02


def test_of_a_clean_cell_and_a_large_unit_that_holds_it_among_others_the_large_one_goes() -> None:
    clean, mixed = train(8, 20), np.sort(np.concatenate([train(8, 20), train(20, 21)]))
    (found,) = find_twins({0: clean, 1: mixed}, {0: 9.0, 1: 12.0}, CLOCK, ReviewParameters())
    assert (found.weak, found.strong) == (1, 0)
    assert found.share == 1.0
    assert found.back == pytest.approx(len(clean) / len(mixed), abs=0.03)


def test_the_lag_is_that_of_the_peak_and_counts_are_those_by_hand() -> None:
    one, two = np.array([100, 200, 300, 400]), np.array([110, 209, 390, 411])
    assert best_lag(one, two, 2, 20) == 10
    assert shared(one, two - 10, 2) == 0.75
    assert shared(one, two, 2) == 0.0


@pytest.mark.parametrize("rate_hz", [5, 60, 200])
def test_independent_cells_are_never_one_however_much_they_fire(rate_hz: float) -> None:
    assert twins({unit: train(rate_hz, 10 + unit) for unit in range(4)}) == []


def test_cells_that_burst_together_are_not_one() -> None:
    """In common bursts of 20 ms each cell fires at 200 Hz, at times of its own."""
    random = np.random.default_rng(2)
    starts = np.sort(random.uniform(0, 119, 600))
    trains = {}
    for unit in range(3):
        seconds = np.sort((starts[:, None] + random.uniform(0, 0.02, (600, 4))).ravel())
        trains[unit] = (seconds * RATE).astype(np.int64)
    assert twins(trains) == []


def test_a_cell_on_two_wires_of_a_sorted_recording_is_proposed_with_its_evidence(
    tetrode: Path, tmp_path: Path
) -> None:
    values = np.fromfile(tetrode / "recording" / "traces.raw", np.int16).reshape(-1, 4)[:900_000]
    noise = np.random.default_rng(0).normal(0, 40, len(values))
    weaker = 0.6 * np.roll(values[:, 0], LATER) + noise
    both = np.stack([values[:, 0], weaker.astype(np.int16)], axis=1)
    both.tofile(tmp_path / "two.dat")
    raw = {"sampling_frequency": demo.SAMPLING_FREQUENCY, "gain_uv": demo.GAIN_UV}
    run("spikes sort", {"recording": tmp_path / "two.dat"}, {**raw, "num_channels": 2},
        tmp_path / "out")  # fmt: skip
    sorting = read_finished(tmp_path / "out")
    group = dict(zip(sorting.units["unit_id"], sorting.units["group"], strict=True))
    signal = open_signal(sorting)
    found = duplicates(sorting, signal, ReviewParameters())
    assert found
    for one in found:
        assert [group[unit] for unit in one.units] == [1, 0]
        assert f"Unit {one.units[0]} is the smaller one" in one.evidence
        assert "ms later" in one.evidence
        assert len(one.evidence) < LONGEST_TEXT  # it becomes the reason of the step
        assert "channels 1 and 0" in one.evidence
    snr = sorting.units.set_index("unit_id")["snr"]
    trains = {int(unit): sorting.sample_index[sorting.unit_id == unit] for unit in snr.index}
    pairs = list(
        find_twins(
            trains, {unit: float(snr[unit]) for unit in trains}, sorting.clock, ReviewParameters()
        )
    )
    assert len(pairs) == len(found)
    for pair in pairs:
        assert abs(pair.lag - LATER) <= 2
        assert likeness(sorting, signal, pair) > 0.95


def test_a_proposal_is_taken_on_the_command_line_with_its_reason_and_given_back(
    sorting: Path, tmp_path: Path
) -> None:
    folder, out = tmp_path / "sorting", tmp_path / "curated"
    shutil.copytree(sorting, folder, ignore=shutil.ignore_patterns("analyzer.zarr"))
    one = {"kind": "duplicate", "units": [4, 1], "evidence": "=same times", "spikes": []}
    (tmp_path / "proposals.json").write_text(json.dumps([one]))
    take = ["spikes", "step", str(folder), "take", "--review", str(tmp_path), "--author", "ada"]
    assert main([*take, "--number", "1"]) == 2
    assert main([*take, "--number", "0"]) == 0
    assert main(["spikes", "curate", str(folder), "--out", str(out), "--quiet"]) == 0
    units = pd.read_csv(out / "units.csv", keep_default_na=False).set_index("unit_id")
    assert len(units) == len(pd.read_csv(folder / "units.csv"))  # nothing is deleted
    assert units.loc[4, "label_curated"] == "noise"
    assert units.loc[4, "reason_curated"] == "'=same times"  # no formula for a spreadsheet
    assert units.loc[1, "reason_curated"] == ""
    assert main(["spikes", "step", str(folder), "undo", "--author", "ada"]) == 0
    start, digest = read_start(folder)
    assert replay(start, Log(folder / LOG_FILE, digest).read()).labels == {}


def test_the_example_has_no_unit_twice(sorting: Path) -> None:
    found = read_finished(sorting)
    assert duplicates(found, None, ReviewParameters()) == []
