"""What a fit of synapses costs, and whether what it says is true.

Run one part with `OMP_NUM_THREADS=1 python -m benchmarks.synapses_fit PART`, of the parts
cost, evidence, scores and large; --seeds says how many simulated tables. Seeds begin at 1000:
with none of them anything was chosen.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from pipelines.core.progress import silent
from pipelines.synapses.classify.predict import judge
from pipelines.synapses.classify.train import load_trained, train
from pipelines.synapses.clusters.evidence import Evidence
from pipelines.synapses.clusters.fit import fit, fit_rows, weigh
from pipelines.synapses.clusters.model import load_fitted
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.parameters import FitParameters, TrainParameters
from pipelines.synapses.simulate import Simulation, simulate
from pipelines.synapses.table.table import check_sheet

FIRST_SEED = 1000
PUBLISHED_ROWS, LARGE_ROWS = 748, 100_000
ROWS_OF_NEURON = 80
KEY = ["NeuronId", "SynType", "SynId"]
SIZES = {"about 730, all": (9, "all"), "about 610, as": (9, "as"), "about 160, all": (2, "all")}


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=sorted(PARTS))
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    PARTS[options.part](options.seeds)


# -- cost


def cost(_: int) -> None:
    """Processor seconds of a fit with all its evidence, and the longest silence."""
    print("| clusters by | rows | evidence | CPU s | longest wait for news, CPU s |")
    print("| --- | --- | --- | --- | --- |")
    table = simulate(n_neurons=11, planted=3, seed=FIRST_SEED).table.head(PUBLISHED_ROWS)
    for labels in ("hdbscan", "gmm"):
        for evidence in ("full", "none"):
            seconds, silence = _timed(table, FitParameters(labels=labels, evidence=evidence))
            print(f"| {labels} | {len(table)} | {evidence} | {seconds:.1f} | {silence:.1f} |")


def large(_: int) -> None:
    """A table of a hundred thousand rows, with all evidence."""
    scale = LARGE_ROWS / (9 * ROWS_OF_NEURON)
    table = simulate(n_neurons=9, planted=3, seed=FIRST_SEED, scale=scale).table
    seconds, silence = _timed(table.head(LARGE_ROWS), FitParameters())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print("| rows | CPU s | longest wait for news, CPU s | peak memory, GB |")
    print("| --- | --- | --- | --- |")
    print(f"| {LARGE_ROWS:,} | {seconds:.0f} | {silence:.0f} | {peak:.2f} |")


def _timed(table: pd.DataFrame, parameters: FitParameters) -> tuple[float, float]:
    """CPU seconds of a whole fit, and the most between two reports."""
    told = [time.process_time()]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        table.to_csv(folder / "table.csv", index=False)
        fit(
            {"table": folder / "table.csv"},
            parameters,
            folder,
            lambda *_: told.append(time.process_time()),
        )
    told.append(time.process_time())
    return told[-1] - told[0], float(np.diff(told).max())


# -- evidence


def evidence(seeds: int) -> None:
    """Planted clusters found, and none found where none are, over seeds."""
    print("| rows | clusters by | tables | ARI >= 0.9 | lowest ARI | planted: evidence |", end="")
    print(" none planted: no evidence |\n| --- | --- | --- | --- | --- | --- | --- |")
    for name, (n_neurons, group) in SIZES.items():
        for labels in ("hdbscan", "gmm"):
            parameters = FitParameters(labels=labels, group=group)
            runs = range(FIRST_SEED, FIRST_SEED + seeds)
            planted = [_judged(n_neurons, 3, seed, parameters) for seed in runs]
            null = [_judged(n_neurons, 0, seed, parameters) for seed in runs]
            aris = np.array([agreement for agreement, _ in planted])
            found = sum(bool(weighed.found) for _, weighed in planted)
            silent_ones = sum(not weighed.found for _, weighed in null)
            print(
                f"| {name} | {labels} | {seeds} | {(aris >= 0.9).sum()} | {aris.min():.3f} "
                f"| {found} | {silent_ones} |",
                flush=True,
            )


def _judged(
    n_neurons: int, planted: int, seed: int, parameters: FitParameters
) -> tuple[float, Evidence]:
    simulation = simulate(n_neurons=n_neurons, planted=planted, seed=seed)
    fitted = fit_rows(_checked(simulation.table), parameters, "", silent)
    weighed = weigh(fitted, parameters, silent)
    key = pd.DataFrame(fitted.synapses.key, columns=KEY)[fitted.selected]
    truth = simulation.truth.astype({"SynId": str})
    joined = key.assign(found=fitted.labels).merge(truth, on=KEY)
    return adjusted_rand_score(joined["planted_cluster"], joined["found"]), weighed


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    return check_sheet(Sheet("table", "synapses", table.astype(object))).rows


# -- scores


def scores(seeds: int) -> None:
    """Classifiers on the clusters of fits: their scores, and the same answers again."""
    columns = (
        *("clusters by", "planted", "seed", "own back", "changed", "accuracy", "macro F1"),
        *("ECE", "ECE if calibrated", "box", "axes", "areas", "box (map)", "axes (map)"),
        *("areas (map)", "outside (map)"),
    )
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
    for labels in ("hdbscan", "gmm"):
        for planted in (3, 0):
            for seed in range(FIRST_SEED, FIRST_SEED + seeds):
                cells = _scored(simulate(n_neurons=9, planted=planted, seed=seed), labels)
                print(f"| {labels} | {planted} | {seed} | {' | '.join(cells)} |", flush=True)


def _scored(simulation: Simulation, labels: str) -> list[str]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "bundle").mkdir()
        simulation.table.to_csv(folder / "table.csv", index=False)
        parameters = FitParameters(labels=labels, evidence="none")
        fit({"table": folder / "table.csv"}, parameters, folder, silent)
        found = train({"fit": folder}, TrainParameters(), folder / "bundle", silent)
        own, changed = _answered_again(folder)
        compared = json.loads((folder / "bundle" / "card.json").read_text())
    ours, theirs = (compared["outlier_auroc_compared"][n] for n in ("neighbors", "one-class-svm"))
    figures = [
        *(own, changed, found["accuracy"], found["macro_f1"], found["calibration_error"]),
        compared["holdout_calibration_error_by_chance"],
        *(detector[kind] for detector in (ours, theirs) for kind in KINDS),
        compared["outside_on_map"],
    ]
    return [f"{figure:.3f}" for figure in figures]


KINDS = ("box", "axes_swapped", "areas_x4")


def _answered_again(folder: Path) -> tuple[float, int]:
    """Own clusters given back in another order (share), and answers that depend on the batch."""
    fitted, trained = load_fitted(folder), load_trained(folder / "bundle")
    chosen = fitted.synapses.take(fitted.selected)
    order = np.random.default_rng(0).permutation(len(chosen))
    shuffled = chosen.take(order)
    together = judge(shuffled, trained, trained.projection).cluster
    real = fitted.labels[order] >= 0
    own = float((together == fitted.labels[order])[real].mean())
    batches = [
        *(np.array([row]) for row in range(len(order))),
        *np.array_split(np.arange(len(order)), -(-len(order) // 10)),
    ]
    apart = [judge(shuffled.take(rows), trained, trained.projection).cluster for rows in batches]
    changed = int((np.concatenate(apart) != np.concatenate([together, together])).sum())
    return own, changed


PARTS: dict[str, Callable[[int], None]] = {
    "cost": cost,
    "evidence": evidence,
    "scores": scores,
    "large": large,
}

if __name__ == "__main__":
    main()
