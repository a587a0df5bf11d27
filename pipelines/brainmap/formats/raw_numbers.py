"""Films that are nothing but numbers: suite2p's data.bin and CaImAn's memory maps.

suite2p writes the registered frames (time, y, x) of each plane as int16 into `plane*/data.bin`
(https://suite2p.readthedocs.io/en/latest/outputs/). CaImAn writes float32 and says the sizes in
the name (https://caiman.readthedocs.io, `caiman.mmapping`); its pixels run along y first.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipelines.brainmap.formats.numbering import natural_order
from pipelines.brainmap.formats.suite2p_settings import read_settings
from pipelines.brainmap.images import channels
from pipelines.brainmap.images.asking import field
from pipelines.brainmap.images.images import ImageSeries, Volume
from pipelines.brainmap.images.info import ImageInfo, ImageReading
from pipelines.brainmap.images.layout import laid_out, mapped_series
from pipelines.core.errors import ImageError

FRAMES = "data.bin"
SECOND = "data_chan2.bin"
SIZES = re.compile(r"_d1_(\d+)_d2_(\d+)(?:_d3_(\d+))?_order_([CF])_frames_(\d+)")


def open_mmap(path: Path, reading: ImageReading) -> ImageSeries:
    """Open a memory map of CaImAn.

    Raises:
        ImageError: the name does not say the sizes, or the file has another size.
    """
    found = SIZES.search(path.name)
    if found is None:
        raise ImageError(
            f"{path} does not say its sizes in its name, as CaImAn's memory maps do "
            "(..._d1_512_d2_512_d3_1_order_C_frames_1000.mmap): give it its name again."
        )
    y, x, z, times = (int(found[at] or 1) for at in (1, 2, 3, 5))
    space, axes = ((z, x, y), "ZXY") if z > 1 else ((x, y), "XY")
    shape, axes = (
        ((times, *space), "T" + axes) if found[4] == "F" else ((*space, times), axes + "T")
    )
    _require_size(path, int(np.prod(shape)) * 4, f"{y} x {x} x {z} pixels and {times} frames")
    array = np.memmap(path, np.float32, "r", shape=shape)
    layout, info = laid_out(path, shape, ImageInfo(axes), reading)
    return mapped_series(path, array, layout, info)


def _planes(folder: Path) -> list[Path]:
    return natural_order([file.parent for file in folder.glob(f"plane[0-9]*/{FRAMES}")])


def open_suite2p(folder: Path, reading: ImageReading) -> ImageSeries:
    """Open suite2p's registered frames: a file of them, or the folder of one plane or of all.

    Raises:
        ImageError: sizes that nobody says, planes that differ, or two channels and none chosen.
    """
    if folder.is_file():
        return open_bin(folder, reading)
    places = [folder] if (folder / FRAMES).is_file() else _planes(folder)
    held = [name for name in (FRAMES, SECOND) if (places[0] / name).is_file()]
    names = [f"channel {number}" for number in range(1, len(held) + 1)]
    taken = channels.chosen(folder, names, reading.channel)
    name = names[taken] if len(names) > 1 else ""
    alone = replace(reading, channel="")
    films = [_named(open_bin(place / held[taken], alone), name) for place in places]
    if len(films) == 1:
        return replace(films[0], path=folder)
    return _stacked(folder, films)


def _named(film: ImageSeries, channel: str) -> ImageSeries:
    return replace(film, info=replace(film.info, channel=channel))


def _stacked(folder: Path, films: Sequence[ImageSeries]) -> ImageSeries:
    """Planes one above the other; frames that not all of them have are left out."""
    frames = {film.shape[2:] for film in films}
    if len(frames) > 1:
        raise ImageError(f"{folder} holds planes of different sizes {sorted(frames)}: give one.")
    times = min(film.n_times for film in films)
    notes = () if all(film.n_times == times for film in films) else (
        f"The planes of {folder.name} have different numbers of frames; the first {times} were "
        "read.",
    )  # fmt: skip

    def read(start: int, stop: int) -> Iterator[Volume]:
        for parts in zip(*(film.read(start, stop) for film in films), strict=True):
            yield np.concatenate(parts)

    shape = (times, len(films), *films[0].shape[2:])
    info = replace(films[0].info, axes="TZYX", notes=notes)
    return ImageSeries(folder, shape, films[0].dtype, read, info=info)


def open_bin(path: Path, reading: ImageReading) -> ImageSeries:
    """Open int16 frames (time, y, x), whose size suite2p's settings beside them say.

    Raises:
        ImageError: nobody says the size, or the file does not hold whole frames of it.
    """
    said = read_settings(path.parent)
    height, width = reading.height or said.height, reading.width or said.width
    if not height or not width:
        raise ImageError(
            f"{path} holds nothing but numbers, and no ops.npy beside it says their frame: set "
            f"{field('height')} and {field('width')} (Ly and Lx in suite2p), or copy ops.npy "
            "beside it."
        )
    times, rest = divmod(path.stat().st_size, height * width * 2)
    if rest or not times:
        raise ImageError(
            f"{path} has {path.stat().st_size:,} bytes, which is no whole number of frames of "
            f"{height} x {width} int16 values: check {field('height')} and {field('width')}, or "
            "copy it again."
        )
    given = bool(reading.height or reading.width)
    if not given and said.frames not in (None, times):
        raise ImageError(
            f"{path} holds {times:,} frames of {height} x {width} int16 values, but ops.npy beside "
            f"it says {said.frames:,}: copy both again, or set {field('height')} and "
            f"{field('width')}."
        )
    array = np.memmap(path, np.dtype("<i2"), "r", shape=(times, height, width))
    notes = _other_size(path, (said.height, said.width), (height, width))
    info = ImageInfo("TYX", frame_s=1 / said.rate if said.rate else None, notes=notes)
    layout, info = laid_out(path, array.shape, info, reading)
    known = "given" if given else info.axes_from
    return mapped_series(path, array, layout, replace(info, axes_from=known))


def _other_size(
    path: Path, said: tuple[int | None, int | None], taken: tuple[int, int]
) -> tuple[str, ...]:
    if None in said or said == taken:
        return ()
    return (
        f"The frames of {path.name} were read as {taken[0]} x {taken[1]}, as you gave them, though "
        f"ops.npy says {said[0]} x {said[1]}.",
    )


def _require_size(path: Path, wanted: int, said: str) -> None:
    size = path.stat().st_size
    if size != wanted:
        raise ImageError(
            f"{path} has {size:,} bytes, but its name says {said}, which need {wanted:,}: copy it "
            "again, or give it its name again."
        )
