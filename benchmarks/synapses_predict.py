"""How fast new synapses get their clusters: 30 rows on a warm server, a million at once.

Run with `python -m benchmarks.synapses_predict [ROWS]`; it takes a few minutes. Times are of
the processor, with the process that unpacks workbooks: the machine may be busy with other work.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.core.progress import silent
from pipelines.synapses.classify.predict import judge, predict
from pipelines.synapses.classify.rows import candidates
from pipelines.synapses.classify.train import Trained, load_trained, train
from pipelines.synapses.clusters.fit import fit
from pipelines.synapses.formats.reading import read_sheet
from pipelines.synapses.parameters import FitParameters, PredictParameters, TrainParameters
from pipelines.synapses.simulate import simulate
from pipelines.synapses.table.arrays import Synapses
from pipelines.synapses.table.table import check_sheet

FEW, MANY = 30, 1_000_000
REPEATS = 20


def main(n_rows: int = MANY) -> None:
    """Print a line for each classifier, and what reading and checking alone take."""
    table = simulate(n_neurons=6, planted=3, seed=0).table
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        table.to_csv(folder / "table.csv", index=False)
        (folder / "fit").mkdir()
        parameters = FitParameters(evidence="none")
        fit({"table": folder / "table.csv"}, parameters, folder / "fit", silent)
        many = _written(_varied(table, n_rows), folder / "many.csv")
        _print_reading(many, n_rows)
        few = {kind: _written(table.head(FEW), folder / f"few.{kind}") for kind in ("csv", "xlsx")}
        print("| classifier | 30 rows (ms) | 30 rows in .xlsx (ms) | in memory | from CSV to CSV |")
        print("| --- | --- | --- | --- | --- |")
        for name in candidates():
            (folder / name).mkdir()
            train({"fit": folder / "fit"}, TrainParameters(classifier=name), folder / name, silent)
            short = [_whole_task(folder / name, few[k], folder, REPEATS) for k in ("csv", "xlsx")]
            rate = _in_memory(load_trained(folder / name), table, n_rows)
            whole = n_rows / _whole_task(folder / name, many, folder, 1)
            times = " | ".join(f"{seconds * 1000:.0f}" for seconds in short)
            print(f"| {name} | {times} | {rate:,.0f} | {whole:,.0f} |", flush=True)


def _written(table: pd.DataFrame, file: Path) -> Path:
    if file.suffix == ".xlsx":
        table.to_excel(file, index=False)
    else:
        table.to_csv(file, index=False)
    return file


def _print_reading(file: Path, n_rows: int) -> None:
    start = _processor()
    sheet = read_sheet(file)
    read = _processor()
    checked = check_sheet(sheet)
    took, size = _processor() - read, file.stat().st_size / 1e6
    print(
        f"{n_rows:,} rows, {size:.0f} MB: read at {n_rows / (read - start):,.0f} rows/s, checked "
    )
    print(f"at {n_rows / took:,.0f} rows/s, {len(checked.findings):,} remarks\n", flush=True)


def _whole_task(bundle: Path, table: Path, folder: Path, repeats: int) -> float:
    """Median seconds of reading the model and the table, checking, predicting and writing."""
    inputs = {"bundle": bundle, "table": table}
    seconds = []
    for _ in range(repeats):
        start = _processor()
        predict(inputs, PredictParameters(), folder, silent)
        seconds.append(_processor() - start)
    return float(np.median(seconds))


def _processor() -> float:
    """Seconds that this process and those that it started have used."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _in_memory(trained: Trained, table: pd.DataFrame, n_rows: int) -> float:
    """Rows a second from checked rows to cluster, probability, outlier score and place."""
    synapses = Synapses.from_rows(_varied(table, n_rows))
    start = time.process_time()
    judge(synapses, trained, trained.projection)
    return n_rows / (time.process_time() - start)


def _varied(table: pd.DataFrame, n_rows: int) -> pd.DataFrame:
    """So many rows, places and areas a little different so that none repeats another."""
    random = np.random.default_rng(0)
    rows = table.iloc[np.arange(n_rows) % len(table)].reset_index(drop=True)
    factor = random.uniform(0.95, 1.05, n_rows)
    return rows.assign(
        SynId=np.arange(1, n_rows + 1),
        # Within the tolerance between the columns in um and in nm.
        corr_x_micron=(rows["corr_x_micron"] + random.uniform(-0.004, 0.004, n_rows)).round(6),
        SynArea=(rows["SynArea"] * factor).round(6),
        BoutonArea=(rows["BoutonArea"] * factor).round(6),
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
