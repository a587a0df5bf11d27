"""The forms of the page Spikes that are about curated units."""

from dashboard.kit import plain
from dashboard.kit.bench import Source, StepPage
from dashboard.spikes.curation import curated
from dashboard.spikes.curation import page as curation
from dashboard.spikes.labels import train
from dashboard.spikes.recordings import PATH
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.words import number_word

CLASSIFIER = Source(
    "bundle",
    "Classifier",
    "One that was trained here or is kept in the registry (the page Models says how to add one "
    "from HuggingFace); none for the one that comes with the app.",
    from_task="spikes train-labels",
    from_registry=True,
    optional=True,
)
REVIEW = StepPage(
    slug="spikes-review",
    task="spikes review",
    path=PATH,
    word="curate",
    tab="3. Curate",
    view=curation.view,
    connect=curation.register,
    run_label="Review units",
    sources=(
        Source(
            "sorting",
            "Sorted units",
            "A finished sorting, or units that were curated before.",
            from_task="spikes sort",
            also_from=("spikes import", "spikes curate"),
        ),
        CLASSIFIER,
    ),
    empty=(
        f"Choose a sorting on the left and press Review units. The {number_word(len(LABELLERS))} "
        "labellers are run, the "
        "units on which they differ come first, and merges and splits are proposed "
        "with their evidence. You label with a key for each word; every step is saved at once "
        "and can be undone, also tomorrow."
    ),
)
CURATED = StepPage(
    slug="spikes-curated",
    task="spikes curate",
    path=PATH,
    word="curated",
    tab="",
    view=curated.view,
    run_label="Use units as curated",
    sources=(
        Source(
            "sorting",
            "Sorted units",
            "The sorting that was curated.",
            from_task="spikes sort",
            also_from=("spikes import",),
        ),
        Source(
            "curation",
            "Curation",
            "The steps as they were when you pressed Use these units; open the review to do so.",
        ),
        Source(
            "labels",
            "Labels of the labellers",
            "A finished review.",
            from_task="spikes review",
            optional=True,
        ),
    ),
    empty="Curate a sorting first: open Curate, review it, and press Use these units there.",
)
TRAIN = StepPage(
    slug="spikes-train",
    task="spikes train-labels",
    path=PATH,
    word="train",
    tab="Train a classifier",
    view=train.view,
    run_label="Train classifier",
    sources=(
        Source(
            "table",
            "Curated units",
            "Units that you curated, of one or several recordings, or tables of metrics with a "
            "column of labels; whole recordings or animals are held out to score it.",
            upload="tables",
            from_task="spikes curate",
            several=True,
        ),
    ),
    empty=(
        "Choose curated units on the left, or drop tables of curated metrics, and press Train "
        "classifier. It learns noise or neural, then single or multi, and is scored on recordings "
        "or animals that it never saw. It needs at least 20 units of each label."
    ),
)
_SEVERAL = Source(
    "labels",
    "Curated units",
    "The units of one recording, as two or more curators left them.",
    from_task="spikes curate",
    several=True,
)
AGREEMENT = StepPage(
    slug="spikes-agreement",
    task="spikes agreement",
    path=PATH,
    word="agreement",
    tab="Compare curators",
    view=plain.view,
    run_label="Compare curators",
    sources=(_SEVERAL,),
    empty=(
        "Choose the curated units of two or more curators on the left and press Compare curators. "
        "You get Cohen's kappa of every two of them, and the label that most of them gave."
    ),
)
TABLE = StepPage(
    slug="spikes-training-table",
    task="spikes training-table",
    path=PATH,
    word="training-table",
    tab="Table to train on",
    view=plain.view,
    run_label="Make the table",
    sources=(
        Source(
            "curated",
            "Curated units",
            "Units that you curated, of one or several recordings.",
            from_task="spikes curate",
            several=True,
        ),
    ),
    empty=(
        "Choose curated units on the left and press Make the table: one row for each labelled "
        "unit with its metrics and its label, for programs of your own. To train here, curated "
        "units can be chosen as they are."
    ),
)
