"""Samples that are no signal: found by channel and stretch, and without cost outside of them."""

from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter
from spikeinterface.core import BinaryRecordingExtractor, NumpyRecording

from pipelines.core.provenance import Run
from pipelines.spikes.signal.bad_samples import BadSamples, find_bad
from pipelines.spikes.signal.mending import Mender
from pipelines.spikes.signal.preprocess import band_pass, noise_levels
from pipelines.spikes.signal.waveform_file import WaveformFile
from pipelines.spikes.sorting.filled_waveforms import FilledWaveforms
from pipelines.tasks import run
from tests.pipelines.spikes.simulated import RATE, SQUARE_UM, Traces, accuracy, tetrode

GAIN_UV = 0.195


def recording(values: NDArray) -> NumpyRecording:
    made = NumpyRecording([values], RATE)
    made.set_channel_gains(1.0)
    made.set_channel_offsets(0.0)
    return made


def in_steps(microvolts: Traces, gain_uv: float = GAIN_UV) -> NDArray[np.int16]:
    return np.round(microvolts / gain_uv).clip(-32768, 32767).astype(np.int16)


def found_in(values: NDArray) -> BadSamples:
    return find_bad(recording(values), lambda _: None)


def rows(found: BadSamples) -> list[tuple[int, int, int, str]]:
    return [(one.channel, one.start, one.stop, one.kind) for one in found.rows]


def noise(n_channels: int = 2, seconds: float = 4.0, sd: float = 40.0) -> Traces:
    return np.random.default_rng(0).normal(0, sd, (int(seconds * RATE), n_channels))


def slow(values: Traces, per_second: float) -> Traces:
    """A field potential: a random walk that forgets."""
    steps = np.random.default_rng(1).normal(0, 1, values.shape)
    return np.asarray(lfilter([1.0], [1.0, -np.exp(-per_second / RATE)], steps, axis=0))


# -- what is marked


@pytest.mark.parametrize(
    ("value", "dtype", "kind"),
    [
        (np.nan, "float32", "not a number"),
        (np.inf, "float32", "infinite"),
        (-np.inf, "float64", "infinite"),
        (0, "int16", "constant"),
        (7, "int16", "constant"),
        (32767, "int16", "saturated"),
        (-32768, "int16", "saturated"),
        (2047, "int16", "saturated"),  # an amplifier of 12 bits
        (6389.0, "float32", "saturated"),
    ],
)
def test_a_stretch_is_found_with_its_kind(value: float, dtype: str, kind: str) -> None:
    values = np.round(noise()).astype(dtype)
    values[30_000:30_060, 1] = value
    assert [one for one in rows(found_in(values)) if one[2] - one[1] > 50] == [
        (1, 30_000, 30_060, kind)
    ]


def test_an_unsigned_type_saturates_at_its_own_ends() -> None:
    values = (np.round(noise()) + 32768).astype(np.uint16)
    values[10_000:10_100, 0], values[20_000:20_100, 1] = 0, 65535
    assert rows(found_in(values)) == [
        (0, 10_000, 10_100, "saturated"),
        (1, 20_000, 20_100, "saturated"),
    ]


def test_an_amplifier_at_its_limit_flickers() -> None:
    values = np.round(noise()).astype(np.int16)
    flicker = np.random.default_rng(2).integers(0, 60, (600, 1))
    values[50_000:50_600] = 32767 - flicker
    assert rows(found_in(values)) == [(n, 50_000, 50_600, "saturated") for n in (0, 1)]


def test_a_single_number_that_is_none_is_found() -> None:
    values = noise().astype(np.float32)
    values[12_345, 0] = np.nan
    assert rows(found_in(values)) == [(0, 12_345, 12_346, "not a number")]


@pytest.mark.parametrize("filler", [0, 5, 32767])
def test_a_channel_without_any_signal_is_flat(filler: int) -> None:
    values = np.round(noise()).astype(np.int16)
    values[:, 1] = filler
    assert rows(found_in(values)) == [(1, 0, len(values), "flat")]


def test_a_clipped_spike_is_signal() -> None:
    values = np.round(noise()).astype(np.int16)
    values[40_000:40_012, 0] = -32768
    assert rows(found_in(values)) == []


@pytest.mark.parametrize("field", [False, True])
@pytest.mark.parametrize("step", [0.5, 2.34, 5.0, 10.0, 20.0, 30.0, 40.0])
def test_a_quiet_signal_in_coarse_steps_is_signal(step: float, field: bool) -> None:
    """Noise of 8 uV stored in steps of up to 40 uV: the same value comes again for long."""
    microvolts = noise(sd=8.0)
    if field:
        microvolts = microvolts + 3 * slow(microvolts, 20.0)
    assert rows(found_in(in_steps(microvolts, step))) == []


