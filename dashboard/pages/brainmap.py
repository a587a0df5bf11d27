"""Brain map: from an image time series to a map of voxels by their activity."""

from dash import Dash
from dash.development.base_component import Component

from dashboard import shell, workbench
from dashboard.workbench import Bench, Source

PAGE = {"module": "brainmap", "path": "/brainmap", "title": "Brain map – Neuroboard"}
TITLE = "Brain map"
LEAD = "Cluster the voxels of an image time series by what they do over time."
BENCH = Bench(
    slug="brainmap",
    task="brainmap fit",
    run_label="Map voxels",
    sources=(
        Source(
            "images",
            "Images",
            "A TIFF per time point, its pages the planes; or one .npy array (time, plane, y, x).",
            upload="images",
            root="images",
            example="brainmap",
        ),
    ),
    empty=(
        "Choose images on the left and press Map voxels. You get a map of every plane in which "
        "each voxel has the colour of its cluster; clusters with similar activity get similar "
        "colours. Point at a voxel to see its time series."
    ),
)


def layout(job: str | None = None, **_: str) -> Component:
    """The page, with a job's form and result if one is named in the address."""
    return shell.page(TITLE, LEAD, workbench.layout(BENCH, job, {}))


def register(app: Dash) -> None:
    """Connect the page."""
    workbench.register(app, BENCH)
