"""The example of each subject: what it shows, and one press that runs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.kit import workbench
from dashboard.kit.aria import aria
from dashboard.kit.bench import StepPage
from dashboard.server import posted, pressed
from dashboard.server.services import services
from dashboard.start import links
from dashboard.workspaces import cards


@dataclass(frozen=True)
class Showcase:
    """What one of the three subjects is for, and the step that its example runs."""

    subject: str
    title: str
    text: str
    shows: str
    task: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that suit the example better than the defaults."""

    @property
    def href(self) -> str:
        """The page of the subject."""
        return f"/{self.subject}"

    @property
    def bench(self) -> StepPage:
        """The form of the step."""
        return services().pages[self.task]


EXAMPLES = (
    Showcase(
        "spikes",
        "Spikes",
        "Sort raw extracellular recordings into units without hand work, and look at their "
        "waveforms and inter-spike intervals.",
        "Mean waveforms of six units on four channels of a tetrode",
        "spikes sort",
    ),
    Showcase(
        "brainmap",
        "Brain map",
        "Turn an image time series into a map in which voxels with similar activity have "
        "similar colours.",
        "A plane of a brain, each voxel in the colour of its cluster",
        "brainmap fit",
        {"k": 8},
    ),
    Showcase(
        "synapses",
        "Synapses",
        "Cluster a table of synapses, train a classifier with an honest score, and predict the "
        "cluster of new synapses.",
        "Synapses as dots on a map, each in the colour of its cluster",
        "synapses fit",
    ),
)


def button(example: Showcase) -> Component:
    """What runs it."""
    pressed_one: Component = dmc.Button(
        "Try it with example data",
        id={"type": "try", "bench": example.bench.slug},
        size="sm",
        **aria(label=f"Try {example.title} with example data"),
    )
    return pressed_one


def picture(example: Showcase) -> Component:
    """What it gives, drawn of it."""
    source = cards.placeholder(example.subject)
    kind = "pixels" if source.endswith(".png") else "lines"
    image = html.Img(src=source, alt=example.shows, className=kind)
    return html.Div(image, className="workspace-picture")


def register(app: Dash) -> None:
    """Connect the buttons, once for all pages that have them."""
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Input({"type": "try", "bench": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(lambda clicks: start(clicks, pressed.button()))


def start(clicks: list[int | None], trigger: Any) -> str:
    """Run a subject's step on its example data; where its workspace is."""
    if not trigger or not any(clicks):
        raise PreventUpdate
    by_slug = {one.bench.slug: one for one in EXAMPLES}
    example = by_slug[posted.offered(trigger["bench"], by_slug)]
    bench = example.bench
    parameters = bench.step.parameters.parse(example.changes).model_dump(mode="json")
    job_id = workbench.submit(example.task, workbench.example_references(bench), parameters)
    return links.of_job(job_id) or bench.edit_link(job_id)
