"""Whether a recording was read right: asked before anything is made from it."""

from pathlib import Path

from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError
from pipelines.spikes.formats.microvolts import gain_doubt, gain_notes, sizes, unusual_sizes
from pipelines.spikes.reading.channels import name_notes
from pipelines.spikes.reading.read import raw_files
from pipelines.spikes.recording.parameters import RecordingParameters
from pipelines.spikes.recording.raw_readings import RawReading, raw_doubt, raw_note

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
    doubt, notes = _of_files(path, parameters)
    found = sizes(recording)
    doubt = doubt or gain_doubt(recording, found, path, parameters.gain_uv is not None)
    if doubt and not parameters.trust_reading:
        raise RecordingError(doubt + INSIST)
    known = [*name_notes(recording), *gain_notes(recording)]
    if doubt:
        return [*known, f"Taken as it was given: {doubt}"]
    return [*notes, *known, *unusual_sizes(recording, found)]


def _of_files(path: Path, parameters: RecordingParameters) -> tuple[str, list[str]]:
    """A doubt of how raw files are read, if there is one, otherwise what has to be known of it."""
    if parameters.num_channels is None:
        return "", []
    reading = RawReading(parameters.dtype, parameters.num_channels, parameters.file_offset)
    notes = []
    for file in raw_files(path, parameters.session):
        doubt = raw_doubt(file, reading)
        if doubt:
            return doubt, []
        notes.append(raw_note(file, reading))
    return "", [note for note in notes if note]
