"""Tables of text: encoding, delimiter, and their cells as they were written."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow
from pyarrow import csv as arrow_csv

from pipelines.core.csv import fused
from pipelines.core.errors import TableError
from pipelines.synapses.formats.header import LOOKED_AT, Head, best_named, find_head
from pipelines.synapses.formats.limits import Limits
from pipelines.synapses.formats.rows import named_kinds
from pipelines.synapses.formats.workbooks import trimmed

DELIMITERS = ("\t", ";", "|", ",", " ")
"""In the order in which they are taken when several would do: the last occur in texts too."""
CONTROL = bytes([*range(1, 9), *range(14, 32)])
CONTROL_SHARE = 0.01
"""A stray control character may get into a cell; more of them mean a binary file."""
BLOCK = 64 << 20
HEADER_BYTES = 1 << 20
STATED = re.compile(rb'"?sep=(.)"?[ \t;,]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
"""A first line that says what separates cells, as Excel reads and some programs write it."""
DEFUSED = re.compile(rb"[\t;|, \n]'+ *(?:[=+@\t-]|\xef\xbc)")
"""A cell that was kept from acting as a formula, by an apostrophe."""
NumberedRows = Iterable[tuple[int, Sequence[Any]]]


@dataclass(frozen=True)
class Text:
    """A text with separators.

    Attributes:
        file: its name.
        content: it, as UTF-8.
        delimiter: between its cells.
        head: where the names of its columns stand.
        skipped: lines at the start that are no part of the table.
    """

    file: str
    content: bytes
    delimiter: str
    head: Head
    skipped: int = 0

    @classmethod
    def read(
        cls, file: str, content: bytes, names: Sequence[str] = (), header_row: int = 0
    ) -> Self:
        """Find out how a text is written.

        Args:
            file: its name.
            content: its bytes.
            names: of columns that are looked for.
            header_row: number of the row with the names, where the person said it; else 0.

        Raises:
            TableError: it is empty, markup or binary, or no row can be taken for the names.
        """
        content = _utf8(content)
        _refuse_no_text(file, content)
        start = content[: len(content) - len(content.lstrip())]
        stated = STATED.match(content[len(start) :])
        skipped = start.count(b"\n") + 1 if stated else 0
        found = [stated[1].decode()] if stated else DELIMITERS
        samples = {delimiter: _sample(content, delimiter, skipped) for delimiter in found}
        delimiter = max(found, key=lambda one: _score(samples[one], names))
        rows = samples[delimiter]
        if not rows:
            raise TableError(f"{file} has no rows: fill in the table.")
        return cls(file, content, delimiter, find_head(rows, names, header_row, file), skipped)

    @property
    def first_row(self) -> int:
        """Row number of the first row of the body."""
        return self.head.last_row + 1

    def rows(self) -> NumberedRows:
        """Row number and cells of each row, in any dialect that a spreadsheet program writes.

        Raises:
            TableError: a quotation is not closed.
        """
        text = io.StringIO(self.content.decode(errors="replace"), newline="")
        lines = csv.reader(text, delimiter=self.delimiter)
        try:
            for number, cells in enumerate(lines, start=1):
                yield number, _fused(cells)
        except csv.Error as error:
            raise TableError(
                f"{self.file} cannot be read as a table near line {lines.line_num} ({error}): "
                "look for a quotation mark that is not closed."
            ) from None

    def columns(self, limits: Limits) -> pyarrow.Table | None:
        """All cells as text, column by column; None where only `rows` can be trusted.

        That is with quotations, rows of different lengths, stray returns, or texts that are kept
        from acting as formulas. The result is the same, this is many times faster.
        """
        content = self.content
        if b'"' in content or content.count(b"\r") != content.count(b"\r\n"):
            return None
        if DEFUSED.search(content):
            return None
        names = [str(name or "") for name in self.head.names]
        if len(names) > limits.columns:
            return None
        try:
            # Names are given by number: two may be alike, which is told in words later.
            table = arrow_csv.read_csv(
                pyarrow.BufferReader(content),
                arrow_csv.ReadOptions(
                    column_names=[str(i) for i in range(len(names))],
                    skip_rows=self.head.last_row,
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


def start_of(path: Path, names: Sequence[str] = (), header_row: int = 0) -> Text:
    """The first part of a file, as far as it is needed to know its columns.

    Raises:
        TableError: it is empty, markup or binary.
    """
    with path.open("rb") as stream:
        start = stream.read(HEADER_BYTES)
    # Whole lines, lest a character is cut in two.
    lines, newline, _ = start.rpartition(b"\n")
    content = lines if newline and len(start) == HEADER_BYTES else start
    return Text.read(path.name, content, names, header_row)


def _refuse_no_text(file: str, content: bytes) -> None:
    start = content[:1000].lstrip() or content.lstrip()
    if not start:
        raise TableError(f"{file} is empty: choose a file with a table.")
    if start.startswith(b"<"):
        raise TableError(f"{file} is a web page or XML, not a table: save it as .xlsx or .csv.")
    control = len(content) - len(content.translate(None, CONTROL))
    if b"\0" in content or control > CONTROL_SHARE * len(content):
        raise TableError(f"{file} is not a table: choose {named_kinds()}.")


def _sample(content: bytes, delimiter: str, skipped: int) -> list[tuple[int, list[Any]]]:
    """The first rows with content, numbered, of the first part of a text."""
    part = content[:HEADER_BYTES]
    if len(content) > HEADER_BYTES:
        part = part.rpartition(b"\n")[0] or part
    text = io.StringIO(part.decode(errors="replace"), newline="")
    rows: list[tuple[int, list[Any]]] = []
    try:
        for number, cells in enumerate(csv.reader(text, delimiter=delimiter), start=1):
            if number > skipped and trimmed(cells):
                rows.append((number, _fused(cells)))
            if len(rows) == LOOKED_AT:
                break
    except csv.Error:
        pass  # what can be read so far; the rows themselves say where the mistake is
    return rows


def _fused(cells: list[str]) -> list[Any]:
    """Cells as they were before this program wrote them."""
    return [fused(cell) if cell[:1] == "'" else cell for cell in cells]


def _score(rows: list[tuple[int, list[Any]]], names: Sequence[str]) -> tuple[float, ...]:
    """How well a delimiter does.

    By the names that were looked for; else by a first row that is as wide as the body, then by
    how many rows are as wide as most.
    """
    at, found = best_named(rows, names)
    if found:
        return found, 1, len(rows[at][1])
    widths = Counter(len(cells) for _, cells in rows)
    most = max(widths, key=lambda width: (widths[width], width), default=0)
    if most < 2:
        return 0, 0, 0
    begins = len(rows[0][1]) > 1 and len(rows[0][1]) >= most / 2
    return 0, int(begins), round(widths[most] / len(rows), 1)


def _utf8(content: bytes) -> bytes:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace").encode()
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1").encode()
    return content
