"""Neurons whose positions are in another unit than those of the others."""

import numpy as np
import pandas as pd

from pipelines.synapses.table.columns import POSITION
from pipelines.synapses.table.parsing import Draft

FEWEST_SYNAPSES = 5
"""Of a neuron, to say how far its synapses are spread."""
TIMES = 30.0
"""So many times more or less spread than those of the others, synapses of a neuron are not."""


def neurons_in_other_units(draft: Draft, rows: pd.Index) -> list[str]:
    """A sentence for each neuron whose synapses are spread over another order of size.

    The arbours of one kind of neuron are of like size; one in pixels or nm among others in um is
    not. Its rows are taken as they are, for nothing says by what to multiply them.

    Args:
        draft: of a table of synapses.
        rows: those that are still in.
    """
    spread = _spread(draft, rows)
    found = {}
    for neuron in spread.index:
        usual = float(spread.drop(neuron).median())  # nan where there is no other
        if max(usual, spread[neuron]) > TIMES * min(usual, spread[neuron]):
            found[neuron] = usual
    if 2 * len(found) > len(spread):
        found = dict(list(found.items())[:1])  # of two, either may be the wrong one
    columns = ", ".join(draft.columns(POSITION))
    return [
        f"{draft.sheet.place()}: the synapses of neuron {neuron} are spread over "
        f"{spread[neuron]:.3g} um, those of the others over {usual:.3g} um: {columns} seem to be "
        "in another unit there. They were taken as they are; bring them to the same unit, or leave "
        "the neuron out."
        for neuron, usual in found.items()
    ]


def _spread(draft: Draft, rows: pd.Index) -> "pd.Series[float]":
    """Median distance of a neuron's synapses from their middle, um, by neuron."""
    places = draft.numbers.loc[rows, list(POSITION)]
    by_neuron = places.groupby(draft.names.loc[rows, "NeuronId"])
    away = places - by_neuron.transform("median")
    distance = pd.Series(np.sqrt((away**2).sum(axis=1)), index=rows)
    grouped = distance.groupby(draft.names.loc[rows, "NeuronId"])
    spread = grouped.median()[grouped.size() >= FEWEST_SYNAPSES]
    return spread[spread > 0]
