"""Brain map: from an image time series to a map of voxels by their activity."""

from dash import Dash, Input, Output, State
from dash.development.base_component import Component

from dashboard.brainmap import presets
from dashboard.brainmap.look import look
from dashboard.brainmap.map import colored, export, result
from dashboard.brainmap.operations import correlation, series
from dashboard.kit import forms, plain, shell, workbench
from dashboard.kit.bench import Source, StepPage, by_word, known_words, tabs
from dashboard.kit.switches import Switch
from dashboard.runs import report
from dashboard.start import page as start
from pipelines.brainmap.colors import compose_parameters
from pipelines.brainmap.formats.rows import FORMATS, SIGNAL_FILE
from pipelines.brainmap.operations.parameters import METHODS, USED, USED_BY_SOURCE, Operation
from pipelines.core.formats import asked

PATH = "/brainmap"
PAGE = {"module": "brainmap", "path": PATH, "title": "Brain map – Neuroboard"}
TITLE = "Brain map"
LEAD = "Cluster the voxels of an image time series by what they do over time."
_IMAGES = Source(
    "images",
    "Images",
    f"Give {asked(FORMATS)}.",
    upload="images",
    root="images",
    example="brainmap",
)
LOOK = StepPage(
    slug="brainmap-look",
    task="brainmap look",
    path=PATH,
    word="look",
    tab="1. Look",
    view=look.view,
    connect=look.register,
    run_label="Look at images",
    sources=(_IMAGES,),
    main=presets.MAIN_LOOK,
    guide="brainmap",
    empty=(
        "Choose images on the left and press Look at images. You can play every plane of the "
        "film, see where voxels change most, and choose the threshold above which they are mapped."
    ),
)
BENCH = StepPage(
    slug="brainmap",
    task="brainmap fit",
    path=PATH,
    word="map",
    tab="2. Map",
    view=result.view,
    connect=result.register,
    run_label="Map voxels",
    built_on=result.same_but_colors,
    sources=(_IMAGES,),
    main=presets.MAIN,
    presets=presets.PRESETS,
    guide="brainmap",
    empty=(
        "Choose images on the left and press Map voxels. You get a map of every plane in which "
        "each voxel has the colour of its cluster; clusters with similar activity get similar "
        "colours. Point at a voxel to see its time series."
    ),
)


SERIES = StepPage(
    slug="brainmap-series",
    task="brainmap series",
    path=PATH,
    word="series",
    tab="Change series",
    view=series.view,
    connect=series.register,
    run_label="Change series",
    sources=(
        _IMAGES,
        Source(
            "signal",
            "Signal (for correlate and crosscorr)",
            f"{SIGNAL_FILE.capitalize()} with one value per time point.",
            upload="signal",
            root="signal",
        ),
    ),
    empty=(
        "Choose images on the left, an operation and its settings, and press Change series. You "
        "see the series of any voxel before and after, and can look at the result or map it."
    ),
    switch=Switch("operation", USED),
)
_MAP = Source(
    "map",
    "Map",
    "A finished map; its voxels and all its numbers of clusters are used.",
    from_task="brainmap fit",
)
CORRELATE = StepPage(
    slug="brainmap-correlate",
    task="brainmap correlate",
    path=PATH,
    word="correlate",
    tab="Correlate",
    view=correlation.view,
    connect=correlation.register,
    run_label="Correlate voxels",
    sources=(
        _IMAGES,
        Source(
            "signal",
            "Signal (optional)",
            f"A stimulus or behaviour: {SIGNAL_FILE} with one value per time point.",
            upload="signal",
            root="signal",
        ),
        Source(
            "map",
            "Map (optional)",
            "A finished map, to correlate with the centroid of one of its clusters.",
            from_task="brainmap fit",
            optional=True,
        ),
    ),
    empty=(
        "Choose images on the left and press Correlate voxels: every voxel is compared with the "
        "one that varies most. On the result, press any voxel or draw a region to compare with "
        "that instead; a signal from a file, or the centroid of a cluster, will do as well."
    ),
    switch=Switch("source", USED_BY_SOURCE),
)
COLORIZE = StepPage(
    slug="brainmap-colorize",
    task="brainmap colorize",
    path=PATH,
    word="colorize",
    tab="Colour by measure",
    view=colored.view,
    connect=colored.register,
    run_label="Colour voxels",
    sources=(_MAP,),
    empty=(
        "Choose a finished map and press Colour voxels. Instead of one colour per cluster, each "
        "voxel gets the colour of what was measured of it, with a legend beside the picture."
    ),
    switch=Switch("measure", compose_parameters.USED),
)
EXPORT = StepPage(
    slug="brainmap-export",
    task="brainmap export",
    path=PATH,
    word="export",
    tab="Export",
    view=export.view,
    run_label="Export map",
    sources=(_MAP,),
    empty=(
        "Choose a finished map and press Export map: you get the map of any number of clusters as "
        "TIFF, PNG, SVG, CSV and NWB."
    ),
)
STATISTICS = StepPage(
    slug="brainmap-statistics",
    task="brainmap statistics",
    path=PATH,
    word="statistics",
    tab="Statistics",
    view=plain.view,
    run_label="Measure voxels",
    sources=(_IMAGES,),
    empty=(
        "Choose images on the left and press Measure voxels. You get mean, standard deviation and "
        "percentiles across all active voxels at each time point, and some series at random. A "
        "look at images shows the same for a sample of the voxels."
    ),
)
REPORT = report.step_page(
    PATH, "brainmap fit", "brainmap correlate", "brainmap statistics", "brainmap look",
    "brainmap series", "brainmap colorize", "brainmap export",
)  # fmt: skip
BENCHES = by_word(LOOK, BENCH, CORRELATE, SERIES, COLORIZE, EXPORT, STATISTICS, REPORT)


