"""What can be set in the synapse pipeline; nothing heavy is imported here."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from pipelines.parameters import Parameters, parameter

NAMED_GROUPS = ("all", "as", "ss", "cb", "cr", "pv")


def _group(text: str) -> str:
    name, equals, value = text.partition("=")
    if equals and name.strip() and value.strip():
        return f"{name.strip()}={value.strip()}"
    if not equals and text.strip().casefold() in NAMED_GROUPS:
        return text.strip().casefold()
    raise ValueError(f"must be one of {', '.join(NAMED_GROUPS)} or COLUMN=VALUE")


def _automatic_or_two(size: int) -> int:
    if size == 1:
        raise ValueError("must be 0 (chosen from the number of rows) or at least 2")
    return size


Group = Annotated[str, AfterValidator(_group)]
ClusterSize = Annotated[int, AfterValidator(_automatic_or_two)]

SHEET_HELP = "The worksheet to read. May stay empty when the file has only one with content."
SEED_HELP = "The same data with the same seed gives the same result, bit for bit."


class CheckParameters(Parameters):
    """Which part of the file is checked."""

    sheet: str = parameter("", label="Sheet", help=SHEET_HELP, max_length=100)


class FitParameters(Parameters):
    """How synapses are laid out and clustered."""

    sheet: str = parameter("", label="Sheet", help=SHEET_HELP, max_length=100)
    group: Group = parameter(
        "all",
        label="Group",
        help="The synapses to cluster: all, as (asymmetric), ss (symmetric), the neuron types "
        "cb, cr or pv, or COLUMN=VALUE for any column of the table.",
        max_length=200,
    )
    labels: Literal["hdbscan", "gmm"] = parameter(
        "hdbscan",
        label="Clusters by",
        help="hdbscan: dense regions of the map, with noise between them. gmm: a Gaussian "
        "mixture of the features with the number of components by BIC; it does not depend on "
        "the map, and may find that there is one group only.",
    )
    spatial_weight: float = parameter(
        1.0,
        label="Weight of position",
        help="How much the place along the dendrite counts. At 1 the three axes together "
        "vary as much as three standardised features.",
        gt=0,
        le=100,
    )
    area_weight: float = parameter(
        1.0,
        label="Weight of areas",
        help="How much the areas of synapse and bouton count. At 1 each has unit spread.",
        gt=0,
        le=100,
    )
    umap_neighbors: int = parameter(
        30,
        label="UMAP neighbours",
        help="How many neighbours of a synapse shape the map. Fewer show fine structure, "
        "more show the whole.",
        ge=2,
        le=500,
    )
    umap_min_dist: float = parameter(
        0.0,
        label="UMAP minimum distance",
        help="How tightly the map may pack points; 0 suits clustering.",
        ge=0,
        le=1,
        advanced=True,
    )
    min_cluster_size: ClusterSize = parameter(
        0,
        label="Smallest cluster",
        help="Groups with fewer synapses are noise. 0 takes 10 % of the rows, at least 10.",
        unit="synapses",
        ge=0,
        le=100_000,
    )
    min_samples: int = parameter(
        0,
        label="Minimum samples",
        help="How dense a cluster must be; more gives more noise. "
        "0 takes a third of the smallest cluster.",
        unit="synapses",
        ge=0,
        le=10_000,
        advanced=True,
    )
    dimensions: Literal["2", "3"] = parameter(
        "2",
        label="Dimensions of the map",
        help="3 keeps more of the neighbourhoods but is harder to read; hdbscan then clusters "
        "in three dimensions.",
        advanced=True,
    )
    evidence: Literal["full", "thorough", "none"] = parameter(
        "full",
        label="Evidence",
        help="How often the clustering is repeated to judge it: full takes 3 other seeds, 3 "
        "subsamples and 19 sets of chance data (15 s for 500 synapses), thorough 10, 20 and 99.",
        advanced=True,
    )
    seed: int = parameter(0, label="Seed", help=SEED_HELP, ge=0, le=2**31 - 1, advanced=True)


class TrainParameters(Parameters):
    """How the classifier for new synapses is trained and scored."""

    classifier: Literal["auto", "random-forest", "xgboost", "knn", "extra-trees", "svc"] = (
        parameter(
            "auto",
            label="Classifier",
            help="What learns the clusters from the features (never from the map). auto tries "
            "all five by cross-validation within the training synapses.",
        )
    )
    n_trees: int = parameter(
        300,
        label="Trees",
        help="Of random forest and extra trees. More give steadier probabilities.",
        ge=10,
        le=5000,
        advanced=True,
    )
    folds: int = parameter(
        5,
        label="Folds of the hold-out score",
        help="Each synapse is held out once, in one of so many parts, before anything is fitted.",
        ge=2,
        le=20,
        advanced=True,
    )
    seed: int = parameter(0, label="Seed", help=SEED_HELP, ge=0, le=2**31 - 1, advanced=True)


class PredictParameters(Parameters):
    """How clusters are given to new synapses."""

    sheet: str = parameter("", label="Sheet", help=SHEET_HELP, max_length=100)
    outlier_quantile: float = parameter(
        0.99,
        label="Outlier quantile",
        help="A synapse is an outlier when it lies farther from the training synapses than "
        "this share of the held-out ones did. Lower flags more.",
        gt=0.5,
        lt=1,
    )
    gate: bool = parameter(
        False,
        label="Gate of published bundles",
        help="Only for a bundle of the published project: rows that its one-class SVM rejects "
        "get cluster -1, as in the publication. On the published test rows it rejected 19, all "
        "of them members of a cluster, and none of 10 noise rows; it is told as is_outlier "
        "in any case.",
        advanced=True,
    )
