"""Where a labeller of units is found that stands in one place only."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dash import html
from dash.development.base_component import Component
from plotly.io.json import to_json_plotly
from pynwb import NWBHDF5IO

from dashboard import create_app, views
from dashboard.jobs.store import Job, JobInput, JobState
from dashboard.kit import forms
from dashboard.server.services import services
from dashboard.server.settings import Settings
from dashboard.spikes import page as spikes
from dashboard.spikes.labels import drag, labels
from docs import labellers
from pipelines.__main__ import main
from pipelines.spikes.labels.parameters import LabelParameters
from pipelines.spikes.measure.report import write_report
from pipelines.spikes.recording.timeline import Timeline
from pipelines.tasks import run
from tests.earlier import unpack
from tests.throwaway.labeller import LEAST_UV, ROW

CITED = f"their loudness (Nobody 1999): amplitude_median from {LEAST_UV:g} to any"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sorting of four units, its labels beside it and kept with it."""
    folder = tmp_path_factory.mktemp("labelled")
    there = unpack(folder, "lab", "spikes")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(there)
        sorting = folder / "spikes" / "units"
        run("spikes label", {"units": sorting}, {}, folder / "labels")
        run("spikes review", {"sorting": sorting}, {"splitter": "bgmm"}, folder / "review")
        assert main(["spikes", "label", str(sorting), "--quiet"]) == 0
    return folder


