"""Stretches of signal to be drawn: filtered with its spikes, and as it was recorded."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.spikes.formats.segments import timeline_of
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.recording.identity import digest_of_samples
from pipelines.spikes.recording.overview import LONGEST_STRETCH_S, Stretch
from pipelines.spikes.recording.parameters import RecordingParameters
from pipelines.spikes.recording.pyramid import Envelope, envelope_of
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.signal.spike_waveforms import largest_channels, open_signal
from pipelines.spikes.units.folder import read_finished
from pipelines.spikes.units.sorting import FinishedSorting

MOST_CHANNELS = 8


def stretch(folder: Path, unit: int, start_s: float, length_s: float) -> Stretch:
    """The signal on a unit's largest channels, and the spikes of all units seen there.

    Args:
        folder: of a sorting.
        unit: whose channels.
        start_s: where it begins on the recording's clock; moved to where something was recorded.
        length_s: at most 5 s, gaps included.

    Raises:
        InputError: the recording is not there any more.
    """
    sorting = read_finished(folder)
    signal = open_signal(sorting)
    start, stop = _range(signal.timeline, start_s, min(length_s, LONGEST_STRETCH_S))
    channels = np.sort(largest_channels(sorting.shape_of(unit), MOST_CHANNELS))
    chunk = signal.read(channels, start, stop)
    own = chunk.traces[start - chunk.first : stop - chunk.first]
    seconds = signal.timeline.seconds(np.arange(start, stop))
    names = [str(sorting.channel_id[channel]) for channel in channels]
    return Stretch(seconds, own, names, _spikes(sorting, names, start, stop))


def _range(timeline: Timeline, start_s: float, length_s: float) -> tuple[int, int]:
    """First sample of a stretch, and one after its last."""
    start = int(timeline.sample(max(timeline.start_s, min(start_s, timeline.stop_s - length_s))))
    start = min(start, timeline.n_samples - 1)
    stop = int(timeline.sample(float(timeline.seconds(start)) + length_s))
    return start, max(stop, start + 1)


def _spikes(
    sorting: FinishedSorting, names: list[str], start: int, stop: int
) -> dict[int, tuple[NDArray[np.intp], int]]:
    first, last = np.searchsorted(sorting.sample_index, (start, stop))
    samples, labels = sorting.sample_index[first:last], sorting.unit_id[first:last]
    found = {}
    for row in sorting.units.to_dict("records"):
        own = samples[labels == row["unit_id"]]
        if len(own) and str(row["channel"]) in names:
            column = names.index(str(row["channel"]))
            found[int(row["unit_id"])] = (np.asarray(own - start, dtype=np.intp), column)
    return found


def read_stretch(
    path: str | Path,
    parameters: RecordingParameters,
    channels: Sequence[int],
    start_s: float,
    stop_s: float,
    samples_sha256: str = "",
) -> Envelope:
    """Traces of some channels in uV, ready to be drawn.

    Args:
        path: of the recording.
        parameters: that it was opened with.
        channels: positions in the recording.
        start_s: where the stretch begins on the recording's clock.
        stop_s: where it ends.
        samples_sha256: of the recording that was looked at; empty in results of earlier versions.

    Raises:
        InputError: the recording is not there any more, cannot be read, or is another one.
    """
    if not Path(path).exists():
        raise InputError(f"The recording {path} is not there any more.")
    recording = read_recording(Path(path), parameters)
    if samples_sha256 and digest_of_samples(recording) != samples_sha256:
        raise InputError(
            f"{path} holds another recording now than the one that was looked at: its header or "
            "its samples differ. Look at it again."
        )
    timeline = timeline_of(recording)
    start = min(int(timeline.sample(start_s)), timeline.n_samples - 2)
    stop = min(max(start + 2, int(timeline.sample(stop_s)) + 1), timeline.n_samples)
    ids = recording.channel_ids[list(channels)]
    raw = recording.get_traces(start_frame=start, end_frame=stop, channel_ids=ids)
    gains = np.asarray(recording.get_channel_gains(ids), dtype=np.float32)
    return envelope_of(np.asarray(raw, dtype=np.float32) * gains, start, timeline)
