import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from spikeinterface.comparison import compare_sorter_to_ground_truth
from spikeinterface.core import BinaryRecordingExtractor, NumpySorting

from pipelines.core.errors import Cancelled, RecordingError
from pipelines.core.provenance import digest
from pipelines.spikes import demo
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.sorting.sort import sort
from pipelines.tasks import run

RATE = demo.SAMPLING_FREQUENCY


def as_sorting(file: Path) -> NumpySorting:
    stored = np.load(file)
    return NumpySorting.from_samples_and_labels(
        [stored["sample_index"]], [stored["unit_id"]], sampling_frequency=RATE
    )


def test_the_units_of_a_simulated_tetrode_are_found(tetrode: Path, sorting: Path) -> None:
    """Accuracy against known truth, matched within 0.4 ms; the weakest has an SNR of 6."""
    compared = compare_sorter_to_ground_truth(
        as_sorting(tetrode / "truth.npz"),
        as_sorting(sorting / "spikes.npz"),
        exhaustive_gt=True,
        delta_time=0.4,
    )
    accuracy = compared.get_performance()["accuracy"].astype(float)
    assert len(accuracy) == 6
    assert accuracy.mean() > 0.87
    assert (accuracy > 0.8).sum() >= 5
    assert compared.count_false_positive_units() == 0
    assert compared.count_overmerged_units() == 0


def test_the_measures_of_units_agree_with_the_truth(tetrode: Path, sorting: Path) -> None:
    units = pd.read_csv(sorting / "units.csv")
    truth = pd.read_csv(tetrode / "truth_units.csv")
    assert units["channel"].tolist() == truth["channel"].tolist()
    assert units["snr"].to_numpy() == pytest.approx(truth["snr"].to_numpy(), rel=0.15)
    assert units["firing_rate_hz"].to_numpy()[:5] == pytest.approx(
        truth["n_spikes"].to_numpy()[:5] / 60, rel=0.1
    )
    assert units["rp_contamination"].max() < 0.05
    assert units["presence_ratio"].min() == 1


def test_files_hold_what_is_promised(sorting: Path) -> None:
    spikes = np.load(sorting / "spikes.npz")
    units = pd.read_csv(sorting / "units.csv")
    waveforms = np.load(sorting / "waveforms.npz")
    assert (spikes["sample_index"].dtype, spikes["unit_id"].dtype) == (np.int64, np.int32)
    assert np.all(np.diff(spikes["sample_index"]) >= 0)
    assert np.bincount(spikes["unit_id"]).tolist() == units["n_spikes"].tolist()
    assert waveforms["mean"].shape == waveforms["sd"].shape == (len(units), 76, 4)
    assert (waveforms["ms"][0], waveforms["ms"][-1]) == (-1.0, 1.5)
    assert np.abs(waveforms["ms"][waveforms["mean"][0].min(axis=1).argmin()]) < 0.05
    assert waveforms["channel_id"].tolist() == ["0", "1", "2", "3"]
    assert waveforms["channel_location_um"].shape == (4, 2)
    groups = pd.read_csv(sorting / "groups.csv", keep_default_na=False)
    assert groups.columns.tolist() == [
        *("group", "channels", "sorter", "state", "n_spikes", "n_units", "reason")
    ]
    assert groups["channels"].tolist() == ["0 1 2 3"]
    assert groups["state"].tolist() == ["done"]


