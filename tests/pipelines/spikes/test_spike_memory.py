"""A recording may be longer than memory: waveforms lie in a file, labels come block by block."""

import json
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from spikeinterface.core import load_sorting_analyzer

from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.signal import waveform_file
from pipelines.spikes.signal.preprocess import band_pass, noise_levels
from pipelines.spikes.signal.waveform_file import WaveformFile, units_of
from pipelines.spikes.sorting import cluster, unimodal
from pipelines.spikes.sorting.cluster import find_clusters
from pipelines.spikes.sorting.features import principal_components, scores_of_blocks
from pipelines.spikes.sorting.unimodal import join_unimodal
from pipelines.spikes.units.unit import Live

RATE = 20_000
CHANNELS = 8
SHAPE = (30, 4)

SORT = """
import json, sys
from pathlib import Path
from pipelines.tasks import run
import pipelines.spikes.sorting.sort
before = sorted(sys.modules)
values = {
    "sampling_frequency": 20000, "num_channels": 8, "gain_uv": 1.0, "group_radius_um": 1e6,
    "sorter": "group", "detect_threshold": 2.5, "dead_time_ms": 0.4, "ms_before": 2.0,
    "ms_after": 4.0, "clusterer": "kmeans", "n_clusters": 2,
}
done = run("spikes sort", {"recording": Path(sys.argv[1])}, values, Path(sys.argv[2]))
lines = Path("/proc/self/status").read_text().splitlines()
highest = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
heavy = ("numba", "matplotlib", "plotly", "spikeinterface.comparison", "spikeinterface.extractors")
print(json.dumps([highest / 1024, done.results["n_spikes"], [m for m in heavy if m in before]]))
"""


def sorted_alone(seconds: int, folder: Path) -> tuple[float, int, list[str]]:
    """Sort noise in a process of its own: its highest memory in MB, spikes, needless modules."""
    folder.mkdir()
    noise = np.random.default_rng(0).normal(0, 20, (RATE * 5, CHANNELS)).astype(np.int16)
    with (folder / "noise.raw").open("wb") as file:
        for _ in range(seconds // 5):
            noise.tofile(file)
    command = [sys.executable, "-c", SORT, str(folder / "noise.raw"), str(folder / "out")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    highest, n_spikes, needless = json.loads(done.stdout)
    return highest, n_spikes, needless


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    """The waveforms of the longer one are 75 MB more; 200 bytes of each spike are 4 MB."""
    short, few, needless = sorted_alone(10, tmp_path / "short")
    long, many, _ = sorted_alone(40, tmp_path / "long")
    waveform_bytes = 4 * (round(6e-3 * RATE) + 1) * CHANNELS
    assert (many - few) * waveform_bytes > 60e6
    assert long - short < 30
    assert needless == []


def waveforms(count: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    shapes = rng.normal(0, 20, (3, *SHAPE))
    which = np.arange(count) % 3
    return (shapes[which] + rng.normal(0, 5, (count, *SHAPE))).astype(np.float32)


def test_parts_of_a_file_give_back_their_own_waveforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waveform_file, "BLOCK", 7)
    values = waveforms(50)
    with TemporaryFile(dir=tmp_path) as file:
        parts = [WaveformFile(file, SHAPE, np.float32, first) for first in (0, 20)]
        for start in range(0, 20, 10):  # in turns, as spikes of two units come
            parts[0].add(values[start : start + 10])
            parts[1].add(values[20 + start : 30 + start])
        found = [list(part.blocks()) for part in parts]
    assert [len(block) for block in found[0]] == [7, 7, 6]
    assert np.array_equal(np.concatenate(found[0]), values[:20])
    assert np.array_equal(np.concatenate(found[1]), values[20:40])


def test_scores_are_those_of_a_principal_component_analysis_however_waveforms_come() -> None:
    values = waveforms(300)
    whole = principal_components(values, 3)
    blocks = scores_of_blocks(lambda: iter(np.array_split(values, 11)), 3)
    expected = PCA(3, svd_solver="full").fit_transform(values.reshape(300, -1))
    assert np.allclose(whole, blocks, atol=1e-8)
    assert np.allclose(np.abs(whole), np.abs(expected), atol=1e-3)


def test_no_waveforms_have_no_scores() -> None:
    assert scores_of_blocks(lambda: iter(()), 3).shape == (0, 0)


def test_units_from_a_file_are_those_from_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waveform_file, "BLOCK", 16)
    values, times = waveforms(120), np.arange(120) * 100
    labels = np.where(np.arange(120) % 3 == 2, -1, np.arange(120) % 3)
    live = Live(np.array([3, 5, 7, 9]), np.ones(4, np.float32), np.ones(4, bool))
    with TemporaryFile(dir=tmp_path) as file:
        stored = WaveformFile(file, SHAPE, np.float32)
        stored.add(values)
        units = units_of(stored, times, labels, live, group=2)
    assert {unit.cluster for unit in units} == {0, 1}
    for unit in units:
        own = values[labels == unit.cluster]
        row, column = np.unravel_index(np.abs(own.mean(axis=0)).argmax(), SHAPE)
        assert np.allclose(unit.mean, own.mean(axis=0), atol=1e-4)
        assert np.allclose(unit.sd, own.std(axis=0), atol=1e-4)
        assert np.array_equal(unit.sample_index, times[labels == unit.cluster])
        assert unit.channel == live.channels[column]
        assert np.array_equal(unit.heights, np.abs(own[:, row, column]))
        assert unit.snippets.values.shape == (40, 30, 4)


def three_clouds() -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    rng = np.random.default_rng(7)
    centres = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 3]])
    truth = rng.integers(0, 3, 1500)
    return rng.normal(size=(1500, 3)) + centres[truth], truth


