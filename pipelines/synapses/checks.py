"""What can be wrong with the values of a synapse table, one function a question.

Every check takes the draft and the rows that are still in, and gives remarks.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.errors import TableError
from pipelines.synapses.columns import (
    AREA_RANGES,
    AREAS,
    FAR_FROM_SOMA,
    KEY,
    MEASURES,
    POSITION,
    RAW,
    RAW_SOMA,
    SOMA,
    SOMA_TOLERANCE,
    SPHERE,
    SYN_TYPES,
    TOO_FAR_FROM_SOMA,
    VOLUME,
    Range,
)
from pipelines.synapses.findings import Finding, Outcome, finding
from pipelines.synapses.parsing import MISSING, Draft

Somas = Mapping[str, npt.NDArray[np.float64]]
"""Position of the soma in um by NeuronId."""
Remarks = Iterator[Finding]
RATIO_TOLERANCE = 0.01
"""Relative; corrected and raw positions are rounded, their ratio varies that much at most."""


def refuse_wrong_units(draft: Draft) -> None:
    """Refuse the whole table when most of its numbers are in another unit.

    Raises:
        TableError: positions look like nm, or areas like nm2.
    """
    distance = soma_distance(draft.numbers)
    if _mostly(distance > TOO_FAR_FROM_SOMA, distance):
        raise TableError(
            f"{draft.sheet.place()}: positions in {', '.join(_columns(draft, POSITION))} look "
            f"like nanometres (median distance from the soma {distance.median():,.0f} um): "
            "divide position and soma columns by 1000, or rename them to corr_x, corr_soma_x, ..."
        )
    for name, limits in AREA_RANGES.items():
        area = draft.numbers[name]
        if _mostly(area > limits.highest, area):
            raise TableError(
                f"{draft.sheet.place(column=name)}: the areas look like nm2 (median "
                f"{area.median():,.0f}): divide the column by 1,000,000 to have um2."
            )


def _mostly(wrong: "pd.Series[bool]", values: "pd.Series[float]") -> bool:
    return bool(wrong.sum() > 0.5 * values.notna().sum())


def _columns(draft: Draft, names: tuple[str, ...]) -> list[str]:
    return [draft.sources[name].column for name in names]


def soma_distance(numbers: pd.DataFrame) -> "pd.Series[float]":
    """Distance from the soma, um."""
    offset = numbers[list(POSITION)].to_numpy() - numbers[list(SOMA)].to_numpy()
    return pd.Series(np.sqrt((offset**2).sum(axis=1)), index=numbers.index)


# -- single rows


def check_names(draft: Draft) -> Remarks:
    """Each name is there, and SynType is as or ss."""
    sheet, names = draft.sheet, draft.names
    for name in KEY:
        column = draft.sources[name].column
        for row in _rows(names[name].str.strip().str.casefold().isin(list(MISSING))):
            yield finding(sheet, row, column, Outcome.REJECTED, "empty; fill in the name.")
    column = draft.sources["SynType"].column
    empty = names["SynType"].str.strip().str.casefold().isin(list(MISSING))
    for row in _rows(~names["SynType"].isin(list(SYN_TYPES)) & ~empty):
        text = "must be as (asymmetric) or ss (symmetric)."
        yield finding(sheet, row, column, Outcome.REJECTED, text)
    column = draft.sources["SynId"].column
    for row in _rows(~names["SynId"].str.fullmatch("[1-9][0-9]*") & (names["SynId"] != "")):
        text = "not a whole number from 1; used as text."
        yield finding(sheet, row, column, Outcome.ACCEPTED, text)


def check_areas(draft: Draft) -> Remarks:
    """Areas are possible, and remarked on when unusual."""
    for name in AREAS:
        limits, values = AREA_RANGES[name], draft.numbers[name]
        for row in _rows((values <= 0) | (values > limits.highest)):
            text = f"an area must be above 0 and at most {limits.highest:g} um2; check the unit."
            yield _at(draft, row, name, Outcome.REJECTED, text)
        for row in _rows(_unusual(values, limits)):
            text = f"outside the usual {limits.usual_low:g} to {limits.usual_high:g} um2."
            yield _at(draft, row, name, Outcome.ACCEPTED, text)


def _unusual(values: "pd.Series[float]", limits: Range) -> "pd.Series[bool]":
    outside = (values < limits.usual_low) | (values > limits.usual_high)
    return outside & (values > 0) & (values <= limits.highest)


def check_volume(draft: Draft) -> Remarks:
    """A volume is above 0, and no larger than the sphere of that area."""
    if VOLUME not in draft.numbers:
        return
    volume, area = draft.numbers[VOLUME], draft.numbers["BoutonArea"]
    for row in _rows(volume <= 0):
        yield _at(draft, row, VOLUME, Outcome.REJECTED, "a volume must be above 0 um3.")
    for row in _rows(volume > SPHERE * area.clip(lower=0) ** 1.5):
        text = "more than a sphere of this BoutonArea can hold; check both."
        yield _at(draft, row, VOLUME, Outcome.ACCEPTED, text)


def check_distance(draft: Draft) -> Remarks:
    """A synapse is near enough to its soma."""
    distance = soma_distance(draft.numbers)
    for row in _rows(distance > TOO_FAR_FROM_SOMA):
        text = (
            f"{distance[row]:,.0f} um from the soma, more than {TOO_FAR_FROM_SOMA:,.0f}; "
            "check the unit (um) of its position."
        )
        yield _at(draft, row, POSITION[0], Outcome.REJECTED, text)
    for row in _rows((distance > FAR_FROM_SOMA) & (distance <= TOO_FAR_FROM_SOMA)):
        text = f"{distance[row]:,.0f} um from the soma, which is unusually far."
        yield _at(draft, row, POSITION[0], Outcome.ACCEPTED, text)


def check_known_somas(draft: Draft, somas: Somas) -> Remarks:
    """The soma of a neuron that a model knows is where the model has it."""
    neurons = draft.names["NeuronId"]
    rows = neurons.index[neurons.isin(list(somas))]
    if rows.empty:
        return
    expected = np.array([somas[neuron] for neuron in neurons[rows]])
    given = draft.numbers.loc[rows, list(SOMA)].to_numpy()
    wrong = (np.abs(given - expected) > SOMA_TOLERANCE).any(axis=1)
    for row, known in zip(rows[wrong], expected[wrong], strict=True):
        place = ", ".join(f"{value:g}" for value in known)
        text = f"the model has the soma of this neuron at ({place}) um; correct the columns."
        yield _at(draft, int(row), SOMA[0], Outcome.REJECTED, text)


# -- rows together


def check_duplicates(draft: Draft, rows: pd.Index) -> tuple[list[Finding], dict[int, int]]:
    """Find rows that are there twice, and keys that are given to different synapses.

    Returns:
        The remarks, and for each exact repetition the row it repeats.
    """
    values = draft.names.loc[rows].join(draft.numbers.loc[rows, list(MEASURES)])
    groups = values.groupby(list(values.columns), sort=False).ngroup()
    leaders: dict[int, int] = {}
    repeats: dict[int, int] = {}
    for row, group in zip(_numbers(rows), groups, strict=True):
        leader = leaders.setdefault(int(group), row)
        if leader != row:
            repeats[row] = leader
    found = [_repeated(draft, row, leader) for row, leader in repeats.items()]
    single = values.drop(index=list(repeats))
    for _, rows_of_key in single[single.duplicated(list(KEY), keep=False)].groupby(list(KEY)):
        numbers = _numbers(rows_of_key.index)
        found += [_ambiguous(draft, row, numbers) for row in numbers]
    return found, repeats


def _repeated(draft: Draft, row: int, leader: int) -> Finding:
    text = f"the same as row {leader}; dropped."
    return finding(draft.sheet, row, "", Outcome.REJECTED, text)


def _ambiguous(draft: Draft, row: int, rows: list[int]) -> Finding:
    others = ", ".join(str(other) for other in rows if other != row)
    text = f"same NeuronId, SynType and SynId as row {others} but other values; keep one."
    return _at(draft, row, "SynId", Outcome.REJECTED, text)


def check_same_place(draft: Draft, rows: pd.Index) -> Remarks:
    """Two synapses of a neuron are hardly at exactly the same place."""
    places = draft.names.loc[rows, ["NeuronId"]].join(draft.numbers.loc[rows, list(POSITION)])
    for row in _rows(places.duplicated(keep=False)):
        text = "another synapse of this neuron has exactly this position; check both."
        yield _at(draft, row, POSITION[0], Outcome.ACCEPTED, text)


def check_constant_somas(draft: Draft, rows: pd.Index, somas: Somas) -> Remarks:
    """A neuron has one soma; where it varies, no row of that neuron can be placed."""
    names = draft.names.loc[rows, "NeuronId"]
    for neuron, group in draft.numbers.loc[rows].groupby(names):
        if neuron in somas:
            continue
        spread = np.ptp(group[list(SOMA)].to_numpy(), axis=0)
        for name in (SOMA[axis] for axis in np.flatnonzero(spread > SOMA_TOLERANCE)):
            text = f"the soma of {neuron} must be the same in all its rows{_hint(group, name)}."
            for row in group.index:
                yield _at(draft, int(row), name, Outcome.REJECTED, text)


def _hint(group: pd.DataFrame, name: str) -> str:
    """Where the numbers may come from, and what they would be after the raw positions."""
    same = [
        other
        for other in group.columns
        if other != name and other not in SOMA and _equal(group[name], group[other])
    ]
    copied = f"; the column repeats {same[0]}" if same else ""
    from_raw = _soma_from_raw(group, name)
    offered = f"; from the raw columns it would be {from_raw:.4g} um" if from_raw else ""
    return f"{copied}{offered}; correct the column"


def _equal(one: "pd.Series[float]", other: "pd.Series[float]") -> bool:
    return bool(np.allclose(one, other, rtol=1e-9, atol=0))


def _soma_from_raw(group: pd.DataFrame, name: str) -> float | None:
    """A raw soma times the neuron's ratio of corrected to raw positions, um."""
    axis = SOMA.index(name)
    raw_soma, raw = list(RAW_SOMA.values())[axis], list(RAW.values())[axis]
    if raw_soma not in group or raw not in group or np.ptp(group[raw_soma]) != 0:
        return None
    ratio = float((group[POSITION[axis]] / group[raw].replace(0, np.nan)).median())
    return ratio * float(group[raw_soma].iloc[0]) if np.isfinite(ratio) else None


