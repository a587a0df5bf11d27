"""Which columns of a table of points a person chose, and what could be chosen better."""

from collections import Counter

import numpy as np
import pandas as pd

from pipelines.core.errors import ParameterError, TableError
from pipelines.synapses.parameters import TableParameters
from pipelines.synapses.table.arrays import Floats
from pipelines.synapses.table.columns import KEY, SYNAPSES, Schema

RESERVED = frozenset({*KEY, "cluster", "probability", "row", "point", "pca_1", "pca_2", "pca_3"})
"""Names that a result gives to columns of its own."""
FEWEST_COMPARED = 2
NUMERIC_SHARE = 0.9
"""Of the cells of a column of numbers: rows without one cannot be used."""
FEWEST_NUMBERED = 3
"""Numbers that ascend by one, of which as many are no chance but the numbers of the rows."""
SKEWED = 1.0
"""Skewness of an exponential distribution is 2, of a lognormal one more, of a normal one 0."""


def chosen_schema(parameters: TableParameters) -> Schema:
    """The schema of synapses, or that of the columns that were chosen.

    Raises:
        ParameterError: the columns that were chosen make no table.
    """
    chosen = (
        *filter(None, (parameters.id_column, parameters.group_column)),
        *parameters.coordinate_columns,
        *parameters.feature_columns,
    )
    if not chosen:
        if parameters.log_columns:
            raise ParameterError("log_columns is for another table: choose feature_columns too.")
        return SYNAPSES
    if getattr(parameters, "profile", "default") != "default":
        raise ParameterError("The profile published is for synapses: leave it at default.")
    _refuse_unfit(parameters, chosen)
    features = {name.casefold(): name for name in parameters.feature_columns}
    return Schema(
        id=parameters.id_column,
        group=parameters.group_column,
        coordinates=parameters.coordinate_columns,
        features=parameters.feature_columns,
        logs=tuple(features[name.casefold()] for name in parameters.log_columns),
    )


def _refuse_unfit(parameters: TableParameters, chosen: tuple[str, ...]) -> None:
    compared = (*parameters.coordinate_columns, *parameters.feature_columns)
    if len(parameters.coordinate_columns) not in (0, 2, 3):
        raise ParameterError(
            "coordinate_columns: choose two or three columns of one unit, or none."
        )
    if len(compared) < FEWEST_COMPARED:
        raise ParameterError(
            "Choose at least two columns to compare, in coordinate_columns or feature_columns."
        )
    twice = [name for name, n in Counter(name.casefold() for name in chosen).items() if n > 1]
    if twice:
        raise ParameterError(f"The column {twice[0]} was chosen twice: choose it once.")
    taken = [name for name in compared if name in RESERVED or name.startswith("UMAP_")]
    if taken:
        raise ParameterError(
            f"The result has a column {taken[0]} of its own: rename yours before you compare it."
        )
    features = {name.casefold() for name in parameters.feature_columns}
    unknown = [name for name in parameters.log_columns if name.casefold() not in features]
    if unknown:
        raise ParameterError(
            f"log_columns: {unknown[0]} is none of the feature_columns; logarithms are taken of "
            "features alone."
        )


def refuse_constant(names: tuple[str, ...], features: Floats) -> None:
    """Refuse features (n, d) of which one says nothing.

    Raises:
        TableError: a column has one value in all rows.
    """
    constant = np.flatnonzero(np.ptp(features, axis=0) == 0)
    if len(constant):
        raise TableError(
            f"{names[constant[0]]} has the same value in all rows of the group: leave it out."
        )


def comparable(cells: pd.DataFrame) -> list[str]:
    """The columns of a sheet by which the rows of any table can be compared: numbers that vary.

    A column that numbers the rows is none, nor is one whose name a result has for itself.

    Args:
        cells: one column a header, as texts or numbers; blank cells are missing.
    """
    found: dict[str, str] = {}
    for place, name in enumerate(map(str, cells.columns)):
        is_taken = name in RESERVED or name.startswith("UMAP_")
        texts = cells.iloc[:, place].astype("string").str.strip()
        numbers = pd.to_numeric(texts, errors="coerce").to_numpy(float, na_value=np.nan)
        if not is_taken and _varies(numbers):
            found.setdefault(name.casefold(), name)
    return list(found.values())


def _varies(values: Floats) -> bool:
    """Whether a column (n,) is of numbers that say something of their rows."""
    known = values[np.isfinite(values)]
    if len(known) < max(1.0, NUMERIC_SHARE * len(values)) or np.ptp(known) == 0:
        return False
    return not (len(known) > FEWEST_NUMBERED and bool((np.diff(known) == 1).all()))


def suggested_logarithms(rows: pd.DataFrame, schema: Schema) -> list[str]:
    """A sentence for each feature of another table whose logarithm may serve better.

    That is one above 0 in all rows, skewed to the right by more than `SKEWED`, and less so
    after the logarithm.

    Args:
        rows: `CheckedTable.rows`; of fewer than 3 nothing is said.
        schema: which columns are features.
    """
    if schema == SYNAPSES or len(rows) < 3:
        return []
    notes = []
    for name in (name for name in schema.features if name not in schema.logs):
        values = rows[name].to_numpy(float)
        if values.min() <= 0 or not skewness(values) > SKEWED:
            continue
        if abs(skewness(np.log(values))) < skewness(values):
            notes.append(
                f"{name} is above 0 and skewed (skewness {skewness(values):.1f}): its logarithm "
                f"may serve better, add it to log_columns."
            )
    return notes


def skewness(values: Floats) -> float:
    """The third standardised moment of values (n,); 0 if all are the same."""
    centred = values - values.mean()
    deviation = float(np.sqrt((centred**2).mean()))
    return float((centred**3).mean() / deviation**3) if deviation > 0 else 0.0
