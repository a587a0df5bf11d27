"""What sorted units are written as, and the tables of units that are read, a row for each kind."""

from pathlib import Path

from pipelines.core.formats import Format
from pipelines.spikes.units.files import SORT_FILE, UNITS

SORTINGS = (
    Format(
        "phy",
        "phy",
        write="pipelines.spikes.export.export:write_phy",
        about="a folder that phy's template-gui opens",
        then="Unpack the zip and open its result folder with: phy template-gui params.py. The raw "
        "signal is read from the recording's own file if that is a plain binary one and this "
        "computer can reach it; set dat_path in params.py when it lies elsewhere.",
        leaves={
            "params.py": "settings; phy opens the folder by it",
            "spike_times.npy": "time of every spike, in samples",
            "spike_seconds.npy": "time of every spike, in seconds of the recording's own clock",
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
        },
    ),
    Format(
        "nwb",
        "NWB",
        write="pipelines.spikes.export.nwb:write_nwb",
        about="units for Neurodata Without Borders",
        then="Any NWB reader opens units.nwb, such as pynwb or NWB Widgets. Its start time is that "
        "of the sorting.",
        leaves={
            "units.nwb": "spike times, mean waveforms, electrodes and labels",
        },
    ),
    Format(
        "curation-json",
        "SpikeInterface curation",
        write="pipelines.spikes.export.export:write_curation",
        about="labels for SpikeInterface's curation",
        then="SpikeInterface reads curation.json with load_curation and shows it in its viewer.",
        leaves={
            "curation.json": "labels of the units",
        },
    ),
    Format(
        "blech-hdf5",
        "blech_clust (HDF5)",
        write="pipelines.spikes.export.blech:write_blech",
        about="/sorted_units as blech_clust writes them, with every waveform, for which the "
        "recording must be there",
        then="sorted_units.h5 holds /sorted_units and /unit_descriptor as blech_clust writes them, "
        "with every waveform on the unit's largest channel.",
        leaves={
            "sorted_units.h5": "spike times and waveforms of every unit",
        },
    ),
    Format(
        "csv",
        "tables (CSV)",
        write="pipelines.spikes.export.export:write_csv",
        about="spike times in seconds, the table of units and a sort file",
        then="spike_times.csv has one row per spike, in seconds; units.csv one row per unit. "
        "sort_file.csv replays the units with: spikes sort RECORDING --sort-file sort_file.csv.",
        leaves={
            "spike_times.csv": "a row per spike: time, sample, unit",
            "segments.csv": "a row per segment of the recording: when it began and how long it is",
            UNITS: "a row per unit, with its metrics, label and the place of its channel on disk",
            SORT_FILE: "decisions that replay these units",
        },
    ),
    Format(
        "zarr",
        "zarr",
        write="pipelines.spikes.export.zarr:write_zarr",
        about="arrays",
        then="Unpack the zip and open units.zarr with zarr.open_group: spikes, mean waveforms and "
        "the table of units as plain arrays.",
    ),
)
"""Files of other programs."""
TEXT = Format(
    "csv",
    "text with separators",
    "pipelines.spikes.units.unit_tables:read_table",
    suffixes=(".csv", ".tsv", ".tab"),
)
TABLES = (
    Format("xlsx", "Excel", "pipelines.spikes.labels.metric_table:read_xlsx", suffixes=(".xlsx",)),
    TEXT,
    Format(
        "parquet",
        "Parquet",
        "pipelines.spikes.labels.metric_table:read_parquet",
        suffixes=(".parquet",),
    ),
)
"""Tables of metrics or labels, a unit a row."""


def table_format(file: Path) -> Format:
    """The kind of a table, by its name; text if the name does not tell."""
    return next((row for row in TABLES if file.suffix.lower() in row.suffixes), TEXT)
