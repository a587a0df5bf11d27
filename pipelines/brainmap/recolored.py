"""A finished map in other colours: nothing is read from the images or clustered again."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.brainmap.clusters import choose_k
from pipelines.brainmap.clusters.sweep import EvidencePerK, Groups, Sweep
from pipelines.brainmap.map import folder as map_folder
from pipelines.brainmap.map.folder import FinishedMap, open_map
from pipelines.brainmap.parameters import COLOR_PARAMETERS, BrainmapParameters
from pipelines.core.errors import InputError, ParameterError
from pipelines.files.reading import reading

KEPT = (
    map_folder.LABELS,
    map_folder.SIMILARITY,
    map_folder.MEAN,
    map_folder.DEVIATION,
    map_folder.SERIES.name,
    map_folder.VOXELS.name,
    map_folder.LABELS_BY_K.name,
    map_folder.SIMILARITY_BY_K.name,
)
"""Files that do not depend on colours."""


def open_earlier(folder: Path, parameters: BrainmapParameters) -> FinishedMap:
    """A map that differs from what is wanted in its colours only.

    Raises:
        InputError: it is no finished map, or has no record.
        ParameterError: it was made with other parameters.
    """
    found = open_map(folder)
    if not found.record:
        raise InputError(f"{folder} does not say how it was made: map the images again.")
    with reading(folder, InputError, map_folder.ADVICE, "record of a map"):
        before = BrainmapParameters.parse_stored(found.record["parameters"])[0]
    for name in BrainmapParameters.model_fields:
        if name not in COLOR_PARAMETERS and getattr(before, name) != getattr(parameters, name):
            raise ParameterError(
                f"{name}: the earlier map has {getattr(before, name)}, so more than its colours "
                "would be different: map the images anew, without it."
            )
    return found


def sweep_of(found: FinishedMap) -> Sweep:
    """All numbers of clusters of a finished map, as they were when it was made."""
    table = found.sweep
    groups = [
        Groups(
            found.centroids_of(k),
            found.sizes_of(k),
            float(row["inertia"]),
            float(row["error_distance"]),
            float(row["error_similarity"]),
        )
        for k, (_, row) in zip(found.ks, table.iterrows(), strict=True)
    ]
    held_out = choose_k.HeldOut(
        *(
            table[name].to_numpy(float)
            for name in ("train_error", "test_error", "crossvalidated_error")
        )
    )
    evidence = EvidencePerK(
        table["stability_ari"].to_numpy(float), table["bic"].to_numpy(float), held_out
    )
    reason = str(found.record["results"].get("k_reason", ""))
    return Sweep(found.ks, groups, evidence, found.place(None), reason)


def take_over(found: FinishedMap, folder: Path) -> None:
    """Copy what does not depend on colours into the folder of a new map."""
    for name in KEPT:
        shutil.copyfile(found.folder / name, folder / name)


def results_of(found: FinishedMap, changed: Mapping[str, Any]) -> dict[str, Any]:
    """The headline figures of the earlier map with those that colours change."""
    return {**found.record["results"], **changed}
