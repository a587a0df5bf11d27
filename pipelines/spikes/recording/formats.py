"""The kinds of recordings that are read, a row for each; the first that recognises a path opens it.

Rows need no library of recordings, so that pages can ask them; see `pipelines.core.formats`.
"""

import struct
from pathlib import Path

from pipelines.core.formats import Format
from pipelines.files import hdf5

LEAST_HZ = 5_000.0
"""Slower signals are field potentials: spikes cannot be sorted in them."""
OEBIN = "structure.oebin"
NSX = tuple(f".ns{number}" for number in range(1, 10))
NSX_PERIODS = {b"NEURALCD": "<286xII", b"BRSMPGRP": "<286xII", b"NEURALSG": "<24xI"}
"""Where Blackrock's headers have the period of samples, and of which ticks, by their first word."""
NSX_TICKS = 30_000
"""Ticks per second of the oldest files, which do not say it."""


def _is_zarr(path: Path) -> bool:
    return path.is_dir() and ((path / ".zgroup").is_file() or path.suffix == ".zarr")


def _is_no_recording(folder: Path) -> bool:
    """SpikeInterface keeps the names of channels in every recording; films and tables have none."""
    return folder.is_dir() and not (folder / "channel_ids").is_dir()


def _is_spikeglx(path: Path) -> bool:
    """A folder with .meta files in it or in folders below."""
    visible = (file for file in path.rglob("*.meta") if not file.name.startswith("."))
    return path.is_dir() and any(True for _ in visible)


def _is_no_probe(meta: Path) -> bool:
    """Field potentials, or what is said of samples that are not there."""
    return meta.stem.endswith(".lf") or not meta.with_suffix(".bin").is_file()


def _is_open_ephys(path: Path) -> bool:
    """A folder with a `structure.oebin` in it or below."""
    return path.is_dir() and any(path.rglob(OEBIN))


def _is_slow(nsx: Path) -> bool:
    """Whether a header of Blackrock says a rate too low for spikes."""
    with nsx.open("rb") as stream:
        head = stream.read(512)
    form = NSX_PERIODS.get(head[:8])
    if form is None or len(head) < struct.calcsize(form):
        return False
    period, *ticks = map(int, struct.unpack_from(form, head))
    return period > 0 and (ticks or [NSX_TICKS])[0] / period < LEAST_HZ


def _is_mearec(file: Path) -> bool:
    return {"recordings", "channel_positions", "info"} <= hdf5.names(file)


def _is_part(file: Path) -> bool:
    """Of SpikeGLX, whose folder is the recording."""
    return file.with_suffix(".meta").is_file()


INTAN = Format(
    "intan",
    "Intan",
    "pipelines.spikes.formats.intan:read_intan",
    suffixes=(".rhd", ".rhs"),
    marks=("info.rhd", "info.rhs"),
    stands="together",
)
NEURALYNX = Format(
    "neuralynx",
    "Neuralynx",
    "pipelines.spikes.formats.neuralynx_blackrock:read_neuralynx",
    suffixes=(".ncs",),
    stands="folder",
)
NWB = Format(
    "nwb",
    "NWB",
    "pipelines.spikes.formats.nwb:read_nwb",
    suffixes=(".nwb",),
    stands="either",
)
BLACKROCK = Format(
    "blackrock",
    "Blackrock",
    "pipelines.spikes.formats.neuralynx_blackrock:read_blackrock",
    suffixes=NSX,
    stands="either",
    rules_out=_is_slow,
)
MEAREC = Format(
    "mearec",
    "MEArec",
    "pipelines.spikes.formats.mearec:read_mearec",
    suffixes=(".h5", ".hdf5"),
    stands="either",
    holds=_is_mearec,
)
RAW = Format(
    "raw",
    "raw binary (.dat, .bin, .raw)",
    "pipelines.spikes.reading.read:read_raw",
    suffixes=(".dat", ".bin", ".raw"),
    stands="either",
    rules_out=_is_part,
)
FORMATS = (
    Format(
        "saved",
        "a folder saved by SpikeInterface",
        "pipelines.spikes.formats.saved:read_binary_folder",
        marks=("binary.json",),
    ),
    Format(
        "zarr",
        "zarr saved by SpikeInterface",
        "pipelines.spikes.formats.saved:read_zarr_folder",
        marks=(".zgroup",),
        recognises=_is_zarr,
        rules_out=_is_no_recording,
    ),
    Format(
        "spikeglx",
        "SpikeGLX",
        "pipelines.spikes.formats.spikeglx:read_spikeglx",
        suffixes=(".meta",),
        stands="folder",
        recognises=_is_spikeglx,
        rules_out=_is_no_probe,
    ),
    Format(
        "open-ephys",
        "Open Ephys binary",
        "pipelines.spikes.formats.open_ephys:read_open_ephys",
        marks=(OEBIN,),
        recognises=_is_open_ephys,
    ),
    NEURALYNX,
    NWB,
    INTAN,
    BLACKROCK,
    MEAREC,
    RAW,
)
