"""Recordings and probes that would run something or lead out."""

import json
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.pipelines.spikes import writers
from tests.pipelines.traps import TRACES, Bench, Maker, Trap


def si_folder(bench: Bench, **changed: Any) -> Path:
    TRACES.tofile(bench.given / "traces.raw")
    kwargs = {
        "file_paths": ["traces.raw"], "sampling_frequency": 20000.0, "num_channels": 4,
        "dtype": "int16", "gain_to_uV": 0.195, "offset_to_uV": 0.0, **changed.pop("kwargs", {}),
    }  # fmt: skip
    name = "spikeinterface.core.binaryrecordingextractor.BinaryRecordingExtractor"
    described = {
        "class": name, "module": "spikeinterface", "version": "0.105", "kwargs": kwargs,
        "annotations": {}, "properties": {}, **changed,
    }  # fmt: skip
    (bench.given / "binary.json").write_text(json.dumps(described))
    return bench.given


def si_folder_of_another_class(bench: Bench) -> Path:
    return si_folder(bench, **{"class": "os.mkdir", "kwargs": {"path": str(bench.canary)}})


def si_folder_in_an_absolute_place(bench: Bench) -> Path:
    return si_folder(bench, kwargs={"file_paths": [str(bench.secret)]})


def si_folder_in_a_relative_place(bench: Bench) -> Path:
    return si_folder(bench, kwargs={"file_paths": [os.path.relpath(bench.secret, bench.given)]})


def si_folder_with_times_elsewhere(bench: Bench) -> Path:
    return si_folder(bench, kwargs={"file_timestamps_paths": [str(bench.secret)]})


def si_folder_of_pointers(bench: Bench) -> Path:
    return si_folder(bench, kwargs={"dtype": "O"})


def si_folder_of_pickles(bench: Bench) -> Path:
    """Which SpikeInterface itself would open, all three."""
    si_folder(bench)
    (bench.given / "provenance.pkl").write_bytes(bench.pickled)
    mkdir = {"class": "os.mkdir", "kwargs": {"path": str(bench.canary)}, "module": "os"}
    (bench.given / "provenance.json").write_text(json.dumps(mkdir))
    (bench.given / "si_folder.json").write_text(json.dumps(mkdir))
    (bench.given / "properties").mkdir()
    trap = np.array([Trap(bench.canary)] * 4, object)
    np.save(bench.given / "properties" / "gain_to_uV.npy", trap, allow_pickle=True)
    return bench.given


def si_folder_with_pickled_times(bench: Bench) -> Path:
    si_folder(bench)
    trap = np.array([Trap(bench.canary)] * 4, object)
    np.save(bench.given / "times_cached_seg0.npy", trap, allow_pickle=True)
    return bench.given


def si_folder_whose_probe_is_a_link(bench: Bench) -> Path:
    si_folder(bench)
    (bench.given / "probe.json").symlink_to(bench.secret)
    return bench.given


def pickled_recording(bench: Bench) -> Path:
    (bench.given / "recording.pkl").write_bytes(bench.pickled)
    return bench.given


def open_ephys(bench: Bench) -> tuple[Path, dict[str, Any]]:
    writers.open_ephys(bench.given, TRACES)
    (file,) = bench.given.rglob("structure.oebin")
    return file, json.loads(file.read_text())


def open_ephys_in_an_absolute_place(bench: Bench) -> Path:
    file, described = open_ephys(bench)
    described["continuous"][0]["folder_name"] = f"{bench.secret.parent}/"
    file.write_text(json.dumps(described))
    return bench.given


def open_ephys_in_another_folder(bench: Bench) -> Path:
    file, described = open_ephys(bench)
    folder = file.parent / "continuous" / "Rhythm_FPGA-100.0"
    way = "Rhythm_FPGA-100.0/" + os.path.relpath(bench.secret.parent, folder)
    described["continuous"][0]["folder_name"] = way
    file.write_text(json.dumps(described))
    return bench.given


def open_ephys_with_events_elsewhere(bench: Bench) -> Path:
    file, described = open_ephys(bench)
    described["events"] = [
        {"folder_name": f"{bench.secret.parent}/", "stream_name": "Rhythm_FPGA-100.0",
         "channel_name": "Events", "sample_rate": 20000.0, "num_channels": 1,
         "source_processor": "a", "type": "int16"},
    ]  # fmt: skip
    (file.parent / "events").mkdir()
    file.write_text(json.dumps(described))
    return bench.given


def open_ephys_with_an_entity_of_a_file(bench: Bench) -> Path:
    open_ephys(bench)
    (file,) = bench.given.rglob("settings.xml")
    entity = f'<!DOCTYPE SETTINGS [<!ENTITY s SYSTEM "file://{bench.secret}">]>'
    file.write_text(f"{entity}<SETTINGS><INFO><DATE>&s;</DATE></INFO></SETTINGS>")
    return bench.given


def spikeglx_that_names_another_file(bench: Bench) -> Path:
    writers.spikeglx(bench.given, TRACES)
    (file,) = bench.given.glob("*.meta")
    lines = [
        f"fileName={bench.secret}" if line.startswith("fileName=") else line
        for line in file.read_text().splitlines()
    ]
    file.write_text("\n".join(lines) + "\n")
    return bench.given


def spikeglx_whose_signal_is_a_link(bench: Bench) -> Path:
    writers.spikeglx(bench.given, TRACES)
    (file,) = bench.given.glob("*.bin")
    file.unlink()
    file.symlink_to(bench.secret)
    return bench.given


