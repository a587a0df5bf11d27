"""Sorting against known truth on other electrodes than the example's, and other seeds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from spikeinterface.comparison import GroundTruthComparison, compare_sorter_to_ground_truth
from spikeinterface.core import NumpySorting

from pipelines.spikes import demo
from pipelines.tasks import run

LEAST_GOOD_SNR = 6.0
SECONDS = 30.0


def as_sorting(sample_index: np.ndarray, unit_id: np.ndarray) -> NumpySorting:
    return NumpySorting.from_samples_and_labels(
        [sample_index], [unit_id], sampling_frequency=demo.SAMPLING_FREQUENCY
    )


def compared(
    layout: demo.Arrangement, seed: int, folder: Path
) -> tuple[GroundTruthComparison, int]:
    """The comparison, and how many units labelled good are no true unit."""
    made = demo.simulate(seed, SECONDS, layout)
    demo.save(made.recording, folder / "recording")
    run("spikes sort", {"recording": folder / "recording"}, {}, folder / "sorted")
    spikes = np.load(folder / "sorted" / "spikes.npz")
    comparison = compare_sorter_to_ground_truth(
        as_sorting(made.sample_index, made.unit_id),
        as_sorting(spikes["sample_index"], spikes["unit_id"]),
        exhaustive_gt=True,
        delta_time=0.4,
    )
    units = pd.read_csv(folder / "sorted" / "units.csv").set_index("unit_id")
    false = units.loc[comparison.get_false_positive_units(), "snr"]
    return comparison, int((false >= LEAST_GOOD_SNR).sum())


@pytest.mark.parametrize(
    ("layout", "seed", "least"),
    [
        pytest.param(demo.tetrode(), 11, 0.80, id="tetrode"),
        pytest.param(demo.wires(11), 11, 0.90, id="sixteen wires"),
        pytest.param(demo.linear_probe(11), 11, 0.85, id="row of 32 contacts"),
    ],
)
def test_units_are_found_in_half_a_minute(
    layout: demo.Arrangement, seed: int, least: float, tmp_path: Path
) -> None:
    comparison, good_but_false = compared(layout, seed, tmp_path)
    accuracy = comparison.get_performance()["accuracy"].astype(float)
    assert len(accuracy) == sum(layout.units)
    assert accuracy.mean() >= least
    assert good_but_false <= 2
    assert comparison.count_redundant_units() == 0
