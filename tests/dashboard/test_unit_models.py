"""Training on curated units, and labelling with what was trained, as the page does it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from plotly.io.json import to_json_plotly

from dashboard.jobs.store import JobState
from dashboard.kit import workbench
from dashboard.kit.workbench import pick
from dashboard.server import submission
from dashboard.server.services import Services
from dashboard.server.settings import Settings
from dashboard.spikes import page
from dashboard.spikes.benches import REVIEW, TRAIN
from dashboard.spikes.labels import drag, train
from pipelines.core.errors import InputError
from pipelines.models import registry
from pipelines.spikes.classifier.unit_classifier import SHIPPED


def finished(found: Services, settings: Settings, task: str, seed: int = 0) -> str:
    """A job that is done, with nothing in its result."""
    job_id = found.store.submit(task, {"seed": seed}, [], version="0")
    found.store.claim(quick_only=False)
    found.store.finish(job_id, JobState.DONE)
    (settings.jobs / job_id / "result").mkdir(parents=True)
    return job_id


@pytest.fixture
def jobs(found: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two recordings as curated."""
    monkeypatch.setattr("dashboard.server.inputs._from_job", _named)
    return [f"job:{finished(found, settings, 'spikes curate', seed)}" for seed in (1, 2)]


def _named(name: str, job_id: str, settings: Settings, _store: Any) -> Any:
    from dashboard.jobs.store import JobInput

    path = settings.jobs / job_id / "result"
    return JobInput(name, f"job:{job_id}", job_id, str(path), f"job:{job_id}")


def test_several_curated_recordings_are_one_training(found: Services, jobs: list[str]) -> None:
    (source,) = TRAIN.sources
    reference, _, style = pick(source, "root", jobs)
    assert (reference, style) == (" ".join(jobs), "chosen")
    job = found.store.get(submission.submit("spikes train-labels", {"table": reference}, {}))
    assert job is not None
    assert {item.name: item.reference for item in job.inputs} == {
        "table": jobs[0],
        "table 2": jobs[1],
    }


def test_running_a_training_again_starts_with_all_its_recordings(
    found: Services, jobs: list[str]
) -> None:
    job_id = submission.submit("spikes train-labels", {"table": " ".join(jobs)}, {})
    shown = str(to_json_plotly(workbench.layout(TRAIN, job_id, {})))
    form = shown.partition('"bench-result"')[0]
    assert f'"data":"{" ".join(jobs)}"' in form.replace('": "', '":"')


def test_several_sortings_are_labelled_in_a_job_each(found: Services, jobs: list[str]) -> None:
    ids = [{"name": "units"}]
    href, error = workbench.run(page.LABEL, 1, ids, [" ".join(jobs)], [], [])
    assert (href, error) == ("/jobs", "")
    made = found.store.latest(("spikes label",))
    assert {job.inputs[0].reference for job in made} == set(jobs)


def test_a_training_without_a_table_is_refused_in_a_sentence(found: Services) -> None:
    with pytest.raises(InputError, match="Choose the table first"):
        submission.submit("spikes train-labels", {"table": ""}, {})


def test_the_card_of_a_classifier_is_shown(found: Services, settings: Settings) -> None:
    job = found.store.get(finished(found, settings, "spikes train-labels"))
    assert job is not None
    shutil.copyfile(SHIPPED / "card.json", settings.jobs / job.id / "result" / "card.json")
    shown = str(train.view(job))
    card = json.loads((SHIPPED / "card.json").read_text())
    assert f"{card['held_out']['macro_f1']:.3f}" in shown
    assert "Group by group, each held out" in shown
    assert "Keep in registry" in shown


def test_only_models_of_units_are_offered_to_label_units(
    found: Services, settings: Settings
) -> None:
    registry.add(SHIPPED, settings.registry, "lab-units")
    source = REVIEW.sources[1]
    assert "lab-units" in str(workbench.picker(REVIEW, source, ""))
    assert workbench.kept_models("synapses train") == []


def test_a_line_of_the_histogram_moves_its_limit() -> None:
    figure = {"layout": {"shapes": [{"name": "thresholds|least"}, {"name": "mua|most"}]}}
    moved = {"shapes[1].x0": 4.56789, "shapes[1].x1": 4.56789}
    ids = [
        {"section": section, "metric": "snr", "side": side}
        for section in ("thresholds", "mua")
        for side in ("least", "most")
    ]
    assert drag.dragged_line({"xaxis.range[0]": 1}, figure) is None
    values = drag.move_limit(moved, figure, "snr", ids)
    assert values[3] == 4.568
    assert [isinstance(value, float) for value in values] == [False, False, False, True]


def test_tables_in_a_folder_are_taken_one_by_one(tmp_path: Path) -> None:
    from pipelines.spikes.classifier.curated_tables import _tables_in

    for name in ("b.csv", "a.tsv", "notes.txt"):
        (tmp_path / name).write_text("x")
    assert [file.name for file in _tables_in(tmp_path)] == ["a.tsv", "b.csv"]
