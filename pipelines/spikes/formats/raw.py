"""A stretch of a recording as it was recorded."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.core.errors import InputError
from pipelines.spikes.formats.segments import timeline_of
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.recording.identity import digest_of_samples
from pipelines.spikes.recording.parameters import RecordingParameters
from pipelines.spikes.recording.pyramid import Envelope, envelope_of


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
