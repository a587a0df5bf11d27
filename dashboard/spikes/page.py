"""Spikes: from a raw extracellular recording to units."""

from dash import Dash
from dash.development.base_component import Component

from dashboard.kit import following, shell, workbench
from dashboard.kit.bench import Source, StepPage, by_word, known_words, tabs
from dashboard.runs import report
from dashboard.spikes import batch, export
from dashboard.spikes.benches import AGREEMENT, CLASSIFIER, CURATED, REVIEW, TABLE, TRAIN
from dashboard.spikes.labels import labels
from dashboard.spikes.recordings import IMPORT, LOOK, PATH, SORT
from dashboard.start import page as start
from pipelines.spikes.labels.labellers import all_called
from pipelines.spikes.recording import signal_reader

PAGE = {"module": "spikes", "path": PATH, "title": "Spikes – Neuroboard"}
TITLE = "Spikes"
LEAD = "Sort a raw extracellular recording into units and label them, without hand work."
BENCH = SORT
LABEL = StepPage(
    slug="spikes-label",
    task="spikes label",
    path=PATH,
    word="label",
    tab="2. Label",
    view=labels.view,
    connect=labels.register,
    run_label="Label units",
    sources=(
        Source(
            "units",
            "Sorted units",
            "One or several finished sortings, each labelled in a job of its own. A table of "
            "metrics alone is labelled on the command line.",
            from_task="spikes sort",
            also_from=("spikes import", "spikes curate"),
            several=True,
        ),
        CLASSIFIER,
    ),
    empty=(
        f"Choose a sorting on the left and press Label units. {all_called()} "
        "say side by side which units are single neurons "
        "(good), which are several (mua) and which are noise. You can then change every limit "
        "and see at once what it does."
    ),
)
EXPORT = StepPage(
    slug="spikes-export",
    task="spikes export",
    path=PATH,
    word="export",
    tab="4. Export",
    view=export.view,
    run_label="Export units",
    sources=(
        Source(
            "sorting",
            "Sorted units",
            "A finished sorting, or units as curated.",
            from_task="spikes sort",
            also_from=("spikes import", "spikes curate"),
        ),
        Source(
            "labels",
            "Labels",
            "A labelling of these units, whose labels are written; or none. The newest one is "
            "chosen with the units.",
            from_task="spikes label",
            optional=True,
            goes_with="sorting",
        ),
    ),
    empty=(
        "Choose a sorting on the left and press Export units. You get files for phy, NWB, "
        "SpikeInterface's curation or blech_clust, or tables and arrays that any program reads. "
        "With a labelling they carry its labels."
    ),
)
REPORT = report.step_page(
    PATH, "spikes sort", "spikes import", "spikes curate", "spikes label", "spikes review",
    "spikes look", "spikes export",
)  # fmt: skip
BENCHES = by_word(
    LOOK, BENCH, IMPORT, LABEL, REVIEW, CURATED, EXPORT, TRAIN, AGREEMENT, TABLE, REPORT
)
BATCH = "batch"


FORM_WORDS = known_words(BENCHES.values()) | {"sort", "jobs"}


def layout(**given: str) -> Component:
    """The recordings, or the form of a step where the address says so."""
    signal_reader.keep_ready()  # so that what is chosen here shows itself at once
    return _form(**given) if FORM_WORDS.intersection(given) else start.layout("spikes", **given)


def _form(
    job: str | None = None,
    step: str = "sort",
    sort: str = "",
    bundle: str = "",
    jobs: str = "",
    **settings: str,
) -> Component:
    """The page at one of its steps, with a job's form and result if one is named.

    Args:
        job: a job whose form and result are shown.
        step: a key of `BENCHES`, or batch.
        sort: a sorting that is filled in where sorted units are asked for.
        bundle: a classifier that is filled in: a job's id, or a reference such as model:NAME.
        jobs: of a batch, divided by commas.
        settings: references and parameters to fill in, by name.
    """
    step = step if step in BENCHES or step == BATCH else BENCH.word
    steps = shell.steps(PATH, {**tabs(BENCHES), BATCH: "Many recordings"}, step)
    if step == BATCH:
        return shell.page(TITLE, LEAD, steps, batch.layout(jobs))
    bench = BENCHES[step]
    chosen = {
        source.name: settings[source.name] for source in bench.sources if source.name in settings
    }
    chosen |= {bench.sources[0].name: f"job:{sort}"} if sort else {}
    chosen |= {"bundle": bundle if ":" in bundle else f"job:{bundle}"} if bundle else {}
    return shell.page(
        TITLE,
        LEAD,
        steps,
        workbench.layout(bench, job, chosen, workbench.known_values(bench, settings)),
    )


def register(app: Dash) -> None:
    """Connect the page."""
    for bench in BENCHES.values():
        workbench.register(app, bench)
        following.register(app, bench)
    batch.register(app)
