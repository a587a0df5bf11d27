"""What the result of a step says in one sentence, from its headline figures."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.core.words import counted

Results = Mapping[str, Any]


def units(found: Results) -> str:
    """Of a sorting, or of units as curated with their labels."""
    labels = Counter(found.get("labels") or {})
    del labels["unlabelled"]
    counts = [f"{number} {label}" for label, number in labels.items()]
    failed = found.get("groups_failed", 0)
    lost = [f"{counted(failed, 'group')} could not be sorted"] if failed else []
    return ", ".join([counted(found["n_units"], "unit"), *counts, *lost])


def clusters_of_voxels(found: Results) -> str:
    """Of a map."""
    return f"{counted(found['k'], 'cluster')} of {counted(found['n_kept'], 'voxel')}"


def clusters_of_synapses(found: Results) -> str:
    """Of a fit."""
    noise = found.get("n_noise", 0)
    text = f"{counted(found['n_clusters'], 'cluster')} of {found['n_in_group']:,} rows"
    return f"{text}, {noise:,} in none" if noise else text


def predicted(found: Results) -> str:
    """Of predictions."""
    unlike = found.get("n_outliers", 0)
    text = f"{found['n_predicted']:,} of {counted(found['n_rows'], 'row')} predicted"
    return f"{text}, {unlike:,} unlike the known" if unlike else text


def trained(found: Results) -> str:
    """Of a classifier of synapses."""
    return f"Classifier right for {found['accuracy']:.0%} of synapses that it did not know"


def checked(found: Results) -> str:
    """Of a checked table."""
    usable = found["n_rows"] - found["n_rejected"]
    return f"{usable:,} of {counted(found['n_rows'], 'row')} can be used"


def recorded(found: Results) -> str:
    """Of a first look at a recording."""
    channels = counted(found["n_channels"], "channel")
    return f"{channels}, {found['duration_s']:,.0f} s, not sorted yet"


def filmed(found: Results) -> str:
    """Of a first look at images."""
    return f"{counted(found['n_voxels'], 'voxel')}, {found['shape'][-1]:,} times, not mapped yet"


ANSWERS: Mapping[str, Callable[[Results], str]] = {
    "spikes curate": units,
    "spikes sort": units,
    "spikes look": recorded,
    "brainmap fit": clusters_of_voxels,
    "brainmap look": filmed,
    "synapses fit": clusters_of_synapses,
    "synapses predict": predicted,
    "synapses train": trained,
    "synapses check": checked,
}
"""What the result of a step says; within a subject, what a person waits for comes first."""


def answer(task: str, results: Results) -> str:
    """What a result says; nothing if its step has no sentence, or the record is of no use."""
    try:
        return ANSWERS[task](results) if task in ANSWERS else ""
    except (KeyError, TypeError, ValueError, IndexError):
        return ""  # damaged, or of an early version
