"""The card of a trained classifier of units."""

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.jobs.store import Job
from dashboard.kit import results, shell
from dashboard.kit.figures import PALETTE, framed, style
from pipelines.models import bundles

FIGURES = {
    "macro_f1": "Macro F1",
    "accuracy": "Accuracy",
    "balanced_accuracy_neural": "Noise or neural",
    "balanced_accuracy_single": "Single or multi",
    "calibration_error": "Calibration error",
}
BY_GROUP = ("macro_f1", "balanced_accuracy_neural", "balanced_accuracy_single")
MEANINGS = (
    "Noise or neural, single or multi: balanced accuracy, the mean of the recalls of both sides, "
    "of each question taken alone at its own cut-off; half would be guessing.",
    "Macro F1 is that of the three labels, each counting the same.",
)

OF_LABELS = (
    "Of the labels themselves the balanced accuracies are {neural:.3f} and {single:.3f}: a label "
    "is the most probable of the three."
)
MOST_METRICS = 12
STEPS = {"neural": "noise or neural", "single": "single or multi"}


def view(job: Job) -> Component:
    """The whole result."""
    card = bundles.card_in(results.folder(job.id))
    return html.Div(
        [
            html.Div([scores(card), _links(job), _keep(job)], className="card stack"),
            html.Div([_classes(card), _groups(card)], className="card pair"),
            html.Div([_importance(card), _notes(card)], className="card stack"),
        ]
    )


def scores(card: Mapping[str, Any]) -> Component:
    """The headline figures of a card, on units that were held out."""
    held = card["held_out"]
    shown = {title: f"{held[name]:.3f}" for name, title in FIGURES.items()}
    sizes = {"Units": results.number(card["n_units"]), "Groups": str(len(card["groups"]))}
    return results.stats({**shown, **sizes})


def _links(job: Job) -> Component:
    use = dcc.Link("Label units with it", href=f"/spikes?step=label&bundle={job.id}")
    return html.Div([use, results.download(job, "card.json", "Card (JSON)")], className="downloads")


def _keep(job: Job) -> Component:
    return html.Div(
        [
            dmc.TextInput(
                id="keep-name", label="Name in the registry", value=f"units-{job.id[:6]}"
            ),
            dmc.Button("Keep in registry", id="keep-run", variant="default"),
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
        [name, *[f"{found[key]:.3f}" for key in BY_GROUP]]
        for name, found in card["held_out_by_group"].items()
    ]
    titles = ("group", *[FIGURES[key] for key in BY_GROUP])
    return _table(titles, rows, "Group by group, each held out")


def _importance(card: Mapping[str, Any]) -> Component:
    lost = card["permutation_importance"]
    if not lost:
        text = "Too few units of some label were held out to measure what each metric is worth."
        return html.Div([html.H2("What it looks at"), html.P(text, className="hint")])
    figure = framed(
        importance_figure(lost),
        id="train-importance",
        caption=f"Balanced accuracy of held-out units that is lost when a metric is shuffled "
        f"among them: the {MOST_METRICS} metrics that matter most to either question. "
        "Metrics that tell the same share what they are worth.",
    )
    return html.Div([html.H2("What it looks at"), figure])


def _notes(card: Mapping[str, Any]) -> Component:
    of_labels = card["held_out"].get("balanced_accuracy_of_labels")
    own = [] if of_labels is None else [OF_LABELS.format(**of_labels)]
    others = [note for note in card["notes"] if "balanced_accuracy_of_labels" not in note]
    notes = [*MEANINGS, *own, *others]
    return html.Div([html.H2("What the scores mean"), html.Ul([html.Li(note) for note in notes])])


def importance_figure(lost: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """What each metric is worth to each question, the metric that matters most at the top.

    Args:
        lost: balanced accuracy that is lost without a metric, by question and metric.
    """
    most = {name: max(lost[step][name] for step in STEPS) for name in lost["neural"]}
    best = sorted(most, key=lambda name: -most[name])[:MOST_METRICS]
    figure = go.Figure()
    for place, (step, title) in enumerate(STEPS.items()):
        figure.add_bar(
            y=best,
            x=[lost[step][name] for name in best],
            name=title,
            orientation="h",
            marker={"color": PALETTE[place]},
            hovertemplate="%{y}: %{x:.3f}<extra>" + title + "</extra>",
        )
    figure.update_xaxes(title="balanced accuracy lost")
    figure.update_yaxes(autorange="reversed", automargin=True)
    legend = {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0}
    style(figure, height=140 + 26 * len(best), legend=legend)
    return figure.update_layout(margin_t=70)
