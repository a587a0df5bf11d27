"""Statistics across voxels per time point, and random samples of series."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines import tasks
from pipelines.__main__ import main
from pipelines.brainmap.operations import statistics
from pipelines.brainmap.voxels.series import Series, deviation


def test_the_figures_are_numpys(
    fish: Path, fish_series: Series, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "VALUES_AT_ONCE", 20_000)  # three time points at once
    values = {"percentiles": "10, 90", "n": 7}
    record = tasks.run("brainmap statistics", {"images": fish}, values, tmp_path / "out")
    assert (record.results["n_kept"], record.results["n_drawn"]) == (5898, 7)
    kept = fish_series[deviation(fish_series) > 0.01].astype(float)
    table = pd.read_csv(tmp_path / "out" / "statistics.csv")
    expected = {
        "mean": kept.mean(axis=0),
        "std": kept.std(axis=0),
        "min": kept.min(axis=0),
        "max": kept.max(axis=0),
        "p10": np.percentile(kept, 10, axis=0),
        "p90": np.percentile(kept, 90, axis=0),
    }
    for name, values_of in expected.items():
        assert np.allclose(table[name], values_of, atol=1e-7), name


def test_a_sample_is_of_active_voxels_and_the_seed_s_own(
    fish: Path, fish_series: Series, tmp_path: Path
) -> None:
    drawn = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        values = {"n": 40, "seed": seed, "std_threshold": 0.05}
        tasks.run("brainmap statistics", {"images": fish}, values, tmp_path / name)
        drawn.append(pd.read_csv(tmp_path / name / "sample.csv"))
    assert drawn[0].equals(drawn[1])
    assert not drawn[0].equals(drawn[2])
    first = drawn[0]
    assert len(first.drop_duplicates(["plane", "y", "x"])) == 40
    assert (first["std"] > 0.05).all()
    row = first.iloc[0]
    voxel = np.ravel_multi_index((int(row["plane"]), int(row["y"]), int(row["x"])), (2, 76, 87))
    assert np.allclose(row.iloc[4:].to_numpy(float), fish_series[voxel], atol=1e-6)


def test_a_sample_of_series_as_recorded_can_ask_for_a_least_deviation(
    fish: Path, tmp_path: Path
) -> None:
    command = ["brainmap", "series", str(fish), "sample", "--out", str(tmp_path / "some.npy")]
    assert main([*command, "--quiet", "--set", "n=30", "--set", "min_std=5"]) == 0
    drawn = np.load(tmp_path / "some.npy")
    assert drawn.shape == (30, 20)
    assert (drawn.std(axis=1) > 5).all()
    high = ["--set", "min_std=1000", "--overwrite"]
    assert main([*command, "--quiet", *high]) == 2
