"""The result of an export: what was written, and the files."""

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.results import common

WHAT_NEXT: Mapping[str, str] = {
    "phy": "Unpack the zip and open its result folder with: phy template-gui params.py. The raw "
    "signal is not in it; to see it, set dat_path in params.py to the file.",
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


def view(job: Job) -> Component:
    """The whole result."""
    found = common.headline(job)
    figures = common.stats(
        {
            "Units": common.number(found["n_units"]),
            "Spikes": common.number(found["n_spikes"]),
            "Format": found["format"],
        }
    )
    everything = html.A("Everything as zip", href=f"/jobs/{job.id}/everything.zip")
    files = sorted(path.name for path in common.folder(job.id).iterdir() if path.is_file())
    links = [common.download(job, name, name) for name in files]
    hint = html.P(WHAT_NEXT[found["format"]], className="hint")
    downloads = html.Div([everything, *links], className="downloads")
    return html.Div([figures, hint, downloads], className="card")
