"""Uploaded files: streamed to disk, checked by name and size, kept by content.

A browser sends each file on its own to `PUT /uploads/KIND/SET/NAME`, a large one in pieces, then
`POST /uploads/KIND/SET` turns the set into one input, or `DELETE` gives it up. Nothing is parsed,
unpickled or executed here.
"""

import filecmp
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from flask import Blueprint, Response, jsonify, request

from dashboard.home import usage
from dashboard.server import people, pieces
from dashboard.server.people import Role
from dashboard.server.services import services
from dashboard.server.settings import MB, Settings
from dashboard.server.trouble import status_of
from pipelines.brainmap.formats.rows import FORMATS as IMAGES
from pipelines.brainmap.formats.rows import SIGNALS
from pipelines.core.errors import InputError, NeuroboardError, NoRoomError, OutputError
from pipelines.core.formats import uploaded
from pipelines.core.outputs import is_full
from pipelines.core.provenance import digest, size
from pipelines.spikes.units.formats import TABLES as UNIT_TABLES
from pipelines.synapses.formats.rows import FORMATS as TABLES

SET_NAME = re.compile(r"[0-9a-f]{32}")
DIGEST = re.compile(r"[0-9a-f]{32}")
MOST_FILES = 20_000


@dataclass(frozen=True)
class UploadKind:
    """What a page takes."""

    suffixes: tuple[str, ...]
    many: bool
    noun: str

    def limit(self, settings: Settings) -> int:
        """Most bytes of one set."""
        megabytes = settings.upload_limit_mb if self.many else settings.table_limit_mb
        return megabytes * MB


KINDS: Mapping[str, UploadKind] = {
    "images": UploadKind(uploaded(IMAGES), many=True, noun="images"),
    "signal": UploadKind(uploaded(SIGNALS), many=False, noun="a signal"),
    "tables": UploadKind(uploaded(UNIT_TABLES), many=True, noun="tables"),
    "probe": UploadKind((".json",), many=False, noun="a probe file"),
    "sort-file": UploadKind((".csv",), many=False, noun="a sort file"),
    "table": UploadKind(uploaded(TABLES), many=False, noun="table"),
}


@dataclass(frozen=True)
class Upload:
    """A set of files that arrived."""

    reference: str
    label: str
    path: Path
    bytes: int


def blueprint() -> Blueprint:
    """The routes of uploading."""
    routes = Blueprint("uploads", __name__)
    file = "/uploads/<kind>/<name>/<path:file>"
    routes.add_url_rule(file, view_func=receive, methods=["PUT"])
    named = "/uploads/<kind>/<string(length=32):name>/<path:file>"
    routes.add_url_rule(named, view_func=arrived, methods=["GET"])
    routes.add_url_rule("/uploads/<kind>/<name>", view_func=complete, methods=["POST"])
    routes.add_url_rule("/uploads/<kind>/<name>", view_func=give_up, methods=["DELETE"])
    return routes


def receive(kind: str, name: str, file: str) -> Response:
    """Stream one file, or a piece of one, into the set `name`."""
    settings = services().settings
    try:
        people.require(Role.WORK)
        folder, piece = _incoming(name, settings), pieces.asked(request.args)
        if piece is None or piece.offset == 0:
            usage.require_room(settings, piece.total if piece else 0)
            _require_disk(settings, piece.total if piece else 0)
        if not folder.is_dir():
            pieces.tidy(settings)
        announced = request.content_length or 0
        if piece is None:
            save(request.stream, file, folder, KINDS[kind], settings, announced)
        else:
            add(request.stream, file, folder, KINDS[kind], settings, piece)
    except (NeuroboardError, KeyError) as error:
        return _refusal(error)
    return jsonify(ok=True)


def arrived(kind: str, name: str, file: str) -> Response:
    """How much of a file of the set `name` is there, for an upload that goes on."""
    try:
        people.require(Role.WORK)
        target = _incoming(name, services().settings) / _name_of(file, KINDS[kind])
    except (NeuroboardError, KeyError) as error:
        return _refusal(error)
    return jsonify(there=pieces.there(target))


def give_up(kind: str, name: str) -> Response:
    """Delete what arrived of the set `name`."""
    try:
        people.require(Role.WORK)
        shutil.rmtree(_incoming(name, services().settings), ignore_errors=True)
    except NeuroboardError as error:
        return _refusal(error)
    return jsonify(ok=kind in KINDS)


def complete(kind: str, name: str) -> Response:
    """Make one input of the files in the set `name`."""
    settings = services().settings
    try:
        people.require(Role.WORK)
        folder = _incoming(name, settings)
        pieces.require_whole(folder)
        _require_within(KINDS[kind], folder, settings)
        upload = keep(folder, settings)
    except (NeuroboardError, KeyError) as error:
        return _refusal(error)
    return jsonify(reference=upload.reference, label=upload.label)


def _name_of(file: str, kind: UploadKind) -> str:
    """The name that a file is kept under.

    Raises:
        InputError: it is of another kind.
    """
    name = safe_name(file)
    if Path(name).suffix.lower() not in kind.suffixes:
        raise InputError(f"{name} cannot be used here: take {', '.join(kind.suffixes)}.")
    return name


