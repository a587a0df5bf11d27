"""The files that a sorting leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.spikes.analyzer import write_analyzer
from pipelines.spikes.clouds import write_clouds
from pipelines.spikes.decisions import Decision, Verdict, of_units
from pipelines.spikes.group_sorter import Found, waveform_window
from pipelines.spikes.labels.columns import SORT_FILE
from pipelines.spikes.labels.one_label import by_snr
from pipelines.spikes.labels.words import GOOD
from pipelines.spikes.parameters import SpikesParameters, chosen_solutions, least_good_snr
from pipelines.spikes.plan import Share
from pipelines.spikes.preprocess import BandPass
from pipelines.spikes.sort_file import write_sort_file
from pipelines.spikes.unit_tables import write_table
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.unit import (
    Site,
    table,
    write_snippets,
    write_spikes,
    write_waveforms,
)

NO_VERDICT = Verdict("", "", "")


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
    found: Found
    failed: bool
    reason: str


def write_sorted(
    done: Sequence[Sorted],
    site: Site,
    signal: BandPass,
    parameters: SpikesParameters,
    decisions: Sequence[Decision] | None,
    folder: Path,
) -> None:
    """Write a sorting.

    `spikes.npz`, `units.csv`, `groups.csv`; `waveforms.npz` (means) and `snippets.npz` (single
    waveforms); `clouds.npz` (spikes in feature space, with the solutions that were kept);
    `sort_file.csv`, which replays what was decided; `recorded.json`, where the channels are in
    the recording; `analyzer.zarr`, for SpikeInterface.
    """
    units = [unit for one in done for unit in one.found.units]
    rate = signal.sampling_frequency
    window = waveform_window(parameters, rate)
    clock = Clock(
        rate, signal.n_samples, parameters.refractory_ms / 1000, parameters.dead_time_ms / 1000,
        signal.timeline,
    )  # fmt: skip
    write_spikes(units, folder / "spikes.npz")
    write_waveforms(units, site, window, rate, folder / "waveforms.npz")
    write_snippets(units, window, folder / "snippets.npz")
    write_clouds(
        {one.share.group.number: one.found.cloud for one in done if one.found.cloud},
        folder / "clouds.npz",
    )
    rows = table(units, site, clock)
    if decisions is not None:
        rows = _judged(rows, done)
    write_table(rows, folder / "units.csv")
    write_table(_groups_table(done, site), folder / "groups.csv")
    SortingFolder(folder).write_recorded(site.recorded)
    again = decisions if decisions is not None else _as_decisions(rows, parameters)
    write_sort_file(again, folder / "sort_file.csv")
    write_analyzer(units, signal, window, folder / "analyzer.zarr")


def _judged(rows: pd.DataFrame, done: Sequence[Sorted]) -> pd.DataFrame:
    """The table of units with what the sort file says of each."""
    said: Mapping[tuple[int, int], Verdict] = {
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
            "channels": " ".join(site.channel_ids[one.share.group.channels]),
            "sorter": one.share.sorter,
            "state": "failed" if one.failed else "done",
            "n_spikes": one.found.n_spikes,
            "n_units": len(one.found.units),
            "reason": one.reason,
        }
        for one in done
    )
