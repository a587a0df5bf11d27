"""A sorting as another program left it: what it has is there, what it lacks is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.spikes.units.sorting import SingleWaveforms

if TYPE_CHECKING:
    from pipelines.spikes.elsewhere.analyzer_files import StoredAnalyzer

Floats = NDArray[np.float32]
SHAPES, HEIGHTS = "mean waveforms", "heights of spikes"
"""As they are called where it is said what was taken over."""
LARGEST_ID = 2**31 - 1
LARGEST_SAMPLE = 2**53
MOST_BYTES = 8 << 30
"""Mean waveforms that would be larger than that are of a damaged file, or need a larger machine."""


@dataclass(frozen=True)
class ForeignTrains:
    """The spikes of all units, in order of time.

    Attributes:
        sample_index: counted through all segments, shape (spike,).
        unit_id: whose it is, shape (spike,).
        order: places of these spikes among those that the files hold, shape (spike,).
        names: what a unit is called where that is no number, by its number here.
        notes: what a person has to know about them.
    """

    sample_index: NDArray[np.int64]
    unit_id: NDArray[np.int32]
    order: NDArray[np.int64]
    names: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def units(self) -> NDArray[np.int32]:
        """The units that have spikes, in order, shape (unit,)."""
        return np.unique(self.unit_id)

    def at(self, kept: NDArray[np.bool_], *notes: str) -> "ForeignTrains":
        """Some of the spikes, whether each is one, shape (spike,)."""
        return ForeignTrains(
            self.sample_index[kept], self.unit_id[kept], self.order[kept], self.names,
            (*self.notes, *notes),
        )  # fmt: skip


@dataclass(frozen=True)
class Shapes:
    """Mean waveforms of units, and what is known of single spikes.

    Attributes:
        before: samples before the spike's time.
        mean: shape (unit, sample, channel), rows as `ForeignTrains.units`; nan where not looked at.
        sd: standard deviation likewise, nan where it is not known.
    """

    before: int
    mean: Floats
    sd: Floats


@dataclass(frozen=True)
class Found:
    """A sorting made elsewhere.

    Attributes:
        kind: what it is, for people.
        made_by: the program that sorted, as far as that is known.
        rate_hz: samples per second.
        trains: its spikes.
        lengths: samples of each segment; none if that is not said.
        channel_names: of the sorted channels.
        locations_um: of these, shape (channel, dimension); none if that is not said.
        channel_index: their places in the recording, shape (channel,); none if names tell them.
        shapes: mean waveforms; none if there are none.
        heights: of the spikes of `trains` in uV, above 0, shape (spike,).
        snippets: single waveforms; rows as `ForeignTrains.units`.
        noise_uv: of every channel, shape (channel,).
        columns: metrics and labels as `units.csv` calls them, indexed by unit.
        taken: names of what was taken over.
        notes: what a person has to know.
        about_shapes: what a person has to know about `shapes` and `heights`.
        recording: the recording, where it lies in the folder.
        reading: how a raw recording is read, by parameter.
        analyzer: SpikeInterface's, if it is one.
    """

    kind: str
    made_by: str
    rate_hz: float
    trains: ForeignTrains
    lengths: tuple[int, ...] | None
    channel_names: tuple[str, ...]
    locations_um: NDArray[np.float64] | None
    channel_index: NDArray[np.int64] | None
    shapes: Shapes | None
    heights: Floats | None
    snippets: SingleWaveforms | None
    noise_uv: NDArray[np.float64] | None
    columns: pd.DataFrame
    taken: tuple[str, ...]
    notes: tuple[str, ...]
    about_shapes: tuple[str, ...] = ()
    recording: Path | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    analyzer: "StoredAnalyzer | None" = None

    def without_shapes(self) -> "Found":
        """Without mean waveforms and heights: both are measured in the recording."""
        kept = tuple(one for one in self.taken if one not in (SHAPES, HEIGHTS))
        return replace(self, shapes=None, heights=None, about_shapes=(), taken=kept)


def trains_of(
    samples: NDArray[np.int64], ids: NDArray[Any], where: Path, known: NDArray[Any] | None = None
) -> ForeignTrains:
    """Spikes in order of time, each with the whole number of its unit.

    Args:
        samples: of every spike, shape (spike,).
        ids: whose it is, shape (spike,): whole numbers or text.
        where: for messages.
        known: all units, also those without spikes.

    Raises:
        InputError: there are none, or not as many ids as times.
    """
    if len(samples) != len(ids):
        raise InputError(
            f"{where} has times of {len(samples):,} spikes, but units of {len(ids):,}: its files "
            "are not of one sorting; copy the whole folder again."
        )
    if not len(samples):
        raise InputError(f"{where} has no spikes, so there is nothing to import.")
    numbers, names, notes = _numbered(ids)
    order = np.arange(len(samples))
    if (np.diff(samples) < 0).any():
        order = np.argsort(samples, kind="stable")
        notes.append("Its spikes were not in order of time: they are now.")
    notes += _without_spikes(ids, known)
    return ForeignTrains(
        samples[order], numbers[order], order.astype(np.int64), names, tuple(notes)
    )


def _numbered(ids: NDArray[Any]) -> tuple[NDArray[np.int32], dict[int, str], list[str]]:
    """Ids as numbers that a sorting's folder can hold, and their names where these differ."""
    if ids.dtype.kind in "iu":
        if int(ids.min()) >= 0 and int(ids.max()) <= LARGEST_ID:
            return ids.astype(np.int32), {}, []
        why = "are below 0 or too large"
    else:
        words = [str(one) for one in ids.tolist()]
        if all(word.isascii() and word.isdigit() and str(int(word)) == word for word in set(words)):
            found = np.array([int(word) for word in words], dtype=np.uint64)
            if int(found.max()) <= LARGEST_ID:
                return found.astype(np.int32), {}, []
        why = "are no whole numbers"
    unique, place = np.unique(ids, return_inverse=True)
    names = {number: str(name) for number, name in enumerate(unique.tolist())}
    note = (
        f"The names of its units {why} (such as {names[0]}): units are numbered from 0 in the "
        "order of their names, which stand in the column name."
    )
    return place.astype(np.int32), names, [note]


