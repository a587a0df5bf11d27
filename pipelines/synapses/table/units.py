"""Units in the names of columns: which they are, and how they become micrometres.

Nothing heavy is imported here: the process that unpacks workbooks uses it too.
"""

import re
import unicodedata
from typing import NamedTuple

PER_MICROMETRE = {"m": 1e-6, "cm": 1e-4, "mm": 1e-3, "um": 1.0, "nm": 1e3, "å": 1e4}
"""How many of a unit of length make a micrometre."""
_SPELLINGS = {
    "micron": "um",
    "microns": "um",
    "micrometer": "um",
    "micrometers": "um",
    "micrometre": "um",
    "micrometres": "um",
    "mikrometer": "um",
    "nanometer": "nm",
    "nanometers": "nm",
    "nanometre": "nm",
    "nanometres": "nm",
    "millimeter": "mm",
    "millimetre": "mm",
    "angstrom": "å",
    "meter": "m",
    "metre": "m",
}
_NO_LENGTH = frozenset(
    (
        *("px", "pixel", "pixels", "voxel", "voxels", "vx", "vox"),
        *("hz", "khz", "ms", "s", "min", "h", "mv", "v", "pa", "na", "a", "mohm", "pf"),
        *("%", "percent", "°c", "deg", "°", "rad", "db"),
        *("a.u.", "au", "arb.", "count", "counts", "n", "ng", "mg", "g", "mol"),
    )
)
_SQUARE, _CUBIC = ("square", "sq", "sq."), ("cubic", "cu", "cu.")
_BRACKETS = re.compile(r"^(.*?)[\s_]*[(\[{]\s*([^()\[\]{}]+?)\s*[)\]}]\s*$", re.DOTALL)
_LAST_WORD = re.compile(r"^(.*?)(?:\s+in\s+|[\s_/,]+)([^\s_/,]+)$", re.IGNORECASE | re.DOTALL)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


class NamedUnit(NamedTuple):
    """A unit that was recognised.

    Attributes:
        power: 1 of a length, 2 of an area, 3 of a volume; 0 of anything else.
        divisor: a number in this unit divided by it is in um, um2 or um3.
        name: how it is written here.
    """

    power: int
    divisor: float
    name: str


def same_name(text: str) -> str:
    """How a person would compare names: case, blanks, dashes and forms of letters aside."""
    composed = unicodedata.normalize("NFC", text).translate(_DASHES)
    return " ".join(composed.split()).casefold()


def plain(name: str) -> str:
    """The name of a column without case, with one underscore for blanks, dots and dashes."""
    folded = same_name(unicodedata.normalize("NFKC", name))
    return re.sub(r"[\s_.-]+", "_", folded).strip("_")


def unit_of(text: str) -> NamedUnit | None:
    """The unit that a text is, or None."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("μ", "u").strip(" ()[]{}")
    if folded in _NO_LENGTH:
        return NamedUnit(0, 1.0, text.strip(" ()[]{}"))
    power = 1
    for word, of_word in ((_SQUARE, 2), (_CUBIC, 3)):
        for one in (one for one in word if folded.startswith(f"{one} ")):
            folded, power = folded.removeprefix(one).strip(), of_word
    found = re.fullmatch(r"([a-zå]+)(?:\^|\*\*)?([23])?", folded)
    if found is None:
        return None
    length = _SPELLINGS.get(found[1], found[1])
    if length not in PER_MICROMETRE or (power > 1 and found[2]):
        return None
    power = int(found[2] or power)
    name = f"{length}{power if power > 1 else ''}"
    return NamedUnit(power, PER_MICROMETRE[length] ** power, name)


def same_unit(one: NamedUnit, other: NamedUnit) -> bool:
    """Whether two units are one, in whatever way they are written."""
    if one.power == other.power == 0:
        return same_name(one.name) == same_name(other.name)
    return one[:2] == other[:2]


def split_unit(name: str) -> tuple[str, NamedUnit | None]:
    """The name of a column without its unit, and the unit: of "SynArea (um²)" SynArea and um2."""
    for pattern in (_BRACKETS, _LAST_WORD):
        found = pattern.match(name.strip())
        unit = unit_of(found[2]) if found else None
        if found and found[1] and unit is not None and (pattern is _BRACKETS or len(found[2]) > 1):
            return found[1].strip(), unit
    return name.strip(), None
