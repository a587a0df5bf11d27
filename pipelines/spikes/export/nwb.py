"""Sorted units as NWB (Neurodata Without Borders, https://www.nwb.org), by pynwb."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from pynwb import NWBHDF5IO, NWBFile

from pipelines.core.errors import InputError
from pipelines.files.reading import reading
from pipelines.spikes.export.source import Sorting
from pipelines.spikes.units import metrics
from pipelines.spikes.units.folder import SortingFolder

NAME = "units.nwb"
LABEL = "good (a single neuron), mua (several) or noise"


def write_nwb(sorting: Sorting, folder: Path) -> None:
    """Write `units.nwb`: units with spike times, mean waveforms in volts, and electrodes.

    Spike times are of the recording's own clock; `obs_intervals` are its segments. The id of an
    electrode is its place in the recording as it lies on disk; units refer to rows of the table
    of electrodes, as NWB has it.

    A sorting does not know when the recording began; the start that NWB asks for is the time of
    the sorting, and the description says so.
    """
    with reading(sorting.folder, InputError, "sort the recording again", "record of a sorting"):
        started = datetime.fromisoformat(SortingFolder(sorting.folder).record.started)
    file = NWBFile(
        session_description="Units sorted by Neuroboard. The start time is that of the sorting, "
        "for the recording's own is not known; spike times are seconds of the recording's clock, "
        "in which it lasts from "
        f"{sorting.timeline.start_s:.9g} to {sorting.timeline.stop_s:.9g} s.",
        identifier=hashlib.sha256(
            sorting.sample_index.tobytes() + sorting.unit_id.tobytes()
        ).hexdigest(),
        session_start_time=started,
    )
    _add_electrodes(file, sorting)
    _add_units(file, sorting)
    with NWBHDF5IO(str(folder / NAME), "w") as stream:
        stream.write(file)


def _add_electrodes(file: NWBFile, sorting: Sorting) -> None:
    device = file.create_device(name="probe", description="as the recording says")
    group = file.create_electrode_group(
        name="channels", description="all sorted channels", location="unknown", device=device
    )
    file.add_electrode_column("channel_name", "what the recording calls the channel")
    file.add_electrode_column(
        "channel_index", "place of the channel in the recording as it lies on disk, from 0"
    )
    for name, place, index in zip(
        sorting.channel_id, sorting.locations_um, sorting.recorded.channel_index, strict=True
    ):
        file.add_electrode(
            id=int(index), group=group, location="unknown",
            rel_x=float(place[0]), rel_y=float(place[1]),
            channel_name=str(name), channel_index=int(index),
        )  # fmt: skip


def _add_units(file: NWBFile, sorting: Sorting) -> None:
    known = {"label": LABEL, **{one.stored_as: one.help for one in metrics.exported("nwb")}}
    columns = {name: text for name, text in known.items() if name in sorting.units}
    for name, text in columns.items():
        file.add_unit_column(name, text)
    names = sorting.channel_id.tolist()
    for row, mean in zip(sorting.units.to_dict("records"), sorting.mean, strict=True):
        own = sorting.unit_id == row["unit_id"]
        values: dict[str, Any] = {name: row[name] for name in columns}
        file.add_unit(
            id=int(row["unit_id"]),
            spike_times=sorting.timeline.seconds(sorting.sample_index[own]),
            obs_intervals=np.array(sorting.timeline.intervals_s),
            waveform_mean=np.nan_to_num(mean) * 1e-6,
            electrodes=[names.index(str(row["channel"]))],
            **values,
        )
