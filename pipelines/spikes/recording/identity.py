"""By what a recording is known to be the one that was sorted: its size, header and samples."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.core import provenance
from pipelines.core.errors import InputError

if TYPE_CHECKING:  # the web process, which reads sortings, does without SpikeInterface
    from spikeinterface.core import BaseRecording

BLOCK_BYTES = 1 << 16
N_BLOCKS = 32
MOST_WHOLE = 1 << 24
"""Up to this size (bytes) all samples are read; of more, blocks spread from end to end."""
CHEAP = 1 << 28
"""Files up to this size (bytes) are digested on reopening when nothing better is known."""
ROUNDING_S = 0.0005
"""Earlier versions kept the length to the millisecond."""
ROUNDING_RATE = 1e-6
"""By what share two rates differ at most that are one, in folders of earlier versions."""


@dataclass(frozen=True)
class Identity:
    """What is known of the recording that was sorted.

    Attributes:
        sampling_frequency: samples per second.
        n_samples: as sorted.
        channels: names of the channels that were sorted, or how many there were.
        samples_sha256: from `digest_of_samples`; empty in folders of earlier versions.
        file_sha256: of the file or folder, where an earlier version kept no more than that.
        size: its bytes, likewise; 0 if unknown.
    """

    sampling_frequency: float
    n_samples: int
    channels: tuple[str, ...]
    samples_sha256: str = ""
    file_sha256: str = ""
    size: int = 0

    def to_json(self) -> dict[str, Any]:
        """What is written beside a place of the recording, and read by `read_identity`."""
        kept = {
            "samples_sha256": self.samples_sha256,
            "file_sha256": self.file_sha256,
            "size": self.size,
        }
        return {"n_samples": self.n_samples, **{name: one for name, one in kept.items() if one}}


def digest_of_samples(recording: "BaseRecording") -> str:
    """The sha256 of rate, channels, length and samples of a recording as it is stored.

    Of a long recording fixed blocks of samples count, the first, the last and evenly spaced ones
    between, so it costs the same for any length; gains, places and file names do not count.
    """
    n_samples = recording.get_total_samples()
    dtype, n_channels = np.dtype(recording.get_dtype()), recording.get_num_channels()
    header = [recording.get_sampling_frequency(), n_samples, n_channels, dtype.str]
    total = hashlib.sha256(repr([*map(str, header), *map(str, recording.channel_ids)]).encode())
    for start, stop in _blocks(n_samples, dtype.itemsize * n_channels):
        total.update(_samples(recording, start, stop))
    return total.hexdigest()


def _blocks(n_samples: int, width: int) -> list[tuple[int, int]]:
    length = max(1, BLOCK_BYTES // width)
    if n_samples * width <= MOST_WHOLE:
        return [(start, min(start + length, n_samples)) for start in range(0, n_samples, length)]
    starts = np.linspace(0, n_samples - length, N_BLOCKS).astype(np.int64).tolist()
    return [(start, start + length) for start in starts]


def _samples(recording: "BaseRecording", start: int, stop: int) -> bytes:
    """Stored samples from `start` to `stop`, counted through all segments."""
    parts, first = [], 0
    for segment in range(recording.get_num_segments()):
        length = recording.get_num_samples(segment)
        low, high = max(start - first, 0), min(stop - first, length)
        if low < high:
            traces = recording.get_traces(segment, low, high)
            parts.append(np.ascontiguousarray(traces).tobytes())
        first += length
    return b"".join(parts)


def refuse_another(
    known: Identity, path: Path, recording: "BaseRecording", sorted_part: "BaseRecording"
) -> None:
    """Check that a recording is the one that was sorted.

    Args:
        known: of the sorting.
        path: where the recording lies.
        recording: as it was read.
        sorted_part: without the channels and the end that were left out.

    Raises:
        InputError: it is another one; says what was compared.
    """
    found = _difference(known, path, recording, sorted_part)
    if found:
        raise InputError(
            f"The recording {path} is not the one that was sorted: {found}. If the right one lies "
            "elsewhere now, say where, with `spikes locate` or on the page of its units."
        )


def _difference(
    known: Identity, path: Path, recording: "BaseRecording", sorted_part: "BaseRecording"
) -> str:
    rate, n_samples = sorted_part.get_sampling_frequency(), sorted_part.get_total_samples()
    names = tuple(str(channel) for channel in sorted_part.channel_ids)
    # Earlier versions took the rate of timestamps from the first of them, rounding and all.
    slack = 0.0 if known.samples_sha256 else ROUNDING_RATE * known.sampling_frequency
    if abs(rate - known.sampling_frequency) > slack:
        return f"it has {rate:.10g} samples a second, not {known.sampling_frequency:.10g}"
    if len(names) != len(known.channels):
        return f"it has {len(names)} channels, not {len(known.channels)}"
    more = 0 if known.samples_sha256 else int(ROUNDING_S * rate) + 1
    if abs(n_samples - known.n_samples) > more:
        return f"it has {n_samples} samples, not {known.n_samples}"
    if not known.samples_sha256:
        return _difference_of_files(known, path)
    if names != known.channels:
        return f"its channels are called {_few(names)}, not {_few(known.channels)}"
    if digest_of_samples(recording) != known.samples_sha256:
        return f"its size and header are the same, but {_compared(recording)} of its samples differ"
    return ""


def _compared(recording: "BaseRecording") -> str:
    width = np.dtype(recording.get_dtype()).itemsize * recording.get_num_channels()
    whole = recording.get_total_samples() * width <= MOST_WHOLE
    return "some" if whole else f"some of {N_BLOCKS} blocks"


def _difference_of_files(known: Identity, path: Path) -> str:
    """What an earlier version kept: the size and sha256 of the file or folder.

    A folder may have got more files since, such as results, so a larger one is not another one.
    """
    size = provenance.size(path) if known.size else 0
    if size < known.size or (path.is_file() and size != known.size):
        return f"it has {size} bytes, not {known.size}"
    cheap = known.file_sha256 and size == known.size <= CHEAP
    return (
        "its sha256 is another one"
        if cheap and provenance.digest(path) != known.file_sha256
        else ""
    )


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:4]) + (" ..." if len(names) > 4 else "")


def read_identity(
    rate: float, kept: Mapping[str, Any], duration_s: float, channels: tuple[str, ...]
) -> Identity:
    """The identity that a folder keeps.

    Args:
        rate: samples per second.
        kept: `n_samples` and what else there is of `Identity.to_json`; earlier versions kept
            nothing, or the sha256 of the files.
        duration_s: the length as earlier versions kept it.
        channels: that were sorted.
    """
    return Identity(
        rate,
        int(kept.get("n_samples", round(duration_s * rate))),
        channels,
        str(kept.get("samples_sha256", "")),
        str(kept.get("file_sha256", "")),
        int(kept.get("size", 0)),
    )
