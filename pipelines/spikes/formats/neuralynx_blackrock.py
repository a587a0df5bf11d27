"""Neuralynx and Blackrock recordings."""

import re
import struct
import warnings
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from spikeinterface.core import BaseRecording

from pipelines.core.errors import RecordingError
from pipelines.spikes.formats.candidates import Candidate, chosen
from pipelines.spikes.formats.clocks import with_neuralynx_times
from pipelines.spikes.formats.extractors import extractors
from pipelines.spikes.recording.formats import BLACKROCK, LEAST_HZ, NEURALYNX
from pipelines.spikes.recording.parameters import RecordingParameters

NCS_HEADER = 16_384
"""Bytes of text at the beginning of a Neuralynx file."""
NSX_TIME = slice(294, 310)
"""Where Blackrock's header has the time origin (UTC)."""


def read_neuralynx(path: Path, parameters: RecordingParameters) -> BaseRecording:
    """All channels of the fastest sampling of one session, one file for each channel.

    Raises:
        RecordingError: there are several sessions, or several kinds of channels that are sampled
            equally fast.
    """
    groups = _sessions(NEURALYNX.files(path))
    found = [
        one
        for files in groups
        for one in _neuralynx(path, files, {*_all_ncs(path)} - {file.name for file in files})
    ]
    return chosen(found, path, parameters)


def _all_ncs(path: Path) -> list[str]:
    return [file.name for file in path.iterdir() if file.suffix.lower() == ".ncs"]


def _sessions(files: Sequence[Path]) -> list[list[Path]]:
    """Files of one session: where channels are there twice, their names differ beside the channel.

    Cheetah begins CSC1_0001.ncs beside CSC1.ncs when recording is started again.
    """
    channels = [_channel(file) for file in files]
    if len(set(channels)) == len(channels):
        return [list(files)]
    groups = defaultdict[str, list[Path]](list)
    for file, channel in zip(files, channels, strict=True):
        groups[file.stem.replace(channel, "", 1)].append(file)
    return list(groups.values())


def _channel(file: Path) -> str:
    name = re.search(rb"-AcqEntName\s+(\S+)", _head(file))
    return name[1].decode("latin-1") if name else file.stem


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(NCS_HEADER)


def _neuralynx(path: Path, files: Sequence[Path], others: set[str]) -> list[Candidate]:
    """The fastest signals of one session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SpikeInterface still gives neo an option it calls old
        left_out = sorted(others)
        names, ids = extractors().get_neo_streams("neuralynx", path, exclude_filename=left_out)
        streams = [
            with_neuralynx_times(
                extractors().read_neuralynx(path, stream_id=one, exclude_filename=left_out)
            )
            for one in ids
        ]
    rates = [stream.get_sampling_frequency() for stream in streams]
    began = _neuralynx_began(files[0])
    return [
        Candidate((files[0].name, str(name)), partial(_itself, stream), began, str(name))
        for stream, name, rate in zip(streams, names, rates, strict=True)
        if rate == max(rates)
    ]


def _itself(recording: BaseRecording) -> BaseRecording:
    """What is open already."""
    return recording


def _neuralynx_began(file: Path) -> datetime | None:
    """When recording was started, as the header of a file says."""
    text = _head(file).decode("latin-1")
    new = re.search(r"-TimeCreated\s+(\d+/\d+/\d+ \d+:\d+:\d+)", text)
    old = re.search(r"## Time Opened.*?:\s*(\d+/\d+/\d+)\s+.*?(\d+:\d+:\d+)", text)
    try:
        if new:
            return datetime.strptime(new[1], "%Y/%m/%d %H:%M:%S")
        return datetime.strptime(" ".join(old.groups()), "%m/%d/%Y %H:%M:%S") if old else None
    except ValueError:
        return None


def read_blackrock(path: Path, parameters: RecordingParameters) -> BaseRecording:
    """The fastest signal of one recording; pauses lie between its segments.

    Raises:
        RecordingError: there are several recordings, or only slow signals.
    """
    groups = defaultdict[str, list[Path]](list)
    for file in BLACKROCK.files(path):
        groups[file.stem].append(file)
    found = [
        Candidate((stem,), partial(_blackrock, path, files), _blackrock_began(files[0]))
        for stem, files in groups.items()
    ]
    return chosen(found, path, parameters, "give one file")


def _blackrock(path: Path, files: Sequence[Path]) -> BaseRecording:
    streams = [extractors().read_blackrock(file, gap_tolerance_ms=1.0) for file in files]
    found = max(streams, key=lambda stream: float(stream.get_sampling_frequency()))
    if found.get_sampling_frequency() < LEAST_HZ:
        raise RecordingError(
            f"{path} is sampled at {found.get_sampling_frequency():g} Hz, too slowly for spikes: "
            "give the .ns5 or .ns6 file."
        )
    return found


def _blackrock_began(file: Path) -> datetime | None:
    """The time origin in the header of file specification 2.2 and later."""
    with file.open("rb") as stream:
        head = stream.read(NSX_TIME.stop)
    if len(head) < NSX_TIME.stop or head[:8] not in (b"NEURALCD", b"BRSMPGRP"):
        return None
    year, month, _, day, hour, minute, second, ms = struct.unpack("<8H", head[NSX_TIME])
    try:
        return datetime(year, month, day, hour, minute, second, ms * 1000)
    except ValueError:
        return None
