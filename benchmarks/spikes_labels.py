"""How well and how fast units are labelled: python -m benchmarks.spikes_labels TABLE.csv [...].

The rules see every unit; the classifier's figures are those of its card, where every animal was
held out. Tables need the column majority_vote.
"""

import json
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score
from spikeinterface.curation import bombcell_get_default_thresholds, bombcell_label_units

from pipelines.spikes.classifier.unit_classifier import SHIPPED, load
from pipelines.spikes.classifier.unit_classifier import label as classify
from pipelines.spikes.labels import bombcell, metric_table, thresholds
from pipelines.spikes.labels.bombcell import BombcellRules

CLASSES = ["noise", "mua", "good"]
REPEATS = 5


def main(files: Sequence[str] = tuple(sys.argv[1:])) -> None:
    """Print a table of scores and one of times."""
    tables = [metric_table.read(Path(file)) for file in files]
    truth = np.concatenate([table.rows["majority_vote"].to_numpy(dtype=str) for table in tables])
    ours = [bombcell.label(table, BombcellRules()).labels for table in tables]
    frames = [pd.DataFrame(dict(table.metrics)) for table in tables]
    peer = [_peer(frame) for frame in frames]
    card = json.loads((SHIPPED / "card.json").read_text(encoding="utf-8"))
    print("| labeller | macro F1, three classes |\n|---|---|")
    print(f"| Bombcell as in SpikeInterface | {_f1(truth, np.concatenate(peer)):.3f} |")
    print(f"| Bombcell here, without l_ratio | {_f1(truth, np.concatenate(ours)):.3f} |")
    print(f"| classifier, animals held out | {card['held_out']['macro_f1']:.3f} |")
    largest = max(range(len(tables)), key=lambda n: len(tables[n]))
    table, frame = tables[largest], frames[largest]
    classifier, _ = load(SHIPPED)
    slow = _seconds(lambda: _peer(frame))
    fast = _seconds(lambda: bombcell.label(table, BombcellRules()))
    print(f"\n| {len(table)} units | milliseconds |\n|---|---|")
    print(f"| SpikeInterface's bombcell_label_units, labels | {1000 * slow:.1f} |")
    print(f"| here, labels and reasons | {1000 * fast:.1f} ({slow / fast:.1f} times as fast) |")
    simple = _seconds(lambda: thresholds.label(table, thresholds.DEFAULT_RULES))
    print(f"| thresholds, labels and reasons | {1000 * simple:.1f} |")
    forest = _seconds(lambda: classify(table, classifier, min_metrics=0.5))
    print(f"| classifier, labels and probabilities | {1000 * forest:.1f} |")


def _peer(frame: pd.DataFrame) -> np.ndarray:
    rules = {**bombcell_get_default_thresholds(), "non-somatic": {}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = bombcell_label_units(external_metrics=frame, thresholds=rules)
    return found["bombcell_label"].to_numpy(dtype=str)


def _f1(truth: np.ndarray, labels: np.ndarray) -> float:
    return float(f1_score(truth, labels, labels=CLASSES, average="macro"))


def _seconds(action: object) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()  # type: ignore[operator]
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