def test_blanking_is_found_in_coarse_steps_too() -> None:
    values = in_steps(noise(sd=8.0), 5.0)
    values[30_000:30_060] = 0
    found = rows(found_in(values))
    assert [one[0] for one in found] == [0, 1]
    assert all(29_990 <= one[1] <= 30_000 and 30_060 <= one[2] <= 30_070 for one in found)


def test_a_stretch_is_the_same_wherever_reading_is_cut() -> None:
    values = np.round(noise()).astype(np.int16)
    values[30_000:30_400] = 3
    mender, both = Mender(recording(values)), np.arange(2)
    whole = mender.stretches(both, 0, len(values))
    assert [one[1:3] for one in whole] == [(30_000, 30_400)] * 2
    for cut in (29_990, 30_001, 30_010, 30_200, 30_399, 30_400, 30_500):
        parts = mender.stretches(both, 0, cut) + mender.stretches(both, cut, len(values))
        assert sum(stop - start for _, start, stop, _ in parts) == 800


def test_a_table_of_any_number_of_stretches_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.spikes.signal.bad_samples.MOST_ROWS", 10)
    values = noise(1).astype(np.float32)
    values[1000::500] = np.nan
    found = found_in(values)
    assert (len(found.rows), found.n_stretches) == (10, 238)
    assert found.samples.tolist() == [238]


# -- what becomes of it


def test_what_is_read_is_mended_by_straight_lines() -> None:
    values = noise(1).astype(np.float32)
    values[999], values[1010] = 10.0, 21.0
    values[1000:1010] = np.nan
    traces, bad = Mender(recording(values)).read(np.arange(1), 900, 1100)
    assert traces[99:111, 0] == pytest.approx(np.arange(10.0, 22.0))
    assert bad is not None
    assert np.flatnonzero(bad[:, 0]).tolist() == list(range(97, 113))


def test_a_clean_recording_is_read_as_it_is(tmp_path: Path) -> None:
    values = in_steps(noise(sd=8.0))
    values.tofile(tmp_path / "a.raw")
    stored = BinaryRecordingExtractor(tmp_path / "a.raw", RATE, "int16", 2)
    traces, bad = Mender(stored).read(np.arange(2), 0, 5000)
    assert bad is None
    assert np.array_equal(traces, values[:5000])


@pytest.mark.parametrize("filler", [np.nan, 0.0, 5000.0])
def test_noise_is_measured_where_there_is_signal(filler: float) -> None:
    clean = noise(1, 20.0).astype(np.float32)
    gone = clean.copy()
    gone[60_000:420_000] = filler
    expected = noise_levels(band_pass(recording(clean), 300, 6000), np.arange(1))
    measured = noise_levels(band_pass(recording(gone), 300, 6000), np.arange(1))
    assert measured == pytest.approx(expected, rel=0.02)


# -- what sorting makes of it


def sorted_(folder: Path, values: NDArray, gain_uv: float = GAIN_UV, **more: object) -> Run:
    values.tofile(folder / "a.dat")
    settings = {
        "sampling_frequency": RATE, "num_channels": values.shape[1], "gain_uv": gain_uv,
        "dtype": values.dtype.name, "layout": "tetrodes", **more,
    }  # fmt: skip
    return run("spikes sort", {"recording": folder / "a.dat"}, settings, folder / "out")


@pytest.fixture(scope="module")
def cells() -> tuple[Traces, dict[int, NDArray[np.intp]]]:
    return tetrode(20.0)


@pytest.fixture(scope="module")
def untouched(
    cells: tuple[Traces, dict[int, NDArray[np.intp]]], tmp_path_factory: pytest.TempPathFactory
) -> list[float]:
    """Accuracy of the cells in the recording as it was simulated."""
    folder = tmp_path_factory.mktemp("untouched")
    done = sorted_(folder, in_steps(cells[0]))
    assert done.results["notes"] == []
    assert pd.read_csv(folder / "out" / "bad_samples.csv").empty
    return accuracy(folder / "out", cells[1])


def stretches_every(seconds: float, length: int) -> NDArray[np.bool_]:
    mask = np.zeros(int(20 * RATE), dtype=bool)
    for start in np.arange(0.5, 19.5, seconds):
        mask[int(start * RATE) : int(start * RATE) + length] = True
    return mask


