"""Brain map: from an image time series to a map of voxels by their activity."""

from collections.abc import Mapping

from dash import Dash, Input, Output, State
from dash.development.base_component import Component

from dashboard import forms, shell, workbench
from dashboard.switches import Switch
from dashboard.workbench import Bench, Source
from pipelines.brainmap import compose_parameters, correlation_parameters
from pipelines.brainmap.operation_parameters import METHODS, USED, Operation

PAGE = {"module": "brainmap", "path": "/brainmap", "title": "Brain map – Neuroboard"}
TITLE = "Brain map"
LEAD = "Cluster the voxels of an image time series by what they do over time."
_IMAGES = Source(
    "images",
    "Images",
    "A folder of TIFFs or one TIFF; an array in .npy, HDF5, NWB, zarr or .mat; suite2p's data.bin, "
    "CaImAn's .mmap, or Thunder's binary files.",
    upload="images",
    root="images",
    example="brainmap",
)
LOOK = Bench(
    slug="brainmap-look",
    task="brainmap look",
    run_label="Look at images",
    sources=(_IMAGES,),
    empty=(
        "Choose images on the left and press Look at images. You can play every plane of the "
        "film, see where voxels change most, and choose the threshold above which they are mapped."
    ),
)
BENCH = Bench(
    slug="brainmap",
    task="brainmap fit",
    run_label="Map voxels",
    sources=(_IMAGES,),
    empty=(
        "Choose images on the left and press Map voxels. You get a map of every plane in which "
        "each voxel has the colour of its cluster; clusters with similar activity get similar "
        "colours. Point at a voxel to see its time series."
    ),
)


SERIES = Bench(
    slug="brainmap-series",
    task="brainmap series",
    run_label="Change series",
    sources=(
        _IMAGES,
        Source(
            "signal",
            "Signal (for correlate and crosscorr)",
            "A .npy, .csv or .mat file with one value per time point.",
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
CORRELATE = Bench(
    slug="brainmap-correlate",
    task="brainmap correlate",
    run_label="Correlate voxels",
    sources=(
        _IMAGES,
        Source(
            "signal",
            "Signal (optional)",
            "A stimulus or behaviour: a .npy, .csv or .mat file with one value per time point.",
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
    switch=Switch("source", correlation_parameters.USED),
)
COLORIZE = Bench(
    slug="brainmap-colorize",
    task="brainmap colorize",
    run_label="Colour voxels",
    sources=(_MAP,),
    empty=(
        "Choose a finished map and press Colour voxels. Instead of one colour per cluster, each "
        "voxel gets the colour of what was measured of it, with a legend beside the picture."
    ),
    switch=Switch("measure", compose_parameters.USED),
)
EXPORT = Bench(
    slug="brainmap-export",
    task="brainmap export",
    run_label="Export map",
    sources=(_MAP,),
    empty=(
        "Choose a finished map and press Export map: you get the map of any number of clusters as "
        "TIFF, PNG, SVG, CSV and NWB."
    ),
)
STEPS: Mapping[str, Bench] = {
    "look": LOOK,
    "map": BENCH,
    "correlate": CORRELATE,
    "series": SERIES,
    "colorize": COLORIZE,
    "export": EXPORT,
}
NAMES = {
    "look": "1. Look",
    "map": "2. Map",
    "correlate": "Correlate",
    "series": "Change series",
    "colorize": "Colour by measure",
    "export": "Export",
}


def layout(job: str | None = None, step: str = "map", **settings: str) -> Component:
    """The page at one of its steps, with a job's form and result if one is named.

    Args:
        job: a job whose form and result are shown.
        step: a key of `STEPS`.
        settings: references and parameters to fill in, by name; those that do not suit are left
            as they are.
    """
    step = step if step in STEPS else "map"
    bench = STEPS[step]
    names = [source.name for source in bench.sources]
    chosen = {name: settings[name] for name in names if settings.get(name)}
    values = workbench.known_values(bench, settings)
    return shell.page(
        TITLE,
        LEAD,
        shell.steps(PAGE["path"], NAMES, step),
        workbench.layout(bench, job, chosen, values),
    )


def register(app: Dash) -> None:
    """Connect the page."""
    for bench in STEPS.values():
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
