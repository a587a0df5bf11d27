"""When each sample of a recording was taken: its segments, and the gaps between them.

`sample_index` counts through all samples as they are stored. Where recording paused, or a file
begins at another time than 0, the time is not `sample_index / sampling_frequency`: it is what
`Timeline.seconds` says.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.core.errors import RecordingError

APART_S = 60.0
"""So far apart `Timeline.apart` moves segments: farther than any interval that is looked at."""

MOST_NAMED = 3
"""Gaps that a sentence tells; of more it gives the number and the whole."""

MOST_JUMPS, SAMPLES_A_JUMP = 100, 10_000
"""More jumps than that, in samples per jump, are no dropped frames: the times are not exact."""

SLOW_SAMPLES = 0.5
"""Clocks that differ by less over a whole segment are the same."""


@dataclass(frozen=True)
class Segment:
    """Samples that were taken without a pause.

    Attributes:
        first_sample: index of its first sample in the recording as stored.
        n_samples: at least 1.
        start_s: time of the first sample on the recording's own clock.
        rate_hz: samples per second of that clock.
    """

    first_sample: int
    n_samples: int
    start_s: float
    rate_hz: float

    @property
    def stop_sample(self) -> int:
        """One after the last sample."""
        return self.first_sample + self.n_samples

    @property
    def length_s(self) -> float:
        """Recorded time."""
        return self.n_samples / self.rate_hz

    @property
    def stop_s(self) -> float:
        """When the next sample would have been taken."""
        return self.start_s + self.length_s


@dataclass(frozen=True)
class Timeline:
    """The segments of a recording, in order of samples and of time.

    Attributes:
        segments: at least one; each begins with the sample after the last of the one before.
    """

    segments: tuple[Segment, ...]

    @classmethod
    def one(cls, n_samples: int, rate_hz: float, start_s: float = 0.0) -> "Timeline":
        """A recording without a pause."""
        return cls((Segment(0, n_samples, start_s, rate_hz),))

    @classmethod
    def of(cls, lengths: Sequence[int], starts_s: Sequence[float], rate_hz: float) -> "Timeline":
        """Segments of so many samples that begin at such times."""
        firsts = np.cumsum([0, *lengths])[:-1].tolist()
        parts = zip(firsts, lengths, starts_s, strict=True)
        return cls(tuple(Segment(first, n, float(start), rate_hz) for first, n, start in parts))

    @classmethod
    def from_results(cls, results: Mapping[str, Any], n_samples: int) -> "Timeline":
        """What the record of a sorting or a look says; without it, one segment from 0.

        Args:
            results: headline figures, with `sampling_frequency` and perhaps `segments`.
            n_samples: of the whole recording.
        """
        rate = float(results["sampling_frequency"])
        found = [
            Segment(
                int(one["first_sample"]),
                int(one["n_samples"]),
                float(one["start_s"]),
                float(one.get("rate_hz", rate)),
            )
            for one in results.get("segments", ())
        ]
        return cls(tuple(found)) if found else cls.one(n_samples, rate)

    def as_results(self) -> list[dict[str, float | int]]:
        """As it is kept in the record of a run."""
        return [
            {
                "start_s": one.start_s,
                "length_s": one.length_s,
                "first_sample": one.first_sample,
                "n_samples": one.n_samples,
                "rate_hz": one.rate_hz,
            }
            for one in self.segments
        ]

    @property
    def n_samples(self) -> int:
        """Of all segments."""
        return self.segments[-1].stop_sample

    @property
    def start_s(self) -> float:
        """Time of the first sample."""
        return self.segments[0].start_s

    @property
    def stop_s(self) -> float:
        """When the sample after the last would have been taken."""
        return self.segments[-1].stop_s

    @property
    def recorded_s(self) -> float:
        """Recorded time, without gaps."""
        return sum(one.length_s for one in self.segments)

    @property
    def intervals_s(self) -> list[tuple[float, float]]:
        """From when to when was recorded, segment by segment."""
        return [(one.start_s, one.stop_s) for one in self.segments]

    @property
    def gaps_s(self) -> list[tuple[float, float]]:
        """From when to when was not recorded; segments that follow at once have none between."""
        pairs = pairwise(self.segments)
        return [(one.stop_s, two.start_s) for one, two in pairs if two.start_s - one.stop_s > 1e-9]

    @property
    def is_plain(self) -> bool:
        """One segment from 0: times are samples over the sampling frequency."""
        return len(self.segments) == 1 and self.start_s == 0

    @property
    def axis(self) -> str:
        """What an axis of time is called."""
        return "time (s)" if self.is_plain else "time on the recording's clock (s)"

    @cached_property
    def firsts(self) -> NDArray[np.int64]:
        """First sample of each segment, shape (segment,)."""
        return np.array([one.first_sample for one in self.segments], dtype=np.int64)

    @cached_property
    def _starts(self) -> NDArray[np.float64]:
        return np.array([one.start_s for one in self.segments])

    @cached_property
    def _rates(self) -> NDArray[np.float64]:
        return np.array([one.rate_hz for one in self.segments])

    def segment_of(self, sample_index: ArrayLike) -> NDArray[np.intp]:
        """The segment of samples, of any shape, from 0; samples beyond the end are in the last."""
        found = np.searchsorted(self.firsts, np.asarray(sample_index), side="right") - 1
        return np.asarray(np.maximum(found, 0))

    def seconds(self, sample_index: ArrayLike) -> NDArray[np.float64]:
        """The time in s of samples, of any shape, on the recording's own clock."""
        samples = np.asarray(sample_index)
        if len(self.segments) == 1:
            return np.asarray(self.start_s + samples / self.segments[0].rate_hz)
        here = self.segment_of(samples)
        return np.asarray(self._starts[here] + (samples - self.firsts[here]) / self._rates[here])

    def sample(self, seconds: ArrayLike) -> NDArray[np.int64]:
        """The sample nearest to a time; in a gap the first after it, or `n_samples` at the end.

        A time before the recording is its first sample. Times have any shape.
        """
        times = np.asarray(seconds, dtype=np.float64)
        here = np.maximum(np.searchsorted(self._starts, times, side="right") - 1, 0)
        lengths = np.array([one.n_samples for one in self.segments])
        inside = np.rint((times - self._starts[here]) * self._rates[here])
        inside = np.clip(inside, 0, lengths[here])
        return np.asarray(self.firsts[here] + inside.astype(np.int64))

    def spans(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The parts of a stretch of samples that lie within one segment each."""
        for number in range(int(self.segment_of(start)), len(self.segments)):
            one = self.segments[number]
            if one.first_sample >= stop:
                return
            yield max(start, one.first_sample), min(stop, one.stop_sample)

    def around(self, sample: int) -> Segment:
        """The segment of a sample."""
        return self.segments[int(self.segment_of(sample))]

    def apart(self, sample_index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Samples moved so that those of two segments are at least a minute apart.

        Intervals between spikes are then never counted across a gap: what was between them is
        not known. Shape (spike,), as that of `sample_index`.
        """
        if len(self.segments) == 1:
            return sample_index
        step = int(APART_S * float(self._rates.max()))
        return np.asarray(sample_index + step * self.segment_of(sample_index), dtype=np.int64)

    def cut(self, n_samples: int) -> "Timeline":
        """The first samples only."""
        kept = [one for one in self.segments if one.first_sample < n_samples]
        last = kept[-1]
        n_last = min(last.n_samples, n_samples - last.first_sample)
        return Timeline((*kept[:-1], replace(last, n_samples=n_last)))

    def without_seams(self) -> "Timeline":
        """Segments that follow at once, as files of one recording do, made to one."""
        found = [self.segments[0]]
        for one in self.segments[1:]:
            last = found[-1]
            if abs(one.start_s - last.stop_s) * one.rate_hz < 0.5 and one.rate_hz == last.rate_hz:
                found[-1] = replace(last, n_samples=last.n_samples + one.n_samples)
            else:
                found.append(one)
        return Timeline(tuple(found))

    def in_words(self) -> list[str]:
        """What a person has to know of it; nothing of one segment from 0."""
        if self.is_plain:
            return []
        if len(self.segments) == 1:
            return [
                f"The recording begins at {self.start_s:.9g} s of its own clock; all times are "
                "of that clock."
            ]
        return [
            f"The recording has {len(self.segments)} segments{self._gaps_in_words()}; times are "
            "the recording's own clock, and nothing is measured across a gap."
        ]

    def _gaps_in_words(self) -> str:
        lengths = [stop - start for start, stop in self.gaps_s]
        if not lengths:
            return " that follow each other"
        said = [_duration(one) for one in lengths]
        if len(said) == 1:
            return f" with a gap of {said[0]} between them"
        if len(said) <= MOST_NAMED:
            return f" with gaps of {', '.join(said[:-1])} and {said[-1]} between them"
        return f" with {len(said)} gaps of {_duration(sum(lengths))} together between them"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def checked(timeline: Timeline, what: str) -> Timeline:
    """A timeline whose segments do not overlap in time.

    Raises:
        RecordingError: two do, there are too many, or a start is no number: `what`, the name of the
            recording, says what cannot be true.
    """
    if not all(np.isfinite(one.start_s) for one in timeline.segments):
        raise RecordingError(
            f"{what} has times that are no numbers: say when its {len(timeline.segments)} segments "
            f"began, such as --set segment_starts_s={_example(timeline)}."
            if len(timeline.segments) > 1
            else f"{what} has times that are no numbers: say when it began, such as --set "
            "segment_starts_s=0."
        )
    n_jumps = len(timeline.segments) - 1
    if n_jumps > MOST_JUMPS + timeline.n_samples // SAMPLES_A_JUMP:
        raise RecordingError(
            f"{what} has times that jump {n_jumps:,} times in {timeline.n_samples:,} samples, so "
            "they are no clock of single samples: if it was recorded without a pause, say when it "
            f"began, such as --set segment_starts_s={timeline.start_s:.9g}."
        )
    for one, two in pairwise(timeline.segments):
        if two.start_s < one.stop_s - 1.5 / one.rate_hz:
            raise RecordingError(
                f"{what} says that a segment begins at {two.start_s:.9g} s although the one before "
                f"lasts until {one.stop_s:.9g} s: give the start of each of its "
                f"{len(timeline.segments)} segments with segment_starts_s, such as "
                f"--set segment_starts_s={_example(timeline)}."
            )
    return timeline


def _example(timeline: Timeline) -> str:
    """Starts one after the other."""
    starts = np.cumsum([0.0, *(one.length_s for one in timeline.segments[:-1])])
    return ",".join(f"{start:.9g}" for start in starts[:4]) + ("" if len(starts) <= 4 else ",...")


def from_timestamps(blocks: Iterable[NDArray[np.float64]], rate_hz: float) -> Timeline:
    """The segments that the times of all samples say.

    Two samples that are farther apart than one and a half sampling intervals, or nearer than half
    of one, have an edge between them. The clock of a segment is the straight line between its
    first and its last sample. Where one time is no number all of them say nothing: there is one
    segment then, which begins at nan.

    Args:
        blocks: times of the samples in seconds, in order, block after block, shape (sample,).
        rate_hz: nominal samples per second.
    """
    firsts, starts, lasts = [0], list[float](), list[float]()
    n_samples, before, known = 0, None, True
    for block in blocks:
        known = known and bool(np.isfinite(block).all())
        if not known:
            n_samples += len(block)
            continue
        if before is None:
            starts.append(float(block[0]))
            before = float(block[0]) - 1 / rate_hz
        steps = np.diff(block, prepend=before) * rate_hz
        for edge in np.flatnonzero(np.abs(steps - 1) > 0.5).tolist():
            lasts.append(float(block[edge - 1]) if edge else before)
            starts.append(float(block[edge]))
            firsts.append(n_samples + edge)
        n_samples, before = n_samples + len(block), float(block[-1])
    if not known:
        return Timeline.one(n_samples, rate_hz, float("nan"))
    lasts.append(0.0 if before is None else before)
    sizes = np.diff([*firsts, n_samples]).tolist()
    parts = zip(firsts, sizes, starts, lasts, strict=True)
    return Timeline(tuple(_measured(*part, rate_hz) for part in parts))


def _measured(first: int, n_samples: int, start: float, last: float, rate_hz: float) -> Segment:
    """A segment whose clock runs as its first and last time say, if that is another."""
    lasted = (last - start) * rate_hz
    if n_samples < 2 or abs(lasted - (n_samples - 1)) < SLOW_SAMPLES:
        return Segment(first, n_samples, start, rate_hz)
    return Segment(first, n_samples, start, (n_samples - 1) / (last - start))