def _without_spikes(ids: NDArray[Any], known: NDArray[Any] | None) -> list[str]:
    if known is None:
        return []
    empty = [str(one) for one in known.tolist() if one not in set(np.unique(ids).tolist())]
    if not empty:
        return []
    if len(empty) == 1:
        return [f"Unit {empty[0]} has no spikes and is left out."]
    return [f"{len(empty)} units have no spikes and are left out: {few(empty)}."]


def whole_numbers(values: NDArray[Any], what: str) -> NDArray[np.int64]:
    """An array of one axis, or with a second one of length 1, as whole numbers.

    Args:
        values: as they were read, of any shape.
        what: they are, for messages.

    Returns:
        Shape (value,).

    Raises:
        InputError: it holds something else.
    """
    flat = one_axis(values, what)
    if flat.dtype.kind == "f":
        if not np.isfinite(flat).all():
            raise InputError(f"{what} holds values that are not numbers (nan): write it again.")
        if (flat != np.floor(flat)).any():
            raise InputError(f"{what} holds fractions where samples or numbers of units belong.")
    elif flat.dtype.kind not in "iu":
        raise InputError(f"{what} holds {flat.dtype} where whole numbers belong.")
    if len(flat) and (float(flat.max()) > LARGEST_SAMPLE or float(flat.min()) < -LARGEST_SAMPLE):
        raise InputError(f"{what} holds numbers beyond {LARGEST_SAMPLE:,}: it is damaged.")
    return np.asarray(flat, dtype=np.int64)


def one_axis(values: NDArray[Any], what: str) -> NDArray[Any]:
    """An array of any shape with one axis that counts, as that axis, shape (value,).

    Raises:
        InputError: it has more than one.
    """
    if values.ndim < 1 or (max(values.shape) != values.size and values.size):
        raise InputError(f"{what} has the shape {values.shape}: a list of numbers is needed.")
    return np.asarray(values).reshape(-1)


def inside(trains: ForeignTrains, n_samples: int, where: Path) -> ForeignTrains:
    """The spikes that lie in the recording; a few others are left out, and that is said.

    Raises:
        InputError: many do not, so that it is another recording.
    """
    kept = (trains.sample_index >= 0) & (trains.sample_index < n_samples)
    outside = int((~kept).sum())
    if not outside:
        return trains
    if outside > max(MOST_OUTSIDE * len(kept), FEW_OUTSIDE):
        early = int((trains.sample_index < 0).sum())
        raise InputError(
            f"{outside:,} of the {len(kept):,} spikes of {where} lie before the first or after the "
            f"last of the recording's {n_samples:,} samples ({early:,} before, {outside - early:,} "
            "after): it is the sorting of another recording."
        )
    spikes = "1 spike lies" if outside == 1 else f"{outside:,} spikes lie"
    found = trains.at(kept, f"{spikes} outside of the recording's samples: left out.")
    if not len(found.sample_index):
        raise InputError(f"{where} has no spike within the recording.")
    return found


MOST_OUTSIDE, FEW_OUTSIDE = 0.001, 3
"""Sorters put a few spikes beyond the ends; a larger share is of another recording."""


def before_the_start(trains: ForeignTrains, where: Path) -> ForeignTrains:
    """Without those before the first sample, where the recording's length is not known."""
    return inside(trains, int(max(trains.sample_index.max(), 0)) + 1, where)


def refuse_too_large(n_units: int, n_samples: int, n_channels: int, where: Path) -> None:
    """Refuse mean waveforms that cannot be held in memory.

    Raises:
        InputError: so it is.
    """
    wanted = 4 * n_units * n_samples * n_channels
    if wanted > MOST_BYTES:
        raise InputError(
            f"The mean waveforms of {where} ({n_units:,} units, {n_samples:,} samples, "
            f"{n_channels:,} channels) would take {wanted / 2**30:.0f} GB of memory: it is "
            "damaged, or too large."
        )


def few(names: Sequence[object], most: int = 5) -> str:
    """The first names, and that there are more."""
    return ", ".join(map(str, names[:most])) + (" and others" if len(names) > most else "")
