"""Reports of finished runs: whole pages that ask for nothing, of any pipeline, damaged or not."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from pipelines.__main__ import main
from pipelines.report.report_file import FILE
from pipelines.report.withheld import EVIDENCE, NUMBER, PROPOSALS
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.sorting import Spikes
from pipelines.tasks import run
from tests.earlier import HOLDS, unpack

EVIL = "<script>alert(1)</script>"


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "i", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag != "i":
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("earlier"), "home") / "home" / "jobs"


def results(jobs: Path, *tasks: str) -> list[Path]:
    """The result of the first job of each step."""
    known = {task: job for job, (task, state) in reversed(HOLDS["jobs"].items()) if state == "done"}
    return [jobs / known[task] / "result" for task in tasks]


def report(out: Path, group: str, folders: list[Path], **words: object) -> str:
    inputs = {f"runs {n}" if n > 1 else "runs": one for n, one in enumerate(folders, 1)}
    run(f"{group} report", inputs, words, out)
    return (out / FILE).read_text(encoding="utf-8")


SUBJECTS = {
    "spikes": ("spikes sort", "spikes label", "spikes curate", "spikes export"),
    "brainmap": ("brainmap fit", "brainmap correlate", "brainmap look"),
    "synapses": ("synapses fit", "synapses train", "synapses predict", "synapses check"),
}


@pytest.mark.parametrize("group", SUBJECTS)
def test_a_report_opens_anywhere_and_is_the_same_again(
    jobs: Path, tmp_path: Path, group: str
) -> None:
    folders = results(jobs, *SUBJECTS[group])
    text = report(
        tmp_path / "one", group, folders, title=EVIL, about=EVIL, notes=[EVIL], also=[EVIL]
    )
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "iframe", "object", "form", "img", "a"} & set(page.tags)
    assert all(one.startswith("data:image/png;base64,") for one in page.addresses)
    assert not re.search(r"https?://|url\(|@import|javascript:", text)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 4
    assert "svg" in page.tags
    for heading in ("Methods", "References", "Runs and their parameters", "Inputs", "Versions"):
        assert f"<h2>{heading}</h2>" in text
    again = report(
        tmp_path / "two", group, folders, title=EVIL, about=EVIL, notes=[EVIL], also=[EVIL]
    )
    assert again == text
    assert str(jobs) not in text


@pytest.mark.parametrize("group", SUBJECTS)
def test_what_differs_from_the_default_is_marked(jobs: Path, tmp_path: Path, group: str) -> None:
    (folder,) = results(jobs, SUBJECTS[group][0])
    copy = shutil.copytree(folder, tmp_path / "copy")
    record = json.loads((copy / "run.json").read_text())
    record["parameters"]["seed"] = 12345
    (copy / "run.json").write_text(json.dumps(record))
    text = report(tmp_path / "out", group, [copy])
    assert "<td class='words changed'>12345</td><td class='words'>0</td>" in text


def test_verdicts_that_are_being_mended_are_not_repeated(jobs: Path, tmp_path: Path) -> None:
    fit, review = results(jobs, "synapses fit", "spikes review")
    text = report(tmp_path / "fit", "synapses", [fit])
    verdict = json.loads((fit / "run.json").read_text())["results"]["evidence"]
    assert verdict not in text
    assert EVIDENCE in text
    (map_,) = results(jobs, "brainmap fit")
    reason = json.loads((map_ / "run.json").read_text())["results"]["k_reason"]
    mapped = report(tmp_path / "map", "brainmap", [map_])
    assert reason not in mapped
    assert NUMBER in unescape(mapped)
    text = report(tmp_path / "units", "spikes", [*results(jobs, "spikes sort"), review])
    assert PROPOSALS in unescape(text)


def test_a_part_that_is_damaged_leaves_the_others(jobs: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(*results(jobs, "spikes sort"), tmp_path / "copy")
    (copy / "waveforms.npz").write_bytes(b"not an archive")
    text = report(tmp_path / "out", "spikes", [copy])
    assert "waveforms.npz" in text
    assert "<h2>Units in numbers</h2>" in text
    assert "<h2>Methods</h2>" in text


def no_units(folder: Path) -> None:
    sorting = SortingFolder(folder)
    waves = sorting.waveforms
    sorting.write_units(sorting.units.iloc[:0])
    empty = np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)
    sorting.write_spikes(Spikes(*empty))
    none = {"mean": waves.mean[:0], "sd": waves.sd[:0], "unit_id": waves.unit_id[:0]}
    sorting.write_waveforms(replace(waves, **none))


def no_places(folder: Path) -> None:
    sorting = SortingFolder(folder)
    sorting.write_waveforms(
        replace(sorting.waveforms, locations_um=sorting.waveforms.locations_um * np.nan)
    )


def another_channel(folder: Path) -> None:
    sorting = SortingFolder(folder)
    sorting.write_units(sorting.units.assign(channel="nowhere"))


def wrong_record(folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text())
    record["results"] |= {"sorters": None, "n_channels": "x", "labels": 7, "groups_failed": "2"}
    record["parameters"] |= {"freq_min": "a", "detect_threshold": None, "n_components": "x"}
    (folder / "run.json").write_text(json.dumps(record))


@pytest.mark.parametrize("damage", [no_units, no_places, another_channel, wrong_record])
def test_a_sorting_of_any_kind_is_reported(
    jobs: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    copy = shutil.copytree(*results(jobs, "spikes sort"), tmp_path / "copy")
    damage(copy)
    text = report(tmp_path / "out", "spikes", [copy])
    assert Page(text).open == []
    assert "nan" not in re.sub(r"<style>.*?</style>", "", text)
    assert str(tmp_path) not in text
    assert "<h2>Runs and their parameters</h2>" in text


@pytest.mark.parametrize("clusters", [np.full(441, -1), np.arange(441) % 300])
def test_a_fit_of_noise_alone_or_of_very_many_clusters_is_reported(
    jobs: Path, tmp_path: Path, clusters: NDArray[np.int64]
) -> None:
    copy = shutil.copytree(*results(jobs, "synapses fit"), tmp_path / "copy")
    table = pd.read_csv(copy / "clusters.csv")
    table.assign(cluster=np.resize(clusters, len(table))).to_csv(copy / "clusters.csv", index=False)
    text = report(tmp_path / "out", "synapses", [copy])
    assert "<h2>Map and clusters</h2><div class='figures'>" in text


def test_a_map_that_is_damaged_still_has_its_record(jobs: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(*results(jobs, "brainmap fit"), tmp_path / "copy")
    (copy / "voxels.npy").unlink()
    text = report(tmp_path / "out", "brainmap", [copy])
    assert "is no finished map" in text
    assert "Voxels were clustered" in text


def test_a_run_without_a_figure_of_its_own_is_reported(jobs: Path, tmp_path: Path) -> None:
    text = report(tmp_path / "out", "spikes", results(jobs, "spikes look"))
    assert "Look at a recording, run" in text


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"pipeline": "none"}', '{"pipeline": []}'])
def test_a_folder_that_is_no_result_is_refused(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "run.json").write_text(content)
    words = ["spikes", "report", str(tmp_path / "folder"), "--out", str(tmp_path / "r.html")]
    assert main([*words, "--quiet"]) == 2
    assert "run.json" in (err := capsys.readouterr().err) or "no step" in err
    assert not (tmp_path / "r.html").exists()


def test_runs_of_two_pipelines_are_refused(
    jobs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = map(str, results(jobs, "spikes sort", "brainmap fit"))
    out = tmp_path / "r.html"
    assert main(["spikes", "report", *folders, "--out", str(out), "--quiet"]) == 2
    assert "about one pipeline" in capsys.readouterr().err


def test_the_command_line_writes_one_file(jobs: Path, tmp_path: Path) -> None:
    (fit,) = results(jobs, "synapses fit")
    out = tmp_path / "my report.html"
    words = ["synapses", "report", str(fit), "--title", "Three cells", "--out", str(out)]
    assert main([*words, "--set", 'notes=["[the] one"]', "--quiet"]) == 0
    text = out.read_text(encoding="utf-8")
    assert "<h1>Three cells</h1>" in text
    assert "<p class='note lines'>[the] one</p>" in text
    assert main([*words, "--set", "notes=[1", "--overwrite", "--quiet"]) == 2
    assert out.read_text(encoding="utf-8") == text
