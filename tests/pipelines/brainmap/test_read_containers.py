"""Images in HDF5, NWB, zarr and Thunder's binary files."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.info import ImageReading
from pipelines.core.errors import ImageError

Film = NDArray[np.uint16]


def all_volumes(images: ImageSeries) -> NDArray[Any]:
    return np.stack(list(images.frames()))


def sentence(path: Path, dataset: str = "") -> str:
    with pytest.raises(ImageError) as caught:
        all_volumes(open_images(path, ImageReading(dataset=dataset)))
    assert path.name in caught.value.sentence
    return caught.value.sentence


@pytest.fixture
def hdf5(tmp_path: Path, film: Film) -> Path:
    """A film beside a mask, in chunks of four time points."""
    with h5py.File(tmp_path / "film.h5", "w") as file:
        file.create_dataset("run/film", data=film, chunks=(4, 3, 10, 10), compression="gzip")
        file["run/one_plane"] = film[:, 0]
        file["note"] = "a text"
    return tmp_path / "film.h5"


def test_a_dataset_of_hdf5_is_chosen_by_name(hdf5: Path, film: Film) -> None:
    assert np.array_equal(all_volumes(open_images(hdf5, ImageReading(dataset="run/film"))), film)
    one = open_images(hdf5, ImageReading(dataset="/run/one_plane"))
    assert one.shape == (6, 1, 20, 30)
    assert np.array_equal(np.stack(list(one.frames(3, 5)))[:, 0], film[3:5, 0])


def test_several_datasets_are_named(hdf5: Path) -> None:
    assert "set dataset to one of run/film, run/one_plane" in sentence(hdf5)
    assert "choose from run/film, run/one_plane" in sentence(hdf5, "run/fim")


def test_nwb_stores_x_before_y(tmp_path: Path, film: Film) -> None:
    with h5py.File(tmp_path / "film.nwb", "w") as file:
        group = file.create_group("acquisition/TwoPhotonSeries")
        group.attrs["neurodata_type"] = "TwoPhotonSeries"
        group["data"] = film.transpose(0, 3, 2, 1)
    for dataset in ("", "acquisition/TwoPhotonSeries", "acquisition/TwoPhotonSeries/data"):
        images = open_images(tmp_path / "film.nwb", ImageReading(dataset=dataset))
        assert np.array_equal(all_volumes(images), film)


@pytest.mark.parametrize("suffix", [".zarr", ""])
def test_a_zarr_array_is_read(tmp_path: Path, film: Film, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    zarr.save_array(str(path), film, chunks=(4, 1, 20, 30))
    assert np.array_equal(all_volumes(open_images(path)), film)


def test_an_ome_zarr_image_is_read_at_full_resolution(tmp_path: Path, film: Film) -> None:
    root = zarr.open_group(str(tmp_path / "film.zarr"), mode="w")
    root["0"], root["1"] = film[:, None], film[:, None, :, ::2, ::2]
    axes = [{"name": name} for name in "tczyx"]
    root.attrs["multiscales"] = [{"axes": axes, "datasets": [{"path": "0"}, {"path": "1"}]}]
    assert np.array_equal(all_volumes(open_images(tmp_path / "film.zarr")), film)


def test_several_channels_are_refused(tmp_path: Path, film: Film) -> None:
    zarr.save_array(str(tmp_path / "film.zarr"), np.stack([film, film], axis=1))
    assert "2 channels" in sentence(tmp_path / "film.zarr")


def test_zarr_of_format_3_is_explained(tmp_path: Path) -> None:
    (tmp_path / "film.zarr").mkdir()
    (tmp_path / "film.zarr" / "zarr.json").write_text('{"zarr_format": 3}')
    assert "zarr_format=2" in sentence(tmp_path / "film.zarr")


@pytest.fixture
def thunder(tmp_path: Path) -> Path:
    folder = tmp_path / "thunder"
    folder.mkdir()
    return folder


def configure(folder: Path, shape: tuple[int, ...], dtype: str = "uint16") -> None:
    conf = json.dumps({"shape": shape, "dtype": dtype})
    (folder / "conf.json").write_text(conf, encoding="utf-8")


@pytest.mark.parametrize("cuts", [[], [700], [1, 1799]])
def test_thunder_series_are_read(thunder: Path, film: Film, cuts: list[int]) -> None:
    series = film.reshape(6, -1).T
    for number, part in enumerate(np.split(series, cuts)):
        part.tofile(thunder / f"series-{number:05d}.bin")
    configure(thunder, (3, 20, 30, 6))
    images = open_images(thunder)
    assert images.shape == (6, 3, 20, 30)
    assert np.array_equal(all_volumes(images), film)
    assert images.read_series is not None
    assert np.array_equal(images.read_series(650, 1800), series[650:1800])


def test_thunder_images_are_read(thunder: Path, film: Film) -> None:
    for time, volume in enumerate(film):
        volume.tofile(thunder / f"image-{time:05d}.bin")
    configure(thunder, (3, 20, 30))
    images = open_images(thunder)
    assert images.read_series is None
    assert np.array_equal(all_volumes(images), film)
    (thunder / "image-00003.bin").unlink()
    assert "image-00003.bin is missing" in sentence(thunder)


def test_a_thunder_file_that_was_cut_short_is_named(thunder: Path, film: Film) -> None:
    film.tofile(thunder / "image-00000.bin")
    film[0, 0].tofile(thunder / "image-00001.bin")
    configure(thunder, (6, 3, 20, 30))
    with pytest.raises(ImageError, match=r"image-00001\.bin has 1,200 bytes"):
        open_images(thunder)


@pytest.mark.parametrize("conf", ["", "[]", '{"shape": [3, 4]}', '{"shape": 3, "dtype": "int8"}'])
def test_a_damaged_conf_is_explained(thunder: Path, conf: str) -> None:
    (thunder / "conf.json").write_text(conf, encoding="utf-8")
    assert "must give shape and dtype" in sentence(thunder)


@given(content=st.binary(max_size=200))
def test_any_bytes_are_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "film.h5"
    file.write_bytes(b"\x89HDF\r\n\x1a\n" + content)
    assert "damaged" in sentence(file)


def test_a_series_of_nwb_is_chosen_by_its_name(tmp_path: Path, film: Film) -> None:
    path = tmp_path / "film.nwb"
    with h5py.File(path, "w") as file:
        for name, data in {"tp": film, "eye": film[::-1]}.items():
            group = file.create_group(f"acquisition/{name}")
            group.attrs["neurodata_type"] = "TwoPhotonSeries"
            group["data"] = data.transpose(0, 3, 2, 1)
    assert "several arrays" in sentence(path)
    for dataset in ("tp", "acquisition/tp", "/acquisition/tp/data"):
        assert np.array_equal(all_volumes(open_images(path, ImageReading(dataset=dataset))), film)


def test_a_pause_in_the_timestamps_of_nwb_is_said(tmp_path: Path, film: Film) -> None:
    path, times = tmp_path / "film.nwb", np.array([0, 0.5, 1, 101, 101.5, 102])
    with h5py.File(path, "w") as file:
        group = file.create_group("acquisition/tp")
        group.attrs["neurodata_type"] = "TwoPhotonSeries"
        group["data"] = film.transpose(0, 3, 2, 1)
        group["timestamps"] = times
    info = open_images(path).info
    assert info.frame_s == 0.5
    assert "from frame 2 to 3 (counted from 0) by 100 s, where 0.5 s is usual" in info.notes[0]
