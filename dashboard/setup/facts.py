"""Facts as a short table beside what they are of, such as how a file was read."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component


def table(facts: Mapping[str, Any]) -> Component:
    """Names and values; those without a value are left out."""
    rows = [
        html.Tr([html.Th(name, scope="row"), html.Td(value)])
        for name, value in facts.items()
        if value
    ]
    return html.Table(html.Tbody(rows), className="facts")
