"""The analyzer follows merges, splits and removals, and SpikeInterface reads it."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from spikeinterface.core import SortingAnalyzer, load_sorting_analyzer

from pipelines.spikes.curation.log import Log, curate, read_start
from pipelines.spikes.curation.steps import CurationStep, replay, sorted_state
from pipelines.spikes.measure.carried_analyzer import steps_to
from pipelines.tasks import run


def analyzer_of(folder: Path) -> SortingAnalyzer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a recording that is not there any more
        return load_sorting_analyzer(folder / "analyzer.zarr")


def curated(sorting: Path, out: Path, *steps: CurationStep, **parameters: str) -> str:
    """Take some steps and use the units; what is said of the analyzer."""
    start, digest = read_start(sorting)
    log = Log(out.parent / "steps.jsonl", digest)
    for step in steps:
        curate(log, start, step)
    inputs = {"sorting": sorting, "curation": log.file}
    done = run("spikes curate", inputs, parameters, out)
    return str(done.results["analyzer"])


def many_steps(sorting: Path) -> list[CurationStep]:
    """Units 0 and 1 become one that is split again; 2 loses spikes; 4 is cut; 5 is noise."""
    start = read_start(sorting)[0]
    of_zero, of_two, of_four = (start.spikes_of(unit) for unit in (0, 2, 4))
    return [
        CurationStep("merge", "ada", (0, 1)),
        CurationStep("split", "ada", (6,), spikes=(tuple(of_zero[:150].tolist()),)),
        CurationStep("remove", "ada", (2,), spikes=(tuple(of_two[::7].tolist()),)),
        CurationStep("split", "ada", (4,), spikes=(tuple(of_four[::2].tolist()),)),
        CurationStep("label", "ada", (5,), "noise"),
    ]


@pytest.fixture(scope="module")
def out(sorting: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("carried") / "out"
    said = curated(sorting, folder, *many_steps(sorting), only="unlabelled")
    assert "extensions noise_levels, random_spikes, templates. Units 2, 7, 8, 9, 10 were" in said
    return folder


def test_every_unit_of_the_analyzer_has_the_spikes_as_curated(out: Path) -> None:
    analyzer = analyzer_of(out)
    units = pd.read_csv(out / "units.csv")["unit_id"].tolist()
    assert analyzer.unit_ids.tolist() == units == [2, 3, 7, 8, 9, 10]
    with np.load(out / "spikes.npz") as stored:
        for unit in units:
            train = stored["sample_index"][stored["unit_id"] == unit]
            assert analyzer.sorting.get_unit_spike_train(unit).tolist() == train.tolist()


def test_templates_are_the_means_of_the_spikes_as_curated(out: Path) -> None:
    analyzer = analyzer_of(out)
    average = analyzer.get_extension("templates").get_data("average")
    with np.load(out / "waveforms.npz") as stored:
        mean = np.nan_to_num(stored["mean"])
    for row in range(len(mean)):
        seen = analyzer.sparsity.mask[row]
        assert seen.any()
        np.testing.assert_allclose(average[row][:, seen], mean[row][:, seen], atol=1e-4)


def test_spikeinterface_goes_on_with_it(out: Path) -> None:
    analyzer = analyzer_of(out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        analyzer.compute({"unit_locations": {"method": "center_of_mass"}}, save=False)
    assert np.isfinite(analyzer.get_extension("unit_locations").get_data()).all()


def test_without_the_recording_the_analyzer_is_carried_too(sorting: Path, tmp_path: Path) -> None:
    lonely = tmp_path / "sorting"
    shutil.copytree(sorting, lonely)
    record = json.loads((lonely / "run.json").read_text())
    record["inputs"][0]["path"] = str(tmp_path / "gone")
    (lonely / "run.json").write_text(json.dumps(record))
    steps = many_steps(sorting)
    assert "noise_levels, random_spikes, templates" in curated(lonely, tmp_path / "out", *steps)
    with np.load(tmp_path / "out" / "waveforms.npz") as stored:
        mean = np.nan_to_num(stored["mean"])
    average = analyzer_of(tmp_path / "out").get_extension("templates").get_data("average")
    seen = analyzer_of(tmp_path / "out").sparsity.mask[-1]
    np.testing.assert_allclose(average[-1][:, seen], mean[-1][:, seen], atol=1e-4)


def test_the_shortest_way_from_sorted_to_curated_units() -> None:
    unit_id = np.array([0, 1, 0, 1, 2, 2, 0, 3], np.int32)
    log = [
        CurationStep("merge", "ada", (0, 1), made=(4,)),
        CurationStep("split", "ada", (4,), spikes=((0, 1),), made=(5, 6)),
        CurationStep("remove", "ada", (2,), spikes=((4,),)),
    ]
    state = replay(sorted_state(unit_id), log)
    steps = steps_to(unit_id, state, [5, 6])
    whole = {
        unit: {piece: ranks.tolist() for piece, ranks in pieces.items()}
        for unit, pieces in steps.splits.items()
    }
    assert whole == {0: {7: [0], 8: [1, 2]}, 1: {9: [0], 10: [1]}}
    assert dict(steps.merges) == {5: [7, 9], 6: [8, 10]}
    assert not steps_to(unit_id, sorted_state(unit_id), [0, 1, 2, 3])
