"""Groups of channels: their clusters, every solution that was kept, and what failed."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.figures import spike_views
from dashboard.figures.common import framed
from dashboard.jobs.store import Job
from dashboard.jobs.tasks import edit_link
from dashboard.results import common
from dashboard.submission import submit
from pipelines.errors import NeuroboardError
from pipelines.spikes.clouds import Cloud, read_clouds
from pipelines.spikes.parameters import chosen_solutions

AXES = {"1 and 2": (0, 1), "1 and 3": (0, 2), "2 and 3": (1, 2)}
AUTOMATIC = "as sorted"
KEPT_INPUTS = ("recording", "probe")


@lru_cache(maxsize=4)
def clouds(folder: Path) -> dict[int, Cloud]:
    """Spikes in feature space of every group, as far as the sorting kept them."""
    file = folder / "clouds.npz"
    return read_clouds(file) if file.is_file() else {}


def failures(job: Job) -> Component | None:
    """What went wrong in groups that could not be sorted, and the way to run them again."""
    groups = pd.read_csv(common.folder(job.id) / "groups.csv", keep_default_na=False)
    failed = groups[groups["state"] == "failed"]
    if failed.empty:
        return None
    lines = [
        html.P(f"Group {row['group']} (channels {row['channels']}) failed: {row['reason']}")
        for row in failed.to_dict("records")
    ]
    again = dmc.Button("Run the failed groups again", id="spikes-again", variant="light", size="sm")
    words = html.P("The other groups are taken over as they are.", className="hint")
    error = html.P("", id="spikes-again-error", role="alert", className="error")
    return html.Div([*lines, again, words, error], className="note")


def view(job: Job) -> list[Component]:
    """The clusters of each group, or nothing where no group has any."""
    found = clouds(common.folder(job.id))
    if not found:
        return []
    first = next(iter(found))
    pickers = [
        _select("spikes-group", "Channel group", [str(group) for group in found], str(first)),
        _select("spikes-solution", "Solution", _solutions(found[first]), AUTOMATIC),
        _select("spikes-axes", "Components", list(AXES), "1 and 2"),
    ]
    use = html.Div(
        [
            dmc.Button("Use this solution", id="spikes-use", variant="light", size="sm"),
            html.P("", id="spikes-use-error", role="alert", className="error"),
        ],
        id="spikes-use-box",
        hidden=True,
    )
    box = html.Div(_figures(job, first, AUTOMATIC, "1 and 2"), id="spikes-clusters-box")
    parts = [html.H2("Clusters"), html.Div([*pickers, use], className="row"), box]
    return [html.Div(parts, className="card")]


def _select(id: str, label: str, choices: list[str], value: str) -> Any:
    return dmc.Select(id=id, label=label, data=choices, value=value, allowDeselect=False, w=170)


def _solutions(cloud: Cloud) -> list[str]:
    return [AUTOMATIC, *(f"{number} components" for number in sorted(cloud.solutions))]


def _number(solution: str) -> int | None:
    return None if solution == AUTOMATIC else int(solution.split()[0])


def _figures(job: Job, group: int, solution: str, axes: str) -> Component:
    cloud = clouds(common.folder(job.id))[group]
    number = _number(solution)
    labels = cloud.labels if number is None else cloud.solutions[number].labels
    what = "The units of the sorting" if number is None else f"A mixture of {number} components"
    few = cloud.n_spikes > len(cloud.points)
    thinned = f" {len(cloud.points):,} of {cloud.n_spikes:,} spikes are drawn." if few else ""
    parts: list[Component] = [
        framed(
            spike_views.cloud(cloud.points, labels, AXES[axes]),
            id="spikes-clusters",
            caption=f"{what} in group {group}: waveforms over its channels on principal "
            f"components {axes}.{thinned}",
        )
    ]
    if cloud.solutions:
        bic = {number: one.bic for number, one in cloud.solutions.items()}
        parts.append(
            framed(
                spike_views.criterion(bic),
                id="spikes-criterion",
                caption="Bayesian information criterion of every solution: the lowest explains "
                "the spikes best for its number of components. One cell may take several.",
            )
        )
    else:
        hint = "To compare numbers of clusters, sort with Solutions to keep (more settings)."
        parts.append(html.P(hint, className="empty"))
    return html.Div(parts, className="pair")


def register(app: Dash) -> None:
    """Connect the pickers and the two buttons."""
    app.callback(
        Output("spikes-clusters-box", "children"),
        Output("spikes-solution", "data"),
        Output("spikes-solution", "value"),
        Output("spikes-use-box", "hidden"),
        Input("spikes-group", "value"),
        Input("spikes-solution", "value"),
        Input("spikes-axes", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("spikes-use-error", "children"),
        Input("spikes-use", "n_clicks"),
        State("spikes-group", "value"),
        State("spikes-solution", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(use)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("spikes-again-error", "children"),
        Input("spikes-again", "n_clicks"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(run_again)


def show(group: str, solution: str, axes: str, job_id: str) -> tuple[Any, list[str], str, bool]:
    """The chosen group with the chosen solution, as far as it has that one."""
    job = common.job(job_id)
    choices = _solutions(clouds(common.folder(job_id))[int(group)])
    shown = solution if solution in choices else AUTOMATIC
    return _figures(job, int(group), shown, axes), choices, shown, shown == AUTOMATIC


def use(clicks: int | None, group: str, solution: str, job_id: str) -> tuple[Any, str]:
    """Sort that group again with the chosen solution; the others are taken over."""
    number = _number(solution)
    if not clicks or number is None:
        raise PreventUpdate
    job = common.job(job_id)
    chosen = {**chosen_solutions(str(job.parameters.get("choose", ""))), int(group): number}
    text = ",".join(f"{one}:{count}" for one, count in sorted(chosen.items()))
    return _resubmit(job, {**job.parameters, "choose": text})


def run_again(clicks: int | None, job_id: str) -> tuple[Any, str]:
    """Sort the failed groups again; the others are taken over."""
    if not clicks:
        raise PreventUpdate
    job = common.job(job_id)
    return _resubmit(job, job.parameters)


def _resubmit(job: Job, parameters: Any) -> tuple[Any, str]:
    references = {item.name: item.reference for item in job.inputs if item.name in KEPT_INPUTS}
    try:
        new = submit(job.task, {**references, "earlier": f"job:{job.id}"}, parameters)
    except NeuroboardError as error:
        return no_update, error.sentence
    return edit_link(job.task, new), ""
