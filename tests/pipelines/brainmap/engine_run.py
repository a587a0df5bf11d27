"""Imports a film and clusters series on an engine, in many small tasks, and says what happens.

python -m tests.pipelines.brainmap.engine_run ADDRESS FILM.npy SERIES.npy OUT.npz
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.brainmap.clusters.kmeans import grouped_by, quality
from pipelines.brainmap.clusters.lloyd import describe, refine
from pipelines.brainmap.clusters.mixture import mixtures
from pipelines.brainmap.engines.active_on_cluster import find_active_on
from pipelines.brainmap.engines.engine import Cut, Engine, Local, engine_at
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels import store
from pipelines.brainmap.voxels.active import find_active
from pipelines.brainmap.voxels.stored import AnySeries

SMALL = Cut(values=20_000, blocks=3, tasks=2)
PASSES = 3


def say(_share: float, sentence: str) -> None:
    """Print what happens."""
    print(sentence, flush=True)


def imported(engine: Engine, film: Path) -> dict[str, Any]:
    """The voxels of a film that vary, imported time point by time point on a cluster."""
    store.BATCH_BYTES, store.BLOCK_VALUES = 1, 9_000
    images, values = open_images(film), BrainmapParameters.parse({"std_threshold": 0.395})
    with tempfile.TemporaryDirectory(dir=film.parent) as name:
        folder = Path(name)
        if isinstance(engine, Local):
            found = find_active(images, values, folder, say)
        else:
            found = find_active_on(engine, images, values, folder, say)
        kept = np.load(folder / "series.npy")
    return {"kept": kept, "voxels": found.voxels, "deviation": found.deviation, "mean": found.mean}


def clustered(engine: Engine, series: AnySeries) -> dict[str, Any]:
    """Two sets of centroids, refined, and what they say of the voxels."""
    starts = [series[:8].astype(float), series[:30].astype(float)]
    found = refine(engine, series, starts, PASSES, report=say)
    labels, similarity, sums = [], [], []
    for _, [first, second] in engine.each(describe, series, found):
        labels.append((first.labels, second.labels))
        similarity.append((first.similarity, second.similarity))
        sums.append((first.sums, second.sums))
    whole = grouped_by(found[0], series, engine)
    return {
        "labels": np.concatenate(labels, axis=1),
        "similarity": np.concatenate(similarity, axis=1),
        "sums": np.array(sums),
        "small": found[0].centroids,
        "large": found[1].centroids,
        "whole": whole.labels,
        "inertia": whole.inertia,
    }


def mixed(engine: Engine, series: AnySeries) -> dict[str, Any]:
    """A mixture of Gaussians, and how alike the voxels are to their centroids."""
    [mixture] = mixtures(series, [6], seed=0, engine=engine)
    fit = quality(series, mixture.clustering, engine)
    return {
        "mixture": mixture.clustering.labels,
        "mixture_centroids": mixture.clustering.centroids,
        "mixture_inertia": mixture.clustering.inertia,
        "alike": fit.similarity,
        "distance": fit.error_distance,
    }


def main() -> None:
    """Do everything and write what was found."""
    address, film, file, out = sys.argv[1], *map(Path, sys.argv[2:])
    with engine_at(address) as engine:
        engine.cut = SMALL  # type: ignore[attr-defined]
        series = engine.take(file)
        found = imported(engine, film) | clustered(engine, series) | mixed(engine, series)
    np.savez(out, **found)


if __name__ == "__main__":
    main()
