"""Image series for the brain map's tests."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pipelines.brainmap.clusters.kmeans import cluster
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels.series import Series, as_numbers, deviation, normalize
from pipelines.brainmap.voxels.store import series_store


def to_series(images: ImageSeries) -> Series:
    """All series at once."""
    with series_store(images) as store:
        return np.concatenate([as_numbers(store.read(rows)) for rows in store.blocks()])


@pytest.fixture
def film() -> NDArray[np.uint16]:
    """Six time points of three planes, every voxel different: (time, plane, y, x)."""
    return np.random.default_rng(0).integers(0, 60_000, (6, 3, 20, 30)).astype(np.uint16)


@pytest.fixture
def folder(tmp_path: Path, film: NDArray[np.uint16]) -> Path:
    """The film as a folder of `time1.tif`, ... in names that sort wrongly as text."""
    images = tmp_path / "images"
    images.mkdir()
    for time, volume in enumerate(film):
        tifffile.imwrite(images / f"time{time + 7}.tif", volume, photometric="minisblack")
    return images


@pytest.fixture(scope="session")
def fish(shared_data: Path) -> Path:
    return shared_data / "fish"


@pytest.fixture(scope="session")
def fish_series(fish: Path) -> Series:
    """The zebrafish's series, normalised by default: (13224, 20)."""
    series = to_series(open_images(fish))
    normalize(series, BrainmapParameters())
    return series


@pytest.fixture(scope="session")
def fish_centroids(fish_series: Series) -> dict[int, NDArray[np.float64]]:
    """Centroids of the zebrafish's active voxels for some k."""
    kept = fish_series[deviation(fish_series) > 0.01]
    return {k: cluster(kept, k).centroids for k in (30, 100, 200)}
