"""Folders of TIFFs: time points, pieces, planes and channels are told apart or asked about."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.images.info import ImageReading
from pipelines.core.errors import ImageError

Film = NDArray[np.uint16]


def all_volumes(images: ImageSeries) -> NDArray[Any]:
    return np.stack(list(images.frames()))


def read(path: Path, **reading: Any) -> NDArray[Any]:
    return all_volumes(open_images(path, ImageReading(**reading)))


def sentence(path: Path, **reading: Any) -> str:
    with pytest.raises(ImageError) as caught:
        read(path, **reading)
    return caught.value.sentence


def write(path: Path, data: NDArray[Any], **options: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, data, **{"photometric": "minisblack", **options})
    return path


@pytest.fixture
def plane(film: Film) -> Film:
    """24 frames of one plane (time, y, x)."""
    return np.random.default_rng(1).integers(0, 60_000, (24, 20, 30)).astype(np.uint16)


def pieces(folder: Path, plane: Film, name: str, **options: Any) -> Path:
    for number in range(3):
        data = plane[8 * number : 8 * number + 8]
        write(folder / f"{name}{number + 1:05d}.tif", data, **options)
    return folder


def test_files_of_several_pages_are_asked_about(tmp_path: Path, plane: Film) -> None:
    folder = pieces(tmp_path / "a", plane, "rec_")
    text = sentence(folder)
    assert "3 TIFFs of 8 pages each, such as" not in text
    assert "holds 3 TIFFs of 8 pages, such as rec_00001.tif" in text
    for way in ("Files in a folder (--files)", "pieces", "time-points", "Planes per volume"):
        assert way in text
    assert np.array_equal(read(folder, files="pieces", planes=1)[:, 0], plane)
    assert np.array_equal(read(folder, axes="TYX")[:, 0], plane)
    assert np.array_equal(read(folder, planes=1)[:, 0], plane)
    assert read(folder, files="time-points").shape == (3, 8, 20, 30)
    assert read(folder, axes="ZYX").shape == (3, 8, 20, 30)
    assert np.array_equal(read(folder, files="pieces", planes=6).reshape(24, 20, 30), plane)


def test_a_name_that_counts_time_makes_pages_planes(tmp_path: Path, plane: Film) -> None:
    images = open_images(pieces(tmp_path / "a", plane, "mouse_t"))
    assert images.shape == (3, 8, 20, 30)
    assert (
        "each of the 3 was read as one time point and its 8 pages as planes"
        in (images.info.notes[0])
    )


@pytest.mark.parametrize(
    "options",
    [{"imagej": True, "metadata": {"axes": "TYX"}}, {"metadata": {"axes": "TYX"}, "ome": True}],
    ids=["ImageJ", "OME"],
)
def test_pieces_that_say_that_they_hold_time_are_joined(
    tmp_path: Path, plane: Film, options: dict[str, Any]
) -> None:
    images = open_images(pieces(tmp_path / "a", plane, "x_", **options))
    assert np.array_equal(all_volumes(images)[:, 0], plane)
    assert "3 TIFFs of a were read as pieces of one recording" in images.info.notes[0]
    assert images.info.axes_from == "file"


def scanimage(channels: str, slices: int, *, fast: bool = True, more: str = "") -> dict[str, Any]:
    settings = (
        f"SI.hChannels.channelSave = {channels}\n"
        "SI.hChannels.channelName = {'GCaMP' 'tdTomato'}\n"
        f"SI.hFastZ.enable = {str(fast).lower()}\n"
        "SI.hStackManager.enable = true\n"
        f"SI.hStackManager.numSlices = {slices}\n"
        "SI.hStackManager.stackZStepSize = 15\n"
        "SI.hRoiManager.scanFrameRate = 30\nSI.hRoiManager.scanVolumeRate = 10\n"
        "SI.hRoiManager.pixelsPerLine = 30\nSI.hRoiManager.linesPerFrame = 20\n"
        f"SI.hRoiManager.imagingFovUm = [-30 -30;30 -30;30 30;-30 30]\n{more}"
    )
    return {"software": settings, "metadata": None}


def test_scanimage_says_channels_and_planes(tmp_path: Path, film: Film) -> None:
    both = np.stack([film, film // 2], axis=2).reshape(-1, 20, 30)
    file = write(tmp_path / "scan.tif", both, **scanimage("[1;2]", 3))
    assert "2 channels (GCaMP, tdTomato)" in sentence(file)
    images = open_images(file, ImageReading(channel="tdTomato"))
    assert np.array_equal(all_volumes(images), film // 2)
    info = images.info
    assert (info.axes, info.axes_from, info.channel) == ("TZCYX", "file", "tdTomato")
    assert info.pixel_um == pytest.approx((3.0, 2.0))
    assert (info.plane_um, info.frame_s) == (15.0, 0.1)
    assert np.array_equal(read(file, channel="1"), film)


def test_scanimage_that_stopped_within_a_volume_ends_with_a_whole_one(
    tmp_path: Path, film: Film
) -> None:
    file = write(tmp_path / "scan.tif", film.reshape(-1, 20, 30)[:17], **scanimage("1", 3))
    images = open_images(file)
    assert np.array_equal(all_volumes(images), film[:5])
    assert "last 2 pages were left out" in images.info.notes[0]


def test_scanimages_flyback_frames_are_no_planes(tmp_path: Path, film: Film) -> None:
    more = "SI.hStackManager.numFramesPerVolumeWithFlyback = 3\n"
    file = write(tmp_path / "a.tif", film.reshape(-1, 20, 30), **scanimage("1", 2, more=more))
    assert np.array_equal(read(file), film[:, :2])


def test_a_slow_stack_of_scanimage_has_time_within_planes(tmp_path: Path, film: Film) -> None:
    more = "SI.hStackManager.framesPerSlice = 6\n"
    slow = film.swapaxes(0, 1).reshape(-1, 20, 30)
    file = write(tmp_path / "a.tif", slow, **scanimage("1", 3, fast=False, more=more))
    assert np.array_equal(read(file), film)


def test_scanimages_pieces_may_cut_a_volume(tmp_path: Path, film: Film) -> None:
    all_pages = film.reshape(-1, 20, 30)
    for number, (start, stop) in enumerate(((0, 7), (7, 14), (14, 18))):
        name = tmp_path / "a" / f"run_{number + 1:05d}.tif"
        write(name, all_pages[start:stop], **scanimage("1", 3))
    assert np.array_equal(read(tmp_path / "a"), film)


CHANNELS: dict[str, tuple[Callable[[int, int], str], tuple[str, str]]] = {
    "colours": (lambda time, at: f"{('green', 'red')[at]}_{time:04d}.tif", ("green", "red")),
    "after": (lambda time, at: f"m1_{time:04d}_{('GFP', 'tdTomato')[at]}.tif", ("gfp", "tdtomato")),
    "ch": (lambda time, at: f"rec_{time:03d}_ch{at + 1}.tif", ("ch1", "ch2")),
    "from 0": (lambda time, at: f"img_T{time:03d}_C{at}.tif", ("C0", "C1")),
    "Bruker": (lambda time, at: f"TS-001_Cycle00001_Ch{at + 1}_{time:06d}.ome.tif", ("Ch1", "Ch2")),
}


@pytest.mark.parametrize(("name", "called"), CHANNELS.values(), ids=CHANNELS.keys())
def test_channels_by_name_are_chosen_never_appended(
    tmp_path: Path, plane: Film, name: Callable[[int, int], str], called: tuple[str, str]
) -> None:
    for time, frame in enumerate(plane):
        write(tmp_path / "a" / name(time + 1, 0), frame)
        write(tmp_path / "a" / name(time + 1, 1), frame // 2)
    assert f"2 channels ({called[0]}, {called[1]}): choose one with Channel (--channel)" in (
        sentence(tmp_path / "a")
    )
    for at, channel in enumerate(called):
        images = open_images(tmp_path / "a", ImageReading(channel=channel))
        assert np.array_equal(all_volumes(images)[:, 0], plane // (1 + at))
        assert images.info.channel == channel
    assert "no channel blue" in sentence(tmp_path / "a", channel="blue")


def test_a_channel_is_refused_where_there_is_one_alone(tmp_path: Path, plane: Film) -> None:
    file = write(tmp_path / "film.tif", plane)
    assert "holds one channel, but Channel (--channel) is set to red" in sentence(
        file, planes=1, channel="red"
    )
    assert len(read(file, planes=1, channel="1")) == 24
    np.save(tmp_path / "film.npy", plane)
    assert "holds one channel" in sentence(tmp_path / "film.npy", channel="2")


def test_a_number_is_ambiguous_where_channels_count_from_0(tmp_path: Path, plane: Film) -> None:
    for at in (0, 1):
        for time, frame in enumerate(plane):
            write(tmp_path / "a" / f"img_T{time:03d}_C{at}.tif", frame)
    assert "choose with Channel (--channel) from C0, C1" in sentence(tmp_path / "a", channel="1")
    assert len(read(tmp_path / "a", channel="C1")) == 24


def test_a_file_per_channel_holds_the_film(tmp_path: Path, plane: Film) -> None:
    for at in (1, 2):
        write(tmp_path / "a" / f"film_ch{at}.tif", plane // at)
    assert "2 channels (ch1, ch2)" in sentence(tmp_path / "a")
    assert np.array_equal(read(tmp_path / "a", channel="2", planes=1)[:, 0], plane // 2)


def test_a_file_per_plane_holds_its_film(tmp_path: Path, film: Film) -> None:
    for plane in range(3):
        write(tmp_path / "a" / f"depth{plane}.tif", film[:, plane])
    assert np.array_equal(read(tmp_path / "a"), film)
    for plane in range(3):
        (tmp_path / "a" / f"depth{plane}.tif").rename(tmp_path / "a" / f"x{plane}.tif")
    assert np.array_equal(read(tmp_path / "a", files="planes"), film)


@pytest.mark.parametrize("names", [("sess_a", "sess_b", "sess_c"), ("m1_pre", "m1_post", "m2")])
def test_sessions_are_listed_never_joined_unasked(
    tmp_path: Path, plane: Film, names: tuple[str, ...]
) -> None:
    for name in names:
        write(tmp_path / "a" / f"{name}.tif", plane[:8])
    text = sentence(tmp_path / "a")
    assert all(f"{name}.tif" in text for name in names)
    assert len(read(tmp_path / "a", files="pieces", planes=1)) == 24


def test_two_trials_are_listed(tmp_path: Path, plane: Film) -> None:
    for trial in "AB":
        for time, frame in enumerate(plane):
            write(tmp_path / "a" / f"run{trial}_{time:03d}.tif", frame)
    assert "runA_000.tif and 23 like it, runB_000.tif and 23 like it" in sentence(tmp_path / "a")
    assert len(read(tmp_path / "a", files="time-points")) == 48
    assert len(read(tmp_path / "a", files="channels", channel="runb")) == 24


def test_numbered_sessions_are_asked_about(tmp_path: Path, plane: Film) -> None:
    for session in (1, 2):
        for time, frame in enumerate(plane):
            write(tmp_path / "a" / f"session{session}_{24 * session + time:03d}.tif", frame)
    assert "count two things" in sentence(tmp_path / "a")


def test_alternating_pages_are_asked_about(tmp_path: Path, plane: Film) -> None:
    dark = plane // 100
    both = np.stack([dark + 200, dark + 2000], axis=1).reshape(-1, 20, 30)
    file = write(tmp_path / "film.tif", both)
    text = sentence(file, planes=1)
    assert "alternate between the brightness" in text
    assert "set Channels per plane (--channels) to 2" in text
    found = read(file, planes=1, channels=2, channel="2")
    assert np.array_equal(found[:, 0], dark + 2000)
    assert len(read(file, planes=1, channels=1)) == 48
    assert read(file, planes=2).shape == (24, 2, 20, 30)


def test_imagej_channels_are_chosen(tmp_path: Path, film: Film) -> None:
    both = np.stack([film, film // 2], axis=2)
    file = write(tmp_path / "a.tif", both, imagej=True, metadata={"axes": "TZCYX"})
    assert np.array_equal(read(file, channel="2"), film // 2)
    said = {"axes": "TCZYX", "Channel": {"Name": ["GCaMP6s", "tdTomato"]}}
    ome = write(tmp_path / "a.ome.tif", both.swapaxes(1, 2), metadata=said)
    assert np.array_equal(read(ome, channel="gcamp6s"), film)


BRUKER = """<?xml version="1.0" encoding="utf-8"?>
<PVScan version="5.5" date="1/1/2026">
<PVStateShard><PVStateValue key="micronsPerPixel">
<IndexedValue index="XAxis" value="1.5" /><IndexedValue index="YAxis" value="1.25" />
<IndexedValue index="ZAxis" value="8" /></PVStateValue></PVStateShard>
{sequences}</PVScan>"""


def bruker(folder: Path, film: Film, kind: str, names: tuple[str, ...], skip: int = 0) -> Path:
    """The film as Prairie View writes it: a sequence per volume, or one of frames."""
    volumes = film if "ZSeries" in kind else film.swapaxes(0, 1)[:1]
    sequences = []
    for cycle, frames in enumerate(volumes, 1):
        lines = []
        for index, frame in enumerate(frames[: -skip or None] if cycle == len(volumes) else frames):
            files = ""
            for at, name in enumerate(names, 1):
                file = f"T-001_Cycle{cycle:05d}_{name}_{index + 1:06d}.ome.tif"
                write(folder / file, frame // at)
                files += f'<File channel="{at}" channelName="{name}" page="1" filename="{file}"/>'
            when = 0.5 * (cycle - 1) + (0.1 if "ZSeries" in kind else 0.25) * index
            lines.append(f'<Frame absoluteTime="{when}" index="{index + 1}">{files}</Frame>')
        sequences.append(f'<Sequence type="{kind}" cycle="{cycle}">{"".join(lines)}</Sequence>')
    text = BRUKER.format(sequences="".join(sequences))
    (folder / "T-001.xml").write_text(text, encoding="utf-8")
    return folder


def test_brukers_xml_says_planes_channels_and_times(tmp_path: Path, film: Film) -> None:
    folder = bruker(tmp_path / "a", film, "TSeries ZSeries Element", ("Red", "Green"))
    assert "2 channels (Red, Green)" in sentence(folder)
    images = open_images(folder, ImageReading(channel="Green"))
    assert np.array_equal(all_volumes(images), film // 2)
    info = images.info
    assert (info.pixel_um, info.plane_um, info.frame_s) == ((1.25, 1.5), 8.0, 0.5)
    assert (info.axes, info.axes_from, info.channel) == ("TZCYX", "file", "Green")


def test_brukers_frames_are_time_points(tmp_path: Path, film: Film) -> None:
    folder = bruker(tmp_path / "a", film, "TSeries Timed Element", ("Ch2",))
    images = open_images(folder)
    assert np.array_equal(all_volumes(images), film[:, :1])
    assert images.info.frame_s == pytest.approx(0.25)


def test_an_unfinished_volume_of_bruker_is_left_out(tmp_path: Path, film: Film) -> None:
    folder = bruker(tmp_path / "a", film, "TSeries ZSeries Element", ("Ch2",), skip=1)
    images = open_images(folder)
    assert np.array_equal(all_volumes(images), film[:5])
    assert "has 2 of 3 planes and was left out" in images.info.notes[0]


def test_brukers_xml_leads_nowhere_else(tmp_path: Path, film: Film) -> None:
    folder = bruker(tmp_path / "a", film, "TSeries ZSeries Element", ("Ch2",))
    xml = folder / "T-001.xml"
    text = xml.read_text()
    write(tmp_path / "secret.tif", film[0, 0])
    name = "T-001_Cycle00002_Ch2_000001.ome.tif"
    xml.write_text(text.replace(name, "../secret.tif"))
    assert "secret.tif is missing" in sentence(folder)
    xml.write_text(text.replace("<PVScan", '<!DOCTYPE a [<!ENTITY b "c">]><PVScan'))
    assert "damaged or cut short" in sentence(folder)
    xml.write_text(text[:900])
    assert "damaged or cut short" in sentence(folder)
    (folder / name).unlink()
    xml.write_text(text)
    assert f"{name} is missing" in sentence(folder)


COMPRESSED: dict[str, dict[str, Any]] = {
    "LZW": {"compression": "lzw"},
    "LZW with predictor": {"compression": "lzw", "predictor": 2},
    "deflate with predictor": {"compression": "zlib", "predictor": 2},
    "packbits": {"compression": "packbits"},
    "zstd": {"compression": "zstd"},
    "LZMA": {"compression": "lzma"},
    "PNG": {"compression": "png"},
    "LERC": {"compression": "lerc"},
    "JPEG 2000": {"compression": "jpeg2000"},
}


@pytest.mark.parametrize("options", COMPRESSED.values(), ids=COMPRESSED.keys())
def test_compressed_pages_are_read(tmp_path: Path, film: Film, options: dict[str, Any]) -> None:
    data = (film % 256).astype(np.uint8) if options["compression"] == "packbits" else film
    file = write(tmp_path / "film.tif", data.reshape(-1, 20, 30), **options)
    assert np.array_equal(read(file, planes=3), data)


def test_jpeg_and_floating_points_are_read(tmp_path: Path) -> None:
    smooth = np.full((6, 32, 32), 100, np.uint8) + np.arange(32, dtype=np.uint8)
    file = write(tmp_path / "jpeg.tif", smooth, compression="jpeg")
    assert np.abs(read(file, planes=1)[:, 0].astype(int) - smooth).max() <= 2
    real = smooth / np.float32(7)
    file = write(tmp_path / "real.tif", real, compression="zstd", predictor=3)
    assert np.array_equal(read(file, planes=1)[:, 0], real)


def test_a_valid_file_is_never_called_damaged(tmp_path: Path, film: Film) -> None:
    file = write(tmp_path / "film.tif", film.reshape(-1, 20, 30), compression="zlib")
    content = file.read_bytes()
    # Tag 259 (compression), type 3, one value: 8 is deflate, 65000 is nothing.
    tag = bytes([3, 1, 3, 0, 1, 0, 0, 0])
    changed = content.replace(tag + bytes([8, 0]), tag + (65000).to_bytes(2, "little"))
    assert changed != content
    file.write_bytes(changed)
    text = sentence(file, planes=3)
    assert "compressed in a way that is not read here" in text
    assert "damaged" not in text


def test_time_points_of_channels_and_planes_are_read(tmp_path: Path, film: Film) -> None:
    for time, volume in enumerate(film):
        data = np.stack([volume, volume // 2])
        write(tmp_path / "a" / f"fish_{time}.ome.tif", data, metadata={"axes": "CZYX"})
    assert np.array_equal(read(tmp_path / "a", channel="2"), film // 2)
    assert "2 channels" in sentence(tmp_path / "a")


def test_a_wavelength_in_the_name_chooses_a_channel(tmp_path: Path, plane: Film) -> None:
    write(tmp_path / "a" / "rec_488nm.tif", plane)
    write(tmp_path / "a" / "rec_561nm.tif", plane // 2)
    assert "planes or channels" in sentence(tmp_path / "a")
    for channel in ("561", "2"):
        found = read(tmp_path / "a", files="channels", channel=channel, planes=1)
        assert np.array_equal(found[:, 0], plane // 2)
    assert "no channel 640" in sentence(tmp_path / "a", files="channels", channel="640")


def test_thorimages_channels_are_told_by_their_names(tmp_path: Path, plane: Film) -> None:
    for time, frame in enumerate(plane):
        write(tmp_path / "a" / f"ChanA_0001_0001_0001_{time + 1:04d}.tif", frame)
        write(tmp_path / "a" / f"ChanB_0001_0001_0001_{time + 1:04d}.tif", frame // 2)
    assert "2 channels (chana, chanb)" in sentence(tmp_path / "a")
    assert np.array_equal(read(tmp_path / "a", channel="ChanB")[:, 0], plane // 2)


def test_which_of_two_numbers_counts_planes_is_said(tmp_path: Path, film: Film) -> None:
    for time, volume in enumerate(film):
        for plane, frame in enumerate(volume):
            write(tmp_path / "a" / f"x_{time}_{plane}.tif", frame)
    images = open_images(tmp_path / "a", ImageReading(files="planes"))
    assert np.array_equal(all_volumes(images), film)
    (note,) = images.info.notes
    assert "The last number in the names of a" in note
    assert "3 planes, and the one before it time" in note


def test_borders_of_nan_do_not_hide_channels_that_alternate(tmp_path: Path, plane: Film) -> None:
    data = plane.astype(np.float32) / 60_000
    data[1::2] += 10
    data[:, 0] = np.nan
    assert "alternate" in sentence(write(tmp_path / "a" / "film.tif", data), planes=1)
