"""Small recordings in the formats of acquisition systems, written from their documentation."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

RATE = 20_000.0
Traces = NDArray[np.int16]


def traces(n_channels: int = 4, seconds: float = 1.5, seed: int = 0) -> Traces:
    shape = (int(RATE * seconds), n_channels)
    return np.random.default_rng(seed).normal(0, 100, shape).astype(np.int16)


def spikeglx(folder: Path, values: Traces, name: str = "run_g0_t0", first: int = 0) -> None:
    """A recording of a NI device with neural channels on a whisper system (`MN`), gain 200."""
    folder.mkdir(parents=True, exist_ok=True)
    n_channels = values.shape[1]
    values.tofile(folder / f"{name}.nidq.bin")
    meta = {
        "typeThis": "nidq",
        "fileName": f"C:/data/{name}.nidq.bin",
        "fileSizeBytes": values.nbytes,
        "nSavedChans": n_channels,
        "snsMnMaXaDw": f"{n_channels},0,0,0",
        "niSampRate": RATE,
        "niMNGain": 200,
        "niMAGain": 1,
        "niAiRangeMax": 5,
        "firstSample": first,
        "~snsChanMap": "(4,0,0,0,1)" + "".join(f"(MN0C{n};{n}:{n})" for n in range(n_channels)),
    }
    lines = [f"{name}={value}" for name, value in meta.items()]
    (folder / f"{name}.nidq.meta").write_text("\n".join(lines) + "\n")


def open_ephys(
    folder: Path,
    values: Traces,
    name: str = "Rhythm_FPGA-100.0/",
    *,
    recording: int = 1,
    experiment: int = 1,
    node: int = 101,
    first: int = 0,
    dropped: tuple[int, int] = (0, 0),
) -> None:
    """One recording of an experiment; frames can be missing from a sample on."""
    numbers = first + np.arange(len(values))
    numbers[dropped[0] :] += dropped[1]
    node_folder = folder / f"Record Node {node}"
    recording_folder = node_folder / f"experiment{experiment}" / f"recording{recording}"
    stream = recording_folder / "continuous" / "Rhythm_FPGA-100.0"
    stream.mkdir(parents=True)
    values.tofile(stream / "continuous.dat")
    np.save(stream / "sample_numbers.npy", numbers)
    np.save(stream / "timestamps.npy", numbers / RATE)
    channels = [
        {"channel_name": f"CH{n + 1}", "bit_volts": 0.195, "units": "uV"}
        for n in range(values.shape[1])
    ]
    signal = {
        "folder_name": name,
        "sample_rate": RATE,
        "source_processor_name": "Rhythm FPGA",
        "source_processor_id": 100,
        "stream_name": "Rhythm_FPGA-100.0",
        "recorded_processor_id": node,
        "num_channels": values.shape[1],
        "channels": channels,
    }
    structure = {"GUI version": "0.6.0", "continuous": [signal], "events": [], "spikes": []}
    (recording_folder / "structure.oebin").write_text(json.dumps(structure))
    (node_folder / "settings.xml").write_text("<SETTINGS></SETTINGS>")


def intan_per_signal(folder: Path, values: Traces) -> None:
    """Intan "one file per signal type": `info.rhd`, `time.dat`, `amplifier.dat`."""
    folder.mkdir()
    (folder / "info.rhd").write_bytes(_rhd_header(values.shape[1]))
    np.arange(len(values), dtype=np.int32).tofile(folder / "time.dat")
    values.tofile(folder / "amplifier.dat")


def intan_per_channel(folder: Path, values: Traces) -> None:
    """Intan "one file per channel": `info.rhd`, `time.dat`, `amp-A-000.dat`, ..."""
    folder.mkdir()
    (folder / "info.rhd").write_bytes(_rhd_header(values.shape[1]))
    np.arange(len(values), dtype=np.int32).tofile(folder / "time.dat")
    for number in range(values.shape[1]):
        values[:, number].tofile(folder / f"amp-A-{number:03d}.dat")


def intan_traditional(file: Path, values: Traces, first: int = 0) -> None:
    """Intan's own format: header and blocks of 128 samples in one `.rhd`, numbered from `first`."""
    blocks = len(values) // 128
    with file.open("wb") as stream:
        stream.write(_rhd_header(values.shape[1]))
        for number in range(blocks):
            start = 128 * number
            stream.write(np.arange(first + start, first + start + 128, dtype=np.int32).tobytes())
            block = values[start : start + 128].astype(np.int32) + 32768
            stream.write(block.T.astype(np.uint16).tobytes())


def _rhd_header(n_channels: int) -> bytes:
    no_text = struct.pack("<I", 0xFFFFFFFF)
    header = struct.pack("<Ihh", 0xC6912702, 2, 0)
    header += struct.pack("<fh6fhff", RATE, 0, 1, 0.1, 7500, 1, 0.1, 7500, 0, 1000, 1000)
    header += 3 * no_text + struct.pack("<hh", 0, 0) + no_text + struct.pack("<h", 1)
    header += _qstring("Port A") + _qstring("A") + struct.pack("<hhh", 1, n_channels, n_channels)
    for number in range(n_channels):
        name = _qstring(f"A-{number:03d}")
        header += name + name + struct.pack("<10h", number, number, 0, 1, number, 0, 0, 0, 0, 0)
        header += struct.pack("<ff", 1e5, 0.0)
    return header


