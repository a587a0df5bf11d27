"""The queue of units that are curated, the most doubtful first."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.spikes.curation.desk import Desk
from pipelines.spikes.curation.steps import CurationState
from pipelines.spikes.labels.labellers import LABELLERS

NAMES = {
    "unit": "unit",
    "mine": "label",
    "differ": "differ",
    "probability": "probability",
    **{name: labeller.heading for name, labeller in LABELLERS.items()},
    "spikes": "spikes",
    "snr": "SNR",
}
SHOWS = {"all": "All", "open": "Unlabelled", "differ": "Differ", "unsure": "Unsure"}
SURE = 0.8


def rows_of(desk: Desk, state: CurationState, show: str) -> list[dict[str, Any]]:
    """Units in the order in which they are worth a look; new ones first.

    Args:
        desk: whose labels.
        state: units and labels now.
        show: a key of `SHOWS`.
    """
    known = desk.review.judged
    order = [unit for unit in sorted(state.units) if unit not in known]
    order += [unit for unit in known if unit in state.units]
    if desk.curator:  # an order by doubt would tell what the labellers think
        order.sort()
    rows = [_row(desk, state, unit, known.get(unit)) for unit in order]
    return [row for row in rows if _shown(row, show)]


def columns(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Headings of the queue; a blind curator has fewer."""
    return [{"field": key, "headerName": NAMES[key]} for key in (rows[0] if rows else NAMES)]


def _row(
    desk: Desk, state: CurationState, unit: int, known: Mapping[Any, Any] | None
) -> dict[str, Any]:
    row = {"unit": unit, "mine": state.labels.get(unit, "")}
    changed = desk.review.is_changed(state, unit)
    values = desk.review.measures_of(state, unit) if changed else desk.review.as_sorted[unit]
    size = {"spikes": int(values["n_spikes"]), "snr": float(values["snr"])}
    if desk.curator:
        return {**row, **size}
    said = {
        "differ": "new" if known is None else ("yes" if known["disagree"] else "no"),
        "probability": None
        if known is None or known["probability"] == ""
        else known["probability"],
    }
    labels = {
        name: "" if known is None else str(known.get(labeller.column, ""))
        for name, labeller in LABELLERS.items()
    }
    return {**row, **said, **labels, **size}


def _shown(row: Mapping[str, Any], show: str) -> bool:
    if show == "open":
        return not row["mine"]
    if show == "differ":
        return bool(row.get("differ", "yes") != "no")
    if show == "unsure":
        probability = row.get("probability")
        return probability is None or bool(probability < SURE)
    return True