@pytest.mark.parametrize(
    ("seconds", "length", "value", "channels"),
    [
        (5.0, 60, np.nan, slice(None)),
        (5.0, 60, np.nan, slice(1, 2)),
        (0.05, 30, 0.0, slice(None)),  # blanked around every stimulus of 20 Hz
        (1.0, 1500, 6389.0, slice(None)),
        (4.0, 30_000, -np.inf, slice(None)),
    ],
)
def test_units_are_found_as_well_outside_of_it(
    cells: tuple[Traces, dict[int, NDArray[np.intp]]],
    untouched: list[float],
    seconds: float,
    length: int,
    value: float,
    channels: slice,
    tmp_path: Path,
) -> None:
    mask, (traces, truth) = stretches_every(seconds, length), cells
    hurt = traces + 12.0
    hurt[mask, channels] = value
    sorted_(tmp_path, hurt.astype(np.float32), gain_uv=1.0)
    lost = mask if channels == slice(None) else np.zeros_like(mask)
    found = np.array(accuracy(tmp_path / "out", truth, lost))
    assert (found > np.array(untouched) - 0.02).all()


def test_all_channels_unplugged_end_the_signal_not_the_sorting(
    cells: tuple[Traces, dict[int, NDArray[np.intp]]], untouched: list[float], tmp_path: Path
) -> None:
    values = in_steps(cells[0])
    lost = np.arange(len(values)) >= 12 * RATE
    values[lost] = 0
    done = sorted_(tmp_path, values)
    assert accuracy(tmp_path / "out", cells[1], lost) == pytest.approx(untouched, abs=0.02)
    assert "up to 8 s or 40 % of a channel" in done.results["notes"][0]
    table = pd.read_csv(tmp_path / "out" / "bad_samples.csv")
    assert table.to_numpy().tolist() == [[n, 12.0, 20.0, "constant"] for n in range(4)]
    assert done.results["notes"][0] in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize("wire", [0, 1], ids=["a cell's own", "one between"])
def test_a_wire_unplugged_for_long_leaves_units_whole(
    cells: tuple[Traces, dict[int, NDArray[np.intp]]],
    untouched: list[float],
    wire: int,
    tmp_path: Path,
) -> None:
    values = in_steps(cells[0])
    values[int(12 * RATE) :, wire] = 0
    done = sorted_(tmp_path, values)
    assert done.results["n_units"] == 2
    assert accuracy(tmp_path / "out", cells[1]) == pytest.approx(untouched, abs=0.03)


def test_a_missing_channel_is_filled_in_from_spikes_that_are_alike() -> None:
    random = np.random.default_rng(0)
    height, cell = np.array([[100.0, 20.0], [30.0, 90.0]]), np.arange(400) % 2
    values = height[cell][:, np.newaxis] + random.normal(size=(400, 3, 2))
    missing = np.zeros((400, 2), dtype=bool)
    missing[300:, 1] = True
    values[missing[:, 1], :, 1] = 0
    with TemporaryFile() as file:
        stored = WaveformFile(file, (3, 2), np.float32)
        stored.add(values.astype(np.float32))
        filled = np.concatenate(
            [*FilledWaveforms(stored, missing, np.ones(2, np.float32)).blocks()]
        )
    assert np.array_equal(filled[~missing[:, 1]], values[~missing[:, 1]].astype(np.float32))
    assert filled[missing[:, 1], :, 1].mean(axis=1) == pytest.approx(height[cell[300:], 1], abs=2)


def test_spikeinterface_s_sorters_find_units_beside_it_and_none_in_it(
    cells: tuple[Traces, dict[int, NDArray[np.intp]]], tmp_path: Path
) -> None:
    traces, truth = cells
    hurt = traces.astype(np.float32)
    lost = np.arange(len(hurt)) >= 10 * RATE
    lost |= stretches_every(2.0, 60)
    hurt[lost] = np.nan
    sorted_(tmp_path, hurt, gain_uv=1.0, sorter="simple", min_spikes=20)
    assert min(accuracy(tmp_path / "out", truth, lost)) > 0.9
    with np.load(tmp_path / "out" / "spikes.npz") as stored:
        assert not lost[stored["sample_index"]].any()


def test_the_look_lists_it_and_measures_beside_it(tmp_path: Path) -> None:
    values = in_steps(noise(4, 12.0))
    values[60_000:60_090, 2], values[:, 3] = 0, 0
    values.tofile(tmp_path / "a.dat")
    settings = {"sampling_frequency": RATE, "num_channels": 4, "gain_uv": GAIN_UV}
    done = run("spikes look", {"recording": tmp_path / "a.dat"}, settings, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "bad_samples.csv")
    assert table.to_numpy().tolist() == [[3, 0.0, 12.0, "flat"], [2, 2.0, 2.003, "constant"]]
    assert done.results["notes"][0].startswith("Channel 3 has no signal from beginning to end")
    assert done.results["exclude_channels"] == "3"
    spectrum = np.load(tmp_path / "out" / "spectrum.npz")["power"]
    assert np.isfinite(spectrum).all()


def test_the_square_is_what_tetrodes_are_laid_out_as() -> None:
    """The simulation above and the layout that it is sorted with go together."""
    assert SQUARE_UM.tolist() == [[0, 0], [25, 0], [0, 25], [25, 25]]
