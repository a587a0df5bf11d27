"""Figures and tables of a table's runs: its map, its clusters, what supports them, a classifier."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pipelines.figures.palette import NOISE, PALETTE, color
from pipelines.figures.panels import bars_panel, colored, lines_panel, points_panel
from pipelines.figures.svg import Axis, inline
from pipelines.report import page
from pipelines.report.report import ReportPart, Runs
from pipelines.report.runs import ReportedRun
from pipelines.synapses.fits.folder import FinishedFit, read_card, read_predictions

BINS = 40
DELTAS = ("#2166ac", "#f7f7f7", "#b2182b")
EVIDENCE: Mapping[str, str] = {
    "seed_ari": "ARI with other seeds",
    "n_seeds": "other seeds",
    "subsample_ari": "ARI on subsamples",
    "n_subsamples": "subsamples",
    "gap": "widest gap in the features",
    "n_surrogates": "sets of chance data",
    "null_p": "share of them with a gap as wide (p)",
    "dbcv": "DBCV (separation)",
    "trustworthiness": "trustworthiness of the map",
    "n_noise": "rows in no cluster",
}
"""Figures that are shown, without a verdict, by their name in the evidence."""
SCORES: Mapping[str, str] = {
    "holdout_accuracy": "accuracy on held-out synapses",
    "holdout_macro_f1": "macro F1",
    "holdout_calibration_error": "calibration error",
    "largest_class_share": "share of the largest class",
}


def sections(runs: Runs) -> Iterator[ReportPart]:
    """The parts of the report of a table."""
    for run in runs:
        if run.task == "synapses fit":
            fit = ReportedFit(run)
            yield ReportPart("Map and clusters", fit.map)
            yield ReportPart("What tells the clusters apart", fit.profiles)
            yield ReportPart("How the clusters come back", fit.evidence)
    for run in runs:
        if run.task == "synapses train":
            yield ReportPart("Classifier", partial(scores, run))
        elif run.task == "synapses predict":
            yield ReportPart("Predictions", partial(predictions, run))
        elif run.task == "synapses check":
            yield ReportPart("Rows of the table", partial(rows_of, run))


class ReportedFit:
    """One finished fit."""

    def __init__(self, run: ReportedRun) -> None:
        self.run = run
        self.found = FinishedFit(run.folder)

    def map(self) -> Iterator[str]:
        """The map, the sizes and the legend."""
        rows = self.found.clusters
        clusters = rows["cluster"].to_numpy(int)
        numbers = sorted(set(clusters.tolist()))
        colors = [color(number) for number in numbers]
        points = points_panel(
            rows["UMAP_1"].to_numpy(float),
            rows["UMAP_2"].to_numpy(float),
            np.where(clusters < 0, len(PALETTE), clusters % len(PALETTE)),
            (*PALETTE, NOISE),
            ("Map", "UMAP 1", "UMAP 2"),
        )
        sizes = np.unique(clusters, return_counts=True)[1]
        bars = bars_panel(sizes, Axis("cluster", numbers[0] - 0.5, numbers[-1] + 0.5), "rows",
                          "Sizes", colors)  # fmt: skip
        caption = f"{len(rows):,} rows, coloured by cluster. Places on the map have no unit."
        yield "<div class='figures'>"
        yield page.figure(inline(points, caption), caption)
        yield page.figure(inline(bars, "Rows in each cluster"), "Rows in each cluster.")
        yield "</div>"
        yield page.legend(
            (color(number), f"{'in none' if number < 0 else f'cluster {number}'} ({size:,})")
            for number, size in zip(numbers, sizes.tolist(), strict=True)
        )

    def profiles(self) -> Iterator[str]:
        """Cliff's delta of each cluster and measure, drawn and in numbers."""
        summary = self.found.summary
        if summary.empty:
            return
        table = summary.pivot_table(
            index="measure", columns="cluster", values="delta", sort=False, dropna=False
        )
        yield page.heat_table(table, lambda values: colored(values, -1, 1, DELTAS), "measure")
        yield page.paragraph(
            "Cliff's delta of each cluster (column) against the rest: blue where its values are "
            "lower, red where they are higher.",
            "quiet",
        )
        columns = ("cluster", "measure", "n", "median", "q25", "q75", "delta", "delta_low",
                   "delta_high")  # fmt: skip
        titles = {"q25": "25 %", "q75": "75 %", "delta_low": "delta from", "delta_high": "to"}
        yield page.table(summary, {name: titles.get(name, name) for name in columns})

    def evidence(self) -> Iterator[str]:
        """The figures of the evidence; no verdict."""
        found = self.found.evidence
        yield from self._figures(found)
        rows = [
            {"figure": title, "value": found[name]}
            for name, title in EVIDENCE.items()
            if found.get(name) is not None
        ]
        yield page.table(pd.DataFrame(rows), {"figure": "figure", "value": "value"})

    def _figures(self, found: Mapping[str, Any]) -> Iterator[str]:
        null, sweep = found.get("null_gaps") or [], self.found.sweep
        yield "<div class='figures'>"
        if null and isinstance(found.get("gap"), int | float):
            high = max(*null, float(found["gap"])) * 1.08
            counts, _ = np.histogram(null, np.linspace(0, high, BINS + 1))
            panel = bars_panel(counts, Axis("widest gap", 0.0, high), "sets of chance data",
                               "Gaps", mark=float(found["gap"]))  # fmt: skip
            caption = (
                "Bars: the widest gap between groups in each set of chance data without clusters. "
                "Dotted line: that of this table."
            )
            yield page.figure(inline(panel, caption), caption)
        if sweep is not None and len(sweep) > 1:
            panel = lines_panel(
                sweep["min_samples"].to_numpy(float),
                [sweep["n_clusters"].to_numpy(float)],
                ["clusters"],
                ("Other densities", "minimum samples", "clusters"),
            )
            caption = "Clusters that other values of minimum samples find on the same map."
            yield page.figure(inline(panel, caption), caption)
        yield "</div>"


