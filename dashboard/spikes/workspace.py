"""A recording's workspace: its tabs, and what can be selected on them."""

from typing import Any

from dash import Dash

from dashboard.kit import workspace_page
from dashboard.kit.desk import Key, Subject
from dashboard.spikes.tabs import curate, export, signal, units
from pipelines.spikes.recording import signal_reader

PAGE = {
    "module": "spikes_workspace",
    "path_template": "/spikes/<workspace>",
    "title": "Recording – Neuroboard",
}
SUBJECT = Subject(
    path="/spikes",
    title="Spikes",
    tabs=(signal.TAB, units.TAB, curate.TAB, export.TAB),
    keys=(
        Key(units.UNITS, int, many=True),
        Key(units.AXIS, str),
        Key(units.ORDER, str),
        Key(units.SPIKE, int),
        Key(units.WINDOW, str),
        Key(signal.CHANNELS, str, many=True),
        Key(signal.SPAN, str),
        Key(signal.PAGE, int),
    ),
    home="units",
)


def layout(workspace: str = "", tab: str = "", run: str = "", **given: str) -> Any:
    """The page at one of its tabs, with one of its runs and what is selected."""
    signal_reader.keep_ready()
    return workspace_page.layout(SUBJECT, workspace, tab, run, given)


def register(_app: Dash) -> None:
    """Nothing of its own: workspaces are connected together."""
