"""How fast new synapses get their clusters: 30 rows on a warm server, a million at once.

Run with `python -m benchmarks.synapses_predict`; it takes a few minutes.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.progress import silent
from pipelines.synapses.arrays import Synapses
from pipelines.synapses.classifiers import CANDIDATES
from pipelines.synapses.classify import Trained, load_trained, train
from pipelines.synapses.fit import fit
from pipelines.synapses.parameters import FitParameters, PredictParameters, TrainParameters
from pipelines.synapses.predict import judge, predict
from pipelines.synapses.simulate import simulate

FEW, MANY, IN_FILE = 30, 1_000_000, 100_000
REPEATS = 20


def main() -> None:
    """Print a line for each classifier."""
    table = simulate(n_neurons=6, planted=3, seed=0).table
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        table.to_csv(folder / "table.csv", index=False)
        (folder / "fit").mkdir()
        parameters = FitParameters(evidence="none")
        fit({"table": folder / "table.csv"}, parameters, folder / "fit", silent)
        print("| classifier | 30 rows, whole task (ms) | in memory (rows/s) | from CSV (rows/s) |")
        print("| --- | --- | --- | --- |")
        for name in CANDIDATES:
            (folder / name).mkdir()
            train({"fit": folder / "fit"}, TrainParameters(classifier=name), folder / name, silent)
            few = _whole_task(folder, folder / name, table.head(FEW), REPEATS)
            rate = _in_memory(load_trained(folder / name), table)
            whole = _whole_task(folder, folder / name, _varied(table, IN_FILE), 1)
            print(f"| {name} | {few * 1000:.0f} | {rate:,.0f} | {IN_FILE / whole:,.0f} |")


def _whole_task(folder: Path, bundle: Path, rows: pd.DataFrame, repeats: int) -> float:
    """Median seconds of reading the model and the table, predicting and writing."""
    rows.to_csv(folder / "new.csv", index=False)
    inputs = {"bundle": bundle, "table": folder / "new.csv"}
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        predict(inputs, PredictParameters(), folder, silent)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def _in_memory(trained: Trained, table: pd.DataFrame) -> float:
    """Rows a second from checked rows to cluster, probability, outlier score and place."""
    synapses = Synapses.from_rows(_varied(table, MANY))
    start = time.perf_counter()
    judge(synapses, trained, trained.projection)
    return MANY / (time.perf_counter() - start)


def _varied(table: pd.DataFrame, n_rows: int) -> pd.DataFrame:
    """So many rows, their areas a little different so that none repeats another."""
    random = np.random.default_rng(0)
    rows = table.iloc[np.arange(n_rows) % len(table)].reset_index(drop=True)
    factor = random.uniform(0.95, 1.05, n_rows)
    return rows.assign(
        SynId=np.arange(1, n_rows + 1),
        SynArea=rows["SynArea"] * factor,
        BoutonArea=rows["BoutonArea"] * factor,
    )


if __name__ == "__main__":
    main()
