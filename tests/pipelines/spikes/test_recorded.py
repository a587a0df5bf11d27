"""Numbers of channels that leave the program are those of the recording as it lies on disk."""

import ast
import json
import re
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import zarr
from pynwb import NWBHDF5IO
from spikeinterface.core import (
    BinaryRecordingExtractor,
    concatenate_recordings,
    load_sorting_analyzer,
)

from pipelines.__main__ import main
from pipelines.spikes import demo
from pipelines.spikes.curation.log import LOG_FILE, Log, curate, read_start
from pipelines.spikes.curation.steps import CurationStep
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.recording.recorded import Binary, of_recording
from pipelines.spikes.units.folder import read_finished as read
from pipelines.tasks import run
from tests.earlier import unpack
from tests.pipelines.spikes import writers

FORMATS = ("phy", "nwb", "curation-json", "blech-hdf5", "csv", "zarr")
KEPT = [1, 2, 4, 5]


def settings_of(folder: Path) -> dict[str, Any]:
    """Phy's settings, read without running them."""
    lines = ast.parse((folder / "params.py").read_text()).body
    return {one.targets[0].id: ast.literal_eval(one.value) for one in lines}  # type: ignore[attr-defined]


def peaks_as_phy_cuts(folder: Path) -> list[tuple[int, float, float]]:
    """Of each unit the column of its template, its height, and that of the mean raw waveform.

    The raw file is read by phy's settings, then the channels are taken by `channel_map`.
    """
    found = settings_of(folder)
    raw = np.fromfile(found["dat_path"], found["dtype"], offset=found["offset"])
    traces = raw.reshape(-1, found["n_channels_dat"])[:, np.load(folder / "channel_map.npy")]
    samples, units = np.load(folder / "spike_times.npy"), np.load(folder / "spike_clusters.npy")
    rows = []
    for row, unit in enumerate(np.unique(units)):
        template = np.abs(np.load(folder / "templates.npy")[row]).max(axis=0)
        spikes = samples[units == unit]
        cuts = np.stack([traces[n - 20 : n + 20] for n in spikes if 20 < n < len(traces) - 20])
        mean = (cuts.astype(float) * demo.GAIN_UV).mean(axis=0)
        column = int(template.argmax())
        height = float(np.abs(mean - np.median(mean, axis=0))[:, column].max())
        rows.append((column, float(template.max()), height))
    return rows


