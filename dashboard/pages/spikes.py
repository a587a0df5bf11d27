"""Spikes: from a raw extracellular recording to units."""

from collections.abc import Mapping

from dash import Dash
from dash.development.base_component import Component

from dashboard import shell, workbench
from dashboard.workbench import Bench, Source

PAGE = {"module": "spikes", "path": "/spikes", "title": "Spikes – Neuroboard"}
TITLE = "Spikes"
LEAD = "Sort a raw extracellular recording into units and label them, without hand work."
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
LABEL = Bench(
    slug="spikes-label",
    task="spikes label",
    run_label="Label units",
    sources=(
        Source(
            "units",
            "Sorted units",
            "A finished sorting. A table of metrics alone is labelled on the command line.",
            from_task="spikes sort",
        ),
    ),
    empty=(
        "Choose a sorting on the left and press Label units. Thresholds, Bombcell's rules and a "
        "classifier that learnt from curators say side by side which units are single neurons "
        "(good), which are several (mua) and which are noise. You can then change every limit "
        "and see at once what it does."
    ),
)
EXPORT = Bench(
    slug="spikes-export",
    task="spikes export",
    run_label="Export units",
    sources=(Source("sorting", "Sorted units", "A finished sorting.", from_task="spikes sort"),),
    empty=(
        "Choose a sorting on the left and press Export units. You get files for phy, for "
        "SpikeInterface's curation, or tables that any program reads."
    ),
)
STEPS: Mapping[str, Bench] = {"sort": BENCH, "label": LABEL, "export": EXPORT}
NAMES = {"sort": "1. Sort", "label": "2. Label", "export": "3. Export"}


def layout(job: str | None = None, step: str = "sort", sort: str = "", **_: str) -> Component:
    """The page at one of its steps, with a job's form and result if one is named."""
    step = step if step in STEPS else "sort"
    chosen = {source.name: f"job:{sort}" for source in STEPS[step].sources} if sort else {}
    return shell.page(
        TITLE,
        LEAD,
        shell.steps(PAGE["path"], NAMES, step),
        workbench.layout(STEPS[step], job, chosen),
    )


def register(app: Dash) -> None:
    """Connect the page."""
    for bench in STEPS.values():
        workbench.register(app, bench)
