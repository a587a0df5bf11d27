"""What is shown of one unit while it is curated."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.kit.figures import framed
from dashboard.spikes import sorting_figures as unit_figures
from dashboard.spikes.curation import cloud
from dashboard.spikes.curation.desk import Desk
from dashboard.spikes.sorting_figures import MeanWaveform
from pipelines.spikes.curation.steps import CurationState
from pipelines.spikes.units import metrics
from pipelines.spikes.units.trains import correlogram, isi_histogram


def view(desk: Desk, state: CurationState, unit: int) -> Component:
    """Everything that helps to judge one unit."""
    label = state.labels.get(unit, "no label yet")
    head = [html.H2(f"Unit {unit}", id="curate-unit-name"), html.Span(label, className="badge")]
    return html.Div(
        [
            html.Div(head, className="row"),
            html.Div(_unit_figures(desk, state, unit), className="unit-figures"),
            html.Div([_measures(desk, state, unit), _similar(desk, state, unit)], className="pair"),
        ],
        className="stack",
    )


def _unit_figures(desk: Desk, state: CurationState, unit: int) -> list[Component]:
    sorting = desk.review.sorting
    shape = desk.review.shape_of(state, unit)
    spikes = sorting.timeline.apart(sorting.sample_index[state.spikes_of(unit)])
    rate = sorting.clock.sampling_frequency
    waves = MeanWaveform(shape.mean, shape.sd, sorting.ms, sorting.channel_id)
    note = f" It is the mean {shape.note} until the units are used." if shape.note else ""
    found: list[Component] = [
        framed(
            unit_figures.waveforms(unit, waves.largest(4)),
            id="curate-waveforms",
            responsive=True,
            caption=f"Mean of {len(spikes):,} spikes with one standard deviation on the largest "
            f"channels.{note}",
        ),
        framed(
            unit_figures.correlogram(
                "time from a spike of the unit (ms)", unit, correlogram(spikes, spikes, rate)
            ),
            id="curate-correlogram",
            responsive=True,
            caption="Autocorrelogram in bins of 1 ms: a single neuron leaves the middle empty.",
        ),
        framed(
            unit_figures.isi(unit, isi_histogram(spikes, rate, bin_ms=1.0, max_ms=100.0)),
            id="curate-isi",
            responsive=True,
            caption="Intervals between successive spikes in bins of 1 ms.",
        ),
    ]
    return found if desk.curator else [*found, *cloud.view(desk, state, unit)]


def _measures(desk: Desk, state: CurationState, unit: int) -> Component:
    values = desk.review.measures_of(state, unit)
    rows = [
        html.Tr([html.Th(title, scope="row"), html.Td(_said(values[name]))])
        for name, title in {**metrics.titles(), "came_from": "came from"}.items()
        if values.get(name) not in (None, "")
    ]
    parts: list[Component] = [html.H3("Measures"), html.Table(html.Tbody(rows))]
    if not desk.curator:
        parts += [html.H3("Why not good"), html.P(_reason(desk, unit), className="hint")]
    return html.Div(parts, className="stack")


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    number = float(value)
    return f"{number:,.0f}" if number.is_integer() else f"{number:.3g}"


def _reason(desk: Desk, unit: int) -> str:
    found = desk.review.judged.get(unit)
    if found is None:
        return "Made by a merge or split; the labellers have not seen it."
    return str(found["reason"]) or "No rule is broken."


def _similar(desk: Desk, state: CurationState, unit: int) -> Component:
    """The units most like this one, each with a way there and a way to merge."""
    similar = desk.review.found.similar
    rows = [
        (int(row["other"]), float(row["cosine"]))
        for row in similar[similar["unit_id"] == unit].to_dict("records")
        if int(row["other"]) in state.units
    ]
    if not rows:
        text = "For units made since the review nothing is compared yet: press Propose again."
        return html.Div([html.H3("Similar units"), html.P(text, className="hint")])
    lines = [html.Tr([html.Td(_go_to(other)), html.Td(f"{cosine:.2f}")]) for other, cosine in rows]
    heads = [html.Th(name, scope="col") for name in ("unit", "cosine of waveforms")]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(lines)])
    return html.Div([html.H3("Similar units"), table], className="stack")


def _go_to(unit: int) -> Component:
    return html.Button(
        f"Unit {unit}", id={"type": "curate-go", "unit": unit}, className="pick", type="button"
    )
