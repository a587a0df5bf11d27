"""The recording of a sorting as it lies on disk: where its channels are, and its plain file.

Channels that were left out are not there in a sorting, so its own count of channels means nothing
to another program that opens the recording. Reading needs no heavy library.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.recording.spikeinterface_private import arguments_of

if TYPE_CHECKING:  # the web process does without SpikeInterface
    from spikeinterface.core import BaseRecording


@dataclass(frozen=True)
class Binary:
    """Files of nothing but samples, one after the other, channel by channel for each time.

    Attributes:
        files: their absolute paths, in order of time.
        dtype: of a sample, as numpy writes it.
        offset: bytes before the first sample of each.
    """

    files: tuple[str, ...]
    dtype: str
    offset: int


@dataclass(frozen=True)
class Recorded:
    """The recording as it is read whole.

    Attributes:
        n_channels: of the whole recording.
        channel_index: place in the whole recording of every sorted channel, shape (channel,).
        binary: its files, if they are such that other programs can read them.
    """

    n_channels: int
    channel_index: NDArray[np.int64]
    binary: Binary | None = None

    @property
    def is_in_place(self) -> bool:
        """Whether its files, if they are named, are where they were."""
        return self.binary is None or all(Path(file).is_file() for file in self.binary.files)

    def to_json(self) -> dict[str, Any]:
        """As it is kept with a sorting."""
        return {
            "n_channels": self.n_channels,
            "channel_index": self.channel_index.tolist(),
            "binary": self.binary and vars(self.binary),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Recorded":
        """What `to_json` gave.

        Raises:
            Exception: of any kind: the values are something else.
        """
        binary = values.get("binary")
        return cls(
            int(values["n_channels"]),
            np.array(values["channel_index"], dtype=np.int64),
            binary and Binary(tuple(binary["files"]), binary["dtype"], int(binary["offset"])),
        )


def of_recording(whole: "BaseRecording", part: "BaseRecording") -> Recorded:
    """Where the channels of a part of a recording lie in it.

    Args:
        whole: as it was read.
        part: some of its channels.
    """
    origin, order = whole, None
    while (parent := _parent(origin)) is not None:
        order = arguments_of(origin).get("segment_indices", order)
        origin = parent
    binary = _binary(origin, whole, order)
    names = (origin if binary else whole).channel_ids.tolist()
    places = {str(name): place for place, name in enumerate(names)}
    index = [places[str(name)] for name in part.channel_ids]
    return Recorded(len(names), np.array(index, dtype=np.int64), binary)


def _parent(recording: "BaseRecording") -> "BaseRecording | None":
    """What a recording was made from; joining several segments of one is such a step too."""
    parts = arguments_of(recording).get("recording_list", [])
    return parts[0] if len(parts) == 1 else recording.get_parent()


def _binary(
    origin: "BaseRecording", whole: "BaseRecording", order: list[int] | None
) -> Binary | None:
    """The files of a recording that begins with samples, if they hold the whole of it.

    Args:
        origin: what was read from the disk.
        whole: what is sorted, as one piece.
        order: of the files, if it is another one than that on the disk.
    """
    from spikeinterface.core import BinaryRecordingExtractor

    if type(origin) is not BinaryRecordingExtractor:
        return None
    kept = arguments_of(origin)
    if kept.get("time_axis", 0) != 0:
        return None
    lengths = [origin.get_num_samples(n) for n in range(origin.get_num_segments())]
    if sum(lengths) != whole.get_total_samples():  # such as one of several recordings
        return None
    paths = [str(Path(file).resolve()) for file in kept["file_paths"]]
    files = tuple(paths if order is None else (paths[place] for place in order))
    dtype = np.dtype(kept["dtype"])
    return Binary(
        files, dtype.name if dtype.isnative else dtype.str, int(kept.get("file_offset") or 0)
    )
