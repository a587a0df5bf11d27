"""Sortings that other programs made: by which files a folder is one, and who reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.result_files import read_object_if_sound

PHY_SPIKES = "spike_times.npy"


@dataclass(frozen=True)
class SortingKind:
    """A kind of sortings made elsewhere.

    Attributes:
        name: in files and for the command line.
        title: what people call it.
        recognise: whether a path is one, by a few small files.
        location: of its reader, `(path, parameters) -> Found`, as `module:function`.
    """

    name: str
    title: str
    recognise: Callable[[Path], bool]
    location: str


def _is_phy(path: Path) -> bool:
    spikes = ("spike_clusters.npy", "spike_templates.npy")
    return (path / PHY_SPIKES).is_file() and any((path / name).is_file() for name in spikes)


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


KINDS: tuple[SortingKind, ...] = (
    SortingKind(
        "phy",
        "phy or Kilosort folder",
        _is_phy,
        "pipelines.spikes.elsewhere.phy:read_phy",
    ),
    SortingKind(
        "analyzer-zarr",
        "SortingAnalyzer (zarr)",
        _is_analyzer_in_zarr,
        "pipelines.spikes.elsewhere.analyzer:read_analyzer",
    ),
    SortingKind(
        "analyzer-folder",
        "SortingAnalyzer (folder)",
        _is_analyzer_folder,
        "pipelines.spikes.elsewhere.analyzer:read_analyzer",
    ),
)


def kind_of(path: Path) -> SortingKind | None:
    """What a path is, by the names of its files; none if it is no sorting made elsewhere."""
    try:
        return next((kind for kind in KINDS if kind.recognise(path)), None)
    except OSError:
        return None
