"""What a person has to know first: how many rows went, which, and why."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pandas as pd

from pipelines.synapses.table.findings import Outcome, rows_with
from pipelines.synapses.table.parsing import WITHOUT_HIDDEN
from pipelines.synapses.table.table import CheckedTable, members

WORTH_SAYING = 0.1
"""With as large a share of the rows gone, it is the first sentence."""
MOST_REASONS, MOST_NAMES = 3, 5
_NUMBER = re.compile(r"-?[0-9][0-9.,]*(?<![.,])")


def offers(checked: CheckedTable) -> dict[str, Any]:
    """What can be repaired, ready for JSON."""
    return {name: asdict(offer) for name, offer in checked.offers.items()}


def left_out(checked: CheckedTable, group: str = "all", unless: float = WORTH_SAYING) -> list[str]:
    """A sentence on the rows that are left out, if they are a tenth or more.

    Args:
        checked: the table.
        group: of which rows, see `table.members`.
        unless: the share from which it is said.
    """
    rows = checked.every_row
    if group != "all":
        rows = rows[members(rows, group)]
    rejected = rows_with(checked.findings, Outcome.REJECTED)
    gone = rows[rows.index.isin(list(rejected))]
    if gone.empty or len(gone) < unless * len(rows):
        return []
    share = f"{len(gone) / len(rows):.0%}".replace("%", " %")
    of_group = f" of the group {group}" if group != "all" else ""
    which = _which(rows, gone, checked)
    were = "was" if len(gone) == 1 else "were"
    return [
        f"{len(gone):,} of {len(rows):,} rows{of_group} ({share}) {were} left out{which}: "
        f"{_why(checked, gone)}"
    ]


def _which(rows: pd.DataFrame, gone: pd.DataFrame, checked: CheckedTable) -> str:
    """The neurons or groups of which no row is left, in words."""
    column = checked.schema.group
    if not column or "NeuronId" not in rows:
        return ""
    if len(gone) == len(rows):
        return ""
    whole = rows["NeuronId"].value_counts().to_dict()
    lost = [
        str(name)
        for name, count in gone["NeuronId"].value_counts().items()
        if name and count == whole[name]
    ]
    if not lost:
        return ""
    noun = "neuron" if column == "NeuronId" else column
    names = ", ".join(lost[:MOST_NAMES])
    more = f" and {len(lost) - MOST_NAMES} more" if len(lost) > MOST_NAMES else ""
    among = "" if len(gone) == sum(whole[name] for name in lost) else "among them "
    return f", {among}all of {noun} {names}{more}"


def _why(checked: CheckedTable, gone: pd.DataFrame) -> str:
    """The reasons in falling order of the rows that each cost."""
    rows = set(gone.index.to_numpy(dtype=int).tolist())
    first: dict[int, str] = {}
    for item in checked.findings:
        if item.row in rows and item.outcome is Outcome.REJECTED:
            first.setdefault(item.row, item.reason)
    return _told(first.values())


def _told(reasons: Iterable[str]) -> str:
    """Reasons with how often each was said; those that differ in numbers alone are one."""
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for reason in reasons:
        kind = _NUMBER.sub("0", reason)
        counts[kind] += 1
        shown.setdefault(kind, reason.rstrip("."))
    if len(counts) == 1:
        return f"{next(iter(shown.values()))}."
    most = [f"{shown[kind]} ({n:,})" for kind, n in counts.most_common(MOST_REASONS)]
    more = len(counts) - MOST_REASONS
    rest = f"; and {more} other {'reason' if more == 1 else 'reasons'}" if more > 0 else ""
    return f"{'; '.join(most)}{rest}."


def remarked(checked: CheckedTable) -> list[str]:
    """A sentence on rows that were accepted with a remark; of hidden ones another one speaks."""
    of_row: dict[int, str] = {}
    severe = {row for row, outcome in checked.outcomes.items() if outcome is not Outcome.ACCEPTED}
    for item in checked.findings:
        if item.row not in severe and WITHOUT_HIDDEN not in item.repairs:
            of_row.setdefault(item.row, item.reason)
    if not of_row:
        return []
    rows = "1 row was" if len(of_row) == 1 else f"{len(of_row):,} rows were"
    return [f"{rows} accepted with a remark, see the report: {_told(of_row.values())}"]
