"""Metrics with units, per cent and decimal commas are read right and said, or asked for."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.errors import ParameterError, TableError
from pipelines.spikes.labels import metric_table
from pipelines.spikes.labels.thresholds import parse_rules
from pipelines.spikes.labels.written_numbers import UNITS, parsed, style_of
from pipelines.tasks import run

PLAIN: dict[str, list[float]] = {
    "unit_id": [3, 7, 12],
    "snr": [7.25, 4.5, 12.125],
    "firing_rate": [5.0, 0.5, 12.345],
    "presence_ratio": [0.95, 1.0, 0.875],
    "peak_to_trough_duration": [0.0004, 0.00035, 0.0002],
    "num_spikes": [1234, 56, 1200345],
}


def read(folder: Path, text: str, name: str = "metrics.csv") -> metric_table.MetricTable:
    (folder / name).write_text(text, encoding="utf-8")
    return metric_table.read(folder / name)


def csv(rows: dict[str, list[str]], separator: str = ",") -> str:
    lines = [rows.keys(), *zip(*rows.values(), strict=True)]
    return "".join(separator.join(f'"{cell}"' for cell in line) + "\n" for line in lines)


def same(found: metric_table.MetricTable) -> bool:
    return all(
        found.metrics[name] == pytest.approx(values)
        for name, values in PLAIN.items()
        if name != "unit_id"
    )


def texts(written: str = "{}") -> dict[str, list[str]]:
    return {
        name: [f"{v}" if name == "unit_id" else written.format(v) for v in values]
        for name, values in PLAIN.items()
    }


def test_plain_numbers_say_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, csv(texts()))
    assert same(found)
    assert found.notes == ()


def test_units_in_cells_and_headings_are_read_and_said(tmp_path: Path) -> None:
    rows = texts()
    rows["firing_rate"] = ["5 Hz", "500e-3Hz", "0.012345 kHz"]
    rows["presence_ratio"] = ["95 %", "100%", "87.5 percent"]
    rows["Peak to trough duration [ms]"] = ["0.4", "0.35", "0.2"]
    del rows["peak_to_trough_duration"]
    rows["num_spikes"] = ["1,234", "56", "1,200,345"]
    found = read(tmp_path, csv(rows))
    assert same(found)
    assert found.notes == (
        "firing_rate is written in hz, khz and was turned into Hz.",
        "presence_ratio is written in per cent: 12 % was read as 0.12.",
        "num_spikes is written with commas between thousands: 1,234 is 1234.",
        "peak_to_trough_duration is written in ms and was turned into s.",
    )


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_with_decimal_commas_is_read(tmp_path: Path, separator: str) -> None:
    rows = {name: [cell.replace(".", ",") for cell in cells] for name, cells in texts().items()}
    rows["num_spikes"] = ["1.234", "56", "1.200.345"]
    found = read(tmp_path, csv(rows, separator))
    assert same(found)
    assert found.notes == ("Its decimals are written with commas.",)


def test_a_spreadsheet_with_texts_for_numbers_is_read(tmp_path: Path) -> None:
    mixed = pd.Series(["95 %", 1.0, "87,5 %"], dtype=object)
    table = pd.DataFrame({**PLAIN, "presence_ratio": mixed})
    table.to_excel(tmp_path / "metrics.xlsx", index=False)
    found = metric_table.read(tmp_path / "metrics.xlsx")
    assert same(found)


def test_shares_that_must_be_per_cent_are_read_as_such(tmp_path: Path) -> None:
    rows = texts()
    rows["presence_ratio"] = ["95", "100", "87.5"]
    found = read(tmp_path, csv(rows))
    assert same(found)
    assert found.notes == ("presence_ratio goes up to 100, so it was read as per cent: 50 as 0.5.",)


def test_violations_that_may_be_per_cent_are_said(tmp_path: Path) -> None:
    rows = {"unit_id": ["1", "2"], "isi_violations_ratio": ["3", "0.2"]}
    found = read(tmp_path, csv(rows))
    assert found.metrics["isi_violations_ratio"].tolist() == [3, 0.2]
    assert "write its heading as isi_violations_ratio (%)" in found.notes[0]
    rows = {"unit_id": ["1", "2"], "isi_violations_ratio (%)": ["3", "0.2"]}
    assert read(tmp_path, csv(rows)).metrics["isi_violations_ratio"].tolist() == [0.03, 0.002]


@pytest.mark.parametrize(
    ("column", "cells", "words"),
    [
        ("snr", ["5", "high"], "row 3, column snr: 'high' is not a number"),
        ("snr", ["5 Hz", "6 Hz"], "row 2, column snr: '5 Hz' is in hz, but snr is a plain number"),
        ("firing_rate", ["5 ms", "6"], "row 2, column firing_rate: '5 ms' is in ms"),
        ("firing_rate", ["5 bananas", "x"], "row 2, column firing_rate: '5 bananas' is not a num"),
        (
            "firing_rate (ms)",
            ["5", "6"],
            "column firing_rate (ms): firing_rate is in Hz, not in ms",
        ),
        ("snr", ["1,234", "5,678"], "row 2, column snr: '1,234' can be 1234 or 1.234"),
        ("snr", ["1.5", "2,5"], "decimals are written with a point in 1.5 and a comma in 2,5"),
        ("presence_ratio", ["0.5", "0.4", "12"], "row 4, column presence_ratio: 12 is no ratio"),
        ("presence_ratio", ["95", "120"], "row 2, column presence_ratio: 95 is no ratio"),
        ("presence_ratio", ["50 %", "250 %"], "row 3, column presence_ratio: 2.5 is no ratio"),
    ],
)
def test_what_is_not_recognised_is_refused_by_row_and_column(
    tmp_path: Path, column: str, cells: list[str], words: str
) -> None:
    rows = {"unit_id": [str(n) for n in range(len(cells))], column: cells}
    with pytest.raises(TableError) as caught:
        read(tmp_path, csv(rows))
    assert words in caught.value.sentence


def test_words_and_names_are_no_metrics(tmp_path: Path) -> None:
    rows = {**texts(), "channel": ["1,5", "01", "3"], "remark": ["2,5 mm deep", "5 units", ""]}
    found = read(tmp_path, csv(rows))
    assert same(found)
    assert set(found.metrics) == set(PLAIN) - {"unit_id"}
    assert found.rows["channel"].tolist() == ["1,5", "01", "3"]


numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 4))


@given(st.lists(numbers, min_size=1, max_size=8), st.sampled_from([".", ","]))
def test_a_column_is_read_as_it_was_written_or_asked_for(
    tmp_path: Path, values: list[float], mark: str
) -> None:
    cells = [f"{value:.4f}".replace(".", mark) for value in values]
    style = style_of(cells)
    assert [parsed(cell, style)[0] for cell in cells] == pytest.approx(values)
    thousands = "," if mark == "." else "."
    swap = str.maketrans(",.", thousands + mark)
    grouped = [f"{value:,.4f}".translate(swap) for value in values]
    assert [parsed(cell, style_of(grouped))[0] for cell in grouped] == pytest.approx(values)


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_a_sentence(text: str) -> None:
    try:
        value, unit = parsed(text, style_of([text]))
    except ValueError:
        return
    assert isinstance(value, float)
    assert unit in ("", *UNITS)


def test_labelling_says_how_the_table_was_read(tmp_path: Path) -> None:
    rows = texts()
    rows["firing_rate"] = ["5 Hz", "0.05 Hz", "12.345 Hz"]
    (tmp_path / "metrics.csv").write_text(csv(rows))
    rules = {"firing_rate": {"min": "0.1 Hz"}, "presence_ratio": {"min": "90 %"}}
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    inputs = {"units": tmp_path / "metrics.csv", "thresholds": tmp_path / "rules.json"}
    done = run("spikes label", inputs, {"method": "thresholds"}, tmp_path / "out")
    assert done.results["notes"] == ["firing_rate is written with its unit, hz."]
    labels = pd.read_csv(tmp_path / "out" / "labels.csv")
    assert labels["label_thresholds"].tolist() == ["good", "noise", "noise"]
    assert labels["firing_rate"].tolist() == rows["firing_rate"]  # the table as it was given
    metrics = pd.read_csv(tmp_path / "out" / "metrics.csv")
    assert np.allclose(metrics["firing_rate"], [5, 0.05, 12.345])


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"presence_ratio": {"min": 90}}, 'per cent are written as "90 %"'),
        ({"snr": {"min": "5 Hz"}}, "'5 Hz' is in hz, but snr is a plain number"),
        ({"snr": {"min": "1,234"}}, "'1,234' can be 1234 or 1.234"),
        ({"snr": {"min": "five"}}, "'five' is not a number"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_refused(rules: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        parse_rules(rules, "rules.json")
