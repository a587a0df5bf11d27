"""The tab Units of a recording: what a sorting found, each unit in all its figures."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.jobs.store import JobState
from dashboard.kit import desk, results, shell, workspace_page
from dashboard.kit.bench import Shown
from dashboard.kit.desk import Answer, Panel, Slot, Tab, View, chart, column, row
from dashboard.kit.desk_table import column as plain
from dashboard.kit.desk_table import number, table
from dashboard.kit.figures import Drawn
from dashboard.spikes import look, unit
from dashboard.spikes.labels import labels as label_page
from dashboard.spikes.labels import of_sorting
from dashboard.spikes.lasso import AXES
from dashboard.spikes.units import agreement, pair_figures, shape_figures, time_figures
from dashboard.spikes.units.known import Known, known
from dashboard.workspaces import workspaces
from pipelines.core.errors import InputError
from pipelines.spikes.labels.columns import REASON
from pipelines.spikes.labels.disagreement import disagreement
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.one_label import one_label
from pipelines.spikes.recording import signal_reader
from pipelines.spikes.units import metrics

UNITS, AXIS, ORDER, SPIKE, WINDOW = "units", "axes", "order", "spike", "window"
NO_UNIT = html.P("Choose a unit in the table.", className="empty")
WINDOWS = {"0.02": "20 ms", "0.05": "50 ms", "0.2": "200 ms", "1": "1 s", "5": "5 s"}
FIRST_WINDOW = "0.05"
MOST_ALIKE = 12
LABEL_TICK_MS = 1_500
EMPTY = (
    "A sorting shows its units here: a table with quality metrics and labels, and for the chosen "
    "units their waveforms on the probe, correlograms, amplitudes over time and the signal itself. "
    "Press Set up and then Sort spikes: the defaults suit most recordings."
)
WIDTHS = {"n_spikes": 76, "firing_rate_hz": 72, "snr": 64}


# -- the line above the desk


def answer(view: View) -> Answer:
    """How many units, how many of them good, and how they were found."""
    found = results.headline(view.run)
    count, labelled = found["n_units"], of_sorting.labels(view.run)
    units = results.counted(count, "unit")
    if not count:
        return Answer("No unit was found. Try a lower detection threshold.", _how(view))
    if labelled is not None:
        return Answer(f"{units}, {of_sorting.in_words(labelled)}.", _how(view))
    spikes = results.number(found["n_spikes"])
    return Answer(f"{units}, {spikes} spikes in {found['duration_s']:.0f} s.", _how(view))


def _how(view: View) -> str:
    sorting, values = known(view.run).sorting, view.run.parameters
    if view.run.task == "spikes import":
        return f"imported: {sorting.results['source_kind']}"
    if "seed" not in values:
        return "as curated"
    found = sorting.results.get("sorters") or {values.get("sorter", ""): 1}
    return f"{' and '.join(found)} sorter, {known(view.run).band}, seed {values['seed']}"


def start(view: View) -> Mapping[str, Any]:
    """The first unit is chosen."""
    numbers = known(view.run).numbers
    return {UNITS: numbers[:1], AXIS: "1 and 2", ORDER: "depth", WINDOW: FIRST_WINDOW, SPIKE: 0}


def fill(view: View) -> Mapping[str, str]:
    """The workspace's recording, without what the newest look found wrong with it."""
    if view.job is not None:
        return {}
    looked = workspaces.newest(view.workspace.id, "spikes look")
    wished = look.sorted_with(looked, results.headline(looked)) if looked else {}
    return {**view.workspace.references, **{name: str(value) for name, value in wished.items()}}


def actions(view: View) -> list[Component]:
    """While there are no labels yet: that they are being made."""
    if not results.headline(view.run)["n_units"] or of_sorting.finished(view.run):
        return []
    tick = dcc.Interval(id="label-tick", interval=LABEL_TICK_MS)
    return [html.Span(id="label-state", role="status", className="hint"), tick]


