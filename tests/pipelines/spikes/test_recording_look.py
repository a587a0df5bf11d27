"""What a look at a recording finds, and how little it reads to draw it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.core.errors import RecordingError
from pipelines.core.provenance import Run
from pipelines.spikes.recording.pyramid import MOST_DRAWN, bin_samples, envelope_of, read_envelope
from pipelines.spikes.recording.timeline import Timeline
from pipelines.tasks import run

RATE = 20_000.0
RAW = {"sampling_frequency": RATE, "gain_uv": 0.5, "num_channels": 5}


def looked_at(folder: Path, values: np.ndarray, **more: object) -> tuple[Run, Path]:
    values.astype(np.int16).tofile(folder / "a.dat")
    inputs = {"recording": folder / "a.dat"}
    return run("spikes look", inputs, {**RAW, **more}, folder / "out"), folder / "out"


def noise(seconds: float = 12.0) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 40, (int(seconds * RATE), 5))


def test_bad_channels_are_named_with_their_reason(tmp_path: Path) -> None:
    values = noise()
    values[:, 1] = 0
    values[:, 3] = values[:, 2] + np.random.default_rng(1).normal(0, 1, len(values))
    values[:, 4] *= 8
    done, out = looked_at(tmp_path, values)
    table = pd.read_csv(out / "channels.csv", keep_default_na=False)
    assert table["state"].tolist() == ["good", "dead", "good", "bridged", "noisy"]
    assert "with channel 2" in table["reason"][3]
    assert table["reason"][4].startswith("8.")
    assert done.results["exclude_channels"] == "1,3,4"
    assert done.results["end_s"] is None


def test_noise_is_that_of_the_band(tmp_path: Path) -> None:
    """White noise of 20 uV between 300 and 6000 Hz of 10 kHz keeps about 57 % of its power."""
    _, out = looked_at(tmp_path, noise())
    table = pd.read_csv(out / "channels.csv")
    assert table["noise_uv"].to_numpy() == pytest.approx(20 * np.sqrt(0.57), rel=0.1)


def test_the_spectrum_shows_the_mains(tmp_path: Path) -> None:
    values = noise()
    values[:, 2] += 500 * np.sin(2 * np.pi * 50 * np.arange(len(values)) / RATE)
    _, out = looked_at(tmp_path, values)
    with np.load(out / "spectrum.npz") as stored:
        loudest = stored["freq_hz"][stored["power"][1:].argmax(axis=0) + 1]
    assert loudest[2] == pytest.approx(50, abs=5)


def test_a_headstage_that_fell_off_ends_the_recording(tmp_path: Path) -> None:
    values = noise(20)
    values[int(12.4 * RATE) :] = 32_767
    done, out = looked_at(tmp_path, values)
    assert done.results["end_s"] == 13.0 - 1.0 or done.results["end_s"] == 13.0
    seconds = pd.read_csv(out / "saturation.csv")
    assert seconds["saturated"][:12].max() == 0
    assert seconds["saturated"][13:].min() == 1


def test_a_short_artefact_does_not_end_it(tmp_path: Path) -> None:
    values = noise(20)
    values[int(8 * RATE) : int(11 * RATE)] = 32_767
    done, _ = looked_at(tmp_path, values)
    assert done.results["end_s"] is None


def test_a_recording_that_is_saturated_throughout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="The whole recording is saturated"):
        looked_at(tmp_path, np.full((int(2 * RATE), 5), 32_767))


def test_traces_are_drawn_from_few_numbers_at_any_zoom(tmp_path: Path) -> None:
    values = noise(20)
    values[123_456, 2] = 3_000
    done, out = looked_at(tmp_path, values)
    samples, plain = done.results["bin_samples"], Timeline.one(len(values), RATE)
    whole = read_envelope(out / "traces.npy", samples, plain, 0.0, 20.0, [2, 4])
    assert whole is not None
    assert len(whole.high) <= MOST_DRAWN
    peak = int(whole.high[:, 0].argmax())
    assert whole.edges_s[peak] <= 123_456 / RATE < whole.edges_s[peak + 1]
    assert whole.high[peak, 0] == pytest.approx(1_500, rel=1e-3)
    assert read_envelope(out / "traces.npy", samples, plain, 6.17, 6.18, [2]) is None


def test_a_billion_samples_stay_small() -> None:
    assert 10**9 * 1 / bin_samples(10**9, 1) <= 20_000_000
    assert 10**9 * 32 / bin_samples(10**9, 32) <= 20_000_000
    assert bin_samples(1000, 4) == 64


def test_a_short_stretch_keeps_its_extremes() -> None:
    values = np.random.default_rng(0).normal(size=(10_001, 3)).astype(np.float32)
    found = envelope_of(values, 0, Timeline.one(10_001, 1000.0, 5.0))
    assert found.low.min(axis=0).tolist() == values.min(axis=0).tolist()
    assert found.high.max(axis=0).tolist() == values.max(axis=0).tolist()
    assert (found.edges_s[0], found.edges_s[-1]) == (5.0, pytest.approx(15.001))


def test_what_the_look_leaves_out_is_taken_by_the_sorting(tmp_path: Path) -> None:
    values = noise(14)
    values[:, 1] = 0
    for at in range(1000, 150_000, 1500):
        values[at : at + 8, 0] -= 600
    done, _ = looked_at(tmp_path, values)
    more = {**RAW, "exclude_channels": done.results["exclude_channels"], "end_s": 10.0}
    sorted_ = run("spikes sort", {"recording": tmp_path / "a.dat"}, more, tmp_path / "sorted")
    assert (sorted_.results["n_channels"], sorted_.results["duration_s"]) == (4, 10.0)
    assert sorted_.results["n_units"] >= 1
