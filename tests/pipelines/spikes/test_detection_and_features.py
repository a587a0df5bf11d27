import numpy as np
import pytest
from numpy.typing import NDArray
from spikeinterface.core import NumpyRecording

from pipelines.core.errors import RecordingError
from pipelines.spikes.recording.groups import channel_groups
from pipelines.spikes.signal.preprocess import Chunk, band_pass, noise_levels
from pipelines.spikes.sorting.detect import find_peaks
from pipelines.spikes.sorting.features import Window, cut_out, principal_components

RATE = 30_000.0
NOISE = np.ones(2, dtype=np.float32)


def chunk(traces: NDArray[np.float64], first: int = 0) -> Chunk:
    return Chunk(traces.astype(np.float32), first, first, first + len(traces))


def silence_with(*spikes: tuple[int, int, float]) -> NDArray[np.float64]:
    traces = np.zeros((1000, 2))
    for sample, channel, height in spikes:
        traces[sample, channel] = height
    return traces


def peaks(traces: NDArray[np.float64], sign: str = "neg", first: int = 0) -> list[int]:
    found = find_peaks(chunk(traces, first), NOISE, threshold=5, sign=sign, dead_samples=24)  # type: ignore[arg-type]
    return [int(sample) for sample in found.sample_index]


def test_a_spike_on_two_channels_is_found_once_at_the_larger() -> None:
    traces = silence_with((100, 0, -8), (102, 1, -12))
    found = find_peaks(chunk(traces), NOISE, threshold=5, sign="neg", dead_samples=24)
    assert (found.sample_index.tolist(), found.channel.tolist()) == ([102], [1])


def test_the_after_peak_within_the_dead_time_is_no_second_spike() -> None:
    assert peaks(silence_with((100, 0, -12), (115, 0, 8)), "both") == [100]
    assert peaks(silence_with((100, 0, -12), (135, 0, 8)), "both") == [100, 135]


@pytest.mark.parametrize(("sign", "found"), [("neg", [100]), ("pos", [300]), ("both", [100, 300])])
def test_only_peaks_of_the_asked_sign_count(sign: str, found: list[int]) -> None:
    assert peaks(silence_with((100, 0, -9), (300, 1, 9), (500, 0, -4)), sign) == found


def test_samples_are_counted_from_the_start_of_the_recording() -> None:
    assert peaks(silence_with((100, 0, -9)), first=5000) == [5100]


def test_spikes_at_the_ends_are_left_out_when_their_waveform_is_cut() -> None:
    traces = silence_with((5, 0, -9), (500, 0, -9), (995, 0, -9))
    found = find_peaks(chunk(traces), NOISE, threshold=5, sign="neg", dead_samples=24)
    assert cut_out(chunk(traces), found, Window(20, 30)).sample_index.tolist() == [500]


def test_alignment_takes_away_jitter_below_one_sample() -> None:
    """A smooth spike at 11 places between two samples looks almost the same afterwards."""
    time = np.arange(1000)
    shapes = []
    for fraction in np.linspace(-0.5, 0.5, 11):
        spike = -100 * np.exp(-(((time - 500 - fraction) / 3.0) ** 2))
        traces = np.stack([spike, 0.5 * spike], axis=1)
        found = find_peaks(chunk(traces), NOISE, threshold=5, sign="neg", dead_samples=24)
        shapes.append(cut_out(chunk(traces), found, Window(15, 15)).values[0])
    spread = np.std(shapes, axis=0).max()
    assert np.shape(shapes) == (11, 31, 2)
    assert spread < 3  # unaligned: 9 uV of 100


def test_components_keep_amplitude_and_are_ordered_by_variance() -> None:
    rng = np.random.default_rng(0)
    shape = np.hanning(20)[:, None]
    waveforms = rng.normal(10, 2, 500)[:, None, None] * shape + rng.normal(0, 0.1, (500, 20, 1))
    scores = principal_components(waveforms.astype(np.float32), 3)
    assert scores.shape == (500, 3)
    assert np.std(scores[:, 0]) == pytest.approx(2 * np.linalg.norm(shape), rel=0.1)
    assert np.all(np.diff(scores.std(axis=0)) < 0)


def recording(values: NDArray[np.float64]) -> NumpyRecording:
    made = NumpyRecording([values.astype(np.float32)], RATE)
    made.set_channel_gains(0.5)
    made.set_channel_offsets(0.0)
    return made


def test_noise_is_in_microvolts_and_spikes_do_not_move_it() -> None:
    values = np.random.default_rng(0).normal(0, 20, (60_000, 1))
    values[::600] = -2000
    signal = band_pass(recording(values), 300, 6000)
    share_of_band = np.sqrt((6000 - 300) / 15_000)
    expected = 0.5 * 20 * share_of_band
    assert noise_levels(signal, np.array([0]))[0] == pytest.approx(expected, rel=0.15)


def test_chunks_meet_without_a_seam() -> None:
    values = np.random.default_rng(0).normal(0, 20, (90_000, 2))
    signal = band_pass(recording(values), 300, 6000)
    whole = signal.read(np.arange(2), 0, 90_000).traces
    parts = [
        part.traces[part.start - part.first : part.stop - part.first]
        for part in signal.chunks(np.arange(2), 1.0)
    ]
    assert np.allclose(np.concatenate(parts), whole, atol=0.01)


def test_a_band_beyond_half_the_sampling_frequency_is_refused() -> None:
    with pytest.raises(RecordingError, match="below 15000 Hz: it is 20000 Hz"):
        band_pass(recording(np.zeros((60_000, 1))), 300, 20_000)


def test_a_recording_shorter_than_a_second_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"0\.1 s long"):
        band_pass(recording(np.zeros((3000, 1))), 300, 6000)


def test_wires_far_apart_are_sorted_alone_and_a_tetrode_together() -> None:
    places = np.array([[0, 0], [20, 0], [0, 20], [20, 20], [500, 0], [1000, 0]], dtype=float)
    groups = channel_groups(places, 60.0)
    assert [group.channels.tolist() for group in groups] == [[0, 1, 2, 3], [4], [5]]


def test_a_long_probe_is_cut_into_neighbouring_groups_that_see_their_borders() -> None:
    places = np.stack([np.zeros(32), 25.0 * np.arange(32)], axis=1)
    groups = channel_groups(places, 60.0)
    assert [len(group.channels) for group in groups] == [8, 8, 8, 8]
    assert groups[1].channels.tolist() == list(range(8, 16))
    assert groups[1].neighbours.tolist() == [6, 7, 16, 17]
