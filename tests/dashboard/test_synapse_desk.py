"""The desk of a table of synapses: what is chosen on it, and that every panel draws."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dash import html
from hypothesis import given
from hypothesis import strategies as st

from dashboard.jobs.store import Job, JobInput, JobState
from dashboard.kit import desk
from dashboard.kit.desk import View
from dashboard.kit.figures import Drawn
from dashboard.server import people
from dashboard.server.people import Person, Role
from dashboard.server.services import Services
from dashboard.synapses import map_figures, sets
from dashboard.synapses.selection import called, selected
from dashboard.synapses.tabs import evidence as evidence_tab
from dashboard.synapses.tabs import map as map_tab
from dashboard.synapses.tabs import table as table_tab
from dashboard.synapses.workspace import SUBJECT
from dashboard.workspaces import workspaces

FIT = {"labels": "hdbscan", "seed": 0, "group": "all"}
COUNTS = {
    "n_accepted": 60,
    "n_rows": 62,
    "n_rejected": 2,
    "n_repaired": 0,
    "n_noise": 20,
    "n_clusters": 2,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fit of 60 synapses: noise, and two clusters 10 apart on the map."""
    folder = tmp_path_factory.mktemp("fit") / "result"
    folder.mkdir()
    random = np.random.default_rng(0)
    names = ["UMAP_1", "UMAP_2", "SynArea", "BoutonArea", "pca_1", "pca_2", "pca_3"]
    rows = pd.DataFrame(random.normal(size=(60, len(names))), columns=names)
    cluster = np.repeat([-1, 0, 1], 20)
    rows["UMAP_1"] += 10 * cluster
    rows["SynArea"] += 10 * (cluster == 1)
    keys = {"NeuronId": np.tile(["cb1", "cr1"], 30), "SynType": "as", "SynId": range(60)}
    rows = pd.DataFrame(keys).join(rows.assign(cluster=cluster, probability=1.0))
    rows.to_csv(folder / "clusters.csv", index=False)
    line = {"measure": "SynArea", "delta": 1.0, "delta_low": 0.9, "delta_high": 1.0, "median": 1.0}
    pd.DataFrame([{"cluster": 1, **line}]).to_csv(folder / "summary.csv", index=False)
    evidence = {
        "dbcv": 0.5, "seed_ari": 1.0, "subsample_ari": None, "null_p": 0.5, "gap": 1.0,
        "null_gaps": [0.5, 1.5], "n_rows": 60, "n_rows_of_fit": 60, "n_seeds": 3,
        "n_subsamples": 3, "n_surrogates": 2, "sentence": "More than chance.", "found": True,
    }  # fmt: skip
    (folder / "evidence.json").write_text(json.dumps(evidence), encoding="utf-8")
    lines = {"min_samples": [5, 9], "n_clusters": [2, 2], "noise_share": 0.3}
    pd.DataFrame(lines).assign(mean_probability=1.0).to_csv(folder / "sweep.csv", index=False)
    report = {"row": range(2, 62), "column": "", "value": "", "outcome": "accepted", "message": ""}
    pd.DataFrame(report).to_csv(folder / "report.csv", index=False)
    key = rows[["NeuronId", "SynType", "SynId"]].astype(str).to_numpy(str)
    np.savez(
        folder / "model.npz",
        key=key,
        selected=np.ones(60, bool),
        features=random.normal(size=(60, 5)),
    )
    record = {"results": {**COUNTS, "notes": []}}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


@pytest.fixture
def fit(found: Services, made: Path) -> Job:
    item = JobInput("table", "example:synapses", "Sheet", "/nowhere", "a-key")
    job_id = found.store.submit("synapses fit", FIT, [item], version="1")
    shutil.copytree(made, found.settings.jobs / job_id / "result")
    found.store.claim(quick_only=False)
    found.store.finish(job_id, JobState.DONE)
    job = found.store.get(job_id)
    assert job is not None
    return job


def view_of(job: Job, **chosen: Any) -> View:
    workspace = workspaces.of(job.id)[0]
    start = dict(map_tab.TAB.start(View(workspace, "map", job)))
    return View(workspace, "map", job, {map_tab.ROW: None, map_tab.WINDOW: "", **start, **chosen})


def components(part: Any) -> Iterator[Any]:
    yield part
    children = getattr(part, "children", None)
    for child in children if isinstance(children, list | tuple) else [children]:
        if child is not None:
            yield from components(child)


def drawn(text: dict[str, Any]) -> str:
    return json.dumps(text)


AROUND_1 = {"x": "UMAP_1", "y": "UMAP_2", "lasso": [[6, 14, 14, 6], [-9, -9, 9, 9]]}


def test_a_lasso_travels_as_its_corners(fit: Job) -> None:
    rows = selected(fit.id, drawn(AROUND_1))
    assert rows is not None
    assert rows.tolist() == list(range(40, 60))


def test_a_box_and_a_span_choose_what_is_in_them(fit: Job) -> None:
    box = selected(fit.id, drawn({"x": "UMAP_1", "y": "UMAP_2", "box": [[14, 6], [-9, 9]]}))
    span = selected(fit.id, drawn({"x": "SynArea", "span": [5, 20]}))
    assert box is not None
    assert span is not None
    assert box.tolist() == span.tolist() == list(range(40, 60))


NOTHING_SAID = (
    "", "{", "cluster:", "set:none", '{"x": "NeuronId", "span": [0, 1]}', '{"x": "SynArea"}',
    '{"x": "UMAP_1", "y": "UMAP_2", "lasso": [[0, 1], [0]]}',
    '{"x": "UMAP_1", "y": "UMAP_2", "lasso": [[1e999, 0, 1], [0, 1, 2]]}',
)  # fmt: skip


