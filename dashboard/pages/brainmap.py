"""Brain map: from an image time series to a map of voxels by their activity."""

from collections.abc import Mapping

from dash import Dash
from dash.development.base_component import Component

from dashboard import shell, workbench
from dashboard.workbench import Bench, Source

PAGE = {"module": "brainmap", "path": "/brainmap", "title": "Brain map – Neuroboard"}
TITLE = "Brain map"
LEAD = "Cluster the voxels of an image time series by what they do over time."
_IMAGES = Source(
    "images",
    "Images",
    "A TIFF per time point, its pages the planes; or one TIFF, .npy, HDF5, NWB or zarr with "
    "(time, plane, y, x); or Thunder's binary files.",
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


STEPS: Mapping[str, Bench] = {"look": LOOK, "map": BENCH}
NAMES = {"look": "1. Look", "map": "2. Map"}


def layout(
    job: str | None = None, step: str = "map", images: str = "", **settings: str
) -> Component:
    """The page at one of its steps, with a job's form and result if one is named.

    Args:
        job: a job whose form and result are shown.
        step: a key of `STEPS`.
        images: a reference to fill in.
        settings: parameters to fill in, by name; those that do not suit are left as they are.
    """
    step = step if step in STEPS else "map"
    bench = STEPS[step]
    chosen = {"images": images} if images else {}
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
