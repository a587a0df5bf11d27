"""The result of a sorting: units, their waveforms and intervals."""

from collections.abc import Iterator, Sequence

import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.desk import View
from dashboard.kit.figures import Drawn, framed, gap_words
from dashboard.server import pressed
from dashboard.server.posted import UnitRow, Whole, offered
from dashboard.spikes import groups, locate, traces
from dashboard.spikes import sorting_figures as figures
from dashboard.spikes import unit as spike_unit
from dashboard.spikes.unit import trains
from pipelines.spikes.units import files, metrics
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.trains import correlogram

MOST_RASTER_SPIKES = 3000
MOST_RASTER_UNITS = 40
LIKENESS = (
    "How alike the mean waveforms of every two units are: 1 is the same shape on the same "
    "channels, 0 also stands for units of groups that share no channel. Two alike units whose "
    "correlogram is empty at 0 may be one cell that was split."
)


def view(job: Job) -> Component:
    """The whole result."""
    sorting = SortingFolder(results.folder(job.id))
    units = sorting.units
    head = html.Div(
        [_headline(job), _why(job), groups.failures(job), _downloads(job)], className="card"
    )
    if units.empty:
        reason = next(iter(sorting.groups["reason"]), "")
        words = f"No unit was found. {reason} Try a lower detection threshold."
        return html.Div([head, html.P(words, className="card empty")])
    first = int(units["unit_id"].iloc[0])
    return html.Div(
        [
            head,
            html.Div(_unit_table(units), className="card"),
            html.Div(spike_unit.view(job, first), id="spikes-unit"),
            html.Div(traces.view(job, first), className="card"),
            html.Div(_raster(job, units), className="card"),
            *groups.view(job),
            html.Div(list(_pairs(job, units)), className="card"),
        ]
    )


def _headline(job: Job) -> Component:
    found = results.headline(job)
    return results.stats(
        {
            "Units": str(found["n_units"]),
            "Spikes in units": results.number(found["n_spikes"]),
            "Channels": str(found["n_channels"]),
            **results.duration(found),
            "Sampling": f"{found['sampling_frequency'] / 1000:g} kHz",
        }
    )


def _why(job: Job) -> Component | None:
    """Which sorter took which channels; older results do not say."""
    reason = results.headline(job).get("sorter_reason")
    return html.P(reason, className="hint") if reason else None


def _downloads(job: Job) -> Component:
    texts = {
        files.UNITS: "Units (CSV)",
        files.SPIKES: "Spike times (npz)",
        files.WAVEFORMS: "Mean waveforms (npz)",
        files.GROUPS: "Channel groups (CSV)",
        files.SORT_FILE: "Sort file (CSV)",
        files.REPORT: "Report (HTML)",
    }
    if results.headline(job).get("bad_stretches"):
        texts[files.BAD_SAMPLES] = "Stretches without signal (CSV)"
    folder = results.folder(job.id)
    links: list[Component] = [
        results.download(job, file, text)
        for file, text in texts.items()
        if (folder / file).is_file()
    ]
    steps = {
        "label": "Label these units",
        "curate": "Curate them by hand",
        "export": "Export for phy, NWB, SpikeInterface or as tables",
    }
    further = [
        dcc.Link(text, href=f"/spikes?step={step}&sort={job.id}") for step, text in steps.items()
    ]
    return html.Div([*links, *further], className="downloads")


def _unit_table(units: pd.DataFrame) -> list[Component]:
    rows = units.to_dict("records")
    grid = results.table(
        rows,
        id="spikes-units",
        label="Units with their quality metrics",
        names={"unit_id": "unit", **metrics.titles()},
        hints=metrics.hints(),
        height=min(420, 60 + 42 * len(rows)),
        selectedRows=rows[:1],
        dashGridOptions={"rowSelection": {"mode": "singleRow", "enableClickSelection": True}},
    )
    hint = html.P(
        "Choose a unit to see its waveforms and intervals below. A click on a heading sorts, the "
        "sign beside it filters.",
        className="hint",
    )
    turn = [
        dmc.Button(text, id=f"spikes-{which}", variant="default", size="compact-sm")
        for which, text in (("previous", "Previous unit"), ("next", "Next unit"))
    ]
    return [
        html.H2("Units"),
        html.Div([hint, grid, html.Div(turn, className="row")], className="stack"),
    ]


def firing(view: View) -> Drawn:
    """When each unit fired."""
    return _firing(view.run, SortingFolder(results.folder(view.run.id)).units)


