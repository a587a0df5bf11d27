"""The forms of the page Spikes that begin with a recording."""

from dashboard.kit.bench import Bench, Source, StepPage
from dashboard.kit.switches import Switch
from dashboard.spikes import look, presets, sorting
from pipelines.spikes.sorters import heeded

PATH = "/spikes"

RECORDING = Source(
    "recording",
    "Recording",
    "A recording stays where it is and is only read: choose its folder below a data root.",
    root="recording",
    example="spikes",
)
PROBE = Source(
    "probe",
    "Probe file (optional)",
    "Only if the recording does not say where its channels are: a probeinterface file.",
    upload="probe",
)
SORT_FILE = Source(
    "sort_file",
    "Sort file (optional)",
    "Only to replay decisions: a CSV with Chan, Solution, Cluster, Split, single_unit, Type and "
    "Comments.",
    upload="sort-file",
)
LOOK = StepPage(
    slug="spikes-look",
    task="spikes look",
    path=PATH,
    word="look",
    tab="Look first",
    view=look.view,
    connect=look.register,
    run_label="Look at the recording",
    sources=(RECORDING, PROBE),
    main=presets.MAIN_LOOK,
    guide="spikes",
    empty=(
        "Choose a recording on the left and press Look at the recording. You see its traces at "
        "any zoom, where the channels are, their noise and spectrum, which of them are dead, "
        "noisy or bridged, and whether the headstage fell off. What is wrong is left out of the "
        "sorting that you start from there."
    ),
)
IMPORT = StepPage(
    slug="spikes-import",
    task="spikes import",
    path=PATH,
    word="import",
    tab="Import a sorting",
    view=sorting.view,
    run_label="Import the sorting",
    sources=(
        Source(
            "foreign_sorting",
            "Sorting made elsewhere",
            "A folder of phy or Kilosort, or an analyzer of SpikeInterface, below a data root. It "
            "is only read.",
            root="sorting",
        ),
        Source(
            "recording",
            "Recording (optional)",
            "The recording that was sorted: waveforms, heights and noise that the sorting lacks "
            "are measured in it, and it is drawn beside the units.",
            root="recording",
            optional=True,
        ),
    ),
    main=("gain_uv", "freq_min", "freq_max"),
    empty=(
        "Choose a folder of phy or Kilosort, or an analyzer of SpikeInterface, on the left, and "
        "its recording if it is there, and press Import the sorting. Its units keep their numbers, "
        "labels and merges; what it lacks is measured in the recording. Then label, curate and "
        "export it like any other."
    ),
)
BATCH = Bench(
    slug="spikes-batch",
    task="spikes sort",
    run_label="Sort all",
    sources=(PROBE, SORT_FILE),
    empty=(
        "Choose the recordings on the left and press Sort all. Each is sorted in a job of its own, "
        "one after the other, with the same parameters, probe and sort file; a recording that "
        "fails does not stop the others. Those that were sorted before with the same are found "
        "again at once."
    ),
)
"""The recordings themselves are chosen with a field of their own, which takes several."""
SORT = StepPage(
    slug="spikes",
    task="spikes sort",
    path=PATH,
    word="sort",
    tab="1. Sort",
    view=sorting.view,
    connect=sorting.register,
    run_label="Sort spikes",
    sources=(RECORDING, PROBE, SORT_FILE),
    switch=Switch("sorter", heeded()),
    main=presets.MAIN,
    presets=presets.PRESETS,
    guide="spikes",
    empty=(
        "Choose a recording on the left and press Sort spikes. It is band-pass filtered, spikes "
        "are detected on each group of nearby channels, and a Bayesian mixture finds the number "
        "of units itself; larger probes go to tridesclous2. You get a table of units with "
        "waveforms, intervals, clusters, the signal itself and a report."
    ),
)
