"""The clusterers of the group sorter: one row for each, which form, help and docs read.

To add one, write a function from points to labels in `pipelines/spikes/sorting/cluster.py`, and
copy a row.
"""

from dataclasses import dataclass
from typing import Any

from pipelines.core.location import imported


@dataclass(frozen=True)
class SpikeClusterer:
    """What puts the spikes of a group into clusters.

    Attributes:
        name: on the form, on the command line and in results.
        about: what it does, without its name.
        location: the function, as `module:function`, from features in units of noise, shape
            (spike, component), and parameters to labels, shape (spike,), -1 for none.
        number: what it makes of a number of clusters that is given: exactly as many, at most as
            many, or it always finds the number.
        needs_number: whether the number has to be given.
        heeds: parameters that it looks at and not every clusterer does.
    """

    name: str
    about: str
    location: str
    number: str
    needs_number: bool = False
    heeds: tuple[str, ...] = ()

    def run(self, points: Any, parameters: Any) -> Any:
        """Labels of points; see `location`."""
        return imported(self.location)(points, parameters)


EXACT, MOST, FOUND = "exactly", "at most", "found"
_ALL = (
    SpikeClusterer(
        "bgmm",
        "Bayesian Gaussian mixture, finds the number of units by itself",
        "pipelines.spikes.sorting.cluster:bgmm",
        MOST,
        heeds=("n_clusters", "max_clusters"),
    ),
    SpikeClusterer(
        "gmm",
        "Gaussian mixture, number by BIC",
        "pipelines.spikes.sorting.cluster:gmm",
        EXACT,
        heeds=("n_clusters", "max_clusters"),
    ),
    SpikeClusterer(
        "kmeans",
        "exactly n_clusters",
        "pipelines.spikes.sorting.cluster:kmeans",
        EXACT,
        needs_number=True,
        heeds=("n_clusters",),
    ),
    SpikeClusterer(
        "isosplit",
        "cuts where the density dips",
        "pipelines.spikes.sorting.cluster:isosplit",
        FOUND,
    ),
    SpikeClusterer(
        "hdbscan",
        "dense regions only, joins near units",
        "pipelines.spikes.sorting.cluster:hdbscan",
        FOUND,
    ),
)
CLUSTERERS: dict[str, SpikeClusterer] = {clusterer.name: clusterer for clusterer in _ALL}
"""All clusterers by name, in the order of the form."""


def clusterer_help() -> str:
    """What the form says of the choice."""
    each = " ".join(f"{one.name}: {one.about}." for one in CLUSTERERS.values())
    return f"How spikes become units. {each}"


def number_help() -> str:
    """What the form says of the number of clusters."""
    exact, most, found = (_called(number) for number in (EXACT, MOST, FOUND))
    return (
        f"Leave empty to find it. {exact} make exactly this many, {most} at most; {found} always "
        "find it."
    )


def _called(number: str) -> str:
    names = [one.name for one in CLUSTERERS.values() if one.number == number]
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
