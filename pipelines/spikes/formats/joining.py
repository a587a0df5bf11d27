"""Recordings that a person wants joined: in the order of their times, with the gaps between."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from spikeinterface.core import BaseRecording, concatenate_recordings

from pipelines.core.errors import RecordingError
from pipelines.spikes.formats.segments import in_one_piece, timeline_of, with_timeline
from pipelines.spikes.recording.timeline import Segment, Timeline

ROUNDED_S = 1.0
"""Names and headers say to the second when a recording began; so much may two seem to overlap."""
MOST_NAMED = 10


@dataclass(frozen=True)
class Part:
    """A recording that is joined with others.

    Attributes:
        name: as a person knows it.
        recording: of any number of segments.
        began: when its first sample was taken, if that is known.
        clock: parts with the same one count their time on the same clock.
    """

    name: str
    recording: BaseRecording
    began: datetime | None = None
    clock: str = ""


def joined_in_time(parts: Sequence[Part], path: Path, *, in_given_order: bool) -> BaseRecording:
    """One recording of several, the later ones after the earlier ones.

    Where they do not say when they began they follow each other at once, in the order given, and
    a note says so.

    Args:
        parts: at least two.
        path: where they lie, for messages.
        in_given_order: whether a person gave their order.

    Raises:
        RecordingError: they have other channels, gains or rates, or overlap in time.
    """
    whole = [replace(one, recording=in_one_piece(one.recording, path, "")) for one in parts]
    _refuse_unlike(whole, path)
    ordered, offsets, how = _in_time(whole, in_given_order)
    segments = list[Segment]()
    for one, offset_s in zip(ordered, offsets, strict=True):
        segments += _appended(segments, timeline_of(one.recording), offset_s)
    names = ", ".join(one.name for one in ordered[:MOST_NAMED])
    more = f" and {len(ordered) - MOST_NAMED} more" if len(ordered) > MOST_NAMED else ""
    note = f"{len(ordered)} recordings were joined as asked for{how}: {names}{more}."
    recording = concatenate_recordings([one.recording for one in ordered])
    return with_timeline(recording, Timeline(tuple(segments)), [note])


def _in_time(
    parts: Sequence[Part], in_given_order: bool
) -> tuple[list[Part], list[float | None], str]:
    """Parts in the order of their times; what is added to the time of each; how that is known."""
    clocks = {one.clock for one in parts}
    if len(clocks) == 1 and clocks != {""}:
        ordered = sorted(parts, key=lambda one: timeline_of(one.recording).start_s)
        return ordered, [0.0] * len(parts), ", in the order of their times"
    dated = [(one.began, one) for one in parts]
    if all(began is not None for began, _ in dated):
        pairs = sorted(((b, one) for b, one in dated if b is not None), key=lambda pair: pair[0])
        first, zero = pairs[0]
        start_s = timeline_of(zero.recording).start_s
        offsets: list[float | None] = [
            start_s + (began - first).total_seconds() - timeline_of(one.recording).start_s
            for began, one in pairs
        ]
        return [one for _, one in pairs], offsets, ", in the order of their times"
    order = "as they were named" if in_given_order else "in the order of their names"
    words = f"; not all say when they began, so they follow each other {order}, without a gap"
    nowhere: list[float | None] = [0.0, *[None] * (len(parts) - 1)]
    return list(parts), nowhere, words


def _appended(
    before: Sequence[Segment], timeline: Timeline, offset_s: float | None
) -> list[Segment]:
    """The segments of one part after those before: moved by an offset, or right after the last."""
    first = before[-1].stop_sample if before else 0
    stop_s = before[-1].stop_s if before else timeline.start_s
    if offset_s is None or 0 < stop_s - timeline.start_s - offset_s <= ROUNDED_S:
        offset_s = stop_s - timeline.start_s
    return [
        replace(one, first_sample=first + one.first_sample, start_s=one.start_s + (offset_s or 0.0))
        for one in timeline.segments
    ]


def _refuse_unlike(parts: Sequence[Part], path: Path) -> None:
    first = parts[0]
    for one in parts[1:]:
        for what, mine in _described(first.recording).items():
            theirs = _described(one.recording)[what]
            if mine != theirs:
                raise RecordingError(
                    f"{path}: {first.name} and {one.name} cannot be joined, for they differ in "
                    f"{what} ({mine} and {theirs})."
                )
        _refuse_other_channels(first, one, path)


def _described(recording: BaseRecording) -> dict[str, str]:
    return {
        "samples a second": f"{recording.get_sampling_frequency():.10g}",
        "channels": str(recording.get_num_channels()),
        "type of samples": str(recording.get_dtype()),
    }


def _refuse_other_channels(first: Part, one: Part, path: Path) -> None:
    mine, theirs = (list(map(str, part.recording.channel_ids)) for part in (first, one))
    if mine != theirs:
        raise RecordingError(
            f"{path}: {first.name} and {one.name} cannot be joined, for their channels are called "
            f"{', '.join(mine[:3])}, ... and {', '.join(theirs[:3])}, ..."
        )
    gains = [part.recording.get_channel_gains() for part in (first, one)]
    known = [gain is not None for gain in gains]
    if known[0] != known[1] or (all(known) and not np.allclose(*gains)):
        raise RecordingError(
            f"{path}: {first.name} and {one.name} cannot be joined, for their gains differ."
        )
