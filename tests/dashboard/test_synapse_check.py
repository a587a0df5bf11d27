"""Checking a table on the page: what is offered, and columns of any other table."""

from pathlib import Path

import pandas as pd
import pytest
from flask.testing import FlaskClient

from dashboard import views
from dashboard.jobs.store import Job, JobState
from dashboard.kit import results
from dashboard.server import inputs
from dashboard.server.services import Services
from dashboard.synapses import check
from dashboard.synapses.page import BENCHES
from dashboard.synapses.rows import clusters, nearest
from dashboard.synapses.table_choices import (
    assignments,
    choices,
    compare_all,
    offered,
    said_of_points,
)
from pipelines import steps, tasks
from pipelines.synapses.formats.reading import Outline
from pipelines.synapses.simulate import simulate
from pipelines.synapses.table.columns import REQUIRED
from pipelines.synapses.table.faults import FAULTS, write_faults
from tests.pipelines.synapses.test_synapse_points import CHOSEN, points


def finished(found: Services, task: str, file: Path, **parameters: object) -> Job:
    """A job of a file below the data root, run here."""
    reference = f"data:{file.parent.name}/{file.name}"
    item = inputs.resolve("table", reference, found.settings, found.store)
    values = steps.STEPS[task].parameters.parse(parameters).model_dump(mode="json")
    job_id = found.store.submit(task, values, [item], version="test", quick=True)
    tasks.run(task, {"table": file}, values, found.settings.jobs / job_id / "result")
    found.store.finish(job_id, JobState.DONE)
    job = found.store.get(job_id)
    assert job is not None
    return job


@pytest.fixture
def faulty(found: Services) -> Path:
    """A table in nanometres below the data root."""
    folder = found.settings.data[0]
    write_faults(simulate(2, 0, 1).table.head(40), ["nanometres"], folder)
    return folder / "fault-nanometres.csv"


def test_a_repair_is_offered_and_runs_the_check_again(found: Services, faulty: Path) -> None:
    job = finished(found, "synapses check", faulty)
    assert "Repair this (nm-to-um)" in str(check.view(job))
    again = found.store.get(check.again(job.id, FAULTS["nanometres"].repair))
    assert again is not None
    assert again.parameters["repair"] == ["nm-to-um"]
    assert again.inputs == job.inputs


def test_a_repaired_table_can_be_taken_away_and_clustered(found: Services, faulty: Path) -> None:
    job = finished(found, "synapses check", faulty, repair="nm-to-um")
    shown = str(check.view(job))
    assert "repaired.csv" in shown
    assert "step=fit&table=data" in shown
    assert "repair=nm-to-um" in shown
    assert "What can be repaired" not in shown


def test_sheets_and_columns_are_offered_once_a_table_is_chosen(found: Services) -> None:
    file = found.settings.data[0] / "book.xlsx"
    with pd.ExcelWriter(file, engine="openpyxl") as book:
        points(5).to_excel(book, sheet_name="first", index=False)
        pd.DataFrame({"a": [1], "b": [2]}).to_excel(book, sheet_name="second", index=False)
    offers = offered(BENCHES["fit"])
    found_choices = dict(zip(offers, choices(offers, "data:data/book.xlsx", ""), strict=True))
    assert found_choices["sheet"] == ["first", "second"]
    assert found_choices["feature_columns"] == list(points(5).columns)
    of_second = dict(zip(offers, choices(offers, "data:data/book.xlsx", "second"), strict=True))
    assert of_second["group_column"] == ["a", "b"]
    assert list(offered(BENCHES["predict"])) == ["sheet"]


def test_columns_that_lack_can_be_assigned() -> None:
    named = [*REQUIRED[:9], "size (nm²)", "BoutonArea (um²)"]
    asked = assignments("b", Outline({"": named}), "", {"SynArea": "size (nm²)"})
    assert [one.id["name"] for one in asked[2:]] == ["SynArea"]
    assert asked[2].value == "size (nm²)"
    assert assignments("b", Outline({"": list(REQUIRED)}), "", {}) == []
    assert assignments("b", None, "", {}) == []
    # The model of another table has other columns; which, the result says.
    assert assignments("synapses-predict", Outline({"": ["cell", "width"]}), "", {}) == []


def test_a_table_of_anything_is_compared_by_its_numbers_with_one_press(
    found: Services, client: FlaskClient
) -> None:
    file = found.settings.data[0] / "points.csv"
    points(30).to_csv(file, index=False)
    asked = assignments("b", Outline({"": list(points(5).columns)}), "", {})
    ids = [one.id for one in asked[2]._traverse() if getattr(one, "id", None)]
    assert ids == [{"type": "any-table", "bench": "b"}]
    with client.application.test_request_context():
        columns, said = compare_all(1, "data:data/points.csv", "", 0)
    assert (columns, said) == (["width", "height", "skew", "rate", "planted"], "")
    assert "width, height" in str(said_of_points(columns))
    job = finished(found, "synapses check", file, feature_columns=columns)
    assert results.headline(job)["n_accepted"] == 30
    (found.settings.data[0] / "words.csv").write_text("species,island\nAdelie,Torgersen\n")
    with client.application.test_request_context():
        assert "there is none" in compare_all(1, "data:data/words.csv", "", 0)[1]


def test_a_fit_offers_the_repairs_of_a_check(found: Services, tmp_path: Path) -> None:
    table = simulate(2, 0, 1).table
    rows = table["NeuronId"] == table["NeuronId"].iloc[0]
    table.loc[rows, "corr_soma_x_micron"] = table.loc[rows, "corr_z_micron"]
    file = found.settings.data[0] / "soma.csv"
    table.to_csv(file, index=False)
    job = finished(found, "synapses fit", file, evidence="none")
    shown = str(views.view(job))
    assert "Repair this (soma-from-raw)" in shown
    assert f"{rows.sum()} of {len(rows)} rows" in shown
    assert f"all of neuron {table['NeuronId'].iloc[0]}" in shown


def test_a_fit_of_any_table_is_shown_and_searched(found: Services) -> None:
    file = found.settings.data[0] / "points.csv"
    points(60).to_csv(file, index=False)
    job = finished(found, "synapses fit", file, **CHOSEN, evidence="none")
    folder = found.settings.jobs / job.id / "result"
    assert clusters(folder)["SynId"].tolist() == points(60)["cell"].tolist()
    assert len(nearest(folder, 0)) == 5
