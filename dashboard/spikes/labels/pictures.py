"""Figures of a labelling: a metric's distribution, waveforms, disagreement, failing rules."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from dash import html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.jobs.store import Job
from dashboard.kit.figures import framed
from dashboard.server.posted import offered
from dashboard.spikes.labels import agreement_figures
from dashboard.spikes.labels import label_figures as figures
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.thresholds import Rule, Verdict, broken_rules
from pipelines.spikes.units.files import WAVEFORMS
from pipelines.spikes.units.folder import SortingFolder


def all_figures(
    job: Job,
    table: MetricTable,
    live: Mapping[str, Verdict],
    by: str,
    metric: str,
    rules: Sequence[tuple[str, Rule]],
) -> list[Component]:
    """Every figure that depends on the limits.

    Args:
        job: the labelling.
        table: the metrics of its units.
        live: what each labeller says now.
        by: whose labels give the colours.
        metric: whose distribution is shown.
        rules: those whose limits can be dragged, with their sections.
    """
    labels = live[offered(by, live)].labels
    limits = [(section, rule) for section, rule in rules if rule.metric == metric]
    distribution = framed(
        figures.histogram(metric, table.column(metric), labels, limits),
        id="labels-histogram",
        caption=f"{metric} of {len(table):,} units, coloured by the labels of "
        f"{LABELLERS[by].title}; dotted: limits of the rules; click on one and drag it.",
    )
    waves = _waveforms(Path(job.inputs[0].path), table)
    if waves is None:
        return [distribution, _disagreement_figures(live, by)]
    shapes = framed(
        figures.waveforms(*waves, labels),
        id="labels-waveforms",
        caption="Mean waveform of every unit on its largest channel. "
        "A click in the legend hides a label.",
    )
    return [html.Div([distribution, shapes], className="pair"), _disagreement_figures(live, by)]


def _disagreement_figures(live: Mapping[str, Verdict], by: str) -> Component:
    """How labels flow from labeller to labeller, and which rules units fail together."""
    found: list[Component] = []
    if len(live) > 1:
        labels = {LABELLERS[name].title: verdict.labels for name, verdict in live.items()}
        caption = "Units on their way through the labellers: streams that change their colour "
        coarse = "".join(f" {LABELLERS[name].coarse}" for name in live if LABELLERS[name].coarse)
        found.append(
            framed(
                agreement_figures.flow(labels),
                id="labels-flow",
                caption=f"{caption}are units on which labellers differ.{coarse}",
            )
        )
    limited = [name for name in live if LABELLERS[name].sections]
    name = by if by in limited else next(reversed(limited), "")
    broken = [broken_rules(text) for text in live[name].reasons] if name else []
    if any(broken):
        count = sum(map(bool, broken))
        found.append(
            framed(
                agreement_figures.upset(broken),
                id="labels-upset",
                caption=f"Rules that units fail at the same time ({LABELLERS[name].title}; "
                f"units that fail any: {count:,}). Each bar stands above the rules of its "
                "combination.",
            )
        )
    return html.Div(found, className="pair")


@lru_cache(maxsize=4)
def _peak_waveforms(folder: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Time in ms, and each unit's mean waveform on its largest channel, shape (unit, sample)."""
    waves = SortingFolder(folder).waveforms
    return waves.ms, waves.on_largest_channels()


def _waveforms(
    folder: Path, table: MetricTable
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The waveforms of a sorting, or nothing for a table of metrics alone."""
    if not SortingFolder(folder).has(WAVEFORMS):
        return None
    ms, waves = _peak_waveforms(folder)
    return (ms, waves) if len(waves) == len(table) else None
