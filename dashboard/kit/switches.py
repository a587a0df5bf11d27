"""A form that shows only what matters for the choice at its top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import ALL, Dash, Input, Output, State

from dashboard.kit import forms

HIDDEN = {"display": "none"}


@dataclass(frozen=True)
class Switch:
    """A parameter whose value decides which others are shown.

    Attributes:
        parameter: its name.
        used: for each of its values, the parameters that it looks at. Those that no value names
            are always shown.
    """

    parameter: str
    used: Mapping[Any, Sequence[str]]

    def styles(self, value: str | None, names: Sequence[str]) -> list[dict[str, str]]:
        """The style of each named parameter's input."""
        depending = {name for used in self.used.values() for name in used}
        wanted = self.used.get(value, ())
        return [HIDDEN if name in depending and name not in wanted else {} for name in names]


def register(app: Dash, bench: str, switch: Switch) -> None:
    """Connect the switch of the form of that name."""
    every = {"type": "parameter", "bench": bench, "name": ALL}

    def show(value: str | None, ids: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        return switch.styles(value, [item["name"] for item in ids])

    app.callback(
        Output(every, "style"),
        Input(forms.field_id(bench, switch.parameter), "value"),
        State(every, "id"),
    )(show)
