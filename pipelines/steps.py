"""The steps: one row for each thing that can be run, which says all about it.

The command line, the dashboard's jobs and forms, scripts and the docs read `STEPS`; what runs a
step is `pipelines.tasks.run`. To add one, write its function and its parameters, and copy a row;
the dashboard's form and view of it are one row of a page (`dashboard/kit/bench.py`).

A step's function is `function(inputs, parameters, folder, report) -> results`: it reads the input
paths, writes its files into an empty folder and returns the headline figures. Among them `notes`
is a list of sentences that a person has to know before reading the result, such as what was taken
where a file does not say it; the page, the command line and reports put them first. With
`folder_version`, which the record says apart from the figures, a folder that is read again tells
which version of its layout it has.
"""

from typing import get_args

from pipelines.brainmap.colors.compose_parameters import ComposeParameters
from pipelines.brainmap.formats.rows import FORMATS as IMAGES
from pipelines.brainmap.formats.rows import SIGNAL_FILE
from pipelines.brainmap.map.export_parameters import MapExportParameters
from pipelines.brainmap.operations.parameters import (
    CorrelateParameters,
    Operation,
    OperationParameters,
    StatisticsParameters,
)
from pipelines.brainmap.parameters import BrainmapParameters, ImageLookParameters
from pipelines.core.formats import written
from pipelines.report.parameters import ReportParameters
from pipelines.spikes.curation.parameters import (
    AgreementParameters,
    CurateParameters,
    ReviewParameters,
    TrainingTableParameters,
)
from pipelines.spikes.labels import rules
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.parameters import ALL, LabelParameters, TrainLabelsParameters
from pipelines.spikes.parameters import (
    ExportFormat,
    ExportParameters,
    ImportParameters,
    SpikesParameters,
)
from pipelines.spikes.recording.parameters import RecordingLookParameters
from pipelines.step import Command, ExtraFile, Input, Option, Out, Step
from pipelines.synapses.parameters import (
    CheckParameters,
    FitParameters,
    PredictParameters,
    TrainParameters,
)

_TABLE = (
    Option("--sheet", "sheet", "name of the sheet in a workbook"),
    Option(
        "--column",
        "columns",
        "NAME=HEADER: a column that is needed, by the name that the table has for it",
        repeats=True,
    ),
)
_IMAGES = (
    Option("--axes", "axes", "axes of the file, such as TZYX or YXT"),
    Option("--files", "files", "a folder's files: time-points, pieces, planes or channels"),
    Option("--channel", "channel", "which channel, by its name or its number from 1"),
    Option("--planes", "planes", "pages per volume in a multi-page TIFF"),
    Option("--channels", "channels", "pages per plane in a multi-page TIFF, one for each channel"),
    Option("--dataset", "dataset", "array in an HDF5, NWB, zarr or MATLAB file"),
    Option("--height", "height", "pixels, of a file of nothing but numbers"),
    Option("--width", "width", "pixels, of a file of nothing but numbers"),
)
_RAW = (
    Option("--sampling-frequency", "sampling_frequency", "raw binary: Hz"),
    Option("--num-channels", "num_channels", "raw binary: channels"),
    Option("--dtype", "dtype", "raw binary: sample type, such as int16 or >i2"),
    Option("--file-offset", "file_offset", "raw binary: bytes before the first sample"),
    Option("--gain-uv", "gain_uv", "microvolts per bit; counts also if the recording has another"),
)
_PROBE = Input(
    "probe", ("probe",), "--probe", "places of the channels: a probeinterface file (JSON)"
)
_LIMITS = Input("thresholds", ("limits",), "--thresholds", f"JSON file of {rules.in_words()}")
_CLASSIFIER = Input(
    "bundle",
    ("unit classifier",),
    "--bundle",
    "a classifier: made by train-labels, a name in the registry, or OWNER/MODEL on HuggingFace",
)
_IMAGE_FILES = Input("images", ("images",))
_MAP = Input("map", ("map",))
_SORTING = Input("sorting", ("sorting",))


def _report(group: str, kinds: tuple[str, ...]) -> Step:
    """The step that writes a report of some runs of a pipeline, the same for each."""
    return Step(
        f"{group} report",
        "Report",
        (Input("runs", kinds),),
        ReportParameters,
        f"pipelines.{group}.report.report:report",
        leaves="report",
        quick=True,
        many=True,
        command=Command(
            "a page of some runs: figures, numbers, parameters, methods, references",
            (Option("--title", "title", "what stands above it"),),
            out=Out("report.html"),
        ),
    )


def _with_report(*steps: Step) -> tuple[Step, ...]:
    """The steps of a pipeline, and the report that takes the result of each."""
    kinds = tuple(dict.fromkeys(step.leaves for step in steps))
    return (*steps, _report(steps[0].group, kinds))


