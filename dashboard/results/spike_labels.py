"""The result of labelling units: three labellers side by side, with limits that answer at once."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import numpy as np
import pandas as pd
from dash import ALL, Dash, Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from numpy.typing import NDArray

from dashboard.aria import aria
from dashboard.figures import spike_labels as figures
from dashboard.figures.common import framed
from dashboard.jobs.store import Job
from dashboard.results import common
from pipelines.spikes import bombcell, metric_table, thresholds
from pipelines.spikes.bombcell import BombcellRules, parse_bombcell
from pipelines.spikes.metric_table import MetricTable
from pipelines.spikes.thresholds import Rule, Rules, Verdict, parse_rules

TITLES = {
    "thresholds": "Thresholds",
    "bombcell": "Bombcell",
    "unitrefine": "Classifier (UnitRefine)",
}
ABSENT = {
    "thresholds": "Not in the table, so not applied",
    "bombcell": "Not in the table, so not applied",
    "unitrefine": "Not in the table, filled in with typical values, so probabilities say less",
}
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


@lru_cache(maxsize=4)
def stored_table(folder: Path) -> MetricTable:
    """The metrics that a labelling used."""
    return metric_table.of_rows(pd.read_csv(folder / "metrics.csv"), "metrics.csv")


@lru_cache(maxsize=4)
def stored_labels(folder: Path) -> pd.DataFrame:
    """The labels as they were written."""
    return pd.read_csv(folder / "labels.csv", keep_default_na=False)


def stored_rules(folder: Path) -> tuple[Rules, BombcellRules]:
    """The rules that a labelling used."""
    values = json.loads((folder / "thresholds.json").read_text(encoding="utf-8"))
    simple = parse_rules(values["thresholds"], "thresholds.json")
    return simple, parse_bombcell(values["bombcell"], "thresholds.json")


def view(job: Job) -> Component:
    """The whole result."""
    folder = common.folder(job.id)
    summary = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    table, (simple, cells) = stored_table(folder), stored_rules(folder)
    live = relabel(job, simple, cells)
    metrics = sorted(table.metrics)
    first, by = "snr" if "snr" in metrics else metrics[0], next(iter(live))
    return html.Div(
        [
            html.Div(
                [html.Div(_heads(summary), id="labels-heads"), _downloads(job)], className="card"
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
                        _figures(job, live, by, first, (*simple, *cells.noise, *cells.mua)),
                        id="labels-figures",
                    ),
                ],
                className="card stack",
            ),
            html.Div(_unit_table(job, live), className="card"),
        ]
    )


def relabel(job: Job, simple: Rules, cells: BombcellRules) -> dict[str, Verdict]:
    """What each labeller of a job says; rules are applied anew, the classifier's word is kept."""
    folder = common.folder(job.id)
    table, stored = stored_table(folder), stored_labels(folder)
    found: dict[str, Verdict] = {}
    if _ran(stored, "thresholds"):
        found["thresholds"] = thresholds.label(table, simple)
    if _ran(stored, "bombcell"):
        split = bool(job.parameters["split_non_somatic"])
        found["bombcell"] = bombcell.label(table, cells, split_non_somatic=split)
    if _ran(stored, "unitrefine"):
        labels = stored["label_unitrefine"].to_numpy(dtype=str)
        reasons = tuple(
            f"neural {neural:.2f}, single {single:.2f}"
            for neural, single in zip(
                stored["probability_neural"], stored["probability_single"], strict=True
            )
        )
        found["unitrefine"] = Verdict(labels, reasons, (), ())
    return found


def _ran(stored: pd.DataFrame, method: str) -> bool:
    column = f"label_{method}"
    return column in stored.columns and bool((stored[column] != "").all())


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


def _figures(
    job: Job, live: Mapping[str, Verdict], by: str, metric: str, rules: Sequence[Rule]
) -> list[Component]:
    table, labels = stored_table(common.folder(job.id)), live[by].labels
    limits = [rule for rule in rules if rule.metric == metric]
    distribution = framed(
        figures.histogram(metric, table.column(metric), labels, limits),
        id="labels-histogram",
        caption=f"{metric} of {len(table):,} units, coloured by the labels of {TITLES[by]}; "
        "dotted: limits of the rules.",
    )
    waves = _waveforms(Path(job.inputs[0].path), table)
    if waves is None:
        return [distribution]
    shapes = framed(
        figures.waveforms(*waves, labels),
        id="labels-waveforms",
        caption="Mean waveform of every unit on its largest channel. "
        "A click in the legend hides a label.",
    )
    return [html.Div([distribution, shapes], className="pair")]


@lru_cache(maxsize=4)
def _peak_waveforms(folder: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Time in ms, and each unit's mean waveform on its largest channel, shape (unit, sample)."""
    with np.load(folder / "waveforms.npz", allow_pickle=False) as stored:
        mean, ms = stored["mean"].astype(np.float64), stored["ms"]
    heights = np.nan_to_num(np.abs(mean).max(axis=1), nan=-1.0)
    return ms, mean[np.arange(len(mean)), :, heights.argmax(axis=1)]


def _waveforms(
    folder: Path, table: MetricTable
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The waveforms of a sorting, or nothing for a table of metrics alone."""
    if not (folder / "waveforms.npz").is_file():
        return None
    ms, waves = _peak_waveforms(folder)
    return (ms, waves) if len(waves) == len(table) else None


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


def disagreement(live: Mapping[str, Verdict]) -> str:
    """How often the labellers differ, in words."""
    if len(live) < 2:
        return "Only one labeller ran, so there is nothing to compare."
    differ = int((~_agree(live)).sum())
    n = len(next(iter(live.values())).labels)
    return f"The {len(live)} labellers differ on {differ:,} of {n:,} units."


def _agree(live: Mapping[str, Verdict]) -> NDArray[np.bool_]:
    """On which units all labellers say the same; thresholds know only good and not good."""
    labels = {name: verdict.labels for name, verdict in live.items()}
    n = len(next(iter(labels.values())))
    good = np.array([found == "good" for found in labels.values()])
    agree: NDArray[np.bool_] = (good == good[0]).all(axis=0)
    if {"bombcell", "unitrefine"} <= set(labels):
        agree &= labels["bombcell"] == labels["unitrefine"]
    return agree if n else np.zeros(0, bool)


def records(job: Job, live: Mapping[str, Verdict], show: str) -> list[dict[str, Any]]:
    """Rows of the table of units."""
    stored = stored_labels(common.folder(job.id))
    agree = _agree(live)
    rows: list[dict[str, Any]] = []
    for row in range(len(stored)):
        if show == "disagree" and agree[row]:
            continue
        found: dict[str, Any] = {"unit_id": str(stored["unit_id"].iloc[row])}
        found |= {f"label_{name}": str(verdict.labels[row]) for name, verdict in live.items()}
        if "unitrefine" in live:
            found["probability_unitrefine"] = float(stored["probability_unitrefine"].iloc[row])
        why = [f"{TITLES[name]}: {v.reasons[row]}" for name, v in live.items() if v.reasons[row]]
        rows.append({**found, "agree": "yes" if agree[row] else "no", "reason": " | ".join(why)})
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
    summary = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    for name in ("thresholds", "bombcell"):
        if name in live:
            summary[name] |= {"counts": live[name].counts(), "used": list(live[name].used)}
    rules = (*simple, *cells.noise, *cells.mua)
    return (
        _heads(summary),
        _figures(job, live, by, metric, rules),
        records(job, live, which),
        disagreement(live),
        _as_json(simple, cells),
    )
