"""What is used of SpikeInterface beside its interface does what it is used for: one test each."""

import inspect
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from spikeinterface.core import (
    BinaryRecordingExtractor,
    NumpyRecording,
    SortingAnalyzer,
    concatenate_recordings,
    create_sorting_analyzer,
    generate_ground_truth_recording,
    generate_recording,
    get_noise_levels,
    load_sorting_analyzer,
)
from spikeinterface.core.analyzer_extension_core import ComputeNoiseLevels
from spikeinterface.sorters.basesorter import BaseSorter

from pipelines.spikes.recording import spikeinterface_private as private

PIPELINES = Path(__file__).parents[3] / "pipelines"
NAMED = re.compile(
    r"\brun_info\b|\._kwargs\b|\.extensions\[|sorters\.internal|isosplit_isocut"
    r"|_serializability =|_run_from_folder|\.astype = "
)


@pytest.fixture(scope="module")
def signal() -> NumpyRecording:
    values = np.random.default_rng(0).normal(0, 5, (30_000, 4)).astype(np.float32)
    return NumpyRecording([values], sampling_frequency=30_000)


@pytest.fixture(scope="module")
def analyzer() -> SortingAnalyzer:
    recording, sorting = generate_ground_truth_recording(
        durations=[1.0], num_channels=4, num_units=2, seed=0
    )
    return create_sorting_analyzer(sorting, recording, format="memory", sparse=False)


def test_results_that_are_handed_over_are_stored_and_read_as_computed_ones(
    analyzer: SortingAnalyzer, tmp_path: Path
) -> None:
    extension, noise = ComputeNoiseLevels(analyzer), np.array([1.0, 2.0, np.nan, 4.0])
    extension.set_params(random_slices_kwargs={"seed": 0})
    private.hand_over(analyzer, extension, noise_levels=noise)
    assert np.array_equal(analyzer.get_extension("noise_levels").get_data(), noise, equal_nan=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a made-up recording is stored nowhere
        analyzer.save_as(folder=tmp_path / "kept.zarr", format="zarr")
    kept = load_sorting_analyzer(tmp_path / "kept.zarr").get_extension("noise_levels")
    assert np.array_equal(kept.get_data(), noise, equal_nan=True)
    assert kept.run_info["run_completed"]


def test_a_recording_says_what_it_was_made_with(tmp_path: Path) -> None:
    np.zeros((90, 4), np.int16).tofile(tmp_path / "a.dat")
    one = BinaryRecordingExtractor(
        tmp_path / "a.dat", sampling_frequency=30_000, num_channels=4, dtype="int16", file_offset=8
    )
    found = private.arguments_of(one)
    assert [Path(file).name for file in found["file_paths"]] == ["a.dat"]
    assert (found["file_offset"], np.dtype(found["dtype"])) == (8, np.dtype(np.int16))
    joined = private.arguments_of(concatenate_recordings([one, one]))
    assert len(joined["recording_list"]) == 2


def test_a_recording_of_ours_is_not_described_to_other_processes() -> None:
    one = generate_recording(num_channels=4, durations=[0.1], seed=0)
    assert one.check_serializability("json")
    private.only_here(one)
    assert private.arguments_of(one) == {}
    assert not any(map(one.check_serializability, ("memory", "json", "pickle")))


@pytest.mark.parametrize("name", private.SORTERS)
def test_its_own_sorters_take_the_recording_from_where_it_is_given(
    name: str, signal: NumpyRecording, tmp_path: Path
) -> None:
    sorter = private.sorter_class(name)
    assert issubclass(sorter, BaseSorter)
    assert isinstance(sorter.default_params(), dict)
    assert "cls.load_recording_from_folder(" in inspect.getsource(sorter._run_from_folder)
    assert callable(BaseSorter.load_recording_from_folder)


def test_a_sorter_runs_with_the_recording_in_its_hand(
    signal: NumpyRecording, tmp_path: Path
) -> None:
    class Found:
        def to_spike_vector(self) -> np.ndarray:
            return np.arange(3)

    class Sorter(BaseSorter):  # type: ignore[misc]
        @classmethod
        def _run_from_folder(cls, output: Path, values: dict[str, int], verbose: bool) -> Found:
            assert cls.load_recording_from_folder(output.parent, with_warnings=False) is signal
            assert (output, values, verbose) == (tmp_path, {"a": 1}, False)
            return Found()

    assert private.run_sorter_on(Sorter, signal, tmp_path, {"a": 1}).tolist() == [0, 1, 2]


def test_a_noise_of_one_is_not_measured_again() -> None:
    values = np.random.default_rng(0).normal(0, 5, (30_000, 4)).astype(np.float32)
    plain, marked = (NumpyRecording([values], sampling_frequency=30_000) for _ in range(2))
    marked = private.with_noise_of_one(marked).astype("float32")
    assert get_noise_levels(plain, return_in_uV=False)[0] > 4
    assert get_noise_levels(marked, return_in_uV=False).tolist() == [1, 1, 1, 1]


def test_isosplit_takes_a_seed_and_a_number_of_clusters() -> None:
    from spikeinterface.sortingcomponents.clustering.isosplit_isocut import isosplit

    assert {"n_init", "seed"} <= set(inspect.signature(isosplit).parameters)


def test_no_other_module_names_them() -> None:
    files = [file for file in PIPELINES.rglob("*.py") if file.name != "spikeinterface_private.py"]
    naming = [file.name for file in files if NAMED.search(file.read_text(encoding="utf-8"))]
    assert naming == []
    assert NAMED.search(Path(private.__file__).read_text(encoding="utf-8"))