def check_copied_somas(draft: Draft, rows: pd.Index) -> Remarks:
    """A constant soma column that equals another column was probably pasted twice."""
    group = draft.numbers.loc[rows]
    for name in SOMA:
        for other in (other for other in (*POSITION, *AREAS) if len(group) > 1):
            if _equal(group[name], group[other]):
                text = f"equals {other} in all rows; check which of the two is right."
                for row in group.index:
                    yield _at(draft, int(row), name, Outcome.ACCEPTED, text)


def check_other_units(draft: Draft, rows: pd.Index) -> Remarks:
    """Positions given twice agree: 1000 nm to the um, one raw unit for each neuron."""
    numbers, names = draft.numbers.loc[rows], draft.names.loc[rows, "NeuronId"]
    for micron, nm in zip((*POSITION, *SOMA), (*RAW, *RAW_SOMA), strict=True):
        if nm in numbers:
            differs = (numbers[nm] / 1000 - numbers[micron]).abs() > SOMA_TOLERANCE
            yield from _remark(draft, _rows(differs), nm, "not 1000 times the column in um.")
    for corrected, raw in zip(POSITION, RAW.values(), strict=True):
        if raw in numbers:
            ratio = numbers[corrected] / numbers[raw].replace(0, np.nan)
            usual = ratio.groupby(names).transform("median")
            differs = (ratio / usual - 1).abs() > RATIO_TOLERANCE
            text = f"does not fit {corrected} as the neuron's other rows do; check both."
            yield from _remark(draft, _rows(differs), raw, text)


# -- helpers


def _remark(draft: Draft, rows: list[int], name: str, text: str) -> Remarks:
    return (_at(draft, row, name, Outcome.ACCEPTED, text) for row in rows)


def _at(draft: Draft, row: int, name: str, outcome: Outcome, text: str) -> Finding:
    return finding(draft.sheet, row, draft.sources[name].column, outcome, text)


def _rows(condition: "pd.Series[bool]") -> list[int]:
    return _numbers(condition.index[condition.to_numpy(dtype=bool)])


def _numbers(rows: pd.Index) -> list[int]:
    numbers: list[int] = rows.to_numpy(dtype=int).tolist()
    return numbers


SINGLE_ROW: tuple[Callable[[Draft], Remarks], ...] = (
    check_names,
    check_areas,
    check_volume,
    check_distance,
)
"""Checks that look at one row at a time."""
TOGETHER: tuple[Callable[[Draft, pd.Index], Remarks], ...] = (
    check_same_place,
    check_copied_somas,
    check_other_units,
)
"""Checks that look at all rows that are still in; they only remark."""
