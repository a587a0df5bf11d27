"""Intan's recordings: one file, one file per signal or channel, or a file a minute."""

import re
from collections.abc import Sequence
from pathlib import Path

from spikeinterface.core import BaseRecording, concatenate_recordings

from pipelines.core.errors import RecordingError
from pipelines.files.links import refuse_links_out
from pipelines.spikes.formats.candidates import Candidate, began_of_name, chosen
from pipelines.spikes.formats.clocks import with_intan_times
from pipelines.spikes.formats.extractors import extractors
from pipelines.spikes.formats.segments import joined, timeline_of, with_timeline
from pipelines.spikes.formats.streams import one_stream
from pipelines.spikes.recording.formats import INTAN
from pipelines.spikes.recording.parameters import RecordingParameters


def intan_files(path: Path) -> list[Path]:
    """The file itself, or those of a folder; `info.rhd` alone where it describes the others."""
    files = INTAN.files(path)
    return [file for file in files if file.stem == "info"] or files


def describes_others(path: Path) -> bool:
    """Whether a folder has an `info.rhd`, whose samples lie in the .dat files beside it."""
    return any(file.stem == "info" for file in intan_files(path))


def read_intan(path: Path, parameters: RecordingParameters) -> BaseRecording:
    """Open the recording in a folder of Intan's files, or one of several.

    Files of one recording, which Intan begins every minute or so, have the same name before date
    and number, and their time stamps go on from one to the next.

    Raises:
        RecordingError: there are several recordings, or none with electrodes.
    """
    files = intan_files(path)
    if len(files) == 1:
        return _read_file(files[0])
    opened = {file: _read_file(file) for file in files}
    found = [_candidate(group, opened) for group in _recordings(opened)]
    return chosen(found, path, parameters, "give one file")


def _read_file(file: Path) -> BaseRecording:
    if file.stem == "info":  # its samples lie in other files, which are no input themselves
        refuse_links_out(file.parent, RecordingError)
    names, _ids = extractors().get_neo_streams("intan", file, ignore_integrity_checks=True)
    # The neo library writes "amplfier" for stimulators.
    name = one_stream(names, lambda text: text.startswith("RH") and " ampl" in text, file)
    recording = extractors().read_intan(file, stream_name=name, ignore_integrity_checks=True)
    return with_intan_times(recording)


def _recordings(opened: dict[Path, BaseRecording]) -> list[list[Path]]:
    """Files that belong together, in the order of their names."""
    groups = list[list[Path]]()
    for file in opened:
        after = next((one for one in groups if _goes_on(one[-1], file, opened)), None)
        if after is None:
            groups.append([file])
        else:
            after.append(file)
    return groups


def _goes_on(one: Path, two: Path, opened: dict[Path, BaseRecording]) -> bool:
    """Whether the time stamps of the second file follow those of the first at once."""
    first, second = opened[one], opened[two]
    rate = first.get_sampling_frequency()
    away = timeline_of(second).start_s - timeline_of(first).stop_s
    return (
        _stem(one) == _stem(two)
        and rate == second.get_sampling_frequency()
        and list(first.channel_ids) == list(second.channel_ids)
        and abs(away) * rate < 0.5
    )


def _stem(file: Path) -> str:
    """The name without the date or number that Intan's program appends."""
    return re.sub(r"([_-]?\d+)+$", "", file.stem)


def _candidate(files: Sequence[Path], opened: dict[Path, BaseRecording]) -> Candidate:
    return Candidate(
        (files[0].name,),
        lambda: _one([opened[file] for file in files], files),
        began_of_name(files[0].stem),
    )


def _one(recordings: Sequence[BaseRecording], files: Sequence[Path]) -> BaseRecording:
    if len(recordings) == 1:
        return recordings[0]
    timeline, notes = joined([timeline_of(one) for one in recordings])
    note = (
        f"{len(files)} files, {files[0].name} to {files[-1].name}, are one recording: their time "
        "stamps go on from one to the next."
    )
    whole = concatenate_recordings(list(recordings))
    return with_timeline(whole, timeline.without_seams(), [note, *notes])
