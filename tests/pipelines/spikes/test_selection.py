"""Spikes inside a line that was drawn in a group's cloud."""

from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.spikes.signal.spike_waveforms import beside
from pipelines.spikes.units.clouds import read_clouds
from pipelines.spikes.units.folder import read_finished
from pipelines.spikes.units.selection import choose, units_of_clusters

EVERYTHING = ([-1e6, 1e6, 1e6, -1e6], [-1e6, -1e6, 1e6, 1e6])


def test_a_line_around_everything_finds_every_spike_of_every_unit(sorting: Path) -> None:
    found = read_finished(sorting)
    cloud = read_clouds(sorting / "clouds.npz")[0]
    assert len(cloud.points) == cloud.n_spikes
    chosen = choose(found, 0, cloud, (0, 1), EVERYTHING)
    counts = pd.Series({unit: len(places) for unit, places in chosen.places.items()})
    expected = found.units.set_index("unit_id")["n_spikes"]
    assert counts.sort_index().to_dict() == expected.to_dict()
    assert list(counts) == sorted(counts, reverse=True)
    assert chosen.loose == cloud.n_spikes - counts.sum()


def test_the_chosen_spikes_are_those_of_the_unit_in_the_line_and_are_read_again(
    sorting: Path,
) -> None:
    found = read_finished(sorting)
    cloud = read_clouds(sorting / "clouds.npz")[0]
    cluster, unit = next(iter(units_of_clusters(found, 0).items()))
    own = cloud.points[cloud.labels == cluster]
    middle = float(np.median(own[:, 0])) + 1e-4  # not on a spike
    right = ([middle, 1e6, 1e6, middle], [-1e6, -1e6, 1e6, 1e6])
    places = choose(found, 0, cloud, (0, 1), right).places[unit]
    assert len(places) == (own[:, 0] > middle).sum()
    assert set(found.unit_id[places]) == {unit}
    shapes = beside(found, unit, places)
    assert shapes.inside.shape[1:] == (len(found.ms), 4)
    peak = np.flatnonzero(found.ms == 0)[0]
    row = found.row_of(unit)
    largest = int(np.nanargmax(np.abs(found.mean[row]).max(axis=0)))
    column = list(shapes.channels).index(str(found.channel_id[largest]))
    both = np.concatenate([shapes.inside, shapes.outside])[:, peak, column].mean()
    assert abs(both / found.mean[row][peak, largest] - 1) < 0.1
