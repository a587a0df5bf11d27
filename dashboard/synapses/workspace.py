"""A table's workspace: its tabs, and what can be selected on them."""

from typing import Any

from dash import Dash

from dashboard.kit import workspace_page
from dashboard.kit.desk import Key, Subject
from dashboard.synapses.tabs import classifier, evidence, predict, table
from dashboard.synapses.tabs import map as map_tab
from pipelines.synapses.formats import sandbox

PAGE = {
    "module": "synapses_workspace",
    "path_template": "/synapses/<workspace>",
    "title": "Table – Neuroboard",
}
SUBJECT = Subject(
    path="/synapses",
    title="Synapses",
    tabs=(table.TAB, map_tab.TAB, evidence.TAB, classifier.TAB, predict.TAB),
    keys=(
        Key(map_tab.CHOSEN, str),
        Key(map_tab.ROW, int),
        Key(map_tab.COLOR, str),
        Key(map_tab.LOOK, str),
        Key(map_tab.WINDOW, str),
        Key(map_tab.ACROSS, str),
        Key(map_tab.UP, str),
        Key(map_tab.MEASURE, str),
        Key(map_tab.AGAINST, str),
        Key(table.LINE, int),
    ),
    home="map",
)


def layout(workspace: str = "", tab: str = "", run: str = "", **given: str) -> Any:
    """The page at one of its tabs, with one of its runs and what is selected."""
    if tab in ("", table.TAB.word):
        sandbox.keep_ready()  # so that the rows do not wait for Python to start
    return workspace_page.layout(SUBJECT, workspace, tab, run, given)


def register(_app: Dash) -> None:
    """Nothing of its own: workspaces are connected together."""
