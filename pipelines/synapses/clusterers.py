"""The clusterers of synapses: one row for each, which form, fit, captions and docs read.

To add one, write a function `ClusteringAsked -> Clusters` in `pipelines/synapses/clusters/`,
and copy a row.
"""

from dataclasses import dataclass
from typing import Any

from pipelines.core.location import imported


@dataclass(frozen=True)
class SynapseClusterer:
    """What puts synapses into clusters.

    Attributes:
        name: on the form, on the command line and in results.
        about: what it does, without its name; no full stop.
        done: what it did, below a map that is coloured by its clusters.
        location: the function, as `module:function`, from `cluster.ClusteringAsked` to
            `cluster.Clusters`.
        on_map: whether it clusters the map and not the features.
        by_density: whether it looks for dense regions of the map, so that other densities are
            tried beside it.
    """

    name: str
    about: str
    done: str
    location: str
    on_map: bool = False
    by_density: bool = False

    def run(self, asked: Any) -> Any:
        """Clusters; see `location`."""
        return imported(self.location)(asked)


_HERE = "pipelines.synapses.clusters"
_ALL = (
    SynapseClusterer(
        "hdbscan",
        "dense regions of the map, with noise between them",
        "clustered on the map with HDBSCAN; grey is noise",
        f"{_HERE}.cluster:dense_regions",
        on_map=True,
        by_density=True,
    ),
    SynapseClusterer(
        "gmm",
        "a Gaussian mixture of the features with the number of components by BIC; it does not "
        "depend on the map, and may find that there is one group only",
        "clustered in the features with a Gaussian mixture (components by BIC)",
        f"{_HERE}.mixture:components",
    ),
)
CLUSTERERS: dict[str, SynapseClusterer] = {clusterer.name: clusterer for clusterer in _ALL}
"""All clusterers by name, in the order of the form."""


def clusterer_help() -> str:
    """What the form says of the choice."""
    return " ".join(f"{one.name}: {one.about}." for one in CLUSTERERS.values())
