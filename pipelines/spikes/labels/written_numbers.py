"""Numbers as people write them: "5 Hz", "12 %", 0,95 and "1,234".

A number that can be read in two ways is no number until the rest of its table tells.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

Style = Literal["point", "comma"]
"""How decimals are written."""

UNITS: Mapping[str, tuple[str, float]] = {
    **dict.fromkeys(("hz", "sp/s", "spikes/s", "spk/s", "imp/s", "1/s", "/s", "s-1"), ("Hz", 1.0)),
    "khz": ("Hz", 1e3),
    **dict.fromkeys(("s", "sec", "seconds"), ("s", 1.0)),
    "ms": ("s", 1e-3),
    **dict.fromkeys(("us", "\N{MICRO SIGN}s", "\N{GREEK SMALL LETTER MU}s"), ("s", 1e-6)),
    **dict.fromkeys(("uv", "\N{MICRO SIGN}v", "\N{GREEK SMALL LETTER MU}v"), ("uV", 1.0)),
    **{"mv": ("uV", 1e3), "v": ("uV", 1e6), "nv": ("uV", 1e-3)},
    **dict.fromkeys(("um", "\N{MICRO SIGN}m", "\N{GREEK SMALL LETTER MU}m"), ("um", 1.0)),
    "mm": ("um", 1e3),
    **dict.fromkeys(("%", "percent", "per cent", "pct"), ("ratio", 0.01)),
}
"""What each unit measures, and how many of the unit used here it is."""

EXPONENT = r"(?:[eE][+-]?\d+)?"
CELL = re.compile(
    r"(?P<number>[+\-\u2212]?(?:\d{1,3}(?:['\u2019\u00a0\u202f ]\d{3})+(?:[.,]\d+)?|[\d.,]*\d[.,]?)"
    + EXPONENT
    + r")\s*(?P<unit>[^\d\s.,].*)?"
)
POINT = re.compile(
    r"[+-]?(?:\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}|0?\.\d+|\d{4,}\.\d+|\d+\.(?!\d{3}$)\d+)"
    + EXPONENT
)
COMMA = re.compile(
    r"[+-]?(?:\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}|0?,\d+|\d{4,},\d+|\d+,(?!\d{3}$)\d+)"
    + EXPONENT
)
"""Numbers that can only have been written with a decimal point, or with a decimal comma."""
DOUBTFUL = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")


def style_of(cells: Iterable[str]) -> Style | None:
    """How a table writes decimals, by the cells that can mean one thing only; none if none do.

    Raises:
        ValueError: some cells have decimal points and some decimal commas.
    """
    point = comma = ""
    for cell in cells:
        number = number_in(cell)
        if POINT.fullmatch(number):
            point = point or number
        elif COMMA.fullmatch(number):
            comma = comma or number
    if point and comma:
        raise ValueError(f"decimals are written with a point in {point} and a comma in {comma}")
    return "point" if point else "comma" if comma else None


def number_in(cell: str) -> str:
    """The number in a cell, if it is nothing else but for a unit that is known."""
    match = CELL.fullmatch(cell.strip())
    if match is None or (match["unit"] or "hz").strip().lower() not in UNITS:
        return ""
    return _bare(match["number"])


def _bare(number: str) -> str:
    """A number without what stands between its thousands besides points and commas."""
    return re.sub(r"['\u2019\u00a0\u202f ]", "", number).replace("\u2212", "-").rstrip(".,")


def parsed(text: str, style: Style | None, *, whole: bool = False) -> tuple[float, str]:
    """The number in a text and its unit, in small letters; empty if it has none.

    Raises:
        ValueError: there is no number, or it can be read in two ways; says so.
    """
    if text.strip().lower() in ("inf", "-inf", "+inf", "infinity", "-infinity"):
        return float("nan"), ""
    match = CELL.fullmatch(text.strip())
    unit = (match["unit"] or "").strip().lower() if match else ""
    if match is None or (unit and unit not in UNITS):
        raise ValueError("is not a number; correct it or leave the cell empty")
    number = _bare(match["number"])
    if style is None and DOUBTFUL.fullmatch(number):
        if not whole:
            one, other = number.replace(",", ""), number.replace(",", ".")
            raise ValueError(f"can be {one} or {other}; write one of these")
        style = "point"
    if style == "comma":
        number = number.translate(str.maketrans(",.", ".,"))
    elif style is None:
        number = number.replace(",", ".")
    try:
        return float(_without_thousands(number)), unit
    except ValueError:
        raise ValueError("is not a number; correct it or leave the cell empty") from None


def _without_thousands(number: str) -> str:
    """A number with decimal point; a comma may only stand between thousands."""
    before, point, after = number.partition(".")
    if "," in after or ("," in before and not re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", before)):
        return "no number"
    return before.replace(",", "") + point + after
