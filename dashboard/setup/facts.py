"""How a file was read, as a short table beside what it shows."""

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component


def table(facts: Mapping[str, str]) -> Component:
    """Names and values; those without a value are left out."""
    rows = [
        html.Tr([html.Th(name, scope="row"), html.Td(value)])
        for name, value in facts.items()
        if value
    ]
    return html.Table(html.Tbody(rows), className="facts")