def intan(bench: Bench) -> Path:
    writers.intan_per_signal(bench.given / "intan", TRACES)
    return bench.given / "intan"


def intan_whose_signal_is_a_link(bench: Bench) -> Path:
    """Given by its header: the folder of that is not the input."""
    folder = intan(bench)
    (folder / "amplifier.dat").unlink()
    (folder / "amplifier.dat").symlink_to(bench.secret)
    return folder / "info.rhd"


def intan_whose_clock_is_a_link(bench: Bench) -> Path:
    folder = intan(bench)
    (folder / "time.dat").unlink()
    (folder / "time.dat").symlink_to(bench.secret)
    return folder / "info.rhd"


def intan_whose_channels_lie_elsewhere(bench: Bench) -> Path:
    """Names of channels in the header, from which names of files are made."""
    folder = bench.given / "intan"
    writers.intan_per_channel(folder, TRACES)
    (folder / "amp-A-000.dat").unlink()
    (folder / "amp-A-000.dat").symlink_to(bench.secret)
    return folder / "info.rhd"


def blackrock_whose_events_are_a_link(bench: Bench) -> Path:
    writers.blackrock(bench.given / "rec.ns5", TRACES, period=1)
    (bench.given / "rec.nev").symlink_to(bench.secret)
    return bench.given / "rec.ns5"


def neuralynx_that_names_another_file(bench: Bench) -> Path:
    folder = bench.given / "session"
    writers.neuralynx(folder, TRACES)
    for file in folder.glob("*.ncs"):
        content = file.read_bytes()
        head = content[:16384].rstrip(b"\0")
        head = head.replace(b"## File Name: CSC.ncs", f"## File Name: {bench.secret}".encode())
        head = head.replace(b"-AcqEntName ", f"-AcqEntName {bench.secret}".encode())
        file.write_bytes(head.ljust(16384, b"\0") + content[16384:])
    return folder


def nwb_with_a_specification_elsewhere(bench: Bench) -> Path:
    file = bench.given / "recording.nwb"
    writers.nwb(file, TRACES)
    with h5py.File(file, "r+") as root:
        other = h5py.ExternalLink(str(bench.secret.with_name("other.h5")), "film")
        root["specifications/core/2.7.0/namespace"] = other
    return file


def nwb_whose_specification_runs(bench: Bench) -> Path:
    """A specification in the file is not used: nothing is generated from it."""
    file = bench.given / "recording.nwb"
    writers.nwb(file, TRACES)
    code = f"__import__('os').mkdir({str(bench.canary)!r})"
    spec = {"namespaces": [{"name": code, "schema": [{"source": str(bench.secret)}]}]}
    with h5py.File(file, "r+") as root:
        root["specifications/core/2.7.0/namespace"] = json.dumps(spec)
    return file


def phy_folder(bench: Bench) -> Path:
    """phy runs its `params.py`; such a folder is no recording here."""
    code = f"import os; os.mkdir({str(bench.canary)!r})\ndat_path = {str(bench.secret)!r}\n"
    (bench.given / "params.py").write_text(code)
    np.save(bench.given / "spike_times.npy", np.array([Trap(bench.canary)]), allow_pickle=True)
    return bench.given


RECORDINGS: tuple[Maker, ...] = (
    si_folder_of_another_class, si_folder_in_an_absolute_place, si_folder_in_a_relative_place,
    si_folder_with_times_elsewhere, si_folder_of_pointers, si_folder_of_pickles,
    si_folder_with_pickled_times, si_folder_whose_probe_is_a_link, pickled_recording,
    open_ephys_in_an_absolute_place, open_ephys_in_another_folder,
    open_ephys_with_events_elsewhere, open_ephys_with_an_entity_of_a_file,
    spikeglx_that_names_another_file, spikeglx_whose_signal_is_a_link,
    intan_whose_signal_is_a_link, intan_whose_clock_is_a_link, intan_whose_channels_lie_elsewhere,
    blackrock_whose_events_are_a_link, neuralynx_that_names_another_file,
    nwb_with_a_specification_elsewhere, nwb_whose_specification_runs, phy_folder,
    )  # fmt: skip


# -- probes: beside a sound recording


def probe_that_is_python(bench: Bench) -> Path:
    """`.prb` is Python, and probeinterface's reader of it runs it."""
    file = bench.given / "probe.prb"
    file.write_text(f"import os\nos.mkdir({str(bench.canary)!r})\nchannel_groups = {{}}\n")
    return file


def probe_that_is_python_by_another_name(bench: Bench) -> Path:
    return probe_that_is_python(bench).rename(bench.given / "probe.json")


def probe_that_names_files(bench: Bench) -> Path:
    values = {
        "specification": "probeinterface", "version": "0.2.24",
        "probes": [{
            "ndim": 2, "si_units": "um", "annotations": {"file": str(bench.secret)},
            "contact_plane_axes": [[[1.0, 0.0], [0.0, 1.0]]] * 4,
            "contact_positions": [[0.0, 20.0 * n] for n in range(4)],
            "contact_shapes": ["circle"] * 4, "contact_shape_params": [{"radius": 5}] * 4,
            "contact_annotations": {"__reduce__": [str(bench.canary)] * 4},
        }],
    }  # fmt: skip
    (bench.given / "probe.json").write_text(json.dumps(values))
    return bench.given / "probe.json"


PROBES: tuple[Maker, ...] = (
    probe_that_is_python, probe_that_is_python_by_another_name, probe_that_names_files,
)  # fmt: skip
