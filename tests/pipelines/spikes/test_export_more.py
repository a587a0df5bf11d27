"""Exports that other programs' own libraries read back."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import zarr  # type: ignore[import-untyped]
from pynwb import NWBHDF5IO

from pipelines.core.errors import InputError
from pipelines.spikes import demo
from pipelines.spikes.sorting.sort_file import read_sort_file
from pipelines.tasks import run


def exported(sorting: Path, out: Path, format: str, **more: object) -> Path:
    inputs = {"sorting": sorting, **{k: v for k, v in more.items() if isinstance(v, Path)}}
    values = {k: v for k, v in more.items() if not isinstance(v, Path)}
    run("spikes export", inputs, {"format": format, **values}, out)
    return out


def trains(sorting: Path) -> dict[int, np.ndarray]:
    with np.load(sorting / "spikes.npz") as spikes:
        samples, units = spikes["sample_index"], spikes["unit_id"]
    return {int(unit): samples[units == unit] for unit in np.unique(units)}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_pynwb_reads_the_units(sorting: Path, tmp_path: Path) -> None:
    file = exported(sorting, tmp_path / "out", "nwb") / "units.nwb"
    table = pd.read_csv(sorting / "units.csv")
    with NWBHDF5IO(str(file), "r") as stream:
        nwb = stream.read()
        units = nwb.units.to_dataframe()
        assert nwb.electrodes["channel_name"][:].tolist() == ["0", "1", "2", "3"]
        for unit, train in trains(sorting).items():
            times = units.loc[unit, "spike_times"]
            assert np.allclose(times * demo.SAMPLING_FREQUENCY, train, atol=0.01)
        assert units["snr"].tolist() == table["snr"].tolist()
        assert set(units["label"]) <= {"good", "mua"}
        heights = [np.abs(mean).max() * 1e6 for mean in units["waveform_mean"]]
        assert heights == pytest.approx(table["amplitude_uv"].tolist(), rel=1e-3)
        channels = [row.index[0] for row in units["electrodes"]]
        assert channels == table["channel"].tolist()


def test_blechs_layout_has_every_waveform(sorting: Path, tmp_path: Path) -> None:
    file = exported(sorting, tmp_path / "out", "blech-hdf5") / "sorted_units.h5"
    table, found = pd.read_csv(sorting / "units.csv"), trains(sorting)
    with h5py.File(file) as root:
        assert sorted(root["sorted_units"]) == [f"unit{n:03d}" for n in range(len(table))]
        for number, unit in enumerate(table["unit_id"]):
            group = root[f"sorted_units/unit{number:03d}"]
            assert np.array_equal(group["times"], found[unit])
            assert group["waveforms"].shape == (len(found[unit]), 75)
            height = np.abs(group["waveforms"][()].mean(axis=0)).max()
            assert height == pytest.approx(table["amplitude_uv"][number], rel=0.03)
            assert group["unit_metadata"].shape == (1,)
        rows = root["unit_descriptor"][()]
    assert rows["waveform_count"].tolist() == table["n_spikes"].tolist()
    assert rows["electrode_number"].tolist() == table["channel"].tolist()
    assert len(set(rows["hash"])) == len(rows)
    assert rows["snr"] == pytest.approx(table["snr"].to_numpy())


def test_blechs_layout_needs_the_recording(sorting: Path, tmp_path: Path) -> None:
    shutil.copytree(sorting, tmp_path / "moved")
    record = (tmp_path / "moved" / "run.json").read_text()
    (tmp_path / "moved" / "run.json").write_text(record.replace('/recording"', '/gone"'))
    with pytest.raises(InputError, match="is not there any more"):
        exported(tmp_path / "moved", tmp_path / "out", "blech-hdf5")


def test_zarr_holds_numbers_and_texts_only(sorting: Path, tmp_path: Path) -> None:
    out = exported(sorting, tmp_path / "out", "zarr")
    root = zarr.open_group(str(out / "units.zarr"), mode="r")
    with np.load(sorting / "spikes.npz") as spikes:
        assert np.array_equal(root["sample_index"], spikes["sample_index"])
        assert np.array_equal(root["unit_id"], spikes["unit_id"])
    table = pd.read_csv(sorting / "units.csv")
    assert root["units/snr"][:].tolist() == table["snr"].tolist()
    assert root["channel_id"][:].tolist() == ["0", "1", "2", "3"]
    assert root.attrs["sampling_frequency_hz"] == demo.SAMPLING_FREQUENCY
    text = "".join(file.read_text() for file in out.rglob(".zarray"))
    assert "pickle" not in text
    assert '"|O"' not in text


def test_the_csv_export_brings_a_sort_file(sorting: Path, tmp_path: Path) -> None:
    out = exported(sorting, tmp_path / "out", "csv")
    decisions = read_sort_file(out / "sort_file.csv")
    table = pd.read_csv(out / "units.csv")
    assert [one.clusters[0] for one in decisions] == table["cluster"].tolist()
    assert [one.single for one in decisions] == (table["label"] == "good").tolist()


def test_labels_of_the_label_step_are_carried_over(sorting: Path, tmp_path: Path) -> None:
    run("spikes label", {"units": sorting}, {"method": "thresholds"}, tmp_path / "labels")
    said = pd.read_csv(tmp_path / "labels" / "labels.csv")
    words = said["label_thresholds"].tolist()
    words[0] = "noise"
    said.assign(label_thresholds=words).to_csv(tmp_path / "labels" / "labels.csv", index=False)
    out = exported(sorting, tmp_path / "phy", "phy", labels=tmp_path / "labels")
    groups = pd.read_csv(out / "cluster_group.tsv", sep="\t")
    assert groups["group"].tolist() == words
    out = exported(sorting, tmp_path / "kept", "csv", labels=tmp_path / "labels", only="noise")
    assert pd.read_csv(out / "units.csv")["unit_id"].tolist() == said["unit_id"][:1].tolist()


def test_labels_of_other_units_are_refused(sorting: Path, tmp_path: Path) -> None:
    table = pd.read_csv(sorting / "units.csv")
    table.assign(n_spikes=table["n_spikes"] + 1, label_thresholds="good").to_csv(
        tmp_path / "labels.csv", index=False
    )
    with pytest.raises(InputError, match="labels other units"):
        exported(sorting, tmp_path / "out", "csv", labels=tmp_path / "labels.csv")
