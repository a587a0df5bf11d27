"""A recording's workspace: its tabs, and what can be selected on them."""

from typing import Any

from dash import Dash

from dashboard.kit import workspace_page
from dashboard.kit.desk import Key, Subject
from dashboard.spikes import units_tab

PAGE = {
    "module": "spikes_workspace",
    "path_template": "/spikes/<workspace>",
    "title": "Recording – Neuroboard",
}
SUBJECT = Subject(
    path="/spikes",
    title="Spikes",
    tabs=(units_tab.TAB,),
    keys=(Key("units", int, many=True),),
    home="units",
)


def layout(workspace: str = "", tab: str = "", run: str = "", **given: str) -> Any:
    """The page at one of its tabs, with one of its runs and what is selected."""
    return workspace_page.layout(SUBJECT, workspace, tab, run, given)


def register(_app: Dash) -> None:
    """Nothing of its own: workspaces are connected together."""
