"""What comes after curating: agreement of curators, and the units as a sorting of their own."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import ALL, Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.kit import forms, results, shell
from dashboard.server import people, submission
from dashboard.server.people import Role
from dashboard.server.services import edit_link
from dashboard.spikes.curation import desk as curating
from dashboard.spikes.curation.desk import Desk
from pipelines.core.errors import InputError, NeuroboardError
from pipelines.spikes.curation.agreement import compare, labels_of, majority_steps
from pipelines.spikes.curation.log import read_log
from pipelines.spikes.curation.parameters import CurateParameters
from pipelines.spikes.labels.words import LABELS

HEADS = ("curators", "units", "same", "kappa", *(f"kappa, {name}" for name in LABELS))


def agreement() -> list[Component]:
    """The card on which curators are compared."""
    return [
        html.H2("Agreement of curators"),
        html.P(
            "A second curator writes their name above, switches Blind on and labels the same "
            "units. Compare then shows how far they agree beyond chance: 1 is full agreement, 0 "
            "is chance.",
            className="hint",
        ),
        html.Div(
            [
                dmc.Button("Compare curators", id="curate-compare", variant="default"),
                dmc.Button("Take the majority's labels", id="curate-majority", variant="default"),
            ],
            className="row",
        ),
        html.Div(id="curate-agreement", role="status"),
    ]


def use_card() -> list[Any]:
    """The card that makes a sorting of the curated units."""
    return [
        html.H2("Use the units as curated"),
        html.P(
            "Makes a sorting of its own with what you did, without noise unless you change that, "
            "to be exported, trained on or reviewed again. The curation itself goes on.",
            className="hint",
        ),
        *forms.form(CurateParameters, "spikes-use", {"only": "good,mua,unlabelled"}),
        html.Div(dmc.Button("Use these units", id="curate-use"), className="row"),
        html.P(id="curate-use-error", role="alert", className="error"),
    ]


def register(app: Dash) -> None:
    """Connect both cards."""
    app.callback(
        Output("curate-agreement", "children"),
        Input("curate-compare", "n_clicks"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show_agreement)
    app.callback(
        Output("curate-agreement", "children", allow_duplicate=True),
        Output("curate-refresh", "data"),
        Input("curate-majority", "n_clicks"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(take_majority)
    app.callback(
        Output("url", "href", allow_duplicate=True),
        Output("curate-use-error", "children"),
        Input("curate-use", "n_clicks"),
        State({"type": "parameter", "bench": "spikes-use", "name": ALL}, "id"),
        State({"type": "parameter", "bench": "spikes-use", "name": ALL}, "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(use)


def curators(desk: Desk) -> dict[str, Mapping[int, str]]:
    """The labels of all who labelled units of this sorting, blind or not."""
    found: dict[str, Mapping[int, str]] = {}
    state = desk.shared()
    if state.labels:
        authors = {step.author for step in state.done if step.action == "label"}
        found[" and ".join(sorted(authors))] = state.labels
    for name, file in curating.blind_logs(desk).items():
        labels = labels_of(read_log(file))
        there = {unit: label for unit, label in labels.items() if unit in state.units}
        found[f"{name} (blind)"] = there
    return found


def show_agreement(clicks: int | None, job_id: str) -> Component:
    """Kappa of every two curators, or why there is none."""
    if not clicks:
        raise PreventUpdate
    try:
        found = _two_or_more(curators(curating.desk(results.job(job_id))))
        return _table(compare(found))
    except NeuroboardError as error:
        return html.P(error.sentence, className="note")


def _two_or_more(found: dict[str, Mapping[int, str]]) -> dict[str, Mapping[int, str]]:
    if len(found) < 2:
        raise InputError(
            f"{len(found)} {'person has' if len(found) == 1 else 'people have'} labelled units of "
            "this sorting: agreement needs two. Let a second one label with Blind switched on."
        )
    return found


def _table(pairs: pd.DataFrame) -> Component:
    rows = []
    for row in pairs.to_dict("records"):
        kappas = [_kappa(row[name]) for name in ("kappa", *(f"kappa_{one}" for one in LABELS))]
        cells = [str(row["n_units"]), f"{row['same']:.0%}", *kappas]
        name = html.Th(f"{row['one']}, {row['two']}", scope="row")
        rows.append(html.Tr([name, *map(html.Td, cells)]))
    return shell.table(HEADS, rows)


def _kappa(value: Any) -> str:
    return "–" if value is None or value != value else f"{value:.2f}"


def take_majority(clicks: int | None, job_id: str) -> tuple[Any, Any]:
    """Give units the label that most curators gave; the others keep theirs."""
    if not clicks:
        raise PreventUpdate
    desk = curating.desk(results.job(job_id))
    try:
        people.require(Role.WORK)
        found = _two_or_more(curators(desk))
        steps = majority_steps(found, desk.state().labels)
        for step in steps:
            desk.take(step)
    except NeuroboardError as error:
        return html.P(error.sentence, className="note"), no_update
    text = f"{len(steps)} labels were changed to the majority's; Undo takes them back one by one."
    return html.P(text), clicks


def use(
    clicks: int | None, ids: Sequence[Mapping[str, str]], values: Sequence[Any], job_id: str
) -> tuple[Any, Any]:
    """Start the job that makes a sorting of the units as curated."""
    if not clicks:
        raise PreventUpdate
    job = results.job(job_id)
    try:
        people.require(Role.WORK)
        parameters = forms.read(CurateParameters, ids, values)
        references = {
            "sorting": job.inputs[0].reference,
            "curation": curating.snapshot(curating.desk(job)),
            "labels": f"job:{job.id}",
        }
        made = submission.submit("spikes curate", references, parameters.model_dump(mode="json"))
    except NeuroboardError as error:
        return no_update, error.sentence
    return edit_link("spikes curate", made), ""
