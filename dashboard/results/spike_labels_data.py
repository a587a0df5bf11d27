"""What a labelling holds, and what its labellers say when limits change."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.jobs.store import Job
from dashboard.results import common
from pipelines.spikes import bombcell, metric_table, thresholds
from pipelines.spikes.bombcell import BombcellRules, parse_bombcell
from pipelines.spikes.metric_table import MetricTable
from pipelines.spikes.thresholds import Rule, Rules, Verdict, parse_rules
from pipelines.spikes.unit_tables import read_table

TITLES = {
    "thresholds": "Thresholds",
    "bombcell": "Bombcell",
    "unitrefine": "Classifier (UnitRefine)",
}


@lru_cache(maxsize=4)
def stored_table(folder: Path) -> MetricTable:
    """The metrics that a labelling used."""
    return metric_table.of_rows(read_table(folder / "metrics.csv"), "metrics.csv")


@lru_cache(maxsize=4)
def stored_labels(folder: Path) -> pd.DataFrame:
    """The labels as they were written."""
    return read_table(folder / "labels.csv")


def stored_rules(folder: Path) -> tuple[Rules, BombcellRules]:
    """The rules that a labelling used."""
    values = json.loads((folder / "thresholds.json").read_text(encoding="utf-8"))
    simple = parse_rules(values["thresholds"], "thresholds.json")
    return simple, parse_bombcell(values["bombcell"], "thresholds.json")


def relabel(job: Job, simple: Rules, cells: BombcellRules) -> dict[str, Verdict]:
    """What each labeller of a job says; rules are applied anew, the classifier's word is kept."""
    folder = common.folder(job.id)
    table, stored = stored_table(folder), stored_labels(folder)
    found: dict[str, Verdict] = {}
    if _ran(stored, "thresholds"):
        found["thresholds"] = thresholds.label(table, simple)
    if _ran(stored, "bombcell"):
        split = bool(job.parameters.get("split_non_somatic"))
        found["bombcell"] = bombcell.label(table, cells, split_non_somatic=split)
    if _ran(stored, "unitrefine"):
        labels = stored["label_unitrefine"].to_numpy(dtype=str)
        reasons = tuple(
            f"neural {neural:.2f}, single {single:.2f}"
            for neural, single in zip(
                stored["probability_neural"], stored["probability_single"], strict=True
            )
        )
        found["unitrefine"] = Verdict(labels, reasons, (), ())
    return found


def _ran(stored: pd.DataFrame, method: str) -> bool:
    column = f"label_{method}"
    return column in stored.columns and bool((stored[column] != "").all())


def disagreement(live: Mapping[str, Verdict]) -> str:
    """How often the labellers differ, in words."""
    if len(live) < 2:
        return "Only one labeller ran, so there is nothing to compare."
    differ = int((~agree(live)).sum())
    n = len(next(iter(live.values())).labels)
    return f"The {len(live)} labellers differ on {differ:,} of {n:,} units."


def agree(live: Mapping[str, Verdict]) -> NDArray[np.bool_]:
    """On which units all labellers say the same; thresholds know only good and not good."""
    labels = {name: verdict.labels for name, verdict in live.items()}
    n = len(next(iter(labels.values())))
    good = np.array([found == "good" for found in labels.values()])
    agree: NDArray[np.bool_] = (good == good[0]).all(axis=0)
    if {"bombcell", "unitrefine"} <= set(labels):
        agree &= labels["bombcell"] == labels["unitrefine"]
    return agree if n else np.zeros(0, bool)


def with_sections(simple: Rules, cells: BombcellRules) -> list[tuple[str, Rule]]:
    """All rules with the section that they stand in."""
    sections = {"thresholds": simple, "noise": cells.noise, "mua": cells.mua}
    return [(section, rule) for section, rules in sections.items() for rule in rules]