@pytest.fixture(scope="module", params=["uint16", ">i2"])
def left_out(
    request: pytest.FixtureRequest, tetrode: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The example's wires as columns 1, 2, 4, 5 of a raw file of six, sorted without 0 and 3."""
    folder = tmp_path_factory.mktemp("left")
    traces = np.fromfile(tetrode / "recording" / "traces.raw", np.int16).reshape(-1, 4)
    traces = traces[: int(10 * demo.SAMPLING_FREQUENCY)]
    values = np.random.default_rng(0).normal(0, 30, (len(traces), 6)).astype(np.int16)
    values[:, KEPT] = traces
    recording: Path = folder / "rec.dat"
    if request.param == ">i2":  # a folder of SpikeInterface, whose file has a header
        recording = folder / "recording"
        recording.mkdir()
        kwargs = {
            **{"file_paths": ["traces.raw"], "sampling_frequency": demo.SAMPLING_FREQUENCY},
            **{"num_channels": 6, "dtype": ">i2", "file_offset": 12, "gain_to_uV": [0.195] * 6},
            **{"offset_to_uV": [0.0] * 6, "channel_ids": ["00", "01", "02", "03", "04", "05"]},
        }
        described = {"class": "spikeinterface.core.BinaryRecordingExtractor", "kwargs": kwargs}
        (recording / "binary.json").write_text(json.dumps(described))
        (recording / "traces.raw").write_bytes(b"twelve bytes" + values.astype(">i2").tobytes())
        settings: dict[str, Any] = {"exclude_channels": "00, 03"}
    else:
        shift = 32768 if request.param == "uint16" else 0
        (values.astype(np.int32) + shift).astype(request.param).tofile(recording)
        settings = {"exclude_channels": "0,3", "dtype": request.param, "gain_uv": demo.GAIN_UV}
        settings |= {"num_channels": 6, "sampling_frequency": demo.SAMPLING_FREQUENCY}
    run("spikes sort", {"recording": recording}, settings, folder / "sorted")
    for name in FORMATS:
        run("spikes export", {"sorting": folder / "sorted"}, {"format": name}, folder / name)
    return folder


def on_disk(folder: Path) -> list[int]:
    """Of every unit the column of its channel in the raw file, by the channel's name."""
    return [int(name) for name in read(folder / "sorted").units["channel"]]


def test_phy_cuts_waveforms_where_the_templates_are(left_out: Path) -> None:
    found = settings_of(left_out / "phy")
    assert found["n_channels_dat"] == 6
    assert Path(found["dat_path"]).is_absolute()
    assert found["sample_rate"] == demo.SAMPLING_FREQUENCY
    assert np.load(left_out / "phy" / "channel_map.npy").tolist() == KEPT
    rows = peaks_as_phy_cuts(left_out / "phy")
    assert [KEPT[column] for column, _, _ in rows] == on_disk(left_out)
    assert all(raw == pytest.approx(template, rel=0.25) for _, template, raw in rows)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_every_other_format_counts_the_channels_of_the_file(left_out: Path) -> None:
    expected = on_disk(left_out)
    assert len(set(expected)) > 1
    with h5py.File(left_out / "blech-hdf5" / "sorted_units.h5") as root:
        assert root["unit_descriptor"]["electrode_number"].tolist() == expected
    assert pd.read_csv(left_out / "csv" / "units.csv")["channel_index"].tolist() == expected
    root = zarr.open_group(str(left_out / "zarr" / "units.zarr"), mode="r")
    assert root["channel_index"][:].tolist() == KEPT
    assert root["units/channel_index"][:].tolist() == expected
    with NWBHDF5IO(str(left_out / "nwb" / "units.nwb"), "r") as stream:
        nwb = stream.read()
        assert nwb.electrodes.id[:].tolist() == KEPT
        assert [int(name) for name in nwb.electrodes["channel_name"][:]] == KEPT
        rows = nwb.units.to_dataframe()["electrodes"]
        assert [row.index.tolist() for row in rows] == [[index] for index in expected]
        assert [row["channel_index"].tolist() for row in rows] == [[index] for index in expected]
    analyzer = load_sorting_analyzer(left_out / "sorted" / "analyzer.zarr", load_extensions=False)
    assert analyzer.get_recording_property("channel_index").tolist() == KEPT


def test_curated_units_keep_where_their_channels_are(left_out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sorted"
    shutil.copytree(left_out / "sorted", folder)
    start, digest = read_start(folder)
    log = Log(folder / LOG_FILE, digest)
    curate(log, start, CurationStep("merge", "me", (0, 1)))
    run("spikes curate", {"sorting": folder}, {}, tmp_path / "curated")
    shutil.move(folder, tmp_path / "elsewhere")  # the curated folder stands on its own
    run("spikes export", {"sorting": tmp_path / "curated"}, {"format": "csv"}, tmp_path / "csv")
    units = pd.read_csv(tmp_path / "csv" / "units.csv")
    assert units["channel_index"].tolist() == units["channel"].astype(int).tolist()
    run("spikes export", {"sorting": tmp_path / "curated"}, {"format": "phy"}, tmp_path / "phy")
    assert np.load(tmp_path / "phy" / "channel_map.npy").tolist() == KEPT


def test_phy_gets_the_file_where_it_lies_now(left_out: Path, tmp_path: Path) -> None:
    recording = read(left_out / "sorted").recording
    shutil.copytree(left_out / "sorted", tmp_path / "sorted")
    moved = recording.rename(tmp_path / recording.name)
    try:
        assert main(["spikes", "locate", str(tmp_path / "sorted"), str(moved)]) == 0
        inputs = {"sorting": tmp_path / "sorted"}
        run("spikes export", inputs, {"format": "phy"}, tmp_path / "phy")
    finally:
        moved.rename(recording)
    before, after = settings_of(left_out / "phy"), settings_of(tmp_path / "phy")
    assert Path(after.pop("dat_path")).is_relative_to(moved)
    assert after.items() <= before.items()


def as_earlier(left_out: Path, folder: Path) -> Path:
    """The sorting as an earlier version left it."""
    shutil.copytree(left_out / "sorted", folder)
    (folder / "recorded.json").unlink()
    return folder


def test_a_sorting_of_an_earlier_version_is_looked_up(left_out: Path, tmp_path: Path) -> None:
    sorting = as_earlier(left_out, tmp_path / "sorted")
    done = run("spikes export", {"sorting": sorting}, {"format": "phy"}, tmp_path / "phy")
    assert done.results["notes"] == []
    assert settings_of(tmp_path / "phy") == settings_of(left_out / "phy")


def test_what_cannot_be_looked_up_is_said(left_out: Path, tmp_path: Path) -> None:
    sorting = as_earlier(left_out, tmp_path / "sorted")
    record = (sorting / "run.json").read_text()
    gone = re.sub(r'"path": ".*/rec[^"/]*"', '"path": "/gone"', record)
    gone = re.sub(r'"beside": "[^"]*"', '"beside": ""', gone)
    (sorting / "run.json").write_text(gone)
    done = run("spikes export", {"sorting": sorting}, {"format": "phy"}, tmp_path / "phy")
    (note,) = done.results["notes"]
    assert "count the sorted channels only" in note
    assert "The recording /gone is not there any more" in note
    assert settings_of(tmp_path / "phy")["dat_path"] == []


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sortings of commit 58027b6, without their recordings."""
    return unpack(tmp_path_factory.mktemp("earlier"), "spikes") / "spikes"


def test_an_earlier_folder_without_left_out_channels_needs_no_recording(
    earlier: Path, tmp_path: Path
) -> None:
    done = run("spikes export", {"sorting": earlier / "units"}, {"format": "phy"}, tmp_path / "phy")
    n_channels = len(read(earlier / "units").channel_id)
    assert done.results["notes"] == []
    assert np.load(tmp_path / "phy" / "channel_map.npy").tolist() == list(range(n_channels))
    assert settings_of(tmp_path / "phy")["n_channels_dat"] == n_channels


@pytest.mark.parametrize("write", [writers.open_ephys, writers.intan_per_channel, writers.nwb])
def test_other_formats_count_the_recording_as_it_is_read_whole(tmp_path: Path, write: Any) -> None:
    path = tmp_path / ("rec.nwb" if write is writers.nwb else "rec")
    write(path, writers.traces())
    whole = read_recording(path, SpikesParameters())
    found = of_recording(whole, whole.select_channels(whole.channel_ids[[1, 3]]))
    assert found.channel_index.tolist() == [1, 3]
    assert (found.n_channels, found.binary) == (4, None)


def test_several_files_of_one_recording_are_named_in_their_order(tmp_path: Path) -> None:
    files = [tmp_path / "a.dat", tmp_path / "b.dat"]
    for file in files:
        np.zeros((100, 2), np.int16).tofile(file)
    several = BinaryRecordingExtractor(files, 1000.0, "int16", num_channels=2)
    joined = concatenate_recordings([several])
    assert of_recording(joined, joined).binary == Binary(tuple(map(str, files)), "int16", 0)
    turned = concatenate_recordings([several.select_segments([1, 0])])
    assert of_recording(turned, turned).binary == Binary((str(files[1]), str(files[0])), "int16", 0)
    alone = BinaryRecordingExtractor(files[:1], 1000.0, "int16", num_channels=2)
    twice = concatenate_recordings([alone, alone])
    assert of_recording(twice, twice).binary is None  # phy would see half of it


def test_without_labels_good_is_what_it_is_in_the_sorting(tetrode: Path, tmp_path: Path) -> None:
    settings = {"detect_threshold": 9, "end_s": 10}
    run("spikes sort", {"recording": tetrode / "recording"}, settings, tmp_path / "sorted")
    run("spikes export", {"sorting": tmp_path / "sorted"}, {"format": "csv"}, tmp_path / "csv")
    there, here = (tmp_path / name / "sort_file.csv" for name in ("sorted", "csv"))
    assert here.read_text() == there.read_text()
    units = pd.read_csv(tmp_path / "csv" / "units.csv")
    assert ((units["snr"] >= 10.8) == (units["label"] == "good")).all()
    assert units["snr"].between(6.0, 10.8).any()  # good by the limit for a threshold of 5
