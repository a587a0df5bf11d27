"""The stretches of a recording that are no signal: found, written as a table, and told."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording

from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.signal.mending import Mender
from pipelines.spikes.signal.no_signal import KINDS
from pipelines.spikes.units.files import BAD_SAMPLES

COLUMNS = ("channel", "start_s", "stop_s", "kind")
FLAT = "flat"
"""The kind of a channel that holds no signal from beginning to end."""

MOST_ROWS = 100_000
"""Rows of the table, 3 MB; further stretches are counted only."""

NEAR_S = 0.001
"""Stretches of one channel that are nearer than this are one row."""

MEMORY_BYTES = 32_000_000

MOST_NAMED = 5
"""Channels that a sentence names."""


@dataclass(frozen=True)
class BadStretch:
    """Samples of one channel that are no signal; from the first to one after the last."""

    channel: int
    start: int
    stop: int
    kind: str


@dataclass
class BadSamples:
    """What a look through a whole recording found.

    Attributes:
        n_samples: of the recording.
        sampling_frequency: samples per second.
        names: of its channels.
        rows: the first stretches, at most `MOST_ROWS`.
        n_stretches: of all channels.
        samples: without signal, shape (channel,).
        kinds: samples without signal, of each kind, over all channels.
    """

    n_samples: int
    sampling_frequency: float
    names: Sequence[str]
    rows: list[BadStretch] = field(default_factory=list)
    n_stretches: int = 0
    samples: NDArray[np.int64] = field(init=False)
    kinds: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.samples = np.zeros(len(self.names), dtype=np.int64)

    def add(self, one: BadStretch) -> None:
        """Take in a stretch."""
        whole = one.start == 0 and one.stop >= self.n_samples
        kind = FLAT if whole else one.kind
        self.n_stretches += 1
        self.samples[one.channel] += one.stop - one.start
        self.kinds[kind] = self.kinds.get(kind, 0) + one.stop - one.start
        if len(self.rows) < MOST_ROWS:
            self.rows.append(BadStretch(one.channel, one.start, one.stop, kind))

    @property
    def channel_seconds(self) -> float:
        """Of all channels together."""
        return float(self.samples.sum()) / self.sampling_frequency


def find_bad(recording: BaseRecording, report: Callable[[float], None]) -> BadSamples:
    """Look through a whole recording once, piece by piece.

    Args:
        recording: of one segment.
        report: told the share that is done.
    """
    n_samples = recording.get_num_samples()
    names = [str(name) for name in recording.channel_ids]
    found = BadSamples(n_samples, float(recording.get_sampling_frequency()), names)
    for one in _joined(_pieces(recording, report), round(NEAR_S * found.sampling_frequency)):
        found.add(one)
    found.rows.sort(key=lambda one: (one.start, one.channel))
    return found


def _pieces(recording: BaseRecording, report: Callable[[float], None]) -> Iterator[BadStretch]:
    """Stretches as they are read, in order of time for each channel."""
    n_samples, n_channels = recording.get_num_samples(), recording.get_num_channels()
    mender, everything = Mender(recording), np.arange(n_channels)
    step = max(1, MEMORY_BYTES // (n_channels * recording.get_dtype().itemsize))
    for start in range(0, n_samples, step):
        stop = min(start + step, n_samples)
        for channel, first, last, kind in mender.stretches(everything, start, stop):
            yield BadStretch(channel, first, last, kind)
        report(stop / n_samples)


def _joined(stretches: Iterable[BadStretch], near: int) -> Iterator[BadStretch]:
    """Those that are near each other as one, of the graver kind."""
    waiting = dict[int, BadStretch]()
    for one in stretches:
        before = waiting.get(one.channel)
        if before is not None and one.start - before.stop <= near:
            kind = min(before.kind, one.kind, key=KINDS.index)
            one = BadStretch(one.channel, before.start, one.stop, kind)
        elif before is not None:
            yield before
        waiting[one.channel] = one
    yield from waiting.values()


def table(found: BadSamples, timeline: Timeline) -> pd.DataFrame:
    """A row for each stretch: `channel, start_s, stop_s, kind`.

    Args:
        found: from `find_bad`.
        timeline: when each sample was taken; seconds are on its clock.
    """
    starts = timeline.seconds(np.array([one.start for one in found.rows], dtype=np.int64))
    stops = timeline.seconds(np.array([one.stop - 1 for one in found.rows], dtype=np.int64))
    rows = {
        "channel": [found.names[one.channel] for one in found.rows],
        "start_s": np.round(starts, 6),
        "stop_s": np.round(stops + 1 / found.sampling_frequency, 6),
        "kind": [one.kind for one in found.rows],
    }
    return pd.DataFrame(rows, columns=list(COLUMNS))


def in_words(found: BadSamples) -> list[str]:
    """What a person has to know of it; nothing of a recording that is signal throughout."""
    flat = found.samples >= found.n_samples
    sentences = []
    if flat.any():
        dead = [name for name, one in zip(found.names, flat, strict=True) if one]
        sentences.append(f"{_named(dead)} no signal from beginning to end: not connected?")
    part = (found.samples > 0) & ~flat
    if part.any():
        names = [name for name, one in zip(found.names, part, strict=True) if one]
        words = _kinds_in_words(found)
        longest = float(found.samples[part].max()) / found.sampling_frequency
        share = longest * found.sampling_frequency / found.n_samples
        sentences.append(
            f"{_named(names)} stretches without signal ({words}), up to {longest:.3g} s or "
            f"{_percent(share)} of a channel: no spikes are looked for in them, and "
            f"{BAD_SAMPLES} lists {_how_many(found)}."
        )
    return sentences


def _kinds_in_words(found: BadSamples) -> str:
    return ", ".join(kind for kind in KINDS if kind in found.kinds)


def _named(names: Sequence[str]) -> str:
    some = ", ".join(names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"Channel {some} has" if len(names) == 1 else f"Channels {some}{more} have"


def _percent(share: float) -> str:
    return "less than 0.1 %" if share < 0.001 else f"{100 * share:.2g} %"


def _how_many(found: BadSamples) -> str:
    if found.n_stretches > len(found.rows):
        return f"the first {len(found.rows):,} of {found.n_stretches:,}"
    return "it" if found.n_stretches == 1 else f"all {found.n_stretches:,}"
