"""A step is declared in its row and in the row of its page; all else finds it there."""

import json
from pathlib import Path

import pytest
from dash import html
from plotly.io.json import to_json_plotly

from dashboard import create_app, views
from dashboard.brainmap import page as brainmap
from dashboard.home import job, jobs
from dashboard.jobs import record
from dashboard.jobs.store import Job
from dashboard.kit import panel, results
from dashboard.kit.bench import Source, StepPage
from dashboard.pages import step_pages
from dashboard.server import services
from dashboard.server.services import edit_link
from dashboard.server.settings import Settings
from dashboard.server.submission import submit
from docs import steps as steps_in_docs
from pipelines import tasks
from pipelines.__main__ import main
from pipelines.core.outputs import RECORD
from pipelines.core.parameters import Parameters, parameter
from pipelines.core.progress import Report
from pipelines.step import Command, ExtraFile, Input, Inputs, Option, Out, Results, Step
from pipelines.steps import STEPS
from tests.pipelines.test_terminal import places

NAME = "brainmap count"


class Count(Parameters):
    least: int = parameter(2, label="Least value", help="Smaller numbers are not counted.")


def count(inputs: Inputs, parameters: Count, folder: Path, report: Report) -> Results:
    numbers = [int(word) for word in inputs["signal"].read_text(encoding="utf-8").split()]
    kept = [number for number in numbers if number >= parameters.least]
    (folder / "kept.csv").write_text("value\n" + "".join(f"{one}\n" for one in kept))
    return {"n_kept": len(kept), "notes": ["Counted."]}


STEP = Step(
    NAME,
    "Count numbers",
    (Input("signal", ("signal",)),),
    Count,
    f"{__name__}:count",
    leaves="count",
    quick=True,
    command=Command(
        "count the numbers of a file",
        (Option("--least", "least", "smallest number that counts"),),
        out=Out("kept.csv"),
        extra=(ExtraFile("--kept-too", "kept.csv", "the same once more"),),
    ),
)


def view(job: Job) -> html.P:
    return html.P(f"{results.headline(job)['n_kept']} numbers were counted")


PAGE = StepPage(
    slug="brainmap-count",
    task=NAME,
    path=brainmap.PATH,
    word="count",
    tab="Count",
    view=view,
    run_label="Count them",
    sources=(Source("signal", "Numbers", "A file of numbers.", root="signal", upload="signal"),),
    empty="Choose numbers on the left.",
)


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step in its two rows, and nowhere else."""
    monkeypatch.setitem(STEPS, NAME, STEP)
    monkeypatch.setitem(brainmap.BENCHES, PAGE.word, PAGE)


@pytest.mark.usefixtures("added")
def test_a_new_step_is_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = " ".join(dict(places())[NAME].format_help().split())
    assert "--least LEAST smallest number that counts" in words
    assert "--out FILE.csv" in words
    numbers, out = tmp_path / "numbers.csv", tmp_path / "kept.csv"
    numbers.write_text("1\n2\n3\n5\n")
    arguments = ["brainmap", "count", str(numbers), "--out", str(out), "--least", "3"]
    assert main([*arguments, "--quiet"]) == 0
    assert out.read_text() == "value\n3\n5\n"
    assert capsys.readouterr().out == "Note: Counted.\nn_kept: 2\n"


@pytest.mark.usefixtures("added")
def test_a_new_step_has_a_form_a_job_and_a_view_of_its_result(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "numbers.csv").write_text("1\n2\n3\n5\n")
    settings = Settings(home=tmp_path / "home", data=(tmp_path / "data",))
    app = create_app(settings)
    with app.server.app_context():
        form = to_json_plotly(brainmap.layout(step="count"))
        assert '"Least value"' in form
        assert "brainmap?step=count" in form
        assert "brainmap-count-run" in form
        job_id = submit(NAME, {"signal": "data:data/numbers.csv"}, {"least": 3})
        queued = services.services().store.get(job_id)
        assert queued is not None
        assert queued.quick
        assert f"Count numbers {job_id}" in to_json_plotly(jobs.job_table([queued]))
        assert edit_link(NAME, job_id) == f"/brainmap?step=count&job={job_id}"
        folder = settings.jobs / job_id
        record.write(queued, folder, settings.home)
        file = Path(queued.inputs[0].path)
        tasks.run(NAME, {"signal": file}, queued.parameters, folder / "result")
        assert next(record.find(settings.jobs, settings.home)).task == NAME
        drawn = to_json_plotly(views.view(queued))
        assert "2 numbers were counted" in drawn
        assert "Counted." in drawn
        assert "Count numbers" in to_json_plotly(panel.view(queued))
        assert "Least value (least)" in to_json_plotly(job.layout(job_id))


def test_every_step_has_one_page() -> None:
    pages = step_pages()
    assert set(pages) == set(STEPS)
    assert len({page.address for page in pages.values()}) == len(STEPS)
    for page in pages.values():
        assert {source.name for source in page.sources} <= {one.name for one in page.step.inputs}
        assert set(page.step.needed) <= {source.name for source in page.sources}


def test_forms_offer_the_results_that_a_step_takes() -> None:
    for page in step_pages().values():
        for source in page.sources:
            wanted = page.step.input(source.name)
            assert wanted is not None
            for maker in filter(None, (source.from_task, *source.also_from)):
                assert STEPS[maker].leaves in wanted.kinds, (page.task, source.name, maker)


def test_every_step_is_documented() -> None:
    written = steps_in_docs.FILE.read_text(encoding="utf-8")
    assert written == steps_in_docs.text(), "run make steps"
    assert [name for name in STEPS if f"`{name} " not in written] == []


def test_every_step_is_whole() -> None:
    for name, step in STEPS.items():
        assert step.name == name
        assert callable(step.function)
        assert step.title
        assert step.needed
        order = [one.is_optional for one in step.inputs]
        assert order == sorted(order)
        flags = [flag for one in step.inputs if one.is_optional for flag in one.flags]
        flags += [option.flag for option in step.command.options]
        assert len(flags) == len(set(flags))
        fields = step.parameters.model_fields
        for option in (*step.command.options, *step.command.positional):
            assert option.parameter in fields
        assert all(one.help for one in step.inputs if one.is_optional)
        assert step.command.out.needed or step.command.out.file


def test_a_plain_result_shows_its_figures_and_tables(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", data=(tmp_path,))
    app = create_app(settings)
    with app.server.app_context():
        job_id = services.services().store.submit("brainmap statistics", {}, [], version="1")
        folder = settings.jobs / job_id / "result"
        folder.mkdir(parents=True)
        named = {"n_kept": 12, "labels": {"good": 3}, "shape": [1, 2], "notes": ["Read so."]}
        (folder / RECORD).write_text(json.dumps({"results": named}))
        (folder / "sample.csv").write_text("plane,name,std\n0,01,0.123456789\n1,'=A1,2e-07\n")
        found = services.services().store.get(job_id)
        assert found is not None
        drawn = to_json_plotly(views.view(found))
        for words in ('"kept"', '"12"', '"labels: good"', '"Read so."', '"01"', '"=A1"'):
            assert words in drawn
        assert '"std":0.123457' in drawn.replace(" ", "")
