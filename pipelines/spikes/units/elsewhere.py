"""Sortings that other programs made, a row each; the first that recognises a path reads it.

Rows need no library of sortings, so that pages can ask them; see `pipelines.core.formats`. A reader
is called as `(path, parameters) -> Found` of `pipelines/spikes/elsewhere/found.py`.
"""

from pathlib import Path

from pipelines.core.formats import Format
from pipelines.core.result_files import read_object_if_sound

PHY_SPIKES = "spike_times.npy"
INFO = "spikeinterface_info.json"


def _is_phy(path: Path) -> bool:
    spikes = ("spike_clusters.npy", "spike_templates.npy")
    return (path / PHY_SPIKES).is_file() and any((path / name).is_file() for name in spikes)


def _is_no_list_of_spikes(file: Path) -> bool:
    return file.name != PHY_SPIKES or not _is_phy(file.parent)


def _is_analyzer_in_zarr(path: Path) -> bool:
    if not (path / ".zgroup").is_file() or not (path / "sorting").is_dir():
        return False
    info = read_object_if_sound(path / ".zattrs").get("spikeinterface_info")
    said = isinstance(info, dict) and info.get("object") == "SortingAnalyzer"
    return said or (path / "recording_info" / ".zattrs").is_file()


def _is_no_analyzer_in_zarr(path: Path) -> bool:
    return not _is_analyzer_in_zarr(path)


def _is_analyzer_folder(path: Path) -> bool:
    return (path / "sorting" / "numpysorting_info.json").is_file() and (
        path / "recording_info" / "recording_attributes.json"
    ).is_file()


def _is_no_analyzer_folder(path: Path) -> bool:
    return not _is_analyzer_folder(path)


PHY = Format(
    "phy",
    "phy or Kilosort folder",
    "pipelines.spikes.elsewhere.phy:read_phy",
    suffixes=(".npy",),
    stands="folder",
    recognises=_is_phy,
    rules_out=_is_no_list_of_spikes,
    is_uploaded=False,
)
ELSEWHERE = (
    PHY,
    Format(
        "analyzer-zarr",
        "SortingAnalyzer (zarr)",
        "pipelines.spikes.elsewhere.analyzer:read_analyzer",
        marks=(".zgroup",),
        recognises=_is_analyzer_in_zarr,
        rules_out=_is_no_analyzer_in_zarr,
        is_uploaded=False,
    ),
    Format(
        "analyzer-folder",
        "SortingAnalyzer (folder)",
        "pipelines.spikes.elsewhere.analyzer:read_analyzer",
        marks=(INFO,),
        recognises=_is_analyzer_folder,
        rules_out=_is_no_analyzer_folder,
        is_uploaded=False,
    ),
)


def kind_of(path: Path) -> Format | None:
    """What a path is, by the names of its files; none if it is no sorting made elsewhere."""
    try:
        return next((row for row in ELSEWHERE if row.recognise(path)), None)
    except OSError:
        return None
