"""Writes formats.md from the rows of `pipelines.core.formats.Format` (`make formats`)."""

from collections.abc import Sequence
from pathlib import Path

from pipelines.brainmap.formats import rows as images
from pipelines.core.formats import Format
from pipelines.spikes.recording import formats as recordings
from pipelines.spikes.units import elsewhere
from pipelines.spikes.units import formats as units
from pipelines.synapses.formats import rows as tables

FILE = Path(__file__).resolve().parent / "formats.md"

TABLES: dict[str, Sequence[Format]] = {
    "Recordings": recordings.FORMATS,
    "Sortings made elsewhere, which are imported": elsewhere.ELSEWHERE,
    "Sorted units, written for other programs": units.SORTINGS,
    "Tables of units": units.TABLES,
    "Images, and maps written for other programs": images.FORMATS,
    "Signals": images.SIGNALS,
    "Tables of synapses": tables.FORMATS,
}
WAYS = {
    "alone": "a file",
    "either": "a file, or one of several in a folder",
    "together": "a file, or a folder of them",
    "series": "a file, or a folder of them",
    "folder": "a folder of them",
}
HEAD = """# What is read and written

Written by `make formats` from the rows of formats beside the code that reads them; a test compares.
Recordings are chosen below a data root; images, signals and tables can be uploaded too, but for
folders of folders. Below a data root the app offers what is in this list, as far as names and the
first bytes of files tell; files ending in `.h5` or `.nwb` are offered both as recordings and as
images. What is not offered can be typed.
"""


def page() -> str:
    """The whole file."""
    parts = [HEAD]
    for title, rows in TABLES.items():
        lines = ["| kind | known by | read | written as |", "| --- | --- | --- | --- |"]
        parts.append("\n".join([f"## {title}\n", *lines, *map(_row, rows), ""]))
    return "\n".join(parts)


def _row(row: Format) -> str:
    marks = [f"a folder with `{mark}`" for mark in row.marks]
    known = ", ".join([*(f"`{suffix}`" for suffix in row.suffixes), *marks])
    ways = [WAYS[row.stands]] if row.suffixes else []
    ways += ["a folder"] if row.marks and row.stands != "together" else []
    read = " or ".join(ways) if row.read else ""
    return f"| {row.title} | {known} | {read} | {f'`{row.name}`' if row.write else ''} |"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
