"""One unit of a sorting: its waveforms, intervals, and how it held over time."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from dash import html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import Drawn, gap_words
from dashboard.server.posted import offered
from dashboard.spikes import sorting_figures as figures
from dashboard.spikes import unit_figures
from dashboard.spikes.sorting_figures import MeanWaveform
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.recording.overview import over_time
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.trains import correlogram, isi_histogram
from pipelines.spikes.units.waveforms import similarity

MOST_ALIKE = 6


@lru_cache(maxsize=4)
def trains(folder: Path) -> dict[int, NDArray[np.int64]]:
    """Sample indices of every unit's spikes."""
    return SortingFolder(folder).spikes.trains()


def waveform(folder: Path, unit: int) -> MeanWaveform:
    """A unit's mean waveform."""
    waves = SortingFolder(folder).waveforms
    row = waves.row_of(offered(unit, waves.unit_id.tolist()))
    return MeanWaveform(waves.mean[row], waves.sd[row], waves.ms, waves.channel_id)


def view(job: Job, unit: int) -> Component:
    """Everything about one unit."""
    drawn = {
        "waveforms": mean(job, unit),
        "density": density(job, unit),
        "isi": intervals(job, unit),
        "over-time": in_time(job, unit),
        "autocorrelogram": autocorrelogram(job, unit),
    }
    figures_ = [one.framed(f"spikes-{name}") for name, one in drawn.items() if one is not None]
    return html.Div([*figures_, alike(job, unit)], className="card pair")


def mean(job: Job, unit: int) -> Drawn:
    """Its mean waveform on its channels."""
    folder, values = results.folder(job.id), SpikesParameters.parse_stored(job.parameters)[0]
    return Drawn(
        figures.waveforms(unit, waveform(folder, unit)),
        caption=f"Unit {unit}: mean of {len(trains(folder)[unit]):,} spikes with one standard "
        f"deviation, band-pass {values.freq_min:g} to {values.freq_max:g} Hz.",
    )


def density(job: Job, unit: int) -> Drawn | None:
    """Single waveforms, where the sorting kept some."""
    sorting = SortingFolder(results.folder(job.id))
    if sorting.snippets is None:
        return None
    waves = sorting.waveforms
    values, columns = sorting.snippets.of(waves.row_of(unit))
    names = [str(waves.channel_id[column]) for column in columns]
    figure = unit_figures.density(values.astype(np.float32), waves.ms, names)
    words = (
        f"Unit {unit}: {len(values)} single waveforms spread over the recording, on its largest "
        "channels; darker where more of them pass. Two bands are two cells."
    )
    return Drawn(figure, words)


def _train(job: Job, unit: int) -> NDArray[np.int64]:
    """Spikes of a unit, apart over gaps: no interval is counted across one."""
    return results.timeline(results.headline(job)).apart(trains(results.folder(job.id))[unit])


def intervals(job: Job, unit: int) -> Drawn:
    """Intervals between its successive spikes."""
    rate = float(results.headline(job)["sampling_frequency"])
    histogram = isi_histogram(_train(job, unit), rate, bin_ms=1.0, max_ms=100.0)
    return Drawn(
        figures.isi(unit, histogram),
        caption=f"Unit {unit}: intervals between successive spikes in bins of 1 ms, up to 100 ms. "
        f"The dotted line is at {figures.REFRACTORY_MS} ms: a single neuron hardly ever fires "
        "faster.",
    )


def autocorrelogram(job: Job, unit: int) -> Drawn:
    """Its spikes around each of its spikes."""
    rate = float(results.headline(job)["sampling_frequency"])
    own = _train(job, unit)
    return Drawn(
        figures.correlogram(
            f"time from a spike of unit {unit} (ms)", unit, correlogram(own, own, rate)
        ),
        caption=f"Unit {unit}: its other spikes around each of its spikes, in bins of 1 ms. A "
        "single neuron leaves the middle empty; below, other units are counted around it.",
    )


def alike(job: Job, unit: int) -> Component:
    """The units with the most similar mean waveforms."""
    waves = SortingFolder(results.folder(job.id)).waveforms
    units, alike = waves.unit_id, similarity(waves.mean)
    row = waves.row_of(unit)
    order = [other for other in np.argsort(-alike[row], kind="stable") if other != row]
    lines = [
        html.Tr([html.Td(f"unit {units[other]}"), html.Td(f"{alike[row, other]:.2f}")])
        for other in order[:MOST_ALIKE]
    ]
    heads = html.Tr([html.Th(name, scope="col") for name in ("unit", "cosine of waveforms")])
    table = html.Table([html.Thead(heads), html.Tbody(lines)])
    words = (
        f"Units whose mean waveforms are most like that of unit {unit}, small shifts allowed; "
        "units of other groups share no channel with it. Merging and splitting is done in the "
        "curation."
    )
    return html.Div(
        [html.H3("Similar units"), table, html.P(words, className="hint")], className="stack"
    )


def in_time(job: Job, unit: int) -> Drawn | None:
    """Heights and rate over time, where the sorting kept the heights of spikes."""
    found = results.headline(job)
    own = SortingFolder(results.folder(job.id)).spikes.of(unit)
    if own.amplitude_uv is None:
        return None
    samples, heights = own.sample_index, own.amplitude_uv
    timeline = results.timeline(found)
    shown = over_time(samples, heights, timeline)
    step = len(samples) // max(1, len(shown.seconds))
    thinned = f"Every {step}th spike is drawn. " if step > 1 else ""
    words = (
        f"Unit {unit}: height of its spikes with the median of each stretch in red, and its rate. "
        f"{thinned}A slow change is drift; heights cut off at the bottom mean that spikes are "
        f"missing below the threshold.{gap_words(timeline)}"
    )
    figure = unit_figures.over_time(unit, shown, timeline)
    return Drawn(figure, words)
