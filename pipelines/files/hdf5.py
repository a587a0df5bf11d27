"""HDF5 files from elsewhere, opened without being led out of them.

A file can name other files: as external storage of an array, as the sources of a virtual one, or
by an external link (https://docs.hdfgroup.org/hdf5/v1_14/_h5_l__u_g.html). Whoever may read the
small file would get whatever the account of this program can read. So a file that names another
is refused, whichever of its arrays is asked for; links within the file are followed.

Nothing else in the project opens an HDF5 file to read it, but for libraries that open one
themselves after `refuse_pointers`.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py

from pipelines.core.errors import InputError
from pipelines.files.chunks import refuse_bomb
from pipelines.files.reading import in_words, reading


@contextmanager
def opened(path: Path, kind: type[InputError]) -> Iterator[Any]:
    """Give the root of an HDF5 file that names no other file.

    Args:
        path: the file.
        kind: of the error that is raised.

    Raises:
        InputError: of that kind: damaged, or it names other files. Whatever the library raises on
            damaged bytes, also while the file is used, becomes one sentence.
    """
    advice = "copy it again, or save it again"
    with ExitStack() as open_file:
        with reading(path, kind, advice, "HDF5 file"):
            root = open_file.enter_context(h5py.File(path, "r"))
            require_self_contained(root, path, kind)
        with in_words(path, kind, advice, "HDF5 file"):
            yield root


def refuse_pointers(path: Path, kind: type[InputError]) -> None:
    """Look through a file before a library opens it that follows whatever the file names.

    Raises:
        InputError: as `opened`.
    """
    with opened(path, kind):
        pass


def opened_again(path: Path) -> Any:
    """The root of a file that was looked through when it was first opened, for its next piece."""
    return h5py.File(path, "r")


def names(path: Path) -> frozenset[str]:
    """What the root of a file calls its parts, none of which is opened; none if it is no HDF5."""
    with suppress(InputError), reading(path, InputError), h5py.File(path, "r") as root:
        return frozenset(map(str, root))
    return frozenset()


def require_self_contained(root: Any, path: Path, kind: type[InputError]) -> None:
    """Refuse a file that names other files, wherever in it that stands.

    Raises:
        InputError: of the given kind.
    """
    seen: set[Any] = set()
    groups = [root]
    while groups:
        group = groups.pop()
        for name in group:
            if isinstance(link := group.get(name, getlink=True), h5py.ExternalLink):
                raise kind(_elsewhere(path, f"{group.name}/{name}", link.filename))
            # A link within the file ends at an object that is met by itself.
            if isinstance(link, h5py.SoftLink):
                continue
            below = group[name]
            info = h5py.h5o.get_info(below.id)
            if (info.fileno, info.addr) in seen:
                continue
            seen.add((info.fileno, info.addr))
            if isinstance(below, h5py.Group):
                groups.append(below)
            elif isinstance(below, h5py.Dataset):
                _require_own_values(below, path, kind)


def _require_own_values(array: Any, path: Path, kind: type[InputError]) -> None:
    if array.external:
        raise kind(_elsewhere(path, array.name, array.external[0][0]))
    if array.is_virtual:
        sources = [source.file_name for source in array.virtual_sources()]
        raise kind(_elsewhere(path, array.name, sources[0] if sources else "another file"))
    if array.chunks:
        where, stored = f"{path}: {array.name.lstrip('/')}", array.id.get_storage_size()
        refuse_bomb(where, array.chunks, array.dtype.itemsize, stored, kind)


def _elsewhere(path: Path, name: str, file: Any) -> str:
    other = file.decode(errors="replace") if isinstance(file, bytes) else str(file)
    return (
        f"{path}: {name.lstrip('/')} takes its values from another file ({other!r}), which is not "
        "followed: copy the values into the file, such as with h5repack."
    )
