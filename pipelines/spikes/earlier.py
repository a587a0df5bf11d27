"""Groups of an earlier sorting, taken over as they are."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.reading import reading
from pipelines.result_files import read_arrays
from pipelines.spikes.clouds import Cloud, read_clouds
from pipelines.spikes.plan import Plan
from pipelines.spikes.unit_tables import read_table, read_units
from pipelines.spikes.units.unit import Site, Snippets, Unit

FILES = ("groups.csv", "units.csv", "spikes.npz", "waveforms.npz", "snippets.npz")
CLOUDS = "clouds.npz"
ADVICE = "sort the recording again"


@dataclass(frozen=True)
class Earlier:
    """What an earlier sorting found in one group."""

    units: list[Unit]
    n_spikes: int
    reason: str
    cloud: Cloud | None = None


def read_earlier(folder: Path, plan: Plan, site: Site) -> dict[int, Earlier]:
    """The groups of an earlier sorting that went well, by their number.

    Args:
        folder: of the earlier sorting, of the same recording.
        plan: what is to be sorted now.
        site: the recording's channels.

    Raises:
        InputError: it is no sorting, or one of other channels.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder} has no {missing[0]}: give the folder that `spikes sort` made.")
    with reading(folder, InputError, ADVICE, "folder of a sorting"):
        groups = read_table(folder / "groups.csv")
        _refuse_others(groups, plan, site, folder)
        return _taken_over(folder, groups)


def _refuse_others(groups: pd.DataFrame, plan: Plan, site: Site, folder: Path) -> None:
    now = [" ".join(site.channel_ids[share.group.channels]) for share in plan.shares]
    if groups["channels"].tolist() != now:
        raise InputError(
            f"{folder} has other groups of channels than this recording with these parameters: "
            "give the sorting of the same recording, with the same channels."
        )


def _taken_over(folder: Path, groups: pd.DataFrame) -> dict[int, Earlier]:
    units = _units(folder)
    # Sortings of an older version have no clouds.
    kept = folder / CLOUDS
    clouds = read_clouds(kept) if kept.is_file() else {}
    return {
        int(row["group"]): Earlier(
            [unit for unit in units if unit.group == row["group"]],
            int(row["n_spikes"]),
            str(row["reason"]),
            clouds.get(int(row["group"])),
        )
        for row in groups[groups["state"] == "done"].to_dict("records")
    }


def _units(folder: Path) -> list[Unit]:
    table = read_units(folder / "units.csv")
    spikes, waveforms, snippets = (
        read_arrays(folder / f"{name}.npz", InputError, ADVICE)
        for name in ("spikes", "waveforms", "snippets")
    )
    channels = waveforms["channel_id"].tolist()
    mean, sd = waveforms["mean"], waveforms["sd"]
    values, columns = snippets["values"], snippets["channel"]
    sample, number, height = (spikes[name] for name in ("sample_index", "unit_id", "amplitude_uv"))
    found = []
    for n, row in enumerate(table.to_dict("records")):
        own, view = number == row["unit_id"], np.flatnonzero(np.isfinite(mean[n]).all(axis=0))
        kept = columns[n] >= 0
        found.append(
            Unit(
                group=int(row["group"]),
                channel=channels.index(str(row["channel"])),
                sample_index=sample[own],
                mean=mean[n][:, view],
                sd=sd[n][:, view],
                view=view,
                amplitude_uv=float(row["amplitude_uv"]),
                snr=float(row["snr"]),
                cluster=int(row["cluster"]),
                heights=height[own],
                snippets=Snippets(_filled(values[n][:, :, kept]), columns[n][kept]),
            )
        )
    return found


def _filled(values: NDArray[np.float16]) -> NDArray[np.float16]:
    """Without the rows that are there only to fill up."""
    there = np.asarray(np.isfinite(values).all(axis=(1, 2)))
    return values[there]
