"""Axes: from the file, from the person, guessed where that is safe, and asked for where not."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.asking import LABELS
from pipelines.brainmap.images.axes import LETTERS, alternatives, letters, typed
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.info import ImageReading
from pipelines.brainmap.parameters import ReadingParameters
from pipelines.core.errors import ImageError, ParameterError

Film = NDArray[np.uint16]
ORDERS = ["YXT", "XYT", "TXY", "TZXY", "ZTYX", "YXZT", "ZYXT", "TYXZ", "TCYX", "YXCT", "XYCZT"]


def all_volumes(images: ImageSeries) -> NDArray[Any]:
    return np.stack(list(images.frames()))


def sentence(path: Path, **reading: Any) -> str:
    with pytest.raises(ImageError) as caught:
        all_volumes(open_images(path, ImageReading(**reading)))
    assert path.name in caught.value.sentence
    return caught.value.sentence


def stored(film: Film, axes: str) -> NDArray[Any]:
    """The film (time, plane, y, x) with its axes in another order; channel 1 of 2 is noise."""
    full = np.stack([film[::-1] // 3, film])
    of = dict(zip("CTZYX", range(5), strict=True))
    order = [of[axis] for axis in axes]
    left = full.transpose([*order, *(of[axis] for axis in "CTZYX" if axis not in axes)])
    dropped = tuple(-1 if axis == "C" else 0 for axis in "CTZYX" if axis not in axes)
    return np.ascontiguousarray(left[(..., *dropped)])


def expected(film: Film, axes: str) -> Film:
    return film if "Z" in axes else film[:, :1]


@pytest.mark.parametrize("axes", ORDERS)
@pytest.mark.parametrize("kind", [".npy", ".npz", ".h5", ".zarr", ".tif"])
def test_axes_may_be_given_in_any_order(tmp_path: Path, film: Film, axes: str, kind: str) -> None:
    path, array = tmp_path / f"film{kind}", stored(film, axes)
    if kind == ".h5":
        with h5py.File(path, "w") as file:
            file["film"] = array
    elif kind == ".tif":
        if axes.endswith("YX") and axes != "TZYX":
            pytest.skip("pages are frames: test_a_stack_may_be_given_axes")
        tifffile.imwrite(path, array, photometric="minisblack")
    else:
        save = {".npy": np.save, ".npz": np.savez, ".zarr": zarr.save_array}[kind]
        save(str(path), array)
    images = open_images(path, ImageReading(axes=axes, channel="2" if "C" in axes else ""))
    assert np.array_equal(all_volumes(images), expected(film, axes))
    assert np.array_equal(np.stack(list(images.frames(2, 5))), expected(film, axes)[2:5])
    assert (images.info.axes, images.info.axes_from) == (axes, "given")


@pytest.mark.parametrize("axes", ["YXT", "ZYXT", "XYT"])
def test_series_that_lie_together_are_read_as_series(tmp_path: Path, film: Film, axes: str) -> None:
    np.save(tmp_path / "film.npy", stored(film, axes))
    images = open_images(tmp_path / "film.npy", ImageReading(axes=axes))
    assert images.read_series is not None
    series = expected(film, axes).reshape(6, -1).T
    assert np.array_equal(images.read_series(100, 500), series[100:500])


@pytest.mark.parametrize(
    ("axes", "reading"),
    [
        ("TZYX", {"axes": "TZYX", "planes": 3}),
        ("ZTYX", {"axes": "ZTYX", "planes": 3}),
        ("TZCYX", {"axes": "TZCYX", "planes": 3, "channels": 2, "channel": "2"}),
        ("TCZYX", {"axes": "TCZYX", "planes": 3, "channels": 2, "channel": "2"}),
        ("TZCYX", {"planes": 3, "channels": 2, "channel": "channel 2"}),
        ("TYX", {"axes": "TYX"}),
    ],
)
def test_counted_pages_may_be_given_axes(
    tmp_path: Path, film: Film, axes: str, reading: dict[str, Any]
) -> None:
    pages = stored(film, axes).reshape(-1, 20, 30)
    tifffile.imwrite(tmp_path / "film.tif", pages, photometric="minisblack")
    images = open_images(tmp_path / "film.tif", ImageReading(**reading))
    assert np.array_equal(all_volumes(images), expected(film, axes))
    assert images.info.axes_from == "given"


def test_a_shape_that_is_plain_is_read_and_said(tmp_path: Path) -> None:
    np.save(tmp_path / "film.npy", np.zeros((60, 24, 30)))
    info = open_images(tmp_path / "film.npy").info
    assert (info.axes, info.axes_from) == ("TYX", "guessed")
    assert "60 x 24 x 30 was read as time, y, x" in info.notes[0]


@pytest.mark.parametrize(
    ("shape", "plausible"),
    [
        ((128, 256, 20), "YXT"),  # SIMA's own example
        ((512, 512, 1000), "YXT"),
        ((20, 64, 64, 200), "ZYXT"),
        ((100, 64, 64, 2), "TYXZ"),
        ((76, 87, 2, 20), "YXZT"),
        ((30, 200, 64, 64), "ZTYX"),
    ],
)
def test_a_doubtful_shape_is_asked_about(
    tmp_path: Path, shape: tuple[int, ...], plausible: str
) -> None:
    file = np.lib.format.open_memmap(tmp_path / "film.npy", "w+", np.uint8, shape)
    del file
    text = sentence(tmp_path / "film.npy")
    assert f"--axes {plausible}" in text
    assert "Axes (--axes)" in text
    assert open_images(tmp_path / "film.npy", ImageReading(axes=plausible)).shape[1:3] != (0, 0)


@pytest.mark.parametrize(
    "shape",
    [(20, 2, 76, 87), (60, 24, 24), (5000, 4, 512), (2, 4, 31, 31), (600, 10, 256, 256),
     (128, 512, 512), (6, 3, 20, 30), (1000, 200, 512)],
)  # fmt: skip
def test_a_plain_shape_is_not_asked_about(shape: tuple[int, ...]) -> None:
    assert not alternatives(shape, {3: "TYX", 4: "TZYX"}[len(shape)])


def test_the_wrong_number_of_letters_is_counted(tmp_path: Path, film: Film) -> None:
    np.save(tmp_path / "film.npy", film)
    assert "has 4 axes of 6 x 3 x 20 x 30, but Axes (--axes) gives 3 letters (TYX)" in sentence(
        tmp_path / "film.npy", axes="TYX"
    )


def test_labels_of_hdf5_and_zarr_are_honoured(tmp_path: Path, film: Film) -> None:
    with h5py.File(tmp_path / "film.h5", "w") as file:
        file["film"] = stored(film, "TZYX")[..., None]
        for at, label in enumerate("tzyxc"):
            file["film"].dims[at].label = label
    images = open_images(tmp_path / "film.h5")
    assert np.array_equal(all_volumes(images), film)
    assert (images.info.axes, images.info.axes_from) == ("TZYXC", "file")
    array = zarr.open(str(tmp_path / "film.zarr"), mode="w", shape=(20, 30, 6), dtype="u2")
    array[:] = stored(film, "YXT")
    array.attrs["_ARRAY_DIMENSIONS"] = ["row", "column", "time"]
    assert np.array_equal(all_volumes(open_images(tmp_path / "film.zarr")), film[:, :1])


def test_given_axes_go_before_those_of_the_file(tmp_path: Path, film: Film) -> None:
    file = tmp_path / "film.ome.tif"
    tifffile.imwrite(file, film, photometric="minisblack", metadata={"axes": "ZTYX"})
    images = open_images(file, ImageReading(axes="TZYX"))
    assert np.array_equal(all_volumes(images), film)
    assert "says that its axes are plane, time, y, x" in images.info.notes[0]


@settings(max_examples=200)
@given(text=st.text(st.sampled_from("TZCYXtzcyx ,QS1"), max_size=8))
def test_letters_that_a_person_types_are_axes_or_a_sentence(text: str) -> None:
    letters_alone = text.upper().replace(",", "").replace(" ", "")
    sound = set("YX") <= set(letters_alone) <= set(LETTERS)
    if (sound and len(set(letters_alone)) == len(letters_alone)) or not letters_alone:
        assert ReadingParameters.parse({"axes": text}).reading.axes == typed(text) == letters_alone
    else:
        with pytest.raises(ParameterError, match=r"axes \(Axes\)"):
            ReadingParameters.parse({"axes": text})


@given(order=st.permutations(list("TZCYX")), count=st.integers(3, 5))
def test_any_order_of_letters_reads_each_voxel_where_it_lies(
    tmp_path_factory: pytest.TempPathFactory, order: list[str], count: int
) -> None:
    axes = "".join(order)
    for axis in "ZC"[: 5 - count]:
        axes = axes.replace(axis, "")
    film = np.arange(5 * 3 * 4 * 6, dtype=np.uint16).reshape(5, 3, 4, 6)
    path = tmp_path_factory.getbasetemp() / "any.npy"
    np.save(path, stored(film, axes))
    images = open_images(path, ImageReading(axes=axes, channel="2" if "C" in axes else ""))
    assert np.array_equal(all_volumes(images), expected(film, axes))


def test_words_for_axes_are_known() -> None:
    assert letters(["frames", "row", "col"]) == "TYX"
    assert letters(["time", "band", "y"]) == ""
    assert letters(["y", "row", "x"]) == ""


def test_sentences_call_settings_as_the_page_does() -> None:
    fields = ReadingParameters.model_fields
    assert {name: fields[name].title for name in LABELS} == dict(LABELS)


@pytest.mark.parametrize("axes", ORDERS)
def test_axes_that_a_tiff_names_are_honoured_in_any_order(
    tmp_path: Path, film: Film, axes: str
) -> None:
    tifffile.imwrite(
        tmp_path / "film.tif", stored(film, axes), metadata={"axes": axes}, photometric="minisblack"
    )
    channel = "2" if "C" in axes else ""
    images = open_images(tmp_path / "film.tif", ImageReading(channel=channel))
    assert np.array_equal(all_volumes(images), expected(film, axes))
    assert (images.info.axes, images.info.axes_from, images.info.notes) == (axes, "file", ())


@pytest.mark.parametrize(("axes", "film_axes"), [("CYX", "TYX"), ("ZCYX", "ZTYX")])
def test_pages_that_are_channels_alone_are_asked_about_with_a_way_out(
    tmp_path: Path, film: Film, axes: str, film_axes: str
) -> None:
    path, data = tmp_path / "film.tif", film if "Z" in axes else film[:, 0]
    tifffile.imwrite(path, data, imagej=True, metadata={"axes": axes})
    assert f"such as {film_axes}" in sentence(path)
    images = open_images(path, ImageReading(axes=film_axes))
    as_film = data.swapaxes(0, 1) if "Z" in axes else data[:, None]
    assert np.array_equal(all_volumes(images), as_film)


@pytest.mark.parametrize(
    ("labels", "axes"),
    [(("", "", "time"), "YXT"), (("time", "", ""), "TYX"), (("", "", "lambda"), "")],
)
def test_one_label_settles_the_axes_where_one_order_agrees(
    tmp_path: Path, film: Film, labels: tuple[str, ...], axes: str
) -> None:
    with h5py.File(tmp_path / "film.h5", "w") as file:
        data = file.create_dataset("mov", data=stored(film, axes or "TYX"))
        for at, label in enumerate(labels):
            data.dims[at].label = label
    images = open_images(tmp_path / "film.h5")
    assert images.info.axes_from == ("file" if axes else "guessed")
    assert np.array_equal(all_volumes(images), expected(film, axes or "TYX"))
