"""Simulated tables of synapses with a known truth.

Geometry and sizes follow general morphometry in round numbers; nothing is taken from a
measured table. A dendrite is a correlated random walk with branches; synapses sit along
it; areas and volumes are lognormal and correlated. With planted clusters every cluster
has its own stretch of the dendrite and its own size of bouton, and the truth is kept.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.core.csv import write_csv
from pipelines.core.errors import ParameterError
from pipelines.synapses.parameters import SimulationParameters
from pipelines.synapses.table.arrays import Floats, Integers
from pipelines.synapses.table.columns import KEY, SPHERE
from pipelines.synapses.table.faults import write_faults

NEURON_TYPES = ("cb", "cr", "pv")
DENSITY = 2.0
"""Synapses per um of dendrite."""
LENGTH = 40.0
"""um, median length of a dendrite; lognormal with LENGTH_SPREAD."""
LENGTH_SPREAD = 0.1
STEP = 0.5
"""um between two points of the walk."""
TURN = 0.06
"""rad, standard deviation of the change of direction in a step."""
BRANCH_ANGLE = 0.1
"""rad between a branch and its parent."""
RADIAL_OFFSET = 0.4
"""um, distance of a synapse from the axis of the dendrite."""
SECTION = 50.0
"""nm, thickness of a section; z is known to that."""
SHRINKAGE = (1.0, 1.05)
"""Correction factors; a neuron has one of them."""
MEDIAN_AREAS = (0.05, 1.0)
"""um2, of the synapse and of the bouton."""
AREA_DEVIATION = 0.25
"""Standard deviation of the logarithms of the areas within a cluster and neuron."""
NEURON_DEVIATION = 0.05
"""The same between neurons."""
CLUSTER_STEP = 2.0
"""Distance of planted clusters in the logarithms of the areas."""
MOST_PLANTED = 4
EXTREME_SHARE = 0.02
EXTREME_FACTOR = 3.0
FILLING = 0.6
"""Median share of the largest possible volume (a sphere) that a bouton fills."""
STRETCH = 0.5
"""Share of its part of the dendrite that a planted cluster covers."""


NEW_ROWS = 6
"""Synapses of each known neuron that are new ones."""
FAULTY_ROWS = 150
WORKBOOK_ROWS = 50_000
MOST_ROWS = 1_250_000


@dataclass(frozen=True)
class Simulation:
    """A simulated table.

    Attributes:
        table: one row a synapse, 24 columns as in a measured table (um, um2).
        truth: one row a synapse, in the order of the table: NeuronId, SynType, SynId and the
            planted cluster (0 where none was planted).
    """

    table: pd.DataFrame
    truth: pd.DataFrame


def simulate(n_neurons: int = 6, planted: int = 3, seed: int = 0, scale: float = 1.0) -> Simulation:
    """Simulate the synapses of some neurons.

    Args:
        n_neurons: how many; named cb1, cr1, pv1, cb2, ...
        planted: number of clusters, at most 4; 0 or 1 gives one population without any.
        seed: of the random numbers.
        scale: factor on the number of synapses (about 80 a neuron).

    Raises:
        ParameterError: more than 4 clusters; the areas would be beyond nature's.
    """
    if not 0 <= planted <= MOST_PLANTED:
        raise ParameterError(f"planted must be from 0 to {MOST_PLANTED}, not {planted}.")
    random = np.random.default_rng(seed)
    names = [f"{NEURON_TYPES[i % 3]}{i // 3 + 1}" for i in range(n_neurons)]
    parts = [_neuron(name, max(planted, 1), scale, random) for name in names]
    return Simulation(
        pd.concat([part.table for part in parts], ignore_index=True),
        pd.concat([part.truth for part in parts], ignore_index=True),
    )


def make(folder: Path, seed: int = 0, parameters: SimulationParameters | None = None) -> None:
    """Write example tables: `synapses.xlsx`, `new_synapses.xlsx` and `truth.csv`.

    The new synapses are of the same neurons, except those of one neuron that is not in
    the first table. `truth.csv` has the planted cluster of all of them. Long tables are
    `.csv` instead; faulty ones are described by `faults.csv`.
    """
    parameters = parameters or SimulationParameters()
    random = np.random.default_rng(seed)
    n_neurons = parameters.neurons + 1
    _refuse_long(n_neurons, parameters.scale)
    whole = simulate(n_neurons, parameters.planted, seed, parameters.scale)
    unknown = whole.table["NeuronId"] == whole.table["NeuronId"].iloc[-1]
    new = np.zeros(len(whole.table), dtype=bool)
    for _, rows in whole.table[~unknown].groupby("NeuronId"):
        new[random.choice(rows.index, min(NEW_ROWS, len(rows) // 2), replace=False)] = True
    rows_of_unknown = whole.table.index[unknown]
    new[random.choice(rows_of_unknown, min(15, len(rows_of_unknown)), replace=False)] = True
    old = ~new & ~unknown.to_numpy()
    tables = {"synapses": whole.table[old], "new_synapses": whole.table[new]}
    files = {name: _write_table(table, folder / name) for name, table in tables.items()}
    named = np.where(new, files["new_synapses"], files["synapses"])
    truth = whole.truth.assign(file=named)
    write_csv(truth if (old | new).all() else truth[old | new], folder / "truth.csv")
    write_faults(whole.table[old].head(FAULTY_ROWS), parameters.faults, folder)


def _refuse_long(n_neurons: int, scale: float) -> None:
    expected = n_neurons * DENSITY * LENGTH * scale
    if expected > MOST_ROWS:
        raise ParameterError(
            f"neurons and scale give about {expected:,.0f} rows, more than {MOST_ROWS:,}: lower "
            "one of them."
        )


def _write_table(table: pd.DataFrame, path: Path) -> str:
    """Write a workbook, or a long table as text; the name of the file."""
    if len(table) > WORKBOOK_ROWS:
        write_csv(table, path.with_suffix(".csv"))
        return f"{path.name}.csv"
    file = path.with_suffix(".xlsx")
    table.to_excel(file, index=False, sheet_name="synapses", engine="openpyxl")
    return file.name


# -- one neuron


def _neuron(name: str, clusters: int, scale: float, random: np.random.Generator) -> Simulation:
    walk = _dendrite(random)
    length = walk.distance.max()
    count = max(1, random.poisson(DENSITY * length * scale))
    label = random.integers(clusters, size=count)
    position = walk.near(_along(label, clusters, length, random), random)
    inhibitory = random.random(count) < random.beta(2.0, 10.0)
    sizes = _sizes(label, clusters, random)
    table = _table(name, inhibitory, position, sizes, random)
    return Simulation(table, table[list(KEY)].assign(planted_cluster=label))


@dataclass(frozen=True)
class _Walk:
    """Points (n, 3) of a dendrite in um and their distances (n,) from the soma along it."""

    points: Floats
    distance: Floats

    def near(self, along: Floats, random: np.random.Generator) -> Floats:
        """A place beside the dendrite at each distance; among branches, by chance."""
        order = np.argsort(self.distance, kind="stable")
        low = np.searchsorted(self.distance[order], along - STEP)
        high = np.searchsorted(self.distance[order], along + STEP, side="right")
        chosen = order[random.integers(low, np.maximum(high, low + 1)).clip(max=len(order) - 1)]
        offset = random.normal(0.0, RADIAL_OFFSET, (len(along), 3))
        places: Floats = self.points[chosen] + offset
        return places


def _dendrite(random: np.random.Generator) -> _Walk:
    """A trunk from the soma, and a branch from its middle."""
    length = LENGTH * np.exp(random.normal(0.0, LENGTH_SPREAD))
    steps = int(length / STEP)
    trunk = _path(np.zeros(3), _unit(random.normal(size=3)), steps, random)
    middle = steps // 2
    onward = _unit(trunk[middle] - trunk[middle - 1] + random.normal(0.0, BRANCH_ANGLE * STEP, 3))
    branch = _path(trunk[middle], onward, steps - middle, random)
    along = np.arange(1, steps + 1) * STEP
    return _Walk(np.vstack([trunk, branch]), np.concatenate([along, along[middle:]]))


def _path(start: Floats, direction: Floats, steps: int, random: np.random.Generator) -> Floats:
    points = np.empty((steps, 3))
    for i in range(steps):
        start = start + STEP * direction
        points[i] = start
        direction = _unit(direction + random.normal(0.0, TURN, 3))
    return points


def _unit(vector: Floats) -> Floats:
    unit: Floats = vector / np.linalg.norm(vector)
    return unit


def _along(label: Integers, clusters: int, length: float, random: np.random.Generator) -> Floats:
    """Distances along the dendrite (um): each cluster in its own part, with gaps between."""
    within = random.uniform(0.5 - STRETCH / 2, 0.5 + STRETCH / 2, len(label))
    distance: Floats = (label + (within if clusters > 1 else random.random(len(label)))) / clusters
    return distance * length


def _sizes(label: Integers, clusters: int, random: np.random.Generator) -> Floats:
    """Areas of synapse and bouton (um2) and volume of the bouton (um3), (n, 3)."""
    # Neighbours along the dendrite differ in opposite ways, so that neither area tells all.
    step = (np.arange(clusters) - (clusters - 1) / 2) * CLUSTER_STEP
    centre = np.column_stack([step, np.where(np.arange(clusters) % 2, -0.5, 0.5) * CLUSTER_STEP])
    centre = centre if clusters > 1 else np.zeros((1, 2))
    within = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], len(label))
    neuron = random.normal(0.0, NEURON_DEVIATION, 2)
    areas = np.array(MEDIAN_AREAS) * np.exp(centre[label] + AREA_DEVIATION * within + neuron)
    areas[random.random(len(label)) < EXTREME_SHARE] *= EXTREME_FACTOR
    filled = FILLING * np.exp(random.normal(0.0, 0.2, len(label)))
    volume = SPHERE * areas[:, 1] ** 1.5 * np.minimum(filled, 1.0)
    return np.column_stack([areas, volume])


def _table(
    name: str,
    inhibitory: np.ndarray,
    position: Floats,
    sizes: Floats,
    random: np.random.Generator,
) -> pd.DataFrame:
    """The 24 columns: names, raw and corrected positions in nm, in um, and sizes."""
    factor = random.choice(SHRINKAGE)
    soma = np.round(random.uniform(20_000, 80_000, 3))
    raw = np.round(soma + position * 1000 / factor)
    raw[:, 2] = np.round(raw[:, 2] / SECTION) * SECTION
    syn_type = np.where(inhibitory, "ss", "as")
    numbered = pd.Series(syn_type).groupby(syn_type).cumcount() + 1
    table = pd.DataFrame({"NeuronId": name, "SynType": syn_type, "SynId": numbered})
    corrected, corrected_soma = np.round(raw * factor, 1), np.round(soma * factor, 1)
    blocks = {
        "{}": raw,
        "soma_{}": soma,
        "corr_{}": corrected,
        "corr_soma_{}": corrected_soma,
        "corr_{}_micron": np.round(corrected / 1000, 4),
        "corr_soma_{}_micron": np.round(corrected_soma / 1000, 4),
    }
    for pattern, values in blocks.items():
        for axis, letter in enumerate("xyz"):
            table[pattern.format(letter)] = values[..., axis]
    return table.assign(
        SynArea=sizes[:, 0].round(5),
        BoutonArea=sizes[:, 1].round(4),
        BoutonVolume=sizes[:, 2].round(5),
    )
