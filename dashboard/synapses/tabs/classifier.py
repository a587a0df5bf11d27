"""The tab Classifier: what was learnt of the clusters, and how well it does on held-out rows."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.kit import desk, results, shell
from dashboard.kit.desk import Answer, Panel, Slot, Tab, View, chart, column, row
from dashboard.kit.figures import Drawn, color
from dashboard.setup import facts
from dashboard.synapses import model_figures, models, training
from dashboard.synapses.tabs import map as map_tab
from dashboard.synapses.tabs.common import fit_of
from dashboard.synapses.tabs.map import CHOSEN, COLOR, LOOK, ROW, WINDOW
from dashboard.workspaces import workspaces
from pipelines.models import bundles
from pipelines.synapses.fits.folder import read_card

EMPTY = (
    "A classifier learns the clusters of the tab Map and tells new rows which they belong to. You "
    "see here how often it is right on rows that were held out before anything was fitted, cluster "
    "by cluster, beside always telling the largest one; whether its probabilities can be believed; "
    "which columns matter; and you keep it as a model under a name."
)
ROWS_ARE_CLUSTERS = (
    " A click on a cell chooses the rows of its true cluster; which of them were told otherwise is "
    "not kept."
)
MOST_NAMED = 12


def _card(view: View) -> dict[str, Any]:
    return read_card(results.folder(view.run.id))


def _matrix(card: Mapping[str, Any]) -> NDArray[np.int64]:
    return np.array(card["confusion_matrix"], dtype=np.int64)


# -- the line above the desk


def answer(view: View) -> Answer:
    """How often it is right on held-out rows, beside always telling the largest cluster."""
    card = _card(view)
    low, high = card["holdout_accuracy_interval"]
    words = (
        f"Right on {card['holdout_accuracy']:.1%} of held-out rows, guessing "
        f"{card['largest_class_share']:.1%}{_worst(card)}."
    )
    how = (
        f"{card['classifier']}, {len(card['classes'])} clusters; 95 %: {low:.1%} to {high:.1%}; "
        "guessing is always telling the largest cluster"
    )
    return Answer(words, how)


def _worst(card: Mapping[str, Any]) -> str:
    """Which cluster is told worst, if one is."""
    matrix = _matrix(card)
    right = np.diagonal(matrix) / np.maximum(matrix.sum(axis=1), 1)
    if right.min() == 1:
        return ""
    worst = int(right.argmin())
    return f"; worst is cluster {card['classes'][worst]} with {right[worst]:.0%}"


def start(view: View) -> Mapping[str, Any]:
    """All rows, coloured by cluster."""
    return {CHOSEN: "", COLOR: "cluster", LOOK: "flat"}


def fill(view: View) -> Mapping[str, str]:
    """The newest clustering, while nothing was trained."""
    fit = workspaces.newest(view.workspace.id, "synapses fit")
    return {"fit": f"job:{fit.id}"} if fit and view.job is None else {}


# -- panels


def confusion(view: View) -> Drawn:
    """Held-out rows by true and told cluster."""
    drawn = models.confusion(_card(view))
    return Drawn(drawn.figure, drawn.caption + ROWS_ARE_CLUSTERS)


def each_cluster(view: View) -> Drawn:
    """How well each cluster is told."""
    card = _card(view)
    classes = [str(name) for name in card["classes"]]
    chosen = str(view.chosen[CHOSEN] or "").removeprefix("cluster:")
    words = (
        "Of held-out rows: which share of a cluster is told right, and which share of the rows "
        "that are told a cluster is of it. Bars: the share of all rows, which is how often "
        "guessing by size would be right."
    )
    return Drawn(model_figures.each_cluster(_matrix(card), classes, chosen), words)


def _of_card(draw: Callable[[Mapping[str, Any]], Drawn]) -> Callable[[View], Drawn]:
    return lambda view: draw(_card(view))


def _of_fit(draw: Callable[[View], Any]) -> Callable[[View], Any]:
    """A panel of the clustering that was learnt from."""
    return lambda view: draw(replace(view, job=fit_of(view.run)))


def scores(view: View) -> Component:
    """A name to keep it under, the headline figures, and what they mean."""
    card = _card(view)
    meaning = [html.H3("What the score means"), html.Ul([html.Li(note) for note in card["notes"]])]
    keep = models.keeping(view.run, card, "Keep as model")
    return html.Div([keep, models.scores(card), *meaning])


def clusters(view: View) -> Component:
    """All clusters in numbers, each a button that chooses it."""
    card = _card(view)
    matrix = _matrix(card)
    rows, told = matrix.sum(axis=1), matrix[:, : len(matrix)].sum(axis=0)
    lines = [
        _line(view, int(name), matrix[k], k, int(rows[k]), int(told[k]), card["classes"])
        for k, name in enumerate(card["classes"])
    ]
    heads = ("cluster", "rows", "told right", "of those told", "else mostly")
    return shell.table(heads, lines)


def _line(
    view: View,
    name: int,
    cells: NDArray[np.int64],
    place: int,
    rows: int,
    told: int,
    classes: list[int],
) -> Component:
    text = f"cluster:{name}"
    is_on = view.chosen[CHOSEN] == text
    button = desk.button(f"cluster {name}", CHOSEN, "" if is_on else text)
    others = cells[: len(classes)].copy()
    others[place] = 0
    mostly = f"{classes[int(others.argmax())]} ({others.max():,})" if others.any() else "–"
    right = int(cells[place])
    shares = [f"{right / whole:.1%}" if whole else "–" for whole in (rows, told)]
    head = html.Th(button, scope="row", style={"boxShadow": f"inset 3px 0 0 {color(name)}"})
    texts = [html.Td(one) for one in (f"{rows:,}", *shares, mostly)]
    return html.Tr([head, *texts], className="shown" if is_on else "")


def learnt_from(view: View) -> Component:
    """What it was trained on, with the way there."""
    card = _card(view)
    neurons = [str(name) for name in card["neurons"]]
    more = f" and {len(neurons) - MOST_NAMED} more" if len(neurons) > MOST_NAMED else ""
    features = zip(card["features"], card["units"], strict=True)
    said: dict[str, Any] = {
        "Clustering": _link(view),
        "Rows": f"{sum(card['n_per_class']):,}, of group {card['group']}",
        "In no cluster": f"{card['n_noise']:,}: no class, so they are not learnt",
        "Neurons": f"{len(neurons)}: {', '.join(neurons[:MOST_NAMED])}{more}",
        "Features": ", ".join(f"{name} ({unit})" for name, unit in features),
        "Folds": str(card["parameters"]["folds"]),
        "Seed": str(card["parameters"]["seed"]),
        "Table, sha256": card["training_data_sha256"][:16],
        "scikit-learn": card["versions"]["scikit-learn"],
    }
    card_file = results.download(view.run, bundles.CARD, "Card (JSON)")
    compare = dcc.Link("Compare with other models", href=f"/models?compare=job:{view.run.id}")
    links = html.Div([card_file, compare], className="downloads")
    return html.Div([facts.table(said), links])


def _link(view: View) -> Any:
    item = next(item for item in view.run.inputs if item.name == "fit")
    run = item.reference.removeprefix("job:")
    return dcc.Link(item.label, href=view.workspace.at("map", run=run))


def compared(view: View) -> Component:
    """Outliers, and the classifiers that were compared."""
    return models.tables(_card(view))


TAB = Tab(
    word="classifier",
    title="Classifier",
    tasks=(training.TASK,),
    arrange=row(
        column(
            Slot(
                chart("classifier-confusion", "Told and true", confusion, picks=CHOSEN),
                chart("classifier-each", "Each cluster", each_cluster, CHOSEN, picks=CHOSEN),
            ),
            Slot(
                chart("classifier-importance", "Which columns matter", _of_card(models.importance)),
                chart("classifier-calibration", "Calibration", _of_card(models.calibration)),
            ),
        ),
        column(
            Panel(
                name="classifier-map", title="Rows on the map", draw=_of_fit(map_tab.embedding),
                is_figure=True, picks=ROW, listens=(CHOSEN, ROW, COLOR, LOOK, WINDOW),
            ),
            Panel(
                name="classifier-rows", title="Rows", draw=_of_fit(map_tab.chosen_table),
                listens=(CHOSEN,),
            ),
        ),
        column(
            Panel(name="classifier-scores", title="Score", draw=scores),
            Slot(
                Panel(
                    name="classifier-clusters", title="Clusters", draw=clusters, listens=(CHOSEN,)
                ),
                Panel(name="classifier-from", title="Learnt from", draw=learnt_from),
                Panel(name="classifier-compared", title="Outliers, others", draw=compared),
            ),
        ),
        sizes=(36, 36, 28),
    ),
    answer=answer,
    fill=fill,
    begin=training.button,
    empty=EMPTY,
    start=start,
    register=training.register,
)  # fmt: skip
