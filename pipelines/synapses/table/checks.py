"""What can be wrong with the values of a synapse table, one function a question.

Every check takes the draft and the rows that are still in, and gives remarks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.synapses.table.columns import (
    AREA_RANGES,
    AREAS,
    FAR_FROM_SOMA,
    KEY,
    NANOMETRES,
    OPTIONAL_MEASURES,
    POSITION,
    RAW,
    RAW_SOMA,
    SOMA,
    SOMA_TOLERANCE,
    SPHERE,
    SYN_TYPES,
    SYNAPSES,
    TOO_FAR_FROM_SOMA,
    VOLUME,
    Range,
)
from pipelines.synapses.table.findings import Finding, Outcome, finding
from pipelines.synapses.table.names import LOST, dates, is_missing, lost_digits
from pipelines.synapses.table.parsing import FILL_DOWN, FORMULA, Draft, why_blank
from pipelines.synapses.table.remarks import (
    Remarks,
    at,
    condition_on,
    remark,
    row_numbers,
    rows_where,
)
from pipelines.synapses.table.repairs import NM, NM2, nm_columns
from pipelines.synapses.table.soma_checks import check_copied_somas

WHAT_IS_ABOVE_0 = {
    1: "a length must be above 0 um.",
    2: "an area must be above 0 um2.",
    3: "a volume must be above 0 um3.",
}
RATIO_TOLERANCE = 0.01
"""Relative; corrected and raw positions are rounded, their ratio varies that much at most."""
FEWEST_SYNAPSES = 5
"""Of a neuron, to say how far its synapses are spread."""
TIMES = 30.0
"""So many times more or less spread than those of the others, synapses of a neuron are not."""


@dataclass(frozen=True)
class WholeTable:
    """Something that is wrong with most rows at once.

    Attributes:
        column: where it shows.
        message: what is wrong and what to do.
        repair: what would repair it.
    """

    column: str
    message: str
    repair: str


def check_units(draft: Draft) -> Iterator[WholeTable]:
    """Positions that look like nm, and areas that look like nm2, in most rows."""
    distance = soma_distance(draft.numbers)
    if _mostly(distance > TOO_FAR_FROM_SOMA, distance):
        yield WholeTable(POSITION[0], _in_nm(draft, distance), NM)
    for name, limits in AREA_RANGES.items():
        area = draft.numbers[name]
        if _mostly(area > limits.highest, area):
            message = (
                f"{draft.sheet.place(column=draft.sources[name].column)}: the areas look like nm2 "
                f"(median {area.median():,.0f}): divide the column by 1,000,000 to have um2, "
                f"or repair it with {NM2}."
            )
            yield WholeTable(name, message, NM2)


def _in_nm(draft: Draft, distance: "pd.Series[float]") -> str:
    known = f"; {_factor(draft)}" if _factor(draft) else ""
    return (
        f"{draft.sheet.place()}: positions in {', '.join(draft.columns(POSITION))} look like "
        f"nanometres (median distance from the soma {distance.median():,.0f} um{known}): divide "
        "position and soma columns by 1000, or rename them to corr_x, corr_soma_x, ..., or repair "
        f"it with {NM}."
    )


def _factor(draft: Draft) -> str:
    """What other columns say of the factor between what is given and um."""
    same = [NANOMETRES[name] for name in nm_columns(draft) if NANOMETRES[name] in draft.numbers]
    if same:
        return f"they equal {', '.join(same)}, so the factor is 1000"
    for name, raw in zip(POSITION, RAW.values(), strict=True):
        if raw in draft.numbers:
            ratio = (draft.numbers[name] / draft.numbers[raw].replace(0, np.nan)).median()
            return f"{name} is {ratio:.3g} times {raw}, in um it would be about {ratio / 1000:.3g}"
    return ""


def _mostly(wrong: "pd.Series[bool]", values: "pd.Series[float]") -> bool:
    return bool(wrong.sum() > 0.5 * values.notna().sum())


def soma_distance(numbers: pd.DataFrame) -> "pd.Series[float]":
    """Distance from the soma in um (n,), indexed as the rows.

    Args:
        numbers: n rows, with position and soma in um.
    """
    offset = numbers[list(POSITION)].to_numpy() - numbers[list(SOMA)].to_numpy()
    return pd.Series(np.sqrt((offset**2).sum(axis=1)), index=numbers.index)


# -- single rows


def check_names(draft: Draft) -> Remarks:
    """Each name is there as it was written, and SynType is as or ss."""
    columns = {"NeuronId": draft.schema.group, "SynId": draft.schema.id}
    columns |= {"SynType": "SynType"} if draft.schema == SYNAPSES else {}
    for name, source in columns.items():
        if source:
            yield from _check_name(draft, name, draft.sources[source].column)
    if draft.schema != SYNAPSES:
        return
    names = draft.names
    unknown = ~names["SynType"].isin(list(SYN_TYPES)) & ~is_missing(names["SynType"])
    for row in rows_where(unknown):
        text = "must be as (asymmetric) or ss (symmetric)."
        yield at(draft, row, "SynType", Outcome.REJECTED, text)
    for row in rows_where(~names["SynId"].str.fullmatch("[0-9]+") & (names["SynId"] != "")):
        text = "not a whole number from 1; used as text."
        yield at(draft, row, "SynId", Outcome.ACCEPTED, text)


def _check_name(draft: Draft, name: str, column: str) -> Remarks:
    """A name is there, with every digit, and is no date that was made of it."""
    sheet, names = draft.sheet, draft.names
    for row in rows_where(condition_on(is_missing(names[name]), names)):
        meant = why_blank(draft.blanks, row, column)
        is_formula = (row, column) in sheet.formulas
        text = FORMULA if is_formula else meant or "empty; fill in the name."
        repairs = (FILL_DOWN,) if meant else ()
        yield finding(sheet, row, column, Outcome.REJECTED, text, *repairs)
    for row in rows_where(condition_on(lost_digits(sheet, column), names)):
        yield finding(sheet, row, column, Outcome.REJECTED, LOST)
    of_dates = dates(sheet, column)
    if of_dates.any() and not of_dates.all():
        for row in rows_where(condition_on(of_dates, names)):
            yield finding(sheet, row, column, Outcome.REJECTED, DATE)


DATE = (
    "a date among names, as a spreadsheet program makes of 1-2; type it as text, in a column that "
    "is formatted as text."
)


def check_logarithms(draft: Draft) -> Remarks:
    """Of what a logarithm is taken, it can be taken."""
    for name in draft.schema.logs:
        for row in rows_where(draft.numbers[name] <= 0):
            text = "must be above 0, for its logarithm is compared."
            yield at(draft, row, name, Outcome.REJECTED, text)


def check_areas(draft: Draft) -> Remarks:
    """Areas are possible, and remarked on when unusual."""
    for name in AREAS:
        limits, values = AREA_RANGES[name], draft.numbers[name]
        for row in rows_where((values <= 0) | (values > limits.highest)):
            text = f"an area must be above 0 and at most {limits.highest:g} um2; check the unit."
            yield at(draft, row, name, Outcome.REJECTED, text)
        for row in rows_where(_unusual(values, limits)):
            text = f"outside the usual {limits.usual_low:g} to {limits.usual_high:g} um2."
            yield at(draft, row, name, Outcome.ACCEPTED, text)


def _unusual(values: "pd.Series[float]", limits: Range) -> "pd.Series[bool]":
    outside = (values < limits.usual_low) | (values > limits.usual_high)
    return outside & (values > 0) & (values <= limits.highest)


def check_optional(draft: Draft) -> Remarks:
    """What a table may measure is above 0; a volume is no larger than the sphere of its area."""
    for name in (one for one in OPTIONAL_MEASURES if one in draft.numbers):
        text = WHAT_IS_ABOVE_0[OPTIONAL_MEASURES[name]]
        for row in rows_where(draft.numbers[name] <= 0):
            yield at(draft, row, name, Outcome.REJECTED, text)
    if VOLUME not in draft.numbers:
        return
    volume, area = draft.numbers[VOLUME], draft.numbers["BoutonArea"]
    for row in rows_where(volume > SPHERE * area.clip(lower=0) ** 1.5):
        text = "more than a sphere of this BoutonArea can hold; check both."
        yield at(draft, row, VOLUME, Outcome.ACCEPTED, text)


def check_distance(draft: Draft) -> Remarks:
    """A synapse is near enough to its soma."""
    distance = soma_distance(draft.numbers)
    for row in rows_where(distance > TOO_FAR_FROM_SOMA):
        text = (
            f"{distance[row]:,.0f} um from the soma, more than {TOO_FAR_FROM_SOMA:,.0f}; "
            "check the unit (um) of its position."
        )
        yield at(draft, row, POSITION[0], Outcome.REJECTED, text)
    for row in rows_where((distance > FAR_FROM_SOMA) & (distance <= TOO_FAR_FROM_SOMA)):
        text = f"{distance[row]:,.0f} um from the soma, which is unusually far."
        yield at(draft, row, POSITION[0], Outcome.ACCEPTED, text)


# -- rows together


def check_duplicates(draft: Draft, rows: pd.Index) -> tuple[list[Finding], dict[int, int]]:
    """Find rows that are there twice, and keys that are given to different synapses.

    Returns:
        The remarks, and for each exact repetition the row it repeats.
    """
    names = draft.names if len(rows) == len(draft.names) else draft.names.loc[rows]
    if draft.schema != SYNAPSES and not draft.schema.id:
        return [], {}  # nothing says that equal rows are one
    same_key = names.index[_same_key(names)]
    measures = list(draft.schema.measures)
    values = names.loc[same_key].join(draft.numbers.loc[same_key, measures])
    groups = values.groupby(list(values.columns), sort=False).ngroup()
    leaders: dict[int, int] = {}
    repeats: dict[int, int] = {}
    for row, group in zip(row_numbers(same_key), groups, strict=True):
        leader = leaders.setdefault(int(group), row)
        if leader != row:
            repeats[row] = leader
    found = [_repeated(draft, row, leader) for row, leader in repeats.items()]
    single = values.drop(index=list(repeats))
    for _, rows_of_key in single[single.duplicated(list(KEY), keep=False)].groupby(list(KEY)):
        numbers = row_numbers(rows_of_key.index)
        found += [_ambiguous(draft, row, numbers) for row in numbers]
    return found, repeats


def _same_key(names: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which rows (n,) share their key with another."""
    total = np.zeros(len(names), dtype=np.int64)
    for name in KEY:
        codes, different = pd.factorize(names[name])
        total = total * max(len(different), 1) + codes
    same: npt.NDArray[np.bool_] = pd.Series(total).duplicated(keep=False).to_numpy()
    return same


