"""The result of an export: what was written, what to do with it, and every file."""

from collections.abc import Mapping
from pathlib import Path

from dash import html
from dash.development.base_component import Component

from dashboard import shell
from dashboard.jobs.store import Job
from dashboard.results import common

NAMES: Mapping[str, str] = {
    "phy": "phy",
    "curation-json": "SpikeInterface curation",
    "csv": "tables (CSV)",
    "nwb": "NWB",
    "blech-hdf5": "blech_clust (HDF5)",
    "zarr": "zarr",
}
WHAT_NEXT: Mapping[str, str] = {
    "phy": "Unpack the zip and open its result folder with: phy template-gui params.py. The raw "
    "signal is read from the recording's own file if that is a plain binary one and this computer "
    "can reach it; set dat_path in params.py when it lies elsewhere.",
    "curation-json": "SpikeInterface reads curation.json with load_curation and shows it in its "
    "viewer.",
    "csv": "spike_times.csv has one row per spike, in seconds; units.csv one row per unit. "
    "sort_file.csv replays the units with: spikes sort RECORDING --sort-file sort_file.csv.",
    "nwb": "Any NWB reader opens units.nwb, such as pynwb or NWB Widgets. Its start time is that "
    "of the sorting.",
    "blech-hdf5": "sorted_units.h5 holds /sorted_units and /unit_descriptor as blech_clust writes "
    "them, with every waveform on the unit's largest channel.",
    "zarr": "Unpack the zip and open units.zarr with zarr.open_group: spikes, mean waveforms and "
    "the table of units as plain arrays.",
}
HOLDS: Mapping[str, str] = {
    "params.py": "settings; phy opens the folder by it",
    "spike_times.npy": "time of every spike, in samples",
    "spike_clusters.npy": "unit of every spike",
    "spike_templates.npy": "template of every spike, counted from 0",
    "amplitudes.npy": "scale of every spike's template, all 1",
    "templates.npy": "mean waveform of every unit, in µV",
    "similar_templates.npy": "cosine of every two mean waveforms",
    "cluster_group.tsv": "label of every unit",
    "channel_map.npy": "place of each channel in the recording as it lies on disk",
    "channel_positions.npy": "places of the channels, in µm",
    "whitening_mat.npy": "none was applied: the identity",
    "whitening_mat_inv.npy": "likewise",
    "curation.json": "labels of the units",
    "spike_seconds.npy": "time of every spike, in seconds of the recording's own clock",
    "spike_times.csv": "a row per spike: time, sample, unit",
    "segments.csv": "a row per segment of the recording: when it began and how long it is",
    "units.csv": "a row per unit, with its metrics, label and the place of its channel on disk",
    "sort_file.csv": "decisions that replay these units",
    "units.nwb": "spike times, mean waveforms, electrodes and labels",
    "sorted_units.h5": "spike times and waveforms of every unit",
    "methods.txt": "the paragraph below",
    "thresholds.json": "limits that the labellers used",
    "run.json": "what was done with which input, versions and parameters",
}
"""What each file is, by its name."""


def view(job: Job) -> Component:
    """The whole result."""
    found = common.headline(job)
    folder = common.folder(job.id)
    figures = common.stats(
        {
            "Units": common.number(found["n_units"]),
            "Spikes": common.number(found["n_spikes"]),
            "Format": NAMES[found["format"]],
        }
    )
    everything = html.A("Everything as zip", href=f"/jobs/{job.id}/everything.zip")
    head = html.Div(
        [
            figures,
            html.P(WHAT_NEXT[found["format"]], className="hint"),
            html.Div(everything, className="downloads"),
        ],
        className="card",
    )
    return html.Div(
        [head, html.Div([_files(job, folder), _methods(folder)], className="card stack")]
    )


def _files(job: Job, folder: Path) -> Component:
    rows = [
        html.Tr(
            [
                html.Th(_file(job, path), scope="row"),
                html.Td(f"{HOLDS.get(path.name, 'arrays, in the zip')} ({_size(path)})"),
            ]
        )
        for path in sorted(folder.iterdir())
    ]
    return html.Div([html.H2("Files"), shell.table(("file", "holds"), rows)])


def _file(job: Job, path: Path) -> Component | str:
    return common.download(job, path.name, path.name) if path.is_file() else f"{path.name}/"


def _size(path: Path) -> str:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    size = sum(one.stat().st_size for one in files)
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"


def _methods(folder: Path) -> Component | None:
    file = folder / "methods.txt"
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    return html.Div([html.H2("For your methods section"), html.P(text)])
