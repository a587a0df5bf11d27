"""Which images can be read, and what is said about the others."""

import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.brainmap.formats.numbering import natural_order
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.info import ImageReading
from pipelines.core.errors import ImageError, InputError

Film = NDArray[np.uint16]


def all_volumes(images: ImageSeries) -> NDArray[Any]:
    return np.stack(list(images.frames()))


def sentence(path: Path, planes: int | None = None) -> str:
    with pytest.raises(ImageError) as caught:
        all_volumes(open_images(path, ImageReading(planes=planes)))
    assert path.name in caught.value.sentence
    return caught.value.sentence


def write(path: Path, data: NDArray[Any], **options: Any) -> Path:
    tifffile.imwrite(path, data, **{"photometric": "minisblack", **options})
    return path


def test_a_folder_of_tiffs_is_read_in_the_order_of_its_numbers(folder: Path, film: Film) -> None:
    images = open_images(folder)
    assert images.shape == (6, 3, 20, 30)
    assert images.dtype == np.uint16
    assert np.array_equal(all_volumes(images), film)


def test_any_stretch_of_time_can_be_read_alone(folder: Path, film: Film) -> None:
    assert np.array_equal(np.stack(list(open_images(folder).frames(2, 4))), film[2:4])


def test_the_zebrafish_has_the_published_shape(fish: Path) -> None:
    assert open_images(fish).shape == (20, 2, 76, 87)


def test_numbers_in_names_sort_as_numbers() -> None:
    names = ["t10.tif", "t9.tif", "T2.tif", "t02b.tif"]
    ordered = [file.name for file in natural_order([Path(name) for name in names])]
    assert ordered == ["T2.tif", "t02b.tif", "t9.tif", "t10.tif"]


STACKS: dict[str, dict[str, Any]] = {
    "contiguous": {},
    "big-endian": {"byteorder": ">"},
    "BigTIFF": {"bigtiff": True},
    "deflate": {"compression": "zlib"},
    "tiles": {"tile": (16, 16)},
}


@pytest.mark.parametrize("options", STACKS.values(), ids=STACKS.keys())
def test_pages_of_a_stack_are_grouped_into_volumes(
    tmp_path: Path, film: Film, options: dict[str, Any]
) -> None:
    file = write(tmp_path / "film.tif", film.reshape(18, 20, 30), **options)
    images = open_images(file, ImageReading(planes=3))
    assert np.array_equal(all_volumes(images), film)
    assert np.array_equal(next(iter(images.frames(5))), film[5])


NAMED: dict[str, tuple[str, Callable[[Film], Film]]] = {
    "time, z": ("TZYX", lambda film: film),
    "z, time": ("ZTYX", lambda film: film.swapaxes(0, 1)),
    "one channel": ("TZCYX", lambda film: film[:, :, None]),
}


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize(("axes", "arrange"), NAMED.values(), ids=NAMED.keys())
def test_the_axes_of_an_ome_tiff_are_honoured(
    tmp_path: Path, film: Film, axes: str, arrange: Callable[[Film], Film], compression: str | None
) -> None:
    file = tmp_path / "film.ome.tif"
    write(file, arrange(film), metadata={"axes": axes}, compression=compression)
    assert np.array_equal(all_volumes(open_images(file)), film)


def test_an_ome_tiff_of_one_plane_needs_no_number_of_planes(tmp_path: Path, film: Film) -> None:
    file = write(tmp_path / "film.ome.tif", film[:, 0], metadata={"axes": "TYX"})
    assert np.array_equal(all_volumes(open_images(file)), film[:, :1])


def test_an_imagej_hyperstack_says_its_planes_itself(tmp_path: Path, film: Film) -> None:
    file = write(tmp_path / "film.tif", film, imagej=True, metadata={"axes": "TZYX"})
    assert np.array_equal(all_volumes(open_images(file)), film)
    assert "says that it has 3 planes" in sentence(file, planes=2)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_numpy_files_hold_volumes_or_planes(
    tmp_path: Path, film: Film, save: Callable[..., None]
) -> None:
    np.save(tmp_path / "film.npy", film)
    np.save(tmp_path / "plane.npy", film[:, 0])
    save(tmp_path / "film.npz", film)
    assert np.array_equal(all_volumes(open_images(tmp_path / "film.npy")), film)
    assert np.array_equal(all_volumes(open_images(tmp_path / "plane.npy")), film[:, :1])
    assert np.array_equal(all_volumes(open_images(tmp_path / "film.npz")), film)


def test_a_missing_time_point_is_named(folder: Path) -> None:
    (folder / "time9.tif").unlink()
    assert "time9.tif is missing" in sentence(folder)


