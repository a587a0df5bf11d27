"""Samples to seconds and back, over gaps."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.errors import RecordingError
from pipelines.spikes.recording.timeline import Timeline, checked, from_timestamps

RATE = 30_000.0
TWO = Timeline.of([900_000, 600_000], [0.0, 130.0], RATE)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    rate = draw(st.sampled_from([1_000.0, 24_414.0625, 30_000.0]))
    lengths = draw(st.lists(st.integers(1, 10_000_000), min_size=1, max_size=6))
    gaps = draw(st.lists(st.floats(0.001, 1e5), min_size=len(lengths), max_size=len(lengths)))
    start, starts = draw(st.floats(-1e4, 1e6)), []
    for length, gap in zip(lengths, gaps, strict=True):
        starts.append(start)
        start += length / rate + gap
    return Timeline.of(lengths, starts, rate)


@given(timelines(), st.data())
def test_the_sample_of_the_time_of_a_sample_is_that_sample(
    timeline: Timeline, data: st.DataObject
) -> None:
    samples = np.array(data.draw(st.lists(st.integers(0, timeline.n_samples - 1), min_size=1)))
    assert np.array_equal(timeline.sample(timeline.seconds(samples)), samples)


@given(timelines(), st.data())
def test_times_rise_with_samples_and_lie_in_a_segment(
    timeline: Timeline, data: st.DataObject
) -> None:
    samples = np.sort(data.draw(st.lists(st.integers(0, timeline.n_samples - 1), min_size=2)))
    seconds = timeline.seconds(samples)
    assert (np.diff(seconds) >= 0).all()
    starts, stops = np.array(timeline.intervals_s).T
    here = timeline.segment_of(samples)
    assert (seconds >= starts[here] - 1e-6).all()
    assert (seconds <= stops[here] + 1e-6).all()


@given(timelines())
def test_the_record_of_a_run_keeps_all_of_it(timeline: Timeline) -> None:
    kept = {"sampling_frequency": 1.0, "segments": timeline.as_results()}
    assert Timeline.from_results(kept, 0) == timeline


@given(timelines(), st.integers(1, 10_000_000), st.integers(0, 10_000_000))
def test_the_spans_of_a_stretch_are_its_samples(
    timeline: Timeline, length: int, start: int
) -> None:
    start = min(start, timeline.n_samples - 1)
    stop = min(start + length, timeline.n_samples)
    spans = list(timeline.spans(start, stop))
    assert spans[0][0] == start
    assert spans[-1][1] == stop
    assert all(one[1] == two[0] for one, two in pairwise(spans))
    assert all(timeline.around(one) == timeline.around(two - 1) for one, two in spans)


def test_a_gap_is_part_of_the_time_and_of_no_sample() -> None:
    assert TWO.seconds([0, 899_999, 900_000]).tolist() == [0.0, 899_999 / RATE, 130.0]
    assert TWO.sample([29.99, 30.0, 80.0, 130.0, 1e9]).tolist() == [
        899_700, 900_000, 900_000, 900_000, 1_500_000,
    ]  # fmt: skip
    assert TWO.gaps_s == [(30.0, 130.0)]
    assert TWO.recorded_s == 50.0
    assert TWO.in_words() == [
        "The recording has 2 segments with a gap of 100.0 s between them; times are the "
        "recording's own clock, and nothing is measured across a gap."
    ]


def test_folders_of_before_have_one_segment_from_0() -> None:
    plain = Timeline.from_results({"sampling_frequency": RATE}, 1_234_567)
    assert plain == Timeline.one(1_234_567, RATE)
    assert plain.is_plain
    assert plain.in_words() == []


def test_a_cut_keeps_what_is_before_it() -> None:
    assert TWO.cut(900_001).segments[1].n_samples == 1
    assert TWO.cut(900_000) == Timeline.one(900_000, RATE)


def test_segments_that_overlap_are_asked_for() -> None:
    timeline = Timeline.of([900_000, 900_000], [0.0, 20.0], RATE)
    with pytest.raises(RecordingError, match=r"begins at 20 s .* segment_starts_s=0,30"):
        checked(timeline, "a.nwb")
    assert checked(Timeline.of([900_000, 900_000], [0.0, 30.0], RATE), "b.nwb")


def test_timestamps_split_where_samples_are_missing() -> None:
    times = 500 + np.arange(40_000) / RATE
    times[10_000:] += 100.0
    times[30_000:] += 1 / RATE  # a single frame was dropped
    for size in (40_000, 10_000, 777):
        blocks = (times[at : at + size] for at in range(0, len(times), size))
        found = from_timestamps(blocks, RATE)
        assert [one.first_sample for one in found.segments] == [0, 10_000, 30_000]
        assert [one.start_s for one in found.segments] == times[[0, 10_000, 30_000]].tolist()
        assert np.abs(found.seconds(np.arange(40_000)) - times).max() < 1e-9


def test_a_clock_that_runs_fast_is_followed() -> None:
    times = 7 + np.arange(1_000_000) / 30_000.6  # 20 ppm
    found = from_timestamps([times], RATE)
    assert len(found.segments) == 1
    assert np.abs(found.seconds(np.arange(1_000_000)) - times).max() < 1e-9


def test_times_that_were_rounded_are_no_gaps() -> None:
    times = np.round(np.arange(1_000_000) / RATE, 6)
    found = from_timestamps([times], RATE)
    assert found == Timeline.one(1_000_000, RATE)


def test_times_that_jump_all_the_time_are_no_clock() -> None:
    """Kept as float32, times after an hour are exact to a quarter of a millisecond only."""
    times = (5_000 + np.arange(300_000) / RATE).astype(np.float32).astype(np.float64)
    with pytest.raises(RecordingError, match=r"no clock of single samples.*segment_starts_s=5000"):
        checked(from_timestamps([times], RATE), "a.nwb")
