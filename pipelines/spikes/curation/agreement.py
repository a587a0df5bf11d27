"""How far curators agree, and what most of them say."""

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.core.csv import write_csv
from pipelines.core.errors import TableError
from pipelines.core.progress import Report
from pipelines.spikes.curation.log import read_log
from pipelines.spikes.curation.parameters import AgreementParameters
from pipelines.spikes.curation.steps import CurationStep, effective
from pipelines.spikes.labels.tables import Labels, read_labels
from pipelines.spikes.labels.words import LABELS
from pipelines.spikes.units.files import UNITS

LEAST_VOTES = 2
LONGEST_REASON = 500


def agreement(
    inputs: Mapping[str, Path], parameters: AgreementParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Compare the labels that several curators gave to the units of one recording.

    Args:
        inputs: `labels`, `labels 2`, ...: logs of curations, tables of labels or curated units.
        parameters: where labels stand and what a majority is.
        folder: gets `agreement.csv` (a row per pair of curators), `majority.csv` (a row per unit)
            and `agreement.json`.
        report: progress.

    Raises:
        InputError: a log cannot be read.
        TableError: a table has no labels, there is one curator only, or two have no unit in
            common.
    """
    curators = by_name([read_curator(file, parameters.label_column) for file in inputs.values()])
    if len(curators) < 2:
        raise TableError("Agreement needs the labels of at least two curators.")
    report(0.5, f"Comparing {len(curators)} curators")
    pairs = compare(curators)
    votes = majority(curators, parameters.min_votes)
    write_csv(pairs, folder / "agreement.csv")
    write_csv(votes, folder / "majority.csv")
    text = json.dumps(pairs.to_dict("records"), indent=2)
    (folder / "agreement.json").write_text(text + "\n", encoding="utf-8")
    decided = votes["majority_vote"] != ""
    return {
        "n_curators": len(curators),
        "n_units": len(votes),
        "mean_kappa": round(float(pairs["kappa"].mean()), 4),
        "n_majority": int(decided.sum()),
        "n_open": int((~decided).sum()),
    }


def read_curator(file: Path, column: str) -> Labels:
    """One curator's labels, from a log, a table or a folder of curated units.

    Raises:
        InputError: the log cannot be read.
        TableError: the table has no units or labels, or a word that is none.
    """
    if file.is_dir():
        file = next(file.glob("curated_with.*"), file / UNITS)
    if file.suffix.lower() != ".jsonl":
        return read_labels(file, column)
    steps = read_log(file)
    authors = sorted({step.author for step in steps})
    return Labels(" and ".join(authors) or file.stem, labels_of(steps))


def labels_of(steps: Sequence[CurationStep]) -> dict[int, str]:
    """The labels that a log ends with, of units that are still there."""
    found: dict[int, str] = {}
    for _, step in effective(steps)[0]:
        for unit in step.units if step.action in ("label", "merge", "split") else ():
            found.pop(unit, None)
            if step.action == "label" and step.label:
                found[unit] = step.label
    return found


def by_name(curators: Sequence[Labels]) -> dict[str, Mapping[int, str]]:
    """Labels by curator; of equal names the later ones get a number."""
    found: dict[str, Mapping[int, str]] = {}
    for one in curators:
        name, number = one.name, 2
        while name in found:
            name, number = f"{one.name} ({number})", number + 1
        found[name] = one.labels
    return found


def compare(curators: Mapping[str, Mapping[int, str]]) -> pd.DataFrame:
    """Cohen's kappa of every two curators, for all labels and for each against the others.

    Args:
        curators: labels by unit, by curator.

    Returns:
        `one, two, n_units` (that both labelled), `same` (share), `kappa`, `kappa_good`,
        `kappa_mua`, `kappa_noise`.

    Raises:
        TableError: two curators have no unit in common.
    """
    rows = []
    for (one, first), (two, second) in combinations(curators.items(), 2):
        common = sorted(set(first) & set(second))
        if not common:
            raise TableError(f"{one} and {two} labelled no unit in common: compare others.")
        a, b = (np.array([labels[unit] for unit in common]) for labels in (first, second))
        each = {f"kappa_{name}": kappa(a == name, b == name) for name in LABELS}
        rows.append(
            {
                "one": one,
                "two": two,
                "n_units": len(common),
                "same": round(float((a == b).mean()), 4),
                "kappa": kappa(a, b),
                **each,
            }
        )
    return pd.DataFrame(rows)


def kappa(one: np.ndarray, two: np.ndarray) -> float | None:
    """Agreement beyond chance (Cohen 1960, doi:10.1177/001316446002000104).

    1 is full agreement, 0 what chance gives; nothing where both always say the same one
    thing, as there is no chance to agree beyond.

    Args:
        one: what the one says of each of n units (n,).
        two: what the other says of the same units (n,).
    """
    names = np.unique(np.concatenate([one, two]))
    by_chance = float(sum((one == name).mean() * (two == name).mean() for name in names))
    if by_chance >= 1:
        return None
    return round((float((one == two).mean()) - by_chance) / (1 - by_chance), 4)


def majority(curators: Mapping[str, Mapping[int, str]], least: int) -> pd.DataFrame:
    """What most curators say of each unit.

    Args:
        curators: labels by unit, by curator.
        least: how many equal votes decide.

    Returns:
        `unit_id`, a column per curator, `votes` (for the first label) and `majority_vote`, which
        is empty when there are too few votes or two labels have as many.
    """
    units = sorted(set().union(*(set(labels) for labels in curators.values())))
    rows = []
    for unit in units:
        said = [labels.get(unit, "") for labels in curators.values()]
        counts = sorted(((said.count(name), name) for name in LABELS), reverse=True)
        clear = counts[0][0] >= least and counts[0][0] > counts[1][0]
        rows.append(
            {
                "unit_id": unit,
                **dict(zip(curators, said, strict=True)),
                "votes": counts[0][0],
                "majority_vote": counts[0][1] if clear else "",
            }
        )
    return pd.DataFrame(rows, columns=["unit_id", *curators, "votes", "majority_vote"])


def majority_steps(
    curators: Mapping[str, Mapping[int, str]], labels: Mapping[int, str], least: int = LEAST_VOTES
) -> list[CurationStep]:
    """The steps that give units the label that most curators gave; the others keep theirs.

    Args:
        curators: labels by unit, by curator.
        labels: what the units are labelled now.
        least: how many equal votes decide.
    """
    why = f"majority of {', '.join(curators)}"[:LONGEST_REASON]
    votes = majority(curators, least)[["unit_id", "majority_vote"]].to_numpy().tolist()
    return [
        CurationStep("label", "majority", (int(unit),), vote, reason=why)
        for unit, vote in votes
        if vote and labels.get(unit) != vote
    ]