def _repeated(draft: Draft, row: int, leader: int) -> Finding:
    text = f"the same as row {leader}; dropped."
    return finding(draft.sheet, row, "", Outcome.REJECTED, text)


def _ambiguous(draft: Draft, row: int, rows: list[int]) -> Finding:
    others = ", ".join(str(other) for other in rows if other != row)
    names = draft.schema.key_columns
    key = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    text = f"same {key} as row {others} but other values; keep one."
    return at(draft, row, draft.schema.id, Outcome.REJECTED, text)


def check_same_place(draft: Draft, rows: pd.Index) -> Remarks:
    """Two synapses of a neuron are hardly at exactly the same place."""
    places = draft.names.loc[rows, ["NeuronId"]].join(draft.numbers.loc[rows, list(POSITION)])
    for row in rows_where(places.duplicated(keep=False)):
        text = "another synapse of this neuron has exactly this position; check both."
        yield at(draft, row, POSITION[0], Outcome.ACCEPTED, text)


def check_other_units(draft: Draft, rows: pd.Index) -> Remarks:
    """Positions given twice agree: 1000 nm to the um, one raw unit for each neuron."""
    numbers, names = draft.numbers.loc[rows], draft.names.loc[rows, "NeuronId"]
    for micron, nm in zip((*POSITION, *SOMA), (*RAW, *RAW_SOMA), strict=True):
        if nm in numbers:
            differs = (numbers[nm] / 1000 - numbers[micron]).abs() > SOMA_TOLERANCE
            yield from remark(draft, rows_where(differs), nm, "not 1000 times the column in um.")
    for corrected, raw in zip(POSITION, RAW.values(), strict=True):
        if raw in numbers:
            ratio = numbers[corrected] / numbers[raw].replace(0, np.nan)
            usual = ratio.groupby(names).transform("median")
            differs = (ratio / usual - 1).abs() > RATIO_TOLERANCE
            text = f"does not fit {corrected} as the neuron's other rows do; check both."
            yield from remark(draft, rows_where(differs), raw, text)


