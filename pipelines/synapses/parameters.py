"""What can be set in the synapse pipeline; nothing heavy is imported here."""

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator

from pipelines.core.parameters import Parameters, parameter
from pipelines.synapses.classify.rows import AUTO, CLASSIFIERS
from pipelines.synapses.clusterers import CLUSTERERS, clusterer_help

if TYPE_CHECKING:
    ClassifierName = str
    ClustererName = str
else:  # the names are those of the rows
    ClustererName = Literal[tuple(CLUSTERERS)]
    ClassifierName = Literal[(AUTO, *CLASSIFIERS)]
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


def _as_list(value: Any) -> Any:
    """What was typed, such as "x, y, z", as a list; nothing as an empty one."""
    if value is None:
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _as_text(value: Any) -> Any:
    """A choice that was taken back as an empty text."""
    return "" if value is None else value


Group = Annotated[str, AfterValidator(_group)]
Repair = Literal[
    "decimal-comma",
    "thousands",
    "nm-to-um",
    "nm2-to-um2",
    "soma-from-raw",
    "fill-down",
    "without-hidden",
]
Repairs = Annotated[tuple[Repair, ...], BeforeValidator(_as_list)]
Column = Annotated[str, BeforeValidator(_as_text)]
Columns = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
ClusterSize = Annotated[int, AfterValidator(_automatic_or_two)]

SHEET_HELP = "The worksheet to read. May stay empty when the file has only one with content."
SEED_HELP = "The same data with the same seed gives the same result, bit for bit."


TABLE, OTHER_TABLE = "How the table is read", "A table that is not of synapses"
"""Headings under which forms fold parameters away."""

MOST_COMPARED = 100
"""Features of a table that is not of synapses."""
SHEETS, COLUMNS, MAPPING = "sheets", "columns", "mapping"
"""What a form offers for a parameter, once a table is chosen."""


def _sheet() -> Any:
    return parameter("", label="Sheet", help=SHEET_HELP, max_length=100, offers=SHEETS)


def _repair() -> Any:
    return parameter(
        (),
        label="Repair",
        help="What may be repaired where a check finds it: decimal-comma (0,5 is read as 0.5), "
        "thousands (1,234.5 is read as 1234.5), nm-to-um (positions divided by 1000), nm2-to-um2 "
        "(areas divided by 1,000,000), soma-from-raw (a soma that varies within a neuron, from "
        "the raw columns), fill-down (blank cells that are merged with the one above), "
        "without-hidden (leaves out rows that are hidden in the workbook). Repaired rows say so; "
        "nothing is repaired unasked.",
        advanced=True,
        fold=TABLE,
    )


def _header_row() -> Any:
    return parameter(
        0,
        label="Header row",
        help="Number of the row with the names of the columns. 0 finds it: also below a title.",
        ge=0,
        le=1000,
        advanced=True,
        fold=TABLE,
    )


def _columns() -> Any:
    return parameter(
        {},
        label="Columns",
        help="Columns that are named otherwise: for a name that is needed the header of the "
        "table, as NAME=HEADER, several with commas.",
        offers=MAPPING,
    )


def _as_mapping(value: Any) -> Any:
    """What was typed, such as "SynArea=size, BoutonArea=area", as a mapping."""
    if value is None or value == "":
        return {}
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except Exception:  # also nested too deeply, or a number of too many digits
            raise ValueError("must be written as NAME=HEADER, or as a JSON object") from None
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if not all(name.strip() and header.strip() for name, _, header in pairs):
            raise ValueError("must be written as NAME=HEADER, several with commas")
        return {name.strip(): header.strip() for name, _, header in pairs}
    return value


Mapped = Annotated[dict[str, str], BeforeValidator(_as_mapping)]


