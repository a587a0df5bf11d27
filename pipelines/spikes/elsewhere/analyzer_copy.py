"""SpikeInterface's analyzer written anew, from the arrays and tables that were read of another.

Nothing of the other is copied as it lies on disk, so that the sorting's folder holds no pickle,
no class to import and no link.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from spikeinterface.core import (
    BaseRecording,
    ChannelSparsity,
    NumpySorting,
    SortingAnalyzer,
    get_available_analyzer_extensions,
)
from spikeinterface.core.base import minimum_spike_dtype
from spikeinterface.core.sortinganalyzer import get_extension_class
from spikeinterface.preprocessing import bandpass_filter

from pipelines.core.errors import NeuroboardError
from pipelines.files.reading import short
from pipelines.spikes.elsewhere.analyzer import rec_attributes
from pipelines.spikes.elsewhere.analyzer_files import StoredAnalyzer
from pipelines.spikes.elsewhere.found import Found, few
from pipelines.spikes.formats.segments import in_segments
from pipelines.spikes.recording.spikeinterface_private import hand_over
from pipelines.spikes.signal.preprocess import BandPass


def write_analyzer(found: Found, signal: BandPass | None, folder: Path) -> list[str]:
    """Write an analyzer in zarr with all extensions that were read.

    Args:
        found: with the analyzer that was read.
        signal: the filtered recording, if there is one.
        folder: that is made.

    Returns:
        What is to be said about it.
    """
    stored = found.analyzer
    if stored is None:
        return []
    if len(found.trains.order) != len(stored.sample_index):
        return [f"{folder.name} is left out, for some of its spikes are."]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a missing recording, and main channels
            analyzer, lost = _analyzer(found, stored, signal)
            kept = analyzer.select_units(found.trains.units.astype(np.int64).tolist())
            kept.save_as(folder=folder, format="zarr")
    except (NeuroboardError, MemoryError):
        raise
    # What SpikeInterface cannot take of an analyzer it says in its own way, and the other files
    # are worth having without it.
    except Exception as error:
        why = f"because SpikeInterface cannot write it: {short(error)}"
        return [f"{folder.name} is left out, {why}."]
    if lost:
        return [f"{folder.name} lacks the extensions {few(lost)}: they are not known, or empty."]
    return []


def _analyzer(
    found: Found, stored: StoredAnalyzer, signal: BandPass | None
) -> tuple[SortingAnalyzer, list[str]]:
    """The analyzer as it was, under the numbers that units have here; and what it lacks."""
    numbers = _numbers(found, stored)
    spikes = np.zeros(len(stored.sample_index), dtype=minimum_spike_dtype)
    for name in ("sample_index", "unit_index", "segment_index"):
        spikes[name] = getattr(stored, name)
    sorting = NumpySorting(spikes, found.rate_hz, numbers)
    for name, values in stored.properties.items():
        if len(values) == len(numbers) and values.dtype.kind != "O":
            sorting.set_property(name, np.array(values))
    recording = _recording(found, stored, signal)
    about = rec_attributes(stored)
    if recording is not None:
        about["channel_ids"] = recording.channel_ids
    sparsity = None
    if stored.sparsity is not None:
        sparsity = ChannelSparsity(stored.sparsity, numbers, np.array(about["channel_ids"]))
    settings = stored.settings
    analyzer = SortingAnalyzer.create_memory(
        sorting, recording, sparsity,
        bool(settings.get("return_in_uV", settings.get("return_scaled", True))),
        settings.get("peak_sign", "both"), settings.get("peak_mode", "extremum"), about,
    )  # fmt: skip
    return analyzer, _add_extensions(analyzer, stored, numbers)


def _numbers(found: Found, stored: StoredAnalyzer) -> NDArray[np.int64]:
    """The number here of every unit that was read; spare ones for units without spikes."""
    units = np.asarray(stored.unit_index, dtype=np.int64)[found.trains.order]
    numbers = np.full(len(stored.unit_ids), -1, dtype=np.int64)
    numbers[units] = found.trains.unit_id
    spare = numbers < 0
    numbers[spare] = numbers.max() + 1 + np.arange(spare.sum())
    return numbers


def _recording(
    found: Found, stored: StoredAnalyzer, signal: BandPass | None
) -> BaseRecording | None:
    """The recording, if its channels stand as those of the analyzer do."""
    if signal is None or found.channel_names != tuple(map(str, stored.recorded["channel_ids"])):
        return None
    parts = in_segments(signal.recording)
    return bandpass_filter(
        parts, freq_min=signal.freq_min, freq_max=signal.freq_max, dtype="float32"
    )


def _add_extensions(
    analyzer: SortingAnalyzer, stored: StoredAnalyzer, numbers: NDArray[np.int64]
) -> list[str]:
    """Hand over what was read; the names of those that are left out."""
    known, lost = get_available_analyzer_extensions(), list[str]()
    for name, one in stored.extensions.items():
        if name not in known or not one.data:
            lost.append(name)
            continue
        extension = get_extension_class(name)(analyzer)
        extension.params = dict(one.params)
        data = {key: _renumbered(value, numbers) for key, value in one.data.items()}
        hand_over(analyzer, extension, **data)
    return lost


def _renumbered(value: Any, numbers: NDArray[np.int64]) -> Any:
    """A table of units under the numbers that they have here; anything else as it is."""
    if isinstance(value, pd.DataFrame) and len(value) == len(numbers):
        return value.set_axis(pd.Index(numbers), axis="index")
    return np.array(value) if isinstance(value, np.memmap) else value
