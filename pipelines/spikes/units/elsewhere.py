"""Sortings that other programs made, a row each; the first that recognises a path reads it.

Rows need no library of sortings, so that pages can ask them; see `pipelines.core.formats`. A reader
is called as `(path, parameters) -> Found` of `pipelines/spikes/elsewhere/found.py`.
"""

from collections.abc import Callable
from pathlib import Path

from pipelines.core.formats import Format
from pipelines.core.result_files import read_object_if_sound
from pipelines.files import hdf5

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


def _is_analyzer_folder(path: Path) -> bool:
    return (path / "sorting" / "numpysorting_info.json").is_file() and (
        path / "recording_info" / "recording_attributes.json"
    ).is_file()


def _is_saved(path: Path) -> bool:
    if (path / "numpysorting_info.json").is_file() or (path / "sorting_cached.npz").is_file():
        return True
    spikes = path / "spikes" / "unit_index"
    return (path / ".zgroup").is_file() and spikes.is_dir() and (path / "unit_ids").is_dir()


def _has_units(path: Path) -> bool:
    """A file of NWB that was opened to see what it calls its parts; one of a recording has none."""
    return path.is_file() and path.suffix.lower() == ".nwb" and "units" in hdf5.names(path)


def _is_blech(path: Path) -> bool:
    named = path.is_file() and path.suffix.lower() in (".h5", ".hdf5")
    return named and "sorted_units" in hdf5.names(path)


def _not(is_kind: Callable[[Path], bool]) -> Callable[[Path], bool]:
    """What rules a path out of a kind that is wholly told by a look at it."""
    return lambda path: not is_kind(path)


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
        rules_out=_not(_is_analyzer_in_zarr),
        is_uploaded=False,
    ),
    Format(
        "analyzer-folder",
        "SortingAnalyzer (folder)",
        "pipelines.spikes.elsewhere.analyzer:read_analyzer",
        marks=(INFO,),
        recognises=_is_analyzer_folder,
        rules_out=_not(_is_analyzer_folder),
        is_uploaded=False,
    ),
    Format(
        "saved-sorting",
        "sorting saved by SpikeInterface",
        "pipelines.spikes.elsewhere.saved:read_saved",
        marks=("numpysorting_info.json", "sorting_cached.npz", ".zgroup"),
        recognises=_is_saved,
        rules_out=_not(_is_saved),
        is_uploaded=False,
    ),
    Format(
        "nwb-units",
        "NWB units",
        "pipelines.spikes.elsewhere.saved:read_nwb",
        suffixes=(".nwb",),
        recognises=_has_units,
        rules_out=_not(_has_units),
        is_uploaded=False,
    ),
    Format(
        "blech-hdf5",
        "blech_clust (HDF5)",
        "pipelines.spikes.elsewhere.blech:read_blech",
        suffixes=(".h5", ".hdf5"),
        recognises=_is_blech,
        rules_out=_not(_is_blech),
        is_uploaded=False,
    ),
)


def kind_of(path: Path) -> Format | None:
    """What a path is, by the names of its files; none if it is no sorting made elsewhere."""
    try:
        return next((row for row in ELSEWHERE if row.recognise(path)), None)
    except OSError:
        return None
