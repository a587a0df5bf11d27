"""Signals over time that series are compared with: a stimulus, a behaviour, another cell."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap.formats.rows import SIGNAL_FILE, SIGNALS
from pipelines.brainmap.voxels.series import Floats
from pipelines.core.errors import TableError
from pipelines.files import matlab
from pipelines.files.reading import reading


def read_signals(path: Path, n_times: int) -> Floats:
    """Read one or more signals.

    Args:
        path: of one of `rows.SIGNALS`, such as `.npy` (time,) or (signal, time); `.csv` with a
            column per signal; `.mat` with one variable.
        n_times: how many values each must have.

    Returns:
        (signal, time).

    Raises:
        TableError: unreadable, not numbers, of another length, or constant.
    """
    row = next((row for row in SIGNALS if path.suffix.lower() in row.suffixes), None)
    if row is None:
        given = f"{path} is of another kind" if path.name else "No signal is given"
        raise TableError(f"{given}: set signal to {SIGNAL_FILE}.")
    if not path.exists():
        raise TableError(f"{path} does not exist: check the path of the signal.")
    with reading(path, TableError, "save the signal again", "table of numbers"):
        values = _numbers(row.reader(path), path)
        return _checked(path, _rows(values, n_times), n_times)


def _numbers(found: NDArray[Any], path: Path) -> Floats:
    try:
        return np.asarray(found, dtype=np.float64)
    except Exception as error:  # by whatever stands in a cell
        raise TableError(f"{path} cannot be read as numbers: save the signal again.") from error


def read_npy(path: Path) -> NDArray[Any]:
    """One signal (time,), or several (signal, time)."""
    with path.open("rb") as stream:  # NumPy leaves open what it cannot read
        return np.asarray(np.load(stream, allow_pickle=False))


def read_csv(path: Path) -> NDArray[Any]:
    """A column for each signal, with or without names above, as (signal, time).

    Cells that are no numbers come back as they are.
    """
    table = pd.read_csv(path, header=None, skipinitialspace=True)
    named = pd.to_numeric(table.iloc[0], errors="coerce").isna().all()
    return table.iloc[int(named) :].to_numpy().T


def read_mat(path: Path) -> NDArray[Any]:
    """The only variable of a file, laid out either way: (time,), (signal, time) or (time, signal).

    Raises:
        TableError: the file holds no variable or several, or is damaged.
    """
    if matlab.is_hdf5(path):
        with matlab.opened_hdf5(path, TableError) as held:
            array = held[_only(path, list(held))]
            return array[(slice(None),) * len(array.shape)]
    variables = matlab.Variables(path, TableError)
    return np.array(variables.load(_only(path, list(variables.shapes))))


def _only(path: Path, names: list[str]) -> str:
    if len(names) != 1:
        held = ", ".join(names[:5]) or "none"
        raise TableError(f"{path} holds {len(names)} variables ({held}): save the signal alone.")
    return names[0]


def _rows(values: Floats, n_times: int) -> Floats:
    """As (signal, time); a table that only fits the other way round is turned."""
    rows = np.atleast_2d(values)
    turned = rows.ndim == 2 and rows.shape[1] != n_times and rows.shape[0] == n_times
    return rows.T if turned else rows


def _checked(path: Path, signals: Floats, n_times: int) -> Floats:
    if signals.ndim != 2 or signals.shape[1] != n_times:
        raise TableError(
            f"{path} has the shape {signals.shape}, but the series have {n_times} time points: "
            "give one value for each."
        )
    if not np.isfinite(signals).all():
        row, time = np.argwhere(~np.isfinite(signals))[0]
        raise TableError(f"{path} has no number in signal {row} at time {time}: fill it in.")
    if (signals.max(axis=1) == signals.min(axis=1)).any():
        raise TableError(f"{path} has a signal that never changes: nothing correlates with it.")
    return signals
