"""Clusters series on an engine, in many small tasks, and says when each pass begins.

python -m tests.pipelines.brainmap.engine_run ADDRESS SERIES.npy OUT.npz
"""

import sys
from pathlib import Path

import numpy as np

from pipelines.brainmap.engine import Cut, engine_at
from pipelines.brainmap.kmeans import grouped_by
from pipelines.brainmap.lloyd import describe, refine

SMALL = Cut(values=20_000, blocks=3, tasks=2)
PASSES = 3


def main() -> None:
    """Refine two sets of centroids and describe the voxels."""
    address, file, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with engine_at(address) as engine:
        engine.cut = SMALL  # type: ignore[attr-defined]
        series = engine.take(file)
        starts = [series[:8].astype(float), series[:30].astype(float)]
        told = lambda _share, sentence: print(sentence, flush=True)  # noqa: E731
        found = refine(engine, series, starts, PASSES, report=told)
        labels, similarity, sums = [], [], []
        for _, [first, second] in engine.each(describe, series, found):
            labels.append((first.labels, second.labels))
            similarity.append((first.similarity, second.similarity))
            sums.append((first.sums, second.sums))
        whole = grouped_by(found[0], series, engine)
    np.savez(
        out,
        labels=np.concatenate(labels, axis=1),
        similarity=np.concatenate(similarity, axis=1),
        sums=np.array(sums),
        small=found[0].centroids,
        large=found[1].centroids,
        whole=whole.labels,
        inertia=whole.inertia,
    )


if __name__ == "__main__":
    main()
