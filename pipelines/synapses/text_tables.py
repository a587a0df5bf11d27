"""Tables of text: encoding, delimiter, and their cells as they were written."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow
from pyarrow import csv as arrow_csv

from pipelines.errors import TableError
from pipelines.synapses.columns import REQUIRED
from pipelines.synapses.limits import Limits

DELIMITERS = (";", ",", "\t")
CONTROL = bytes([*range(1, 9), *range(14, 32)])
CONTROL_SHARE = 0.01
"""A stray control character may get into a cell; more of them mean a binary file."""
BLOCK = 64 << 20
HEADER_BYTES = 1 << 20
NumberedRows = Iterable[tuple[int, Sequence[Any]]]


@dataclass(frozen=True)
class Text:
    """A text with separators.

    Attributes:
        file: its name.
        content: it, as UTF-8.
        delimiter: between its cells.
        header: the first line with content.
        header_row: its number, from 1.
    """

    file: str
    content: bytes
    delimiter: str
    header: str
    header_row: int

    @classmethod
    def read(cls, file: str, content: bytes) -> Self:
        """Find out how a text is written.

        Raises:
            TableError: it is empty, markup or binary.
        """
        content = _utf8(content)
        start = content[:1000].lstrip() or content.lstrip()
        if not start:
            raise TableError(f"{file} is empty: choose a file with a table.")
        if start.startswith(b"<"):
            raise TableError(f"{file} is a web page or XML, not a table: save it as .xlsx or .csv.")
        control = len(content) - len(content.translate(None, CONTROL))
        if b"\0" in content or control > CONTROL_SHARE * len(content):
            raise TableError(
                f"{file} is not a table: choose an .xlsx, .csv, .tsv or .parquet file."
            )
        blank = content[: len(content) - len(content.lstrip())]
        end = content.find(b"\n", len(blank))
        line = content[blank.rfind(b"\n") + 1 : end if end > 0 else None]
        # Where returns alone end the lines, the whole text was taken for one.
        header = next(part for part in line.splitlines() if part.strip()).decode(errors="replace")
        return cls(file, content, _delimiter(header), header, blank.count(b"\n") + 1)

    @property
    def first_row(self) -> int:
        """Row number of the first row below the header."""
        return self.header_row + 1

    def rows(self) -> NumberedRows:
        """Row number and cells of each row, in any dialect that a spreadsheet program writes.

        Raises:
            TableError: a quotation is not closed.
        """
        text = io.StringIO(self.content.decode(errors="replace"), newline="")
        lines = csv.reader(text, delimiter=self.delimiter)
        try:
            yield from enumerate(lines, start=1)
        except csv.Error as error:
            raise TableError(
                f"{self.file} cannot be read as a table near line {lines.line_num} ({error}): "
                "look for a quotation mark that is not closed."
            ) from None

    def columns(self, limits: Limits) -> pyarrow.Table | None:
        """All cells as text, column by column; None where only `rows` can be trusted.

        That is with quotations, with rows of different lengths or with stray returns. The
        result is the same, this is many times faster.
        """
        content = self.content
        if b'"' in content or content.count(b"\r") != content.count(b"\r\n"):
            return None
        names = self.header.split(self.delimiter)
        if len(names) > limits.columns or not names[-1].strip():
            return None
        try:
            # Names are given by number: two may be alike, which is told in words later.
            table = arrow_csv.read_csv(
                pyarrow.BufferReader(content),
                arrow_csv.ReadOptions(
                    column_names=[str(i) for i in range(len(names))],
                    skip_rows=self.header_row,
                    block_size=BLOCK,
                    use_threads=False,
                ),
                arrow_csv.ParseOptions(
                    delimiter=self.delimiter, quote_char=False, ignore_empty_lines=False
                ),
                arrow_csv.ConvertOptions(
                    column_types={str(i): pyarrow.string() for i in range(len(names))},
                    strings_can_be_null=False,
                ),
            )
        except pyarrow.ArrowInvalid:
            return None
        return table.rename_columns(names)


def header_of(path: Path) -> list[str]:
    """The names in the first row with content, from the first part of a file.

    Raises:
        TableError: it is empty, markup or binary.
    """
    with path.open("rb") as stream:
        start = stream.read(HEADER_BYTES)
    # Whole lines, lest a character is cut in two.
    lines, newline, _ = start.rpartition(b"\n")
    text = Text.read(path.name, lines if newline and len(start) == HEADER_BYTES else start)
    return next(csv.reader([text.header], delimiter=text.delimiter))


def _utf8(content: bytes) -> bytes:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace").encode()
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1").encode()
    return content


def _delimiter(header: str) -> str:
    """The delimiter under which the header shows most known columns, or most cells."""
    known = {name.casefold() for name in REQUIRED}

    def score(delimiter: str) -> tuple[int, int]:
        names = [cell.strip().strip('"').casefold() for cell in header.split(delimiter)]
        return len(known.intersection(names)), len(names)

    return max(DELIMITERS, key=score)