FORM_WORDS = known_words(BENCHES.values())


def layout(**given: str) -> Component:
    """The films, or the form of a step where the address says so."""
    return _form(**given) if FORM_WORDS.intersection(given) else start.layout("brainmap", **given)


def _form(job: str | None = None, step: str = "map", **settings: str) -> Component:
    """The page at one of its steps, with a job's form and result if one is named.

    Args:
        job: a job whose form and result are shown.
        step: a key of `BENCHES`.
        settings: references and parameters to fill in, by name; those that do not suit are left
            as they are.
    """
    step = step if step in BENCHES else "map"
    bench = BENCHES[step]
    names = [source.name for source in bench.sources]
    chosen = {name: settings[name] for name in names if settings.get(name)}
    values = workbench.known_values(bench, settings)
    return shell.page(
        TITLE,
        LEAD,
        shell.steps(PATH, tabs(BENCHES), step),
        workbench.layout(bench, job, chosen, values),
    )


def register(app: Dash) -> None:
    """Connect the page."""
    for bench in BENCHES.values():
        workbench.register(app, bench)
    app.callback(
        Output(forms.field_id(COLORIZE.slug, "color_map"), "data"),
        Output(forms.field_id(COLORIZE.slug, "color_map"), "value"),
        Input(forms.field_id(COLORIZE.slug, "measure"), "value"),
        State(forms.field_id(COLORIZE.slug, "color_map"), "value"),
    )(color_maps)
    app.callback(
        Output(forms.field_id(SERIES.slug, "method"), "data"),
        Output(forms.field_id(SERIES.slug, "method"), "value"),
        Input(forms.field_id(SERIES.slug, "operation"), "value"),
        State(forms.field_id(SERIES.slug, "method"), "value"),
    )(methods)


def methods(operation: Operation, chosen: str | None) -> tuple[list[str], str | None]:
    """The methods that an operation offers, and the chosen one if it is among them."""
    offered = list(METHODS.get(operation, ()))
    return offered, chosen if chosen in offered else next(iter(offered), None)


def color_maps(measure: compose_parameters.Measure, chosen: str) -> tuple[list[str], str]:
    """The colour maps that suit a measure, and the chosen one if it is among them."""
    offered = [str(name) for name in compose_parameters.OFFERED[measure]]
    return offered, chosen if chosen in offered else offered[0]