_SPIKES = _with_report(
    Step(
        "spikes look",
        "Look at a recording",
        (Input("recording", ("recording",)), _PROBE),
        RecordingLookParameters,
        "pipelines.spikes.reading.look:look",
        leaves="look at a recording",
        command=Command(
            "look at a recording before sorting it: what will be left out, and why", _RAW
        ),
    ),
    Step(
        "spikes sort",
        "Sort spikes",
        (
            Input("recording", ("recording",)),
            _PROBE,
            Input(
                "sort_file", ("sort file",), "--sort-file", "CSV of decisions to replay", short="-f"
            ),
            Input(
                "earlier", ("sorting",), "--again", "an earlier sorting: only its failed groups run"
            ),
        ),
        SpikesParameters,
        "pipelines.spikes.sorting.sort:sort",
        leaves="sorting",
        command=Command(
            "sort a recording into units",
            (Option("--sorter", "sorter", "which sorter"), *_RAW),
            instead="--dir-name",
            short="-d",
            show="report.html",
        ),
    ),
    Step(
        "spikes import",
        "Import a sorting",
        (
            Input("foreign_sorting", ("sorting made elsewhere",)),
            Input(
                "recording",
                ("recording",),
                "--recording",
                "the recording that was sorted: what the sorting lacks is measured in it",
            ),
        ),
        ImportParameters,
        "pipelines.spikes.elsewhere.importing:import_sorting",
        leaves="sorting",
        command=Command(
            "take over a sorting that another program made",
            _RAW,
            show="report.html",
        ),
    ),
    Step(
        "spikes label",
        "Label units",
        (Input("units", ("sorting", "metrics table")), _LIMITS, _CLASSIFIER),
        LabelParameters,
        "pipelines.spikes.classifier.label:label",
        leaves="labels",
        quick=True,
        command=Command(
            "label the units of a sorting, or of a table of metrics",
            (Option("--method", "method", f"{', '.join(LABELLERS)} or {ALL}"),),
            out=Out(
                "labels.csv",
                help="what to make; without it the labels are kept with the sorting, as columns "
                "of its units.csv, and every export carries them",
                needed=False,
                kept_by="pipelines.spikes.labels.kept_labels:keep",
            ),
            instead="--metrics",
        ),
    ),
    Step(
        "spikes review",
        "Review units",
        (
            _SORTING,
            _LIMITS,
            _CLASSIFIER,
            Input(
                "curation",
                ("curation",),
                "--curation",
                "log of the steps after which units are reviewed",
            ),
        ),
        ReviewParameters,
        "pipelines.spikes.review.review:review",
        leaves="review",
        command=Command("queue and proposals for curating a sorting"),
    ),
    Step(
        "spikes curate",
        "Use units as curated",
        (
            _SORTING,
            Input(
                "curation",
                ("curation",),
                "--curation",
                "log or table of labels (else in the folder)",
            ),
            Input(
                "labels",
                ("labels", "review"),
                "--labels",
                "table or folder with the labellers' labels",
            ),
        ),
        CurateParameters,
        "pipelines.spikes.review.curated:curate",
        leaves="sorting",
        quick=True,
        command=Command(
            "the units of a sorting as curated",
            (
                Option("--only", "only", "labels of the units to keep, such as good,mua"),
                Option(
                    "--fill", "fill", "labeller whose word counts where no curator said anything"
                ),
            ),
        ),
    ),
    Step(
        "spikes agreement",
        "Compare curators",
        (Input("labels", ("curation", "sorting")),),
        AgreementParameters,
        "pipelines.spikes.curation.agreement:agreement",
        leaves="agreement",
        quick=True,
        many=True,
        command=Command(
            "how far curators agree, and their majority",
            (Option("--label-column", "label_column", "column of the labels in tables"),),
        ),
    ),
    Step(
        "spikes training-table",
        "Make a table to train on",
        (Input("curated", ("sorting",)),),
        TrainingTableParameters,
        "pipelines.spikes.classifier.training_table:training_table",
        leaves="metrics table",
        quick=True,
        many=True,
        command=Command("curated recordings as one table to train on", out=Out("training.csv")),
    ),
    Step(
        "spikes export",
        "Export units",
        (
            _SORTING,
            Input(
                "labels",
                ("labels",),
                "--labels",
                "what `spikes label DIR --out labels.csv` made; without it the labels that are "
                "kept with the sorting count",
            ),
        ),
        ExportParameters,
        "pipelines.spikes.export.export:export",
        leaves="units for another program",
        quick=True,
        command=Command(
            "write a sorting for another program",
            (
                Option("--format", "format", ", ".join(get_args(ExportFormat))),
                Option("--only", "only", "labels of the units to write, such as good,mua"),
            ),
        ),
    ),
    Step(
        "spikes train-labels",
        "Train a classifier of units",
        (Input("table", ("metrics table", "sorting")),),
        TrainLabelsParameters,
        "pipelines.spikes.classifier.train:train",
        leaves="unit classifier",
        many=True,
        command=Command(
            "train a classifier of units on curated metrics",
            (
                Option("--group-column", "group_column", "column of what is held out together"),
                Option("--label-column", "label_column", "column of the labels"),
            ),
        ),
    ),
)
_BRAINMAP = _with_report(
    Step(
        "brainmap fit",
        "Map voxels",
        (
            _IMAGE_FILES,
            Input(
                "earlier",
                ("map",),
                "--again",
                "an earlier map of these images that differs in its colours only: nothing is "
                "clustered again",
            ),
        ),
        BrainmapParameters,
        "pipelines.brainmap.fit:fit",
        leaves="map",
        command=Command(
            "map voxels by their activity",
            (
                *_IMAGES,
                Option("--engine", "engine", "local, dask://H:P, spark://H:P or spark-local"),
            ),
        ),
    ),
    Step(
        "brainmap look",
        "Look at images",
        (_IMAGE_FILES,),
        ImageLookParameters,
        "pipelines.brainmap.map.look:look",
        leaves="look at images",
        quick=True,
        command=Command("look at images before mapping them", _IMAGES),
    ),
    Step(
        "brainmap series",
        "Change series",
        (
            _IMAGE_FILES,
            Input("signal", ("signal",), "--signal-file", "a signal, as --set signal=FILE"),
        ),
        OperationParameters,
        "pipelines.brainmap.operations.operate:operate",
        leaves="images",
        quick=True,
        command=Command(
            "one operation on the series of images",
            _IMAGES,
            (Option("OPERATION", "operation", ", ".join(get_args(Operation))),),
            out=Out("result.npy"),
        ),
    ),
    Step(
        "brainmap correlate",
        "Correlate voxels",
        (
            _IMAGE_FILES,
            Input("signal", ("signal",), "--signal", f"{SIGNAL_FILE} with a value per time"),
            Input("map", ("map",), "--map", "folder of a finished map, for a cluster"),
        ),
        CorrelateParameters,
        "pipelines.brainmap.operations.correlation:correlate",
        leaves="correlations",
        quick=True,
        command=Command(
            "correlate every voxel with a voxel, a region, a cluster or a signal",
            (*_IMAGES, Option("--source", "source", "voxel, region, cluster or signal")),
        ),
    ),
    Step(
        "brainmap statistics",
        "Statistics of voxels over time",
        (_IMAGE_FILES,),
        StatisticsParameters,
        "pipelines.brainmap.operations.statistics:statistics",
        leaves="statistics",
        quick=True,
        command=Command("statistics across active voxels per time point", _IMAGES),
    ),
    Step(
        "brainmap export",
        "Export a map",
        (_MAP,),
        MapExportParameters,
        "pipelines.brainmap.map.export:export",
        leaves="map for another program",
        quick=True,
        command=Command(
            "write a finished map for other programs",
            (
                Option("--format", "formats", f"{', '.join(written(IMAGES))}; several with commas"),
                Option("--k", "k", "which of the map's numbers of clusters"),
            ),
        ),
    ),
    Step(
        "brainmap colorize",
        "Colour voxels",
        (_MAP,),
        ComposeParameters,
        "pipelines.brainmap.colors.compose:colorize",
        leaves="coloured map",
        quick=True,
        command=Command(
            "colour a finished map by measures of its voxels",
            (
                Option("--measure", "measure", "components, fourier or clusters"),
                Option("--color-map", "color_map", "rgb, hsv, hv, polar, angle or indexed"),
            ),
        ),
    ),
)
_SYNAPSES = _with_report(
    Step(
        "synapses check",
        "Check a table of synapses",
        (Input("table", ("table of synapses",)),),
        CheckParameters,
        "pipelines.synapses.table.checking:check",
        leaves="report on a table",
        quick=True,
        command=Command(
            "validate a table",
            _TABLE,
            out=Out("report.csv", "REPORT.csv", "write the report there", needed=False),
            extra=(
                ExtraFile("--repaired", "repaired.csv", "write the usable rows, repaired, there"),
            ),
        ),
    ),
    Step(
        "synapses fit",
        "Cluster synapses",
        (
            Input("table", ("table of synapses",)),
            Input(
                "labels", ("table of clusters",), "--labels-from", "table of clusters to take over"
            ),
        ),
        FitParameters,
        "pipelines.synapses.clusters.fit:fit",
        leaves="fit",
        command=Command("embed and cluster synapses", _TABLE),
    ),
    Step(
        "synapses train",
        "Train a classifier",
        (Input("fit", ("fit",)),),
        TrainParameters,
        "pipelines.synapses.classify.train:train",
        leaves="synapse classifier",
        command=Command("train a classifier on a fit"),
    ),
    Step(
        "synapses predict",
        "Predict synapses",
        (Input("bundle", ("synapse classifier",)), Input("table", ("table of synapses",))),
        PredictParameters,
        "pipelines.synapses.classify.predict:predict",
        leaves="predictions",
        quick=True,
        command=Command("clusters of new synapses", _TABLE, out=Out("predictions.csv")),
    ),
)
STEPS: dict[str, Step] = {step.name: step for step in (*_SPIKES, *_BRAINMAP, *_SYNAPSES)}
"""All steps by name, in the order in which the command line lists them."""
