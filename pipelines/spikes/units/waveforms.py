"""Waveforms of units: how alike their means are, and how often single ones pass each place."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_LAG = 4
"""Samples by which one waveform may lie beside another and still be the same."""


@dataclass(frozen=True)
class WaveformDensity:
    """Counts of single waveforms.

    Attributes:
        counts: shape (channel, row, sample).
        edges_uv: of the rows, which all channels share, shape (row + 1,).
    """

    counts: NDArray[np.int64]
    edges_uv: NDArray[np.float64]


def density(values: NDArray[np.float32], n_rows: int) -> WaveformDensity:
    """Count how many waveforms pass each row of uV at each sample.

    Args:
        values: in uV, shape (waveform, sample, channel), at least one of each.
        n_rows: from the lowest value to the highest.
    """
    edges = np.linspace(values.min(), values.max(), n_rows + 1)
    counts = [
        [np.histogram(values[:, sample, channel], edges)[0] for sample in range(values.shape[1])]
        for channel in range(values.shape[2])
    ]
    return WaveformDensity(np.array(counts, dtype=np.int64).transpose(0, 2, 1), edges)


def similarity(mean: NDArray[np.float32]) -> Floats:
    """The largest cosine of every two mean waveforms over small shifts.

    Args:
        mean: in uV, shape (unit, sample, channel), nan where not looked at.

    Returns:
        Shape (unit, unit), symmetric, 1 on the diagonal.
    """
    filled = np.nan_to_num(mean).astype(np.float64)
    best = np.full((len(filled), len(filled)), -1.0)
    for lag in range(-MOST_LAG, MOST_LAG + 1):
        n = filled.shape[1] - abs(lag)
        one = _unit_length(filled[:, max(lag, 0) : max(lag, 0) + n])
        two = _unit_length(filled[:, max(-lag, 0) : max(-lag, 0) + n])
        best = np.maximum(best, one @ two.T)
    best = np.maximum(best, best.T)
    np.fill_diagonal(best, 1.0)
    return np.asarray(best)


def _unit_length(waves: Floats) -> Floats:
    flat = waves.reshape(len(waves), -1)
    length: Floats = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    return length


def cosines(mean: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    """The cosine of every two mean waveforms as they lie, without a shift.

    Args:
        mean: in uV, shape (unit, sample, channel), nan where not looked at; there a waveform
            counts as flat.

    Returns:
        Shape (unit, unit), symmetric.
    """
    flat = np.nan_to_num(mean).reshape(len(mean), -1)
    length = np.maximum(np.linalg.norm(flat, axis=1), 1e-12)
    found: NDArray[np.floating[Any]] = flat @ flat.T / np.outer(length, length)
    return found


@dataclass(frozen=True)
class Alike:
    """Mean waveforms, prepared to say which are like one of them.

    `similarity` compares all with all, which takes seconds for a large probe; a unit is large on
    few of its channels, and only these count for its row.

    Attributes:
        mean: in uV, shape (unit, sample, channel), without nan.
        energy: of each waveform up to each sample, shape (unit, sample + 1).
    """

    mean: NDArray[np.float32]
    energy: Floats

    @classmethod
    def of(cls, mean: NDArray[np.float32]) -> Self:
        """From mean waveforms in uV, shape (unit, sample, channel), nan where not looked at."""
        filled = np.nan_to_num(mean)
        power = np.einsum("usc,usc->us", filled, filled, dtype=np.float64)
        return cls(filled, np.concatenate([np.zeros((len(mean), 1)), power.cumsum(axis=1)], axis=1))

    def to(self, row: int) -> Floats:
        """The row of `similarity` of one unit, shape (unit,), 1 for itself."""
        channels = np.flatnonzero(self.mean[row].any(axis=0))
        others = self.mean[:, :, channels].astype(np.float64)
        own, n_samples = others[row], self.mean.shape[1]
        best = np.full(len(others), -1.0)
        for lag in range(-MOST_LAG, MOST_LAG + 1):
            n, start, far = n_samples - abs(lag), max(lag, 0), max(-lag, 0)
            dots = (
                others[:, far : far + n].reshape(len(others), -1) @ own[start : start + n].ravel()
            )
            lengths = self._length(far, n) * self._length(start, n)[row]
            best = np.maximum(best, dots / np.maximum(lengths, 1e-12))
        best[row] = 1.0
        return best

    def _length(self, start: int, n: int) -> Floats:
        return np.sqrt(np.maximum(self.energy[:, start + n] - self.energy[:, start], 0.0))


def in_order(alike: NDArray[np.floating[Any]]) -> list[int]:
    """Rows of a matrix of cosines so that those which are alike come after each other.

    Args:
        alike: shape (unit, unit), symmetric.

    Returns:
        The order of the second eigenvector of the graph's Laplacian (spectral seriation: Atkins
        et al. 1998, doi:10.1137/S0097539795285771).
    """
    weight = np.maximum(np.asarray(alike, dtype=np.float64), 0.0)
    if len(weight) < 3:
        return list(range(len(weight)))
    _, vectors = np.linalg.eigh(np.diag(weight.sum(axis=1)) - weight)
    order: list[int] = np.argsort(vectors[:, 1], kind="stable").tolist()
    return order
