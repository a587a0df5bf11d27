"""Whether a recording was read right: asked before anything is made from it."""

from pathlib import Path

from spikeinterface.core import BaseRecording

from pipelines.errors import RecordingError
from pipelines.spikes.channel_names import name_notes
from pipelines.spikes.microvolts import gain_doubt, gain_notes
from pipelines.spikes.raw_readings import Reading, raw_doubt
from pipelines.spikes.read import raw_files
from pipelines.spikes.recording_parameters import RecordingParameters

INSIST = " With trust_reading=yes it is taken as it is."


def check_reading(
    recording: BaseRecording, path: Path, parameters: RecordingParameters
) -> list[str]:
    """Check that what was read can be the signal of electrodes.

    Args:
        recording: as it will be used.
        path: that it was read from.
        parameters: with what. With `trust_reading` a doubt becomes a note.

    Returns:
        Sentences that a person has to know of the reading.

    Raises:
        RecordingError: it cannot be; the sentence says what would make sense.
    """
    doubt = _doubt(recording, path, parameters)
    if doubt and not parameters.trust_reading:
        raise RecordingError(doubt + INSIST)
    return [
        *name_notes(recording),
        *gain_notes(recording),
        *([f"Taken as it was given: {doubt}"] if doubt else []),
    ]


def _doubt(recording: BaseRecording, path: Path, parameters: RecordingParameters) -> str:
    if parameters.num_channels is not None:
        reading = Reading(parameters.dtype, parameters.num_channels, parameters.file_offset)
        for file in raw_files(path, parameters.session):
            found = raw_doubt(file, reading)
            if found:
                return found
    return gain_doubt(recording, path, parameters.gain_uv is not None)
