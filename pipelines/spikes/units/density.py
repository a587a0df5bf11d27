"""How often single waveforms pass each place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Density:
    """Counts of single waveforms.

    Attributes:
        counts: shape (channel, row, sample).
        edges_uv: of the rows, which all channels share, shape (row + 1,).
    """

    counts: NDArray[np.int64]
    edges_uv: NDArray[np.float64]


def density(values: NDArray[np.float32], n_rows: int) -> Density:
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
    return Density(np.array(counts, dtype=np.int64).transpose(0, 2, 1), edges)
