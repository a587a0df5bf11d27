"""The tab Table: the sheet row by row, and what is wrong with it."""

from functools import lru_cache
from pathlib import Path

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.kit import results, shell
from dashboard.kit.desk import Answer, Panel, Slot, Tab, View, column, row
from dashboard.kit.desk_table import column as plain
from dashboard.kit.desk_table import table
from dashboard.synapses import check
from dashboard.synapses.tabs.common import of_table
from dashboard.workspaces.workspace import Workspace
from pipelines.core.errors import TableError
from pipelines.synapses.fits.folder import REPORT, read_report
from pipelines.synapses.formats.reading import read_sheet
from pipelines.synapses.table.columns import REQUIRED

LINE = "line"
"""The row of the sheet that is selected, by the number that a spreadsheet program shows."""
MOST_NAMES = 4
MOST_SEEN, LONGEST_CELL = 12, 60
HEADS = ("column", "kind", "missing", "range")
EMPTY = (
    "A check shows here what is wrong with the table, row by row: what is accepted, what can be "
    "repaired and what is left out, and why. Press Set up and then Check table."
)


def answer(view: View) -> Answer:
    """How many rows can be used."""
    found = results.headline(view.run)
    usable = found["n_accepted"] + found["n_repaired"]
    words = f"{usable:,} of {found['n_rows']:,} rows can be used"
    offered = len(found.get("offers", {}))
    repairs = f"{offered} {'repair is' if offered == 1 else 'repairs are'} offered"
    return Answer(f"{words}.", repairs if offered else "")


def rows(view: View) -> Component:
    """The sheet as it is, and what became of each row."""
    report = read_report(results.folder(view.run.id))
    shown = report.head(check.MOST_ROWS)
    said = shown[["row", "outcome", "message"]].rename(columns={"row": LINE})
    cells = _cells(view.run)
    numbers = pd.to_numeric(shown["row"]).to_numpy()
    found = pd.concat(
        [said.assign(**{LINE: numbers}), cells.reindex(numbers).reset_index(drop=True)], axis=1
    )
    words = f"{len(report):,} rows, {len(cells.columns)} columns"
    if len(report) > len(shown):
        words += f"; the first {len(shown):,} are listed, the report has all"
    names = [str(name) for name in found.columns]
    columns = [plain(name, "row" if name == LINE else name) for name in names]
    records = found.set_axis(names, axis=1).astype(object).where(found.notna().to_numpy(), None)
    listed = table(
        records.to_dict("records"), columns, key=LINE, field=LINE, label="Rows of the table",
        several=False,
    )  # fmt: skip
    return html.Div([html.P(words, className="hint"), listed], className="grid-with-words")


def _cells(job: Job) -> pd.DataFrame:
    """The cells of the sheet, by row number; none where the file is not there any more."""
    path = Path(next(item.path for item in job.inputs if item.name == "table"))
    values = job.parameters
    try:
        stamp = path.stat().st_mtime_ns
        return _read(path, str(values.get("sheet", "")), int(values.get("header_row", 0)), stamp)
    except (TableError, OSError):
        return pd.DataFrame()


@lru_cache(maxsize=2)
def _read(path: Path, sheet: str, header_row: int, _stamp: int) -> pd.DataFrame:
    cells = read_sheet(path, sheet, names=REQUIRED, header_row=header_row).cells
    reserved = {LINE, "outcome", "message"}
    return cells.rename(columns=lambda name: f"{name} (sheet)" if name in reserved else str(name))


def columns(view: View) -> Component:
    """Every column of the sheet: what is in it, how much is missing, and from where to where."""
    cells = _cells(view.run)
    if cells.empty:
        return html.P("The file is not there any more, or cannot be read.", className="empty")
    described = [
        _described(str(name), cells.iloc[:, place]) for place, name in enumerate(cells.columns)
    ]
    return shell.table(HEADS, described)


def _described(name: str, cells: pd.Series) -> Component:
    """A row about one column: numbers by their range, texts by how many there are."""
    text = cells.astype("string").str.strip()
    known = text[text.notna() & (text != "")]
    numbers = pd.to_numeric(known, errors="coerce")
    missing, wrong = len(cells) - len(known), int(numbers.isna().sum())
    if len(known) and wrong < len(known) / 2:
        kind = "number" if not wrong else f"number, {wrong:,} are not"
        low, high = numbers.min(), numbers.max()
        span = f"{low:,.4g} to {high:,.4g}"
    else:
        names = sorted(known.unique())
        kind = "text" if len(known) else "empty"
        more = " …" if len(names) > MOST_NAMES else ""
        span = f"{len(names):,}: {', '.join(names[:MOST_NAMES])}{more}" if names else ""
    head = html.Th(name, scope="row")
    return html.Tr([head, *map(html.Td, (kind, f"{missing:,}" if missing else "–", span))])


def glimpse(_workspace: Workspace, job: Job) -> Component | None:
    """The first rows of the sheet and its columns, also where it cannot be used as it is."""
    cells = _cells(job)
    if cells.empty:
        return None
    first = cells.head(MOST_SEEN)
    names = [str(name) for name in first.columns]
    lines = [
        html.Tr([html.Th(str(number), scope="row"), *map(html.Td, map(_cell, row))])
        for number, row in zip(first.index, first.to_numpy().tolist(), strict=True)
    ]
    described = [_described(name, cells.iloc[:, place]) for place, name in enumerate(names)]
    said = f"The first {len(first)} of {len(cells):,} rows"
    return html.Div(
        [
            html.Section([html.H3(said), shell.table(("row", *names), lines)], className="card"),
            html.Section(shell.table(HEADS, described), className="card"),
        ],
        className="glimpse",
    )


def _cell(value: object) -> str:
    return "" if value is None or value != value else str(value)[:LONGEST_CELL]


def remarks(view: View) -> Component:
    """What was said of rows that are not simply accepted."""
    link = results.download(view.run, REPORT, "Report, row by row (CSV)")
    return html.Div([check.report(view.run), link])


def repairs(view: View) -> Component:
    """What can be repaired, each with a button."""
    found = check.offers(view.run)
    return html.Div(found or html.P("Nothing is to be repaired.", className="empty"))


TAB = Tab(
    word="table",
    title="Table",
    tasks=("synapses check", "synapses fit"),
    arrange=row(
        Panel(name="synapse-sheet", title="Rows", draw=rows),
        column(
            Panel(name="synapse-columns", title="Columns", draw=columns),
            Slot(
                Panel(name="synapse-remarks", title="Remarks", draw=remarks),
                Panel(name="synapse-repairs", title="Repairs", draw=repairs),
            ),
        ),
        sizes=(58, 42),
    ),
    answer=answer,
    fill=of_table,
    empty=EMPTY,
    glance="synapses check",
    glimpse=glimpse,
)
