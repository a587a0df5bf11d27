"""The words that units are labelled with."""

GOOD, MUA, NOISE = "good", "mua", "noise"
LABELS = (GOOD, MUA, NOISE)
UNLABELLED = "unlabelled"
"""What a unit is called that nobody has labelled."""


def plain(label: object) -> str:
    """A label without what kind of cell it is of: `non_soma_mua` of an axon is `mua`."""
    return str(label).strip().lower().rpartition("_")[2]


def number_word(number: int) -> str:
    """A number within a sentence."""
    return {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}.get(number, str(number))
