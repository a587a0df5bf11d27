"""Figures and tables of a sorting: its probe, its units together, and each on a line."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.figures.panels import colored, image_panel
from pipelines.figures.small import Picture, lines, outline
from pipelines.figures.svg import PANEL, Axis, SvgPanel, inline
from pipelines.report import page
from pipelines.report.report import ReportPart, Runs
from pipelines.report.runs import ReportedRun
from pipelines.spikes.labels.columns import SORT_FILE
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.labelling import table_of
from pipelines.spikes.measure.report import GROUP_COLUMNS
from pipelines.spikes.recording.overview import over_time
from pipelines.spikes.units import metrics
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.trains import correlogram, isi_histogram

Floats = NDArray[np.float64]
RASTER_S = 10.0
MOST_TICKS = 20_000
"""Spikes of the raster; of more every n-th is drawn."""
MOST_NAMED = 40
"""Channels or units that are named in a figure."""
RATE_BINS = 200
SORTINGS = ("spikes curate", "spikes sort")
"""Whose units are shown; as curated where they were."""


def sections(runs: Runs) -> Iterator[ReportPart]:
    """The parts of the report of a recording."""
    shown = next((run for name in SORTINGS for run in runs if run.task == name), None)
    if shown is None:
        return
    units = ReportedUnits(shown, runs)
    yield ReportPart("Figures", units.together)
    yield ReportPart("Labels", units.labels)
    yield ReportPart("Units in numbers", units.numbers)
    yield ReportPart("Channel groups", units.groups)
    yield ReportPart("Each unit", units.each)


class ReportedUnits:
    """The units of one sorting, in the order of their channels' depth."""

    def __init__(self, run: ReportedRun, runs: Runs) -> None:
        self.run = run
        self.folder = SortingFolder(run.folder)
        self.labelling = next((one for one in runs if one.task == "spikes label"), None)

    def together(self) -> Iterator[str]:
        """Figures of all units at once."""
        drawn = [self._probe(), self._rates(), self._raster(), self._similarity()]
        yield f"<div class='figures'>{''.join(filter(None, drawn))}</div>"

    def numbers(self) -> Iterator[str]:
        """The table of units."""
        yield page.table(self._table, self._columns())

    def groups(self) -> Iterator[str]:
        """What became of each group of channels."""
        yield page.table(self.folder.groups, GROUP_COLUMNS)

    def labels(self) -> Iterator[str]:
        """How many units each labeller called what."""
        table = self._table
        counts = {
            labeller.heading: Counter(map(str, table[labeller.column].dropna()))
            for labeller in LABELLERS.values()
            if labeller.column in table
        }
        by_hand = self.run.results.get("labels")
        if isinstance(by_hand, dict):
            counts = {"as curated": Counter(by_hand), **counts}
        names = list(dict.fromkeys(name for found in counts.values() for name in sorted(found)))
        if not names:
            return
        rows = [{"given by": who, **{n: found[n] for n in names}} for who, found in counts.items()]
        columns = {"given by": "given by", **{name: name for name in names}}
        yield page.table(pd.DataFrame(rows), columns)

    def each(self) -> Iterator[str]:
        """A line of small figures for every unit."""
        table = self._table
        waves = self.folder.waveforms
        names = waves.channel_id.tolist()
        for row in table.to_dict("records"):
            own = waves.mean[waves.row_of(int(row["unit_id"]))][:, names.index(str(row["channel"]))]
            yield f"<div class='unit'><h3>{escape(_heading(row))}</h3><div class='row'>"
            yield lines(Picture("ms from the peak", "µV", "Mean waveform"), waves.ms, own)
            yield from self._pictures(int(row["unit_id"]))
            yield "</div></div>"

    def _pictures(self, unit: int) -> Iterator[str]:
        own, timeline = self.folder.spikes.of(unit), self.folder.timeline
        rate, apart = timeline.segments[0].rate_hz, timeline.apart(own.sample_index)
        isi = isi_histogram(apart, rate, bin_ms=1.0, max_ms=50.0)
        yield outline(Picture("ms", "count", "Intervals", (1.5,)), isi.edges_ms, isi.counts)
        auto = correlogram(apart, apart, rate)
        yield outline(Picture("lag (ms)", "count", "Autocorrelogram"), auto.edges_ms, auto.counts)
        found, gaps = over_time(own.sample_index, own.heights, timeline), timeline.gaps_s
        about = Picture(timeline.axis, "Hz", "Firing rate", (), gaps)
        yield outline(about, found.edges_s, np.nan_to_num(found.rate_hz))
        middle = (found.edges_s[:-1] + found.edges_s[1:]) / 2
        yield lines(Picture(timeline.axis, "µV", "Amplitude", (), gaps), middle, found.median_uv)

    # -- all units at once

    @cached_property
    def _table(self) -> pd.DataFrame:
        """The units with the labels of a labelling that is reported beside them."""
        units = self.folder.units
        if self.labelling is None:
            return units
        labels = table_of(self.labelling.folder)
        columns = [c for one in LABELLERS.values() for c in (one.column,) if c in labels]
        if "unit_id" not in labels or not columns:
            return units
        kept = units.drop(columns=[name for name in columns if name in units])
        return kept.merge(labels[["unit_id", *columns]], on="unit_id", how="left")

    def _columns(self) -> dict[str, str]:
        names = {"unit_id": "unit", "group": "group", "channel": "channel"}
        labels = {one.column: one.heading for one in LABELLERS.values()}
        return {**names, **metrics.titles(), SORT_FILE: "label", **labels}

    @cached_property
    def _by_depth(self) -> list[int]:
        """Units by the place of their channel along the probe."""
        waves, units = self.folder.waveforms, self.folder.units
        names = waves.channel_id.tolist()
        depth = [float(waves.locations_um[names.index(str(c)), -1]) for c in units["channel"]]
        order = np.lexsort((units["unit_id"].to_numpy(), np.array(depth)))
        return [int(units["unit_id"].iloc[place]) for place in order]

    def _probe(self) -> str:
        """The places of channels, and how many units are largest there."""
        waves = self.folder.waveforms
        places = np.asarray(waves.locations_um, float)[:, :2]
        known = np.isfinite(places).all(axis=1)
        places, names = places[known], waves.channel_id[known].tolist()
        if not len(places):
            return ""
        counts = Counter(map(str, self.folder.units["channel"]))
        x, y = places[:, 0], places[:, -1]
        room = max(float(np.ptp(x)), float(np.ptp(y)), 20.0) * 0.08
        across = Axis("x (µm)", float(x.min()) - room, float(x.max()) + room)
        up = Axis("y (µm)", float(y.max()) + room, float(y.min()) - room)
        tall = PANEL * min(max((up.low - up.high) / (across.high - across.low), 0.5), 1.5)
        parts, few = [], len(places) <= MOST_NAMED
        for name, left, top in zip(names, across.place(x, PANEL), up.place(y, tall), strict=True):
            count = counts[str(name)]
            kind = "bar" if count else "gap"
            radius = 4 + 2 * min(count, 4) if few else 1.5 + 0.6 * min(count, 4)
            parts.append(f"<circle class='{kind}' cx='{left:.1f}' cy='{top:.1f}' r='{radius:g}'/>")
            if few:
                word = f"{name}" + (f" ({count})" if count else "")
                parts.append(f"<text x='{left + 10:.1f}' y='{top - 8:.1f}'>{escape(word)}</text>")
        panel = SvgPanel("Probe", across, up, tall, "".join(parts))
        caption = (
            "Places of the channels. Filled ones are the largest channel of a unit, the larger "
            "the more units." + (" The number of units stands in brackets." if few else "")
        )
        return page.figure(inline(panel, caption), caption)

    def _rates(self) -> str:
        """Firing rates of all units over the recording."""
        spikes, timeline, order = self.folder.spikes, self.folder.timeline, self._by_depth
        if not order or not len(spikes.sample_index):
            return ""
        seconds = timeline.seconds(spikes.sample_index)
        start = timeline.segments[0].start_s
        end = max(float(seconds[-1]), start + 1e-9, *(one.stop_s for one in timeline.segments))
        places = {unit: place for place, unit in enumerate(order)}
        units, of_spike = np.unique(spikes.unit_id, return_inverse=True)
        row = np.array([places.get(int(unit), -1) for unit in units])[of_spike]
        column = ((seconds - start) / (end - start) * RATE_BINS).astype(int).clip(0, RATE_BINS - 1)
        known = row >= 0
        flat = np.bincount(row[known] * RATE_BINS + column[known],
                           minlength=len(order) * RATE_BINS)  # fmt: skip
        counts = flat.reshape(len(order), RATE_BINS).astype(float)
        share = counts / np.maximum(counts.max(axis=1, keepdims=True), 1)
        panel = image_panel(
            colored(share, 0, 1),
            Axis(timeline.axis, start, end),
            Axis("units by depth", -0.5, len(order) - 0.5),
            "Firing rates",
        )
        caption = (
            f"Spikes of each unit in {RATE_BINS} stretches of the recording, relative to its own "
            f"busiest one: the darker the more. {_order(order)}"
        )
        return page.figure(inline(panel, caption), caption)

    def _raster(self) -> str:
        """The first seconds, a tick for each spike."""
        spikes, timeline, order = self.folder.spikes, self.folder.timeline, self._by_depth
        if not order or not len(spikes.sample_index):
            return ""
        seconds = timeline.seconds(spikes.sample_index)
        start = float(seconds[0])
        last = int(np.searchsorted(seconds, start + RASTER_S))
        step = max(1, last // MOST_TICKS)
        across = Axis(timeline.axis, start, start + RASTER_S)
        tall = PANEL * 0.6
        high = tall / len(order)
        places = {unit: place for place, unit in enumerate(order)}
        ticks = "".join(
            f"M{left:.1f} {places[int(unit)] * high:.1f}v{0.8 * high:.1f}"
            for left, unit in zip(
                across.place(seconds[:last:step], PANEL), spikes.unit_id[:last:step], strict=True
            )
            if int(unit) in places
        )
        up = Axis("units by depth", -0.5, len(order) - 0.5)
        panel = SvgPanel("Raster", across, up, tall, f"<path class='line' d='{ticks}'/>")
        thinned = f" Of the spikes every {step}th is drawn." if step > 1 else ""
        caption = f"Spikes in the {RASTER_S:g} s from the first one on.{thinned}"
        return page.figure(inline(panel, caption), caption)

    def _similarity(self) -> str:
        """How much the mean waveforms of units are alike."""
        waves, order = self.folder.waveforms, self._by_depth
        if len(order) < 2:
            return ""
        rows = [waves.row_of(unit) for unit in order]
        shapes = np.nan_to_num(waves.mean[rows].reshape(len(rows), -1).astype(float))
        length = np.linalg.norm(shapes, axis=1, keepdims=True)
        shapes /= np.where(length > 0, length, 1)
        axis = Axis("units by depth", -0.5, len(order) - 0.5)
        rgb = colored(np.round(shapes @ shapes.T, 6), 0, 1)
        panel = image_panel(rgb, axis, axis, "Similarity", PANEL)
        caption = (
            "Cosine similarity of the mean waveforms over all channels, from 0 (light) to 1 (dark)."
        )
        return page.figure(inline(panel, caption), caption)


def _order(units: Sequence[int]) -> str:
    """How units are ordered, and which they are where that is readable."""
    named = f" From the top: {', '.join(map(str, units))}." if len(units) <= MOST_NAMED else ""
    return f"Units are in order of the depth of their channel.{named}"


def _heading(row: Mapping[Any, Any]) -> str:
    """What is said of a unit above its figures."""
    parts = [f"Unit {row['unit_id']}", f"channel {row['channel']}", f"{row['n_spikes']:,} spikes"]
    if "firing_rate_hz" in row:
        parts.append(f"{row['firing_rate_hz']:.3g} Hz")
    if "snr" in row:
        parts.append(f"SNR {row['snr']:.3g}")
    labels = [SORT_FILE, *(one.column for one in LABELLERS.values())]
    given = [str(row[name]) for name in labels if isinstance(row.get(name), str) and row[name]]
    return ", ".join([*parts, *_counted(given)])


def _counted(labels: Sequence[str]) -> Iterable[str]:
    """Labels, each once; with how often it was given where labellers differ."""
    counts = Counter(labels)
    if len(counts) < 2:
        return list(counts)
    return [f"{count} x {label}" for label, count in counts.items()]
