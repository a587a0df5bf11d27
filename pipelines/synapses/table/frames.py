"""A frame of reference for each neuron, fitted once, stored, and applied whole.

The axes are the principal components of the positions of a neuron's synapses; the first
runs along its dendrite. A principal component has no sign of its own, so each axis is
turned until the soma is on its negative side. Mean, axes and signs are stored:
a synapse that comes later is placed by them and by nothing else, alone or in a batch.

Other tables of points have groups in place of neurons and, without a soma, axes that are
turned until their largest part is positive (`along_largest_part`). Without coordinates a frame
is empty.

Source: Pearson (1901), doi:10.1080/14786440109462720.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.synapses.table.arrays import Floats, Synapses


@dataclass(frozen=True)
class Frame:
    """The frame of one neuron.

    Attributes:
        mean: (d,) um, mean position relative to the soma; d is 3, of other tables 0, 2 or 3.
        axes: (d, d), one unit vector a row, by falling variance.
        n_rows: how many synapses it was fitted to.
    """

    mean: Floats
    axes: Floats
    n_rows: int

    def project(self, position: Floats) -> Floats:
        """Coordinates (n, d) in um of positions (n, d) relative to the soma."""
        centred = position - self.mean
        coordinates = np.zeros(position.shape)
        # Element by element: a matrix product may round differently for one row and for many.
        for axis in range(position.shape[1]):
            coordinates = coordinates + centred[:, axis : axis + 1] * self.axes[:, axis]
        return coordinates


Frames = Mapping[str, Frame]
"""Frames by NeuronId."""

Orient = Callable[[Floats, Floats], Floats]
"""Positions (n, d) relative to the soma and axes (d, d) to a sign (d,), 1 or -1, of each axis."""


def soma_behind(position: Floats, axes: Floats) -> Floats:
    """Signs (3,) that put the soma on the negative side of every axis.

    Args:
        position: (n, 3) um relative to the soma.
        axes: (3, 3), an axis a row.
    """
    # The soma is the origin; its coordinate on an axis is minus that of the mean.
    soma = -(axes @ position.mean(axis=0))
    return np.where(soma > 0, -1.0, 1.0)


def along_measured_axes(position: Floats, axes: Floats) -> Floats:
    """Signs (3,) that make axis 1 run with x, 2 with y and 3 with z, as the publication chose them.

    Args:
        position: (n, 3) um.
        axes: (3, 3), an axis a row.
    """
    centred = position - position.mean(axis=0)
    agreement = ((centred @ axes.T) * centred).sum(axis=0)
    return np.where(agreement < 0, -1.0, 1.0)


def along_largest_part(position: Floats, axes: Floats) -> Floats:
    """Signs (d,) that make the largest part (by size, the first of equals) of each axis positive.

    Args:
        position: (n, d); it does not count.
        axes: (d, d), an axis a row.
    """
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return np.where(largest < 0, -1.0, 1.0)


def fit_frame(position: Floats, orient: Orient = soma_behind) -> Frame:
    """Fit a frame to positions (n, d) in um relative to the soma, n of at least d + 2.

    Of another table they are in its unit, relative to nothing; d is 0, 2 or 3.
    """
    if not position.shape[1]:
        return Frame(np.empty(0), np.empty((0, 0)), len(position))
    mean = position.mean(axis=0)
    _, _, axes = np.linalg.svd(position - mean, full_matrices=False)
    return Frame(mean, axes * orient(position, axes)[:, np.newaxis], len(position))


def fit_frames(synapses: Synapses, orient: Orient = soma_behind) -> dict[str, Frame]:
    """Fit the frames of all neurons with enough synapses, whatever the order of the rows.

    Args:
        synapses: n synapses.
        orient: which way the axes point, from positions (n, d) and axes (d, d).

    Returns:
        Frames by NeuronId, as `fit_frame` gives them; neurons with fewer rows than
        `Schema.fewest_rows` have none.
    """
    order = np.lexsort(synapses.key.T[::-1])
    ordered = synapses.take(order)
    return {
        str(neuron): fit_frame(ordered.position[ordered.neurons == neuron], orient)
        for neuron, count in zip(*np.unique(ordered.neurons, return_counts=True), strict=True)
        if count >= synapses.schema.fewest_rows
    }


def project(frames: Frames, synapses: Synapses) -> Floats:
    """Coordinates (n, d) in um in each neuron's frame; nan where there is no frame."""
    coordinates = np.full(synapses.position.shape, np.nan)
    codes, neurons = pd.factorize(synapses.neurons)
    for code, neuron in enumerate(neurons):
        frame = frames.get(str(neuron))
        if frame is not None:
            rows = codes == code
            coordinates[rows] = frame.project(synapses.position[rows])
    return coordinates
