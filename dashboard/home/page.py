"""Home: what the app is for, and what it did last."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.brainmap import page
from dashboard.home.jobs import job_table
from dashboard.kit import shell, workbench
from dashboard.kit.aria import aria
from dashboard.kit.bench import Bench
from dashboard.server import posted
from dashboard.server.services import edit_link, services
from dashboard.spikes import page as spikes
from dashboard.synapses import page as synapses

PAGE = {"module": "home", "path": "/", "title": "Neuroboard"}
TITLE = "Neuroboard"
LEAD = "Cluster your lab's data in the browser. Nothing leaves this network."


@dataclass(frozen=True)
class Card:
    """One of the three things that the app is for."""

    href: str
    title: str
    text: str
    bench: Bench
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that suit the example better than the defaults."""


CARDS = (
    Card(
        "/spikes",
        "Spikes",
        "Sort raw extracellular recordings into units without hand work, and look at their "
        "waveforms and inter-spike intervals.",
        spikes.BENCH,
    ),
    Card(
        "/brainmap",
        "Brain map",
        "Turn an image time series into a map in which voxels with similar activity have "
        "similar colours.",
        page.BENCH,
        {"k": 8},
    ),
    Card(
        "/synapses",
        "Synapses",
        "Cluster a table of synapses, train a classifier with an honest score, and predict the "
        "cluster of new synapses.",
        synapses.BENCHES["fit"],
    ),
)


def layout(**_: str) -> Component:
    """The page."""
    cards = html.Div([_card(card) for card in CARDS], className="cards")
    recent = services().store.latest(limit=6)
    parts: list[Component] = [cards]
    if recent:
        parts.append(html.Section([html.H2("Recent jobs"), job_table(recent)], className="card"))
    return shell.page(TITLE, LEAD, *parts)


def _card(card: Card) -> Component:
    return html.Section(
        [
            html.H2(dcc.Link(card.title, href=card.href)),
            html.P(card.text),
            html.Div(
                [
                    dmc.Button(
                        "Try it with example data",
                        id={"type": "try", "bench": card.bench.slug},
                        **aria(label=f"Try {card.title} with example data"),
                    ),
                    dcc.Link("Use your own data", href=card.href),
                ],
                className="row",
            ),
        ],
        className="card",
    )


def register(app: Dash) -> None:
    """Connect the three buttons."""
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Input({"type": "try", "bench": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(lambda clicks: start_example(clicks, ctx.triggered_id))


def start_example(clicks: list[int | None], trigger: Any) -> str:
    """Run a page's job on its example data; the address to go to."""
    if not any(clicks):
        raise PreventUpdate
    by_slug = {card.bench.slug: card for card in CARDS}
    card = by_slug[posted.offered(trigger["bench"], by_slug)]
    task = card.bench.task
    parameters = card.bench.step.parameters.parse(card.changes).model_dump(mode="json")
    job_id = workbench.submit(task, workbench.example_references(card.bench), parameters)
    return edit_link(task, job_id)
