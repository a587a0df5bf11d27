"""Spikes: from a raw extracellular recording to units."""

from dash import Dash
from dash.development.base_component import Component

from dashboard import shell, workbench
from dashboard.workbench import Bench, Source

PAGE = {"module": "spikes", "path": "/spikes", "title": "Spikes – Neuroboard"}
TITLE = "Spikes"
LEAD = "Sort a raw extracellular recording into units, without hand work."
BENCH = Bench(
    slug="spikes",
    task="spikes sort",
    run_label="Sort spikes",
    sources=(
        Source(
            "recording",
            "Recording",
            "A recording stays where it is and is only read: choose its folder below a data root.",
            root="recording",
            example="spikes",
        ),
    ),
    empty=(
        "Choose a recording on the left and press Sort spikes. It is band-pass filtered, spikes "
        "are detected on each group of nearby channels, and a Bayesian mixture finds the number "
        "of units itself. You get a table of units with waveforms and inter-spike intervals."
    ),
)


def layout(job: str | None = None, **_: str) -> Component:
    """The page, with a job's form and result if one is named in the address."""
    return shell.page(TITLE, LEAD, workbench.layout(BENCH, job, {}))


def register(app: Dash) -> None:
    """Connect the page."""
    workbench.register(app, BENCH)
