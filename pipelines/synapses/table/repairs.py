"""Mistakes that can be put right from what the table itself says, when the person asks for it.

Nothing here is done by itself: a check explains what is wrong and names the repair, and each
repaired row is reported as such.
"""

from collections.abc import Callable, Collection, Iterator, Mapping

import numpy as np
import pandas as pd

from pipelines.synapses.formats.separators import DECIMAL_COMMA, THOUSANDS
from pipelines.synapses.table.arrays import Booleans, Floats
from pipelines.synapses.table.columns import (
    AREA_RANGES,
    NANOMETRES,
    POSITION,
    RAW,
    RAW_SOMA,
    SOMA,
    SOMA_TOLERANCE,
    SYNAPSES,
    TOO_FAR_FROM_SOMA,
)
from pipelines.synapses.table.findings import Finding, Outcome, finding
from pipelines.synapses.table.parsing import FILL_DOWN, WITHOUT_HIDDEN, Draft

NM, NM2, SOMA_FROM_RAW = "nm-to-um", "nm2-to-um2", "soma-from-raw"
REPAIRS: Mapping[str, str] = {
    DECIMAL_COMMA: "Read decimal commas as points (0,5 is 0.5 and 1.234,5 is 1234.5).",
    THOUSANDS: "Read numbers without their separators of thousands (1,234.5 is 1234.5).",
    FILL_DOWN: "Fill blank cells with the one above (merged cells, names that are written once).",
    WITHOUT_HIDDEN: "Leave out the rows that are hidden in the workbook.",
    NM: "Divide positions in nm by 1000.",
    NM2: "Divide areas in nm2 by 1,000,000.",
    SOMA_FROM_RAW: "Compute the soma of a neuron from the raw columns.",
}
"""What can be repaired, and how, in a sentence."""
SAME = 0.01
"""Relative; columns in one unit differ by rounding alone."""
KNOWN_SOMA_TOLERANCE = 0.05
"""um; a soma from the raw columns carries their rounding."""
Somas = Mapping[str, Floats]


def repair(draft: Draft, wanted: Collection[str], somas: Somas) -> Draft:
    """Apply what was asked for; decimal commas were read when the cells were.

    Args:
        draft: a table of synapses; any other table is given back as it is.
        wanted: keys of `REPAIRS`.
        somas: position (3,) of the soma in um, of the neurons that a model knows.

    Returns:
        The draft with its rows in their number and order, and a finding for each repaired row.
    """
    if draft.schema != SYNAPSES:
        return draft
    for name, step in _STEPS.items():
        if name in wanted:
            draft = step(draft, somas)
    return draft


# -- nm


def nm_columns(draft: Draft) -> list[str]:
    """The position and soma columns that hold nm instead of um.

    Where the table has the same in nm, both are compared; otherwise all six are taken to be
    in one unit.
    """
    columns = (*POSITION, *SOMA)
    if any(NANOMETRES[name] in draft.numbers for name in columns):
        return [name for name in columns if _is_nm(draft, name)]
    return list(columns)


def _is_nm(draft: Draft, name: str) -> bool:
    if NANOMETRES[name] not in draft.numbers:
        return False
    ratio = draft.numbers[name] / draft.numbers[NANOMETRES[name]].replace(0, np.nan)
    return bool(abs(ratio.median() - 1) < SAME)


def _nm_to_um(draft: Draft, _: Somas) -> Draft:
    numbers = draft.numbers
    rows = numbers.index[_too_far(numbers)]
    names = nm_columns(draft)
    if not len(rows) or not names or len(rows) <= 0.5 * len(numbers):
        return draft
    repaired = numbers.copy()
    repaired[names] = repaired[names] / 1000.0
    still = _too_far(repaired.loc[rows])
    if still.mean() > 0.5:
        return draft
    text = f"{', '.join(draft.columns(names))} in nm divided by 1000."
    return draft.with_numbers(repaired, _row_findings(draft, _numbers(numbers.index), text))


def _too_far(numbers: pd.DataFrame) -> Booleans:
    offset = numbers[list(POSITION)].to_numpy() - numbers[list(SOMA)].to_numpy()
    far: Booleans = np.sqrt((offset**2).sum(axis=1)) > TOO_FAR_FROM_SOMA
    return far


# -- nm2


def _nm2_to_um2(draft: Draft, _: Somas) -> Draft:
    for name, limits in AREA_RANGES.items():
        area = draft.numbers[name]
        if not (area > limits.highest).sum() > 0.5 * area.notna().sum():
            continue
        repaired = draft.numbers.assign(**{name: area / 1e6})
        text = f"{draft.sources[name].column} in nm2 divided by 1,000,000."
        draft = draft.with_numbers(repaired, _row_findings(draft, _numbers(area.index), text))
    return draft


