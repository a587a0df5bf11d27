"""The result of labelling units: labellers side by side, with limits that answer at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.aria import aria
from dashboard.spikes.labels import drag
from dashboard.spikes.labels.pictures import all_figures
from pipelines.spikes.labels import labelling
from pipelines.spikes.labels.disagreement import disagreement
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.labelling import Labelling
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.rules import FILE as RULES
from pipelines.spikes.labels.rules import RuleSet, ruled
from pipelines.spikes.labels.thresholds import Rule, Verdict

CHANGED_AT_ONCE = (
    "Change a limit and every unit is labelled anew at once; an empty field is no limit."
)


@lru_cache(maxsize=4)
def stored(folder: Path) -> Labelling:
    """What a labelling wrote."""
    return labelling.read(folder)


def _relabelled(job: Job, rules: RuleSet) -> dict[str, Verdict]:
    """What each labeller of a job says under other rules."""
    split = bool(job.parameters.get("split_non_somatic"))
    return labelling.relabel(stored(results.folder(job.id)), rules, split_non_somatic=split)


def view(job: Job) -> Component:
    """The whole result."""
    found = stored(results.folder(job.id))
    table, rules = found.table, found.rules
    live = _relabelled(job, rules)
    note = results.headline(job).get("note", "")
    metrics = sorted(table.metrics)
    first, by = "snr" if "snr" in metrics else metrics[0], next(iter(live))
    return html.Div(
        [
            html.Div(
                [
                    html.Div(_heads(found.summary), id="labels-heads"),
                    html.P(note, className="note") if note else None,
                    _downloads(job),
                ],
                className="card",
            ),
            html.Div(_limits(job, table, rules), className="card"),
            html.Div(
                [
                    dmc.Select(
                        id="labels-metric",
                        label="Metric",
                        data=metrics,
                        value=first,
                        allowDeselect=False,
                        searchable=True,
                    ),
                    dmc.Select(
                        id="labels-by",
                        label="Coloured by the labels of",
                        data=[{"value": name, "label": LABELLERS[name].title} for name in live],
                        value=by,
                        allowDeselect=False,
                    ),
                    html.Div(
                        drag.sliders(first, table, rules.dragged()),
                        id="labels-sliders",
                    ),
                    html.Div(
                        all_figures(job, table, live, by, first, rules.dragged()),
                        id="labels-figures",
                    ),
                ],
                className="card stack",
            ),
            html.Div(_unit_table(job, live), className="card"),
        ]
    )


def _heads(summary: Mapping[str, Mapping[str, Any]]) -> list[Component]:
    """Counts and metrics of each labeller, side by side."""
    heads = [_head(name, values) for name, values in summary.items() if name in LABELLERS]
    return [html.Div(heads, className="pair")]


def _head(name: str, values: Mapping[str, Any]) -> Component:
    labeller = LABELLERS[name]
    parts: list[Component] = [html.H2(labeller.title)]
    if "not_labelled" in values:
        parts.append(html.P(values["not_labelled"], className="note"))
        return html.Div(parts)
    parts.append(results.stats({label: str(n) for label, n in values["counts"].items()}))
    if values["used"]:
        used = f"{len(values['used'])} metrics used: {', '.join(values['used'])}."
        parts.append(html.Details([html.Summary("Metrics"), html.P(used, className="hint")]))
    if values["missing"]:
        text = f"{labeller.absent}: {', '.join(values['missing'])}."
        parts.append(html.P(text, className="hint"))
        if labeller.loss:
            parts.append(html.P(labeller.loss, className="hint"))
    return html.Div(parts)


def _downloads(job: Job) -> Component:
    files = {
        labelling.LABELS: "Labels (CSV)",
        labelling.METRICS: "Metrics (CSV)",
        RULES: "Rules (JSON)",
    }
    links = [results.download(job, file, text) for file, text in files.items()]
    return html.Div(links, className="downloads")


def _limits(job: Job, table: MetricTable, rules: RuleSet) -> list[Component]:
    shown = [
        section
        for labeller in ruled()
        for section in labeller.sections
        if not section.shown_with or job.parameters[section.shown_with]
    ]
    folds = [
        html.Details(
            [
                html.Summary(section.title),
                _section(section.name, rules.sections[section.name], table),
            ],
            open=section is shown[0],
            className="fold",
        )
        for section in shown
    ]
    hint = html.P(
        " ".join([CHANGED_AT_ONCE, *(one.remark for one in ruled() if one.remark)]),
        className="hint",
    )
    json_text = html.Pre(_as_json(rules), id="labels-json", tabIndex="0")
    fold = html.Details(
        [html.Summary("These rules as JSON, for --thresholds"), json_text], className="fold"
    )
    own = dcc.Store(id="labels-job", data=job.id)  # a desk shows it beside its sorting
    return [own, html.H2("Limits"), hint, *folds, fold]


def _section(name: str, rules: Sequence[Rule], table: MetricTable) -> Component:
    rows = [_limit_row(name, rule, table.has(rule.metric)) for rule in rules]
    return html.Div(rows, className="stack")


def _limit_row(section: str, rule: Rule, known: bool) -> Component:
    sides = (("least", "at least", rule.least), ("most", "at most", rule.most))
    inputs = [
        dmc.NumberInput(
            id={"type": "limit", "section": section, "metric": rule.metric, "side": side},
            label=f"{rule.metric}{', size' if rule.absolute else ''}, {words}",
            value="" if value is None else value,
            disabled=not known,
            description=None if known else "not in the table",
            step=abs(value) / 10 if value else 0.1,
            debounce=150,
            w=240,
        )
        for side, words, value in sides
    ]
    return html.Div(inputs, className="row")


def _as_json(rules: RuleSet) -> str:
    return json.dumps(rules.to_json(), indent=2)


def _unit_table(job: Job, live: Mapping[str, Verdict]) -> list[Component]:
    grid = results.table(
        records(job, live, "all"),
        id="labels-units",
        label="Units with the labels of all labellers",
        names=_headings(),
        height=420,
    )
    choice = dmc.SegmentedControl(
        id="labels-show",
        data=[
            {"value": "all", "label": "All units"},
            {"value": "disagree", "label": "Labellers disagree"},
        ],
        value="all",
    )
    count = html.P(_differing(live), id="labels-disagreement", role="status", **aria(live="polite"))
    return [html.H2("Units"), choice, count, grid]


def _headings() -> dict[str, str]:
    """What the columns of the table of units are called."""
    labels = {one.column: one.heading for one in LABELLERS.values()}
    sure = [one for one in LABELLERS.values() if one.probability]
    several = len(sure) > 1
    probabilities = {
        one.probability: f"probability, {one.heading}" if several else "probability" for one in sure
    }
    return {"unit_id": "unit", **labels, **probabilities, "agree": "agree", "reason": "why"}


def _differing(live: Mapping[str, Verdict]) -> str:
    """How often the labellers differ, in words."""
    if len(live) < 2:
        return "Only one labeller ran, so there is nothing to compare."
    others = disagreement(labelling.side_by_side(live))
    differ = int((others > 0).sum())
    return f"The {len(live)} labellers differ on {differ:,} of {len(others):,} units."


def records(job: Job, live: Mapping[str, Verdict], show: str) -> list[dict[str, Any]]:
    """Rows of the table of units."""
    labels = stored(results.folder(job.id)).labels
    same = disagreement(labelling.side_by_side(live)) == 0
    sure = [LABELLERS[name].probability for name in live if LABELLERS[name].probability]
    rows: list[dict[str, Any]] = []
    for row in range(len(labels)):
        if show == "disagree" and same[row]:
            continue
        found: dict[str, Any] = {"unit_id": str(labels["unit_id"].iloc[row])}
        found |= {LABELLERS[name].column: str(said.labels[row]) for name, said in live.items()}
        found |= {column: float(labels[column].iloc[row]) for column in sure}
        why = [
            f"{LABELLERS[name].title}: {said.reasons[row]}"
            for name, said in live.items()
            if said.reasons[row]
        ]
        rows.append({**found, "agree": "yes" if same[row] else "no", "reason": " | ".join(why)})
    return rows


def read_limits(ids: Sequence[Mapping[str, str]], values: Sequence[Any], rules: RuleSet) -> RuleSet:
    """The rules with the limits that stand in the fields."""
    typed = {
        (item["section"], item["metric"], item["side"]): _number(value)
        for item, value in zip(ids, values, strict=True)
    }

    def changed(section: str, rule: Rule) -> Rule:
        least = typed.get((section, rule.metric, "least"), rule.least)
        most = typed.get((section, rule.metric, "most"), rule.most)
        return replace(rule, least=least, most=most)

    sections = {
        name: tuple(changed(name, rule) for rule in section)
        for name, section in rules.sections.items()
    }
    return replace(rules, sections=sections)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def register(app: Dash) -> None:
    """Connect the limits with labels, figures and table."""
    limit = {"type": "limit", "section": ALL, "metric": ALL, "side": ALL}
    app.callback(
        Output("labels-heads", "children"),
        Output("labels-figures", "children"),
        Output("labels-units", "rowData"),
        Output("labels-disagreement", "children"),
        Output("labels-json", "children"),
        Input(limit, "value"),
        Input("labels-metric", "value"),
        Input("labels-by", "value"),
        Input("labels-show", "value"),
        State(limit, "id"),
        State("labels-job", "data"),
        prevent_initial_call=True,
    )(show)
    app.callback(
        Output("labels-sliders", "children"),
        Input("labels-metric", "value"),
        State(limit, "value"),
        State(limit, "id"),
        State("labels-job", "data"),
        prevent_initial_call=True,
    )(show_sliders)
    slider = {**limit, "type": "limit-slider"}
    app.callback(
        Output("labels-heads", "children", allow_duplicate=True),
        Output("labels-disagreement", "children", allow_duplicate=True),
        Input(slider, "value"),
        State(slider, "id"),
        State(limit, "value"),
        State(limit, "id"),
        State("labels-job", "data"),
        prevent_initial_call=True,
    )(count)
    drag.register(app, limit)


def show_sliders(
    metric: str, values: Sequence[Any], ids: Sequence[Mapping[str, str]], job_id: str
) -> Component:
    """The sliders of another metric."""
    found = stored(results.folder(results.job(job_id).id))
    return drag.sliders(metric, found.table, read_limits(ids, values, found.rules).dragged())


def count(
    moved: Sequence[float],
    sliders: Sequence[Mapping[str, str]],
    values: Sequence[Any],
    ids: Sequence[Mapping[str, str]],
    job_id: str,
) -> tuple[list[Component], str]:
    """Counts while a slider is dragged; figures and table follow when it rests."""
    if not sliders:
        raise PreventUpdate
    job = results.job(job_id)
    known = {tuple(sorted(one.items())): value for one, value in zip(ids, values, strict=True)}
    for one, value in zip(sliders, moved, strict=True):
        known[tuple(sorted({**one, "type": "limit"}.items()))] = value
    now = [known[tuple(sorted(one.items()))] for one in ids]
    live = _relabelled(job, read_limits(ids, now, stored(results.folder(job.id)).rules))
    return _heads(_counted(job, live)), _differing(live)


def _counted(job: Job, live: Mapping[str, Verdict]) -> dict[str, Any]:
    """The summary of a labelling with the counts that the rules give now."""
    summary = dict(stored(results.folder(job.id)).summary)
    for name, said in live.items():
        if LABELLERS[name].relabel:
            summary[name] = {**summary[name], "counts": said.counts(), "used": list(said.used)}
    return summary


def show(
    values: Sequence[Any],
    metric: str,
    by: str,
    which: str,
    ids: Sequence[Mapping[str, str]],
    job_id: str,
) -> tuple[list[Component], list[Component], list[dict[str, Any]], str, str]:
    """Everything that depends on the limits, with those that stand in the fields."""
    if not job_id:
        raise PreventUpdate
    job = results.job(job_id)
    found = stored(results.folder(job.id))
    rules = read_limits(ids, values, found.rules)
    live = _relabelled(job, rules)
    return (
        _heads(_counted(job, live)),
        all_figures(job, found.table, live, by, metric, rules.dragged()),
        records(job, live, which),
        _differing(live),
        _as_json(rules),
    )
