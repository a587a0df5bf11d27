"""Units of wires without a common channel are merged, and every export of them ends well."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from spikeinterface.core import load_sorting_analyzer

from pipelines.spikes import demo
from pipelines.spikes.curation.log import LOG_FILE, Log, curate, read_start
from pipelines.spikes.curation.steps import CurationStep
from pipelines.spikes.units.folder import read_finished
from pipelines.spikes.units.sorting import FinishedSorting
from pipelines.tasks import run

FORMATS = ("phy", "nwb", "curation-json", "blech-hdf5", "csv", "zarr")


@pytest.fixture(scope="module")
def wires(tetrode: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`recording/`, two wires far apart with a cell of its own each, and `sorted/`, its units."""
    folder = tmp_path_factory.mktemp("wires")
    traces = np.fromfile(tetrode / "recording" / "traces.raw", np.int16).reshape(-1, 4)
    half = int(15 * demo.SAMPLING_FREQUENCY)
    both = np.stack([traces[:half, 1], traces[half : 2 * half, 3]], axis=1)
    both.tofile(folder / "rec.dat")
    settings = {"num_channels": 2, "sampling_frequency": demo.SAMPLING_FREQUENCY}
    settings |= {"gain_uv": demo.GAIN_UV, "detect_threshold": 9}
    run("spikes sort", {"recording": folder / "rec.dat"}, settings, folder / "sorted")
    return folder


def largest(mean: np.ndarray) -> int:
    return int(np.nan_to_num(np.abs(mean)).max(axis=0).argmax())


def of_two_wires(found: FinishedSorting) -> tuple[int, int]:
    """The first unit of each wire, the one with more spikes first."""
    units = found.units.drop_duplicates("channel").sort_values("n_spikes", ascending=False)
    first, second = units["unit_id"].tolist()
    return first, second


@pytest.fixture(scope="module")
def merged(wires: Path) -> Path:
    """The units with one merged over both wires, and all exports of them below `out/`."""
    start, digest = read_start(wires / "sorted")
    pair = of_two_wires(read_finished(wires / "sorted"))
    log = Log(wires / "sorted" / LOG_FILE, digest)
    curate(log, start, CurationStep("merge", "me", pair))
    run("spikes curate", {"sorting": wires / "sorted"}, {}, wires / "curated")
    for name in FORMATS:
        run("spikes export", {"sorting": wires / "curated"}, {"format": name}, wires / "out" / name)
    return wires


def test_the_merged_unit_is_on_the_channel_of_its_largest_template(merged: Path) -> None:
    found = read_finished(merged / "curated")
    columns = [largest(found.shape_of(unit)) for unit in found.units["unit_id"]]
    assert found.units["channel"].tolist() == [str(column) for column in columns]
    heights = np.abs(np.nan_to_num(found.mean)).max(axis=(1, 2))
    assert found.units["amplitude_uv"].tolist() == pytest.approx(heights, abs=0.01)
    analyzer = load_sorting_analyzer(merged / "curated" / "analyzer.zarr")
    templates = analyzer.get_extension("templates").get_data(operator="average")
    assert [largest(template) for template in templates] == columns


def test_its_mean_is_that_of_the_spikes_of_both_in_the_recording(merged: Path) -> None:
    before, after = (read_finished(merged / name) for name in ("sorted", "curated"))
    first, second = of_two_wires(before)
    counts = np.array([(before.unit_id == unit).sum() for unit in (first, second)])
    unit = int(after.units["unit_id"].max())
    for other, share in zip((first, second), counts / counts.sum(), strict=True):
        column = largest(before.shape_of(other))
        of_both, alone = after.shape_of(unit)[:, column], before.shape_of(other)[:, column]
        assert np.abs(of_both).max() == pytest.approx(share * np.abs(alone).max(), rel=0.15)


def test_every_export_of_it_ends_well(merged: Path) -> None:
    found = read_finished(merged / "curated")
    templates = np.load(merged / "out" / "phy" / "templates.npy")
    assert [str(largest(one)) for one in templates] == found.units["channel"].tolist()
    with h5py.File(merged / "out" / "blech-hdf5" / "sorted_units.h5") as root:
        rows = root["unit_descriptor"]
        assert [str(one) for one in rows["electrode_number"]] == found.units["channel"].tolist()
        assert rows["waveform_count"].tolist() == found.units["n_spikes"].tolist()
    assert all(any((merged / "out" / name).iterdir()) for name in FORMATS)


def test_without_the_recording_it_is_averaged_and_that_is_said(
    merged: Path, tmp_path: Path
) -> None:
    shutil.copytree(merged / "sorted", tmp_path / "sorted")
    record = (tmp_path / "sorted" / "run.json").read_text().replace("rec.dat", "gone.dat")
    (tmp_path / "sorted" / "run.json").write_text(record)
    done = run("spikes curate", {"sorting": tmp_path / "sorted"}, {}, tmp_path / "out")
    assert "have the mean waveforms of the units that they came from" in done.results["note"]
    here, there = (read_finished(folder) for folder in (tmp_path / "out", merged / "curated"))
    unit = int(there.units["unit_id"].max())
    assert here.units["channel"].tolist() == there.units["channel"].tolist()
    assert here.shape_of(unit) == pytest.approx(there.shape_of(unit), abs=12)


def test_a_unit_that_an_earlier_version_left_without_a_mean_is_exported(
    merged: Path, tmp_path: Path
) -> None:
    shutil.copytree(merged / "curated", tmp_path / "curated")
    with np.load(tmp_path / "curated" / "waveforms.npz") as stored:
        waves = dict(stored)
    waves["mean"][-1] = waves["sd"][-1] = np.nan
    np.savez(tmp_path / "curated" / "waveforms.npz", **waves)
    for name in FORMATS:
        inputs = {"sorting": tmp_path / "curated"}
        run("spikes export", inputs, {"format": name}, tmp_path / "out" / name)
    with h5py.File(tmp_path / "out" / "blech-hdf5" / "sorted_units.h5") as root:
        channel = read_finished(merged / "curated").units["channel"].tolist()[-1]
        assert str(root["unit_descriptor"]["electrode_number"][-1]) == channel
