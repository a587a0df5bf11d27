"""A finished sorting as it is exported: its units with one label each."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.core.errors import InputError
from pipelines.files.reading import reading
from pipelines.spikes.labels import labelling
from pipelines.spikes.labels.columns import TRUSTED, WRITTEN
from pipelines.spikes.labels.one_label import one_label, words
from pipelines.spikes.labels.words import LABELS, UNLABELLED
from pipelines.spikes.parameters import least_good_snr
from pipelines.spikes.recording.recorded import Recorded
from pipelines.spikes.signal.spike_waveforms import recorded_again
from pipelines.spikes.units.folder import SortingFolder, read_finished
from pipelines.spikes.units.sorting import FinishedSorting

NO_LABEL = ("", UNLABELLED, "unsorted")
"""What tables say of a unit that nobody has labelled."""


@dataclass(frozen=True)
class Sorting(FinishedSorting):
    """A finished sorting, or some of its units, each with one `label` in the table of units.

    Attributes:
        recorded: where its channels are in the recording as it lies on disk.
        notes: what a person has to know about the files that are written from it.
    """

    recorded: Recorded
    notes: tuple[str, ...] = ()


def read_sorting(folder: Path, min_snr: float | None, labels: Path | None = None) -> Sorting:
    """Read what sorting wrote, with the labels that are kept there or those that are given.

    Args:
        folder: of the sorting.
        min_snr: what makes a unit good when there is no label; none for a multiple of the
            threshold that it was sorted with.
        labels: what labelling made of these units, which counts instead of the labellers' labels
            that are kept with them: a folder with `labels.csv`, or such a table.

    Raises:
        InputError: it is no such folder, or damaged, or the labels are none of these units.
    """
    SortingFolder(folder).require()
    with reading(folder, InputError, "sort the recording again", "folder of a sorting"):
        return _read(folder, min_snr, labels)


def _with_labels(units: pd.DataFrame, labels: Path) -> pd.DataFrame:
    """The units with the labels of a table that labelling made, instead of those of labellers."""
    file, table = labelling.file_of(labels), labelling.table_of(labels)
    if "unit_id" not in table or not set(TRUSTED) & set(table.columns):
        raise InputError(f"{file} has no labels: give what labelling wrote.")
    _refuse_unclear(table, file)
    columns = [name for name in table if name in (*TRUSTED, *WRITTEN)]
    mine, theirs = (one.set_index("unit_id")["n_spikes"] for one in (units, table))
    if not mine.equals(theirs.reindex(mine.index)):
        raise InputError(f"{file} labels other units than these: label this sorting.")
    chosen = table.set_index("unit_id")[columns].reindex(mine.index)
    gone = [name for name in units if name in WRITTEN or name in columns]
    return units.drop(columns=gone).join(chosen, on="unit_id")


def _refuse_unclear(table: pd.DataFrame, file: Path) -> None:
    """Refuse labels that leave open which unit is meant, or what it is."""
    if "n_spikes" not in table:
        raise InputError(
            f"{file} has no column n_spikes, by which its units are known as those of a sorting: "
            "give what labelling wrote."
        )
    twice = table["unit_id"][table["unit_id"].duplicated()]
    if len(twice):
        raise InputError(f"{file} has unit {twice.iloc[0]} more than once: keep one row of it.")
    for column in (name for name in TRUSTED if name in table):
        said = words(table[column])
        for row in np.flatnonzero(~said.isin((*LABELS, *NO_LABEL))).tolist():
            raise InputError(
                f"{file} calls unit {table['unit_id'].iloc[row]} {table[column].iloc[row]!r} in "
                f"{column}: a label is {', '.join(LABELS[:-1])} or {LABELS[-1]}, or empty."
            )


def _read(folder: Path, min_snr: float | None, labels: Path | None) -> Sorting:
    found = read_finished(folder)
    least = least_good_snr(found.parameters) if min_snr is None else min_snr
    recorded, notes = _recorded(found)
    units = found.units if labels is None else _with_labels(found.units, labels)
    units = units.assign(label=one_label(units, least))
    index = dict(zip(found.channel_id.tolist(), recorded.channel_index.tolist(), strict=True))
    place = list(units.columns).index("channel") + 1
    units.insert(place, "channel_index", [index[name] for name in units["channel"]])
    return Sorting(**{**vars(found), "units": units}, recorded=recorded, notes=notes)


def _recorded(found: FinishedSorting) -> tuple[Recorded, tuple[str, ...]]:
    """Where the channels are on disk, and a note if that is not known.

    The recording is asked where a folder of an earlier version does not say it, and where its
    files are not where they were.
    """
    stored = SortingFolder(found.folder).recorded
    if stored is not None and stored.is_in_place:
        return stored, ()
    n_channels = len(found.channel_id)
    kept = Recorded(n_channels, np.arange(n_channels, dtype=np.int64))
    try:
        return recorded_again(found), ()
    except InputError as error:
        if stored is not None:
            return stored, ()
        if not found.parameters.exclude_channels.strip():
            return kept, ()
        note = (
            "Numbers of channels count the sorted channels only: an earlier version sorted this, "
            f"left out channels {found.parameters.exclude_channels} and did not keep where the "
            f"others are. {error.sentence}"
        )
        return kept, (note,)


def selected(sorting: Sorting, labels: list[str]) -> Sorting:
    """Only the units with one of these labels; all if there are no labels.

    Raises:
        InputError: there is no such unit.
    """
    rows = sorting.units["label"].isin(labels or LABELS).to_numpy()
    if not rows.any():
        counts = sorting.units["label"].value_counts().to_dict()
        there = ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
        raise InputError(
            f"No unit is labelled {' or '.join(labels) or 'at all'}; there are: {there}."
        )
    return sorting.only(rows)
