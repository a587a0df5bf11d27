"""The tab Curate of a recording: queue, the unit beside them, keys at the bottom."""

from collections.abc import Mapping
from typing import Any

from dash import ClientsideFunction, Dash, Input, html
from dash.development.base_component import Component

from dashboard.kit import results
from dashboard.kit.desk import Answer, Panel, Part, Slot, Tab, View, column, row
from dashboard.spikes.curation import page
from dashboard.spikes.tabs.units import UNITS
from dashboard.workspaces import workspaces
from pipelines.report.withheld import PROPOSALS

EMPTY = (
    "A review puts the units on which the labellers differ first. You label them here with a key "
    "for each word, beside their waveforms, correlograms and the cloud of their spikes; merge and "
    "split them; and use the units as curated. Press Set up and then Review units."
)


def answer(view: View) -> Answer:
    """How many units there are to decide on."""
    found = results.headline(view.run)
    units = results.counted(found["n_units"], "unit")
    return Answer(
        f"{units} to curate, the labellers differ on {found['n_disagree']}.",
        "every step is saved at once",
    )


def fill(view: View) -> Mapping[str, str]:
    """The newest sorting, while nothing was reviewed."""
    if view.job is not None:
        return {}
    found = workspaces.newest(view.workspace.id, "spikes sort", "spikes import")
    return {"sorting": f"job:{found.id}"} if found else {}


def pad(view: View) -> Component:
    """Labels, keys and who presses them."""
    found = page.parts(view.run, "stores", "pad", "help", asked=_asked(view))
    return html.Div([*found["stores"], found["pad"], found["help"]], className="curate-bar")


def _asked(view: View) -> int | None:
    """The unit that is selected, as on the tab Units."""
    return next(iter(view.chosen.get(UNITS) or ()), None)


def register(app: Dash) -> None:
    """Let the unit that is curated be the selected one, which the address carries."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("desk", "unit"),
        Input("curate-unit", "data"),
        prevent_initial_call=True,
    )


def arrange(view: View) -> Part:
    """The parts of the page of a review, made once, each in a panel."""
    names = ("note", "unit", "queue", "merging", "log", "agreement", "use")
    found = page.parts(view.run, *names, asked=_asked(view))

    def panel(name: str, title: str, *parts: Any) -> Panel:
        body = html.Div(list(parts), className="stack")
        return Panel(name=name, title=title, draw=lambda _view: body, eager=True)

    mended = html.P(PROPOSALS, className="hint")
    beside = Slot(
        panel("merge", "Merge", found["merging"], mended),
        panel("steps", "Steps", found["log"]),
        panel("agreement", "Curators", found["agreement"]),
        panel("use", "Use", found["use"]),
    )
    unit = panel("curated-unit", "Unit", found["note"], found["unit"])
    return row(column(panel("queue", "Queue", found["queue"]), beside), unit, sizes=(28, 72))


TAB = Tab(
    word="curate",
    title="Curate",
    tasks=("spikes review",),
    arrange=arrange,
    answer=answer,
    fill=fill,
    foot=pad,
    empty=EMPTY,
    register=register,
)
