"""How each task looks on the command line: its flags, and what its place means."""

from dataclasses import dataclass
from typing import get_args

from pipelines.brainmap.operation_parameters import Operation
from pipelines.spikes.parameters import ExportFormat


@dataclass(frozen=True)
class Option:
    """A plain option that is another way to write `--set name=value`."""

    flag: str
    parameter: str
    help: str
    repeats: bool = False
    """Whether it takes NAME=VALUE and may be there several times: the parameter is a mapping."""


@dataclass(frozen=True)
class FileOption:
    """An input that may be left out; `short` is another way to write the flag."""

    flag: str
    name: str
    help: str
    short: str = ""

    @property
    def flags(self) -> tuple[str, ...]:
        """All ways to write it."""
        return (self.short, self.flag) if self.short else (self.flag,)


@dataclass(frozen=True)
class Command:
    """How a task looks on the command line."""

    task: str
    help: str
    options: tuple[Option, ...] = ()
    one_file: str = ""
    files: tuple[FileOption, ...] = ()
    positional: tuple[Option, ...] = ()
    """Parameters that are given by their place after the inputs; the flag is the name shown."""
    instead: str = ""
    """A flag that gives the first input, instead of its place."""
    short: str = ""
    """Another way to write the flag `instead`."""
    show: str = ""
    """A file of the result that -p/--show-plot opens."""
    extra: tuple[FileOption, ...] = ()
    """Further files of the result that can be asked for by a flag; the name is the file's."""
    kept_by: str = ""
    """What keeps the result with the first input when there is no --out, as `module:function`."""
    without_out: str = ""
    """The same in words."""


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
_PROBE = FileOption("--probe", "probe", "places of the channels: a probeinterface file (JSON)")
_CLASSIFIER = FileOption(
    "--bundle",
    "bundle",
    "a classifier: made by train-labels, a name in the registry, or OWNER/MODEL on HuggingFace",
)
COMMANDS = (
    Command(
        "spikes look",
        "look at a recording before sorting it: what will be left out, and why",
        _RAW,
        files=(_PROBE,),
    ),
    Command(
        "spikes sort",
        "sort a recording into units",
        (Option("--sorter", "sorter", "which sorter"), *_RAW),
        files=(
            _PROBE,
            FileOption("--sort-file", "sort_file", "CSV of decisions to replay", "-f"),
            FileOption("--again", "earlier", "an earlier sorting: only its failed groups run"),
        ),
        instead="--dir-name",
        short="-d",
        show="report.html",
    ),
    Command(
        "spikes label",
        "label the units of a sorting, or of a table of metrics",
        (Option("--method", "method", "thresholds, bombcell, unitrefine or all"),),
        one_file="labels.csv",
        files=(
            FileOption("--thresholds", "thresholds", "JSON file of limits or Bombcell's rules"),
            _CLASSIFIER,
        ),
        instead="--metrics",
        kept_by="pipelines.spikes.kept_labels:keep",
        without_out="the labels are kept with the sorting, as columns of its units.csv, and every "
        "export carries them",
    ),
    Command(
        "spikes review",
        "queue and proposals for curating a sorting",
        files=(
            FileOption("--thresholds", "thresholds", "JSON file of limits or Bombcell's rules"),
            _CLASSIFIER,
            FileOption("--curation", "curation", "log of the steps after which units are reviewed"),
        ),
    ),
    Command(
        "spikes curate",
        "the units of a sorting as curated",
        (
            Option("--only", "only", "labels of the units to keep, such as good,mua"),
            Option("--fill", "fill", "labeller whose word counts where no curator said anything"),
        ),
        files=(
            FileOption("--curation", "curation", "log or table of labels (else in the folder)"),
            FileOption("--labels", "labels", "table or folder with the labellers' labels"),
        ),
    ),
    Command(
        "spikes agreement",
        "how far curators agree, and their majority",
        (Option("--label-column", "label_column", "column of the labels in tables"),),
    ),
    Command(
        "spikes training-table",
        "curated recordings as one table to train on",
        one_file="training.csv",
    ),
    Command(
        "spikes export",
        "write a sorting for another program",
        (
            Option("--format", "format", ", ".join(get_args(ExportFormat))),
            Option("--only", "only", "labels of the units to write, such as good,mua"),
        ),
        files=(
            FileOption(
                "--labels",
                "labels",
                "what `spikes label DIR --out labels.csv` made; without it the labels that are "
                "kept with the sorting count",
            ),
        ),
    ),
    Command(
        "spikes train-labels",
        "train a classifier of units on curated metrics",
        (
            Option("--group-column", "group_column", "column of what is held out together"),
            Option("--label-column", "label_column", "column of the labels"),
        ),
    ),
    Command(
        "brainmap fit",
        "map voxels by their activity",
        (*_IMAGES, Option("--engine", "engine", "local, dask://H:P, spark://H:P or spark-local")),
    ),
    Command("brainmap look", "look at images before mapping them", _IMAGES),
    Command(
        "brainmap series",
        "one operation on the series of images",
        _IMAGES,
        one_file="result.npy",
        files=(FileOption("--signal-file", "signal", "a signal, as --set signal=FILE"),),
        positional=(Option("OPERATION", "operation", ", ".join(get_args(Operation))),),
    ),
    Command(
        "brainmap correlate",
        "correlate every voxel with a voxel, a region, a cluster or a signal",
        (*_IMAGES, Option("--source", "source", "voxel, region, cluster or signal")),
        files=(
            FileOption("--signal", "signal", "a .npy, .csv or .mat file with a value per time"),
            FileOption("--map", "map", "folder of a finished map, for a cluster"),
        ),
    ),
    Command("brainmap statistics", "statistics across active voxels per time point", _IMAGES),
    Command(
        "brainmap export",
        "write a finished map for other programs",
        (
            Option("--format", "formats", "tiff, png, svg, csv, nwb; several with commas"),
            Option("--k", "k", "which of the map's numbers of clusters"),
        ),
    ),
    Command(
        "brainmap colorize",
        "colour a finished map by measures of its voxels",
        (
            Option("--measure", "measure", "components, fourier or clusters"),
            Option("--color-map", "color_map", "rgb, hsv, hv, polar, angle or indexed"),
        ),
    ),
    Command(
        "synapses check",
        "validate a table",
        _TABLE,
        one_file="report.csv",
        extra=(FileOption("--repaired", "repaired.csv", "write the usable rows, repaired, there"),),
    ),
    Command(
        "synapses fit",
        "embed and cluster synapses",
        _TABLE,
        files=(FileOption("--labels-from", "labels", "table of clusters to take over"),),
    ),
    Command("synapses train", "train a classifier on a fit"),
    Command(
        "synapses predict",
        "clusters of new synapses",
        _TABLE,
        one_file="predictions.csv",
    ),
)