def _qstring(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<I", len(encoded)) + encoded


def nwb(file: Path, values: Traces) -> None:
    """An NWB file with one electrical series, conversion 0.195e-6 V per step."""
    h5py = pytest.importorskip("h5py")
    n_channels = values.shape[1]
    with h5py.File(file, "w") as root:
        root.attrs.update(
            {"neurodata_type": "NWBFile", "namespace": "core", "nwb_version": "2.7.0"}
        )
        table = root.create_group("general/extracellular_ephys/electrodes")
        table.attrs.update(
            {
                "neurodata_type": "DynamicTable",
                "namespace": "hdmf-common",
                "colnames": ["rel_x", "rel_y", "group_name"],
            }
        )
        table["id"] = np.arange(n_channels)
        table["rel_x"] = np.zeros(n_channels)
        table["rel_y"] = 20.0 * np.arange(n_channels)
        table["group_name"] = np.array(["shank"] * n_channels, dtype="S")
        series = root.create_group("acquisition/ElectricalSeries")
        series.attrs.update({"neurodata_type": "ElectricalSeries", "namespace": "core"})
        data = series.create_dataset("data", data=values)
        data.attrs.update({"conversion": 0.195e-6, "offset": 0.0, "unit": "volts"})
        series.create_dataset("starting_time", data=0.0).attrs["rate"] = RATE
        region = series.create_dataset("electrodes", data=np.arange(n_channels))
        region.attrs["table"] = table.ref


def neuralynx(folder: Path, values: Traces) -> None:
    """Cheetah's `.ncs`: a header of 16 kB, then records of 512 samples; 0.195 uV per step."""
    folder.mkdir()
    whole = values[: len(values) // 512 * 512]
    for number in range(values.shape[1]):
        lines = (
            "######## Neuralynx Data File Header",
            "## File Name: CSC.ncs",
            "## Time Opened: (m/d/y): 1/1/2020  At Time: 10:0:0.000",
            "-CheetahRev 5.5.1",
            "-HardwareSubSystemType DigitalLynx",
            f"-SamplingFrequency {RATE:g}",
            "-ADMaxValue 32767",
            "-ADBitVolts 0.000000195",
            f"-AcqEntName CSC{number + 1}",
            f"-ADChannel {number}",
            "-InputRange 6390",
            "-InputInverted False",
        )
        records = np.zeros(
            len(whole) // 512,
            [("time", "<u8"), ("channel", "<u4"), ("rate", "<u4"), ("valid", "<u4"),
             ("samples", "<i2", 512)],
        )  # fmt: skip
        records["time"] = np.round(np.arange(len(records)) * 512 / RATE * 1e6)
        records["channel"], records["rate"], records["valid"] = number, int(RATE), 512
        records["samples"] = whole[:, number].reshape(-1, 512)
        header = "\r\n".join(lines).encode().ljust(16384, b"\0")
        (folder / f"CSC{number + 1}.ncs").write_bytes(header + records.tobytes())


def blackrock(file: Path, values: Traces, period: int = 3) -> None:
    """A Blackrock `.ns5`, file specification 2.3: 30 kHz over `period`, 0.25 uV per step."""
    n_channels = values.shape[1]
    size = 314 + 66 * n_channels
    header = struct.pack("<8sBBI16s256sII", b"NEURALCD", 2, 3, size, b"", b"", period, 30000)
    header += struct.pack("<8HI", 2020, 1, 3, 1, 10, 0, 0, 0, n_channels)
    for number in range(n_channels):
        label = f"elec{number + 1}".encode()
        header += struct.pack("<2sH16sBB", b"CC", number + 1, label, 1, 1)
        header += struct.pack("<4h", -32764, 32764, -8191, 8191)
        header += struct.pack("<16sIIHIIH", b"uV", 300, 1, 1, 7500000, 3, 1)
    data = struct.pack("<BII", 1, 0, len(values)) + values.astype("<i2").tobytes()
    file.write_bytes(header + data)


def mearec(file: Path, values: NDArray[np.float32] | Traces) -> None:
    """MEArec's HDF5 file: signal in uV, contacts in the plane y, z, 20 um apart."""
    h5py = pytest.importorskip("h5py")
    n_channels = values.shape[1]
    with h5py.File(file, "w") as root:
        root["recordings"] = values
        z = np.arange(n_channels) * 20.0
        root["channel_positions"] = np.stack([np.zeros(n_channels), np.zeros(n_channels), z], 1)
        root["info/recordings/fs"] = RATE
        root["info/recordings/duration"] = len(values) / RATE
        root["info/electrodes/plane"] = "yz"
