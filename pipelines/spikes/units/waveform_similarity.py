"""How alike the mean waveforms of units are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_LAG = 4
"""Samples by which one waveform may lie beside another and still be the same."""


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
