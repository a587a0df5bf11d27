"""Why units are not good, by labeller, in one cell: `bombcell: snr 3.2 < 5 | unitrefine: ...`."""

from collections.abc import Mapping

from pipelines.spikes.labels.labellers import LABELLERS

BETWEEN = " | "


def joined(reasons: Mapping[str, str]) -> str:
    """The reasons of all labellers that give one, in their order."""
    return BETWEEN.join(f"{name}: {reasons[name]}" for name in LABELLERS if reasons.get(name))


def parted(cell: str) -> dict[str, str]:
    """What each labeller gave as a reason."""
    found: dict[str, str] = {}
    last = ""
    for part in cell.split(BETWEEN):
        name, colon, text = part.partition(": ")
        if colon and name in LABELLERS:
            last, found[name] = name, text
        elif last:
            found[last] += BETWEEN + part
    return found


def reason_of(cell: str, labeller: str) -> str:
    """The reason that one labeller gave, or nothing."""
    return parted(cell).get(labeller, "")
