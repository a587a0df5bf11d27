"""MEArec's simulated recordings, read from their HDF5 file without MEArec.

The layout is that of MEArec's `save_recording_generator` (Buccino & Einevoll 2020,
doi:10.1007/s12021-020-09467-7): `recordings` (sample, channel) in uV or, for integers, in steps of
`info/recordings/gain_to_uV`; `channel_positions` (channel, 3); `info/recordings/fs`.
"""

from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording, BaseRecordingSegment

from pipelines.core.errors import RecordingError
from pipelines.files import hdf5
from pipelines.spikes.formats.candidates import Candidate, began_of_name, chosen
from pipelines.spikes.recording.formats import MEAREC
from pipelines.spikes.recording.parameters import RecordingParameters
from pipelines.spikes.recording.spikeinterface_private import made_with

PLANES = {"xy": [0, 1], "xz": [0, 2], "yz": [1, 2]}


def read_mearec(path: Path, parameters: RecordingParameters) -> BaseRecording:
    """Open MEArec's file, or one of several.

    Raises:
        RecordingError: there are several, or it is damaged.
    """
    found = [
        Candidate((file.name,), partial(MEArecRecording, file), began_of_name(file.stem))
        for file in MEAREC.files(path)
    ]
    return chosen(found, path, parameters, "give one file")


class MEArecRecording(BaseRecording):  # type: ignore[misc]
    """A recording in a MEArec file, read piece by piece."""

    def __init__(self, file_path: str | Path) -> None:
        with hdf5.opened(Path(file_path), RecordingError) as root:
            signal, places = _dataset(root, "recordings"), _dataset(root, "channel_positions")
            rate = _scalar(root, "info/recordings/fs")
            gain = _gain(root, signal.dtype)
            plane = _scalar(root, "info/electrodes/plane", b"yz")
            shape, dtype, positions = signal.shape, signal.dtype, places[()]
        channels = [f"ch{number}" for number in range(len(positions))]
        if len(shape) != 2 or shape[1] != len(channels):
            raise RecordingError(
                f"{file_path}: recordings has the shape {shape} and channel_positions "
                f"{positions.shape}, which do not go together: save it again with MEArec 1.6 or "
                "later."
            )
        super().__init__(float(rate), channels, dtype)
        self.add_recording_segment(_Segment(Path(file_path), shape[0], float(rate)))
        if gain is not None:
            self.set_channel_gains(gain)
            self.set_channel_offsets(0.0)
        name = plane.decode() if isinstance(plane, bytes) else str(plane)
        self.set_dummy_probe_from_locations(positions[:, PLANES.get(name, PLANES["yz"])])
        made_with(self, file_path=str(Path(file_path).absolute()))


class _Segment(BaseRecordingSegment):  # type: ignore[misc]
    def __init__(self, file: Path, n_samples: int, sampling_frequency: float) -> None:
        super().__init__(sampling_frequency=sampling_frequency)
        self._file = file
        self._n_samples = n_samples

    def get_num_samples(self) -> int:
        return self._n_samples

    def get_traces(
        self,
        start_frame: int | None = None,
        end_frame: int | None = None,
        channel_indices: Any = None,
    ) -> NDArray[Any]:
        with hdf5.opened_again(self._file) as root:
            rows = root["recordings"][slice(start_frame, end_frame)]
        columns = slice(None) if channel_indices is None else channel_indices
        return np.asarray(rows)[:, columns]


def _dataset(root: h5py.File, name: str) -> h5py.Dataset:
    found = root[name]
    if not isinstance(found, h5py.Dataset):
        raise RecordingError(f"{root.filename}: {name} is no array: save it again with MEArec.")
    return found


def _scalar(root: h5py.File, name: str, default: Any = None) -> Any:
    if name not in root:
        if default is None:
            raise RecordingError(f"{root.filename} has no {name}: save it again with MEArec.")
        return default
    return root[name][()]


def _gain(root: h5py.File, dtype: np.dtype[Any]) -> float | None:
    """Microvolts per step: 1 for floating point numbers; none if a file of integers is silent."""
    if dtype.kind == "f":
        return 1.0
    name = "info/recordings/gain_to_uV"
    return float(root[name][()]) if name in root else None
