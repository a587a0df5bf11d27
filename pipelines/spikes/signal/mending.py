"""A recording read without its samples that are no signal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording, BaseRecordingSegment
from spikeinterface.preprocessing.basepreprocessor import BasePreprocessor, BasePreprocessorSegment

from pipelines.spikes.recording.spikeinterface_private import only_here
from pipelines.spikes.signal.no_signal import (
    MOST_S,
    Mask,
    NoSignalRule,
    Samples,
    filled,
    kind_of,
    marked,
    rule_of,
    stretches,
    suspects,
    widened,
)

REACH_S = 0.0001
"""So far from a stretch without signal the band-pass still mixes it into what it gives."""

N_SLICES, SLICE_S = 20, 1.0
"""What is read to learn how a channel looks."""

LEARN_BYTES = 40_000_000
"""Of those slices, in memory at once."""

Channels = NDArray[np.intp]


class Mender:
    """Finds samples without signal in what is read, and puts straight lines in their place.

    Nothing is kept but a rule for each channel, so a recording may have any number of them.
    """

    def __init__(self, recording: BaseRecording) -> None:
        """Start without having read anything.

        Args:
            recording: of one segment.
        """
        self._recording = recording
        self._rules: dict[int, NoSignalRule] = {}

    @property
    def recording(self) -> BaseRecording:
        """As it was read."""
        return self._recording

    def read(self, channels: Channels, first: int, last: int) -> tuple[Samples, Mask | None]:
        """Samples as stored but mended, and which of them a spike must not be looked for in.

        Args:
            channels: positions of channels in the recording, shape (channel,).
            first: first sample.
            last: one after the last.

        Returns:
            In the steps of the recording, shape (sample, channel) both; no mask if everything is
            signal.
        """
        raw, found = self._mended(channels, first, last)
        if not found:
            return raw, None
        bad = np.zeros(raw.shape, dtype=bool)
        for column, (_, near) in found.items():
            bad[:, column] = near
        return raw, bad

    def read_noise(self, channels: Channels, first: int, last: int) -> Samples:
        """Samples as stored, with noise like that of the channel where there is no signal.

        For sorters that measure noise by themselves: straight lines would make it look smaller,
        and their thresholds would sink with it.

        Args:
            channels: positions of channels in the recording, shape (channel,).
            first: first sample.
            last: one after the last.

        Returns:
            In the steps of the recording, shape (sample, channel).
        """
        raw, found = self._mended(channels, first, last)
        for column, (mask, _) in found.items():
            channel = int(channels[column])
            rng = np.random.default_rng([channel, first])
            noise = rng.normal(0, self._rules[channel].jitter, int(mask.sum()))
            raw[mask, column] += noise.astype(raw.dtype)
        return raw

    def _mended(
        self, channels: Channels, first: int, last: int
    ) -> tuple[Samples, dict[int, tuple[Mask, Mask]]]:
        """Mended samples, and of columns with something bad where it is, and how far it reaches."""
        raw, start = self._around(channels, first, last)
        own = slice(first - start, last - start)
        reach = max(1, round(REACH_S * self._rate))
        found = {
            column: (mask, widened(mask, reach))
            for column, mask in self._marked(channels, raw).items()
        }
        found = {column: masks for column, masks in found.items() if masks[1][own].any()}
        if found:
            raw = np.array(raw)
        for column, (mask, _) in found.items():
            middle = self._rules[int(channels[column])].middle
            raw[:, column] = filled(raw[:, column], mask, middle)
        return raw[own], {column: (mask[own], near[own]) for column, (mask, near) in found.items()}

    def stretches(
        self, channels: Channels, first: int, last: int
    ) -> list[tuple[int, int, int, str]]:
        """Channel, first sample, one after the last, and kind of all that is no signal.

        Args:
            channels: positions of channels in the recording, shape (channel,).
            first: first sample that is looked at.
            last: one after the last; stretches are cut off at both.
        """
        raw, start = self._around(channels, first, last)
        return [
            (
                int(channels[column]),
                max(begin + start, first),
                min(end + start, last),
                kind_of(raw[begin:end, column], self._rules[int(channels[column])]),
            )
            for column, mask in self._marked(channels, raw).items()
            for begin, end in stretches(mask)
            if end + start > first and begin + start < last
        ]

    @property
    def _rate(self) -> float:
        return float(self._recording.get_sampling_frequency())

    def _around(self, channels: Channels, first: int, last: int) -> tuple[Samples, int]:
        """A stretch with so much on both sides that a run across its edge is seen as one."""
        reach = int(MOST_S * self._rate) + 1
        start, stop = max(first - reach, 0), min(last + reach, self._recording.get_num_samples())
        ids = self._recording.channel_ids[channels]
        raw = self._recording.get_traces(start_frame=start, end_frame=stop, channel_ids=ids)
        return raw, start

    def _marked(self, channels: Channels, raw: Samples) -> dict[int, Mask]:
        """By column, what is no signal; only columns with something."""
        self._learn(channels)
        rules = [self._rules[channel] for channel in channels.tolist()]
        found = {column: marked(raw[:, column], rules[column]) for column in suspects(raw, rules)}
        return {column: mask for column, mask in found.items() if mask.any()}

    def _learn(self, channels: Channels) -> None:
        new = [one for one in channels.tolist() if one not in self._rules]
        sample_bytes = N_SLICES * SLICE_S * self._rate * self._recording.get_dtype().itemsize
        at_once = max(1, int(LEARN_BYTES / sample_bytes))
        for start in range(0, len(new), at_once):
            self._learn_some(np.array(new[start : start + at_once]))

    def _learn_some(self, channels: Channels) -> None:
        n_samples = self._recording.get_num_samples()
        length = min(int(SLICE_S * self._rate), n_samples)
        starts = np.unique(np.linspace(0, n_samples - length, N_SLICES).astype(int)).tolist()
        ids = self._recording.channel_ids[channels]
        parts = [
            self._recording.get_traces(start_frame=one, end_frame=one + length, channel_ids=ids)
            for one in starts
        ]
        for column, channel in enumerate(channels.tolist()):
            self._rules[channel] = rule_of([part[:, column] for part in parts], self._rate)


class MendedRecording(BasePreprocessor):  # type: ignore[misc]
    """A recording of one segment for SpikeInterface's filters and sorters, mended with noise."""

    def __init__(self, mender: Mender) -> None:
        """Mend what this one gives.

        Args:
            mender: of the recording.
        """
        super().__init__(mender.recording)
        self.add_recording_segment(_MendedSegment(mender.recording.segments[0], mender))
        only_here(self)


class _MendedSegment(BasePreprocessorSegment):  # type: ignore[misc]
    def __init__(self, segment: BaseRecordingSegment, mender: Mender) -> None:
        super().__init__(segment)
        self._mender = mender

    def get_traces(
        self, start_frame: int | None, end_frame: int | None, channel_indices: Any
    ) -> Samples:
        everything = np.arange(self._mender.recording.get_num_channels())
        channels = everything if channel_indices is None else everything[channel_indices]
        last = self.get_num_samples() if end_frame is None else int(end_frame)
        return self._mender.read_noise(channels, int(start_frame or 0), last)
