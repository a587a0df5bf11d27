"""The first second of a recording, and what it says of itself: read at once, however long it is."""

from pathlib import Path

import numpy as np

from pipelines.core.errors import InputError
from pipelines.spikes.formats.segments import timeline_of
from pipelines.spikes.reading.channels import placed
from pipelines.spikes.reading.read import read_as, read_recording
from pipelines.spikes.recording.glimpse import FIRST_S, MOST_CHANNELS, Glimpse
from pipelines.spikes.recording.parameters import RecordingParameters
from pipelines.spikes.recording.pyramid import envelope_of


def glimpse(path: Path, parameters: RecordingParameters, probe: Path | None) -> Glimpse:
    """Read the first second of a recording.

    Args:
        path: of the recording.
        parameters: how it is read.
        probe: a probeinterface file, or none.

    Raises:
        InputError: the recording is not there.
        RecordingError: it cannot be read, or does not say enough.
        ParameterError: the starts of segments are no numbers, or not as many as segments.
    """
    if not path.exists():
        raise InputError(f"The recording {path} is not there any more.")
    recording = placed(read_recording(path, parameters), parameters, probe)
    timeline, rate = timeline_of(recording), float(recording.get_sampling_frequency())
    places = np.asarray(recording.get_channel_locations(), dtype=np.float64)
    shown = np.lexsort((places[:, 0], -places[:, 1]))[:MOST_CHANNELS]
    ids = recording.channel_ids[shown]
    stop = min(int(FIRST_S * rate) + 1, timeline.segments[0].stop_sample)
    raw = recording.get_traces(start_frame=0, end_frame=stop, channel_ids=ids)
    gains = np.asarray(recording.get_channel_gains(ids), dtype=np.float32)
    found = {
        "n_channels": len(places),
        "duration_s": round(recording.get_num_samples() / rate, 3),
        "n_samples": recording.get_num_samples(),
        "segments": timeline.as_results(),
        "sampling_frequency": rate,
        "read_as": read_as(recording, path, parameters),
    }
    envelope = envelope_of(np.asarray(raw, dtype=np.float32) * gains, 0, timeline)
    names = [str(name) for name in recording.channel_ids]
    return Glimpse(found, names, places, shown.tolist(), envelope)
