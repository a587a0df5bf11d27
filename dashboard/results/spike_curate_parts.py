"""The queue of units that are curated, and what is shown of one of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.curating import Desk
from dashboard.figures import spikes as unit_figures
from dashboard.figures.common import framed
from dashboard.figures.spikes import MeanWaveform
from dashboard.results import spike_curate_cloud as cloud
from pipelines.spikes.curated_units import Shape, averaged, is_changed, unit_row
from pipelines.spikes.curation import State
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.trains import correlogram, isi_histogram
from pipelines.spikes.units import metrics

NAMES = {
    "unit": "unit",
    "mine": "label",
    "differ": "differ",
    "probability": "probability",
    **{name: labeller.heading for name, labeller in LABELLERS.items()},
    "spikes": "spikes",
    "snr": "SNR",
}
SHOWS = {"all": "All", "open": "Unlabelled", "differ": "Differ", "unsure": "Unsure"}
SURE = 0.8


# -- the queue


def queue(desk: Desk, state: State, show: str) -> list[dict[str, Any]]:
    """Units in the order in which they are worth a look; new ones first.

    Args:
        desk: whose labels.
        state: units and labels now.
        show: a key of `SHOWS`.
    """
    known = {int(row["unit_id"]): row for row in desk.review.queue.to_dict("records")}
    order = [unit for unit in sorted(state.units) if unit not in known]
    order += [unit for unit in known if unit in state.units]
    if desk.curator:  # an order by doubt would tell what the labellers think
        order.sort()
    rows = [_queue_row(desk, state, unit, known.get(unit)) for unit in order]
    return [row for row in rows if _shown(row, show)]


def columns(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Headings of the queue; a blind curator has fewer."""
    return [{"field": key, "headerName": NAMES[key]} for key in (rows[0] if rows else NAMES)]


def _queue_row(
    desk: Desk, state: State, unit: int, known: Mapping[Any, Any] | None
) -> dict[str, Any]:
    row = {"unit": unit, "mine": state.labels.get(unit, "")}
    changed = is_changed(state, desk.review.sorting, unit)
    values = row_of(desk, state, unit) if changed else _sorted_row(desk, unit)
    size = {"spikes": int(values["n_spikes"]), "snr": float(values["snr"])}
    if desk.curator:
        return {**row, **size}
    said = {
        "differ": "new" if known is None else ("yes" if known["disagree"] else "no"),
        "probability": None
        if known is None or known["probability"] == ""
        else known["probability"],
    }
    labels = {
        name: "" if known is None else str(known.get(labeller.column, ""))
        for name, labeller in LABELLERS.items()
    }
    return {**row, **said, **labels, **size}


def _shown(row: Mapping[str, Any], show: str) -> bool:
    if show == "open":
        return not row["mine"]
    if show == "differ":
        return bool(row.get("differ", "yes") != "no")
    if show == "unsure":
        probability = row.get("probability")
        return probability is None or bool(probability < SURE)
    return True


def _sorted_row(desk: Desk, unit: int) -> Mapping[Any, Any]:
    sorting = desk.review.sorting
    row = sorting.row_of(unit)
    return {name: sorting.units[name].iloc[row] for name in ("n_spikes", "snr")}


def shape_of(desk: Desk, state: State, unit: int) -> Shape:
    """A unit's mean waveform; of a changed unit that of the units it came from."""
    sorting = desk.review.sorting
    if is_changed(state, sorting, unit):
        return averaged(sorting, state.spikes_of(unit))
    row = sorting.row_of(unit)
    return Shape(sorting.mean[row], sorting.sd[row])


def row_of(desk: Desk, state: State, unit: int) -> dict[str, Any]:
    """A unit's measures as they are now."""
    return unit_row(desk.review.sorting, state, unit, shape_of(desk, state, unit))


# -- one unit


def unit_view(desk: Desk, state: State, unit: int) -> Component:
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


def _unit_figures(desk: Desk, state: State, unit: int) -> list[Component]:
    sorting = desk.review.sorting
    shape = shape_of(desk, state, unit)
    spikes = sorting.timeline.apart(sorting.sample_index[state.spikes_of(unit)])
    rate = sorting.clock.sampling_frequency
    waves = MeanWaveform(shape.mean, shape.sd, sorting.ms, sorting.channel_id)
    note = f" It is the mean {shape.note} until the units are used." if shape.note else ""
    found: list[Component] = [
        framed(
            unit_figures.waveforms(unit, waves.largest(4)),
            id="curate-waveforms",
            caption=f"Mean of {len(spikes):,} spikes with one standard deviation on the largest "
            f"channels.{note}",
        ),
        framed(
            unit_figures.correlogram(
                "time from a spike of the unit (ms)", unit, correlogram(spikes, spikes, rate)
            ),
            id="curate-correlogram",
            caption="Autocorrelogram in bins of 1 ms: a single neuron leaves the middle empty.",
        ),
        framed(
            unit_figures.isi(unit, isi_histogram(spikes, rate, bin_ms=1.0, max_ms=100.0)),
            id="curate-isi",
            caption="Intervals between successive spikes in bins of 1 ms.",
        ),
    ]
    return found if desk.curator else [*found, *cloud.view(desk, state, unit)]


def _measures(desk: Desk, state: State, unit: int) -> Component:
    values = row_of(desk, state, unit)
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
    queue = desk.review.queue
    found = queue.loc[queue["unit_id"] == unit, "reason"].tolist()
    if not found:
        return "Made by a merge or split; the labellers have not seen it."
    return str(found[0]) or "No rule is broken."


def _similar(desk: Desk, state: State, unit: int) -> Component:
    """The units most like this one, each with a way there and a way to merge."""
    similar = desk.review.similar
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
