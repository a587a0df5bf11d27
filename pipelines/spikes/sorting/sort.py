"""From a recording to sorted units, group of channels by group of channels."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from spikeinterface.core import BaseRecording
from threadpoolctl import threadpool_limits

from pipelines.core.errors import (
    Cancelled,
    NeuroboardError,
    ParameterError,
    RecordingError,
    TableError,
)
from pipelines.core.progress import Report, part
from pipelines.spikes.formats.segments import time_notes
from pipelines.spikes.measure.report import write_report
from pipelines.spikes.parameters import SpikesParameters, chosen_solutions
from pipelines.spikes.reading.channels import prepared
from pipelines.spikes.reading.probes import probe_of_channels, told_apart
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.reading.reading_checks import check_reading
from pipelines.spikes.recording.identity import digest_of_samples, refuse_another
from pipelines.spikes.recording.recorded import of_recording
from pipelines.spikes.signal import bad_samples
from pipelines.spikes.signal.bad_samples import BadSamples
from pipelines.spikes.signal.preprocess import BandPass, band_pass
from pipelines.spikes.sorters import SORTERS
from pipelines.spikes.sorting.decisions import Decision
from pipelines.spikes.sorting.group_sorter import SortedGroup
from pipelines.spikes.sorting.plan import Plan, Share, planned
from pipelines.spikes.sorting.repeats import dead_samples, in_words, once
from pipelines.spikes.sorting.result import EarlierGroup, Sorted, read_earlier, write_sorted
from pipelines.spikes.sorting.sort_file import read_sort_file
from pipelines.spikes.units.folder import VERSION, SortingFolder, read_finished
from pipelines.spikes.units.unit import Site

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SortingContext:
    """What all groups of one sorting share.

    Attributes:
        signal: the filtered recording.
        parameters: how to sort.
        bad: where the recording is no signal.
        plan: who takes which channels.
        decisions: of a sort file; none if there is no sort file.
        earlier: groups that are taken over.
        scratch: a folder for files that are in the way for a while only.
        samples_sha256: by which the recording is known again.
        notes: on how the recording was read.
    """

    signal: BandPass
    parameters: SpikesParameters
    bad: BadSamples
    plan: Plan
    decisions: Sequence[Decision] | None
    earlier: Mapping[int, EarlierGroup] = field(default_factory=dict)
    scratch: Path = Path()
    samples_sha256: str = ""
    notes: Sequence[str] = ()


def sort(
    inputs: Mapping[str, Path], parameters: SpikesParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Sort a recording.

    Writes what `write_sorted` says, `bad_samples.csv` and `report.html`. Each group of channels
    is sorted on its own; one that fails is named in `groups.csv` and does not stop the others.

    Args:
        inputs: `recording`, a file or folder; perhaps `probe`, a probeinterface file; perhaps
            `sort_file`, decisions that are replayed; perhaps `earlier`, a sorting of the same
            recording whose finished groups are taken over, but for those with a chosen solution.
        parameters: how to sort.
        folder: an existing, empty folder.
        report: told what happens.

    Returns:
        `n_units`, `n_spikes` (of units), `groups_failed`, `duration_s` (recorded time),
        `n_samples`, `segments` (start, length and samples of each), `n_channels`,
        `sampling_frequency`, `sorters` (name: number of groups), `sorter_reason`,
        `samples_sha256` (by which the recording is known again), `bad_stretches` and
        `bad_channel_s` (number and length of all stretches without signal), `notes` (sentences to
        be read before the result).

    Raises:
        RecordingError: the recording cannot be read, or no group could be sorted.
        InputError: the earlier sorting cannot be used, or is of another recording.
        ParameterError: a sort file and an earlier sorting were both given, or a parameter does not
            fit the recording.
        TableError: the sort file cannot be used.
        Cancelled: `report` said so.
    """
    task, site = _task(inputs, parameters, folder, report)
    shares = task.plan.shares
    # One thread: sums come out the same on every machine, and small matrices are faster.
    with threadpool_limits(1):
        done = [
            _sort_share(task, share, part(report, start, stop))
            for share, start, stop in _portions(shares)
        ]
    _refuse_if_all_failed(done)
    report(0.97, "Writing units and waveforms")
    write_sorted(done, site, task.signal, parameters, task.decisions, folder)
    SortingFolder(folder).write_bad_samples(bad_samples.table(task.bad, task.signal.timeline))
    results = _results(done, site, task)
    write_report(
        folder, inputs["recording"].name, _in_words(results, parameters),
        task.signal.timeline,
    )  # fmt: skip
    return results


