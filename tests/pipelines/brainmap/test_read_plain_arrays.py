"""Films in MATLAB's files, suite2p's data.bin and CaImAn's memory maps."""

import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.io import savemat

from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.formats.suite2p_settings import Suite2pSettings, read_settings
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.info import ImageReading
from pipelines.brainmap.voxels.signals import read_signals
from pipelines.core.errors import ImageError, TableError

Film = NDArray[np.uint16]


def all_volumes(images: ImageSeries) -> NDArray[Any]:
    return np.stack(list(images.frames()))


def sentence(path: Path, **reading: Any) -> str:
    with pytest.raises(ImageError) as caught:
        all_volumes(open_images(path, ImageReading(**reading)))
    assert path.name in caught.value.sentence
    return caught.value.sentence


@pytest.fixture
def long_film() -> Film:
    """Thirty time points of three planes: (time, plane, y, x)."""
    return np.random.default_rng(0).integers(0, 60_000, (30, 3, 20, 24)).astype(np.uint16)


def version_7_3(path: Path, **variables: NDArray[Any]) -> Path:
    """As MATLAB's save -v7.3 writes arrays: HDF5 behind 512 bytes, axes the other way round."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in variables.items():
            file[name] = values.T
            file[name].attrs["MATLAB_class"] = np.bytes_(values.dtype.name)
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    return path


def version_5(path: Path, **variables: NDArray[Any]) -> Path:
    savemat(path, variables, do_compression=True)
    return path


@pytest.mark.parametrize("write", [version_5, version_7_3])
def test_both_versions_of_matlab_give_the_same_film(
    tmp_path: Path, long_film: Film, write: Any
) -> None:
    plane = long_film[:, 0].transpose(1, 2, 0)  # size(film) is [y x time]
    images = open_images(write(tmp_path / "a.mat", film=plane))
    assert np.array_equal(all_volumes(images), long_film[:, :1])
    assert np.array_equal(np.stack(list(images.frames(3, 9))), long_film[3:9, :1])
    assert (images.info.axes, images.info.axes_from) == ("YXT", "guessed")
    assert "20 x 24 x 30 was read as y, x, time" in images.info.notes[0]
    volumes = write(tmp_path / "b.mat", film=long_film.transpose(2, 3, 1, 0))
    assert np.array_equal(all_volumes(open_images(volumes)), long_film)
    python = write(tmp_path / "c.mat", film=long_film[:, 0])
    assert np.array_equal(
        all_volumes(open_images(python, ImageReading(axes="TYX"))), long_film[:, :1]
    )


@pytest.mark.parametrize("write", [version_5, version_7_3])
def test_a_variable_of_matlab_is_chosen_by_name(
    tmp_path: Path, long_film: Film, write: Any
) -> None:
    plane = long_film[:, 0].transpose(1, 2, 0)
    file = write(tmp_path / "a.mat", film=plane, other=plane[::-1], rate=np.array([[30.0]]))
    assert "set dataset to one of film, other" in sentence(file)
    assert "choose from film, other" in sentence(file, dataset="fim")
    images = open_images(file, ImageReading(dataset="other"))
    assert np.array_equal(all_volumes(images), long_film[:, :1, ::-1])
    assert "no array of three or more" in sentence(write(tmp_path / "b.mat", rate=np.ones((2, 2))))


@settings(max_examples=5, deadline=None)
@given(place=st.integers(128, 2000), value=st.integers(0, 255))
def test_a_damaged_file_of_matlab_gives_a_film_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: int
) -> None:
    film = np.arange(20 * 20 * 4, dtype=np.uint8).reshape(20, 20, 4)
    file = tmp_path_factory.getbasetemp() / "damaged.mat"
    savemat(file, {"film": film})
    content = bytearray(file.read_bytes())
    content[place % len(content)] = value
    file.write_bytes(content)
    with suppress(ImageError):
        assert all_volumes(open_images(file)).ndim == 4


def test_a_process_that_crashes_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    savemat(tmp_path / "a.mat", {"film": np.zeros((20, 20, 4))})
    monkeypatch.setattr("pipelines.files.matlab.CHILD", "tests.pipelines.brainmap.crashing_child")
    assert "damaged or cut short" in sentence(tmp_path / "a.mat")
    with pytest.raises(TableError, match="damaged or cut short"):
        read_signals(tmp_path / "a.mat", 4)


def test_signals_of_both_versions_are_read(tmp_path: Path) -> None:
    values = np.array([[1.0, 2.0, 4.0]])
    for write in (version_5, version_7_3):
        found = read_signals(write(tmp_path / "s.mat", signal=values), 3)
        assert np.array_equal(found, values)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("volumes", [False, True])
def test_a_memory_map_of_caiman_is_read(
    tmp_path: Path, long_film: Film, order: str, volumes: bool
) -> None:
    film = (long_film if volumes else long_film[:, :1]).astype(np.float32)
    # As caiman.save_memmap lays it down: (pixel, time), pixels with y fastest, then x, then z.
    pixels = film.transpose(3, 2, 1, 0)  # x, y, z, time
    pixels = pixels.transpose(1, 0, 2, 3).reshape(-1, 30, order="F")
    name = f"Yr_d1_20_d2_24_d3_{film.shape[1]}_order_{order}_frames_30.mmap"
    written: Any = np.memmap(
        tmp_path / name,
        np.float32,
        "w+",
        shape=pixels.shape,
        order=order,  # type: ignore[arg-type]
    )
    written[:] = pixels
    written.flush()
    images = open_images(tmp_path / name)
    assert np.array_equal(all_volumes(images), film)
    assert images.info.axes_from == "file"
    if images.read_series:
        assert np.array_equal(images.read_series(5, 99), film.reshape(30, -1).T[5:99])
    (tmp_path / name).rename(tmp_path / "renamed.mmap")
    assert "does not say its sizes in its name" in sentence(tmp_path / "renamed.mmap")
    short = tmp_path / name.replace("frames_30", "frames_31")
    (tmp_path / "renamed.mmap").rename(short)
    assert "which need" in sentence(short)


class Trap:
    """Whatever unpickles this leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (str(self.path), "w"))