def test_a_missing_time_point_keeps_its_leading_zeros(folder: Path) -> None:
    for number in range(7, 13):
        (folder / f"time{number}.tif").rename(folder / f"mouse1_time{number:03d}.tif")
    (folder / "mouse1_time008.tif").unlink()
    (folder / "mouse1_time010.tif").unlink()
    assert "mouse1_time008.tif and 1 more lack" in sentence(folder)


def test_numbers_may_go_in_steps(folder: Path, film: Film) -> None:
    for number in (8, 10, 12):
        (folder / f"time{number}.tif").unlink()
    assert np.array_equal(all_volumes(open_images(folder)), film[::2])


def test_clock_times_in_names_are_no_gaps(folder: Path, film: Film) -> None:
    clocks = (110501, 110532, 110603, 110637, 110709, 110742)
    for number, clock in zip(range(7, 13), clocks, strict=True):
        (folder / f"time{number}.tif").rename(folder / f"at{clock}.tif")
    assert np.array_equal(all_volumes(open_images(folder)), film)


def test_a_number_that_occurs_twice_is_refused(folder: Path) -> None:
    (folder / "time7.tif").rename(folder / "time08.tif")
    assert "time08.tif and time8.tif" in sentence(folder)


def test_an_image_that_is_no_time_point_is_named(folder: Path) -> None:
    (folder / "time7.tif").rename(folder / "mean.tif")
    assert "mean.tif" in sentence(folder)


def test_a_file_per_plane_is_told_by_its_name(tmp_path: Path, film: Film) -> None:
    for time in range(6):
        for plane in range(3):
            write(tmp_path / f"t{time}_z{plane}.tif", film[time, plane])
    images = open_images(tmp_path)
    assert np.array_equal(all_volumes(images), film)
    assert "one plane, as the names count 3 of them (z)" in images.info.notes[0]
    (tmp_path / "t4_z1.tif").unlink()
    assert "z1 is missing beside t4_z0.tif" in sentence(tmp_path)


@pytest.mark.parametrize(
    ("strange", "said"),
    [
        (np.zeros((3, 20, 31), np.uint16), "(3, 20, 31)"),
        (np.zeros((2, 20, 30), np.uint16), "(2, 20, 30)"),
        (np.zeros((3, 20, 30), np.uint8), "uint8"),
    ],
)
def test_a_volume_unlike_the_first_is_named(folder: Path, strange: NDArray[Any], said: str) -> None:
    write(folder / "time9.tif", strange)
    text = sentence(folder)
    assert "time9.tif" in text
    assert said in text


def test_an_empty_folder_and_a_single_image_are_refused(tmp_path: Path, film: Film) -> None:
    assert "no TIFF" in sentence(tmp_path)
    write(tmp_path / "time1.tif", film[0])
    assert "at least 2 time points" in sentence(tmp_path)


def test_a_stack_must_say_its_planes(tmp_path: Path, film: Film) -> None:
    file = write(tmp_path / "film.tif", film.reshape(18, 20, 30))
    assert "18 pages" in sentence(file)
    assert "planes = 4 does not divide" in sentence(file, planes=4)
    assert "only one time point" in sentence(file, planes=18)


def test_colour_channels_and_mixed_sizes_are_refused(tmp_path: Path, film: Film) -> None:
    colour = write(tmp_path / "rgb.tif", np.zeros((5, 20, 30, 3), np.uint8), photometric="rgb")
    assert "colour" in sentence(colour, planes=1)
    channels = write(tmp_path / "channels.ome.tif", film, metadata={"axes": "TCYX"})
    assert "3 channels" in sentence(channels)
    with tifffile.TiffWriter(tmp_path / "mixed.tif") as writer:
        writer.write(film[0, 0])
        writer.write(film[0, 0, :10])
    assert "different shape" in sentence(tmp_path / "mixed.tif", planes=1)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("options", STACKS.values(), ids=STACKS.keys())
def test_a_stack_that_was_cut_short_never_passes_for_a_shorter_film(
    tmp_path: Path, film: Film, options: dict[str, Any], share: float
) -> None:
    whole = write(tmp_path / "whole.tif", film.reshape(18, 20, 30), **options).read_bytes()
    cut = tmp_path / "cut.tif"
    cut.write_bytes(whole[: int(len(whole) * share)])
    assert "cut short" in sentence(cut, planes=3)


def test_a_damaged_image_in_a_folder_is_named(folder: Path) -> None:
    file = folder / "time9.tif"
    file.write_bytes(file.read_bytes()[:1000])
    assert "time9.tif" in sentence(folder)
    file.write_bytes(b"")
    assert "time9.tif is empty" in sentence(folder)
    file.write_text("no image")
    assert "time9.tif is not a TIFF" in sentence(folder)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e300])
def test_values_that_are_no_intensities_are_read_as_nan(
    tmp_path: Path, film: Film, value: float
) -> None:
    real = film.astype(np.float64)
    real[2, 1, 3, 4] = value
    np.save(tmp_path / "film.npy", real)
    volume = list(open_images(tmp_path / "film.npy").frames())[2]
    assert np.argwhere(np.isnan(volume)).tolist() == [[1, 3, 4]]
    assert np.array_equal(volume[~np.isnan(volume)], real[2][~np.isnan(volume)])


