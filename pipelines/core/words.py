"""Words that sentences everywhere are made of."""


def counted(number: int, noun: str) -> str:
    """A count with its noun: 1 neuron, 6 neurons."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
