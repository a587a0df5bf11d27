"""The tab Evidence: how far the clusters hold, as figures and numbers."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.kit import results, shell
from dashboard.kit.desk import Answer, Panel, Tab, View, chart, column, row
from dashboard.kit.figures import Drawn
from dashboard.synapses import compared
from dashboard.synapses import fit as fit_page
from dashboard.synapses.rows import load
from dashboard.synapses.tabs.common import NUMBERS, of_table, said
from pipelines.core.errors import InputError
from pipelines.report.withheld import EVIDENCE

EMPTY = (
    "A clustering shows here how far to believe it: how its clusters come back on other seeds and "
    "parts of the data, how wide their gaps are beside chance data, and what other settings give. "
    "Press Set up and then Cluster synapses."
)


def answer(view: View) -> Answer:
    """How well the clusters come back; no verdict."""
    found = load(results.folder(view.run.id)).evidence
    seeds, parts = (said(found.get(name)) for name in ("seed_ari", "subsample_ari"))
    return Answer(f"ARI {seeds} over seeds, {parts} over parts of the data.", EVIDENCE)


def chance(view: View) -> Drawn:
    """The widest gap beside those of chance data."""
    found = load(results.folder(view.run.id)).evidence
    if not found.get("null_gaps"):
        raise InputError(
            "No chance data were drawn: run again with the full evidence to compare with them."
        )
    return fit_page.against_chance(found)


def other_densities(view: View) -> Drawn:
    """What other values of minimum samples give."""
    found = load(results.folder(view.run.id)).sweep
    if found is None:
        raise InputError("Only clusters that are found by density (hdbscan) have such a setting.")
    drawn = fit_page.other_densities(found)
    drawn.figure.update_yaxes(title_font_size=10)
    return drawn


def numbers(view: View) -> Component:
    """All figures of the evidence, each with what it says."""
    found = load(results.folder(view.run.id)).evidence
    listed = shell.table(("figure", "value", "what it is"), list(_lines(found)))
    return html.Div([html.P(EVIDENCE, className="hint"), listed])


def _lines(found: Mapping[str, Any]) -> list[Component]:
    return [
        html.Tr([html.Th(title, scope="row"), html.Td(said(found[name])), html.Td(hint)])
        for name, (title, hint) in NUMBERS.items()
        if name in found
    ]


TAB = Tab(
    word="evidence",
    title="Evidence",
    tasks=("synapses fit",),
    arrange=row(
        chart("synapse-chance", "Gaps beside chance data", chance),
        column(
            chart("synapse-sweep", "Other settings", other_densities),
            Panel(name="synapse-numbers", title="Figures", draw=numbers),
        ),
    ),
    answer=answer,
    fill=of_table,
    empty=EMPTY,
    compare=compared.compare,
)
