"""Where channels are, and which of them and how long of the recording is sorted."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError
from pipelines.files.reading import reading
from pipelines.spikes.formats.saved import read_json
from pipelines.spikes.formats.segments import timeline_of
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.reading.probes import read_probes
from pipelines.spikes.recording.parameters import RecordingParameters

APART_UM = 1_000.0
"""Channels without a known place are put this far apart: each is sorted on its own."""
NOTES = "notes_on_names"
MOST_NAMED = 3


def prepared(
    recording: BaseRecording, parameters: SpikesParameters, probe: Path | None
) -> BaseRecording:
    """The recording as it is sorted: places of its channels, channels and end that are left out.

    Args:
        recording: one segment.
        parameters: `layout`, `pitch_um`, `exclude_channels`, `end_s`.
        probe: a probeinterface file (JSON), or none.

    Raises:
        RecordingError: the probe does not suit, a channel is unknown, or nothing is left.
    """
    recording = placed(recording, parameters, probe)
    return _ended(_without(recording, parameters.exclude_channels), parameters.end_s)


def placed(
    recording: BaseRecording, parameters: RecordingParameters, probe: Path | None
) -> BaseRecording:
    """The recording with the places that a probe file or a layout says; otherwise its own.

    Raises:
        RecordingError: the probe or the layout does not suit.
    """
    if probe is not None:
        return with_probe_file(recording, probe)
    if parameters.layout != "recorded":
        return with_locations(recording, _laid_out(recording, parameters))
    return recording


def with_probe_file(recording: BaseRecording, file: Path) -> BaseRecording:
    """Place channels as a probeinterface file says.

    Contacts are wired by `device_channel_indices`, or in their order if the file has none; those
    with -1 are not connected. Places in other units become micrometres.

    Raises:
        RecordingError: the file is no probe, or one for more channels than there are.
    """
    values = read_json(file)
    n_channels = recording.get_num_channels()
    advice = "write it with probeinterface.write_probeinterface"
    with reading(file, RecordingError, advice, f"probeinterface file for {n_channels} channels"):
        probes = read_probes(values)
        if any(probe.device_channel_indices is None for probe in probes.probes):
            probes.set_global_device_channel_indices(np.arange(probes.get_contact_count()))
        wired = [
            int(index)
            for index in probes.get_global_device_channel_indices()["device_channel_indices"]
        ]
        if sorted(index for index in wired if index >= 0) == list(range(n_channels)):
            # Two probes may lie at one place: their channels are told apart by their probe.
            recording.set_probegroup(probes, check_overlap=False)
            return recording
    raise RecordingError(
        f"{file} is wired to {len(set(wired) & set(range(n_channels)))} of {n_channels} channels: "
        "place each once, and leave some out with exclude_channels."
    )


def with_locations(recording: BaseRecording, places_um: NDArray[np.float64]) -> BaseRecording:
    """Place channels, shape (channel, 2), whatever the recording says."""
    recording.set_dummy_probe_from_locations(places_um)
    return recording


def apart(n_channels: int) -> NDArray[np.float64]:
    """Wires that do not see each other's cells: places in um, shape (channel, 2)."""
    x = np.arange(n_channels) * APART_UM
    return np.stack([x, np.zeros_like(x)], axis=1)


def _laid_out(recording: BaseRecording, parameters: RecordingParameters) -> NDArray[np.float64]:
    n_channels, pitch = recording.get_num_channels(), parameters.pitch_um
    if parameters.layout == "apart":
        return apart(n_channels)
    if parameters.layout == "row":
        y = np.arange(n_channels) * pitch
        return np.stack([np.zeros_like(y), y], axis=1)
    corners = {"tetrodes": [(0, 0), (1, 0), (0, 1), (1, 1)], "stereotrodes": [(0, 0), (1, 0)]}
    shape = np.array(corners[parameters.layout]) * pitch
    if n_channels % len(shape):
        raise RecordingError(
            f"The recording has {n_channels} channels, which cannot be put into "
            f"{parameters.layout}: give a probe file, or another layout."
        )
    bundle = np.arange(n_channels) // len(shape)
    places: NDArray[np.float64] = np.tile(shape, (n_channels // len(shape), 1)).astype(np.float64)
    places[:, 0] += bundle * (APART_UM + pitch)
    return places


def listed(names: str) -> set[str]:
    """The names in a text like `1, 2`; one that holds a comma stands in quotation marks."""
    cells = next(csv.reader([names], skipinitialspace=True), [])
    return {cell.strip() for cell in cells if cell.strip()}


def as_list(names: Sequence[str]) -> str:
    """A text that `listed` takes apart again."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue() if names else ""


def _without(recording: BaseRecording, names: str) -> BaseRecording:
    wished = listed(names)
    if not wished:
        return recording
    all_names = [str(channel) for channel in recording.channel_ids]
    known = {name.strip() for name in all_names}
    unknown = sorted(wished - known)
    if unknown:
        some = ", ".join(all_names[:8])
        raise RecordingError(
            f"exclude_channels: there is no channel {unknown[0]}. The first are called {some}."
        )
    kept = [
        channel
        for name, channel in zip(all_names, recording.channel_ids, strict=True)
        if name.strip() not in wished
    ]
    if not kept:
        raise RecordingError("exclude_channels leaves out every channel: keep at least one.")
    return recording.select_channels(kept)


def _ended(recording: BaseRecording, end_s: float | None) -> BaseRecording:
    if end_s is None:
        return recording
    timeline = timeline_of(recording)
    if end_s <= timeline.start_s:
        raise RecordingError(
            f"end_s is {end_s:g} s, but the recording begins at {timeline.start_s:g} s of its own "
            "clock: give a later time."
        )
    stop = max(1, int(timeline.sample(end_s)))
    return recording.frame_slice(start_frame=0, end_frame=stop)


def told_apart(recording: BaseRecording) -> list[str]:
    """Give channels of one name, such as those of two probes that both begin at 1, one each.

    In place, for selecting channels by names that repeat takes the wrong ones.

    Returns:
        A sentence on it; nothing where all names differ.
    """
    names = [str(name) for name in recording.channel_ids]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if not repeated:
        return []
    taken, found = set(names), list[str]()
    for name in names:
        found.append(name if name not in found else _free(name, taken))
        taken.add(found[-1])
    recording._main_ids = np.array(found)
    some = ", ".join(repeated[:MOST_NAMED]) + (" and others" if len(repeated) > MOST_NAMED else "")
    return [
        f"Several channels are called {some}: the second of a name is called {repeated[0]}_2 or "
        "alike, in the order of the file."
    ]


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def name_notes(recording: BaseRecording) -> list[str]:
    """What a person has to know of the names of channels."""
    return list(recording.get_annotation(NOTES) or ())
