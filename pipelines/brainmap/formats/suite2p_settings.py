"""The size of a frame in suite2p's settings, found without unpickling them.

`ops.npy` is a pickled dictionary, and unpickling can run code. `pickletools` lists the steps of a
pickle and carries none of them out; the few numbers that are wanted follow their names as plain
steps.
"""

import pickletools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.core.errors import ImageError
from pipelines.files.links import refuse_link_out

NAMES = ("ops.npy", "db.npy", "reg_outputs.npy", "settings.npy")
MOST_BYTES = 1 << 30
STEPS = 30
"""A number, also one of NumPy's, is said in fewer steps after its name."""
TEXTS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"})
INTEGERS = frozenset({"BININT", "BININT1", "BININT2", "LONG1", "LONG", "INT"})
FLOATS = frozenset({"BINFLOAT", "FLOAT"})
BYTES = frozenset({"SHORT_BINBYTES", "BINBYTES", "SHORT_BINSTRING", "BINSTRING"})
NOTED = frozenset({"MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT"})
"""Steps that only remember a value."""
MAKING = TEXTS | {"GLOBAL", "STACK_GLOBAL", "BINGET", "LONG_BINGET", "GET"}
"""Steps that one of NumPy's numbers begins with."""
LARGEST_WHOLE = 1 << 28
WANTED = {"Ly": "height", "Lx": "width", "fs": "rate", "nframes": "frames"}


@dataclass(frozen=True)
class Suite2pSettings:
    """What suite2p says of its frames; None where it does not.

    Attributes:
        height: Ly, in pixels.
        width: Lx.
        rate: fs, frames of a plane in a second.
        frames: nframes, of a plane.
    """

    height: int | None = None
    width: int | None = None
    rate: float | None = None
    frames: int | None = None


def read_settings(folder: Path) -> Suite2pSettings:
    """Look for the size of a frame in the settings of a plane's folder.

    Raises:
        ImageError: they are a link that leads out of the folder.
    """
    found: dict[str, Any] = {}
    for name in NAMES:
        file = folder / name
        refuse_link_out(file, ImageError)
        if file.is_file() and file.stat().st_size <= MOST_BYTES:
            found = {**_numbers(file), **found}
    return Suite2pSettings(
        _size(found.get("height")),
        _size(found.get("width")),
        _rate(found.get("rate")),
        _count(found.get("frames")),
    )


def _size(value: Any) -> int | None:
    return int(value) if isinstance(value, int) and 0 < value < 1 << 20 else None


def _count(value: Any) -> int | None:
    return int(value) if isinstance(value, int) and value > 0 else None


def _rate(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 < value < 1e6 else None


def _numbers(file: Path) -> dict[str, Any]:
    """The wanted numbers of a dictionary in a `.npy` file, by our names."""
    found: dict[str, Any] = {}
    try:
        with file.open("rb") as stream:
            version = np.lib.format.read_magic(stream)
            reader = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            reader(stream)
            steps = ((step.name, value) for step, value, _ in pickletools.genops(stream))
            for name, value in steps:
                if name in TEXTS and value in WANTED:
                    number = _next_number(steps)
                    if number is not None:
                        found.setdefault(WANTED[value], number)
    except Exception:  # damaged bytes raise anything; what was found before them counts
        return found
    return found


def _next_number(steps: Iterator[tuple[str, Any]]) -> int | float | None:
    """The number that follows a name: as it is, or the bytes that one of NumPy's is made from."""
    name, value = next((one for one in steps if one[0] not in NOTED), ("", 0))
    if name in INTEGERS:
        return int(value)
    if name in FLOATS:
        return float(value)
    if name not in MAKING:
        return None
    for name, value in islice(steps, STEPS):
        if name in BYTES and len(value) in (4, 8):
            return _from_bytes(value if isinstance(value, bytes) else value.encode("latin-1"))
    return None


def _from_bytes(raw: bytes) -> int | float:
    """A whole number, or a real one: those of the sizes in question are no small whole numbers."""
    whole = int.from_bytes(raw, "little", signed=True)
    if abs(whole) < LARGEST_WHOLE:
        return whole
    return float(np.frombuffer(raw, "<f8" if len(raw) == 8 else "<f4")[0])
