"""SpikeGLX: runs, gates and triggers of several probes, each a pair of .bin and .meta."""

import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError
from pipelines.core.formats import in_order
from pipelines.spikes.formats.candidates import Candidate, chosen
from pipelines.spikes.formats.extractors import extractors
from pipelines.spikes.formats.streams import streams
from pipelines.spikes.recording.parameters import RecordingParameters

NAME = re.compile(
    r"(?P<run>.+?)(?:_g(?P<gate>\d+))?(?:_t(?P<trigger>\d+|cat))?"
    r"\.(?P<signal>imec\d*\.(?:ap|lf)|nidq|obx\d*\.obx)"
)
"""SpikeGLX's user manual, "Output File Naming"."""
OF_A_PROBE = re.compile(r"_imec\d*$")
_SCANNING = threading.Lock()


@dataclass(frozen=True)
class _Place:
    """What the files of one recording share: all triggers of a gate are one recording."""

    folder: str
    gate: str
    signal: str
    clock: str


def read_spikeglx(path: Path, parameters: RecordingParameters) -> BaseRecording:
    """Open the band of spikes of one run, gate and probe; triggers are its segments.

    Raises:
        RecordingError: there are several, or none with electrodes.
    """
    groups = defaultdict[_Place, list[Path]](list)
    for file in _meta_files(path):
        if file.with_suffix(".bin").is_file():
            groups[_place(file, path)].append(file)
    if not groups:
        raise RecordingError(f"{path} has .meta files without their .bin: copy all of them.")
    names = sorted({place.signal for place in groups})
    probes = [name for name in names if name.endswith(".ap")]
    wanted = probes or streams(names, lambda name: not name.endswith(".lf"), path)
    ordered = sorted(groups, key=lambda one: in_order(f"{one.folder}/{one.gate}/{one.signal}"))
    found = [_candidate(one, groups[one], path) for one in ordered if one.signal in wanted]
    return chosen(found, path, parameters)


def _meta_files(path: Path) -> Iterator[Path]:
    return (file for file in sorted(path.rglob("*.meta")) if not file.name.startswith("."))


def _place(file: Path, root: Path) -> _Place:
    """Where a file belongs; the files of one gate may lie in a folder for each probe."""
    inside = file.parent.parent if OF_A_PROBE.search(file.parent.name) else file.parent
    match = NAME.fullmatch(file.stem)
    if match is None:
        return _Place(_below(inside, root), file.stem, file.stem.rpartition(".")[2], "")
    gate = match["run"] + (f"_g{match['gate']}" if match["gate"] else "")
    folder = _below(inside.parent if inside.name == gate else inside, root)
    gate += "_tcat" if match["trigger"] == "cat" else ""
    return _Place(folder, gate, match["signal"], f"{folder}/{match['run']}")


def _below(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else ""


def _candidate(place: _Place, files: Sequence[Path], path: Path) -> Candidate:
    began = re.search(r"^fileCreateTime=(\S+)", files[0].read_text("utf-8", "replace"), re.M)
    try:
        time = datetime.fromisoformat(began[1]) if began else None
    except ValueError:
        time = None
    parts = (place.folder, place.gate, place.signal)
    return Candidate(parts, lambda: _read(path, files), time, place.signal, place.clock)


def _read(path: Path, files: Sequence[Path]) -> BaseRecording:
    with _shown(files):
        names, _ids = extractors().get_neo_streams("spikeglx", path)
        name = next(str(name) for name in names if "SYNC" not in str(name))
        return extractors().read_spikeglx(path, stream_name=name)


@contextmanager
def _shown(files: Sequence[Path]) -> Iterator[None]:
    """Show neo the files of one recording.

    It looks through a whole folder, takes runs of one gate for one, and stumbles over files that
    macOS leaves.
    """
    neo: Any = import_module("neo.rawio.spikeglxrawio")

    def scan(_: Any) -> list[dict[str, Any]]:
        return [
            {
                **neo.extract_stream_info(file, neo.read_meta_file(file)),
                "meta_file": str(file),
                "bin_file": str(file.with_suffix(".bin")),
            }
            for file in files
        ]

    with _SCANNING:
        whole, neo.scan_files = neo.scan_files, scan
        try:
            yield
        finally:
            neo.scan_files = whole
