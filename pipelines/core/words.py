"""Words that sentences everywhere are made of."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """A count with its noun: 1 neuron, 6 neurons.

    Args:
        number: the count.
        noun: of one.
        plural: of several, where that is not the noun with an s.
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {plural or noun + 's'}"
