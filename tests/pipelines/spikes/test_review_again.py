"""Proposals for units that were merged and split meanwhile, with planted mistakes to be found."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.spikes.curation.log import Log, curate, read_start
from pipelines.spikes.curation.steps import CurationState, CurationStep, replay
from pipelines.spikes.labels import metric_table
from pipelines.tasks import run

HALVES, WHOLE = (6, 7), 8


@pytest.fixture(scope="module")
def curated(sorting: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CurationState]:
    """Unit 0 is cut into halves that look alike, and units 1 and 2 are put together."""
    start, digest = read_start(sorting)
    log = Log(tmp_path_factory.mktemp("curation") / "steps.jsonl", digest)
    half = tuple(start.spikes_of(0)[::2].tolist())
    curate(log, start, CurationStep("split", "ada", (0,), spikes=(half,)))
    curate(log, start, CurationStep("merge", "ada", (1, 2)))
    return log.file, replay(start, log.read())


@pytest.fixture(scope="module")
def again(
    sorting: Path, curated: tuple[Path, CurationState], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A review in which only SpikeInterface may propose merges: no two waveforms are identical."""
    values = {"splitter": "bgmm", "merger": "spikeinterface", "min_similarity": 1.0}
    out = tmp_path_factory.mktemp("again") / "run"
    run("spikes review", {"sorting": sorting, "curation": curated[0]}, values, out)
    return out


def proposals(folder: Path, kind: str) -> list[dict[str, object]]:
    found = json.loads((folder / "proposals.json").read_text())
    return [one for one in found if one["kind"] == kind]


def test_spikeinterface_puts_the_halves_of_a_unit_together(again: Path) -> None:
    [merge] = [one for one in proposals(again, "merge") if tuple(one["units"]) == HALVES]
    assert "compute_merge_unit_groups" in str(merge["evidence"])


def test_what_is_proposed_is_about_the_units_as_they_are_now(
    again: Path, curated: tuple[Path, CurationState]
) -> None:
    found = json.loads((again / "proposals.json").read_text())
    assert {unit for one in found for unit in one["units"]} <= curated[1].units
    assert set(pd.read_csv(again / "queue.csv")["unit_id"]) == curated[1].units
    similar = pd.read_csv(again / "similar.csv")
    best = similar[similar["unit_id"] == HALVES[0]].iloc[0]
    assert (best["other"], best["cosine"] > 0.99) == (HALVES[1], True)


def test_a_wrong_merge_is_proposed_to_be_split_into_what_it_was(
    again: Path, sorting: Path, curated: tuple[Path, CurationState]
) -> None:
    [split] = [one for one in proposals(again, "split") if one["units"] == [WHOLE]]
    [part] = split["spikes"]
    start = read_start(sorting)[0]
    sizes = np.bincount(start.unit_id[part], minlength=3)
    assert sizes.max() > 0.97 * len(part)  # places in the sorting, all but a few of one cell
    after = replay(
        curated[1], [CurationStep("split", "ada", (WHOLE,), spikes=(tuple(part),), made=(9, 10))]
    )
    assert {9, 10} <= after.units


def test_points_are_named_by_their_places_in_the_sorting(
    again: Path, curated: tuple[Path, CurationState]
) -> None:
    with np.load(again / "features.npz") as stored:
        for unit in (*HALVES, WHOLE):
            spikes = stored["spike"][stored["unit_id"] == unit]
            assert len(spikes) > 50
            assert np.isin(spikes, curated[1].spikes_of(unit)).all()


def test_numbers_of_units_in_a_curated_table_are_no_metric() -> None:
    rows = pd.DataFrame({"unit_id": [6, 7, 8], "snr": [5.0, 6, 7], "came_from": ["0", "0", "1+2"]})
    assert set(metric_table.of_rows(rows, "t").metrics) == {"snr"}
