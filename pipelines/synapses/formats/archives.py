"""What kind of workbook a file is, and whether it may be opened at all.

It runs in the process that unpacks workbooks; nothing heavy is imported here.
"""

import errno
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.core.errors import NeuroboardError, TableError
from pipelines.synapses.formats.limits import Limits
from pipelines.synapses.formats.rows import named_kinds

BLOCK = 1 << 20
OUT_OF_MEMORY = "Error -4"
"""How zlib says that it had no memory to unpack into (Z_MEM_ERROR, https://zlib.net/manual.html)."""
OLE = b"\xd0\xcf\x11\xe0"
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_MAIN = {".xlsx": "xl/workbook.xml", ".xlsb": "xl/workbook.bin"}


def kind_of(path: Path, limits: Limits) -> str:
    """The ending that a workbook should have, after its content; harmful ones are refused.

    Raises:
        TableError: see `check_archive`; or a password is needed, or it has macros.
    """
    with path.open("rb") as stream:
        if stream.read(len(OLE)) != OLE:
            return check_archive(path, limits)
        content = stream.read()
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise TableError(f"{path.name} is protected by a password: save it without one.")
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        raise TableError(f"{path.name} contains macros: save it as .xlsx, which has none.")
    return ".xls"


def check_archive(path: Path, limits: Limits) -> str:
    """Refuse harmful archives before parsing. zipfile never reads past a declared size.

    Returns:
        ".xlsx", ".xlsb" or ".ods".

    Raises:
        TableError: it is no workbook, is damaged, inflates too far or has active content.
    """
    file = path.name
    with readable(file), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        kind = _kind(archive, names)
        if not kind:
            raise TableError(f"{file} is an archive but no workbook: choose {named_kinds()}.")
        if len(members) > limits.members or _inflates(members, limits):
            raise TableError(f"{file} inflates to far more than a table needs: save it anew.")
        _refuse_active(file, archive, names)
        for member in members:
            _refuse_entities(file, archive, member)
    return kind


def _kind(archive: zipfile.ZipFile, names: list[str]) -> str:
    if "[Content_Types].xml" in names:
        return next((kind for kind, main in _MAIN.items() if main in names), "")
    if "mimetype" in names and "content.xml" in names:
        return ".ods" if archive.read("mimetype").strip().startswith(ODS) else ""
    return ""


def _inflates(members: list[zipfile.ZipInfo], limits: Limits) -> bool:
    if sum(member.file_size for member in members) > limits.inflated_bytes:
        return True
    return any(
        member.file_size > BLOCK and member.file_size > limits.inflation * member.compress_size
        for member in members
    )


def _refuse_active(file: str, archive: zipfile.ZipFile, names: list[str]) -> None:
    kinds = archive.read("[Content_Types].xml") if "[Content_Types].xml" in names else b""
    has_macros = any(name.endswith("vbaProject.bin") or name.startswith("Basic/") for name in names)
    if b"macroEnabled.main" in kinds and not any(name.endswith("workbook.bin") for name in names):
        has_macros = True
    if has_macros:
        raise TableError(f"{file} contains macros: save it as .xlsx, which has none.")
    if any(name.startswith("xl/externalLinks/") for name in names):
        raise TableError(f"{file} links to other workbooks: paste values only into a new one.")


def _refuse_entities(file: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read a whole member: finds damage (checksum) and XML that declares its own entities."""
    tail = b""
    with archive.open(member) as stream:
        while block := stream.read(BLOCK):
            if b"<!DOCTYPE" in tail + block or b"<!ENTITY" in tail + block:
                raise TableError(f"{file} declares XML entities, which no workbook needs.")
            tail = block[-16:]


@contextmanager
def readable(file: str) -> Iterator[None]:
    """Whatever goes wrong inside a damaged workbook is one mistake: it cannot be read.

    Raises:
        TableError: the workbook is damaged, or no workbook.
        MemoryError: reading it takes more than it may.
    """
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it leaves out; values are complete.
            warnings.simplefilter("ignore")
            yield
    except (NeuroboardError, MemoryError):
        raise
    except OSError as error:
        if error.errno == errno.EFBIG:  # the answer grew beyond its limit
            raise MemoryError from None
        raise TableError(f"{file} cannot be read: {error.strerror or error}.") from None
    # The parsers under openpyxl raise KeyError, ValueError, zlib.error, ParseError and more.
    except Exception as error:
        if isinstance(error, zlib.error) and OUT_OF_MEMORY in str(error):
            raise MemoryError from None
        raise TableError(
            f"{file} is damaged, has a password or is no workbook ({type(error).__name__}): open "
            "it in a spreadsheet program and save it as .xlsx without password."
        ) from None
