"""How a running pipeline tells what it is doing."""

from collections.abc import Callable

Report = Callable[[float, str], None]
"""`report(fraction, sentence)`: how much is done, from 0 to 1, and what happens now."""


def silent(fraction: float, sentence: str) -> None:
    """Report to nobody."""


def part(report: Report, start: float, stop: float) -> Report:
    """A report whose 0 to 1 is the stretch from `start` to `stop` of another one."""

    def inner(fraction: float, sentence: str) -> None:
        report(start + (stop - start) * fraction, sentence)

    return inner
