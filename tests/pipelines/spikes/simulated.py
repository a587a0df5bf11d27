"""Small recordings with known spikes, and how well they are found."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 30_000.0
SQUARE_UM = np.array([[0, 0], [25, 0], [0, 25], [25, 25.0]])
Traces = NDArray[np.float64]
Truth = dict[int, NDArray[np.intp]]


def tetrode(
    seconds: float = 20.0, seed: int = 0, units: tuple[int, ...] = (0, 2)
) -> tuple[Traces, Truth]:
    """White noise of 8 uV and a cell of 130 uV near each of some wires, falling off over 30 um."""
    rng = np.random.default_rng(seed)
    traces = rng.normal(0, 8, (int(seconds * RATE), 4))
    truth: Truth = {}
    for number, wire in enumerate(units):
        width = 0.2 + 0.06 * number
        far = np.linalg.norm(SQUARE_UM - SQUARE_UM[wire], axis=1)
        times = np.cumsum(rng.exponential(1 / 12, int(24 * seconds)) + 0.004)
        truth[number] = (times[(times > 0.01) & (times < seconds - 0.01)] * RATE).astype(int)
        for sample, late in zip(truth[number], rng.uniform(-0.5, 0.5, len(times)), strict=False):
            ms = (np.arange(-30, 45) - late) / RATE * 1e3
            shape = -np.exp(-((ms / width) ** 2)) + 0.35 * np.exp(
                -(((ms - 0.6) / width / 1.6) ** 2)
            )
            traces[sample - 30 : sample + 45] += 130 * shape[:, None] * np.exp(-far / 30)
    return traces, truth


def accuracy(sorting: Path, truth: Truth, lost: NDArray[np.bool_] | None = None) -> list[float]:
    """Of the best unit for each cell: hits within 0.4 ms over all spikes of both.

    Args:
        sorting: folder of a sorting.
        truth: spikes of each cell.
        lost: samples where nothing can be found; true spikes there do not count.
    """
    with np.load(sorting / "spikes.npz") as stored:
        samples, labels = stored["sample_index"], stored["unit_id"]
    found = []
    for spikes in truth.values():
        there = spikes if lost is None else spikes[~lost[spikes]]
        units = [samples[labels == unit] for unit in np.unique(labels)]
        found.append(max((_agreement(there, unit) for unit in units), default=0.0))
    return found


def _agreement(true: NDArray[np.intp], unit: NDArray[np.int64]) -> float:
    place = np.searchsorted(unit, true)
    before = np.abs(unit[np.clip(place - 1, 0, len(unit) - 1)] - true)
    after = np.abs(unit[np.clip(place, 0, len(unit) - 1)] - true)
    hits = int((np.minimum(before, after) <= 0.0004 * RATE).sum())
    return hits / (len(true) + len(unit) - hits)
