"""A recording while it is looked at: its first second, its channels, and how it was read."""

import pandas as pd
from dash import html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.kit.figures import Drawn
from dashboard.setup.facts import table
from dashboard.spikes import look_figures as figures
from dashboard.spikes.tabs.facts import facts
from dashboard.workspaces.workspace import Workspace
from pipelines.spikes.recording import signal_reader

SECOND = "The first second of the upper channels, as recorded."
WHERE = "Where the channels are."


def glimpse(_workspace: Workspace, job: Job) -> Component:
    """The first second of the upper channels beside the probe and a table of facts.

    Raises:
        InputError: the recording cannot be read, or does not say enough.
    """
    paths = {item.name: item.path for item in job.inputs}
    found = signal_reader.glimpse(paths["recording"], job.parameters, paths.get("probe", ""))
    names = [str(found.names[place]) for place in found.shown]
    lanes = figures.lanes(found.envelope, names, [], "glimpse", found.timeline)
    lanes.update_layout(height=520)
    channels = pd.DataFrame(found.places_um, columns=["x_um", "y_um"])
    channels = channels.assign(channel=list(found.names), state="good", noise_uv="not measured yet")
    probe = figures.probe(channels)
    probe.update_layout(showlegend=False, height=280)
    return html.Div(
        [
            html.Section(Drawn(lanes, SECOND).framed("glimpse-signal"), className="card"),
            html.Div(
                [
                    html.Section(Drawn(probe, WHERE).framed("glimpse-probe"), className="card"),
                    html.Section(table(facts(found.found, job)), className="card"),
                ]
            ),
        ],
        className="glimpse",
    )
