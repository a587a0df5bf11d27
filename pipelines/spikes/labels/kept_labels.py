"""Labels kept with the sorting that they are about, as columns of its `units.csv`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.core.errors import InputError
from pipelines.core.outputs import atomic_file
from pipelines.core.result_files import read_object_if_sound
from pipelines.spikes.labels.columns import REASON, WRITTEN
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.labelling import LABELS, SUMMARY
from pipelines.spikes.labels.reasons import joined, parted
from pipelines.spikes.labels.rules import FILE as RULES
from pipelines.spikes.units.files import UNITS
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.unit_tables import Row, read_cells

ADVICE = "sort the recording again"


def keep(labelled: Path, sorting: Path) -> str:
    """Write the labels of a labelling into a sorting's `units.csv`, where exports find them.

    Columns of the labellers that ran are replaced, all other columns, labels by hand among them,
    stay as they are to the letter. `labels.json` and `thresholds.json`, which say how the units
    were labelled, come beside it.

    Args:
        labelled: the folder that labelling made.
        sorting: the folder whose units were labelled.

    Returns:
        A sentence that says where the labels are.

    Raises:
        InputError: the sorting has other units than were labelled.
        OutputError: its folder cannot be written.
    """
    folder = SortingFolder(sorting, advice=ADVICE)
    names, units = folder.units_as_written()
    _, found = read_cells(labelled / LABELS, ADVICE)
    summary = _json(labelled / SUMMARY)
    said = {name: about for name, about in summary.items() if isinstance(about, dict)}
    ran = [name for name in LABELLERS if "counts" in said.get(name, {})]
    if list(map(_number, units)) != list(map(_number, found)):
        raise InputError(f"{sorting / UNITS} was changed while its units were labelled: try again.")
    rows = [_with_labels(one, other, ran) for one, other in zip(units, found, strict=True)]
    for name in (SUMMARY, RULES):
        _write_json(_merged(_json(sorting / name), _json(labelled / name), ran), sorting / name)
    folder.replace_units(_ordered(names, rows), rows)
    return f"The labels are kept in {sorting / UNITS}; every export of {sorting} carries them."


def _number(row: Row) -> float | None:
    try:
        return float(row["unit_id"])
    except (ValueError, KeyError):
        return None


def _with_labels(unit: Row, labelled: Row, ran: Sequence[str]) -> Row:
    new = {
        name: labelled[name]
        for method in ran
        for name in LABELLERS[method].columns
        if name in labelled
    }
    parts = {**parted(unit.get(REASON, "")), **dict.fromkeys(ran, "")}
    parts |= {name: text for name, text in parted(labelled[REASON]).items() if name in ran}
    return {**unit, **new, REASON: joined(parts)}


def _ordered(names: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """The columns that were there in their order, those of labelling last."""
    present = set(rows[0]) if rows else set()
    return [name for name in names if name not in WRITTEN] + [
        name for name in WRITTEN if name in present
    ]


def _merged(old: Mapping[str, Any], new: Mapping[str, Any], ran: Sequence[str]) -> dict[str, Any]:
    """What is said of each labeller: anew of those that ran."""
    return {**old, **{name: new[name] for name in ran if name in new}}


def _json(file: Path) -> dict[str, Any]:
    """The content of a file; nothing if it is not there or is something else."""
    return read_object_if_sound(file)


def _write_json(content: Mapping[str, Any], target: Path) -> None:
    with atomic_file(target, overwrite=True) as file:
        text = json.dumps(content, indent=2, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")
