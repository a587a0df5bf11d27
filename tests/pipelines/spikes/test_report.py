"""The report of a sorting, and what it is made of."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.core.errors import InputError
from pipelines.spikes.measure.report import write_report
from pipelines.spikes.recording import signal_reader
from pipelines.spikes.recording.overview import over_time
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.signal.trace_window import stretch


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_report_shows_every_unit_and_asks_for_nothing_else(sorting: Path) -> None:
    text = (sorting / "report.html").read_text()
    tags = Tags()
    tags.feed(text)
    names = [tag for tag, _ in tags.found]
    assert names.count("svg") == 5 * len(pd.read_csv(sorting / "units.csv"))
    assert not {"script", "img", "link", "iframe"} & set(names)
    assert not any({"src", "href"} & set(attributes) for _, attributes in tags.found)
    assert not re.search(r"url\(|@import", text)
    assert "the group sorter" in text


def test_names_in_the_report_are_text(sorting: Path, tmp_path: Path) -> None:
    for name in ("units.csv", "groups.csv", "spikes.npz", "waveforms.npz"):
        (tmp_path / name).write_bytes((sorting / name).read_bytes())
    write_report(tmp_path, "<script>alert(1)</script>", ["<b>"], Timeline.one(1_800_000, 30_000.0))
    text = (tmp_path / "report.html").read_text()
    assert "<script" not in text
    assert "<b>" not in text


def test_rate_and_height_over_time() -> None:
    samples = np.concatenate([np.arange(0, 20_000, 100), np.arange(20_000, 40_000, 200)])
    heights = np.where(samples < 20_000, 50.0, 40.0).astype(np.float32)
    found = over_time(samples, heights, Timeline.one(40_000, 1000.0))
    assert found.rate_hz[:20] == pytest.approx(10)
    assert found.rate_hz[20:] == pytest.approx(5)
    assert found.median_uv[0] == 50
    assert found.median_uv[-1] == 40
    assert len(found.seconds) == 300


def test_a_stretch_has_the_spikes_of_its_time(sorting: Path) -> None:
    with np.load(sorting / "spikes.npz") as spikes:
        samples, units = spikes["sample_index"], spikes["unit_id"]
    found = stretch(sorting, 0, 10.0, 1.0)
    assert found.traces_uv.shape == (30_000, 4)
    inside = (samples >= 300_000) & (samples < 330_000)
    assert {unit: len(where) for unit, (where, _) in found.spikes.items()} == {
        int(unit): int(count)
        for unit, count in zip(*np.unique(units[inside], return_counts=True), strict=True)
    }
    for where, column in found.spikes.values():
        heights = found.traces_uv[where, column]
        assert np.median(heights) < -3 * np.median(np.abs(found.traces_uv[:, column]))


def test_a_stretch_beyond_the_end_is_moved_into_the_recording(sorting: Path) -> None:
    found = stretch(sorting, 0, 1e6, 0.5)
    assert found.seconds[-1] == pytest.approx(60.0, abs=1e-3)
    assert len(found.seconds) == 15_000


def test_a_page_gets_the_same_stretch_from_a_process_of_its_own(sorting: Path) -> None:
    here, there = stretch(sorting, 0, 10.0, 0.2), signal_reader.stretch(sorting, 0, 10.0, 0.2)
    assert there.channels == list(here.channels)
    assert np.array_equal(there.seconds, here.seconds)
    assert np.array_equal(there.traces_uv, here.traces_uv)
    assert there.spikes.keys() == here.spikes.keys()
    for unit, (where, column) in here.spikes.items():
        assert np.array_equal(there.spikes[unit][0], where)
        assert there.spikes[unit][1] == column
    with pytest.raises(InputError, match="absent"):
        signal_reader.stretch(sorting.parent / "absent", 0, 10.0, 0.2)