# -- somas


def raw_somas(group: pd.DataFrame, name: str) -> float | None:
    """The soma of one neuron on one axis after its raw columns, um; None if they do not tell.

    It is the raw soma times the neuron's ratio of corrected to raw positions.

    Args:
        group: the rows of one neuron, with positions and what there is of raw columns.
        name: the column of the soma that says the axis.
    """
    axis = SOMA.index(name)
    raw_soma, raw = list(RAW_SOMA.values())[axis], list(RAW.values())[axis]
    if raw_soma not in group or raw not in group or np.ptp(group[raw_soma]) != 0:
        return None
    ratio = float((group[POSITION[axis]] / group[raw].replace(0, np.nan)).median())
    # Rounded to 0.1 nm: more digits are not in the raw columns.
    return round(ratio * float(group[raw_soma].iloc[0]), 4) if np.isfinite(ratio) else None


def _soma_from_raw(draft: Draft, somas: Somas) -> Draft:
    draft = _known_somas(draft, somas)
    names = draft.names["NeuronId"]
    numbers, found = draft.numbers.copy(), []
    finite = np.isfinite(draft.numbers[[*POSITION, *SOMA]].to_numpy()).all(axis=1)
    for neuron, group in draft.numbers[finite].groupby(names[finite]):
        if neuron in somas:
            continue
        for name in SOMA:
            right = raw_somas(group, name)
            if np.ptp(group[name]) <= SOMA_TOLERANCE or right is None:
                continue
            numbers.loc[group.index, name] = right
            if NANOMETRES[name] in numbers:
                numbers.loc[group.index, NANOMETRES[name]] = right * 1000
            found += list(_from_raw(draft, _numbers(group.index), name, right))
    return draft.with_numbers(numbers, found)


def _from_raw(draft: Draft, rows: list[int], name: str, right: float) -> Iterator[Finding]:
    text = f"the soma was computed from the raw columns: {right:.4g} um."
    column = draft.sources[name].column
    return (finding(draft.sheet, row, column, Outcome.REPAIRED, text) for row in rows)


def _known_somas(draft: Draft, somas: Somas) -> Draft:
    """Give rows of a known neuron the model's soma where their raw columns say the same.

    Each row is judged alone, so that it means the same alone and among others.
    """
    neurons = draft.names["NeuronId"]
    known = neurons.isin(list(somas)).to_numpy(dtype=bool)
    if not known.any():
        return draft
    expected = np.array([somas[neuron] for neuron in neurons[known]])
    part = draft.numbers[known]
    wrong = (np.abs(part[list(SOMA)].to_numpy() - expected) > SOMA_TOLERANCE).any(axis=1)
    agrees = raw_agrees(part, expected)
    rows = part.index[wrong & agrees]
    numbers = draft.numbers.copy()
    numbers.loc[rows, list(SOMA)] = expected[wrong & agrees]
    text = "the raw columns give the soma that the model has of this neuron; it was taken."
    found = [
        finding(draft.sheet, row, draft.sources[SOMA[0]].column, Outcome.REPAIRED, text)
        for row in _numbers(rows)
    ]
    return draft.with_numbers(numbers, found)


def raw_agrees(rows: pd.DataFrame, expected: Floats) -> Booleans:
    """Whether the raw columns of each row (n,) give the soma that is expected (n, 3), um."""
    if any(name not in rows for name in (*RAW.values(), *RAW_SOMA.values())):
        return np.zeros(len(rows), dtype=bool)
    raw = rows[list(RAW.values())].replace(0, np.nan).to_numpy()
    told = rows[list(POSITION)].to_numpy() / raw * rows[list(RAW_SOMA.values())].to_numpy()
    agrees: Booleans = (np.abs(told - expected) <= KNOWN_SOMA_TOLERANCE).all(axis=1)
    return agrees


# -- helpers


def _row_findings(draft: Draft, rows: list[int], text: str) -> list[Finding]:
    return [finding(draft.sheet, row, "", Outcome.REPAIRED, text) for row in rows]


def _numbers(rows: pd.Index) -> list[int]:
    numbers: list[int] = rows.to_numpy(dtype=int).tolist()
    return numbers


_STEPS: Mapping[str, Callable[[Draft, Somas], Draft]] = {
    NM: _nm_to_um,
    NM2: _nm2_to_um2,
    SOMA_FROM_RAW: _soma_from_raw,
}
