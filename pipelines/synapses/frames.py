"""A frame of reference for each neuron, fitted once, stored, and applied whole.

The axes are the principal components of the positions of a neuron's synapses; the first
runs along its dendrite. A principal component has no sign of its own, so each axis is
turned until the soma is on its negative side. Mean, axes and signs are stored:
a synapse that comes later is placed by them and by nothing else, alone or in a batch.

Source: Pearson (1901), doi:10.1080/14786440109462720.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.synapses.arrays import Floats, Synapses

FEWEST_ROWS = 5
"""Four points span three axes; the fifth is the first that they are fitted to."""


@dataclass(frozen=True)
class Frame:
    """The frame of one neuron.

    Attributes:
        mean: (3,) um, mean position relative to the soma.
        axes: (3, 3), one unit vector a row, by falling variance.
        n_rows: how many synapses it was fitted to.
    """

    mean: Floats
    axes: Floats
    n_rows: int

    def project(self, position: Floats) -> Floats:
        """Coordinates (n, 3) in um of positions (n, 3) relative to the soma."""
        centred = position - self.mean
        # Element by element: a matrix product may round differently for one row and for many.
        x, y, z = centred[:, 0:1], centred[:, 1:2], centred[:, 2:3]
        coordinates: Floats = x * self.axes[:, 0] + y * self.axes[:, 1] + z * self.axes[:, 2]
        return coordinates


Frames = Mapping[str, Frame]
"""Frames by NeuronId."""


def fit_frame(position: Floats) -> Frame:
    """Fit a frame to positions (n, 3) in um relative to the soma, n of at least 5."""
    mean = position.mean(axis=0)
    _, _, axes = np.linalg.svd(position - mean, full_matrices=False)
    # The soma is the origin; its coordinate on an axis is minus that of the mean.
    soma = -(axes @ mean)
    signs = np.where(soma > 0, -1.0, 1.0)
    return Frame(mean, axes * signs[:, np.newaxis], len(position))


def fit_frames(synapses: Synapses) -> dict[str, Frame]:
    """Fit the frames of all neurons with enough synapses, whatever the order of the rows."""
    order = np.lexsort(synapses.key.T[::-1])
    ordered = synapses.take(order)
    return {
        str(neuron): fit_frame(ordered.position[ordered.neurons == neuron])
        for neuron, count in zip(*np.unique(ordered.neurons, return_counts=True), strict=True)
        if count >= FEWEST_ROWS
    }


def project(frames: Frames, synapses: Synapses) -> Floats:
    """Coordinates (n, 3) in um in each neuron's frame; nan where there is no frame."""
    coordinates = np.full((len(synapses), 3), np.nan)
    for neuron in np.unique(synapses.neurons):
        frame = frames.get(str(neuron))
        if frame is not None:
            rows = synapses.neurons == neuron
            coordinates[rows] = frame.project(synapses.position[rows])
    return coordinates