def follow_labels(_ticks: int | None, shown: Shown) -> tuple[Any, ...]:
    """Begin the labelling of a sorting that has none, and show labels when they are there."""
    view = workspace_page.view_of(TAB, shown)
    job = of_sorting.start(view.run, view.workspace.id)
    if job is None:
        return "", True, no_update, no_update
    if job.state is JobState.DONE:
        return "", True, workspace_page.said(answer(view)), units_table(view)
    if job.state.is_over:
        link = dcc.Link("why", href=f"/jobs/{job.id}")
        return (
            ["There are no labels: ", link], True, no_update, no_update,
        )  # fmt: skip
    return "labelling …", False, no_update, no_update


# -- panels


def units_table(view: View) -> Component:
    """All units with their labels and metrics."""
    units = known(view.run).sorting.units
    if units.empty:
        return html.P("No unit was found. Try a lower detection threshold.", className="empty")
    labelled = of_sorting.labels(view.run)
    rows: list[dict[Any, Any]] = units.to_dict("records")
    said = _labels(labelled.labels) if labelled is not None else [{}] * len(rows)
    rows = [{**row, **label} for row, label in zip(rows, said, strict=True)]
    columns = [plain("unit_id", "unit", pinned="left", width=62), *_label_columns(said[0])]
    titles, hints = metrics.titles(), metrics.hints()
    columns += [_column(name, units[name], titles, hints) for name in _ordered(units)]
    return table(rows, columns, key=UNITS, field="unit_id", label="Units with their metrics")


def _ordered(units: pd.DataFrame) -> list[str]:
    first = [name for name in metrics.titles() if name in units]
    names = [str(name) for name in units.columns if str(name) not in ("unit_id", *first)]
    return first + [name for name in names if name != REASON and not name.startswith("label_")]


def _column(
    name: str, values: "pd.Series[Any]", titles: Mapping[str, str], hints: Mapping[str, str]
) -> dict[str, Any]:
    size = {"width": WIDTHS[name]} if name in WIDTHS else {}
    make = number if values.dtype.kind in "if" else plain
    found = make(name, titles.get(name, name), hints.get(name, ""), **size)
    if values.dtype.kind == "i":
        found["valueFormatter"] = {"function": "d3.format(',')(params.value)"}
    return found


def _labels(table: pd.DataFrame) -> list[dict[str, Any]]:
    """What the labellers say of each unit, and whether they agree."""
    said = {one.column: table[one.column] for one in LABELLERS.values() if one.column in table}
    agree = np.where(disagreement(table) == 0, "yes", "no")
    label = one_label(table, of_sorting.NO_SNR)
    return [
        {
            "label": label.iloc[k],
            "agree": str(agree[k]),
            **{n: str(c.iloc[k]) for n, c in said.items()},
        }
        for k in range(len(table))
    ]


