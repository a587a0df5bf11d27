"""A group of channels with one of SpikeInterface's sorters, to the same units as ours."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import Cancelled, NeuroboardError, RecordingError, TableError
from pipelines.core.progress import Report
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.recording.groups import Channels
from pipelines.spikes.signal.mending import MendedRecording
from pipelines.spikes.signal.preprocess import BandPass, Chunk
from pipelines.spikes.sorters import SORTERS
from pipelines.spikes.sorting.decisions import Decision, GroupCuts, Labels, SortFileVerdict, replay
from pipelines.spikes.sorting.detect import Peaks
from pipelines.spikes.sorting.features import Window, cut_out
from pipelines.spikes.sorting.group_sorter import SortedGroup, live_channels, waveform_window
from pipelines.spikes.sorting.growing_unit import GrowingUnit, largest_first
from pipelines.spikes.sorting.plan import Share
from pipelines.spikes.sorting.repeats import dead_samples, each_once
from pipelines.spikes.sorting.resplit import split_again
from pipelines.spikes.sorting.spikeinterface_sorters import Trains, run_foreign
from pipelines.spikes.units.unit import Live, Unit

CHUNK_S = 2.0
"""A probe has many channels, so less of its signal is in memory at once."""


def sort_foreign(
    signal: BandPass,
    share: Share,
    parameters: SpikesParameters,
    decisions: Sequence[Decision] | None,
    scratch: Path,
    report: Report,
) -> SortedGroup:
    """Sort the living channels of a group.

    Args:
        signal: the filtered recording.
        share: the group and the name of the sorter.
        parameters: how.
        decisions: on this group, from a sort file; none if there is no sort file.
        scratch: where copies of the signal may lie until the sorter is done.
        report: told what happens.

    Raises:
        RecordingError: the sorter failed.
        TableError: a decision asks for what only mixtures have.
    """
    report(0.0, "measuring the noise")
    live = live_channels(signal, share.group)
    report(0.05, f"running {share.sorter} on {len(live.channels)} channels")
    trains = _run(signal, share, live.channels, parameters, scratch)
    if parameters.split_merged:
        places = np.asarray(signal.recording.get_channel_locations(), dtype=np.float64)
        trains = split_again(
            signal, live, trains, places[live.channels], parameters, scratch,
            lambda done: report(0.6 + 0.2 * done, f"looking for merged units, {done:.0%}"),
        )  # fmt: skip
    labels, verdicts = trains.labels, dict[int, SortFileVerdict]()
    if decisions is not None:
        labels, verdicts = replay(decisions, _clustering(share, labels))
    dead = dead_samples(parameters, signal.sampling_frequency)
    labels, n_repeats = each_once(signal, live, trains.sample_index, labels, dead)
    kept = np.isin(labels, np.flatnonzero(np.bincount(labels + 1)[1:] >= parameters.min_spikes))
    kept |= np.isin(labels, list(verdicts))
    trains = Trains(trains.sample_index[kept], labels[kept])
    window = waveform_window(parameters, signal.sampling_frequency)
    units = measured(
        signal, live, trains, window, share.group.number,
        lambda done: report(0.8 + 0.2 * done, f"measuring units, {done:.0%}"),
    )  # fmt: skip
    return SortedGroup(units, len(labels), verdicts, n_repeats=n_repeats)


def _run(
    signal: BandPass,
    share: Share,
    channels: Channels,
    parameters: SpikesParameters,
    scratch: Path,
) -> Trains:
    recording = signal.recording if signal.mender is None else MendedRecording(signal.mender)
    chosen = recording.select_channels(recording.channel_ids[channels])
    try:
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            return run_foreign(SORTERS[share.sorter], chosen, parameters, Path(folder))
    except (NeuroboardError, Cancelled, MemoryError):
        raise
    except Exception as error:  # other people's sorters fail in any way
        text = f"{type(error).__name__}: {error}".strip().rstrip(".")
        raise RecordingError(
            f"{share.sorter} cannot sort these channels ({text[:200]}): try the sorter group."
        ) from error


def _clustering(share: Share, labels: Labels) -> GroupCuts:
    def refused(*_: object) -> Labels:
        raise TableError(
            f"Channel {share.group.number} was sorted by {share.sorter}, which has neither "
            "solutions nor splits: leave Solution and Split empty, or take the sorter group."
        )

    return GroupCuts(labels, refused, refused)


def measured(
    signal: BandPass,
    live: Live,
    trains: Trains,
    window: Window,
    group: int,
    report: Callable[[float], None],
) -> list[Unit]:
    """Units with mean waveforms, heights and some single waveforms, the largest first.

    Spikes too near to the ends of the recording, and those where the unit's channel carried no
    signal, are left out, and units without any others.

    Args:
        signal: the filtered recording.
        live: the channels that were sorted.
        trains: what the sorter found.
        window: what is kept of a spike.
        group: number of the group.
        report: told the share that is done.
    """
    counts = np.bincount(trains.labels, minlength=1)
    shape = (len(window.offsets), len(live.channels))
    found = [GrowingUnit(shape, int(count)) for count in counts]
    for chunk in signal.chunks(live.channels, CHUNK_S):
        first, last = np.searchsorted(trains.sample_index, (chunk.start, chunk.stop))
        samples, labels = trains.sample_index[first:last], trains.labels[first:last]
        for label in np.unique(labels):
            _take(found[label], chunk, samples[labels == label], window)
        report(chunk.stop / signal.n_samples)
    return largest_first(found, live, group)


def _take(unit: GrowingUnit, chunk: Chunk, samples: NDArray[np.int64], window: Window) -> None:
    rows = samples - chunk.first
    mean = chunk.traces[rows].mean(axis=0)
    column = unit.peak()[1] if unit.count else int(np.abs(mean).argmax())
    if chunk.no_signal is not None:
        real = ~chunk.no_signal[rows, column]
        rows, samples = rows[real], samples[real]
    sign = np.sign(chunk.traces[rows, column])
    spikes = cut_out(chunk, Peaks(samples, np.full(len(rows), column), sign), window)
    if len(spikes):
        unit.add(spikes.sample_index, spikes.values)
        unit.add_heights(spikes.values)