def plane_folder(folder: Path, frames: NDArray[Any], **settings: Any) -> Path:
    folder.mkdir(parents=True)
    frames.astype(np.int16).tofile(folder / "data.bin")
    if settings:
        np.save(folder / "ops.npy", np.array(settings, object), allow_pickle=True)
    return folder


NUMBERS: dict[str, Any] = {"plain": int, "numpy": np.int64, "small": np.int32}


@pytest.mark.parametrize("kind", NUMBERS.values(), ids=NUMBERS.keys())
def test_suite2ps_frames_are_read_by_its_settings(
    tmp_path: Path, long_film: Film, kind: Any
) -> None:
    sprung = tmp_path / "sprung"
    frames = long_film[:, 0] // 4
    more = {"mean": np.ones((20, 24)), "trap": Trap(sprung), "fs": np.float64(10.0)}
    folder = plane_folder(tmp_path / "plane0", frames, **more, Ly=kind(20), Lx=kind(24))
    for path in (folder, folder / "data.bin"):
        images = open_images(path)
        assert np.array_equal(all_volumes(images)[:, 0], frames)
        assert (images.info.axes_from, images.info.frame_s) == ("file", pytest.approx(0.1))
    assert not sprung.exists()


def test_suite2ps_frames_without_settings_are_asked_about(tmp_path: Path, long_film: Film) -> None:
    frames = long_film[:, 0] // 4
    folder = plane_folder(tmp_path / "plane0", frames)
    text = sentence(folder / "data.bin")
    assert "Frame height (--height) and Frame width (--width)" in text
    images = open_images(folder, ImageReading(height=20, width=24))
    assert np.array_equal(all_volumes(images)[:, 0], frames)
    assert images.info.axes_from == "given"
    assert "no whole number of frames of 20 x 25" in sentence(
        folder / "data.bin", height=20, width=25
    )


def test_suite2ps_planes_and_channels_are_put_together(tmp_path: Path, long_film: Film) -> None:
    for plane in range(3):
        frames = long_film[: 30 - (plane == 2), plane] // 4
        folder = plane_folder(tmp_path / "suite2p" / f"plane{plane}", frames, Ly=20, Lx=24)
        (frames // 2).astype(np.int16).tofile(folder / "data_chan2.bin")
    assert "2 channels" in sentence(tmp_path / "suite2p")
    images = open_images(tmp_path / "suite2p", ImageReading(channel="1"))
    assert np.array_equal(all_volumes(images), long_film[:29] // 4)
    assert "the first 29 were read" in images.info.notes[0]
    second = open_images(tmp_path / "suite2p" / "plane1", ImageReading(channel="2"))
    assert np.array_equal(all_volumes(second)[:, 0], long_film[:, 1] // 4 // 2)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_settings_of_any_protocol_are_numbers_or_nothing(tmp_path: Path, protocol: int) -> None:
    values = {"Ly": 512, "Lx": np.int64(796), "fs": 7.5, "Lyc": 3, "nframes": np.int64(9)}
    with (tmp_path / "ops.npy").open("wb") as stream:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(stream, header)
        pickle.dump(np.array(values, object), stream, protocol=protocol)
    found = read_settings(tmp_path)
    assert (found.height, found.rate) == (512, 7.5)
    assert found.width in (796, None)
    assert protocol == 2 or found.width == 796


@given(content=st.binary(max_size=300))
def test_any_settings_are_numbers_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    with (folder / "ops.npy").open("wb") as stream:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(stream, header)
        stream.write(content)
    assert isinstance(read_settings(folder), Suite2pSettings)


def test_the_second_channel_of_suite2p_is_chosen(tmp_path: Path, long_film: Film) -> None:
    frames = (long_film[:, 0] // 2).astype(np.int16)
    plane_folder(tmp_path / "plane0", frames, Ly=20, Lx=24)
    (frames[::-1]).tofile(tmp_path / "plane0" / "data_chan2.bin")
    images = open_images(tmp_path, ImageReading(channel="2"))
    assert np.array_equal(all_volumes(images)[:, 0], frames[::-1])
    assert images.info.channel == "channel 2"


def test_suite2ps_settings_that_contradict_the_film_are_asked_about(
    tmp_path: Path, long_film: Film
) -> None:
    frames = (long_film[:, 0] // 2).astype(np.int16)
    plane_folder(tmp_path / "plane0", frames, Ly=40, Lx=24, nframes=30)
    assert "holds 15 frames of 40 x 24 int16 values, but ops.npy beside it says 30" in sentence(
        tmp_path / "plane0" / "data.bin"
    )
    images = open_images(tmp_path, ImageReading(height=20))
    assert np.array_equal(all_volumes(images)[:, 0], frames)
    (note,) = images.info.notes
    assert "20 x 24, as you gave them, though ops.npy says 40 x 24" in note
