"""The methods paragraph: sentences of what a run's parameters and results say, and references."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.brainmap.report.methods import SENTENCES as OF_FILMS
from pipelines.brainmap.report.report import SUBJECT as FILM
from pipelines.report.methods import Said, cited, said
from pipelines.report.references import REFERENCES
from pipelines.report.report import methods
from pipelines.report.runs import ReportedRun
from pipelines.spikes.clusterers import CLUSTERERS
from pipelines.spikes.report.methods import CLUSTERERS as SAID_OF_CLUSTERERS
from pipelines.spikes.report.methods import SENTENCES as OF_RECORDINGS
from pipelines.steps import STEPS
from pipelines.synapses.report.methods import SENTENCES as OF_TABLES

SENTENCES = {**OF_RECORDINGS, **OF_FILMS, **OF_TABLES}
SORTED = {
    "n_units": 6,
    "n_spikes": 2809,
    "n_channels": 4,
    "duration_s": 60.0,
    "sampling_frequency": 30000.0,
    "sorters": {"group": 1},
}
MAPPED = {"axes": "TZYX", "axes_from": "file", "shape": [3, 64, 80, 60], "n_voxels": 15360,
          "n_kept": 3064, "k": 20}  # fmt: skip
FITTED = {"n_rows": 441, "n_in_group": 441, "n_rejected": 0, "n_repaired": 0, "null_p": 0.01,
          "min_cluster_size": 44, "min_samples": 14}  # fmt: skip


def run_of(
    task: str, results: dict[str, Any], *, given: tuple[str, ...] = (), **changed: Any
) -> ReportedRun:
    """A run with the defaults of its step but for what is changed."""
    parameters = STEPS[task].parameters.parse(changed).model_dump(mode="json")
    names = given or STEPS[task].needed
    inputs = [{"name": n, "path": f"/data/{n}.file", "sha256": "", "size": 1} for n in names]
    return ReportedRun(Path("a/result"), task, parameters, results, inputs, {"neuroboard": "0.1.0"})


def text_of(run: ReportedRun) -> str:
    return " ".join(one.text for one in SENTENCES[run.task](run))


def test_a_default_sorting_names_band_threshold_features_and_seed() -> None:
    text = text_of(run_of("spikes sort", SORTED))
    for part in (
        "The recording “recording.file” (4 channels, 30,000 Hz, 60 s)",
        "filtered from 300 to 6000 Hz",
        "Negative peaks above 5 times the noise",
        "first 8 principal components",
        "Bayesian Gaussian mixture",
        "6 units with 2,809 spikes; seed 0",
        "(Buccino et al., 2020)",
    ):
        assert part in text


def test_what_a_sorting_did_not_do_is_not_claimed() -> None:
    foreign = text_of(run_of("spikes sort", {**SORTED, "sorters": {"tridesclous2": 1}}))
    assert "150 to 6000 Hz" in foreign
    assert "300 to 6000" not in foreign
    assert "Gaussian mixture" not in foreign
    assert "Negative peaks" not in foreign
    run = run_of("spikes sort", SORTED)
    without = {n: v for n, v in run.parameters.items() if n not in ("freq_min", "freq_max")}
    of_no_filter = ReportedRun(run.folder, run.task, without, run.results, run.inputs, {})
    assert "filtered" not in text_of(of_no_filter)
    assert "probe file" not in text_of(run)
    assert "replayed" not in text_of(run)
    assert "without signal" not in text_of(run)


def test_a_probe_a_sort_file_and_channels_left_out_are_named() -> None:
    run = run_of("spikes sort", {**SORTED, "groups_failed": 2},
                 given=("recording", "probe", "sort_file"), exclude_channels="3, 7",
                 end_s=30.0, noise_window_s=10.0)  # fmt: skip
    text = text_of(run)
    for part in ("probe file probe.file", "replayed from sort_file.file", "left out: 3, 7",
                 "first 30 s", "anew every 10 s", "2 groups of channels could not be"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize("name", CLUSTERERS)
def test_every_clusterer_of_spikes_has_a_sentence(name: str) -> None:
    assert name in SAID_OF_CLUSTERERS
    text = text_of(run_of("spikes sort", SORTED, clusterer=name, n_clusters=3))
    assert "They were clustered with" in text


def test_a_map_names_its_normalisation_threshold_and_numbers_of_clusters() -> None:
    text = text_of(run_of("brainmap fit", MAPPED))
    for part in ("(x − b) / (b + 0.1)", "own 20th percentile (Freeman et al., 2014)",
                 "standard deviation above 0.01 (3,064 of 15,360)", "Ward's criterion",
                 "K = 5, 10, 15, 20, 30, 50, 100 and 200 were tried; the map shows K = 20",
                 "seed 0", "Owen and Perry, 2009", "CIEDE2000"):  # fmt: skip
        assert part in text


def test_what_a_map_did_not_do_is_not_claimed() -> None:
    run = run_of("brainmap fit", {**MAPPED, "k": 8}, k=[8], normalize="none", std_threshold=0,
                 colors="notebook")  # fmt: skip
    text = text_of(run)
    assert "without normalisation" in text
    assert "No voxel was left out for its activity" in text
    assert "the best of 10 starts" in text
    for absent in ("percentile", "Ward", "were tried", "Owen", "CIEDE2000", "Dask", "Spark"):
        assert absent not in text
    mixture = text_of(run_of("brainmap fit", MAPPED, model="gmm"))
    assert "Schwarz, 1978" in mixture
    assert "K-means" not in mixture
    assert "Owen" not in mixture


def test_a_fit_names_features_map_clusters_and_evidence_without_a_verdict() -> None:
    text = text_of(run_of("synapses fit", FITTED))
    for part in ("Of the 441 rows of table.file, 441 were clustered", "30 neighbours",
                 "HDBSCAN with a smallest cluster of 44 and 14 minimum samples",
                 "3 other seeds and on 3 subsamples of 80%", "99 sets of chance data"):  # fmt: skip
        assert part in text
    for verdict in ("More than chance", "no evidence", "p = "):
        assert verdict not in text


def test_what_a_fit_did_not_do_is_not_claimed() -> None:
    none = text_of(run_of("synapses fit", FITTED, evidence="none", labels="gmm"))
    for absent in ("repeated", "chance data", "HDBSCAN", "DBCV"):
        assert absent not in none
    assert "mixture of Gaussians" in none
    given = text_of(run_of("synapses fit", FITTED, given=("table", "labels")))
    assert "taken over from labels.file" in given
    assert "HDBSCAN" not in given
    published = text_of(run_of("synapses fit", FITTED, profile="published", group="as"))
    assert "20 neighbours" in published
    assert "seed 42" in published


def test_every_reference_that_is_cited_is_in_the_list_and_no_other() -> None:
    run = run_of("brainmap fit", MAPPED)
    sentences = methods(FILM, [run])
    rows = cited(sentences)
    text = " ".join(one.text for one in sentences)
    assert {row.key for row in rows} == {"freeman", "lloyd", "ward", "owen", "hubert", "sharma"}
    assert all(row.short in text for row in rows)


@pytest.mark.parametrize("key", REFERENCES)
def test_a_reference_is_whole(key: str) -> None:
    row = REFERENCES[key]
    year = row.short[-4:]
    assert year.isdigit()
    assert f"({year})" in row.full
    assert row.full.split()[0].rstrip(",") in row.short
    assert row.full.endswith(".")
    assert re.fullmatch(r"10\.\d{4,}/\S+", row.doi) or row.key == "sklearn"


def test_brackets_are_not_doubled() -> None:
    assert said("It was done (twice).", "lloyd").text == "It was done (twice; Lloyd, 1982)."
    assert said("It was done.", "lloyd") == Said("It was done (Lloyd, 1982).", ("lloyd",))