def test_what_says_nothing_chooses_all(fit: Job) -> None:
    assert [selected(fit.id, text) for text in NOTHING_SAID] == [None] * len(NOTHING_SAID)


@given(st.text())
def test_any_selection_has_a_name(text: str) -> None:
    assert called(text)


def test_noise_can_be_chosen(fit: Job) -> None:
    rows = selected(fit.id, "cluster:-1")
    assert rows is not None
    assert rows.tolist() == list(range(20))
    assert called("cluster:-1") == "noise"


def test_the_answer_says_how_many_of_what(fit: Job) -> None:
    answer = map_tab.answer(view_of(fit))
    assert answer.sentence == (
        "2 clusters of 60 synapses of 2 neurons; 2 left out, 20 in no cluster."
    )
    assert answer.how == "hdbscan, seed 0"


def test_the_form_begins_with_the_workspaces_table(fit: Job) -> None:
    workspace = workspaces.of(fit.id)[0]
    assert map_tab.TAB.fill(View(workspace, "map", None)) == {"table": "example:synapses"}


def test_a_chosen_cluster_is_set_apart_from_the_others(fit: Job) -> None:
    found = map_tab.effects(view_of(fit, chosen="cluster:1"))
    (trace,) = found.figure.data
    by_measure = dict(zip(trace.text, trace.x, strict=True))
    assert by_measure["SynArea"] == 1
    assert abs(by_measure["BoutonArea"]) < 0.5
    assert found.caption.startswith("cluster 1 (20 rows) against all others")


def test_a_set_is_kept_chosen_and_removed(fit: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "current", lambda: Person("Ada", Role.WORK))
    shown: Any = {
        "subject": "synapses", "workspace": workspaces.of(fit.id)[0].id, "tab": "map",
        "run": fit.id,
    }  # fmt: skip
    said = str(map_tab.keep(1, " right  one ", drawn(AROUND_1), shown))
    assert "20 rows kept as right one." in said
    assert sets.load(fit.id) == {"right one": list(range(40, 60))}
    assert "Give the set a name" in str(map_tab.keep(1, "", drawn(AROUND_1), shown))
    rows = selected(fit.id, "set:right one")
    assert rows is not None
    assert len(rows) == 20
    map_tab.drop(1, "set:right one", shown)
    assert sets.load(fit.id) == {}


def test_the_chosen_cluster_can_be_given_up_again(fit: Job) -> None:
    found = map_tab.clusters_and_sets(view_of(fit, chosen="cluster:1"))
    buttons = [one for one in components(found) if isinstance(one, html.Button)]
    values = [getattr(one, "data-value", None) for one in buttons]
    assert values[:3] == ['"cluster:-1"', '"cluster:0"', '""']


def test_more_rows_than_a_browser_draws_are_an_image(
    fit: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_figures, "MOST_POINTS", 30)
    found = map_tab.embedding(view_of(fit))
    assert found.figure.data[0].type == "heatmap"
    assert found.figure.layout.meta["raster"]
    closer = map_tab.embedding(view_of(fit, window="9.5 10.5 -9 9"))
    assert closer.figure.data[0].type == "scattergl"
    for broken in ("nan 1 2 3", "1 2", "a b c d"):
        assert map_tab.embedding(view_of(fit, window=broken)).figure.data[0].type == "heatmap"


def test_every_panel_of_the_map_draws(fit: Job) -> None:
    part = map_tab.TAB.part(view_of(fit))
    for chosen in ("", "cluster:1", "cluster:-1", drawn(AROUND_1)):
        view = view_of(fit, chosen=chosen, row=3)
        for one in desk.panels(part):
            assert isinstance(one.draw(view), Drawn) is one.is_figure, one.name
            assert one.tools is None or one.tools(view) is not None


def test_the_map_is_seen_in_space_in_any_colour(fit: Job) -> None:
    view = view_of(fit, look="frame", color="SynArea", chosen="cluster:1")
    found = map_tab.embedding(view)
    (trace,) = found.figure.data
    assert trace.type == "scatter3d"
    assert len(trace.marker.color) == 20
    assert found.caption.startswith("Only the 20 chosen of 60 rows.")


def test_the_evidence_is_figures_and_numbers_without_a_verdict(fit: Job) -> None:
    view = view_of(fit)
    said = evidence_tab.answer(view)
    assert said.sentence == "ARI 1 over seeds, – over parts of the data."
    assert "comes back" in said.how
    drawn_ = [one.draw(view) for one in desk.panels(evidence_tab.TAB.part(view))]
    assert "More than chance" not in str([*drawn_, said])
    assert [isinstance(one, Drawn) for one in drawn_] == [True, True, False]


def test_the_table_says_what_became_of_each_row(fit: Job) -> None:
    view = view_of(fit)
    assert table_tab.answer(view).sentence == "60 of 62 rows can be used."
    for one in desk.panels(table_tab.TAB.part(view)):
        assert one.draw(view) is not None


def test_each_form_begins_with_what_was_made_before(fit: Job) -> None:
    view = View(workspaces.of(fit.id)[0], "table", None)
    filled = {one.word: dict(one.fill(view)) for one in SUBJECT.tabs}
    assert filled["table"] == filled["evidence"] == {"table": "example:synapses"}
    assert all(one.empty for one in SUBJECT.tabs)
