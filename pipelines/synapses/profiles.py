"""Sets of parameters that belong together.

`published` is the map and the clustering of the publication: its features and weights, its
UMAP and, for each of its five groups, its HDBSCAN. Its labels do not come back: the same
code on today's versions finds the published number of clusters in two of the five groups.
Those who need the published clusters give them as a table (`given_clusters.read_labels`).

Source: Talapka et al., neuron-clustering-project (MIT), for the values.
"""

from collections.abc import Mapping

from pipelines.synapses.parameters import FitParameters, TrainParameters

PUBLISHED = "published"
PUBLISHED_AREA_WEIGHT = 5.0
"""An um2 of area counts as much as 5 um of distance; UMAP sees the ratio only."""
PUBLISHED_SIZES: Mapping[str, tuple[int, int]] = {
    "as": (40, 8),
    "ss": (11, 3),
    "cb": (15, 4),
    "cr": (11, 2),
    "pv": (30, 7),
}
"""min_cluster_size and min_samples by group; other groups were not published."""
PUBLISHED_CLASSIFIER = "knn"
"""Of five classifiers on features the best on the published labels in a nested hold-out."""


def applied(parameters: FitParameters) -> FitParameters:
    """The parameters as they are used: a profile replaces those that belong to it."""
    if parameters.profile != PUBLISHED:
        return parameters
    size, samples = PUBLISHED_SIZES.get(parameters.group, (0, 0))
    return parameters.model_copy(
        update={
            "labels": "hdbscan",
            "spatial_weight": 1.0,
            "area_weight": PUBLISHED_AREA_WEIGHT,
            "umap_neighbors": 20,
            "umap_min_dist": 0.1,
            "dimensions": "2",
            "min_cluster_size": size,
            "min_samples": samples,
            "seed": 42,
        }
    )


def classifier_for(profile: str, parameters: TrainParameters) -> TrainParameters:
    """With auto, clusters of the profile `published` are learnt by five nearest neighbours."""
    if profile != PUBLISHED or parameters.classifier != "auto":
        return parameters
    return parameters.model_copy(update={"classifier": PUBLISHED_CLASSIFIER})
