"""Series in a file are what they are in memory, and only what is asked for is read."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.brainmap.clusters.kmeans import cluster, grouped_by, quality
from pipelines.brainmap.clusters.lloyd import describe, refine
from pipelines.brainmap.clusters.quick import means_quickly
from pipelines.brainmap.engines.engine import Cut, Local
from pipelines.brainmap.voxels import stored
from pipelines.brainmap.voxels.series import Series
from pipelines.brainmap.voxels.stored import StoredSeries, Writer, at_hand

SMALL = Cut(values=20_000, blocks=3, tasks=2)
"""Many blocks, many groups of blocks, and groups of groups."""


@pytest.fixture
def series() -> Series:
    """15,000 noisy voxels of 8 patterns in 10 time points: several blocks of several stretches."""
    random = np.random.default_rng(3)
    patterns = random.standard_normal((8, 10))
    noisy = patterns[random.integers(0, 8, 15_000)] + 0.4 * random.standard_normal((15_000, 10))
    return noisy.astype(np.float32)


@pytest.fixture
def file(series: Series, tmp_path: Path) -> StoredSeries:
    with Writer(tmp_path / "series.npy", 10) as writer:
        for part in np.array_split(series, 7):
            writer.write(part)
    return StoredSeries.open(tmp_path / "series.npy")


def test_a_written_file_is_numpys(series: Series, file: StoredSeries) -> None:
    assert np.array_equal(np.load(file.path), series)
    assert (file.shape, file.dtype, len(file)) == (series.shape, series.dtype, len(series))


@pytest.mark.parametrize(
    "rows",
    [slice(None), slice(5, 9), slice(14_990, 20_000), slice(7, 7), np.array([0, 1, 2, 9, 14_999])],
)
def test_what_is_asked_for_is_read(
    series: Series, file: StoredSeries, rows: slice | NDArray[np.intp]
) -> None:
    assert np.array_equal(file[rows], series[rows])
    assert file[np.array([], np.intp)].shape == (0, 10)


def test_some_time_points_of_all_voxels_are_read(
    series: Series, file: StoredSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "VALUES_AT_ONCE", 1000)
    assert np.array_equal(file[:, 3:6], series[:, 3:6])


def test_large_series_stay_in_their_file(
    file: StoredSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(at_hand(file), np.ndarray)
    monkeypatch.setattr(stored, "IN_MEMORY_BYTES", 599_999)
    assert at_hand(file) is file


def test_a_file_that_is_cut_short_is_noticed(file: StoredSeries) -> None:
    with file.path.open("r+b") as stream:
        stream.truncate(300_000)
    with pytest.raises(EOFError):
        file[10_000:11_000]


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_and_files_change_no_bit(series: Series, file: StoredSeries, threads: int) -> None:
    starts = [series[:8].astype(float), series[:30].astype(float)]
    engine = Local(SMALL, threads)
    here, there = (refine(Local(SMALL, 1), series, starts, 4), refine(engine, file, starts, 4))
    for one, other in zip(here, there, strict=True):
        assert np.array_equal(one.centroids, other.centroids)
        assert np.array_equal(one.sizes, other.sizes)
    for one, other in zip(
        Local(SMALL, 1).each(describe, series, here),
        engine.each(describe, file, there),
        strict=True,
    ):
        assert one[0] == other[0]
        for first, second in zip(one[1], other[1], strict=True):
            assert np.array_equal(first.labels, second.labels)
            assert np.array_equal(first.similarity, second.similarity)
            assert np.array_equal(first.sums, second.sums)


def test_what_is_said_of_groups_is_what_the_definitions_give(series: Series) -> None:
    [means] = refine(Local(SMALL), series, [series[:12].astype(float)], 3)
    found = grouped_by(means, series, Local(SMALL))
    assert np.array_equal(np.bincount(found.labels, minlength=12), means.sizes)
    for group in range(12):
        mean = series[found.labels == group].mean(axis=0, dtype=np.float64)
        np.testing.assert_allclose(means.centroids[group], mean, atol=1e-6)
    away = series - means.centroids[found.labels]
    assert found.inertia == pytest.approx((away**2).sum())
    described = [part for _, [part] in Local(SMALL).each(describe, series, [means])]
    inertia, distance, similarity = sum(part.sums for part in described)
    fit = quality(series, found)
    assert inertia == pytest.approx(found.inertia)
    assert distance == pytest.approx(np.linalg.norm(away, axis=1).sum())
    assert distance == pytest.approx(fit.error_distance)
    assert similarity == pytest.approx(1 / fit.error_similarity)


def test_many_voxels_are_started_on_a_sample_and_end_as_good(
    series: Series, file: StoredSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cluster(series, 8, n_init=4)
    monkeypatch.setattr("pipelines.brainmap.clusters.kmeans.IN_MEMORY_VALUES", 20_000)
    here, there = cluster(series, 8, n_init=4), cluster(file, 8, n_init=4)
    assert here.inertia <= 1.001 * whole.inertia
    assert np.array_equal(here.labels, there.labels)
    assert np.array_equal(here.centroids, there.centroids)


def test_the_quick_sweep_reads_each_block_once_a_pass(
    series: Series, file: StoredSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[slice] = []
    plain = StoredSeries.__getitem__

    def counted(self: StoredSeries, rows: slice) -> Series:
        if isinstance(rows, slice):
            read.append(rows)
        return plain(self, rows)

    monkeypatch.setattr(StoredSeries, "__getitem__", counted)
    found = means_quickly(file, (4, 8, 16), 0, engine=Local(SMALL))
    assert [len(means.sizes) for means in found] == [4, 8, 16]
    assert len(read) <= 3 * len(SMALL.slices(series.shape))
