"""How two sortings of one recording agree: which of their units are the same cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.units.sorting import Spikes

WITHIN_MS = 0.4
"""Two spikes this close are one; as in SpikeInterface's comparisons."""
LEAST = 0.5
"""Units that agree less are not called the same."""


@dataclass(frozen=True)
class Agreement:
    """The units of two sortings beside each other.

    Attributes:
        one: numbers of the units of the first, shape (unit of one,).
        two: numbers of the units of the second, shape (unit of two,).
        share: common spikes over the spikes of both, shape (unit of one, unit of two).
    """

    one: NDArray[np.int64]
    two: NDArray[np.int64]
    share: NDArray[np.float64]

    def pairs(self, least: float = LEAST) -> list[tuple[int, int, float]]:
        """Units that are the same, the best match first; each is in one pair at most."""
        left, found = self.share.copy(), []
        while left.size and left.max() >= least:
            row, column = np.unravel_index(int(left.argmax()), left.shape)
            share = float(left[row, column])
            found.append((int(self.one[row]), int(self.two[column]), share))
            left[row, :], left[:, column] = -1.0, -1.0
        return found


def agreement(one: Spikes, two: Spikes, rate_hz: float) -> Agreement:
    """Compare the spikes of two sortings.

    Args:
        one: of the first, in order of time.
        two: of the second, likewise.
        rate_hz: samples per second of both.

    Returns:
        For units with n and m spikes and c in common c / (n + m - c), 1 if they are the same. A
        spike is common when the other unit has one within `WITHIN_MS`; of a burst that the other
        has a single spike for, only one counts.
    """
    reach = round(WITHIN_MS * rate_hz / 1000)
    names = [np.unique(spikes.unit_id).astype(np.int64) for spikes in (one, two)]
    rows, columns = (
        np.searchsorted(known, spikes.unit_id)
        for known, spikes in zip(names, (one, two), strict=True)
    )
    shape = (len(names[0]), len(names[1]))
    there = _met(one.sample_index, rows, two.sample_index, columns, reach, shape)
    back = _met(two.sample_index, columns, one.sample_index, rows, reach, shape[::-1]).T
    common = np.minimum(there, back).astype(np.float64)
    sizes = [
        np.bincount(place, minlength=n) for place, n in zip((rows, columns), shape, strict=True)
    ]
    either = sizes[0][:, None] + sizes[1][None, :] - common
    return Agreement(names[0], names[1], common / np.maximum(either, 1.0))


def _met(
    samples: NDArray[np.int64],
    rows: NDArray[np.intp],
    others: NDArray[np.int64],
    columns: NDArray[np.intp],
    reach: int,
    shape: tuple[int, int],
) -> NDArray[np.int64]:
    """How many spikes of each unit have one of each other unit near, shape `shape`."""
    first = np.searchsorted(others, samples - reach, side="left")
    last = np.searchsorted(others, samples + reach, side="right")
    met = []
    for step in range(int((last - first).max(initial=0))):
        near = np.flatnonzero(first + step < last)
        met.append(near * shape[1] + columns[first[near] + step])
    # A spike that meets two of one unit meets that unit once.
    spike, column = np.divmod(np.unique(np.concatenate(met)), shape[1]) if met else ([], [])
    flat = rows[np.asarray(spike, np.intp)] * shape[1] + np.asarray(column, np.intp)
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)
