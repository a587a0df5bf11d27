"""Names of neurons and synapses as text: one spelling each, and every digit of an id."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipelines.synapses.formats.cells import MISSING, text_of
from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.table.arrays import Booleans
from pipelines.synapses.table.columns import OTHER_TYPE, SYN_TYPES
from pipelines.synapses.table.units import same_name

EXACT: Mapping[str, int] = {"float64": 2**53, "float32": 2**24, "float16": 2**11}
"""Whole numbers beyond are no longer told apart by a number of that type."""
SPREADSHEET_DIGITS = 15
"""So many digits of a number a spreadsheet program keeps; it writes zeros for the others."""
LOST = (
    "a name of so many digits was stored as a number on its way, and its last digits are lost; "
    "store such names as text where the table is made."
)
_WHOLE = re.compile(r"([0-9]+)(?:\.0+)?")
_LOST = re.compile(r"[+-]?(?:[0-9]+[.,][0-9]*[eE]\+?[0-9]+|[0-9]+[eE]\+[0-9]+|[0-9]{16,}\.0*)")
_DATE = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]( 00:00:00)?")


def read_names(sheet: Sheet, columns: Mapping[str, str], known: Iterable[str] = ()) -> pd.DataFrame:
    """NeuronId, SynType and SynId as text, each in one spelling.

    Args:
        sheet: the n cells of each column.
        columns: for each name of the key the column that holds it. Without a column all rows
            have the group "all", the type of other points, and no id.
        known: spellings of NeuronId that take precedence.

    Returns:
        (n, 3), indexed by row number.
    """
    index = sheet.cells.index
    read: dict[str, Any] = {"NeuronId": "all", "SynType": OTHER_TYPE, "SynId": ""}
    if "NeuronId" in columns:
        read["NeuronId"] = _one_spelling(sheet.cells[columns["NeuronId"]], known)
    if "SynType" in columns:
        read["SynType"] = each(sheet.cells[columns["SynType"]], lambda c: _syn_type(text_of(c)))
    if "SynId" in columns:
        read["SynId"] = _ids(each(sheet.cells[columns["SynId"]], lambda c: text_of(c).strip()))
    return pd.DataFrame(read, index=index, dtype=object)


def each(cells: "pd.Series[Any]", function: Callable[[Any], Any]) -> Any:
    """A function of each cell (n,), asked once for each different one."""
    try:
        codes, different = pd.factorize(cells, use_na_sentinel=False)
    except TypeError:  # cells that cannot be compared, such as lists
        return np.array([function(cell) for cell in cells], dtype=object)
    # 1, 1.0 and True are equal, but not the same text.
    if cells.dtype == object and not all(isinstance(cell, str) for cell in different):
        return np.array([function(cell) for cell in cells], dtype=object)
    answers = np.empty(len(different), dtype=object)
    answers[:] = [function(cell) for cell in np.asarray(different, dtype=object).tolist()]
    return answers[codes]


def _one_spelling(cells: "pd.Series[Any]", known: Iterable[str]) -> Any:
    """One spelling per name: a known one, else the most frequent, else the one in lower case."""
    written = each(cells, lambda cell: text_of(cell).strip())
    codes, different = pd.factorize(written)
    counts: dict[str, Counter[str]] = {}
    for text, count in zip(different, np.bincount(codes, minlength=len(different)), strict=True):
        counts.setdefault(name_key(text), Counter())[text] += int(count)
    chosen = {
        key: min(found, key=lambda text: (-found[text], text != text.casefold(), text))
        for key, found in counts.items()
    }
    same = matched(chosen.values(), known)
    spelled = {key: same.get(text, text) for key, text in chosen.items()}
    return np.array([spelled[name_key(text)] for text in different], dtype=object)[codes]


def name_key(text: str) -> str:
    """What is equal of names that a person takes for the same: cr-1 and "CR\u20131 ", 1 and 1.0."""
    folded = same_name(text)
    whole = _WHOLE.fullmatch(folded)
    return whole[1] if whole else folded


def matched(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """For names of one table those of another that a person takes for the same.

    An equal name goes before one that differs in case, blanks, dashes, forms of letters or .0,
    and that before one that lacks leading zeros. What could be two names is none.
    """
    names, known = list(dict.fromkeys(names)), list(dict.fromkeys(known))
    found = {name: name for name in names if name in set(known)}
    for key in (name_key, lambda text: name_key(text).lstrip("0")):
        left = [name for name in names if name not in found]
        ours = Counter(key(name) for name in names) if key is not name_key else {}
        theirs: dict[str, list[str]] = {}
        for name in known:
            theirs.setdefault(key(name), []).append(name)
        found |= {
            name: theirs[key(name)][0]
            for name in left
            if len(theirs.get(key(name), ())) == 1 and ours.get(key(name), 1) == 1
        }
    return found


def _syn_type(text: str) -> str:
    folded = text.strip().casefold()
    return folded if folded in SYN_TYPES else text


def _ids(texts: Any) -> Any:
    """Ids (n,) without the .0 that whole numbers get on the way, where all are whole."""
    different = {text for text in texts if text}
    if not different or not all(_WHOLE.fullmatch(text) for text in different):
        return texts
    return np.array([text.partition(".")[0] for text in texts], dtype=object)


def is_missing(names: "pd.Series[str]") -> Booleans:
    """Which names (n,) are not there."""
    missing: Booleans = each(names, lambda text: text.strip().casefold() in MISSING).astype(bool)
    return missing


# -- what a name may have lost on its way


def lost_digits(sheet: Sheet, column: str) -> Booleans:
    """Which ids (n,) of a column were stored as numbers that cannot hold their digits."""
    cells = sheet.cells[column]
    limit = EXACT.get(str(cells.dtype), EXACT["float64"])
    lost: Booleans = each(cells, lambda cell: _is_lost(cell, limit)).astype(bool)
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return lost
    digits = each(cells, lambda cell: _long_digits(cell))
    long = np.array([bool(text) for text in digits], dtype=bool)
    if long.sum() > 1 and all(_is_rounded(text, sheet.is_workbook) for text in digits[long]):
        lost = lost | long
    return lost


def _is_lost(cell: Any, limit: int) -> bool:
    if isinstance(cell, str):
        return _LOST.fullmatch(cell.strip()) is not None
    return isinstance(cell, float | np.floating) and abs(float(cell)) >= limit


def _long_digits(cell: Any) -> str:
    """The digits of a whole number with more than a spreadsheet program keeps."""
    text = str(cell).strip() if isinstance(cell, str | int) else ""
    return text if text.isascii() and text.isdigit() and len(text) > SPREADSHEET_DIGITS else ""


def _is_rounded(digits: str, is_workbook: bool) -> bool:
    """Whether digits look as if they had been a number of a spreadsheet program."""
    is_decimal = int(digits) > 2**53 and int(float(digits)) == int(digits)
    return not digits[SPREADSHEET_DIGITS:].strip("0") or (is_workbook and is_decimal)


def dates(sheet: Sheet, column: str) -> Booleans:
    """Which names (n,) of a workbook are dates, as which such programs take 1-2."""
    cells = sheet.cells[column]
    if not sheet.is_workbook:
        return np.zeros(len(cells), dtype=bool)
    found: Booleans = each(cells, lambda c: _DATE.fullmatch(text_of(c)) is not None).astype(bool)
    return found
