"""Open Ephys' binary format: sessions, record nodes, experiments, recordings and signals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError
from pipelines.core.formats import in_order
from pipelines.spikes.formats.candidates import Candidate, began_of_name, chosen
from pipelines.spikes.formats.clocks import with_open_ephys_times
from pipelines.spikes.formats.extractors import extractors
from pipelines.spikes.formats.saved import read_json
from pipelines.spikes.formats.streams import streams
from pipelines.spikes.recording.formats import OEBIN
from pipelines.spikes.recording.parameters import RecordingParameters

OTHER = ("ADC", "LFP", "SYNC", "NI-DAQ", "AUX")


@dataclass(frozen=True, order=True)
class _Place:
    """One signal of one experiment; its recordings are segments of it.

    Attributes:
        session: the folder with the record nodes.
        node: the record node, empty before version 0.5.
        experiment: such as "experiment1".
        folder: of the signal.
    """

    session: Path
    node: str
    experiment: str
    folder: str

    @property
    def stream(self) -> str:
        """As the neo library calls it."""
        return f"{self.node}#{self.folder}" if self.node else self.folder


def read_open_ephys(path: Path, parameters: RecordingParameters) -> BaseRecording:
    """Open one signal of one experiment.

    Raises:
        RecordingError: there are several, none with electrodes, or one lies outside.
    """
    places = dict.fromkeys(place for file in sorted(path.rglob(OEBIN)) for place in _in(file, path))
    names = sorted({place.folder for place in places})
    wanted = streams(names, lambda text: not any(word in text for word in OTHER), path)
    kept = [place for place in places if place.folder in wanted]
    found = [_candidate(one, path) for one in sorted(kept, key=lambda one: in_order(str(one)))]
    return chosen(found, path, parameters)


def _in(file: Path, path: Path) -> Iterator[_Place]:
    """The signals of one recording."""
    node = file.parents[2]
    is_node = node.name.startswith("Record")
    session = node.parent if is_node else node
    if not session.is_relative_to(path):
        session = path
    refuse_outside(file)
    for one in read_json(file).get("continuous", []):
        folder = str(one.get("folder_name", "")).split("/")[0]
        if (file.parent / "continuous" / folder).is_dir():
            yield _Place(session, node.name if is_node else "", file.parents[1].name, folder)


def _candidate(place: _Place, path: Path) -> Candidate:
    session = place.session.relative_to(path).as_posix()
    parts = (session, place.node, place.experiment, place.folder)
    return Candidate(parts, lambda: _read(place), _began(place), place.stream)


def _read(place: _Place) -> BaseRecording:
    recording = extractors().read_openephys(
        place.session, stream_name=place.stream, experiment_name=place.experiment
    )
    return with_open_ephys_times(recording)


def _began(place: _Place) -> datetime | None:
    """When acquisition began: as the settings of the experiment or the session's name say."""
    number = place.experiment.removeprefix("experiment")
    name = "settings.xml" if number == "1" else f"settings_{number}.xml"
    file = place.session / place.node / name
    text = file.read_text("utf-8", "replace") if file.is_file() else ""
    date = re.search(r"<DATE>\s*([^<]+?)\s*</DATE>", text)
    try:
        return datetime.strptime(date[1], "%d %b %Y %H:%M:%S") if date else _named(place)
    except ValueError:
        return _named(place)


def _named(place: _Place) -> datetime | None:
    """Experiments of one session share its name, which then does not tell when they began."""
    return began_of_name(place.session.name) if place.experiment == "experiment1" else None


def refuse_outside(file: Path) -> None:
    """Check that the streams, events and spikes of a `structure.oebin` lie beside it.

    Raises:
        RecordingError: one is outside of its folder.
    """
    described = read_json(file)
    for part in ("continuous", "events", "spikes"):
        root = (file.parent / part).resolve()
        for one in described.get(part, []):
            name = str(one.get("folder_name", one.get("folder", "")))
            if not (root / name).resolve().is_relative_to(root):
                raise RecordingError(
                    f"{file} points to {name}, which is outside of its folder: copy the recording "
                    "as it was saved."
                )
