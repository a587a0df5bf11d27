"""Extracellular recordings in every format that is read, and probe files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from probeinterface import Probe, ProbeGroup
from probeinterface.io import write_probeinterface
from spikeinterface.core import BaseRecording, NumpyRecording

from pipelines.files.links import refuse_links_out
from pipelines.spikes.formats.segments import time_notes, timeline_of
from pipelines.spikes.reading.channels import placed, with_probe_file
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.reading.reading_checks import check_reading
from pipelines.spikes.recording.parameters import RecordingParameters
from tests.fuzz.reader import Reader, Sample
from tests.pipelines.spikes import writers

N_CHANNELS = 3
TRACES = writers.traces(N_CHANNELS, seconds=0.08)
AS_IT_SAYS = RecordingParameters()
OF_RAW = RecordingParameters(
    sampling_frequency=20_000.0, num_channels=N_CHANNELS, dtype="int16", gain_uv=0.195
)


def read_with(parameters: RecordingParameters) -> Callable[[Path], None]:
    """Read a recording as the look and the sorting do, and samples of its beginning and end."""

    def read(path: Path) -> None:
        refuse_links_out(path)
        recording = placed(read_recording(path, parameters), parameters, None)
        check_reading(recording, path, parameters)
        timeline_of(recording)
        time_notes(recording)
        _take(recording)

    return read


def _take(recording: BaseRecording) -> None:
    length = recording.get_num_samples()
    recording.get_traces(start_frame=0, end_frame=min(200, length), return_in_uV=True)
    recording.get_traces(start_frame=max(0, length - 200), end_frame=length, return_in_uV=True)
    [str(name) for name in recording.channel_ids]
    np.asarray(recording.get_channel_locations(), dtype=np.float64)


def read_probe(path: Path) -> None:
    """As a probe that is given with a recording."""
    refuse_links_out(path)
    with_probe_file(_recording(), path).get_channel_locations()


# -- samples


def spikeglx(folder: Path) -> str:
    writers.spikeglx(folder / "run", TRACES)
    return "run"


def open_ephys(folder: Path) -> str:
    writers.open_ephys(folder / "oe", TRACES)
    return "oe"


def intan(folder: Path) -> str:
    writers.intan_traditional(folder / "a.rhd", TRACES)
    return "a.rhd"


def intan_per_signal(folder: Path) -> str:
    writers.intan_per_signal(folder / "a", TRACES)
    return "a"


def intan_per_channel(folder: Path) -> str:
    writers.intan_per_channel(folder / "a", TRACES)
    return "a"


def nwb(folder: Path) -> str:
    writers.nwb(folder / "a.nwb", TRACES)
    return "a.nwb"


def neuralynx(folder: Path) -> str:
    writers.neuralynx(folder / "a", TRACES)
    return "a"


def blackrock(folder: Path) -> str:
    writers.blackrock(folder / "a.ns5", TRACES)
    return "a.ns5"


def mearec(folder: Path) -> str:
    writers.mearec(folder / "a.h5", TRACES.astype(np.float32))
    return "a.h5"


def raw(folder: Path) -> str:
    TRACES.tofile(folder / "a.dat")
    return "a.dat"


def _recording() -> Any:
    recording = NumpyRecording([TRACES], writers.RATE, channel_ids=["a", "b", "c"])
    recording.set_channel_gains(0.195)
    recording.set_channel_offsets(0.0)
    recording.set_probe(_probe())
    return recording


def _probe() -> Probe:
    probe = Probe(ndim=2, si_units="um")
    places = np.array([[0.0, 20.0 * at] for at in range(N_CHANNELS)])
    probe.set_contacts(positions=places, shapes="circle", shape_params={"radius": 5})
    probe.set_device_channel_indices(np.arange(N_CHANNELS))
    return probe


def saved_binary(folder: Path) -> str:
    """As SpikeInterface saves it; written here, for its own writer takes half a second."""
    kwargs = {
        "file_paths": ["traces.raw"], "sampling_frequency": writers.RATE,
        "num_channels": N_CHANNELS, "dtype": "int16", "channel_ids": ["a", "b", "c"],
        "time_axis": 0, "file_offset": 0, "gain_to_uV": [0.195] * 3, "offset_to_uV": [0.0] * 3,
        "t_starts": [1.5],
    }  # fmt: skip
    name = "spikeinterface.core.binaryrecordingextractor.BinaryRecordingExtractor"
    described = {"class": name, "module": "spikeinterface", "kwargs": kwargs, "version": "0.105"}
    (folder / "binary.json").write_text(json.dumps(described))
    group = ProbeGroup()
    group.add_probe(_probe())
    (folder / "probegroup.json").write_text(json.dumps(group.to_dict(array_as_list=True)))
    TRACES.tofile(folder / "traces.raw")
    np.save(folder / "times_cached_seg0.npy", np.arange(len(TRACES)) / writers.RATE)
    return "."


def saved_zarr(folder: Path) -> str:
    _recording().save(folder=folder / "a.zarr", format="zarr", verbose=False, n_jobs=1)
    return "a.zarr"


def probe_file(folder: Path) -> str:
    group = ProbeGroup()
    group.add_probe(_probe())
    write_probeinterface(folder / "probe.json", group)
    return "probe.json"


def probe_in_mm(folder: Path) -> str:
    values = _probe().to_dict(array_as_list=True) | {"si_units": "mm"}
    document = {"specification": "probeinterface", "version": "0.2.0", "probes": [values]}
    (folder / "probe.json").write_text(json.dumps(document))
    return "probe.json"


read = read_with(AS_IT_SAYS)
READERS = (
    Reader("SpikeGLX", (Sample("nidq", spikeglx),), read),
    Reader("Open Ephys", (Sample("binary", open_ephys),), read),
    Reader(
        "Intan",
        (
            Sample("rhd", intan),
            Sample("per signal", intan_per_signal),
            Sample("per channel", intan_per_channel),
        ),
        read,
        share=1.5,
    ),
    Reader("NWB recording", (Sample("nwb", nwb),), read),
    Reader("Neuralynx", (Sample("ncs", neuralynx),), read),
    Reader("Blackrock", (Sample("ns5", blackrock),), read),
    Reader("MEArec", (Sample("h5", mearec),), read),
    Reader("SpikeInterface binary", (Sample("binary", saved_binary),), read),
    Reader("SpikeInterface zarr", (Sample("zarr", saved_zarr),), read),
    Reader("raw binary", (Sample("dat", raw),), read_with(OF_RAW), share=0.3),
    Reader("probe", (Sample("um", probe_file), Sample("mm", probe_in_mm)), read_probe),
)