def test_infinity_in_half_precision_is_read_as_nan(tmp_path: Path, film: Film) -> None:
    half = (film // 2).astype(np.float16)
    half[2, 1, 3, 4] = np.inf
    np.save(tmp_path / "film.npy", half)
    volume = list(open_images(tmp_path / "film.npy").frames())[2]
    assert np.argwhere(~np.isfinite(volume)).tolist() == [[1, 3, 4]]
    assert np.isnan(volume[1, 3, 4])


def test_python_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}], object))
    np.savez(tmp_path / "objects.npz", np.array([{}], object))
    assert "Python objects" in sentence(tmp_path / "objects.npy")
    assert "Python objects" in sentence(tmp_path / "objects.npz")


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((6, 20)), "2 dimensions"),
        (np.zeros((1, 2, 20, 30)), "only one time point"),
        (np.zeros((6, 0, 20, 30)), "no voxels"),
        (np.zeros((6, 20, 30), complex), "complex"),
        (np.full((6, 20, 30), "a"), "numbers"),
    ],
)
def test_an_unsuitable_array_is_described(tmp_path: Path, array: NDArray[Any], said: str) -> None:
    np.save(tmp_path / "film.npy", array)
    assert said in sentence(tmp_path / "film.npy")


def test_damaged_and_strange_numpy_files_are_refused(tmp_path: Path, film: Film) -> None:
    file = tmp_path / "film.npy"
    np.save(file, film)
    file.write_bytes(file.read_bytes()[:5000])
    assert "cut short" in sentence(file)
    np.savez(tmp_path / "two.npz", film, film)
    assert "2 arrays" in sentence(tmp_path / "two.npz")
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
        archive.writestr("readme.txt", "no array")
    assert "no array" in sentence(tmp_path / "text.npz")


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    assert "not read here" in sentence(tmp_path / "table.xlsx")


FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZ
@given(content=st.binary(max_size=300), suffix=st.sampled_from([".tif", ".npy", ".npz"]))
def test_any_bytes_end_in_a_sentence(tmp_path: Path, content: bytes, suffix: str) -> None:
    file = tmp_path / f"any{suffix}"
    file.write_bytes({".tif": b"II*\0", ".npy": b"\x93NUMPY", ".npz": b"PK\3\4"}[suffix] + content)
    with pytest.raises(InputError):
        all_volumes(open_images(file, ImageReading(planes=1)))


@FUZZ
@given(
    place=st.integers(0, 1200),
    value=st.integers(0, 255),
    compression=st.sampled_from([None, "zlib"]),
)
def test_a_flipped_byte_gives_images_or_a_sentence(
    tmp_path: Path, place: int, value: int, compression: str | None
) -> None:
    film = np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6)
    file = write(tmp_path / "film.tif", film, compression=compression)
    content = bytearray(file.read_bytes())
    content[place % len(content)] = value
    file.write_bytes(content)
    with suppress(ImageError):
        assert len(list(open_images(file, ImageReading(planes=1)).frames())) > 1


@pytest.mark.parametrize("contiguous", [True, False])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_images_that_a_script_adds_one_by_one_are_a_film(
    tmp_path: Path, film: Film, contiguous: bool, compression: str | None
) -> None:
    with tifffile.TiffWriter(tmp_path / "film.tif") as file:
        for frame in film[:, 0]:
            file.write(frame, contiguous=contiguous and not compression, compression=compression)
    read = all_volumes(open_images(tmp_path / "film.tif", ImageReading(planes=1)))
    assert np.array_equal(read[:, 0], film[:, 0])
    assert "holds 6 pages but does not say" in sentence(tmp_path / "film.tif")


def test_images_beside_each_other_are_not_said_to_differ(tmp_path: Path, film: Film) -> None:
    with tifffile.TiffWriter(tmp_path / "film.ome.tif", ome=True) as file:
        for plane in range(2):
            file.write(film[:, plane], metadata={"axes": "TYX"})
    text = sentence(tmp_path / "film.ome.tif")
    assert "holds 2 images of 6 x 20 x 30, such as positions" in text


def test_numbers_beside_the_images_of_an_npz_are_left_aside(tmp_path: Path, film: Film) -> None:
    path = tmp_path / "film.npz"
    np.savez(path, rate=10.0, images=film, mean=film[0, 0])
    assert np.array_equal(all_volumes(open_images(path)), film)
    np.savez(path, raw=film, moved=film[::-1], names=np.array(["a", "b"]))
    assert "raw, moved" in sentence(path)
    assert np.array_equal(all_volumes(open_images(path, ImageReading(dataset="moved"))), film[::-1])