SINGLE_ROW: tuple[Callable[[Draft], Remarks], ...] = (
    check_names,
    check_areas,
    check_optional,
    check_distance,
)
"""Checks that look at one row of synapses at a time."""
OTHER_SINGLE_ROW: tuple[Callable[[Draft], Remarks], ...] = (check_names, check_logarithms)
"""The same for any other table of points."""
TOGETHER: tuple[Callable[[Draft, pd.Index], Remarks], ...] = (
    check_same_place,
    check_copied_somas,
    check_other_units,
)
"""Checks that look at all rows of synapses that are still in; they only remark."""


def neurons_in_other_units(draft: Draft, rows: pd.Index) -> list[str]:
    """A sentence for each neuron whose synapses are spread over another order of size.

    The arbours of one kind of neuron are of like size; one in pixels or nm among others in um is
    not. Its rows are taken as they are, for nothing says by what to multiply them.

    Args:
        draft: of a table of synapses.
        rows: those that are still in.
    """
    spread = _spread(draft, rows)
    found = {}
    for neuron in spread.index:
        usual = float(spread.drop(neuron).median())  # nan where there is no other
        if max(usual, spread[neuron]) > TIMES * min(usual, spread[neuron]):
            found[neuron] = usual
    if 2 * len(found) > len(spread):
        found = dict(list(found.items())[:1])  # of two, either may be the wrong one
    columns = ", ".join(draft.columns(POSITION))
    return [
        f"{draft.sheet.place()}: the synapses of neuron {neuron} are spread over "
        f"{spread[neuron]:.3g} um, those of the others over {usual:.3g} um: {columns} seem to be "
        "in another unit there. They were taken as they are; bring them to the same unit, or leave "
        "the neuron out."
        for neuron, usual in found.items()
    ]


def _spread(draft: Draft, rows: pd.Index) -> "pd.Series[float]":
    """Median distance of a neuron's synapses from their middle, um, by neuron."""
    places = draft.numbers.loc[rows, list(POSITION)]
    by_neuron = places.groupby(draft.names.loc[rows, "NeuronId"])
    away = places - by_neuron.transform("median")
    distance = pd.Series(np.sqrt((away**2).sum(axis=1)), index=rows)
    grouped = distance.groupby(draft.names.loc[rows, "NeuronId"])
    spread = grouped.median()[grouped.size() >= FEWEST_SYNAPSES]
    return spread[spread > 0]
