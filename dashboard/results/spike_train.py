"""The card of a trained classifier of units."""

import json
from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard import shell
from dashboard.jobs.store import Job
from dashboard.results import common

FIGURES = {
    "balanced_accuracy_neural": "Noise or neural",
    "balanced_accuracy_single": "Single or multi",
    "macro_f1": "Macro F1",
    "accuracy": "Accuracy",
    "calibration_error": "Calibration error",
}
MOST_METRICS = 12


def view(job: Job) -> Component:
    """The whole result."""
    card = json.loads((common.folder(job.id) / "card.json").read_text(encoding="utf-8"))
    return html.Div(
        [
            html.Div([scores(card), _links(job), _keep(job)], className="card"),
            html.Div([_classes(card), _groups(card)], className="card pair"),
            html.Div([_importance(card), _notes(card)], className="card pair"),
        ]
    )


def scores(card: Mapping[str, Any]) -> Component:
    """The headline figures of a card, on units that were held out."""
    held = card["held_out"]
    shown = {title: f"{held[name]:.3f}" for name, title in FIGURES.items()}
    sizes = {"Units": common.number(card["n_units"]), "Groups": str(len(card["groups"]))}
    return common.stats({**shown, **sizes})


def _links(job: Job) -> Component:
    use = dcc.Link("Label units with it", href=f"/spikes?step=label&bundle={job.id}")
    return html.Div([use, common.download(job, "card.json", "Card (JSON)")], className="downloads")


def _keep(job: Job) -> Component:
    return html.Div(
        [
            dmc.TextInput(
                id="keep-name", label="Name in the registry", value=f"units-{job.id[:6]}"
            ),
            dmc.Button("Keep in registry", id="keep-run", variant="light"),
            html.P(id="keep-status", role="status", className="hint"),
        ],
        className="row keep",
    )


def _table(titles: tuple[str, ...], rows: list[list[Any]], title: str) -> Component:
    body = [
        html.Tr([html.Th(first, scope="row"), *[html.Td(cell) for cell in rest]])
        for first, *rest in rows
    ]
    return html.Div([html.H2(title), shell.table(titles, body)])


def _classes(card: Mapping[str, Any]) -> Component:
    matrix, recall = card["held_out"]["confusion_matrix"], card["held_out"]["recall"]
    rows = [
        [name, *[str(cell) for cell in matrix[row]], f"{recall[name]:.2f}"]
        for row, name in enumerate(card["classes"])
    ]
    titles = ("curators say", *[f"called {name}" for name in card["classes"]], "recall")
    return _table(titles, rows, "Held-out units by label")


def _groups(card: Mapping[str, Any]) -> Component:
    rows = [
        [name, *[f"{found[key]:.3f}" for key in tuple(FIGURES)[:3]]]
        for name, found in card["held_out_by_group"].items()
    ]
    return _table(("group", *tuple(FIGURES.values())[:3]), rows, "Group by group, each held out")


def _importance(card: Mapping[str, Any]) -> Component:
    lost = card["permutation_importance"]
    if not lost:
        text = "Too few units of some label were held out to measure what each metric is worth."
        return html.Div([html.H2("What it looks at"), html.P(text, className="hint")])
    total = {name: lost["neural"][name] + lost["single"][name] for name in lost["neural"]}
    best = sorted(total, key=lambda name: -total[name])[:MOST_METRICS]
    rows = [[name, f"{lost['neural'][name]:.3f}", f"{lost['single'][name]:.3f}"] for name in best]
    return _table(("metric", "noise or neural", "single or multi"), rows, "What it looks at")


def _notes(card: Mapping[str, Any]) -> Component:
    notes = [*card["notes"], "A metric's figure is the balanced accuracy that is lost without it."]
    return html.Div([html.H2("What the scores mean"), html.Ul([html.Li(note) for note in notes])])
