"""Synapses: cluster a table, train a classifier on the clusters, predict new ones."""

from dash import Dash
from dash.development.base_component import Component

from dashboard.kit import shell, workbench
from dashboard.kit.bench import Source, StepPage, by_word, known_words, tabs
from dashboard.runs import report
from dashboard.setup import glance
from dashboard.start import page as start
from dashboard.synapses import check, models, new_rows, presets, table_choices
from dashboard.synapses import fit as synapse_fit
from pipelines.synapses.parameters import OTHER_TABLE

PATH = "/synapses"
PAGE = {"module": "synapses", "path": PATH, "title": "Synapses – Neuroboard"}
TITLE = "Synapses"
LEAD = "Cluster a table of synapses, train a classifier on it, and predict new synapses."
_TABLE_HELP = (
    "One synapse a row: NeuronId, SynType, SynId, corr_x/y/z_micron, "
    "corr_soma_x/y/z_micron, SynArea, BoutonArea. Of any other table of points choose the "
    f"columns under “{OTHER_TABLE}”."
)
_NEW_HELP = "New rows with the columns of the table that the classifier was trained on."
BENCHES = by_word(
    StepPage(
        slug="synapses-fit",
        task="synapses fit",
        path=PATH,
        word="fit",
        tab="1. Cluster",
        view=synapse_fit.view,
        connect=synapse_fit.register,
        run_label="Cluster synapses",
        main=presets.MAIN,
        presets=presets.PRESETS,
        guide="synapses",
        sources=(
            Source("table", "Table", _TABLE_HELP, upload="table", root="table", example="synapses"),
            Source(
                "labels",
                "Clusters of your own (optional)",
                "A table with NeuronId, SynType, SynId and cluster; its clusters are taken over "
                "instead of finding new ones.",
                upload="table",
                root="table",
            ),
        ),
        empty=(
            "Choose a table on the left and press Cluster synapses. Every row is checked first; "
            "then each neuron is turned into its own frame, the synapses are embedded in two "
            "dimensions with UMAP and clustered with HDBSCAN. The clustering is repeated on other "
            "seeds, on parts of the data and on chance data, to say whether to believe it."
        ),
    ),
    StepPage(
        slug="synapses-train",
        task="synapses train",
        path=PATH,
        word="train",
        tab="2. Train",
        view=models.view_train,
        connect=models.register,
        run_label="Train classifier",
        sources=(
            Source(
                "fit",
                "Clusters to learn",
                "A finished clustering; the classifier learns its clusters from the features.",
                from_task="synapses fit",
            ),
        ),
        empty=(
            "Choose a clustering and press Train classifier. The score is measured on synapses "
            "that were held out before anything was fitted."
        ),
    ),
    StepPage(
        slug="synapses-predict",
        task="synapses predict",
        path=PATH,
        word="predict",
        tab="3. Predict",
        view=models.view_predict,
        connect=models.register,
        run_label="Predict clusters",
        sources=(
            Source(
                "bundle",
                "Classifier",
                "A classifier that was trained in step 2, or a model of the registry.",
                from_task="synapses train",
                from_registry=True,
            ),
            Source(
                "table",
                "New synapses",
                _NEW_HELP,
                upload="table",
                root="table",
                example="new-synapses",
            ),
        ),
        empty=(
            "Choose a classifier and a table of new synapses. Each gets a cluster, a probability "
            "and an outlier score; rows that cannot be used are kept and say why."
        ),
    ),
    StepPage(
        slug="synapses-check",
        task="synapses check",
        path=PATH,
        word="check",
        tab="Check a table",
        view=check.view,
        connect=check.register,
        run_label="Check table",
        main=presets.MAIN_CHECK,
        guide="synapses",
        sources=(
            Source("table", "Table", _TABLE_HELP, upload="table", root="table", example="synapses"),
        ),
        empty=(
            "Choose a table and press Check table: you get, row by row, what is accepted, "
            "what is repaired and what is rejected, and why. What can be repaired from the table "
            "itself (decimal commas, other units, a soma that varies) is offered then."
        ),
    ),
    report.step_page(PATH, "synapses fit", "synapses train", "synapses predict", "synapses check"),
)


FORM_WORDS = known_words(BENCHES.values()) | {"model"}


def layout(**given: str) -> Component:
    """The tables and ways to new ones, or the form of a step where the address says so."""
    if FORM_WORDS.intersection(given):
        return _form(**given)
    more = [new_rows.section()] if new_rows.newest_model() else []
    search, tag, of = (given.get(name, "") for name in ("search", "tag", "of"))
    return start.listing("synapses", search, tag, of, more)


def _form(
    job: str | None = None,
    step: str = "fit",
    bundle: str = "",
    fit: str = "",
    model: str = "",
    table: str = "",
    **given: str,
) -> Component:
    """The page at one of its steps, with a job's form and result if one is named."""
    step = step if step in BENCHES else "fit"
    chosen = {"bundle": f"job:{bundle}"} if bundle else {}
    chosen |= {"bundle": f"model:{model}"} if model else {}
    chosen |= {"fit": f"job:{fit}"} if fit else {}
    chosen |= {"table": table} if table else {}
    return shell.page(
        TITLE,
        LEAD,
        shell.steps(PATH, tabs(BENCHES), step),
        workbench.layout(BENCHES[step], job, chosen, workbench.known_values(BENCHES[step], given)),
    )


def register(app: Dash) -> None:
    """Connect the page."""
    for bench in BENCHES.values():
        workbench.register(app, bench)
        table_choices.register(app, bench)
    new_rows.register(app)
    table_choices.register(app, glance.asking(BENCHES["check"]))