def scores(run: ReportedRun) -> Iterator[str]:
    """How well a classifier tells synapses that it did not learn from."""
    card = read_card(run.folder)
    rows = []
    for name, title in SCORES.items():
        if isinstance(card.get(name), int | float):
            low, high = card.get(f"{name}_interval") or (np.nan, np.nan)
            rows.append({"score": title, "value": card[name], "low": low, "high": high})
    yield page.table(
        pd.DataFrame(rows, columns=["score", "value", "low", "high"]),
        {"score": "score", "value": "value", "low": "95 % from", "high": "to"},
    )
    matrix, classes = card.get("confusion_matrix"), card.get("classes") or []
    if matrix:
        yield "<h3>Held-out synapses: cluster (row) and what was predicted (column)</h3>"
        names = [*map(str, classes), "outlier"][: len(matrix[0])]
        table = pd.DataFrame(matrix, columns=names)
        table.insert(0, "cluster", list(map(str, classes))[: len(matrix)])
        yield page.table(table, {name: name for name in table.columns})
    importance = card.get("feature_importance") or {}
    if importance:
        yield "<h3>What it goes by</h3>"
        lines = [
            {"feature": name, "loss": one.get("mean"), "deviation": one.get("deviation")}
            for name, one in importance.items()
        ]
        columns = {"feature": "feature", "loss": "loss without it", "deviation": "deviation"}
        yield page.table(pd.DataFrame(lines), columns)
    yield from (page.paragraph(str(note), "quiet") for note in card.get("notes", ()))


def predictions(run: ReportedRun) -> Iterator[str]:
    """How many rows of a new table were given which cluster."""
    found = read_predictions(run.folder)["cluster"].to_numpy(float)
    numbers, counts = np.unique(found[np.isfinite(found)], return_counts=True)
    rows = [
        {"cluster": f"{number:g}", "rows": int(count)}
        for number, count in zip(numbers, counts, strict=True)
    ]
    if none := int(np.isnan(found).sum()):
        rows.append({"cluster": "none", "rows": none})
    yield page.paragraph(f"Of {run.input_name('table')}.")
    yield page.table(pd.DataFrame(rows), {"cluster": "cluster", "rows": "rows"})


def rows_of(run: ReportedRun) -> Iterator[str]:
    """What became of the rows of a table that was checked."""
    found = run.results
    words = {"n_rows": "rows", "n_accepted": "used as they are", "n_repaired": "repaired",
             "n_rejected": "not used"}  # fmt: skip
    rows = [{"rows": title, "count": int(found[n])} for n, title in words.items() if n in found]
    yield page.table(pd.DataFrame(rows), {"rows": "", "count": "count"})
