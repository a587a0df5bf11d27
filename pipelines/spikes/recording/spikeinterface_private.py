"""What is used of SpikeInterface beside its documented interface, all of it here.

That is why `requirements.txt` pins it to one minor version; a test holds each of these to what it
does, and another that no other module names them.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from spikeinterface.core import BaseRecording, SortingAnalyzer

SORTERS = {
    "tridesclous2": ("tridesclous2", "Tridesclous2Sorter"),
    "spykingcircus2": ("spyking_circus2", "Spykingcircus2Sorter"),
    "lupin": ("lupin", "LupinSorter"),
    "simple": ("simplesorter", "SimpleSorter"),
}
"""Module and class of SpikeInterface's own sorters."""
WITHOUT_RESULTS = ("params", "info", "run_info")
"""Files of an analyzer's extension that hold no results, without their suffix."""


def hand_over(analyzer: "SortingAnalyzer", extension: Any, **arrays: NDArray[Any]) -> None:
    """Give an analyzer the results of an extension as if it had computed them.

    Args:
        analyzer: that gets them.
        extension: made for it, with its parameters set.
        arrays: its results, by their names.
    """
    extension.data |= arrays
    extension.run_info = {"run_completed": True, "runtime_s": 0.0}
    analyzer.extensions[extension.extension_name] = extension


def arguments_of(recording: "BaseRecording") -> dict[str, Any]:
    """What a recording was made with."""
    arguments: dict[str, Any] = recording._kwargs
    return arguments


def made_with(recording: "BaseRecording", **arguments: Any) -> None:
    """Say of a recording of a class of ours what it was made with, and is to be made with again."""
    recording._kwargs = arguments


def only_here(recording: "BaseRecording") -> None:
    """Mark a recording of a class of ours: nothing describes it to another process."""
    recording._serializability = {"memory": False, "json": False, "pickle": False}
    made_with(recording)


def sorter_class(name: str) -> type[Any]:
    """One of SpikeInterface's own sorters: a key of `SORTERS`.

    `run_sorter` would refuse lupin without torch, although it runs without.
    """
    from importlib import import_module

    module, found = SORTERS[name]
    sorter: type[Any] = getattr(import_module(f"spikeinterface.sorters.internal.{module}"), found)
    return sorter


def run_sorter_on(
    sorter: type[Any], recording: "BaseRecording", output: Path, values: dict[str, Any]
) -> NDArray[Any]:
    """Run a sorter with a recording in its hand; the spike vector.

    `run_sorter` would write the recording's description, or a pickle of it, to disk and read it
    back.

    Args:
        sorter: from `sorter_class`.
        recording: that it sorts.
        output: an empty folder.
        values: all its parameters.

    Returns:
        Records (spike,) with `sample_index`, `unit_index` and `segment_index`.
    """

    def load(*_: Any, **__: Any) -> "BaseRecording":
        return recording

    replaced = {"load_recording_from_folder": staticmethod(load)}
    holding: Any = type(sorter.__name__, (sorter,), replaced)
    spikes: NDArray[Any] = holding._run_from_folder(output, values, False).to_spike_vector()
    return spikes


def with_noise_of_one(signal: "BaseRecording") -> "BaseRecording":
    """A float32 signal marked to have a noise of one, for a sorter that measures without a seed.

    It asks for the signal as float32 first, which it is, and would lose the mark with that copy.
    """
    ones = np.ones(signal.get_num_channels(), dtype=np.float32)
    signal.set_property("noise_level_mad_raw", ones)
    signal.astype = lambda *_, **__: signal
    return signal


def isosplit(points: NDArray[Any], n_init: int, seed: int) -> NDArray[np.intp]:
    """ISO-SPLIT (arXiv:1508.04841): the cluster of each point, shape (point,).

    Args:
        points: shape (point, feature).
        n_init: clusters that it begins with.
        seed: of its k-means.
    """
    from spikeinterface.sortingcomponents.clustering.isosplit_isocut import isosplit as run

    return np.asarray(run(points, n_init=n_init, seed=seed), dtype=np.intp)
