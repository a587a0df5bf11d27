"""How often groups are found where there are some, and where there are none.

`OMP_NUM_THREADS=1 python -m benchmarks.synapses_gaps TABLES` prints for each kind of table the
share in which the data are said to fall into groups (p at most 0.05, 99 sets of chance data).
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from pipelines.core.progress import silent
from pipelines.synapses.clusters.gaps import compare
from pipelines.synapses.clusters.verdict import SIGNIFICANCE
from pipelines.synapses.table.arrays import Floats

Maker = Callable[[np.random.Generator, int], Floats]
FIRST_SEED = 5000


def two_groups(direction: list[float], apart: float) -> Maker:
    """Two equal Gaussians, so many standard deviations apart."""

    def make(random: np.random.Generator, n_rows: int) -> Floats:
        step = apart * np.array(direction) / np.linalg.norm(direction)
        return random.normal(size=(n_rows, 5)) + random.integers(2, size=(n_rows, 1)) * step

    return make


def gaussian(random: np.random.Generator, n_rows: int) -> Floats:
    """One Gaussian with correlations."""
    values: Floats = random.normal(size=(n_rows, 5)) @ random.normal(size=(5, 5))
    return values


def curved(random: np.random.Generator, n_rows: int) -> Floats:
    """A parabola with noise."""
    values = 0.3 * random.normal(size=(n_rows, 5))
    along = random.normal(size=n_rows)
    values[:, :2] += np.column_stack([along, 0.7 * along**2])
    return values


def of_neurons(random: np.random.Generator, n_rows: int) -> Floats:
    """Synapses of five neurons of different length."""
    length = random.uniform(0.5, 3, 5)[random.integers(5, size=n_rows)]
    values = random.normal(size=(n_rows, 5))
    values[:, :3] *= length[:, np.newaxis] * [2, 1, 0.5]
    return values


KINDS: dict[str, Maker] = {
    "5 SD apart on a diagonal": two_groups([1, 1, 1, 0, 0], 5.0),
    "5 SD apart in one column": two_groups([1, 0, 0, 0, 0], 5.0),
    "4 SD apart on a diagonal": two_groups([1, 1, 1, 0, 0], 4.0),
    "4 SD apart in one column": two_groups([1, 0, 0, 0, 0], 4.0),
    "none: Gaussian": gaussian,
    "none: skewed": lambda random, n: np.exp(0.8 * random.normal(size=(n, 5))),
    "none: uniform": lambda random, n: random.uniform(size=(n, 5)),
    "none: long tails": lambda random, n: random.standard_t(3, size=(n, 5)),
    "none: curved": curved,
    "none: neurons of different length": of_neurons,
    "none: counts": lambda random, n: random.poisson(4, size=(n, 5)).astype(float),
}


def main(tables: int) -> None:
    """Print a row for each kind and number of rows."""
    print("| kind | rows | tables | found | CPU s a table |\n| --- | --- | --- | --- | --- |")
    for n_rows in (600, 150):
        for name, make in KINDS.items():
            clock, found = time.process_time(), 0
            for number in range(tables):
                values = make(np.random.default_rng(FIRST_SEED + number), n_rows)
                p = compare(values, 99, number, silent).p
                found += p is not None and p <= SIGNIFICANCE
            seconds = (time.process_time() - clock) / tables
            print(f"| {name} | {n_rows} | {tables} | {found} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
