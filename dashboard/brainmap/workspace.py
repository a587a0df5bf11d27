"""A film's workspace: its tabs, and what can be selected on them."""

from typing import Any

from dash import Dash

from dashboard.brainmap.tabs import (
    correlate_tab,
    export_tab,
    film_tab,
    k_tab,
    map_tab,
    operations_tab,
    shown,
)
from dashboard.kit import workspace_page
from dashboard.kit.desk import Subject

PAGE = {
    "module": "brainmap_workspace",
    "path_template": "/brainmap/<workspace>",
    "title": "Film – Neuroboard",
}
SUBJECT = Subject(
    path="/brainmap",
    title="Brain map",
    tabs=(
        film_tab.TAB,
        map_tab.TAB,
        k_tab.TAB,
        correlate_tab.TAB,
        operations_tab.TAB,
        export_tab.TAB,
    ),
    keys=shown.KEYS,
    home="map",
)


def layout(workspace: str = "", tab: str = "", run: str = "", **given: str) -> Any:
    """The page at one of its tabs, with one of its runs and what is selected."""
    return workspace_page.layout(SUBJECT, workspace, tab, run, given)


def register(_app: Dash) -> None:
    """Nothing of its own: workspaces are connected together."""
