"""A page of HTML that needs nothing else: no script, no file, no request."""

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
WITH_PICTURES = f"{POLICY}; img-src data:"
"""Of pages whose figures have pixels within them."""
STYLE = """
:root { color-scheme: light dark; --ink: #1b2330; --quiet: #566072; --page: #fff; --line: #d8dde5;
  --mark: #2c5fc4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --quiet: #a3adbd; --page: #12161d; --line: #333c4a; --mark: #86a9f0; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-size: 14px; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
td.words { text-align: left; }
.wide { overflow-x: auto; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem; }
figure { margin: 0; } figcaption, .quiet { color: var(--quiet); font-size: 13px; }
svg { width: 100%; height: auto; } svg text { fill: var(--quiet); font-size: 11px; }
svg .line { fill: none; stroke: var(--mark); stroke-width: 1.5; }
svg .bar { fill: var(--mark); } svg .gap { fill: var(--line); } svg .axis { stroke: var(--quiet); }
svg .warn { stroke: #c43d4a; stroke-dasharray: 2 2; }
"""
PRINTED = """
h1 { margin: 0 0 .5rem; line-height: 1.2; } h2 { margin: 2rem 0 .75rem; }
h3 { margin: 1rem 0 .5rem; }
h1, h2, h3, p, li, td.words { overflow-wrap: anywhere; }
td.cell { text-align: center; min-width: 3.5rem; }
.answer { font-size: 1.25rem; font-weight: 600; margin: 0 0 .5rem; }
.prose { max-width: 46rem; } .lines { white-space: pre-line; }
.note { border-left: 4px solid var(--mark); padding: .25rem .75rem; margin: .5rem 0; }
.figures { display: grid; gap: 1.5rem;
  grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); }
svg.panel { max-width: 40rem; display: block; }
svg.panel text { fill: var(--ink); font-size: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none;
  font-size: 13px; }
.legend i { display: inline-block; width: 1em; height: 1em; margin-right: .35em;
  vertical-align: -.1em; border: 1px solid var(--quiet); }
.unit { border-top: 1px solid var(--line); padding: .5rem 0 1rem; }
.unit .row { grid-template-columns: repeat(5, minmax(0, 1fr)); gap: .5rem; }
.unit svg text { font-size: 13px; }
td.changed { font-weight: 700; }
th[scope='row'], th:first-child, main td:first-child { text-align: left; }
.settings th { text-align: left; }
.settings th[scope='row'] { font-weight: 400; } .digest { font-family: monospace; }
ol.references li { margin-bottom: .35rem; }
@media screen and (max-width: 60rem) {
  .unit .row { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@page { size: A4; margin: 16mm 14mm; }
@media print {
  :root { color-scheme: light; --ink: #000; --quiet: #444; --page: #fff; --line: #ccc;
    --mark: #2c5fc4; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; }
  table { font-size: 6.5pt; } th, td { padding: .1rem .25rem; }
  .wide { overflow: visible; }
  figure, .unit, tr, .note, .keep, li { break-inside: avoid; }
  h1, h2, h3 { break-after: avoid; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; }
  .unit { padding: .25rem 0 .5rem; } .unit h3 { font-size: 9pt; margin: .25rem 0; }
  .unit svg { overflow: visible; } .unit svg text { font-size: 17px; }
  .unit figcaption { font-size: 7pt; }
}
"""
"""Of pages with sections, which are printed as well."""


def document(title: str, body: Iterable[str], style: str = STYLE, policy: str = POLICY) -> str:
    """A whole page.

    Args:
        title: of the window, plain text.
        body: parts of HTML.
        style: its rules.
        policy: what it may load.
    """
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        "<meta http-equiv='Content-Security-Policy' "
        f'content="{policy}">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body>{''.join(body)}</body></html>\n"
    )


def table(rows: pd.DataFrame, columns: Mapping[str, str]) -> str:
    """Some columns of a table under headings of their own."""
    if rows.empty:
        return "<p class='quiet'>There are none.</p>"
    names = [name for name in columns if name in rows]
    head = "".join(f"<th scope='col'>{escape(columns[name])}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows[names].itertuples(index=False)
    )
    return f"<div class='wide' tabindex='0'><table><tr>{head}</tr>{body}</table></div>"


def heat_table(rows: pd.DataFrame, colors: Callable[[Any], Any], head: str) -> str:
    """A table of numbers whose cells have the colour of their value.

    Args:
        rows: numbers; its index and columns are the headings.
        colors: from numbers (row, column) to red, green and blue (row, column, 3).
        head: what the index holds.
    """
    rgb = colors(rows.to_numpy(float))
    columns = "".join(f"<th scope='col'>{escape(str(name))}</th>" for name in rows.columns)
    body = "".join(
        f"<tr><th scope='row'>{escape(str(name))}</th>"
        + "".join(_hot(value, tuple(color)) for value, color in zip(values, own, strict=True))
        + "</tr>"
        for name, values, own in zip(rows.index, rows.to_numpy(float), rgb, strict=True)
    )
    top = f"<tr><th scope='col'>{escape(head)}</th>{columns}</tr>"
    return f"<div class='wide keep' tabindex='0'><table>{top}{body}</table></div>"


def _hot(value: float, color: tuple[int, ...]) -> str:
    """A coloured cell, its number in what can be read on that."""
    red, green, blue = (int(part) for part in color)
    ink = "#000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#fff"
    text = "" if np.isnan(value) else f"{value:.2f}"
    style = f"background:#{red:02x}{green:02x}{blue:02x};color:{ink}"
    return f"<td class='cell' style='{style}'>{text}</td>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f"<p class='{kind}'>{escape(text)}</p>" if kind else f"<p>{escape(text)}</p>"


def figure(drawn: str, caption: str) -> str:
    """A figure of HTML with what is drawn, and plain text below."""
    return f"<figure>{drawn}<figcaption>{escape(caption)}</figcaption></figure>"


def legend(items: Iterable[tuple[str, str]]) -> str:
    """Colours with what they stand for, plain text."""
    rows = "".join(
        f"<li><i style='background:{escape(color)}'></i>{escape(text)}</li>"
        for color, text in items
    )
    return f"<ul class='legend keep'>{rows}</ul>"


def _cell(value: object) -> str:
    """A cell; sentences are read from the left, fractions have four digits."""
    if isinstance(value, float):
        return "<td></td>" if np.isnan(value) else f"<td>{value:.4g}</td>"
    words = " class='words'" if " " in str(value) else ""
    return f"<td{words}>{escape(str(value))}</td>"
