"""A paragraph for the methods section: what was done to the units, with citations."""

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pipelines.core.errors import InputError
from pipelines.core.provenance import versions
from pipelines.core.result_files import read_object
from pipelines.files.reading import reading
from pipelines.spikes.curation.parameters import NOTHING, CurateParameters
from pipelines.spikes.curation.steps import CurationState
from pipelines.spikes.labels.labeller import Labeller
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.labelling import SUMMARY
from pipelines.spikes.labels.rules import FILE as RULES
from pipelines.spikes.units import metrics

FILE = "methods.txt"
LIMITS = "{limits}"
"""Stands in a citation for the limits that were used."""


def paragraph(
    state: CurationState,
    parameters: CurateParameters,
    labelled: Path | None,
    counts: Mapping[str, int],
) -> str:
    """What was done, in sentences.

    Args:
        state: the units as curated.
        parameters: which of them were kept.
        labelled: folder of a labelling or review, or none.
        counts: units that were kept, by label.
    """
    kept = ", ".join(f"{count} {name}" for name, count in counts.items())
    return " ".join(
        sentence
        for sentence in (
            _by_hand(state),
            by_labellers(parameters.fill, labelled),
            f"Kept were {kept}" + (f" ({parameters.only} only)." if parameters.only else "."),
            _closing(),
        )
        if sentence
    )


def carry(sorting: Path, labelled: Path | None, folder: Path) -> None:
    """Put the paragraph and the rules beside an export.

    Args:
        sorting: its folder; one of curated units has a paragraph of its own.
        labelled: what labelling it made; none for the labels that are kept with it.
        folder: of the export.
    """
    made = sorting / FILE
    if labelled is None and not made.is_file():
        labelled = sorting
    if made.is_file():
        with reading(made, InputError, "curate again", "text"):
            text = made.read_text(encoding="utf-8").strip()
    else:
        text = " ".join(part for part in (by_labellers("", labelled), _closing()) if part)
    (folder / FILE).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    sources = (labelled, sorting) if made.is_file() else (labelled,)
    for source in sources:
        if source is not None and (source / RULES).is_file():
            shutil.copyfile(source / RULES, folder / RULES)
            return


def _closing() -> str:
    made = versions()
    tools = (
        f"Made with Neuroboard {made['neuroboard']} and SpikeInterface "
        f"{made.get('spikeinterface', 'unknown')}."
    )
    return " ".join([*metrics.sentences(), tools])


def _by_hand(state: CurationState) -> str:
    counts = Counter(str(step.action) for step in state.done)
    return by_hand(counts, len({step.author for step in state.done}))


def by_hand(counts: Mapping[str, int], people: int) -> str:
    """What people did to the units.

    Args:
        counts: of the steps, by action.
        people: how many.
    """
    if not counts:
        return "Units were taken as sorted, without curation by hand."
    words = {
        "label": "labels",
        "merge": "merges",
        "split": "splits",
        "remove": "removals of outliers",
        "restore": "removals taken back",
    }
    steps = ", ".join(f"{words[name]}: {counts[name]}" for name in words if name in counts)
    who = "one person" if people == 1 else f"{people} people"
    return f"Units were curated by {who} ({steps})."


def by_labellers(fill: str, labelled: Path | None) -> str:
    """What labelled the units, with citations and limits.

    Args:
        fill: the labeller whose word counts for units without a label by hand; empty for none.
        labelled: folder of a labelling or review, or none.

    Raises:
        InputError: the summary of the labelling is damaged.
    """
    if labelled is None or not (labelled / SUMMARY).is_file():
        return ""
    ran = read_object(labelled / SUMMARY, InputError, "label again")
    names = [
        _cited(LABELLERS[name], labelled)
        for name, values in ran.items()
        if name in LABELLERS and isinstance(values, dict) and "counts" in values
    ]
    filled = "" if fill in ("", NOTHING) else f" Units without a label by hand took that of {fill}."
    if not names:
        return ""
    return f"Units were labelled automatically by {'; '.join(names)}.{filled}"


def _cited(labeller: Labeller, labelled: Path) -> str:
    if LIMITS not in labeller.citation:
        return labeller.citation
    return labeller.citation.replace(LIMITS, _limits(labelled, labeller.name))


def _limits(labelled: Path, name: str) -> str:
    """The limits that a labeller went by."""
    file = labelled / RULES
    try:
        with reading(file, InputError):
            rules = read_object(file, InputError)[name]
            return ", ".join(
                f"{metric} from {_number(rule.get('greater'))} to {_number(rule.get('less'))}"
                for metric, rule in rules.items()
            )
    except InputError:
        return "not recorded"


def _number(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"