def _label_columns(first: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not first:
        return []
    names = {one.column: one.heading for one in LABELLERS.values() if one.column in first}
    return [
        plain("label", "label", "that of the labeller that is trusted most", width=70),
        plain("agree", "agree", "whether the labellers agree", width=70),
        *(plain(name, title, f"what {title} says", width=90) for name, title in names.items()),
    ]


def of_units(draw: Callable[[Known, Mapping[int, str]], Drawn]) -> Callable[[View], Any]:
    """A panel of the chosen units, from a function of the sorting and their colours."""

    def drawn(view: View) -> Drawn | Component:
        found = known(view.run)
        colors = found.chosen(view.chosen[UNITS])
        return draw(found, colors) if colors else NO_UNIT

    return drawn


def any_units(draw: Callable[[Known, Mapping[int, str]], Drawn]) -> Callable[[View], Any]:
    """As `of_units`, where all units are shown and the chosen ones marked."""

    def drawn(view: View) -> Drawn:
        found = known(view.run)
        if not found.numbers:
            raise InputError("No unit was found.")
        return draw(found, found.chosen(view.chosen[UNITS]))

    return drawn


def single_waveforms(view: View) -> Drawn | Component:
    """Single waveforms of the first chosen unit."""
    colors = known(view.run).chosen(view.chosen[UNITS])
    if not colors:
        return NO_UNIT
    found = unit.density(view.run, next(iter(colors)))
    return found or html.P("This sorting kept no single waveforms.", className="empty")


def similarity(view: View) -> Drawn:
    """How alike all units are."""
    found = known(view.run)
    order = desk.one_of(view.chosen[ORDER], pair_figures.FACES)
    return pair_figures.similarity(found, found.chosen(view.chosen[UNITS]), order)


def cloud(view: View) -> Drawn | Component:
    """The spikes of the first chosen unit's group in feature space."""
    found = known(view.run)
    colors = found.chosen(view.chosen[UNITS])
    if not colors:
        return NO_UNIT
    units = found.sorting.units
    group = int(units.loc[units["unit_id"] == next(iter(colors)), "group"].iloc[0])
    clouds = found.sorting.clouds
    if group not in clouds or "cluster" not in units:
        words = (
            "Only the group sorter puts the spikes of a group of channels into one picture; the "
            "clouds of single units are on the tab Curate."
        )
        return html.P(words, className="empty")
    own = units[units["group"] == group]
    names = dict(zip(own["cluster"], own["unit_id"], strict=True))
    labels = np.array([names.get(one, -1) for one in clouds[group].labels], np.int16)
    return time_figures.cloud(clouds[group], labels, colors, desk.one_of(view.chosen[AXIS], AXES))


def signal(view: View) -> Drawn | Component:
    """The signal around one of the first chosen unit's spikes."""
    found = known(view.run)
    colors = found.chosen(view.chosen[UNITS])
    if not colors:
        return NO_UNIT
    first = next(iter(colors))
    train = found.train(first)
    if not len(train):
        return html.P(f"Unit {first} has no spike.", className="empty")
    at_s = float(found.timeline.seconds(train[(view.chosen[SPIKE] or 0) % len(train)]))
    length = float(desk.one_of(view.chosen[WINDOW] or FIRST_WINDOW, WINDOWS))
    stretch = signal_reader.stretch(found.sorting.path, first, at_s - length / 2, length)
    return time_figures.signal(stretch, found, colors, at_s)


def alike(view: View) -> Component:
    """The units most like the first chosen one, with a way to see both."""
    found = known(view.run)
    colors = found.chosen(view.chosen[UNITS])
    if not colors:
        return NO_UNIT
    first = next(iter(colors))
    row, numbers = found.row(first), found.sorting.waveforms.unit_id.tolist()
    cosines = found.alike.to(row)
    order = [k for k in np.argsort(-cosines, kind="stable") if k != row][:MOST_ALIKE]
    if not order:
        return html.P("There is no other unit.", className="empty")
    far = np.linalg.norm(found.homes_um - found.homes_um[row], axis=1)
    rows = [
        _alike_row(found, first, int(numbers[k]), float(cosines[k]), float(far[k]), colors)
        for k in order
    ]
    others = [int(numbers[k]) for k in order]
    beside = next((unit for unit in list(colors)[1:] if unit in others), None)
    following = (
        others[(others.index(beside) + 1) % len(others)] if beside is not None else others[0]
    )
    heads = ("unit", "cosine", "µm", "< 1.5 ms", "by chance")
    turn = desk.button(
        "Next",
        UNITS,
        [first, following],
        shortcut="s",
        label="The next similar unit beside the chosen one",
        first=str(first),
    )
    words = html.Span(f"like unit {first}", className="hint")
    return html.Div([html.Div([words, turn], className="row"), shell.table(heads, rows)])


def _alike_row(
    found: Known, first: int, other: int, cosine: float, far: float, colors: Mapping[int, str]
) -> Component:
    there, chance = found.close_pairs(first, other)
    button = desk.button(
        f"{other}", UNITS, [first, other], label=f"Units {first} and {other}", first=str(first)
    )
    cells = [f"{cosine:.2f}", f"{far:.0f}", f"{there:,}", f"{chance:,.0f}"]
    style = {"boxShadow": f"inset 3px 0 0 {colors[other]}"} if other in colors else {}
    head = html.Th(button, scope="row", style=style)
    return html.Tr([head, *map(html.Td, cells)])


def limits(view: View) -> Component:
    """The labellers side by side, with limits that answer at once."""
    job = of_sorting.finished(view.run)
    if job is None:
        return html.P("The labellers have not run on these units yet.", className="empty")
    return label_page.view(job)


def register(app: Dash) -> None:
    """Connect the labelling that is made by itself."""
    app.callback(
        Output("label-state", "children"),
        Output("label-tick", "disabled"),
        Output("desk-answer", "children"),
        Output({"type": "panel-body", "panel": "units"}, "children", allow_duplicate=True),
        Input("label-tick", "n_intervals"),
        State("desk", "data"),
        prevent_initial_call=True,
    )(follow_labels)


def _axes_tool(_view: View) -> Component:
    return desk.choice(AXIS, "Components", {name: name for name in AXES}, "1 and 2")


def _order_tool(_view: View) -> Component:
    return desk.choice(ORDER, "Order of the units", pair_figures.FACES, "depth")


def _signal_tools(_view: View) -> Component:
    return html.Span(
        [
            desk.step("‹", SPIKE, -1, shortcut=",", label="Spike before"),
            desk.step("›", SPIKE, 1, shortcut=".", label="Next spike"),
            desk.choice(WINDOW, "Length of the stretch", WINDOWS, FIRST_WINDOW),
        ],
        className="row",
    )


TAB = Tab(
    word="units",
    title="Units",
    tasks=("spikes sort", "spikes import"),
    arrange=row(
        column(
            Slot(
                Panel(name="units", title="Units", draw=units_table),
                Panel(name="limits", title="Limits", draw=limits),
            ),
            Panel(name="similar", title="Like the chosen unit", draw=alike, listens=(UNITS,)),
            sizes=(60, 40),
        ),
        column(
            row(
                Slot(
                    chart("waveforms", "Waveforms on the probe",
                          of_units(shape_figures.waveforms), UNITS),
                    chart("density", "Single waveforms", single_waveforms, UNITS),
                ),
                Slot(
                    chart("correlograms", "Correlograms",
                          of_units(pair_figures.correlograms), UNITS),
                    chart("isi", "Intervals", of_units(pair_figures.intervals), UNITS),
                ),
            ),
            row(
                Slot(
                    chart("in-time", "Amplitude and rate", of_units(time_figures.in_time), UNITS),
                    Panel(
                        name="signal", title="Signal", draw=signal, is_figure=True,
                        listens=(UNITS, SPIKE, WINDOW), tools=_signal_tools,
                    ),
                    chart("raster", "Raster", any_units(time_figures.raster), UNITS, picks=UNITS),
                ),
                Slot(
                    chart("probe", "Probe", any_units(shape_figures.probe), UNITS, picks=UNITS),
                    Panel(
                        name="cloud", title="Cloud", draw=cloud, is_figure=True,
                        listens=(UNITS, AXIS), tools=_axes_tool,
                    ),
                    Panel(
                        name="similarity", title="Similarity", draw=similarity, is_figure=True,
                        listens=(UNITS, ORDER), tools=_order_tool, picks=UNITS, several=True,
                    ),
                ),
                sizes=(62, 38),
            ),
        ),
        sizes=(30, 70),
    ),
    answer=answer,
    fill=fill,
    actions=actions,
    start=start,
    empty=EMPTY,
    register=register,
    compare=agreement.compare,
)  # fmt: skip
