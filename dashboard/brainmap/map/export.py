"""The result of a map's export: what was written, and the files."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.server.services import edit_link
from dashboard.server.submission import submit
from pipelines.brainmap.formats.rows import FORMATS
from pipelines.brainmap.map.export_parameters import MapExportParameters

TASK = "brainmap export"


def view(job: Job) -> Component:
    """The whole result."""
    found = results.headline(job)
    figures = results.stats({"Clusters": str(found["k"]), "Palette": found["palette"]})
    written = [row for row in FORMATS if row.name in found["formats"]]
    content = {name: text for row in written for name, text in row.leaves.items()}
    rows = [
        html.Tr([html.Td(results.download(job, name, name)), html.Td(content.get(name, ""))])
        for name in found["files"]
    ]
    everything = html.A("Everything as zip", href=f"/jobs/{job.id}/everything.zip")
    return html.Div([figures, html.Table(html.Tbody(rows)), everything], className="card stack")


def start(job_id: str, k: str, palette: str) -> Any:
    """Start the export of what is shown of a map; the address to go to."""
    parameters = {"k": int(k), "palette": palette}
    whole = MapExportParameters.parse(parameters).model_dump(mode="json")
    return edit_link(TASK, submit(TASK, {"map": f"job:{job_id}"}, whole))
