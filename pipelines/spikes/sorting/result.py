"""What the sorters found in all groups, into the folder of a sorting and out of it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.core.errors import InputError
from pipelines.files.reading import reading
from pipelines.spikes.labels.columns import SORT_FILE
from pipelines.spikes.labels.one_label import by_snr
from pipelines.spikes.labels.words import GOOD
from pipelines.spikes.measure.analyzer import write_analyzer
from pipelines.spikes.parameters import SpikesParameters, chosen_solutions, least_good_snr
from pipelines.spikes.signal.preprocess import BandPass
from pipelines.spikes.sorting.decisions import Decision, SortFileVerdict, of_units
from pipelines.spikes.sorting.group_sorter import SortedGroup, waveform_window
from pipelines.spikes.sorting.plan import Plan, Share
from pipelines.spikes.units import files
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.clouds import Cloud
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.unit import (
    Site,
    Snippets,
    Unit,
    single_waveforms,
    spikes,
    table,
    waveforms,
)

NO_VERDICT = SortFileVerdict("", "", "")
ADVICE = "sort the recording again"


@dataclass(frozen=True)
class Sorted:
    """What became of one group: its units, or the reason why there are none.

    Attributes:
        share: the group and its sorter.
        found: its units; empty if it failed.
        failed: whether it could not be sorted.
        reason: empty if there is nothing to say.
    """

    share: Share
    found: SortedGroup
    failed: bool
    reason: str


def write_sorted(
    done: Sequence[Sorted],
    site: Site,
    signal: BandPass,
    parameters: SpikesParameters,
    decisions: Sequence[Decision] | None,
    path: Path,
) -> None:
    """Write a sorting: all files that `units.folder` lists but those of bad samples and the run.

    Args:
        done: of all groups.
        site: the recording's channels.
        signal: that was sorted.
        parameters: how.
        decisions: that were replayed; none writes those that the sorting stands for.
        path: of an empty folder.
    """
    folder = SortingFolder(path)
    units = [unit for one in done for unit in one.found.units]
    rate = signal.sampling_frequency
    window = waveform_window(parameters, rate)
    clock = Clock(
        rate, signal.n_samples, parameters.refractory_ms / 1000, parameters.dead_time_ms / 1000,
        signal.timeline,
    )  # fmt: skip
    folder.write_spikes(spikes(units))
    folder.write_waveforms(waveforms(units, site, window, rate))
    folder.write_snippets(single_waveforms(units, window))
    folder.write_clouds(
        {one.share.group.number: one.found.cloud for one in done if one.found.cloud}
    )
    rows = table(units, site, clock)
    if decisions is not None:
        rows = _judged(rows, done)
    folder.write_units(rows)
    folder.write_groups(_groups_table(done, site))
    folder.write_recorded(site.recorded)
    again = decisions if decisions is not None else _as_decisions(rows, parameters)
    folder.write_decisions(again)
    write_analyzer(units, signal, window, folder.file(files.ANALYZER))


def _judged(rows: pd.DataFrame, done: Sequence[Sorted]) -> pd.DataFrame:
    """The table of units with what the sort file says of each."""
    said: Mapping[tuple[int, int], SortFileVerdict] = {
        (one.share.group.number, cluster): verdict
        for one in done
        for cluster, verdict in one.found.verdicts.items()
    }
    keys = zip(rows["group"], rows["cluster"], strict=True)
    verdicts = [said.get((int(group), int(cluster)), NO_VERDICT) for group, cluster in keys]
    return rows.assign(
        **{SORT_FILE: [verdict.label for verdict in verdicts]},
        type=[verdict.kind for verdict in verdicts],
        comment=[verdict.comment for verdict in verdicts],
    )


def _as_decisions(units: pd.DataFrame, parameters: SpikesParameters) -> list[Decision]:
    """The decisions that a table of units stands for that nobody has labelled."""
    single = by_snr(units["snr"], least_good_snr(parameters)) == GOOD
    rows = zip(units["group"].tolist(), units["cluster"].tolist(), single.tolist(), strict=True)
    return of_units(list(rows), chosen_solutions(parameters.choose))


def _groups_table(done: Sequence[Sorted], site: Site) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group": one.share.group.number,
            "channels": _channels(site, one.share),
            "sorter": one.share.sorter,
            "state": "failed" if one.failed else "done",
            "n_spikes": one.found.n_spikes,
            "n_units": len(one.found.units),
            "reason": one.reason,
        }
        for one in done
    )


def _channels(site: Site, share: Share) -> str:
    return " ".join(site.channel_ids[share.group.channels])


# -- and out of it again


@dataclass(frozen=True)
class EarlierGroup:
    """What an earlier sorting found in one group."""

    units: list[Unit]
    n_spikes: int
    reason: str
    cloud: Cloud | None = None


def read_earlier(path: Path, plan: Plan, site: Site) -> dict[int, EarlierGroup]:
    """The groups of an earlier sorting that went well, by their number.

    Args:
        path: of the earlier sorting's folder, of the same recording.
        plan: what is to be sorted now.
        site: the recording's channels.

    Raises:
        InputError: it is no sorting, or one of other channels.
    """
    folder = SortingFolder(path, advice=ADVICE)
    folder.require(files.GROUPS, files.UNITS, files.SPIKES, files.WAVEFORMS, files.SNIPPETS)
    with reading(path, InputError, ADVICE, "folder of a sorting"):
        _refuse_others(folder, plan, site)
        return _taken_over(folder)


def _refuse_others(folder: SortingFolder, plan: Plan, site: Site) -> None:
    if folder.groups["channels"].tolist() != [_channels(site, share) for share in plan.shares]:
        raise InputError(
            f"{folder.path} has other groups of channels than this recording with these "
            "parameters: give the sorting of the same recording, with the same channels."
        )


def _taken_over(folder: SortingFolder) -> dict[int, EarlierGroup]:
    units, groups = _units(folder), folder.groups
    return {
        int(row["group"]): EarlierGroup(
            [unit for unit in units if unit.group == row["group"]],
            int(row["n_spikes"]),
            str(row["reason"]),
            folder.clouds.get(int(row["group"])),
        )
        for row in groups[groups["state"] == "done"].to_dict("records")
    }


def _units(folder: SortingFolder) -> list[Unit]:
    rows = folder.units.to_dict("records")
    return [_unit(folder, number, row) for number, row in enumerate(rows)]


def _unit(folder: SortingFolder, number: int, row: Mapping[Any, Any]) -> Unit:
    waves, snippets, own = folder.waveforms, folder.snippets, folder.spikes.of(row["unit_id"])
    if snippets is None or own.amplitude_uv is None:
        raise InputError(f"{folder.path} lacks heights or single waveforms of spikes: {ADVICE}.")
    values, columns = snippets.of(number)
    view = np.flatnonzero(np.isfinite(waves.mean[number]).all(axis=0))
    return Unit(
        group=int(row["group"]),
        channel=waves.channel_id.tolist().index(str(row["channel"])),
        sample_index=own.sample_index,
        mean=waves.mean[number][:, view],
        sd=waves.sd[number][:, view],
        view=view,
        amplitude_uv=float(row["amplitude_uv"]),
        snr=float(row["snr"]),
        cluster=int(row["cluster"]),
        heights=own.amplitude_uv,
        snippets=Snippets(values, columns.astype(np.intp)),
    )
