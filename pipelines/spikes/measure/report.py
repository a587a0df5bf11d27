"""A sorting as one HTML page that needs nothing else: no script, no file, no request."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.figures.small import Picture, bars, lines
from pipelines.report.page import document, table
from pipelines.spikes.labels.columns import SORT_FILE
from pipelines.spikes.labels.labellers import LABELLERS
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
        table(sorting.units, _unit_columns()),
        "<h2>Channel groups</h2>",
        table(sorting.groups, GROUP_COLUMNS),
        *_units(sorting, timeline),
    ]
    page = document(f"{title} – sorted units", parts)
    sorting.file(REPORT).write_text(page, encoding="utf-8", errors="backslashreplace")


def _unit_columns() -> dict[str, str]:
    names = {"unit_id": "unit", "group": "group", "channel": "channel"}
    labels = {one.column: one.heading for one in LABELLERS.values()}
    return {**names, **metrics.titles(), SORT_FILE: "label", **labels}


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
