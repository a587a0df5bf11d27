"""What a person did, out of all that one request says has changed.

Dash sends what waits for one callback as one request: a press may come together with a tick, with a
row that a table has just chosen, or with another press. Its own `triggered_id` is the first of them
only, and who decides by it loses the others.
"""

from typing import Any

from dash import ctx


def triggers() -> list[Any]:
    """The ids of all that changed, in the order in which it did."""
    return [identity for identity, _, _ in _changes()]


def latest() -> tuple[Any, Any]:
    """The id and the value of what changed last; the id is None if nothing did."""
    return next(((identity, value) for identity, _, value in reversed(_changes())), (None, None))


def buttons() -> list[Any]:
    """The ids of all buttons that were pressed."""
    return [identity for identity, name, _ in _changes() if name == "n_clicks"]


def button() -> Any:
    """The id of the button that was pressed, or None."""
    return next(iter(buttons()), None)


def _changes() -> list[tuple[Any, str, Any]]:
    """Id, property and value of all that changed; a button that has just appeared did not."""
    ids = ctx.triggered_prop_ids
    found = [
        (ids[one["prop_id"]], one["prop_id"].rpartition(".")[2], one["value"])
        for one in ctx.triggered
        if one["prop_id"] in ids
    ]
    return [change for change in found if change[1] != "n_clicks" or change[2]]
