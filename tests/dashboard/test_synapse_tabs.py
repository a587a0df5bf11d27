"""Every tab of a table's desk, on finished results: what it says, and that all panels draw."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dash import no_update
from dash.exceptions import PreventUpdate
from plotly.io.json import to_json_plotly

from dashboard import create_app
from dashboard.home import models as models_page
from dashboard.jobs.store import JobState
from dashboard.kit import desk, results
from dashboard.kit.bench import Shown
from dashboard.kit.desk import Tab, View
from dashboard.kit.figures import NOISE, Drawn
from dashboard.runs import clusterings
from dashboard.server import people
from dashboard.server.people import Person, Role
from dashboard.server.services import Services, services
from dashboard.server.settings import Settings
from dashboard.synapses import compared, model_figures, new_rows, page, training
from dashboard.synapses import map_figures as maps
from dashboard.synapses.tabs import classifier, predict
from dashboard.synapses.tabs import map as map_tab
from dashboard.synapses.workspace import SUBJECT
from dashboard.workspaces import workspaces
from pipelines.core.errors import InputError
from pipelines.models import registry
from pipelines.synapses.fits.agreement import shared
from pipelines.synapses.fits.folder import read_card
from tests.bench_home import bench_home

NOT_OF_THIS_FIT = {"synapse-chance"}
"""It was made without chance data; `test_synapse_desk.py` draws them."""
SELECTIONS = ("", "cluster:0", "cluster:-1", "cluster:99", "rows:unlike", "rows:unanswered")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bench_home(tmp_path_factory.mktemp("earlier"))


@pytest.fixture
def bench(unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setattr(people, "current", lambda: Person("Ada", Role.OWN))
    app = create_app(Settings(home=shutil.copytree(unpacked, tmp_path / "home")))
    with app.server.app_context():
        yield services()


def view_of(bench: Services, tab: Tab, **chosen: Any) -> View:
    """A tab at its newest run, with what is selected at first, and more."""
    job = next(job for job in bench.store.latest(tab.tasks) if job.state is JobState.DONE)
    space = workspaces.of(job.id)[0]
    empty: dict[str, Any] = {key.name: [] if key.many else None for key in SUBJECT.keys}
    start = tab.start(View(space, tab.word, job))
    return View(space, tab.word, job, {**empty, **start, **chosen})


def shown(view: View) -> Shown:
    return {
        "subject": "synapses",
        "workspace": view.workspace.id,
        "tab": view.tab,
        "run": view.run.id,
    }


@pytest.mark.parametrize("tab", SUBJECT.tabs, ids=lambda tab: tab.word)
def test_every_panel_draws_whatever_is_chosen(bench: Services, tab: Tab) -> None:
    drawn = set()
    for chosen in SELECTIONS:
        view = view_of(bench, tab, chosen=chosen, row=1)
        for one in desk.panels(tab.part(view)):
            try:
                found = one.draw(view)
            except InputError:
                continue  # its sentence stands in the panel
            assert isinstance(found, Drawn) is one.is_figure, one.name
            assert to_json_plotly(found.figure if isinstance(found, Drawn) else found)
            assert one.tools is None or one.tools(view) is not None
            drawn.add(one.name)
    assert {one.name for one in desk.panels(tab.part(view))} - drawn <= NOT_OF_THIS_FIT


@pytest.mark.parametrize("tab", SUBJECT.tabs, ids=lambda tab: tab.word)
def test_every_tab_answers_and_says_what_it_is_for(bench: Services, tab: Tab) -> None:
    assert tab.answer(view_of(bench, tab)).sentence.endswith(".")
    assert len(tab.empty) > 80


def test_a_classifier_is_compared_with_always_telling_the_largest_cluster(bench: Services) -> None:
    view = view_of(bench, classifier.TAB)
    card = read_card(results.folder(view.run.id))
    matrix = np.array(card["confusion_matrix"])
    right, largest = np.trace(matrix) / matrix.sum(), matrix.sum(axis=1).max() / matrix.sum()
    expected = f"Right on {right:.1%} of held-out rows, guessing {largest:.1%}"
    assert classifier.answer(view).sentence.startswith(expected)


def test_a_cell_of_the_confusion_chooses_the_rows_of_its_true_cluster(bench: Services) -> None:
    view = view_of(bench, classifier.TAB)
    cells = np.array(classifier.confusion(view).figure.data[0].customdata)
    assert (cells == cells[:, :1]).all()
    chosen = str(cells[1, 0])
    view = view_of(bench, classifier.TAB, chosen=chosen)
    rows = next(one for one in desk.panels(classifier.TAB.part(view)) if one.name.endswith("rows"))
    grid = str(to_json_plotly(rows.draw(view)))
    assert chosen == "cluster:1"
    assert '"cluster":1' in grid.replace(" ", "")
    assert '"cluster":0' not in grid.replace(" ", "")


def test_shares_of_a_cluster_are_of_its_rows_and_of_those_told_it() -> None:
    matrix = np.array([[6, 2, 0], [1, 9, 2]])
    bars, of_its_rows, of_those_told = model_figures.each_cluster(matrix, ["0", "1"]).data
    assert bars.y == pytest.approx([8 / 20, 12 / 20])
    assert of_its_rows.y == pytest.approx([6 / 8, 9 / 12])
    assert of_those_told.y == pytest.approx([6 / 7, 9 / 11])


def test_numbers_stand_in_the_cells_only_while_they_can_be_read() -> None:
    for count, written in ((3, True), (60, False)):
        matrix = np.eye(count, count + 1, dtype=np.int64)
        figure = model_figures.confusion(matrix, [str(k) for k in range(count)])
        assert bool(figure.data[0].texttemplate) is written


def test_the_shown_fit_is_trained_at_one_press(bench: Services) -> None:
    view = view_of(bench, map_tab.TAB)
    assert "desk-train" in str(to_json_plotly(map_tab.TAB.actions(view)))
    href, wrong = training.train(1, view.run.id, shown(view))
    assert wrong == ""
    assert f"/synapses/{view.workspace.id}?tab=classifier&asked=" in href
    job = bench.store.get(href.rpartition("=")[2])
    assert job is not None
    assert (job.task, job.inputs[0].reference) == ("synapses train", f"job:{view.run.id}")
    with pytest.raises(PreventUpdate):
        training.train(None, view.run.id, shown(view))


def test_new_rows_are_chosen_by_what_they_were_told(bench: Services) -> None:
    view = view_of(bench, predict.TAB)
    rows = predict._rows(view)
    for text, mask in predict._masks(rows).items():
        listed = str(to_json_plotly(predict.listed(view_of(bench, predict.TAB, chosen=text))))
        assert f"{int(mask.sum()):,} of {len(rows):,} rows" in listed
    clusters = [mask for text, mask in predict._masks(rows).items() if text.startswith("cluster:")]
    assert (np.sum(clusters, axis=0) == rows["cluster"].notna()).all()


def test_a_chosen_new_row_is_ringed_on_the_map(bench: Services) -> None:
    rows = predict._rows(view_of(bench, predict.TAB))
    place = int(np.flatnonzero(rows["cluster"].notna())[0])
    ring = predict.on_map(view_of(bench, predict.TAB, row=place)).figure.data[-1]
    assert ring.x[0] == pytest.approx(rows["UMAP_1"].iloc[place])
    for beyond in (-1, len(rows), None):
        assert len(predict.on_map(view_of(bench, predict.TAB, row=beyond)).figure.data[-1].x) == 0


# -- from a sheet and a stored model to predictions


def press(**references: str) -> tuple[Any, Any]:
    """Press the button with a sheet and a model chosen, and nothing else changed."""
    ids = [{"name": name} for name in references]
    return new_rows.predict(1, ids, list(references.values()), [], [])


def test_the_model_of_last_is_chosen_unless_another_is_asked_for(bench: Services) -> None:
    (trained,) = bench.store.latest(("synapses train",))
    assert new_rows.newest_model() == "model:neighbours"  # kept after that was trained
    kept = bench.settings.registry
    registry.retire(kept, "neighbours")
    assert new_rows.newest_model() == f"job:{trained.id}"
    registry.add(results.folder(trained.id), kept, "kept-just-now")
    assert new_rows.newest_model() == "model:kept-just-now"
    registry.restore(kept, "neighbours")
    page = str(to_json_plotly(models_page.layout(use="model:neighbours")))
    assert "Chosen: Model neighbours" in page


def test_new_rows_are_seen_in_a_workspace_of_their_own(bench: Services) -> None:
    before = {one.id for one in workspaces.all()}
    href, wrong = press(table="example:new-synapses", bundle="model:neighbours")
    assert wrong == ""
    (made,) = [one for one in workspaces.all() if one.id not in before]
    run = href.rpartition("=")[2]
    assert href == f"/synapses/{made.id}?tab=predict&asked={run}"
    assert made.root.reference == "example:new-synapses"
    assert [job.id for job in workspaces.jobs(made.id)] == [run]


@pytest.mark.parametrize(
    ("references", "said"),
    [
        ({"table": "", "bundle": "model:neighbours"}, "Choose first: sheet with new rows."),
        ({"table": "example:new-synapses", "bundle": ""}, "Choose first: model."),
        ({"table": "example:new-synapses", "bundle": "model:gone"}, "no model gone"),
        ({"table": "data:../secret.csv", "bundle": "model:neighbours"}, "secret.csv"),
        ({"table": "job:nothing", "bundle": "model:neighbours"}, "othing"),
    ],
)
def test_what_is_missing_is_said_and_leaves_nothing(
    bench: Services, references: dict[str, str], said: str
) -> None:
    before = [one.id for one in workspaces.all()]
    href, wrong = press(**references)
    assert href is no_update
    assert said in wrong
    assert [one.id for one in workspaces.all()] == before


def test_who_may_only_look_predicts_nothing(
    bench: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "current", lambda: Person("Eve", Role.LOOK))
    before = len(bench.store.latest())
    assert press(table="example:new-synapses", bundle="model:neighbours")[0] is no_update
    assert len(bench.store.latest()) == before


def test_without_a_model_it_is_said_how_to_get_one(found: Services) -> None:
    assert new_rows.newest_model() == ""
    assert "train a classifier" in str(to_json_plotly(new_rows.form()))
    assert new_rows.TITLE not in str(to_json_plotly(models_page.layout()))


# -- two fits side by side


def test_a_fit_is_the_same_as_itself(bench: Services) -> None:
    view = view_of(bench, map_tab.TAB)
    rows = map_tab.rows_of(view.run)
    drawn = str(to_json_plotly(compared.compare(view, view)))
    assert f"{len(rows):,} rows are in both fits. ARI 1.00, AMI 1.00" in drawn
    found = shared(rows, rows)
    cells = clusterings.contingency(found, "row", "fit").figure.data[0].text
    assert np.array_equal(np.diag(np.diag(cells)), cells)


def test_the_compared_map_has_the_colours_of_the_shown_one() -> None:
    place = {"UMAP_1": [0.0, 1, 2], "UMAP_2": [0.0, 1, 2], "probability": 1.0}
    key = {"NeuronId": "n", "SynType": "as", "SynId": [1, 2, 3]}
    rows = pd.DataFrame({**place, **key, "cluster": [-1, 0, 1]})
    figure = maps.embedding(rows, colors={0: "#123456"})
    assert [trace.marker.color for trace in figure.data] == [NOISE, "#123456", NOISE]


def test_fits_without_a_common_row_are_not_compared(bench: Services) -> None:
    fits = [job for job in bench.store.latest(("synapses fit",)) if job.state is JobState.DONE]
    of_synapses, of_points = (View(workspaces.of(job.id)[0], "map", job) for job in fits)
    with pytest.raises(InputError, match="no row in common"):
        compared.compare(of_synapses, of_points)


def test_agreement_is_told_with_and_without_noise() -> None:
    ids = {"NeuronId": "n", "SynType": "as", "SynId": range(6)}
    one = pd.DataFrame({**ids, "cluster": [0, 0, 1, 1, -1, 0]})
    two = pd.DataFrame({**ids, "cluster": [4, 4, 5, 5, 4, -1]})
    assert clusterings.in_words(shared(one, two), "row", "fit").endswith(
        "without the 2 that are noise in one of them ARI 1.00, AMI 1.00."
    )


def test_a_key_goes_through_clusters_and_sets_and_begins_again() -> None:
    names = ["cluster:-1", "cluster:0", "set:near"]
    turns = [map_tab._following(names, now) for now in ("", "cluster:-1", "set:near", "cluster:9")]
    assert turns == ["cluster:-1", "cluster:0", "cluster:-1", "cluster:-1"]


def test_the_page_of_tables_predicts_where_there_is_a_model(bench: Services) -> None:
    assert new_rows.TITLE in str(to_json_plotly(page.layout()))
    assert new_rows.TITLE not in str(to_json_plotly(page.layout(step="fit")))