def _firing(job: Job, units: pd.DataFrame) -> Drawn:
    shown = [int(unit) for unit in units["unit_id"].head(MOST_RASTER_UNITS)]
    spikes = trains(results.folder(job.id))
    step = max(1, max(len(spikes[unit]) for unit in shown) // MOST_RASTER_SPIKES)
    timeline = results.timeline(results.headline(job))
    times = [timeline.seconds(spikes[unit][::step]) for unit in shown]
    thinned = f" Every {step}th spike is drawn." if step > 1 else ""
    few = f" The first {len(shown)} of {len(units)} units." if len(units) > len(shown) else ""
    return Drawn(
        figures.raster(times, shown, timeline),
        f"When each unit fired: a unit that comes or goes in the middle may be one that "
        f"drifted.{thinned}{few}{gap_words(timeline)}",
    )


def _raster(job: Job, units: pd.DataFrame) -> Component:
    picture = _firing(job, units).framed("spikes-raster")
    return html.Div([html.H2("Spikes over time"), picture])


def likeness(view: View) -> Drawn:
    """How alike the mean waveforms of every two units are."""
    waves = SortingFolder(results.folder(view.run.id)).waveforms
    return Drawn(figures.similarity(waves.mean, waves.unit_id.tolist()), LIKENESS)


def _pairs(job: Job, units: pd.DataFrame) -> Iterator[Component]:
    """What tells whether two units are one cell."""
    names = [int(unit) for unit in units["unit_id"]]
    first, second = names[0], names[min(1, len(names) - 1)]
    choices = [{"value": str(name), "label": f"Unit {name}"} for name in names]
    means = SortingFolder(results.folder(job.id)).waveforms.mean
    alike = figures.similarity(means, names)
    yield html.H2("Pairs of units")
    yield html.Div(
        [
            dmc.Select(
                id=place, label=label, data=choices, value=str(value), allowDeselect=False, w=140
            )
            for place, label, value in (
                ("spikes-one", "Unit at 0", first),
                ("spikes-two", "Counted around it", second),
            )
        ],
        className="row",
    )
    yield html.Div(
        [
            html.Div(_correlogram(job, first, second), id="spikes-correlogram-box"),
            framed(
                alike,
                id="spikes-similarity",
                caption=LIKENESS,
            ),
        ],
        className="pair",
    )


def _correlogram(job: Job, one: int, two: int) -> Component:
    found, timeline = trains(results.folder(job.id)), results.timeline(results.headline(job))
    rate = float(results.headline(job)["sampling_frequency"])
    first, second = (timeline.apart(found[offered(unit, found)]) for unit in (one, two))
    histogram = correlogram(first, second, rate)
    other = "its other spikes" if one == two else f"spikes of unit {two}"
    return framed(
        figures.correlogram(f"time from a spike of unit {one} (ms)", two, histogram),
        id="spikes-correlogram",
        caption=f"{other[0].upper()}{other[1:]} around those of unit {one}, in bins of 1 ms. The "
        f"dotted lines are at {figures.REFRACTORY_MS} ms.",
    )


def register(app: Dash) -> None:
    """Connect the table with the figures below it, and the choice of a pair."""
    traces.register(app)
    locate.register(app)
    groups.register(app)
    app.callback(
        Output("spikes-correlogram-box", "children"),
        Input("spikes-one", "value"),
        Input("spikes-two", "value"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show_pair)
    app.callback(
        Output("spikes-units", "selectedRows"),
        Input("spikes-previous", "n_clicks"),
        Input("spikes-next", "n_clicks"),
        State("spikes-units", "virtualRowData"),
        State("spikes-units", "selectedRows"),
        prevent_initial_call=True,
    )(turn)
    app.callback(
        Output("spikes-unit", "children"),
        Input("spikes-units", "selectedRows"),
        State("panel-job", "data"),
        prevent_initial_call=True,
    )(show_unit)


def turn(
    _previous: int | None,
    _next: int | None,
    rows: Sequence[UnitRow] | None,
    selected: Sequence[UnitRow] | None,
) -> list[UnitRow]:
    """The row before or after the chosen one, as the table is sorted and filtered now."""
    if not rows:
        raise PreventUpdate
    order = [row["unit_id"] for row in rows]
    here = selected[0]["unit_id"] if selected else None
    if here not in order:
        return [rows[0]]
    steps = sum(1 if one == "spikes-next" else -1 for one in pressed.buttons())
    return [rows[(order.index(here) + steps) % len(rows)]]


def show_pair(one: Whole, two: Whole, job_id: str) -> Component:
    """The correlogram of two chosen units."""
    return _correlogram(results.job(job_id), int(one), int(two))


def show_unit(selected: list[UnitRow] | None, job_id: str) -> Component:
    """Waveforms and intervals of the chosen unit."""
    if not selected:
        raise PreventUpdate
    return spike_unit.view(results.job(job_id), int(selected[0]["unit_id"]))
