"""The clusterers of voxels: one row for each, which form, fit, captions and docs read.

To add one, write a function that clusters series for each number of clusters, and copy a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.core.location import imported


@dataclass(frozen=True)
class VoxelClusterer:
    """What puts voxels into clusters by their series.

    Attributes:
        name: on the form, on the command line and in results.
        title: what it is called in a sentence.
        about: what it does, without its name; no full stop.
        location: the function, as `module:function`; see `clusterings`.
        quickly: what makes the mean series of all numbers of clusters at once, as
            `module:function` from series, numbers, seed, report and engine to `lloyd.Means` of
            each; empty if it has no such way, for the method `quick`.
        own_criterion: whether it says how well each number of clusters fits, lowest for the best;
            then that chooses the number, and no other evidence is gathered.
    """

    name: str
    title: str
    about: str
    location: str
    quickly: str = ""
    own_criterion: bool = False

    def clusterings(
        self, series: Any, ks: Sequence[int], parameters: Any, engine: Any, report: Any
    ) -> Iterator[tuple[Any, float]]:
        """Cluster series (voxel, time), one number of clusters after the other.

        Args:
            series: (voxel, time).
            ks: numbers of clusters, ascending.
            parameters: of the fit.
            engine: where passes over all voxels are made.
            report: told what happens.

        Returns:
            For each of them a `kmeans.Clustering`, and its criterion, nan where there is none.
        """
        found: Iterator[tuple[Any, float]] = imported(self.location)(
            series, ks, parameters, engine, report
        )
        return found


_HERE = "pipelines.brainmap.clusters"
_ALL = (
    VoxelClusterer(
        "kmeans",
        "K-means",
        "puts each voxel to the nearest centroid",
        f"{_HERE}.choose_k:by_means",
        quickly=f"{_HERE}.quick:means_quickly",
    ),
    VoxelClusterer(
        "gmm",
        "a mixture of Gaussians",
        "fits a mixture of Gaussians to the principal components of the series and chooses the "
        "number of clusters by the Bayesian information criterion",
        f"{_HERE}.mixture:by_mixtures",
        own_criterion=True,
    ),
)
CLUSTERERS: dict[str, VoxelClusterer] = {clusterer.name: clusterer for clusterer in _ALL}
"""All clusterers by name, in the order of the form."""


def clusterer_help() -> str:
    """What the form says of the choice."""
    return " ".join(f"{one.name} {one.about}." for one in CLUSTERERS.values())
