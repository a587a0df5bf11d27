"""The tab Predict: new rows on the map of those that were learnt from, and in a table."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.kit import desk, results, shell
from dashboard.kit.desk import Answer, Panel, Slot, Tab, View, chart, column, row
from dashboard.kit.desk_table import column as plain
from dashboard.kit.desk_table import number, table
from dashboard.kit.figures import Drawn, color
from dashboard.kit.results import counted
from dashboard.setup import facts
from dashboard.synapses import model_figures, models, new_rows
from dashboard.synapses.check import MOST_ROWS, offers
from dashboard.synapses.map_figures import cluster_name
from dashboard.synapses.tabs.map import CHOSEN, ROW
from dashboard.workspaces import workspaces
from pipelines.core.errors import InputError
from pipelines.synapses.fits.described import thinned
from pipelines.synapses.fits.folder import PREDICTIONS, REPORT, known_places, read_report

MOST_ON_MAP = 50_000
MOST_SAID = 3
UNLIKE, UNKNOWN, UNANSWERED = "rows:unlike", "rows:unknown", "rows:unanswered"
GROUPS = {
    UNLIKE: "unlike all that was learnt",
    UNKNOWN: "of neurons not seen before",
    UNANSWERED: "without an answer",
}
EMPTY = (
    "New rows get a cluster, a probability and an outlier score here, and stand on the map of the "
    "rows that were learnt from. Choose a sheet with the columns that the model knows and press "
    "Predict these rows."
)
NONE_PREDICTED = "No row could be predicted; the table says why."
OWN = ("line", "number", ROW)
"""Names that the table of new rows uses itself."""
Mask = NDArray[np.bool_]


@lru_cache(maxsize=2)
def _read(folder: Path) -> pd.DataFrame:
    """The answers, with the row of the sheet that a spreadsheet program shows."""
    rows = models.predicted_rows(folder)
    rows = rows.rename(columns={name: f"{name} (sheet)" for name in OWN if name in rows})
    lines = pd.to_numeric(read_report(folder).get("row", pd.Series(dtype=str)), errors="coerce")
    return rows.assign(line=lines if len(lines) == len(rows) else rows.index + 1)


def _rows(view: View) -> pd.DataFrame:
    return _read(results.folder(view.run.id))


def _masks(rows: pd.DataFrame) -> dict[str, Mask]:
    """Which rows (n,) are in each group that can be chosen, clusters first."""
    answered = rows["cluster"].notna().to_numpy()
    told = sorted(int(one) for one in rows["cluster"].dropna().unique())
    found = {f"cluster:{one}": (rows["cluster"] == one).to_numpy() for one in told}
    return found | {
        UNLIKE: rows["is_outlier"].to_numpy(bool) & answered,
        UNKNOWN: rows["is_new_neuron"].to_numpy(bool) & answered,
        UNANSWERED: ~answered,
    }


def _chosen(view: View, rows: pd.DataFrame) -> Mask | None:
    return _masks(rows).get(str(view.chosen[CHOSEN] or ""))


# -- the line above the desk


def answer(view: View) -> Answer:
    """How many rows have an answer, how many are doubtful, and which clusters are the largest."""
    found = results.headline(view.run)
    count, unlike = found["n_predicted"], found["n_outliers"]
    words = f"{count:,} of {counted(found['n_rows'], 'row')} predicted"
    doubt = f", {unlike:,} ({unlike / count:.0%}) unlike the known" if count else ""
    return Answer(f"{words}{doubt}.", "; ".join([*_largest(_rows(view)), *_how(view)]))


def _largest(rows: pd.DataFrame) -> list[str]:
    sizes = {int(str(name).split(".")[0]): n for name, n in rows["cluster"].value_counts().items()}
    said = [f"{size:,} in {cluster_name(name)}" for name, size in sizes.items()]
    more = [f"{len(said) - MOST_SAID} more clusters"] if len(said) > MOST_SAID else []
    return [", ".join([*said[:MOST_SAID], *more])] if said else []


def _how(view: View) -> list[str]:
    label = next((item.label for item in view.run.inputs if item.name == "bundle"), "")
    new = results.headline(view.run)["n_new_neurons"]
    return [f"by {label}", *([f"{counted(new, 'neuron')} not seen before"] if new else [])]


def start(_view: View) -> Mapping[str, Any]:
    """All rows."""
    return {CHOSEN: ""}


def fill(view: View) -> Mapping[str, str]:
    """The newest classifier, while nothing was predicted."""
    trained = workspaces.newest(view.workspace.id, "synapses train")
    return {"bundle": f"job:{trained.id}"} if trained and view.job is None else {}


def begin(view: View) -> list[Component]:
    """A sheet, the newest classifier of the table, and the button."""
    trained = workspaces.newest(view.workspace.id, "synapses train")
    return [new_rows.form(f"job:{trained.id}" if trained else "")]


# -- panels


def _answered(view: View) -> tuple[pd.DataFrame, Mask | None, str]:
    """The rows with an answer, at most `MOST_ON_MAP`, which are chosen, and what is left out."""
    rows = _rows(view)
    chosen = _chosen(view, rows)
    answered = rows["cluster"].notna().to_numpy()
    if not answered.any():
        raise InputError(NONE_PREDICTED)
    shown = thinned(rows[answered], MOST_ON_MAP)
    part = len(shown) < int(answered.sum())
    words = f"{len(shown):,} of {int(answered.sum()):,} rows, evenly. " if part else ""
    return shown, None if chosen is None else chosen[shown.index.to_numpy()], words


def on_map(view: View) -> Drawn:
    """The new rows among the known ones, a chosen one ringed."""
    shown, chosen, part = _answered(view)
    known = known_places(models.bundle_of(view.run))
    figure = model_figures.predictions(thinned(known, MOST_ON_MAP), shown, chosen)
    rows, place = _rows(view), view.chosen[ROW]
    if place is not None and 0 <= place < len(rows):
        ringed = rows.iloc[[place]].dropna(subset=["UMAP_1", "UMAP_2"])
        figure.data[model_figures.CHOSEN].update(x=ringed["UMAP_1"], y=ringed["UMAP_2"])
    figure.update_layout(uirevision="map", clickmode="event")
    return Drawn(figure, part + models.map_caption(known, "A click on a point rings its row."))


def doubt(view: View) -> Drawn:
    """How surely each row was told, and how far it is from what was learnt."""
    shown, chosen, part = _answered(view)
    words = (
        f"{part}Each point is a new row, in the colour of its cluster: the probability that it was "
        "told with, and its outlier score, which is its distance from the rows that were learnt. "
        "Crosses lie farther than nearly all held-out rows did."
    )
    return Drawn(model_figures.doubt(shown, chosen), words)


def listed(view: View) -> Component:
    """The chosen rows with their answers; a click rings one on the map."""
    rows = _rows(view)
    chosen = _chosen(view, rows)
    found = rows if chosen is None else rows[chosen]
    shown = found.head(MOST_ROWS)
    words = f"{len(found):,} of {counted(len(rows), 'row')}"
    if len(found) > MOST_ROWS:
        words += f"; the first {MOST_ROWS:,} are listed, the download has all"
    keys = [name for name in ("NeuronId", "SynType", "SynId") if name in rows.columns]
    first = ["line", *keys, "cluster", "probability", "outlier_score", "is_outlier", "note"]
    hidden = {*first, "name", "is_new_neuron"}
    names = first + [str(name) for name in rows.columns if name not in hidden]
    cells = shown[names].round(3).astype(object)
    records = cells.where(cells.notna().to_numpy(), None).assign(number=shown.index)
    columns = [_column(name, shown) for name in names]
    grid = table(
        records.to_dict("records"), columns, key=ROW, field="number", label="New rows",
        several=False,
    )  # fmt: skip
    return html.Div([html.P(words, className="hint"), grid], className="grid-with-words")


TITLES = {"line": "row", "outlier_score": "outlier score", "is_outlier": "unlike"}


def _column(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    title = TITLES.get(name, name)
    is_number = pd.api.types.is_numeric_dtype(rows[name]) and rows[name].dtype != bool
    return number(name, title) if is_number else plain(name, title)


def groups(view: View) -> Component:
    """How many rows each cluster got and how surely, what is doubtful, and the download."""
    rows = _rows(view)
    lines = [_line(view, text, rows[mask], len(rows)) for text, mask in _masks(rows).items()]
    heads = ("told", "rows", "share", "probability", "unlike")
    link = results.download(view.run, PREDICTIONS.name, "Predictions (CSV)")
    report = results.download(view.run, REPORT, "Report, row by row (CSV)")
    return html.Div([shell.table(heads, lines), html.Div([link, report], className="downloads")])


def _line(view: View, text: str, rows: pd.DataFrame, count: int) -> Component:
    is_on = view.chosen[CHOSEN] == text
    cluster = int(text.removeprefix("cluster:")) if text not in GROUPS else None
    name = GROUPS[text] if cluster is None else cluster_name(cluster)
    button = desk.button(name, CHOSEN, "" if is_on else text, label=f"Choose rows: {name}")
    style = {} if cluster is None else {"boxShadow": f"inset 3px 0 0 {color(cluster)}"}
    answered = len(rows) and text != UNANSWERED
    sure = f"{rows['probability'].mean():.2f}" if answered else "–"
    unlike = f"{rows['is_outlier'].mean():.1%}" if answered else "–"
    texts = (f"{len(rows):,}", f"{len(rows) / max(count, 1):.1%}", sure, unlike)
    cells = [html.Td(one) for one in texts]
    head = html.Th(button, scope="row", style=style)
    return html.Tr([head, *cells], className="shown" if is_on else "")


def others(view: View) -> Component:
    """Another sheet with the same model."""
    model = next(item for item in view.run.inputs if item.name == "bundle")
    return new_rows.form(model.reference)


def repairs(view: View) -> Component:
    """What can be repaired, each with a button."""
    return html.Div(offers(view.run) or html.P("Nothing is to be repaired.", className="empty"))


def used(view: View) -> Component:
    """Which model and which sheet were used, and with what."""
    model = next(item for item in view.run.inputs if item.name == "bundle")
    sheet = next(item for item in view.run.inputs if item.name == "table")
    kind, _, name = model.reference.partition(":")
    where: Any = model.label
    if kind == "job":
        spaces = workspaces.of(name)
        where = (
            dcc.Link(model.label, href=spaces[0].at("classifier", run=name)) if spaces else where
        )
    elif kind == "model":
        where = dcc.Link(model.label, href=f"/models?compare={model.reference}")
    values = view.run.parameters
    said: dict[str, Any] = {"Model": where, "Sheet": sheet.label}
    said |= {"Unlike beyond": f"quantile {values.get('outlier_quantile', '–')} of held-out rows"}
    said |= {"Columns": _pairs(values.get("columns")), "Repairs": _pairs(values.get("repair"))}
    return facts.table(said)


def _pairs(value: Any) -> str:
    if isinstance(value, Mapping):
        value = [f"{name} is {header}" for name, header in value.items()]
    return ", ".join(map(str, value or ())) or "as they are"


TAB = Tab(
    word="predict",
    title="Predict",
    tasks=("synapses predict",),
    arrange=row(
        Slot(
            chart("predict-map", "New rows on the map", on_map, CHOSEN, ROW, picks=ROW),
            chart("predict-doubt", "Sure and unlike", doubt, CHOSEN, picks=ROW),
        ),
        column(
            Panel(name="predict-rows", title="New rows", draw=listed, listens=(CHOSEN,)),
            Slot(
                Panel(name="predict-groups", title="Clusters", draw=groups, listens=(CHOSEN,)),
                Panel(name="predict-used", title="Model and sheet", draw=used),
                Panel(name="predict-repairs", title="Repairs", draw=repairs),
                Panel(name="predict-others", title="Another sheet", draw=others),
            ),
            sizes=(55, 45),
        ),
        sizes=(54, 46),
    ),
    answer=answer,
    fill=fill,
    begin=begin,
    empty=EMPTY,
    start=start,
)
