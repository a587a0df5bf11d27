"""Commas, points and blanks in numbers: what a column means by them, as far as it can be told.

A text such as 1,234 has two readings, 1.234 and 1234. Which one holds is told by other cells
that have only one (0,5 or 1.234,5 against 0.5 or 1,234.5), first of the same column, then of
the others; where none tells, nothing is taken and a person is asked.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipelines.synapses.table.arrays import Booleans, Floats

DECIMAL_COMMA, THOUSANDS = "decimal-comma", "thousands"
"""The repairs: 0,5 is 0.5 and 1.234,5 is 1234.5; 1,234.5 and 1 234.5 are 1234.5."""
SHARE = 0.95
"""Of the cells that tell how decimals are written, so many must agree."""
_BLANK = " '\u2019\u00a0\u2009\u202f"
_EXPONENT = r"([eE][+-]?\d+)?"
_WITH_COMMA = re.compile(
    rf"[+-]?([1-9]\d{{0,2}}(?:([.{_BLANK}])\d{{3}})(?:\2\d{{3}})*|\d*)(,\d+)?{_EXPONENT}"
)
_WITH_POINT = re.compile(
    rf"[+-]?([1-9]\d{{0,2}}(?:([,{_BLANK}])\d{{3}})(?:\2\d{{3}})*|\d*)(\.\d*)?{_EXPONENT}"
)
_DIGIT = re.compile(r"\d")


def readings(text: str) -> tuple[float, float]:
    """What a text is with a decimal comma, and what with a decimal point; nan for neither."""
    if not text.isascii() and not any(blank in text for blank in _BLANK[2:]):
        return math.nan, math.nan
    return _value(text, _WITH_COMMA, "."), _value(text, _WITH_POINT, ",")


def _value(text: str, pattern: re.Pattern[str], group: str) -> float:
    if not pattern.fullmatch(text) or not _DIGIT.search(text):
        return math.nan
    for blank in (group, *_BLANK):
        text = text.replace(blank, "")
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return math.nan


class Kind(StrEnum):
    """What the cells of a column say of separators."""

    COMMA = "comma"
    POINT = "point"
    MIXED = "mixed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Style:
    """How a column writes numbers.

    Attributes:
        kind: what its cells, or those of the other columns, say.
        in_doubt: whether cells with two readings and a plain one, such as 1.234, are doubtful.
    """

    kind: Kind
    in_doubt: bool

    def doubts(self, both: Floats, values: Floats) -> tuple[Booleans, Floats, Floats]:
        """Which cells cannot be taken as they are, and what they would be.

        Args:
            both: the two readings (n, 2) of each cell.
            values: (n,) the plain numbers.

        Returns:
            (n,) which are in doubt, and the readings with a comma and with a point that are
            offered; nan where none is.
        """
        comma, point = both[:, 0], both[:, 1]
        alike = comma == point
        either = np.isfinite(comma) & np.isfinite(point) & ~alike
        unread = np.isnan(values)
        nothing = np.full(len(values), np.nan)
        if self.kind is Kind.COMMA:
            doubt = np.isfinite(comma) & (comma != values)
            return doubt, np.where(doubt, comma, np.nan), nothing
        if self.kind is Kind.POINT:
            doubt = np.isfinite(point) & unread
            return doubt, nothing, np.where(doubt, point, np.nan)
        grouped = unread & alike
        doubt = grouped | (either & (unread | self.in_doubt))
        if self.kind is Kind.MIXED:
            return doubt | (unread & np.isfinite(comma)), nothing, np.where(grouped, point, np.nan)
        return doubt, np.where(doubt, comma, np.nan), np.where(doubt, point, np.nan)


def styles(both: Mapping[str, Floats], values: Mapping[str, Floats]) -> dict[str, Style]:
    """How each column writes numbers.

    Args:
        both: for each column the two readings (m, 2) of its cells that are text.
        values: for each column the plain numbers.
    """
    told = {name: _told(pair) for name, pair in both.items()}
    of_all = _kind(*np.sum(list(told.values()), axis=0)) if told else Kind.UNKNOWN
    found = {}
    for name, counts in told.items():
        kind = _kind(*counts) if sum(counts) else of_all
        found[name] = Style(kind, in_doubt=_has_commas(both) if kind is Kind.UNKNOWN else True)
    return found


def _told(both: Floats) -> tuple[int, int]:
    """How many cells can only have a decimal comma, and how many only a decimal point."""
    comma, point = np.isfinite(both[:, 0]), np.isfinite(both[:, 1])
    return int((comma & ~point).sum()), int((point & ~comma).sum())


def _kind(commas: int, points: int) -> Kind:
    if not commas + points:
        return Kind.UNKNOWN
    for kind, count in ((Kind.COMMA, commas), (Kind.POINT, points)):
        if count >= SHARE * (commas + points):
            return kind
    return Kind.MIXED


def _has_commas(both: Mapping[str, Floats]) -> bool:
    """Whether cells with two readings would be larger with a point: 1,234 is among them."""
    return any(bool((np.abs(pair[:, 1]) > np.abs(pair[:, 0])).any()) for pair in both.values())