def test_the_same_input_gives_the_same_spikes(tetrode: Path, sorting: Path, tmp_path: Path) -> None:
    run("spikes sort", {"recording": tetrode / "recording"}, {}, tmp_path / "again")
    for name in ("spikes.npz", "waveforms.npz", "units.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (sorting / name).read_bytes()


def test_the_example_is_the_same_for_a_seed_and_another_for_another(
    tetrode: Path, tmp_path: Path
) -> None:
    for name, seed in (("same", 0), ("other", 1)):
        (tmp_path / name).mkdir()
        demo.make(tmp_path / name, seed)
    assert digest(tmp_path / "same") == digest(tetrode)
    assert digest(tmp_path / "other") != digest(tetrode)


def wires(folder: Path, columns: np.ndarray) -> Path:
    folder.mkdir()
    columns.astype(np.int16).tofile(folder / "session.dat")
    return folder


RAW = {"sampling_frequency": RATE, "gain_uv": demo.GAIN_UV}


@pytest.fixture(scope="module")
def signal(tetrode: Path) -> np.ndarray:
    values = np.fromfile(tetrode / "recording" / "traces.raw", dtype=np.int16)
    return values.reshape(-1, 4)[: int(20 * RATE)]


def test_a_dead_wire_does_not_stop_the_others(signal: np.ndarray, tmp_path: Path) -> None:
    columns = np.stack([signal[:, 0], np.full(len(signal), 7)], axis=1)
    recording = wires(tmp_path / "wires", columns)
    done = run(
        "spikes sort", {"recording": recording}, {**RAW, "num_channels": 2}, tmp_path / "out"
    )
    groups = pd.read_csv(tmp_path / "out" / "groups.csv")
    assert groups["state"].tolist() == ["done", "failed"]
    assert "flat" in groups["reason"][1]
    assert done.results["groups_failed"] == 1
    assert done.results["n_units"] == groups["n_units"].sum() > 0
    mean = np.load(tmp_path / "out" / "waveforms.npz")["mean"]
    assert np.isfinite(mean[:, :, 0]).all()
    assert np.isnan(mean[:, :, 1]).all()


def test_a_recording_with_dead_wires_only_is_refused(tmp_path: Path) -> None:
    recording = wires(tmp_path / "wires", np.zeros((60_000, 2)))
    with pytest.raises(RecordingError, match="No group of channels could be sorted"):
        run("spikes sort", {"recording": recording}, {**RAW, "num_channels": 2}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_noise_has_no_units_and_that_is_said(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 100, (int(10 * RATE), 1))
    recording = wires(tmp_path / "wires", noise)
    parameters = {**RAW, "num_channels": 1}
    done = run("spikes sort", {"recording": recording}, parameters, tmp_path / "out")
    assert (done.results["n_units"], done.results["groups_failed"]) == (0, 0)
    assert "no cluster of at least 30" in (tmp_path / "out" / "groups.csv").read_text()
    assert len(pd.read_csv(tmp_path / "out" / "units.csv")) == 0
    assert np.load(tmp_path / "out" / "spikes.npz")["unit_id"].size == 0


def test_values_that_are_no_numbers_fail_their_group_only(
    signal: np.ndarray, tmp_path: Path
) -> None:
    columns = np.stack([signal[:, 0], signal[:, 1]], axis=1).astype(np.float32)
    columns[:, 1] = np.nan
    (tmp_path / "a.raw").write_bytes(columns.tobytes())
    parameters = {**RAW, "num_channels": 2, "dtype": "float32"}
    run("spikes sort", {"recording": tmp_path / "a.raw"}, parameters, tmp_path / "out")
    groups = pd.read_csv(tmp_path / "out" / "groups.csv")
    assert groups["state"].tolist() == ["done", "failed"]


def test_turned_spikes_are_found_with_the_other_sign(signal: np.ndarray, tmp_path: Path) -> None:
    recording = wires(tmp_path / "wires", -signal)
    base = {**RAW, "num_channels": 4}
    counts = {}
    for sign in ("neg", "pos"):
        done = run(
            "spikes sort",
            {"recording": recording},
            {**base, "peak_sign": sign},
            tmp_path / sign,
        )
        counts[sign] = done.results["n_spikes"]
    assert counts["pos"] > 5 * counts["neg"]


def test_progress_is_told_in_words_and_never_goes_back(tetrode: Path, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    sort(
        {"recording": tetrode / "recording"},
        SpikesParameters(),
        tmp_path,
        lambda fraction, sentence: told.append((fraction, sentence)),
    )
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert "Group 1 of 1: found spikes up to 30 s" in [sentence for _, sentence in told]
    assert any(sentence.startswith("Group 1 of 1: clustering 2,8") for _, sentence in told)


def test_a_cancelled_run_stops(tetrode: Path, tmp_path: Path) -> None:
    def stop(fraction: float, sentence: str) -> None:
        if "found spikes" in sentence:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        run("spikes sort", {"recording": tetrode / "recording"}, {}, tmp_path / "out", report=stop)
    assert not (tmp_path / "out").exists()


def test_units_are_the_same_when_spikeinterface_loads_the_example(tetrode: Path) -> None:
    """The example is an ordinary SpikeInterface folder."""
    from spikeinterface.core import load

    loaded = load(tetrode / "recording")
    assert isinstance(loaded, BinaryRecordingExtractor)
    assert loaded.get_channel_gains().tolist() == [demo.GAIN_UV] * 4
    assert loaded.has_probe()


def test_the_truth_beside_a_recording_is_not_needed(
    tetrode: Path, sorting: Path, tmp_path: Path
) -> None:
    shutil.copytree(tetrode / "recording", tmp_path / "recording")
    run("spikes sort", {"recording": tmp_path / "recording"}, {}, tmp_path / "out")
    assert (tmp_path / "out" / "spikes.npz").read_bytes() == (sorting / "spikes.npz").read_bytes()
