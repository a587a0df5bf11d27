"""A sorting as one HTML page that needs nothing else: no script, no file, no request."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.spikes.labels.columns import SORT_FILE
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.measure.drawing import Picture, bars, lines
from pipelines.spikes.recording.overview import over_time
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.units import metrics
from pipelines.spikes.units.files import REPORT
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.trains import correlogram, isi_histogram

MOST_UNITS = 100
"""Further units are in the table only."""

GROUP_COLUMNS: Mapping[str, str] = {
    "group": "group",
    "channels": "channels",
    "sorter": "sorter",
    "state": "state",
    "n_spikes": "spikes",
    "n_units": "units",
    "reason": "reason",
}
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


def write_report(folder: Path, title: str, sentences: Sequence[str], timeline: Timeline) -> None:
    """Write `report.html` from the other files of a sorting.

    Args:
        folder: with the finished files of the sorting.
        title: name of the recording.
        sentences: what was done, in words.
        timeline: of the recording.
    """
    sorting = SortingFolder(folder)
    parts = [
        f"<h1>{escape(title)}</h1>",
        *(f"<p>{escape(sentence)}</p>" for sentence in sentences),
        "<h2>Units</h2>",
        _table(sorting.units, _unit_columns()),
        "<h2>Channel groups</h2>",
        _table(sorting.groups, GROUP_COLUMNS),
        *_units(sorting, timeline),
    ]
    page = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        "<meta http-equiv='Content-Security-Policy' "
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)} – sorted units</title><style>{STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )
    sorting.file(REPORT).write_text(page, encoding="utf-8", errors="backslashreplace")


def _unit_columns() -> dict[str, str]:
    names = {"unit_id": "unit", "group": "group", "channel": "channel"}
    labels = {one.column: one.heading for one in LABELLERS.values()}
    return {**names, **metrics.titles(), SORT_FILE: "label", **labels}


def _table(rows: pd.DataFrame, columns: Mapping[str, str]) -> str:
    """Some columns of a table under headings of their own."""
    if rows.empty:
        return "<p class='quiet'>There are none.</p>"
    names = [name for name in columns if name in rows]
    head = "".join(f"<th scope='col'>{escape(columns[name])}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows[names].itertuples(index=False)
    )
    return f"<div class='wide' tabindex='0'><table><tr>{head}</tr>{body}</table></div>"


def _cell(value: object) -> str:
    """A cell; sentences are read from the left, fractions have four digits."""
    if isinstance(value, float):
        return "<td></td>" if np.isnan(value) else f"<td>{value:.4g}</td>"
    words = " class='words'" if " " in str(value) else ""
    return f"<td{words}>{escape(str(value))}</td>"


def _units(sorting: SortingFolder, timeline: Timeline) -> Iterator[str]:
    units, waves = sorting.units, sorting.waveforms
    names = waves.channel_id.tolist()
    for number, row in enumerate(units.head(MOST_UNITS).to_dict("records")):
        own = sorting.spikes.of(row["unit_id"])
        shape = waves.mean[number][:, names.index(str(row["channel"]))]
        yield f"<h2>Unit {row['unit_id']}, channel {escape(str(row['channel']))}</h2>"
        pictures = _pictures(own.sample_index, own.heights, timeline)
        yield "".join(["<div class='row'>", _waveform(waves.ms, shape), *pictures, "</div>"])
    if len(units) > MOST_UNITS:
        yield f"<p class='quiet'>Drawn are the first {MOST_UNITS} of {len(units)} units.</p>"


def _waveform(ms: NDArray[np.float64], shape: NDArray[np.float32]) -> str:
    return lines(Picture("time from the peak (ms)", "µV", "Mean waveform"), ms, shape)


def _pictures(
    samples: NDArray[np.int64], heights: NDArray[np.float32], timeline: Timeline
) -> Iterator[str]:
    rate, apart = timeline.segments[0].rate_hz, timeline.apart(samples)
    isi = isi_histogram(apart, rate, bin_ms=1.0, max_ms=50.0)
    about = Picture("interval (ms)", "count", "Intervals between successive spikes", (1.5,))
    yield bars(about, isi.edges_ms, isi.counts)
    auto = correlogram(apart, apart, rate)
    about = Picture("lag (ms)", "count", "Autocorrelogram in bins of 1 ms")
    yield bars(about, auto.edges_ms, auto.counts)
    found, gaps = over_time(samples, heights, timeline), timeline.gaps_s
    words = " Grey: not recorded." if gaps else ""
    about = Picture(timeline.axis, "Hz", f"Firing rate.{words}", (), gaps)
    yield bars(about, found.edges_s, np.nan_to_num(found.rate_hz))
    middle = (found.edges_s[:-1] + found.edges_s[1:]) / 2
    caption = f"Median height of the spikes: a slow change is drift.{words}"
    about = Picture(timeline.axis, "µV", caption, (), gaps)
    yield lines(about, middle, found.median_uv)
