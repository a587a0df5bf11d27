"""Series are read block by block, from images of any size, and nothing is left behind."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels import store
from pipelines.brainmap.voxels.active import find_active
from pipelines.brainmap.voxels.store import series_store

Film = NDArray[np.uint16]


def blocks_of(path: Path, beside: Path) -> list[NDArray[Any]]:
    with series_store(open_images(path), beside=beside) as opened:
        return [opened.read(rows) for rows in opened.blocks()]


@given(block=st.integers(1, 400), batch=st.integers(1, 9000))
def test_blocks_of_any_size_hold_the_same_series(
    tmp_path_factory: pytest.TempPathFactory, block: int, batch: int
) -> None:
    film = np.arange(7 * 2 * 5 * 6, dtype=np.uint16).reshape(7, 2, 5, 6)
    folder = tmp_path_factory.mktemp("store")
    np.save(folder / "film.npy", film)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "BLOCK_VALUES", block)
        patch.setattr(store, "BATCH_BYTES", batch)
        found = blocks_of(folder / "film.npy", folder)
    assert np.array_equal(np.concatenate(found), film.reshape(7, -1).T)
    assert max(len(part) for part in found) == min(60, max(1, block // 7))
    assert [path.name for path in folder.iterdir()] == ["film.npy"]


def test_the_active_voxels_do_not_depend_on_the_blocks(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = BrainmapParameters.parse({"std_threshold": 2.0})
    whole = find_active(open_images(folder), values, tmp_path)
    monkeypatch.setattr(store, "BLOCK_VALUES", 100)
    monkeypatch.setattr(store, "BATCH_BYTES", 5000)
    parts = find_active(open_images(folder), values, tmp_path)
    assert 0 < len(whole.voxels) < 1800
    for name in ("series", "voxels", "deviation", "mean"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name