def add(
    stream: IO[bytes],
    file: str,
    folder: Path,
    kind: UploadKind,
    settings: Settings,
    piece: pieces.Piece,
) -> None:
    """Write a piece of a file into the folder, within the limits.

    Raises:
        InputError: wrong kind of file, too large, too many, or a piece that is not the next one.
        NoRoomError: the disk is full; what arrived before is kept.
        OutputError: it cannot be written.
    """
    target = folder / _name_of(file, kind)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if piece.total - pieces.there(target) > kind.limit(settings) - size(folder):
            shutil.rmtree(folder, ignore_errors=True)
            raise _too_large(target.name, kind, settings)
        _require_few(folder)
        whole = pieces.add(stream, target, piece)
    except OSError as error:
        raise _not_written(target.name, error) from None
    if whole is not None:
        _put(whole, target, piece.total)


def save(
    stream: IO[bytes], file: str, folder: Path, kind: UploadKind, settings: Settings, announced: int
) -> None:
    """Write a stream into the folder, within the limits; the set is gone if that fails.

    Raises:
        InputError: wrong kind of file, too large, or too many.
        NoRoomError: the disk is full.
        OutputError: it cannot be written.
    """
    target = folder / _name_of(file, kind)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part, whole = _arrive(stream, folder, kind.limit(settings) - size(folder), announced)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _not_written(target.name, error) from None
    if not whole:
        shutil.rmtree(folder, ignore_errors=True)
        raise _too_large(target.name, kind, settings)
    _put(part, target, announced)


def _too_large(name: str, kind: UploadKind, settings: Settings) -> InputError:
    return InputError(
        f"{name} exceeds the upload limit of {kind.limit(settings) // MB} MB: "
        "put it below a data root and choose it there."
    )


def _require_within(kind: UploadKind, folder: Path, settings: Settings) -> None:
    """Files that came at the same time were each within the limit; all of them must be."""
    if size(folder) > kind.limit(settings):
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(
            f"These files exceed the upload limit of {kind.limit(settings) // MB} MB: put them "
            "below a data root and choose them there."
        )


def _arrive(stream: IO[bytes], folder: Path, room: int, announced: int) -> tuple[Path, bool]:
    """Write a stream to a file without a name yet, and say whether it was within the limit."""
    _require_few(folder)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".part-", delete=False) as arriving:
        part = Path(arriving.name)
        try:
            return part, announced <= room and _copy(stream, arriving, room)
        except BaseException:  # such as of a connection that broke
            part.unlink(missing_ok=True)
            raise


def _require_disk(settings: Settings, coming: int) -> None:
    """Of a file in pieces the headers of a request say only how large one piece is."""
    free = shutil.disk_usage(settings.uploads).free
    if coming > free:
        raise NoRoomError(
            f"The server's disk has no room for this file ({free // MB} MB free): ask the person "
            "who runs it to make room."
        )


def _require_few(folder: Path) -> None:
    if sum(1 for _ in folder.iterdir()) >= MOST_FILES:
        raise InputError(f"More than {MOST_FILES} files: put them below a data root instead.")


def _not_written(name: str, error: OSError) -> OutputError:
    if is_full(error):
        return NoRoomError(
            f"{name} was not kept, as the server's disk is full: ask the person who runs it to "
            "make room."
        )
    return OutputError(f"{name} was not kept ({error.strerror or error}): upload it again.")


def _copy(stream: IO[bytes], out: IO[bytes], room: int) -> bool:
    """Copy at most `room` bytes; say whether that was all."""
    while block := stream.read(pieces.BLOCK):
        room -= len(block)
        if room < 0:
            return False
        out.write(block)
    return True


def _put(part: Path, target: Path, announced: int) -> None:
    """Give a file that arrived its name, which no other file of the set may have.

    Raises:
        InputError: it did not arrive whole, or another file has that name.
    """
    try:
        if part.stat().st_size < announced:
            raise InputError(f"{target.name} did not arrive whole: upload it again.")
        if target.exists() and not filecmp.cmp(part, target, shallow=False):
            raise InputError(
                f"Two of these files are called {target.name}: give each a name of its own."
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def keep(folder: Path, settings: Settings) -> Upload:
    """Move a complete set to where its content says.

    Raises:
        InputError: nothing arrived.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        raise InputError("No file arrived: choose the file again.")
    key = digest(folder)[:32]
    target = settings.uploads / key
    try:
        folder.replace(target)
    except OSError as error:
        if not target.is_dir():
            raise _not_written(f"What is in {folder}", error) from None
        shutil.rmtree(folder)  # the same content is there already
    return find(key, settings)


def find(key: str, settings: Settings) -> Upload:
    """The upload of that key.

    Raises:
        InputError: there is none (any more).
    """
    folder = settings.uploads / key
    if not DIGEST.fullmatch(key) or not folder.is_dir():
        raise InputError("That upload is not here any more: upload the file again.")
    files = sorted(folder.iterdir())
    path = files[0] if len(files) == 1 else folder
    label = files[0].name if len(files) == 1 else f"{files[0].name} … {files[-1].name}"
    count = "" if len(files) == 1 else f" ({len(files)} files)"
    return Upload(f"upload:{key}", label + count, path, size(folder))


def safe_name(text: str) -> str:
    """A file name without folders, control characters or a leading dot."""
    name = PurePosixPath(text.replace("\\", "/")).name
    return re.sub(r"[^\w .()+-]", "_", name).lstrip(". ")[-150:] or "file"


def _incoming(name: str, settings: Settings) -> Path:
    if not SET_NAME.fullmatch(name):
        raise InputError("This upload has no valid name: reload the page and try again.")
    return settings.uploads / f".incoming-{name}"


def _refusal(error: Exception) -> Response:
    response = jsonify(
        error=str(error) if isinstance(error, NeuroboardError) else "Unknown upload."
    )
    response.status_code = status_of(error)
    if isinstance(error, pieces.OutOfStepError):
        response = jsonify(error=error.sentence, there=error.there)
        response.status_code = 409
    return response
