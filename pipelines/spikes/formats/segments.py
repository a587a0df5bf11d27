"""Segments of SpikeInterface's recordings: joined to one, with the times that they had.

The joined recording carries its timeline as an annotation, which SpikeInterface hands on when
channels are selected or the end is cut off.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import (
    BaseRecording,
    NumpySorting,
    append_recordings,
    concatenate_recordings,
)

from pipelines.core.errors import ParameterError
from pipelines.spikes.recording.timeline import Segment, Timeline, checked, from_timestamps

SEGMENTS, NOTES = "segments", "notes_on_time"
BLOCK = 1 << 20
"""Times that are in memory at once."""


def with_timeline(
    recording: BaseRecording, timeline: Timeline, notes: Sequence[str] = ()
) -> BaseRecording:
    """A recording with a timeline of all its samples, and what has to be said of it."""
    recording.annotate(**{SEGMENTS: timeline.as_results(), NOTES: list(notes)})
    return recording


def timeline_of(recording: BaseRecording) -> Timeline:
    """The timeline of a recording of one segment; from its start time if it carries none."""
    n_samples, rate = recording.get_num_samples(), float(recording.get_sampling_frequency())
    kept = recording.get_annotation(SEGMENTS)
    if kept is None:
        return Timeline.one(n_samples, rate, _start(recording) or 0.0)
    found = Timeline.from_results({"sampling_frequency": rate, SEGMENTS: kept}, n_samples)
    return found.cut(n_samples)


def time_notes(recording: BaseRecording) -> list[str]:
    """What a person has to know of the times of a recording that was read."""
    return [*timeline_of(recording).in_words(), *(recording.get_annotation(NOTES) or ())]


def in_one_piece(recording: BaseRecording, path: Path, starts_s: str) -> BaseRecording:
    """Join the segments of a recording, in the order of their times, and keep these.

    Args:
        recording: as a reader gave it, perhaps `with_timeline` if it knows more than
            SpikeInterface.
        path: for messages.
        starts_s: when each segment begins, if a person says so; otherwise empty.

    Raises:
        RecordingError: segments overlap in time.
        ParameterError: `starts_s` does not suit.
    """
    kept = recording.get_annotation(SEGMENTS)
    if kept is None:
        timeline, notes = _of_segments(recording)
    else:
        timeline = Timeline.from_results({"sampling_frequency": 1.0, SEGMENTS: kept}, 0)
        notes = recording.get_annotation(NOTES)
    recording, timeline, notes = _in_order(recording, timeline, notes)
    if starts_s.strip():
        timeline, notes = said(timeline, starts_s), ["The starts of its segments were given."]
    timeline = checked(timeline, str(path))
    if recording.get_num_segments() > 1:
        recording = concatenate_recordings([recording])
    return with_timeline(recording, timeline, notes)


def _of_segments(recording: BaseRecording) -> tuple[Timeline, list[str]]:
    """The times that SpikeInterface knows of segments, and what was taken where it knows none."""
    found, unsaid = list[Timeline](), 0
    rate = float(recording.get_sampling_frequency())
    known = any(_start(recording, number) for number in range(recording.get_num_segments()))
    for number, segment in enumerate(recording.segments):
        times = segment.get_times_kwargs()["time_vector"]
        if times is None:
            start = _start(recording, number)
            if start is None:
                start = found[-1].stop_s if found and known else 0.0
                unsaid += known
            found.append(Timeline.one(recording.get_num_samples(number), rate, start))
        else:
            blocks = (np.asarray(times[at : at + BLOCK]) for at in range(0, len(times), BLOCK))
            found.append(from_timestamps(blocks, rate))
    words = (
        f"It does not say when {unsaid} of its {len(found)} segments began: such a segment is "
        "taken right after the one before, the first at 0 s."
    )
    return joined(found, [words] if unsaid else [])


def joined(parts: Sequence[Timeline], notes: Sequence[str] = ()) -> tuple[Timeline, list[str]]:
    """One timeline of several, whose samples follow each other.

    Where none has a start but 0, times follow each other too.

    Returns:
        The timeline; notes, with what was taken where starts are not known.
    """
    silent = len(parts) > 1 and not any(part.start_s for part in parts)
    segments = list[Segment]()
    for part in parts:
        first = segments[-1].stop_sample if segments else 0
        later = segments[-1].stop_s if segments and silent else 0.0
        segments += [
            Segment(first + one.first_sample, one.n_samples, later + one.start_s, one.rate_hz)
            for one in part.segments
        ]
    words = (
        "It does not say when its later segments began: they are taken one right after the other."
    )
    return Timeline(tuple(segments)), [*notes, *([words] if silent else [])]


def _start(recording: BaseRecording, number: int = 0) -> float | None:
    start = recording.segments[number].get_times_kwargs()["t_start"]
    return None if start is None else float(start)


def _in_order(
    recording: BaseRecording, timeline: Timeline, notes: list[str]
) -> tuple[BaseRecording, Timeline, list[str]]:
    """Segments in the order of their times."""
    starts = [one.start_s for one in timeline.segments]
    order = np.argsort(starts, kind="stable").tolist()
    n_segments = recording.get_num_segments()
    if order == sorted(order) or len(order) != n_segments:
        return recording, timeline, notes
    parts = [timeline.segments[number] for number in order]
    moved = Timeline.of(
        [one.n_samples for one in parts], [one.start_s for one in parts], parts[0].rate_hz
    )
    words = "Its segments were put into the order of their times."
    return recording.select_segments(order), moved, [*notes, words]


def said(timeline: Timeline, starts_s: str) -> Timeline:
    """The timeline with starts that a person gives; a single one means that there is no gap.

    Raises:
        ParameterError: there are more or fewer of them than segments, or one is no number.
    """
    try:
        starts = [float(word) for word in starts_s.split(",")]
    except ValueError:
        starts = [float("nan")]
    if not np.isfinite(starts).all():
        raise ParameterError(
            f"segment_starts_s is {starts_s!r}: give seconds divided by commas, such as 0,130."
        )
    rate, n_segments = timeline.segments[0].rate_hz, len(timeline.segments)
    if len(starts) == 1:
        return Timeline.one(timeline.n_samples, rate, starts[0])
    if len(starts) != n_segments:
        raise ParameterError(
            f"segment_starts_s has {len(starts)} values, but the recording has {n_segments} "
            "segments: give as many."
        )
    lengths = [one.n_samples for one in timeline.segments]
    return Timeline.of(lengths, starts, rate)


def in_segments(recording: BaseRecording) -> BaseRecording:
    """A recording of one piece as SpikeInterface's recording of several segments.

    Its filters and sorters then do not reach across a gap.
    """
    timeline = timeline_of(recording)
    if len(timeline.segments) == 1:
        return recording
    parts = [
        recording.frame_slice(start_frame=one.first_sample, end_frame=one.stop_sample)
        for one in timeline.segments
    ]
    found: BaseRecording = append_recordings(parts)
    for number, one in enumerate(timeline.segments):
        found.shift_times(one.start_s - (_start(found, number) or 0.0), number)
    return found


def sorting_in_segments(
    samples: NDArray[np.int64],
    units: NDArray[Any],
    timeline: Timeline,
    unit_ids: NDArray[Any],
    rate_hz: float,
) -> NumpySorting:
    """Spikes as SpikeInterface's sorting of `in_segments`.

    Args:
        samples: in order of time, counted through all samples as stored, shape (spike,).
        units: of the same spikes.
        timeline: of the recording.
        unit_ids: all units, with spikes or without.
        rate_hz: of the recording; its segments' clocks may run a little faster or slower.
    """
    edges = np.searchsorted(samples, [*timeline.firsts, timeline.n_samples])
    parts = [slice(one, two) for one, two in pairwise(edges.tolist())]
    return NumpySorting.from_samples_and_labels(
        [samples[part] - first for part, first in zip(parts, timeline.firsts, strict=True)],
        [units[part] for part in parts],
        rate_hz,
        unit_ids=unit_ids,
    )