@pytest.mark.parametrize("clusterer", ["bgmm", "gmm", "kmeans", "isosplit", "hdbscan"])
def test_many_spikes_get_the_labels_of_a_sample(
    clusterer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MOST_CLUSTERED", "MOST_FITTED"):
        monkeypatch.setattr(cluster, name, 400)
    monkeypatch.setattr(cluster, "BLOCK", 100)
    monkeypatch.setattr(unimodal, "MOST_LOOKED_AT", 400)
    points, truth = three_clouds()
    told = SpikesParameters.parse(
        {"clusterer": clusterer, "n_clusters": 3 if clusterer == "kmeans" else None}
    )
    labels = find_clusters(points, told)
    kept = labels >= 0
    assert (set(labels[kept].tolist()), kept.mean() > 0.85) == ({0, 1, 2}, True)
    assert adjusted_rand_score(truth[kept], labels[kept]) > 0.97


def test_a_cluster_that_no_looked_at_point_belongs_to_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unimodal, "MOST_LOOKED_AT", 750)
    points, truth = three_clouds()
    parts = 2 * truth + (points[:, 2] > 0)
    parts[1] = 9  # between the points that are looked at
    joined = join_unimodal(points, parts)
    assert joined[1] == 9
    rest = np.arange(len(truth)) != 1
    assert adjusted_rand_score(truth[rest], joined[rest]) == 1


def test_noise_is_the_same_however_many_channels_are_measured_together(tetrode: Path) -> None:
    signal = band_pass(read_recording(tetrode / "recording", SpikesParameters()), 300, 6000)
    together = noise_levels(signal, np.arange(4))
    alone = [noise_levels(signal, np.array([channel]))[0] for channel in range(4)]
    assert together.tolist() == alone


def test_the_analyzer_has_the_random_spikes_of_spikeinterface(sorting: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        analyzer = load_sorting_analyzer(sorting / "analyzer.zarr").save_as(format="memory")
        written = analyzer.get_extension("random_spikes").data["random_spikes_indices"]
        analyzer.compute("random_spikes", seed=0)
    theirs = analyzer.get_extension("random_spikes").data["random_spikes_indices"]
    assert len(theirs) > 500
    assert np.array_equal(written, theirs)
