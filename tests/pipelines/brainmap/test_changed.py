"""Results of operations on series are images again, where they have time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines import tasks
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.operations.parameters import METHODS, USED, OperationParameters
from pipelines.brainmap.parameters import ReadingParameters
from pipelines.core.errors import ImageError
from tests.pipelines.brainmap.conftest import to_series


@pytest.fixture
def film_file(tmp_path: Path, film: NDArray[np.uint16]) -> Path:
    film[:, 0, 0, 0] = 7  # its z-score is undefined
    np.save(tmp_path / "film.npy", film)
    return tmp_path / "film.npy"


def change(file: Path, out: Path, operation: str, **values: Any) -> dict[str, Any]:
    given = {"operation": operation, **values}
    return tasks.run("brainmap series", {"images": file}, given, out).results


def test_series_come_back_as_they_were_written(film_file: Path, tmp_path: Path) -> None:
    assert change(film_file, tmp_path / "out", "zscore")["layout"] == "series"
    images = open_images(tmp_path / "out")
    written = np.load(tmp_path / "out" / "result.npy")
    assert images.shape == (6, 3, 20, 30)
    assert np.isnan(written[0, 0, 0]).all()
    series = to_series(images).reshape(3, 20, 30, 6)
    assert np.array_equal(series, written, equal_nan=True)
    frames = np.stack(list(images.frames()))
    assert np.array_equal(frames, np.moveaxis(series, -1, 0), equal_nan=True)


def test_volumes_come_back_as_they_were_written(film_file: Path, tmp_path: Path) -> None:
    found = change(film_file, tmp_path / "out", "subsample", factor="1,5,5")
    assert (found["layout"], found["shape"]) == ("volumes", [6, 3, 4, 6])
    images = open_images(tmp_path / "out")
    film = np.load(film_file)
    assert np.array_equal(np.stack(list(images.frames())), film[:, :, ::5, ::5])


def test_normalised_series_give_the_map_of_the_images(fish: Path, tmp_path: Path) -> None:
    change(fish, tmp_path / "series", "normalize")
    values = {"k": 5, "normalize": "none"}
    changed = tasks.run("brainmap fit", {"images": tmp_path / "series"}, values, tmp_path / "a")
    plain = tasks.run("brainmap fit", {"images": fish}, {"k": 5}, tmp_path / "b")
    assert changed.results["n_kept"] == plain.results["n_kept"] == 5898
    assert changed.results["inertia"] == pytest.approx(plain.results["inertia"], rel=1e-3)


@pytest.mark.parametrize(
    ("operation", "layout"),
    [("mean", "image"), ("fourier", "values"), ("sample", "sample"), ("localcorr", "image")],
)
def test_what_has_no_time_cannot_be_mapped(
    film_file: Path, tmp_path: Path, operation: str, layout: str
) -> None:
    assert change(film_file, tmp_path / "out", operation)["layout"] == layout
    with pytest.raises(ImageError, match="cannot be mapped"):
        open_images(tmp_path / "out")


def test_the_images_are_previewed_beside_the_result(film_file: Path, tmp_path: Path) -> None:
    found = change(film_file, tmp_path / "out", "center")
    assert np.array_equal(np.load(tmp_path / "out" / "preview.npy"), np.load(film_file))
    assert found["thinned"] == {"pixels": 1, "times": 1}


def test_every_setting_belongs_to_an_operation() -> None:
    used = {name for names in USED.values() for name in names}
    general = {*ReadingParameters.model_fields, "operation"}
    assert used | general == set(OperationParameters.model_fields)
    assert all("method" in USED[operation] for operation in METHODS)
