"""The desk of a recording: its panels are drawn for a probe, labels come by themselves."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from dash import html

from benchmarks.probe_sorting import make_sorting
from dashboard import views
from dashboard.jobs.store import Job, JobInput, JobState
from dashboard.kit import desk
from dashboard.kit.desk import View
from dashboard.kit.figures import PALETTE, Drawn
from dashboard.server import people
from dashboard.server.people import Person, Role
from dashboard.server.services import Services
from dashboard.spikes.labels import of_sorting
from dashboard.spikes.tabs import curate, signal
from dashboard.spikes.tabs import export as export_tab
from dashboard.spikes.tabs import units as units_tab
from dashboard.spikes.units import shape_figures
from dashboard.spikes.units.known import known
from dashboard.workspaces import workspaces
from pipelines.report.withheld import PROPOSALS
from pipelines.spikes.recording.timeline import Timeline

N_UNITS, N_CHANNELS = 50, 32


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sorted") / "sorting"
    make_sorting(folder, N_UNITS, N_CHANNELS, 30)
    return folder


@pytest.fixture
def sorting(found: Services, made: Path) -> Job:
    """A finished sorting of a probe."""
    item = JobInput("recording", "data:data/none.dat", "Tuesday", "/nowhere", "a-key")
    parameters = {"sorter": "tridesclous2", "freq_min": 300.0, "freq_max": 6000.0, "seed": 0}
    job_id = found.store.submit("spikes sort", parameters, [item], version="1")
    shutil.copytree(made, found.settings.jobs / job_id / "result")
    found.store.claim(quick_only=False)
    found.store.finish(job_id, JobState.DONE)
    job = found.store.get(job_id)
    assert job is not None
    return job


def view_of(job: Job, *units: int, **chosen: Any) -> View:
    workspace = workspaces.of(job.id)[0]
    view = View(workspace, "units", job)
    start = dict(units_tab.TAB.start(view))
    return View(workspace, "units", job, {**start, "units": list(units), **chosen})


def components(part: Any) -> Iterator[Any]:
    yield part
    children = getattr(part, "children", None)
    for child in children if isinstance(children, list | tuple) else [children]:
        if child is not None:
            yield from components(child)


@pytest.mark.parametrize("units", [(), (3,), (3, 4), (0, 1, 2, 3, 4, 5), (999,)])
def test_every_panel_is_drawn_for_any_choice_of_units(sorting: Job, units: tuple[int, ...]) -> None:
    view = view_of(sorting, *units)
    for panel in desk.panels(units_tab.TAB.part(view)):
        drawn = views.in_panel(lambda panel=panel: panel.draw(view), sorting.id)
        assert drawn is not None
        assert "cannot be shown" not in str(drawn)
        if isinstance(drawn, Drawn):
            assert panel.is_figure
            assert drawn.caption
            desk.filling(drawn.figure).to_plotly_json()


def test_all_units_are_in_table_raster_matrix_and_map(sorting: Job) -> None:
    view = view_of(sorting, 0)
    panels = {panel.name: panel.draw(view) for panel in desk.panels(units_tab.TAB.part(view))
              if panel.name in ("units", "raster", "similarity", "probe")}  # fmt: skip
    grid = next(one for one in components(panels["units"]) if hasattr(one, "rowData"))
    names = {str(row["unit_id"]) for row in grid.rowData}
    assert len(names) == N_UNITS
    assert set(panels["raster"].figure.data[0].y) == names
    assert set(panels["similarity"].figure.data[0].x) == names
    assert set(map(str, panels["probe"].figure.data[1].customdata)) == names


def test_units_of_the_raster_go_down_the_probe(sorting: Job) -> None:
    found = known(sorting)
    depth = found.homes_um[found.by_depth, 1]
    assert (np.diff(depth) <= 0).all()


def test_the_first_chosen_unit_has_the_accent_and_four_are_compared(sorting: Job) -> None:
    found = known(sorting)
    assert found.chosen([7, 3]) == {7: PALETTE[0], 3: PALETTE[1]}
    assert list(found.chosen([7, 7, 999, 1, 2, 3, 4])) == [7, 1, 2, 3]


def test_pairs_of_chance_are_those_of_two_poisson_trains(sorting: Job) -> None:
    found = known(sorting)
    there, chance = found.close_pairs(0, 1)
    brute = np.abs(found.train(0)[:, None] - found.train(1)[None, :]) <= 45
    assert there == brute.sum()
    n, m = len(found.train(0)), len(found.train(1))
    assert chance == pytest.approx(n * m * 0.003 / 30)


def test_channels_in_one_place_are_drawn_side_by_side() -> None:
    drawn, (wide, high) = shape_figures._cells(np.zeros((4, 2)))
    assert len(np.unique(drawn, axis=0)) == 4
    assert (wide, high) == (1.0, 1.0)


def test_what_is_empty_between_units_is_cut_short() -> None:
    places = np.array([[0.0, 0.0], [0.0, 20.0], [0.0, 3000.0], [0.0, 3020.0]])
    drawn, (_, high) = shape_figures._cells(places)
    assert high == 20
    assert np.diff(drawn[:, 1]).tolist() == [20.0, 44.0, 20.0]


def test_another_spike_of_the_unit_is_asked_for(
    sorting: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def stretch(_folder: Path, unit: int, start_s: float, length_s: float) -> Any:
        asked.append((unit, start_s, length_s))
        raise LookupError

    monkeypatch.setattr(units_tab.signal_reader, "stretch", stretch)
    train = known(sorting).train(5)
    for spike in (0, 1, len(train)):
        with pytest.raises(LookupError):
            units_tab.signal(view_of(sorting, 5, spike=spike, window="0.2"))
    starts = [start for _, start, _ in asked]
    assert starts[:2] == pytest.approx([train[0] / 30_000 - 0.1, train[1] / 30_000 - 0.1])
    assert starts[2] == starts[0]
    assert {length for *_, length in asked} == {0.2}


def test_a_sorting_is_labelled_by_itself_and_once(found: Services, sorting: Job) -> None:
    first = of_sorting.start(sorting, workspaces.of(sorting.id)[0].id)
    assert first is not None
    assert (first.task, first.state) == ("spikes label", JobState.QUEUED)
    assert [item.reference for item in first.inputs] == [f"job:{sorting.id}"]
    found.store.cancel(first.id)
    again = of_sorting.start(sorting, workspaces.of(sorting.id)[0].id)
    assert again is not None
    assert (again.id, again.state) == (first.id, JobState.CANCELLED)


def test_who_may_only_look_labels_nothing(sorting: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "current", lambda: Person("eve", Role.LOOK))
    assert of_sorting.start(sorting, workspaces.of(sorting.id)[0].id) is None


def test_the_answer_says_how_many_units(sorting: Job) -> None:
    assert units_tab.answer(view_of(sorting)).sentence.startswith(f"{N_UNITS} units, ")
    assert "tridesclous2 sorter, band-pass 300 to 6000 Hz, seed 0" in (
        units_tab.answer(view_of(sorting)).how
    )


def test_similar_units_are_chosen_beside_the_first(sorting: Job) -> None:
    drawn = units_tab.alike(view_of(sorting, 3))
    values = [
        one.to_plotly_json()["props"].get("data-value")
        for one in components(drawn)
        if isinstance(one, html.Button)
    ]
    assert values[0] == values[1]
    assert all(value.startswith("[3, ") for value in values)


def test_an_export_is_offered_of_what_was_sorted(sorting: Job) -> None:
    workspace = workspaces.of(sorting.id)[0]
    assert list(export_tab._choices(workspace.id)) == [f"job:{sorting.id}"]
    page = str(export_tab.formats(View(workspace, "export", None)))
    assert "phy" in page
    assert "Nothing was exported yet" in str(export_tab.listed(workspace.id))


def test_the_sorting_of_a_workspace_fills_the_form_of_its_review(sorting: Job) -> None:
    workspace = workspaces.of(sorting.id)[0]
    assert curate.fill(View(workspace, "curate", None)) == {"sorting": f"job:{sorting.id}"}


def test_proposals_say_that_they_are_being_mended() -> None:
    assert "made the units worse" in PROPOSALS


def look_of(chosen: list[str], page: int = 0, span: str = "") -> View:
    given = {"channels": chosen, "page": page, "span": span}
    return View(cast(Any, None), "signal", cast(Any, None), given)


def test_channels_are_shown_by_depth_and_the_chosen_ones_among_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = pd.DataFrame({"channel": [f"{n}" for n in range(40)], "y_um": np.arange(40.0)})
    monkeypatch.setattr(signal, "_channels", lambda _view: table.assign(x_um=0.0))
    assert signal._shown(look_of([]))[:2] == ["39", "38"]
    assert signal._shown(look_of([], page=1))[0] == "23"
    assert signal._shown(look_of([], page=3)) == signal._shown(look_of([]))
    assert "5" in signal._shown(look_of(["5"]))
    assert signal._shown(look_of(["2", "30", "gone"])) == ["30", "2"]


@pytest.mark.parametrize(
    ("span", "expected"),
    [("", (0.0, 1.0)), ("whole", (0.0, 60.0)), ("2.5,3", (2.5, 3.0)), ("x", (0.0, 1.0))],
)
def test_a_stretch_comes_from_the_address(
    monkeypatch: pytest.MonkeyPatch, span: str, expected: tuple[float, float]
) -> None:
    monkeypatch.setattr(signal.results, "headline", lambda _job: {})
    timeline = Timeline.one(60 * 30_000, 30_000.0)
    monkeypatch.setattr(signal.results, "timeline", lambda _found: timeline)
    view = look_of([], span=span)
    assert signal._span(View(view.workspace, "signal", cast(Any, "job"), view.chosen)) == expected
