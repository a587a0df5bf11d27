"""Spikes of a group in feature space, thinned, with all solutions kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.core.result_files import read_arrays
from pipelines.files.reading import reading


@dataclass(frozen=True)
class Solution:
    """One mixture of a sweep: its labels, shape (point,), and its Bayesian criterion."""

    labels: NDArray[np.int16]
    bic: float


@dataclass(frozen=True)
class Cloud:
    """Some spikes of a group.

    Attributes:
        sample_index: shape (point,).
        points: first principal components in units of noise, shape (point, 3).
        labels: cluster of each spike in the sorting, -1 for none, shape (point,).
        solutions: by number of components; empty if none were kept.
        n_spikes: of the group in all.
    """

    sample_index: NDArray[np.int64]
    points: NDArray[np.float32]
    labels: NDArray[np.int16]
    solutions: Mapping[int, Solution]
    n_spikes: int


def write_clouds(clouds: Mapping[int, Cloud], file: Path) -> None:
    """Write the clouds of all groups that have one, by number of the group."""
    np.savez_compressed(file, **dict(_arrays(clouds)))  # type: ignore[arg-type]


def _arrays(clouds: Mapping[int, Cloud]) -> Iterator[tuple[str, NDArray[np.generic]]]:
    yield "groups", np.array(sorted(clouds), dtype=np.int32)
    for group, cloud in clouds.items():
        yield f"{group}_sample_index", cloud.sample_index
        yield f"{group}_points", cloud.points
        yield f"{group}_labels", cloud.labels
        yield f"{group}_n_spikes", np.array(cloud.n_spikes)
        yield f"{group}_k", np.array(sorted(cloud.solutions), dtype=np.int32)
        yield f"{group}_bic", np.array([cloud.solutions[k].bic for k in sorted(cloud.solutions)])
        for k, solution in cloud.solutions.items():
            yield f"{group}_k{k}", solution.labels


def read_clouds(file: Path) -> dict[int, Cloud]:
    """Read what `write_clouds` wrote.

    Raises:
        InputError: the file is not there or damaged.
    """
    with reading(file, InputError, "sort the recording again", "file of clouds"):
        stored = read_arrays(file, InputError, "sort the recording again")
        return {int(group): _cloud(stored, int(group)) for group in stored["groups"]}


def _cloud(stored: Mapping[str, NDArray[np.generic]], group: int) -> Cloud:
    bics = dict(zip(stored[f"{group}_k"], stored[f"{group}_bic"], strict=True))
    return Cloud(
        stored[f"{group}_sample_index"].astype(np.int64),
        stored[f"{group}_points"].astype(np.float32),
        stored[f"{group}_labels"].astype(np.int16),
        {
            int(k): Solution(stored[f"{group}_k{int(k)}"].astype(np.int16), float(bic))
            for k, bic in bics.items()
        },
        int(stored[f"{group}_n_spikes"]),
    )
