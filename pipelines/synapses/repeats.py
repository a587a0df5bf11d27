"""How often a clustering is repeated to judge it, by the words that a form has for that."""

from collections.abc import Mapping
from dataclasses import dataclass

SUBSAMPLE = 0.8
"""The share of the synapses that a subsample has."""


@dataclass(frozen=True)
class Repeats:
    """How often each question is asked."""

    seeds: int
    subsamples: int
    surrogates: int


REPEATS: Mapping[str, Repeats] = {
    "full": Repeats(3, 3, 99),
    "thorough": Repeats(10, 20, 499),
    "none": Repeats(0, 0, 0),
}