@pytest.fixture
def units(lab: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(lab)
    return lab / "spikes" / "units"


def rows(file: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def truth(units: Path) -> list[str]:
    """What the labeller has to say: half of the units are loud."""
    heights = [float(row["amplitude_uv"]) for row in rows(units / "units.csv")]
    found = ["good" if height >= LEAST_UV else "noise" for height in heights]
    assert set(found) == {"good", "noise"}
    return found


def test_it_is_in_the_table_of_labels(lab: Path, units: Path) -> None:
    for table in (lab / "labels" / "labels.csv", units / "units.csv"):
        found = rows(table)
        assert [row["label_loud"] for row in found] == truth(units)
        assert list(found[0])[-3:] == ["label_loud", "probability_loud", "reason"]
        assert [("loud: amplitude_median" in row["reason"]) for row in found] == [
            label == "noise" for label in truth(units)
        ]
    for folder in (lab / "labels", units):
        assert json.loads((folder / "labels.json").read_text())["loud"]["counts"]
        rules = json.loads((folder / "thresholds.json").read_text())
        assert rules["loud"] == {"amplitude_median": {"greater": LEAST_UV, "less": None}}


def test_the_command_line_offers_and_runs_it(
    units: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["spikes", "label", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "thresholds, bombcell, unitrefine, loud or all" in text
    assert "loud: how loud a unit is. all: the four side by side." in text
    (tmp_path / "rules.json").write_text('{"loud": {"amplitude_median": {"min": 1}}}')
    words = ["--method", "loud", "--thresholds", tmp_path / "rules.json"]
    out = tmp_path / "labels.csv"
    assert main(["spikes", "label", str(units), *map(str, words), "--out", str(out)]) == 0
    assert "loud: 4 good" in capsys.readouterr().out
    assert [row["label_loud"] for row in rows(out)] == ["good"] * 4
    assert main(["spikes", "label", str(units), "--method", "silent"]) == 2
    assert "'unitrefine' or 'loud'" in capsys.readouterr().err


def test_the_review_counts_its_word(lab: Path, units: Path) -> None:
    names = [row["unit_id"] for row in rows(units / "units.csv")]
    said = dict(zip(names, truth(units), strict=True))
    queue = rows(lab / "review" / "queue.csv")
    assert {row["unit_id"]: row["label_loud"] for row in queue} == said
    for row in queue:
        plain = [row[f"label_{name}"] == "good" for name in ("bombcell", "unitrefine")]
        others = row["label_bombcell"] != row["label_unitrefine"]
        coarse = [
            all((row[f"label_{name}"] == "good") != word for word in plain)
            for name in ("thresholds", "loud")
        ]
        assert int(row["disagree"]) == others + sum(coarse)
        assert float(row["probability"]) <= (0.75 if row["label_loud"] == "good" else 0.25)


def test_exports_carry_its_label(units: Path, tmp_path: Path) -> None:
    for kind in ("csv", "phy", "nwb"):
        run("spikes export", {"sorting": units}, {"format": kind}, tmp_path / kind)
        assert CITED in (tmp_path / kind / "methods.txt").read_text()
    table = rows(tmp_path / "csv" / "units.csv")
    groups = rows(tmp_path / "phy" / "cluster_group.tsv", "\t")
    with NWBHDF5IO(str(tmp_path / "nwb" / "units.nwb"), "r") as stream:
        in_nwb = stream.read().units["label"][:].tolist()
    assert [row["label"] for row in table] == [row["label_loud"] for row in table] == truth(units)
    assert [row["group"] for row in groups] == in_nwb == truth(units)
    single = [row["single_unit"] == "x" for row in rows(tmp_path / "csv" / "sort_file.csv")]
    assert sum(single) == truth(units).count("good")


def test_curated_units_take_its_label_and_cite_it(lab: Path, tmp_path: Path) -> None:
    inputs = {"sorting": lab / "spikes" / "units-curated", "labels": lab / "labels"}
    run("spikes curate", inputs, {"fill": "loud"}, tmp_path / "curated")
    found = pd.read_csv(tmp_path / "curated" / "units.csv", keep_default_na=False)
    kept = found[found["label_loud"].isin(["good", "noise"]) & (found["reason_curated"] == "")]
    assert len(kept)
    assert set(found["label_curated"]) >= set(kept["label_loud"])
    text = (tmp_path / "curated" / "methods.txt").read_text()
    assert CITED in text
    assert "Units without a label by hand took that of loud." in text


def test_the_docs_list_it() -> None:
    page = labellers.page()
    assert "`loud`: how loud a unit is. Writes `label_loud`, `probability_loud`." in page
    assert f"| `amplitude_median` | {LEAST_UV:g} |  |" in page


def test_the_report_lists_it(units: Path) -> None:
    record = json.loads((units / "run.json").read_text())["results"]
    rate = float(record["sampling_frequency"])
    timeline = Timeline.from_results(record, round(float(record["duration_s"]) * rate))
    write_report(units, "units", [], timeline)
    assert ">loudness</th>" in (units / "report.html").read_text()


# -- the pages


@pytest.fixture
def pages(units: Path, tmp_path: Path) -> Iterator[Settings]:
    settings = Settings(home=tmp_path / "home")
    with create_app(settings).server.app_context():
        yield settings


def finished(settings: Settings, task: str, result: Path, units: Path) -> Job:
    """A job whose result is there."""
    record = json.loads((result / "run.json").read_text())
    source = JobInput(record["inputs"][0]["name"], "", "units", str(units), "units")
    store = services().store
    job_id = store.submit(task, record["parameters"], [source], version="0")
    store.claim(quick_only=False)
    (settings.jobs / job_id).mkdir(parents=True)
    (settings.jobs / job_id / "result").symlink_to(result)
    store.finish(job_id, JobState.DONE)
    job = store.get(job_id)
    assert job is not None
    return job


def limits(view: Component) -> tuple[list[Any], list[Any]]:
    """Ids and values of the fields of limits."""
    parts = [part for part in view._traverse() if isinstance(getattr(part, "id", None), dict)]
    fields = [part for part in parts if part.id["type"] == "limit"]
    return [part.id for part in fields], [part.value for part in fields]


def test_the_labels_page_shows_it_and_its_limits_move_it(
    lab: Path, units: Path, pages: Settings
) -> None:
    job = finished(pages, "spikes label", lab / "labels", units)
    view = views.view(job)
    drawn = to_json_plotly(view)
    assert views.UNSHOWN not in drawn
    for words in (ROW.title, ROW.sections[0].title, '"headerName":"loudness"', "The 4 labellers"):
        assert words in drawn, words
    ids, values = limits(view)
    place = ids.index(
        {"type": "limit", "section": "loud", "metric": "amplitude_median", "side": "least"}
    )
    assert values[place] == LEAST_UV
    answer = labels.show(values, "amplitude_median", "loud", "all", ids, job.id)
    heads, figures, table, _, rules = answer
    assert [row["label_loud"] for row in table] == truth(units)
    assert [row["probability_loud"] for row in table] == [
        0.75 if label == "good" else 0.25 for label in truth(units)
    ]
    in_figures = to_json_plotly(figures)
    assert "coloured by the labels of Loudness" in in_figures
    assert '"name":"loud|least"' in in_figures  # the line that is dragged
    assert "Loudness: good" in in_figures  # a place of the flow
    assert "Loudness knows only good and noise." in in_figures
    assert "(Loudness; units that fail any:" in in_figures  # rules that fail together
    values[place] = 1.0
    heads, _, table, _, rules = labels.show(values, "amplitude_median", "loud", "all", ids, job.id)
    assert [row["label_loud"] for row in table] == ["good"] * 4
    assert json.loads(rules)["loud"]["amplitude_median"]["greater"] == 1.0
    assert "Loudness" in to_json_plotly(heads)


def test_its_limit_is_dragged_on_sliders_and_in_the_histogram(
    lab: Path, units: Path, pages: Settings
) -> None:
    job = finished(pages, "spikes label", lab / "labels", units)
    ids, values = limits(views.view(job))
    sliders = to_json_plotly(labels.show_sliders("amplitude_median", values, ids, job.id))
    assert "Loudness: amplitude_median at least" in sliders
    loud = {"section": "loud", "metric": "amplitude_median", "side": "least"}
    moving = [{"type": "limit-slider", **loud}]
    (before,), (after,) = (
        labels.count([limit], moving, values, ids, job.id)[0] for limit in (1.0, 1e6)
    )
    found = [to_json_plotly(heads.children[-1]) for heads in (before, after)]
    assert ["good" in one for one in found] == [True, False]
    assert ["noise" in one for one in found] == [False, True]
    figure = {"layout": {"shapes": [{"name": "loud|least"}]}}
    moved = drag.move_limit({"shapes[0].x0": 99.0}, figure, "amplitude_median", ids)
    assert moved[ids.index({"type": "limit", **loud})] == 99.0


def test_the_review_page_the_form_and_the_texts_name_it(
    lab: Path, units: Path, pages: Settings
) -> None:
    job = finished(pages, "spikes review", lab / "review", units)
    drawn = to_json_plotly(views.view(job))
    assert views.UNSHOWN not in drawn
    assert '"headerName":"loudness"' in drawn
    form = to_json_plotly(
        html.Div(
            forms.form(
                LabelParameters,
                "label",
                {"method": "all", "split_non_somatic": False, "min_metrics": 0.5},
            )
        )
    )
    assert '"value":"loud"' in form
    assert "learnt from curators and the loudness of units say side by side" in str(
        spikes.LABEL.empty
    )


def test_it_says_nothing_of_tables_that_it_did_not_label(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    pd.DataFrame({"unit_id": [1, 2], "snr": [6.0, 1.0], "label_loud": ["good", "good"]}).to_csv(
        file, index=False
    )
    run("spikes label", {"units": file}, {"method": "thresholds"}, tmp_path / "labels")
    assert "label_loud" not in rows(tmp_path / "labels" / "labels.csv")[0]
    assert np.all(pd.read_csv(tmp_path / "labels" / "labels.csv")["snr"] == [6.0, 1.0])
