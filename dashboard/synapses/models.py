"""Results of training a classifier of synapses, and of using it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import numpy as np
import pandas as pd
from dash import Dash, Input, Output, Patch, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.aria import aria
from dashboard.kit.figures import Drawn, pictured
from dashboard.server import people
from dashboard.server.people import Role
from dashboard.server.services import services
from dashboard.synapses import model_figures as figures
from dashboard.synapses.check import MOST_ROWS, offers
from pipelines.core.errors import NeuroboardError
from pipelines.models import bundles, registry
from pipelines.synapses.fits.folder import (
    PREDICTIONS,
    known_places,
    read_card,
    read_predictions,
)

OUTLIERS = {
    "box": "anywhere in a box 1.5 times as wide as the data",
    "axes_swapped": "x, y and z swapped",
    "areas_x4": "areas four times too large",
}
NEIGHBORS = "neighbors"
DETECTORS = {
    NEIGHBORS: "distance in the features",
    "one-class-svm": "published one-class SVM on the map",
}
NEW_NEURON = "New neuron"
"""How the note of a row begins whose neuron the model does not know."""

# -- training


def view_train(job: Job) -> Component:
    """The card of a trained classifier."""
    card = read_card(results.folder(job.id))
    return html.Div(
        [
            html.Div([scores(card), _train_links(job), keeping(job, card)], className="card"),
            html.Div(
                [
                    _pictured(confusion(card), "synapses-confusion"),
                    _pictured(calibration(card), "synapses-calibration"),
                ],
                className="card pair",
            ),
            html.Div(
                [_pictured(importance(card), "synapses-importance"), tables(card)],
                className="card pair",
            ),
            html.Div([html.H2("What the score means"), html.Ul(_notes(card))], className="card"),
        ]
    )


def scores(card: Mapping[str, Any]) -> Component:
    """The headline figures of a card."""
    return results.stats(
        {
            "Classifier": str(card["classifier"]),
            "Hold-out accuracy": f"{card['holdout_accuracy']:.3f}",
            "95 % interval": _interval(card["holdout_accuracy_interval"]),
            "Macro F1": f"{card['holdout_macro_f1']:.3f}",
            "95 % interval of F1": _interval(card["holdout_macro_f1_interval"]),
            "Always the largest cluster": f"{card['largest_class_share']:.3f}",
            "Calibration error": f"{card['holdout_calibration_error']:.3f}",
            "Synapses": results.number(sum(card["n_per_class"])),
        }
    )


def _interval(bounds: Sequence[float]) -> str:
    return f"{bounds[0]:.3f} to {bounds[1]:.3f}"


def _train_links(job: Job) -> Component:
    predict = f"/synapses?step=predict&bundle={job.id}"
    links = [
        dcc.Link("Predict new synapses with it", href=predict, className="button"),
        results.download(job, bundles.CARD, "Card (JSON)"),
        dcc.Link("Compare with other models", href=f"/models?compare=job:{job.id}"),
    ]
    return html.Div(links, className="downloads")


def keeping(job: Job, card: Mapping[str, Any], press: str = "Keep in registry") -> Component:
    """A name and a button, with what is on it, that keeps a classifier in the registry."""
    group = re.sub(r"[^A-Za-z0-9]+", "-", str(card["group"])).strip("-")
    return html.Div(
        [
            dmc.TextInput(
                id="keep-name",
                label="Name in the registry",
                value=f"{group}-{card['classifier']}-{job.id[:6]}",
            ),
            dmc.Button(press, id="keep-run", variant="default"),
            html.P(id="keep-status", role="status", className="hint"),
        ],
        className="row keep",
    )


def _pictured(drawn: Drawn, id: str) -> Component:
    return pictured(drawn.figure, id=id, caption=drawn.caption)


def confusion(card: Mapping[str, Any]) -> Drawn:
    """Held-out rows by true and told cluster."""
    matrix = np.array(card["confusion_matrix"], dtype=np.int64)
    classes = [str(name) for name in card["classes"]]
    caption = (
        "Held-out synapses by true and predicted cluster, "
        f"{card['parameters']['folds']} folds; all {int(matrix.sum()):,} are counted. Each was "
        "held out before frames, scaling and the choice of the classifier."
    )
    return Drawn(figures.confusion(matrix, classes), caption)


def calibration(card: Mapping[str, Any]) -> Drawn:
    """Whether a probability means what it says."""
    caption = (
        "Of held-out synapses: the probability that was told, in ten bins, and the share that "
        "was right. On the dotted line a probability means what it says; the mean gap is "
        f"{card['holdout_calibration_error']:.3f}.{_by_chance(card)}"
    )
    return Drawn(figures.calibration(card["calibration_curve"]), caption)


def _by_chance(card: Mapping[str, Any]) -> str:
    chance = card.get("holdout_calibration_error_by_chance")
    if chance is None:
        return ""
    return f" With so many synapses it would be {chance:.3f} by chance if every one were true."


def importance(card: Mapping[str, Any]) -> Drawn:
    """What each feature adds."""
    caption = (
        "How much accuracy on held-out synapses is lost when one feature is shuffled among "
        "them; whiskers: one standard deviation over folds and shufflings. A feature that "
        "another one can stand in for loses little."
    )
    return Drawn(figures.importance(card["feature_importance"]), caption)


def tables(card: Mapping[str, Any]) -> Component:
    """How well outliers are told, and the classifiers that were compared."""
    compared = card["inner_macro_f1"]
    return html.Div(
        [
            html.H2("Outliers that are told apart (AUROC)"),
            *_outliers(card),
            html.H2("Classifiers that were compared (macro F1)"),
            _two_columns(compared),
            html.P(_choice_text(card), className="hint"),
        ]
    )


def _outliers(card: Mapping[str, Any]) -> list[Component]:
    """How well outliers are told, by the detector of the model and by the other one."""
    used = str(card.get("outlier_detector", NEIGHBORS))
    compared = card.get("outlier_auroc_compared", {used: card["outlier_auroc"]})
    names = [used, *(name for name in compared if name != used)]
    head = html.Tr(
        [html.Th("kind", scope="col"), *[html.Th(DETECTORS[name], scope="col") for name in names]]
    )
    rows = [
        html.Tr(
            [
                html.Th(OUTLIERS.get(kind, kind), scope="row"),
                *[html.Td(f"{compared[name][kind]:.3f}", className="number") for name in names],
            ]
        )
        for kind in compared[used]
    ]
    table = html.Table([html.Thead(head), html.Tbody(rows)])
    text = f"Synthetic outliers against held-out synapses; this model uses {DETECTORS[used]}."
    if card.get("outside_on_map") is not None:
        text += (
            f" As a gate the published machine would reject {card['outside_on_map']:.1%} of the "
            "held-out synapses that belong to a cluster."
        )
    box = html.Div(table, className="scroll", tabIndex="0", role="region", **aria(label="AUROC"))
    return [box, html.P(text, className="hint")]


def _choice_text(card: Mapping[str, Any]) -> str:
    chosen = sorted(set(card["holdout_choices"]))
    return (
        "By cross-validation within the training synapses, so these are no scores of the result. "
        f"The choice was repeated in every fold of the hold-out: {', '.join(chosen)}."
    )


def _two_columns(values: Mapping[str, float]) -> Component:
    rows = [
        html.Tr([html.Th(name, scope="row"), html.Td(f"{value:.3f}", className="number")])
        for name, value in values.items()
    ]
    return html.Table(html.Tbody(rows))


def _notes(card: Mapping[str, Any]) -> list[Component]:
    return [html.Li(note) for note in card["notes"]]


def keep(clicks: int | None, name: str | None, job_id: str) -> str:
    """Copy the bundle of a job into the registry, and say how it went."""
    if not clicks:
        raise PreventUpdate
    try:
        people.require(Role.OWN)
        chosen = (name or "").strip()
        if chosen:  # otherwise it is called as the job
            registry.require_name(chosen)
        entry = registry.add(results.folder(job_id), services().settings.registry, chosen)
    except NeuroboardError as error:
        return error.sentence
    return f"Kept as {entry.name}: it is on the page Models and offered for predictions."


# -- predictions


def view_predict(job: Job) -> Component:
    """New synapses on the map, and in a table."""
    rows = predicted_rows(results.folder(job.id))
    links = [results.download(job, PREDICTIONS.name, "Predictions (CSV)")]
    return html.Div(
        [
            html.Div(
                [_predict_headline(job), html.Div(links, className="downloads")], className="card"
            ),
            *offers(job),
            html.Div(_predict_map(job, rows), className="card"),
            html.Div(_predict_table(rows), className="card"),
        ]
    )


def predicted_rows(folder: Path) -> pd.DataFrame:
    """The predictions of a job, with a name for every row and a mark for new neurons."""
    rows = read_predictions(folder)
    keys = [name for name in ("NeuronId", "SynId") if name in rows.columns]
    named = rows[keys].astype(str).agg(" ".join, axis=1) if keys else rows.index.astype(str)
    return rows.assign(
        name=named,
        is_outlier=rows["is_outlier"].astype(str).str.lower() == "true",
        is_new_neuron=rows["note"].str.contains(NEW_NEURON, regex=False),
    )


def _predict_headline(job: Job) -> Component:
    found = results.headline(job)
    return results.stats(
        {
            "Rows": results.number(found["n_rows"]),
            "Predicted": results.number(found["n_predicted"]),
            "Rejected": results.number(found["n_rejected"]),
            "Outliers": results.number(found["n_outliers"]),
            "Neurons not seen before": results.number(found["n_new_neurons"]),
        }
    )


def _predict_map(job: Job, rows: pd.DataFrame) -> Component:
    new = rows.dropna(subset=["cluster"])
    if new.empty:
        return html.P("No row could be predicted; the table says why.", className="empty")
    known = known_places(bundle_of(job))
    caption = map_caption(known, "Click a row of the table below to ring its synapse in red.")
    figure = figures.predictions(known, new.head(MOST_ROWS))
    return pictured(figure, id="synapses-predicted", caption=caption)


def bundle_of(job: Job) -> Path:
    """The model that a job predicted with."""
    return Path(next(item.path for item in job.inputs if item.name == "bundle"))


def map_caption(known: pd.DataFrame, how_to_find: str) -> str:
    """What is what on a map of new rows among known ones."""
    caption = (
        "New synapses in the colour of their predicted cluster. Crosses are outliers, diamonds "
        f"synapses of a neuron that the model does not know. {how_to_find} "
    )
    if not len(known):
        return caption
    return caption + (
        "Grey: the synapses that were learnt from. A new one is placed by its five nearest among "
        "them in the features, the map is not made anew."
    )


def _predict_table(rows: pd.DataFrame) -> Component:
    keys = [name for name in ("NeuronId", "SynType", "SynId") if name in rows.columns]
    first = [*keys, "cluster", "probability", "outlier_score", "is_outlier", "note"]
    hidden = {"name", "is_new_neuron"}
    order = first + [name for name in rows.columns if name not in {*first, *hidden}]
    shown = rows[order].head(MOST_ROWS).round(3).astype(object)
    records = shown.where(shown.notna(), None).to_dict("records")
    return results.table(
        records,
        id="synapses-predictions",
        label="Predictions, row by row",
        dashGridOptions={"rowSelection": {"mode": "multiRow", "enableClickSelection": True}},
    )


def ring(selected: Sequence[Mapping[str, Any]] | None) -> Any:
    """Ring the synapses of the chosen rows on the map."""
    places = [
        (row["UMAP_1"], row["UMAP_2"])
        for row in selected or []
        if row.get("UMAP_1") is not None and row.get("UMAP_2") is not None
    ]
    change = Patch()
    change["data"][figures.CHOSEN]["x"] = [place[0] for place in places]
    change["data"][figures.CHOSEN]["y"] = [place[1] for place in places]
    return change


def register(app: Dash) -> None:
    """Connect the registry's button, and the table of predictions with the map."""
    app.callback(
        Output("keep-status", "children"),
        Input("keep-run", "n_clicks"),
        State("keep-name", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(keep)
    app.callback(
        Output("synapses-predicted", "figure"),
        Input("synapses-predictions", "selectedRows"),
        prevent_initial_call=True,
    )(ring)
