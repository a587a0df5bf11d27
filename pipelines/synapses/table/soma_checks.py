"""What can be wrong with the somas of a synapse table."""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.synapses.table.columns import AREAS, POSITION, SOMA, SOMA_TOLERANCE
from pipelines.synapses.table.findings import Outcome
from pipelines.synapses.table.parsing import Draft
from pipelines.synapses.table.remarks import Remarks, at
from pipelines.synapses.table.repairs import SOMA_FROM_RAW, raw_agrees, raw_somas

Somas = Mapping[str, npt.NDArray[np.float64]]
"""Position of the soma in um by NeuronId."""


def check_known_somas(draft: Draft, somas: Somas) -> Remarks:
    """The soma of a neuron that a model knows is where the model has it.

    Args:
        draft: its positions in um.
        somas: (3,) in um by NeuronId, of the neurons that a model knows.
    """
    neurons = draft.names["NeuronId"]
    rows = neurons.index[neurons.isin(list(somas))]
    if rows.empty:
        return
    expected = np.array([somas[neuron] for neuron in neurons[rows]])
    given = draft.numbers.loc[rows, list(SOMA)].to_numpy()
    wrong = (np.abs(given - expected) > SOMA_TOLERANCE).any(axis=1)
    repairable = set(rows[wrong & raw_agrees(draft.numbers.loc[rows], expected)])
    for row, known in zip(rows[wrong], expected[wrong], strict=True):
        place = ", ".join(f"{value:g}" for value in known)
        text = f"the model has the soma of this neuron at ({place}) um; correct the columns"
        text += f", or repair it with {SOMA_FROM_RAW}." if row in repairable else "."
        repair = SOMA_FROM_RAW if row in repairable else ""
        yield at(draft, int(row), SOMA[0], Outcome.REJECTED, text, repair)


def check_constant_somas(draft: Draft, rows: pd.Index, somas: Somas) -> Remarks:
    """A neuron has one soma; where it varies, no row of that neuron can be placed.

    Args:
        draft: its positions in um.
        rows: numbers of the m rows that are looked at, (m,).
        somas: (3,) in um by NeuronId; these neurons are left to `check_known_somas`.
    """
    names = draft.names.loc[rows, "NeuronId"]
    for neuron, group in varying_somas(draft.numbers.loc[rows], names):
        if neuron in somas:
            continue
        spread = np.ptp(group[list(SOMA)].to_numpy(), axis=0)
        for name in (SOMA[axis] for axis in np.flatnonzero(spread > SOMA_TOLERANCE)):
            text = f"the soma of {neuron} must be the same in all its rows{_hint(group, name)}"
            repair = SOMA_FROM_RAW if raw_somas(group, name) is not None else ""
            for row in group.index:
                yield at(draft, int(row), name, Outcome.REJECTED, text, repair)


def varying_somas(
    numbers: pd.DataFrame, names: "pd.Series[str]"
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The neurons whose soma is not one point, each with its rows.

    Args:
        numbers: n rows, with the soma in um.
        names: NeuronId of each row (n,), indexed as `numbers`.
    """
    places = numbers[list(SOMA)].groupby(names)
    varies = ((places.max() - places.min()) > SOMA_TOLERANCE).any(axis=1)
    for neuron in varies.index[varies]:
        yield str(neuron), numbers[names == neuron]


def _hint(group: pd.DataFrame, name: str) -> str:
    """Where the numbers may come from, and what they would be after the raw positions."""
    same = [
        other
        for other in group.columns
        if other != name and other not in SOMA and _equal(group[name], group[other])
    ]
    copied = f"; the column repeats {same[0]}" if same else ""
    from_raw = raw_somas(group, name)
    if from_raw is None:
        return f"{copied}; correct the column."
    return (
        f"{copied}; from the raw columns it would be {from_raw:.4g} um; correct the column, or "
        f"repair it with {SOMA_FROM_RAW}."
    )


def _equal(one: "pd.Series[float]", other: "pd.Series[float]") -> bool:
    return bool(np.allclose(one, other, rtol=1e-9, atol=0))


def check_copied_somas(draft: Draft, rows: pd.Index) -> Remarks:
    """A constant soma column that equals another column was probably pasted twice."""
    group = draft.numbers.loc[rows]
    for name in SOMA:
        for other in (other for other in (*POSITION, *AREAS) if len(group) > 1):
            if _equal(group[name], group[other]):
                text = f"equals {other} in all rows; check which of the two is right."
                for row in group.index:
                    yield at(draft, int(row), name, Outcome.ACCEPTED, text)
