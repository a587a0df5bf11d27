"""One more clusterer of voxels and one of synapses, each one row, and where they are then found.

Run in a process of its own, with a folder: the form's choices are made when the rows are read. It
prints a word and the answer for each place.
"""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from pipelines.brainmap import clusterers as of_voxels
from pipelines.synapses import clusterers as of_synapses

HERE = "tests.throwaway.clusterers"
FILM = np.random.default_rng(0).random((12, 8, 10), dtype=np.float32) + 1


def add() -> None:
    """The rows; nothing has read those that are there."""
    of_voxels.CLUSTERERS["turns"] = of_voxels.VoxelClusterer(
        "turns",
        "voxels in turn",
        "takes voxels in turn",
        f"{HERE}:in_turn",
        own_criterion=True,
    )
    of_synapses.CLUSTERERS["thirds"] = of_synapses.SynapseClusterer(
        "thirds",
        "three of one size",
        "cut into thirds",
        f"{HERE}:thirds",
    )


def in_turn(series: Any, ks: Any, _: Any, engine: Any, __: Any) -> Iterator[tuple[Any, float]]:
    """Voxel i to cluster i modulo k; the criterion is lowest for 3."""
    from pipelines.brainmap.clusters.kmeans import grouped, mean_series

    for k in ks:
        labels = np.arange(len(series), dtype=np.int32) % k
        means = mean_series(series, labels, np.zeros((k, series.shape[1])), engine)
        yield grouped(series, labels, means, engine), float(abs(k - 3))


def thirds(asked: Any) -> Any:
    """By the order of their first feature; what is asked with is that of this run."""
    from pipelines.synapses.clusters.cluster import Clusters

    assert asked.features.shape[1] == 5
    rank = np.argsort(np.argsort(asked.features[:, 0], kind="stable"), kind="stable")
    return Clusters(rank * 3 // len(rank), np.ones(len(rank)))


def found(folder: Path) -> dict[str, Any]:
    """Where the rows are found."""
    return {**_ran(folder), **_told()}


def _ran(folder: Path) -> dict[str, Any]:
    import pandas as pd

    from pipelines.synapses.clusters import fit
    from pipelines.synapses.simulate import simulate

    fit.embed = lambda features, *_: np.array(features[:, :2])  # the map takes long
    np.save(folder / "film.npy", FILM)
    simulate(n_neurons=2, seed=0).table.to_csv(folder / "table.csv", index=False)
    films = f"brainmap fit {folder}/film.npy --set k=2,3,4 --set model=turns --out {folder}/map"
    table = f"synapses fit {folder}/table.csv --set labels=thirds --set evidence=none"
    _say(films, "--quiet", "--set", "std_threshold=0")
    _say(table, "--quiet", "--out", f"{folder}/fit")
    run = json.loads((folder / "map" / "run.json").read_text(encoding="utf-8"))
    clusters = pd.read_csv(folder / "fit" / "clusters.csv")
    return {
        "k": run["results"]["k"],
        "sizes": pd.read_csv(folder / "map" / "colors.csv").shape[0],
        "thirds": np.bincount(clusters["cluster"]).tolist(),
        "sweep": (folder / "fit" / "sweep.csv").exists(),
    }


def _told() -> dict[str, Any]:
    from dashboard.brainmap.map import parts
    from dashboard.kit import forms
    from dashboard.synapses import fit
    from docs import steps
    from pipelines.brainmap.parameters import BrainmapParameters
    from pipelines.synapses.parameters import FitParameters

    map_job: Any = SimpleNamespace(parameters={"model": "turns"}, inputs=[])
    values = FitParameters.parse({"labels": "thirds"})
    text = steps.text()
    return {
        "forms": [
            "'turns'" in str(forms.form(BrainmapParameters, "map", {})),
            "'thirds'" in str(forms.form(FitParameters, "fit", {})),
        ],
        "help": [
            "One of: kmeans, gmm, turns" in _say("brainmap fit --help"),
            "thirds: three of one size." in _say("synapses fit --help"),
        ],
        "captions": [
            "clustered by voxels in turn (seed" in parts._caption(map_job, (1, 8, 10)),
            fit._method(map_job, values).startswith("cut into thirds"),
        ],
        "docs": ["| `turns` |" in text, "| `thirds` |" in text],
    }


def _say(line: str, *more: str) -> str:
    """What a command prints."""
    from pipelines.__main__ import main

    out = io.StringIO()
    with redirect_stdout(out):
        try:
            code = main([*line.split(), *more])
        except SystemExit as end:
            code = int(end.code or 0)
    assert code == 0, line
    return out.getvalue()


if __name__ == "__main__":
    from tests.throwaway import clusterers

    clusterers.add()
    print(json.dumps(clusterers.found(Path(sys.argv[1]))))
