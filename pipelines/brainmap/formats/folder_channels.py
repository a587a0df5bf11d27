"""Which files of a folder hold the channel that is read, by their names."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.brainmap.formats.filenames import Column, channel_words, columns, differing, pattern
from pipelines.brainmap.formats.numbering import refuse_stranger
from pipelines.brainmap.images import channels
from pipelines.brainmap.images.asking import field, listed
from pipelines.brainmap.images.info import ImageReading
from pipelines.core.errors import ImageError

MOST_CHANNELS = 8
"""Numbers after "ch" or "c" that reach further count something else."""


def of_one_channel(
    folder: Path, files: Sequence[Path], reading: ImageReading
) -> tuple[Sequence[Path], str]:
    """The files of the chosen channel, and its name if there was a choice.

    Raises:
        ImageError: several channels and none is chosen, or names of several recordings.
    """
    groups = by_pattern(files)
    if len(groups) > 1:
        return _of_one_pattern(folder, files, groups, reading)
    column = _channel_column(columns(files), reading)
    if column is None:
        return files, ""
    values = sorted(set(column.values))
    names = [f"{column.word}{value}" for value in values]
    taken = channels.chosen(folder, names, reading.channel)
    pairs = zip(files, column.values, strict=True)
    return [file for file, value in pairs if value == values[taken]], names[taken]


def by_pattern(files: Sequence[Path]) -> Mapping[str, list[Path]]:
    """Files whose names differ in numbers alone, together."""
    groups: dict[str, list[Path]] = {}
    for file in files:
        groups.setdefault(pattern(file), []).append(file)
    return groups


def _of_one_pattern(
    folder: Path, files: Sequence[Path], groups: Mapping[str, list[Path]], reading: ImageReading
) -> tuple[Sequence[Path], str]:
    """Names that differ in more than numbers: channels, or several recordings."""
    patterns = list(groups)
    names = channel_words(patterns)
    if reading.files == "channels" and not names:
        names = differing(patterns)
    if names:
        taken = channels.chosen(folder, names, reading.channel)
        return groups[patterns[taken]], names[taken]
    if reading.files in ("pieces", "time-points"):
        return files, ""
    common = max(patterns, key=lambda text: len(groups[text]))
    if "#" in common and 2 * len(groups[common]) > len(files):
        refuse_stranger(folder, files, [pattern(file) for file in files], common)
    shown = [_example(group) for group in groups.values()]
    raise ImageError(
        f"{folder} holds {len(groups)} kinds of names: {listed(shown)}. If these are pieces of "
        f"one recording, set {field('files')} to pieces; if time points, to time-points; if "
        f"channels, to channels, and choose one with {field('channel')}; otherwise put each in a "
        "folder of its own."
    )


def _example(group: Sequence[Path]) -> str:
    return group[0].name if len(group) == 1 else f"{group[0].name} and {len(group) - 1} like it"


def _channel_column(found: Sequence[Column], reading: ImageReading) -> Column | None:
    """The number that counts channels in names that have one pattern."""
    varying = [column for column in found if column.varies]
    marked = [column for column in varying if column.role == "channel"]
    few = [column for column in marked if len(set(column.values)) <= MOST_CHANNELS]
    if reading.files == "channels":
        candidates = marked or varying
        return min(candidates, key=lambda column: len(set(column.values)), default=None)
    if len(few) == 1 and (len(varying) > 1 or reading.files == "auto"):
        return few[0]
    return None
