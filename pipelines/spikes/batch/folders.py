"""Which folder of a batch is whose: results are known by content, and none takes another's place.

A folder that is there holds a finished sorting, for results appear whole or not at all.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipelines.core import outputs
from pipelines.core.errors import InputError, NeuroboardError, ParameterError
from pipelines.core.fingerprint import MOST_WHOLE, N_BLOCKS, Fingerprint, fingerprint
from pipelines.core.provenance import digest, files_below, size
from pipelines.files.reading import reading
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.units.folder import SortingFolder


@dataclass(frozen=True)
class Way:
    """How the recordings of a batch are sorted: parameters, and further files with their sha256."""

    parameters: SpikesParameters
    files: Mapping[str, Path]
    digests: Mapping[str, str]


@dataclass(frozen=True)
class ResultPlace:
    """The folder of a recording, and by what its result is known when it is there already."""

    folder: Path
    done: str = ""


@dataclass(frozen=True)
class _Known:
    """A finished sorting: of which content, and how."""

    folder: Path
    sha256: str
    blocks_sha256: str
    size: int
    digests: Mapping[str, str]
    parameters: SpikesParameters

    def is_made(self, way: Way) -> bool:
        return self.parameters == way.parameters and self.digests == way.digests


class _Given:
    """A recording as it lies on disk; looked into only when a result may be its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _blocks(self) -> Fingerprint:
        return fingerprint(self.path, list(files_below(self.path)))

    @cached_property
    def _sha256(self) -> str:
        return digest(self.path)

    def is_of(self, known: _Known) -> bool:
        """Whether a result is of this content; earlier versions kept nothing but the sha256."""
        try:
            if known.blocks_sha256:
                return self._blocks.sha256 == known.blocks_sha256
            return size(self.path) == known.size and self._sha256 == known.sha256
        except OSError:  # sorting it will say what is wrong
            return False

    def compared(self, known: _Known) -> str:
        """How the recording was recognised, in words."""
        if not known.blocks_sha256 or self._blocks.size <= MOST_WHOLE:
            return "Done before."
        return f"Done before, by the recording's size and {N_BLOCKS} blocks of it."


def places(
    recordings: Sequence[Path], way: Way, out: Path, *, overwrite: bool = False
) -> list[ResultPlace]:
    """The folder of each recording below `out`.

    That of a result of the same recording, wherever the recording lay, with the same parameters
    and files, if there is one. Otherwise a new one: the recording's name, with its parent's name
    and a number where that is taken.

    Args:
        recordings: files or folders.
        way: how they are sorted.
        out: of the batch.
        overwrite: whether what was sorted before is sorted again. With other parameters it is
            replaced too, if there is only one result of the recording.

    Raises:
        ParameterError: a recording is given twice.
    """
    _refuse_twice(recordings)
    known = _known_results(out)
    names = _Names(recordings, out)
    claimed: set[Path] = set()
    found = []
    for path in recordings:
        given = _Given(path)
        own = [one for one in known if one.folder not in claimed and given.is_of(one)]
        place = _own_place(given, own, way, overwrite) or ResultPlace(out / names.free(path))
        claimed.add(place.folder)
        found.append(place)
    return found


def _own_place(
    given: _Given, own: Sequence[_Known], way: Way, overwrite: bool
) -> ResultPlace | None:
    for one in own:
        if one.is_made(way):
            return ResultPlace(one.folder, done="" if overwrite else given.compared(one))
    return ResultPlace(own[0].folder) if overwrite and len(own) == 1 else None


class _Names:
    """Names below `out` that nothing has, not even by another case of letters."""

    def __init__(self, recordings: Sequence[Path], out: Path) -> None:
        there = [path.name for path in out.iterdir()] if out.is_dir() else []
        self._taken = {name.casefold() for name in [*there, "batch.csv"]}
        self._short = Counter(path.resolve().name.casefold() for path in recordings)

    def free(self, recording: Path) -> str:
        """The next free name of a recording, which is taken then."""
        path = recording.resolve()
        parent = f"{path.parent.name}-{path.name}" if path.parent.name else path.name
        short = [path.name] if self._short[path.name.casefold()] == 1 else []
        names = [*short, parent, *(f"{parent}-{number}" for number in range(2, 10_000))]
        name = next(one for one in names if one.casefold() not in self._taken)
        self._taken.add(name.casefold())
        return name


def _refuse_twice(recordings: Sequence[Path]) -> None:
    counts = Counter(path.resolve() for path in recordings)
    twice = [path for path, count in counts.items() if count > 1]
    if twice:
        raise ParameterError(f"{twice[0]} is given twice: give each recording once.")


def _known_results(out: Path) -> list[_Known]:
    if not out.is_dir():
        return []
    outputs.put_all_back(out)
    folders = [path for path in sorted(out.iterdir()) if not path.name.startswith(".")]
    return [known for folder in folders if (known := _known(folder)) is not None]


def _known(folder: Path) -> _Known | None:
    """What a finished sorting was made from and how; none if it is no such folder."""
    with suppress(NeuroboardError), reading(folder, InputError):
        record = SortingFolder(folder).record
        if record.pipeline != "spikes sort":
            return None
        parameters, unknown = SpikesParameters.parse_stored(record.parameters)
        if unknown:  # sorted with what this version has not: it cannot be known to be the same
            return None
        inputs = dict(record.inputs)
        recording = inputs.pop("recording")
        return _Known(
            folder,
            recording["sha256"],
            recording.get("blocks_sha256", ""),
            recording["size"],
            {name: item["sha256"] for name, item in inputs.items()},
            parameters,
        )
    return None
