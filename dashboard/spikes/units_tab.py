"""The tab Units of a recording: what a sorting found, each unit in all its figures."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.kit import results
from dashboard.kit.desk import Answer, Panel, Slot, Tab, View, chart, column, row
from dashboard.kit.desk_table import column as plain
from dashboard.kit.desk_table import number, table
from dashboard.kit.figures import Drawn
from dashboard.spikes import sorting, unit
from pipelines.spikes.units import metrics
from pipelines.spikes.units.folder import SortingFolder

UNITS = "units"
NO_UNIT = html.P("Choose a unit in the table.", className="empty")


def answer(view: View) -> Answer:
    """How many units, and how they were found."""
    found, job = results.headline(view.run), view.run
    count, values = found["n_units"], job.parameters
    sorter = f"{values.get('sorter', '')} sorter" if values.get("sorter") else "sorted"
    how = f"{sorter}, {values['freq_min']:g} to {values['freq_max']:g} Hz, seed {values['seed']}"
    word = "unit" if count == 1 else "units"
    spikes = results.number(found["n_spikes"])
    return Answer(f"{count} {word}, {spikes} spikes in {found['duration_s']:.0f} s.", how)


def start(view: View) -> Mapping[str, Any]:
    """The first unit is chosen."""
    units = SortingFolder(results.folder(view.run.id)).units
    return {UNITS: [int(units["unit_id"].iloc[0])] if len(units) else []}


def units_table(view: View) -> Component:
    """All units with their metrics."""
    units = SortingFolder(results.folder(view.run.id)).units
    if units.empty:
        return html.P("No unit was found. Try a lower detection threshold.", className="empty")
    titles, hints = metrics.titles(), metrics.hints()
    columns = [
        plain(name, "unit", pinned="left", width=64)
        if name == "unit_id"
        else (number if units[name].dtype.kind in "if" else plain)(
            name, titles.get(name, name), hints.get(name, "")
        )
        for name in units.columns
    ]
    rows = units.to_dict("records")
    return table(rows, columns, key=UNITS, field="unit_id", label="Units with their metrics")


def of_unit(draw: Any) -> Any:
    """A panel of the first chosen unit, from a function of the run and the unit."""

    def drawn(view: View) -> Drawn | Component:
        chosen = view.chosen[UNITS]
        if not chosen:
            return NO_UNIT
        found: Drawn | Component | None = draw(view.run, chosen[0])
        return found if found is not None else html.P("This sorting kept none.", className="empty")

    return drawn


TAB = Tab(
    word="units",
    title="Units",
    tasks=("spikes sort",),
    arrange=row(
        column(
            Panel(name="units", title="Units", draw=units_table),
            Panel(
                name="similar",
                title="Like the chosen unit",
                draw=of_unit(unit.alike),
                listens=(UNITS,),
            ),
            sizes=(62, 38),
        ),
        column(
            Slot(
                chart("waveforms", "Waveforms", of_unit(unit.mean), UNITS),
                chart("density", "Single waveforms", of_unit(unit.density), UNITS),
            ),
            chart("in-time", "Amplitude and rate", of_unit(unit.in_time), UNITS),
        ),
        column(
            chart("autocorrelogram", "Autocorrelogram", of_unit(unit.autocorrelogram), UNITS),
            Slot(
                chart("isi", "Intervals", of_unit(unit.intervals), UNITS),
                chart("similarity", "Similarity", sorting.likeness, picks=UNITS),
                chart("raster", "Raster", sorting.firing),
            ),
        ),
        sizes=(30, 40, 30),
    ),
    answer=answer,
    start=start,
    empty="A sorting shows its units here: a table with quality metrics, and for the chosen unit "
    "its waveforms, correlogram, amplitude over time and the signal.",
)
