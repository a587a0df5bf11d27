"""The result of labelling units: three labellers side by side, with limits that answer at once."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.aria import aria
from dashboard.jobs.store import Job
from dashboard.results import common
from dashboard.results import spike_labels_drag as drag
from dashboard.results.spike_labels_data import (
    TITLES,
    agree,
    disagreement,
    relabel,
    stored_labels,
    stored_rules,
    stored_table,
    with_sections,
)
from dashboard.results.spike_labels_figures import all_figures
from pipelines.spikes.bombcell import BombcellRules
from pipelines.spikes.metric_table import MetricTable
from pipelines.spikes.thresholds import Rule, Rules, Verdict

ABSENT = {
    "thresholds": "Not in the table, so not applied",
    "bombcell": "Not in the table, so not applied",
    "unitrefine": "Not in the table, filled in with typical values, so probabilities say less",
}
LOSS = (
    "On mice that it never saw, the classifier that comes with the app has a macro F1 of 0.77 with "
    "all 28 metrics, 0.77 without the four that a sorting made here lacks (exp_decay, spread and "
    "velocities), and 0.71 without twelve."
)
COLUMNS = {
    "unit_id": "unit",
    "label_thresholds": "thresholds",
    "label_bombcell": "Bombcell",
    "label_unitrefine": "classifier",
    "probability_unitrefine": "probability",
    "agree": "agree",
    "reason": "why",
}
SECTION_TITLES = {
    "thresholds": "Thresholds: a unit that breaks one is noise",
    "noise": "Bombcell, noise: a unit that breaks one is noise",
    "mua": "Bombcell, multi-unit: of the others, a unit that breaks one is mua",
    "non-somatic": "Bombcell, axons: shapes that are no soma's",
}


def view(job: Job) -> Component:
    """The whole result."""
    folder = common.folder(job.id)
    summary = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    table, (simple, cells) = stored_table(folder), stored_rules(folder)
    live = relabel(job, simple, cells)
    note = common.headline(job).get("note", "")
    metrics = sorted(table.metrics)
    first, by = "snr" if "snr" in metrics else metrics[0], next(iter(live))
    return html.Div(
        [
            html.Div(
                [
                    html.Div(_heads(summary), id="labels-heads"),
                    html.P(note, className="note") if note else None,
                    _downloads(job),
                ],
                className="card",
            ),
            html.Div(_limits(job, table, simple, cells), className="card"),
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
                        data=[
                            {"value": name, "label": TITLES[name]}
                            for name in TITLES
                            if name in live
                        ],
                        value=by,
                        allowDeselect=False,
                    ),
                    html.Div(
                        drag.sliders(first, table, with_sections(simple, cells)),
                        id="labels-sliders",
                    ),
                    html.Div(
                        all_figures(job, live, by, first, with_sections(simple, cells)),
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
    return [html.Div([_head(name, values) for name, values in summary.items()], className="pair")]


def _head(name: str, values: Mapping[str, Any]) -> Component:
    parts: list[Component] = [html.H2(TITLES[name])]
    if "not_labelled" in values:
        parts.append(html.P(values["not_labelled"], className="note"))
        return html.Div(parts)
    parts.append(common.stats({label: str(n) for label, n in values["counts"].items()}))
    if values["used"]:
        used = f"{len(values['used'])} metrics used: {', '.join(values['used'])}."
        parts.append(html.Details([html.Summary("Metrics"), html.P(used, className="hint")]))
    if values["missing"]:
        text = f"{ABSENT[name]}: {', '.join(values['missing'])}."
        parts.append(html.P(text, className="hint"))
        if name == "unitrefine":
            parts.append(html.P(LOSS, className="hint"))
    return html.Div(parts)


def _downloads(job: Job) -> Component:
    files = {
        "labels.csv": "Labels (CSV)",
        "metrics.csv": "Metrics (CSV)",
        "thresholds.json": "Rules (JSON)",
    }
    links = [common.download(job, file, text) for file, text in files.items()]
    return html.Div(links, className="downloads")


def _limits(job: Job, table: MetricTable, simple: Rules, cells: BombcellRules) -> list[Component]:
    groups = {"thresholds": simple, "noise": cells.noise, "mua": cells.mua}
    if job.parameters["split_non_somatic"]:
        groups["non-somatic"] = cells.non_somatic
    folds = [
        html.Details(
            [html.Summary(SECTION_TITLES[name]), _section(name, rules, table)],
            open=name == "thresholds",
            className="fold",
        )
        for name, rules in groups.items()
    ]
    hint = html.P(
        "Change a limit and every unit is labelled anew at once; an empty field is no limit. "
        "l_ratio has none by default: at Bombcell's 0.3 it alone rejects three of four units that "
        "curators call good. A unit without a value breaks thresholds and noise rules; among the "
        "multi-unit rules only sliding_rp_violation.",
        className="hint",
    )
    json_text = html.Pre(_as_json(simple, cells), id="labels-json", tabIndex="0")
    fold = html.Details(
        [html.Summary("These rules as JSON, for --thresholds"), json_text], className="fold"
    )
    return [html.H2("Limits"), hint, *folds, fold]


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


def _as_json(simple: Rules, cells: BombcellRules) -> str:
    values = {
        "thresholds": {rule.metric: rule.to_json() for rule in simple},
        "bombcell": cells.to_json(),
    }
    return json.dumps(values, indent=2)


def _unit_table(job: Job, live: Mapping[str, Verdict]) -> list[Component]:
    grid = common.table(
        records(job, live, "all"),
        id="labels-units",
        label="Units with the labels of all labellers",
        names=COLUMNS,
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
    count = html.P(
        disagreement(live), id="labels-disagreement", role="status", **aria(live="polite")
    )
    return [html.H2("Units"), choice, count, grid]


def records(job: Job, live: Mapping[str, Verdict], show: str) -> list[dict[str, Any]]:
    """Rows of the table of units."""
    stored = stored_labels(common.folder(job.id))
    same = agree(live)
    rows: list[dict[str, Any]] = []
    for row in range(len(stored)):
        if show == "disagree" and same[row]:
            continue
        found: dict[str, Any] = {"unit_id": str(stored["unit_id"].iloc[row])}
        found |= {f"label_{name}": str(verdict.labels[row]) for name, verdict in live.items()}
        if "unitrefine" in live:
            found["probability_unitrefine"] = float(stored["probability_unitrefine"].iloc[row])
        why = [f"{TITLES[name]}: {v.reasons[row]}" for name, v in live.items() if v.reasons[row]]
        rows.append({**found, "agree": "yes" if same[row] else "no", "reason": " | ".join(why)})
    return rows


def read_limits(
    ids: Sequence[Mapping[str, str]], values: Sequence[Any], simple: Rules, cells: BombcellRules
) -> tuple[Rules, BombcellRules]:
    """The rules with the limits that stand in the fields."""
    typed = {
        (item["section"], item["metric"], item["side"]): _number(value)
        for item, value in zip(ids, values, strict=True)
    }

    def changed(section: str, rules: Rules) -> Rules:
        return tuple(
            Rule(
                rule.metric,
                typed.get((section, rule.metric, "least"), rule.least),
                typed.get((section, rule.metric, "most"), rule.most),
                rule.absolute,
            )
            for rule in rules
        )

    noise, mua = changed("noise", cells.noise), changed("mua", cells.mua)
    axons = changed("non-somatic", cells.non_somatic)
    return changed("thresholds", simple), BombcellRules(noise, mua, axons)


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
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show)
    app.callback(
        Output("labels-sliders", "children"),
        Input("labels-metric", "value"),
        State(limit, "value"),
        State(limit, "id"),
        State("panel-job", "data"),
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
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(count)
    drag.register(app, limit)


def show_sliders(
    metric: str, values: Sequence[Any], ids: Sequence[Mapping[str, str]], job_id: str
) -> Component:
    """The sliders of another metric."""
    folder = common.folder(common.job(job_id).id)
    simple, cells = read_limits(ids, values, *stored_rules(folder))
    return drag.sliders(metric, stored_table(folder), with_sections(simple, cells))


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
    job = common.job(job_id)
    known = {tuple(sorted(one.items())): value for one, value in zip(ids, values, strict=True)}
    for one, value in zip(sliders, moved, strict=True):
        known[tuple(sorted({**one, "type": "limit"}.items()))] = value
    now = [known[tuple(sorted(one.items()))] for one in ids]
    live = relabel(job, *read_limits(ids, now, *stored_rules(common.folder(job.id))))
    return _heads(_counted(job, live)), disagreement(live)


def _counted(job: Job, live: Mapping[str, Verdict]) -> dict[str, Any]:
    """The summary of a labelling with the counts that the rules give now."""
    folder = common.folder(job.id)
    summary: dict[str, Any] = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    for name in ("thresholds", "bombcell"):
        if name in live:
            summary[name] |= {"counts": live[name].counts(), "used": list(live[name].used)}
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
    job = common.job(job_id)
    folder = common.folder(job.id)
    simple, cells = read_limits(ids, values, *stored_rules(folder))
    live = relabel(job, simple, cells)
    return (
        _heads(_counted(job, live)),
        all_figures(job, live, by, metric, with_sections(simple, cells)),
        records(job, live, which),
        disagreement(live),
        _as_json(simple, cells),
    )
