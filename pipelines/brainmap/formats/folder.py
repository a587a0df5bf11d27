"""A folder of TIFFs: a file per time point, pieces of one recording, a file per plane or channel.

Metadata, pages and names tell them apart; where they do not, the person is asked. A channel is
chosen, never appended in time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipelines.brainmap.formats import bruker
from pipelines.brainmap.formats.filenames import Column, columns
from pipelines.brainmap.formats.folder_channels import by_pattern, of_one_channel
from pipelines.brainmap.formats.numbering import natural_order, require_complete
from pipelines.brainmap.formats.pages import PAGE_AXES, Pages, arranged
from pipelines.brainmap.formats.rows import TIFF
from pipelines.brainmap.formats.tiff import COUNTED, Stack, describe, require_content
from pipelines.brainmap.formats.tiff_series import film, open_stack
from pipelines.brainmap.images.asking import field
from pipelines.brainmap.images.images import LEAST_TIMES, ImageSeries
from pipelines.brainmap.images.info import AxesFrom, Files, ImageInfo, ImageReading
from pipelines.core.errors import ImageError


def open_folder(folder: Path, reading: ImageReading) -> ImageSeries:
    """Open a folder of TIFFs.

    Raises:
        ImageError: no or one TIFF, one that is damaged or missing, or files of which it is not
            clear how they belong together.
    """
    files = _images_in(folder)
    described = bruker.find(folder)
    if described and reading.files == "auto" and not reading.axes:
        return bruker.open_scan(folder, described, reading)
    kept, channel = of_one_channel(folder, files, reading)
    reading = replace(reading, channel="") if channel else reading
    if len(kept) == 1:
        series = open_stack(kept[0], reading)
    elif plane := _plane_column(kept, reading):
        series = _plane_files(folder, kept, plane, reading)
    else:
        series = _time_files(folder, kept, reading)
    notes = (*_left_aside(described), *series.info.notes)
    name = channel or series.info.channel
    return replace(series, path=folder, info=replace(series.info, channel=name, notes=notes))


def _left_aside(described: Path | None) -> tuple[str, ...]:
    if described is None:
        return ()
    return (f"{described.name}, which describes the recording, was left aside, as you said how "
            "the files belong together.",)  # fmt: skip


def _images_in(folder: Path) -> list[Path]:
    files = TIFF.files(folder)
    if not files:
        raise ImageError(f"{folder} holds no TIFF file: give a folder with one per time point.")
    if len(files) < LEAST_TIMES:
        raise ImageError(
            f"{folder} holds only one TIFF, {files[0].name}: at least {LEAST_TIMES} time points "
            "are needed; if that file holds the whole series, give the file itself."
        )
    ordered = natural_order(files)
    require_content(ordered[0])
    return ordered


# -- a file for each plane


def _plane_column(files: Sequence[Path], reading: ImageReading) -> Column | None:
    """The number that counts planes in the names."""
    if reading.files not in ("auto", "planes", "channels") or len(by_pattern(files)) > 1:
        return None
    varying = [column for column in columns(files) if column.varies]
    marked = [column for column in varying if column.role == "plane"]
    if len(marked) == 1:
        return marked[0]
    if reading.files == "planes":
        return varying[-1] if varying else None
    return None


def _plane_files(
    folder: Path, files: Sequence[Path], plane: Column, reading: ImageReading
) -> ImageSeries:
    """Each file holds one plane, at one time point or at all."""
    others = [one for one in columns(files) if one.varies and one.values != plane.values]
    keys = list(zip(*(one.values for one in others), strict=True)) or [()] * len(files)
    at = {(key, value): number
          for number, (key, value) in enumerate(zip(keys, plane.values, strict=True))}  # fmt: skip
    planes, times = sorted(set(plane.values)), sorted(set(keys))
    _require_every_plane(folder, files, plane, at, (times, planes))
    first = describe(files[0], in_folder=True)
    _require_only_time(first, reading)
    grid = np.array([[at[key, value] for value in planes] for key in times])
    numbers = np.repeat(grid, first.pages, axis=0)
    order = np.tile(np.arange(first.pages), len(times))[:, None].repeat(len(planes), axis=1)
    stated = reading.files == "planes"
    note = (
        f"Each TIFF of {folder.name} was read as one plane, as the names count {len(planes)} of "
        f"them ({plane.word}). Set {field('files')} if it is otherwise."
    )
    notes = _which_number(folder, files, plane, len(others)) if stated else (note,)
    info = _info(first, "TZYX", "given" if stated else "guessed", notes)
    counts = [first.pages] * len(files)
    return film(folder, first, files, counts, numbers, Pages(order, info))


def _which_number(
    folder: Path, files: Sequence[Path], plane: Column, n_others: int
) -> tuple[str, ...]:
    """A note where several numbers of the names could count planes and no word tells which."""
    if not n_others or plane.role == "plane":
        return ()
    return (
        f"The last number in the names of {folder.name}, such as {files[-1].name}, was taken to "
        f"count the {len(set(plane.values))} planes, and the one before it time. If it is the "
        'other way round, rename the files so that "z" stands before the number of the plane.',
    )


def _require_only_time(first: Stack, reading: ImageReading) -> None:
    if set(first.axes) - COUNTED - {"T"} or (reading.planes or 1) > 1:
        raise ImageError(
            f"{first.path} is one plane by its name, but holds more ({first.axes}YX, "
            f"{first.pages} pages): say with {field('files')} how the files belong together."
        )


def _require_every_plane(
    folder: Path,
    files: Sequence[Path],
    plane: Column,
    at: Mapping[tuple[tuple[int, ...], int], int],
    axes: tuple[Sequence[tuple[int, ...]], Sequence[int]],
) -> None:
    times, planes = axes
    if len(at) < len(files):
        raise ImageError(
            f"{folder}: two files have the same numbers as {files[0].name}: keep one of them."
        )
    for key in times:
        missing = [value for value in planes if (key, value) not in at]
        if missing:
            like = next(files[number] for (time, _), number in at.items() if time == key)
            raise ImageError(
                f"{plane.word}{missing[0]} is missing beside {like.name} in {folder}: every time "
                f"point needs its {len(planes)} planes, so add it or take the others out."
            )


# -- files that follow each other in time


def _time_files(folder: Path, files: Sequence[Path], reading: ImageReading) -> ImageSeries:
    varying = _counting(folder, files, reading)
    first = describe(files[0], in_folder=True)
    kind = reading.files
    if kind not in ("pieces", "time-points"):
        kind = _kind(folder, files, first, varying, reading)
    stated = reading.files == kind or bool(reading.axes)
    if kind == "pieces":
        return _pieces(folder, files, reading, stated=stated)
    return _time_points(folder, files, first, reading, stated=stated)


def _counting(folder: Path, files: Sequence[Path], reading: ImageReading) -> Sequence[Column]:
    """The numbers that differ between the names; they must count without a gap."""
    if len(by_pattern(files)) > 1:
        return ()
    varying = [column for column in columns(files) if column.varies]
    unique = [column for column in varying if len(set(column.values)) == len(files)]
    if unique or len(varying) < 2:
        require_complete(folder, files)
    if (len(varying) > 1 and not unique) or _has_sessions(varying):
        _ask_about_two(folder, files, reading)
    return varying


def _has_sessions(varying: Sequence[Column]) -> bool:
    return len(varying) > 1 and any(column.role == "session" for column in varying)


def _ask_about_two(folder: Path, files: Sequence[Path], reading: ImageReading) -> None:
    if reading.files in ("pieces", "time-points"):
        return
    raise ImageError(
        f"The names in {folder} count two things, as in {files[0].name} and {files[-1].name}: set "
        f"{field('files')} to planes if the last number counts planes, to channels if one counts "
        "channels, to pieces or time-points if all follow each other in time; otherwise put each "
        "recording in a folder of its own."
    )


def _kind(
    folder: Path,
    files: Sequence[Path],
    first: Stack,
    varying: Sequence[Column],
    reading: ImageReading,
) -> Files:
    """Whether files are time points or pieces of one recording, where nobody says it outright."""
    if first.pages == 1:
        return "time-points"
    if reading.axes:
        return _kind_by_axes(first, reading)
    named = bool(first.axes) and set(first.axes) <= PAGE_AXES
    if first.said.scan or (named and "T" in first.axes):
        return "pieces"
    if named:
        return "time-points"
    if reading.planes:
        whole = reading.planes * (reading.channels or 1) == first.pages
        return "time-points" if whole else "pieces"
    if any(column.role == "time" for column in varying):
        return "time-points"
    raise ImageError(
        f"{folder} holds {len(files)} TIFFs of {first.pages} pages, such as {files[0].name}: set "
        f"{field('files')} to pieces if they are pieces of one recording whose pages follow each "
        f"other in time (and {field('planes')}, 1 for a film of one plane), to time-points if each "
        "is one time point and its pages are planes, to planes or channels if each is the film of "
        "one plane or channel; recordings that do not belong together need a folder each."
    )


def _kind_by_axes(first: Stack, reading: ImageReading) -> Files:
    if "T" not in reading.axes:
        return "time-points"
    several = (reading.planes or first.pages) * (reading.channels or 1) < first.pages
    return "pieces" if "Z" not in reading.axes or several else "time-points"


def _time_points(
    folder: Path, files: Sequence[Path], first: Stack, reading: ImageReading, *, stated: bool
) -> ImageSeries:
    """Each file is one volume, its pages the planes."""
    if "T" in first.axes or set(first.axes) - PAGE_AXES - COUNTED:
        raise ImageError(
            f"{first.path} has the axes {first.axes}YX and so is no single time point: set "
            f"{field('files')} to pieces."
        )
    held = reading.channels or (first.said.scan.channels if first.said.scan else 1)
    if reading.planes not in (None, first.pages, first.pages // held):
        raise ImageError(
            f"{first.path} holds {first.pages} pages and is one time point, but planes is set to "
            f"{reading.planes}: leave planes empty, or set {field('files')} to pieces."
        )
    within = reading.axes.replace("T", "")
    within = within if len(within) > 2 and first.pages > 1 else ""
    per_file = replace(reading, planes=max(1, first.pages // held), channels=held, axes=within)
    if "C" in first.axes and set(first.axes) <= PAGE_AXES:
        per_file = replace(reading, axes=within)
    pages = arranged(first, per_file)
    order = np.repeat(pages.order, len(files), axis=0)
    numbers = np.arange(len(files))[:, None].repeat(order.shape[1], axis=1)
    says_planes = "Z" in first.axes
    note = _as_time_points(folder, files, first)
    known: AxesFrom = "given" if stated else "file" if says_planes else "guessed"
    axes = ("T" if order.shape[1] == 1 else "TZ") + ("CYX" if "C" in pages.info.axes else "YX")
    info = replace(pages.info, axes=axes, axes_from=known, frame_s=None)
    info = replace(info, notes=info.notes if known != "guessed" else (*info.notes, note))
    return film(folder, first, files, [first.pages] * len(files), numbers, Pages(order, info))


def _as_time_points(folder: Path, files: Sequence[Path], first: Stack) -> str:
    planes = f"and its {first.pages} pages as planes" if first.pages > 1 else "of one plane"
    return (
        f"The TIFFs of {folder.name} do not name their axes: each of the {len(files)} was read as "
        f"one time point {planes}. Set {field('files')} if it is otherwise."
    )


def _pieces(
    folder: Path, files: Sequence[Path], reading: ImageReading, *, stated: bool
) -> ImageSeries:
    """The pages of all files follow each other in time."""
    stacks = [describe(file, in_folder=True) for file in files]
    counts = [stack.pages for stack in stacks]
    starts = np.cumsum([0, *counts[:-1]])
    first = stacks[0]
    named = bool(first.axes) and set(first.axes) <= PAGE_AXES
    if named and not first.said.scan:
        parts = [arranged(stack, reading) for stack in stacks]
        _require_alike_pieces(stacks, parts)
        order = np.concatenate(
            [part.order + start for part, start in zip(parts, starts.tolist(), strict=True)]
        )
        pages = replace(parts[0], order=order)
    else:
        total = replace(first, path=folder, axes="Q", sizes=(sum(counts),))
        pages = arranged(total, reading)
    numbers = np.searchsorted(starts, pages.order, side="right") - 1
    note = (
        f"The {len(files)} TIFFs of {folder.name} were read as pieces of one recording, one after "
        f"the other in time in the order of their names. Set {field('files')} if it is otherwise."
    )
    info = pages.info if stated else replace(pages.info, notes=(*pages.info.notes, note))
    placed = replace(pages, order=pages.order - starts[numbers], info=info)
    return film(folder, first, files, counts, numbers, placed)


def _require_alike_pieces(stacks: Sequence[Stack], parts: Sequence[Pages]) -> None:
    planes = parts[0].order.shape[1]
    for stack, part in zip(stacks, parts, strict=True):
        if part.order.shape[1] != planes:
            raise ImageError(
                f"{stack.path} has {part.order.shape[1]} planes, but {stacks[0].path.name} has "
                f"{planes}: all pieces must be alike."
            )


def _info(first: Stack, axes: str, known: AxesFrom, notes: tuple[str, ...]) -> ImageInfo:
    said = first.said
    one = said.channels[0] if len(said.channels) == 1 else ""
    return ImageInfo(axes, known, said.pixel_um, said.plane_um, said.frame_s, one, notes)