class TableParameters(Parameters):
    """Which part of a file is read, what may be repaired, and which columns say what."""

    sheet: Column = _sheet()
    header_row: int = _header_row()
    columns: Mapped = _columns()
    repair: Repairs = _repair()
    id_column: Column = parameter(
        "",
        label="Id column",
        help="What names a row within its group. Without it equal rows are all kept.",
        max_length=200,
        advanced=True,
        fold=OTHER_TABLE,
        offers=COLUMNS,
    )
    group_column: Column = parameter(
        "",
        label="Group column",
        help="Rows of one group (a neuron, an animal) get a frame of their own. "
        "Without it all rows are one group.",
        max_length=200,
        advanced=True,
        fold=OTHER_TABLE,
        offers=COLUMNS,
    )
    coordinate_columns: Columns = parameter(
        (),
        label="Coordinate columns",
        help="Two or three columns of one unit. In each group they are centred "
        "and turned to their principal axes, the largest part of each axis positive. Without "
        "them features alone are compared.",
        max_length=3,
        advanced=True,
        fold=OTHER_TABLE,
        offers=COLUMNS,
    )
    feature_columns: Columns = parameter(
        (),
        label="Feature columns",
        help="Numeric columns that are compared, each scaled by its interquartile range.",
        max_length=MOST_COMPARED,
        advanced=True,
        fold=OTHER_TABLE,
        offers=COLUMNS,
    )
    log_columns: Columns = parameter(
        (),
        label="Logarithms of",
        help="Feature columns whose natural logarithm is compared; for values above 0 that vary "
        "by factors, such as sizes. A check names those that are skewed.",
        max_length=100,
        advanced=True,
        fold=OTHER_TABLE,
        offers=COLUMNS,
    )


class CheckParameters(TableParameters):
    """Which part of the file is checked, and how."""


class FitParameters(TableParameters):
    """How synapses are laid out and clustered."""

    group: Group = parameter(
        "all",
        label="Group",
        help="The synapses to cluster: all, as (asymmetric), ss (symmetric), the neuron types "
        "cb, cr or pv, or COLUMN=VALUE for any column of the table.",
        max_length=200,
    )
    profile: Literal["default", "published"] = parameter(
        "default",
        label="Profile",
        help="published takes the features, weights, map and HDBSCAN sizes of the publication in "
        "place of the settings below (of its five groups; others get automatic sizes). It makes "
        "results comparable; the published clusters themselves do not come back, give them as a "
        "table.",
    )
    labels: ClustererName = parameter("hdbscan", label="Clusters by", help=clusterer_help())
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
        "subsamples and 99 sets of chance data, thorough 10, 20 and 499.",
        advanced=True,
    )
    seed: int = parameter(0, label="Seed", help=SEED_HELP, ge=0, le=2**31 - 1, advanced=True)


class TrainParameters(Parameters):
    """How the classifier for new synapses is trained and scored."""

    classifier: ClassifierName = parameter(
        AUTO,
        label="Classifier",
        help="What learns the clusters from the features (never from the map). auto tries "
        "them all by cross-validation within the training synapses; clusters of the profile "
        "published are learnt by knn.",
    )
    outliers: Literal["neighbors", "one-class-svm"] = parameter(
        "neighbors",
        label="Outliers by",
        help="neighbors: distance to the nearest training synapses in the features. "
        "one-class-svm: the publication's machine on the coordinates of the map, which tells "
        "outliers far less well; the card has the figures of both.",
        advanced=True,
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


FaultName = Literal[
    "missing-column",
    "text-in-number",
    "decimal-comma",
    "repeated-row",
    "repeated-key",
    "unknown-neuron",
    "case-and-blanks",
    "missing-and-infinite",
    "nanometres",
    "square-nanometres",
    "negative-area",
    "wrong-soma",
    "empty-sheet",
    "several-sheets",
    "formula",
    "zip-bomb",
    "macros",
    "external-link",
    "web-page",
    "old-excel",
    "csv-injection",
    "too-many-columns",
]


def _all_faults(value: Any) -> Any:
    names = _as_list(value)
    return list(get_args(FaultName)) if names == ["all"] else names


class SimulationParameters(Parameters):
    """What example tables are like."""

    neurons: int = parameter(
        6,
        label="Neurons",
        help="How many neurons the table has, named cb1, cr1, pv1, cb2 and so on; one more is "
        "only among the new synapses.",
        ge=1,
        le=1000,
    )
    planted: int = parameter(
        3,
        label="Planted clusters",
        help="How many clusters there are; 0 for one population without any.",
        ge=0,
        le=4,
    )
    scale: float = parameter(
        1.0,
        label="Scale",
        help="Factor on the number of synapses, which is about 80 a neuron at 1. Tables of more "
        "than 50,000 rows are written as CSV.",
        gt=0,
        le=100_000,
    )
    faults: Annotated[tuple[FaultName, ...], BeforeValidator(_all_faults)] = parameter(
        (),
        label="Faults",
        help="Also write tables that are wrong in one way each, and faults.csv with what a check "
        "has to say of them; all for every kind.",
    )


class PredictParameters(Parameters):
    """How clusters are given to new synapses; which columns say what, the model knows."""

    sheet: Column = _sheet()
    header_row: int = _header_row()
    columns: Mapped = _columns()
    repair: Repairs = _repair()
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