def _in_words(results: Mapping[str, Any], parameters: SpikesParameters) -> list[str]:
    """What was done, for the report."""
    failed = results["groups_failed"]
    groups = "1 group" if failed == 1 else f"{failed} groups"
    return [
        *results["notes"],
        f"{results['n_units']} units with {results['n_spikes']:,} spikes on "
        f"{results['n_channels']} channels in {results['duration_s']:.1f} s at "
        f"{results['sampling_frequency']:g} Hz.",
        str(results["sorter_reason"]),
        f"Band-pass {parameters.freq_min:g} to {parameters.freq_max:g} Hz, threshold "
        f"{parameters.detect_threshold:g} noise levels, peaks: {parameters.peak_sign}, "
        f"seed {parameters.seed}.",
        *([f"{groups} of channels failed; see below."] if failed else []),
    ]


def _task(
    inputs: Mapping[str, Path], parameters: SpikesParameters, folder: Path, report: Report
) -> tuple[SortingContext, Site]:
    if "sort_file" in inputs and "earlier" in inputs:
        raise ParameterError("Give either a sort file or an earlier sorting, not both.")
    whole = read_recording(inputs["recording"], parameters)
    recording = prepared(whole, parameters, inputs.get("probe"))
    notes = check_reading(recording, inputs["recording"], parameters)
    site = _site(whole, recording)
    plan = planned(told_apart(site.locations_um, probe_of_channels(recording)), parameters)
    decisions = read_sort_file(inputs["sort_file"]) if "sort_file" in inputs else None
    _refuse_unknown_groups(decisions or (), plan)
    earlier: Mapping[int, EarlierGroup] = {}
    if "earlier" in inputs:
        earlier = read_earlier(inputs["earlier"], plan, site)
        known = read_finished(inputs["earlier"]).source.identity
        refuse_another(known, inputs["recording"], whole, recording)
    digest = digest_of_samples(whole)
    band_pass(recording, parameters.freq_min, parameters.freq_max)
    looking = "Looking for stretches without signal"
    bad = bad_samples.find_bad(recording, lambda done: report(0.02 * done, looking))
    signal = band_pass(
        recording, parameters.freq_min, parameters.freq_max, clean=not bad.n_stretches
    )
    return SortingContext(
        signal, parameters, bad, plan, decisions, earlier, folder, digest, notes
    ), site


def _refuse_unknown_groups(decisions: Sequence[Decision], plan: Plan) -> None:
    for one in decisions:
        if one.group >= len(plan.shares):
            raise TableError(
                f"Row {one.row} of the sort file: there is no Chan {one.group}; this recording has "
                f"the groups 0 to {len(plan.shares) - 1}."
            )


