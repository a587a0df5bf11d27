"""The result of a map's export: what was written, and the files."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.results import common
from dashboard.services import edit_link
from dashboard.submission import submit
from pipelines.brainmap.export_parameters import MapExportParameters
from pipelines.brainmap.map import folder as map_folder

TASK = "brainmap export"
CONTENT: Mapping[str, str] = {
    map_folder.LABELS: "Number of the cluster of every voxel, -1 where filtered out",
    map_folder.LABELS_IMAGEJ: "The same for ImageJ, napari and scikit-image: 0 is background, "
    "clusters count from 1, in the map's colours",
    map_folder.SIMILARITY: "Correlation of every voxel with its centroid",
    map_folder.MAP: "The map in colours, a page for each plane",
    map_folder.MAP_PICTURE: "The map in colours, planes side by side",
    map_folder.MAP_DRAWING: "The map with axes and caption",
    map_folder.CENTROIDS_DRAWING: "The centroids in their colours, with axes and caption",
    map_folder.CENTROIDS.name: "Mean series and size of every cluster",
    map_folder.COLORS.name: "Colour of every cluster",
    map_folder.MAP_NWB: "Clusters as voxel masks, centroids as their series, and pictures, for "
    "NWB's tools",
}


def view(job: Job) -> Component:
    """The whole result."""
    found = common.headline(job)
    figures = common.stats({"Clusters": str(found["k"]), "Palette": found["palette"]})
    files = [name for name in found["files"] if name in CONTENT]
    rows = [
        html.Tr([html.Td(common.download(job, name, name)), html.Td(CONTENT[name])])
        for name in files
    ]
    everything = html.A("Everything as zip", href=f"/jobs/{job.id}/everything.zip")
    return html.Div([figures, html.Table(html.Tbody(rows)), everything], className="card stack")


def start(job_id: str, k: str, palette: str) -> Any:
    """Start the export of what is shown of a map; the address to go to."""
    parameters = {"k": int(k), "palette": palette}
    whole = MapExportParameters.parse(parameters).model_dump(mode="json")
    return edit_link(TASK, submit(TASK, {"map": f"job:{job_id}"}, whole))
