"""Groups of channels: their clusters, every solution that was kept, and what failed."""

from typing import Annotated, Any

import dash_mantine_components as dmc
import numpy as np
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray
from pydantic import Field

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.figures import framed
from dashboard.server.posted import Whole, offered
from dashboard.server.services import edit_link
from dashboard.server.submission import submit
from dashboard.spikes import lasso, unit_figures
from dashboard.spikes.lasso import AXES, Axes, clouds
from pipelines.core.errors import NeuroboardError
from pipelines.spikes.parameters import chosen_solutions
from pipelines.spikes.units.clouds import Cloud
from pipelines.spikes.units.folder import SortingFolder

AUTOMATIC = "as sorted"
MOST_DRAWN = 10_000
KEPT_INPUTS = ("recording", "probe")


def failures(job: Job) -> Component | None:
    """What went wrong in groups that could not be sorted, and the way to run them again."""
    groups = SortingFolder(results.folder(job.id)).groups
    failed = groups[groups["state"] == "failed"]
    if failed.empty:
        return None
    lines = [
        html.P(f"Group {row['group']} (channels {row['channels']}) failed: {row['reason']}")
        for row in failed.to_dict("records")
    ]
    again = dmc.Button(
        "Run the failed groups again", id="spikes-again", variant="default", size="sm"
    )
    words = html.P("The other groups are taken over as they are.", className="hint")
    error = html.P("", id="spikes-again-error", role="alert", className="error")
    return html.Div([*lines, again, words, error], className="note")


def view(job: Job) -> list[Component]:
    """The clusters of each group, or where else to look if no group has any."""
    found = clouds(results.folder(job.id))
    if not found:
        link = dcc.Link("the curation", href=f"/spikes?step=curate&sort={job.id}")
        words = (
            "Only the group sorter puts all spikes of its channels into one picture. The cloud of "
            "each unit, with a line to draw around spikes, is in "
        )
        text = html.P([words, link, "."], className="empty")
        return [html.Div([html.H2("Clusters"), text], className="card")]
    first = next(iter(found))
    pickers = [
        _select("spikes-group", "Channel group", [str(group) for group in found], str(first)),
        _select("spikes-solution", "Solution", _solutions(found[first]), AUTOMATIC),
        _select("spikes-axes", "Components", list(AXES), "1 and 2"),
    ]
    use = html.Div(
        [
            dmc.Button("Use this solution", id="spikes-use", variant="default", size="sm"),
            html.P("", id="spikes-use-error", role="alert", className="error"),
        ],
        id="spikes-use-box",
        hidden=True,
    )
    box = html.Div(_figures(job, first, AUTOMATIC, "1 and 2"), id="spikes-clusters-box")
    heads = [html.H2("Clusters"), html.Div([*pickers, use], className="row bottom")]
    parts = [*heads, box, *lasso.view()]
    return [html.Div(parts, className="card")]


def _select(id: str, label: str, choices: list[str], value: str) -> Any:
    return dmc.Select(id=id, label=label, data=choices, value=value, allowDeselect=False, w=170)


def _solutions(cloud: Cloud) -> list[str]:
    return [AUTOMATIC, *(f"{number} components" for number in sorted(cloud.solutions))]


def _number(solution: str) -> int | None:
    return None if solution == AUTOMATIC else int(solution.split()[0])


def _figures(job: Job, group: int, solution: str, axes: str) -> Component:
    cloud = clouds(results.folder(job.id))[group]
    number = _number(solution)
    labels = _unit_labels(job, group, cloud) if number is None else cloud.solutions[number].labels
    what = "The units of the sorting" if number is None else f"A mixture of {number} components"
    step = -(-len(cloud.points) // MOST_DRAWN) or 1
    drawn = len(cloud.points[::step])
    thinned = f" {drawn:,} of {cloud.n_spikes:,} spikes are drawn." if step > 1 else ""
    word = "unit" if number is None else "component"
    parts: list[Component] = [
        framed(
            unit_figures.cloud(cloud.points[::step], labels[::step], AXES[axes], word),
            id="spikes-clusters",
            caption=f"{what} in group {group}: waveforms over its channels on principal "
            f"components {axes}.{thinned}",
        )
    ]
    if cloud.solutions:
        bic = {number: one.bic for number, one in cloud.solutions.items()}
        parts.append(
            framed(
                unit_figures.criterion(bic),
                id="spikes-criterion",
                caption="Bayesian information criterion of every solution: the lowest explains "
                "the spikes best for its number of components. One cell may take several.",
            )
        )
    else:
        hint = "To compare numbers of clusters, sort with Solutions to keep (more settings)."
        parts.append(html.P(hint, className="empty"))
    return html.Div(parts, className="pair")


def _unit_labels(job: Job, group: int, cloud: Cloud) -> NDArray[np.int16]:
    """The unit of every spike of a cloud instead of its cluster, -1 for none."""
    units = SortingFolder(results.folder(job.id)).units
    own = units[units["group"] == group]
    names = dict(zip(own["cluster"], own["unit_id"], strict=True))
    return np.array([names.get(label, -1) for label in cloud.labels], dtype=np.int16)


def register(app: Dash) -> None:
    """Connect the pickers, the two buttons and what is drawn."""
    lasso.register(app)
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


Solution = Annotated[str, Field(pattern=rf"^({AUTOMATIC}|[0-9]+ components)$")]


def show(group: Whole, solution: str, axes: Axes, job_id: str) -> tuple[Any, list[str], str, bool]:
    """The chosen group with the chosen solution, as far as it has that one."""
    job = results.job(job_id)
    known = clouds(results.folder(job_id))
    choices = _solutions(known[offered(int(group), known)])
    shown = solution if solution in choices else AUTOMATIC
    return _figures(job, int(group), shown, axes), choices, shown, shown == AUTOMATIC


def use(clicks: int | None, group: Whole, solution: Solution, job_id: str) -> tuple[Any, str]:
    """Sort that group again with the chosen solution; the others are taken over."""
    number = _number(solution)
    if not clicks or number is None:
        raise PreventUpdate
    job = results.job(job_id)
    chosen = {**chosen_solutions(str(job.parameters.get("choose", ""))), int(group): number}
    text = ",".join(f"{one}:{count}" for one, count in sorted(chosen.items()))
    return _resubmit(job, {**job.parameters, "choose": text})


def run_again(clicks: int | None, job_id: str) -> tuple[Any, str]:
    """Sort the failed groups again; the others are taken over."""
    if not clicks:
        raise PreventUpdate
    job = results.job(job_id)
    return _resubmit(job, job.parameters)


def _resubmit(job: Job, parameters: Any) -> tuple[Any, str]:
    references = {item.name: item.reference for item in job.inputs if item.name in KEPT_INPUTS}
    try:
        new = submit(job.task, {**references, "earlier": f"job:{job.id}"}, parameters)
    except NeuroboardError as error:
        return no_update, error.sentence
    return edit_link(job.task, new), ""
