"""Two runs of a workspace side by side: what differs in their parameters and results."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from dashboard import views
from dashboard.jobs.store import Job
from dashboard.kit import history, panel, results, shell
from dashboard.kit.desk import Tab, View
from dashboard.workspaces import run_notes
from dashboard.workspaces.run_notes import RunNote
from pipelines.steps import STEPS

MOST_ROWS = 60
SAME = "None: the inputs or the version differ."
SAME_RUN = "None: both sides are of one run."
VERDICTS = frozenset({"evidence", "k_reason"})
"""Headline figures that are verdicts, which are being mended: they are not repeated."""


def layout(tab: Tab, view: View, other: Job) -> Component:
    """The run that is shown beside another one of the same step.

    Args:
        tab: whose runs they are.
        view: what is shown.
        other: the run that it is compared with.
    """
    one, two = replace(view, job=other), view
    back = view.workspace.at(tab.word, run=view.run.id)
    parts = [
        html.Div(
            [
                html.H2(f"{STEPS[other.task].title}: two runs"),
                dcc.Link("Back to the desk", href=back),
            ],
            className="row",
        ),
        _answers(tab, one, two),
        html.Div([_parameters(one.run, two.run), _figures(one.run, two.run)], className="pair"),
    ]
    if tab.compare is not None:
        draw = tab.compare
        parts.append(views.in_panel(lambda: draw(one, two), view.run.id))
    return html.Div(parts, className="compare")


def _answers(tab: Tab, one: View, two: View) -> Component:
    cells = []
    notes = run_notes.of([one.run.id, two.run.id])
    for name, side in (("Compared", one), ("Shown", two)):
        answer = tab.answer(side)
        cells.append(
            html.Section(
                [
                    html.H3(f"{name}: {panel.when(side.run.created)}"),
                    html.P(html.Strong(answer.sentence)),
                    html.P(answer.how, className="hint"),
                    *_note(notes.get(side.run.id)),
                ],
                className="card",
            )
        )
    return html.Div(cells, className="pair")


def _note(found: RunNote | None) -> list[Component]:
    return [html.P(found.text, className="note note-text")] if found else []


def _parameters(one: Job, two: Job) -> Component:
    found = history.differences(two, one.parameters)
    rows = [
        html.Tr([html.Th(name, scope="row"), html.Td(before), html.Td(now)])
        for name, (before, now) in found.items()
    ]
    title = html.H3("Parameters that differ")
    if not rows:
        return html.Div([title, html.P(SAME_RUN if one.id == two.id else SAME)], className="card")
    table = shell.table(("parameter", "compared", "shown"), rows)
    return html.Div([title, table], className="card")


def _figures(one: Job, two: Job) -> Component:
    before, now = (dict(_numbers(results.headline(job))) for job in (one, two))
    rows = [
        html.Tr([html.Th(name, scope="row"), html.Td(before.get(name, "–")), html.Td(value)])
        for name, value in now.items()
        if before.get(name) != value
    ]
    title = html.H3("Results that differ")
    if not rows:
        return html.Div([title, html.P("None of the headline figures.")], className="card")
    table = shell.table(("result", "compared", "shown"), rows[:MOST_ROWS])
    return html.Div([title, table], className="card")


def _numbers(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if name in VERDICTS:
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield name.replace("_", " "), results.number(value)
        elif isinstance(value, str) and len(value) < 60:
            yield name.replace("_", " "), value