def _portions(shares: Sequence[Share]) -> list[tuple[Share, float, float]]:
    edges = np.linspace(0.02, 0.97, len(shares) + 1)
    return list(zip(shares, edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _site(whole: BaseRecording, recording: BaseRecording) -> Site:
    ids = np.array([str(channel) for channel in recording.channel_ids])
    recorded = of_recording(whole, recording)
    recording.set_property("channel_index", recorded.channel_index)  # for SpikeInterface's users
    places = np.asarray(recording.get_channel_locations(), dtype=np.float64)
    return Site(ids, places, recorded)


def _sort_share(task: SortingContext, share: Share, report: Report) -> Sorted:
    clock = time.monotonic()
    number = share.group.number
    name = f"Group {number + 1} of {len(task.plan.shares)}"
    if number in task.earlier and number not in chosen_solutions(task.parameters.choose):
        report(1.0, f"{name}: taken over from the earlier sorting")
        kept = task.earlier[number]
        dead = dead_samples(task.parameters, task.signal.sampling_frequency)
        units = [once(unit, task.signal.timeline, dead) for unit in kept.units]
        lost = sum(len(unit.sample_index) for unit in kept.units)
        lost -= sum(len(unit.sample_index) for unit in units)
        found = SortedGroup(units, kept.n_spikes, cloud=kept.cloud, n_repeats=lost)
        return Sorted(share, found, False, kept.reason)
    try:
        found = _found(task, share, _named(report, name))
    except (Cancelled, TableError):
        raise
    except (NeuroboardError, ArithmeticError, ValueError, OSError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        # A sentence of ours says all there is; of anything else one wants to know where it was.
        ours = isinstance(error, NeuroboardError)
        _log.warning("Group %d failed: %s", number, reason, exc_info=None if ours else error)
        return Sorted(share, SortedGroup((), 0), True, reason)
    reason = "" if found.units else _why_none(found.n_spikes, task.parameters)
    report(1.0, f"{name}: took {time.monotonic() - clock:.1f} s")
    return Sorted(share, found, False, reason)


def _found(task: SortingContext, share: Share, report: Report) -> SortedGroup:
    decisions = task.decisions
    if decisions is not None:
        decisions = [one for one in decisions if one.group == share.group.number]
    run = SORTERS[share.sorter].run
    found: SortedGroup = run(task.signal, share, task.parameters, decisions, task.scratch, report)
    return found


def _named(report: Report, name: str) -> Report:
    return lambda fraction, sentence: report(fraction, f"{name}: {sentence}")


def _why_none(n_spikes: int, parameters: SpikesParameters) -> str:
    return (
        f"{n_spikes} spikes above {parameters.detect_threshold:g} times the noise, and no "
        f"cluster of at least {parameters.min_spikes}."
    )


def _refuse_if_all_failed(done: Sequence[Sorted]) -> None:
    if all(one.failed for one in done):
        raise RecordingError(f"No group of channels could be sorted. The first: {done[0].reason}")


def _numbers_of_groups(task: SortingContext) -> list[str]:
    """What a number in a sort file means where it is not that of a wire."""
    if task.decisions is None or not task.parameters.exclude_channels.strip():
        return []
    return [
        "Chan in the sort file was read as the number of a group in groups.csv, where channels "
        "that were left out do not count."
    ]


def _results(done: Sequence[Sorted], site: Site, task: SortingContext) -> dict[str, Any]:
    units = [unit for one in done for unit in one.found.units]
    names = [one.share.sorter for one in done]
    signal = task.signal
    return {
        "n_units": len(units),
        "n_spikes": sum(len(unit.sample_index) for unit in units),
        "groups_failed": sum(one.failed for one in done),
        "duration_s": round(signal.n_samples / signal.sampling_frequency, 3),
        "n_samples": signal.n_samples,
        "segments": signal.timeline.as_results(),
        "n_channels": len(site.channel_ids),
        "sampling_frequency": signal.sampling_frequency,
        "sorters": {name: names.count(name) for name in dict.fromkeys(names)},
        "sorter_reason": task.plan.reason,
        "bad_stretches": task.bad.n_stretches,
        "bad_channel_s": round(task.bad.channel_seconds, 3),
        "samples_sha256": task.samples_sha256,
        "folder_version": VERSION,
        "notes": [
            *task.notes,
            *_numbers_of_groups(task),
            *time_notes(signal.recording),
            *bad_samples.in_words(task.bad),
            *in_words([one.found.n_repeats for one in done], task.parameters),
        ],
    }
