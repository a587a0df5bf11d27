"""Models that a lab keeps: a folder of bundles with one manifest of their digests.

What is in the registry is never deleted by the app: a retired model is no longer offered
for predictions, and can be restored. Before a model is used, every file is compared with
the digest that was taken when it was added.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipelines.core.errors import BundleError, OutputError
from pipelines.core.outputs import atomic_file, atomic_folder
from pipelines.core.provenance import now
from pipelines.core.result_files import read_object, read_object_if_sound
from pipelines.files.reading import reading
from pipelines.models import bundles

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
LOCK_SECONDS = 10
PUBLISHED_SUFFIXES = (".pkl", ".joblib")
IMPORTER = "pipelines.synapses.classify.published"
"""Reads the published project's files; it needs scikit-learn, the web process does not."""


@dataclass(frozen=True)
class Entry:
    """One model of the registry.

    Attributes:
        folder: its bundle.
        added: when, in UTC.
        retired: when it was retired, or empty.
        origin: the name of what was added.
        files: sha256 by file name, of the bundle's manifest too.
    """

    folder: Path
    added: str
    retired: str
    origin: str
    files: Mapping[str, str]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.folder.name

    @property
    def digest(self) -> str:
        """One sha256 for all files."""
        lines = (f"{name}\0{value}\n" for name, value in sorted(self.files.items()))
        return sha256("".join(lines).encode()).hexdigest()

    @property
    def is_earlier(self) -> bool:
        """Whether an earlier version kept it, as a pickle, which is opened no longer."""
        return not set(self.files).isdisjoint(bundles.EARLIER)

    @property
    def is_of_units(self) -> bool:
        """Whether it labels sorted units, as its card says."""
        return read_object_if_sound(self.folder / bundles.CARD).get("kind") == "unit labels"

    def problems(self) -> list[str]:
        """What differs from the day it was added; empty when all is well."""
        if not self.folder.is_dir():
            return ["the folder is missing"]
        present = _digests(self.folder)
        return [
            f"{name} {_difference(name, present, self.files)}"
            for name in sorted({*present, *self.files})
            if present.get(name) != self.files.get(name)
        ]

    def summary(self) -> str:
        """What it is, in a few words, or what is wrong with it."""
        try:
            card = self.card()
        except BundleError as error:
            return error.sentence
        group = f", group {card['group']}" if "group" in card else ""
        return f"{card.get('classifier')}{group}, {card.get('kind')}"

    def card(self) -> dict[str, Any]:
        """What the model is, from its `card.json`.

        Raises:
            BundleError: a file is missing or was changed.
        """
        problems = self.problems()
        if problems:
            raise BundleError(
                f"The model {self.name} is not as it was added ({'; '.join(problems)}): "
                "restore its folder from a backup, or add it again under another name."
            )
        return dict(bundles.open_bundle(self.folder).card)


def default_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The registry of the app: `models` in its home folder."""
    home = environ.get("NEUROBOARD_HOME") or str(Path.home() / ".neuroboard")
    return Path(home).expanduser().absolute() / "models"


def require_name(name: str) -> None:
    """Check that a model can be called that.

    Raises:
        OutputError: it cannot.
    """
    if not NAME.fullmatch(name):
        raise OutputError(
            f"{name!r} cannot be the name of a model: use letters, digits, dash and "
            "underscore, and begin with a letter or a digit."
        )


def add(source: Path, registry: Path, name: str = "", origin: str = "") -> Entry:
    """Copy a bundle's folder, or convert a published `*_bundle.pkl`, into the registry.

    Args:
        source: folder of a bundle, or file of the published project.
        registry: the folder of the registry; made when it is not there.
        name: what to call it; otherwise as the source is called.
        origin: where it came from; otherwise the source's name.

    Raises:
        BundleError: it is no bundle, is damaged, or names what is not allowed.
        OutputError: the name is taken by another model or cannot be used.
    """
    name = name or source.resolve().stem
    require_name(name)
    with _locked(registry):
        known = {entry.name: entry for entry in entries(registry)}
        if name in known:
            return _same_or_refused(source, known[name])
        if (registry / name).exists():
            raise OutputError(f"{registry / name} exists but is not in the manifest: move it.")
        with atomic_folder(registry / name) as folder:
            _fill(source, folder)
        entry = Entry(registry / name, now(), "", origin or source.name, _digests(registry / name))
        try:
            _write(registry, [*known.values(), entry])
        except BaseException:  # such as a full disk: a folder alone would be in the way
            shutil.rmtree(registry / name, ignore_errors=True)
            raise
    return entry


def entries(registry: Path) -> list[Entry]:
    """All models by name, retired ones too.

    Raises:
        BundleError: the manifest is damaged.
    """
    file = registry / bundles.MANIFEST
    if not file.is_file():
        return []
    advice = "restore it from a backup"
    with reading(file, BundleError, advice, "list of models"):
        models = read_object(file, BundleError, f"it is damaged; {advice}")["models"]
        found = [_entry(registry, name, values) for name, values in models.items()]
    return sorted(found, key=lambda entry: entry.name.casefold())


def find(registry: Path, name: str) -> Entry:
    """The model of that name.

    Raises:
        BundleError: there is none.
    """
    for entry in entries(registry):
        if entry.name == name:
            return entry
    raise BundleError(f"There is no model {name} in {registry}: choose another one.")


def retire(registry: Path, name: str) -> Entry:
    """Offer a model no longer for predictions; its files stay.

    Raises:
        BundleError: there is no such model.
    """
    return _change(registry, name, lambda entry: replace(entry, retired=entry.retired or now()))


def restore(registry: Path, name: str) -> Entry:
    """Offer a retired model again.

    Raises:
        BundleError: there is no such model.
    """
    return _change(registry, name, lambda entry: replace(entry, retired=""))


def renew(registry: Path, name: str, fill: Callable[[Path], None]) -> Entry:
    """Write the files of a model anew, which say the same in another way.

    Args:
        registry: the folder of the registry.
        name: of the model.
        fill: writes them into an empty folder.

    Raises:
        BundleError: there is no such model, or `fill` raises; then it stays as it was.
    """
    with _locked(registry):
        entry = find(registry, name)
        others = [one for one in entries(registry) if one.name != name]
        with atomic_folder(entry.folder, overwrite=True) as folder:
            fill(folder)
            renewed = replace(entry, files=_digests(folder))
        _write(registry, [*others, renewed])
    return renewed


def _change(registry: Path, name: str, change: Callable[[Entry], Entry]) -> Entry:
    find(registry, name)
    with _locked(registry):
        changed = change(find(registry, name))
        others = [entry for entry in entries(registry) if entry.name != name]
        _write(registry, [*others, changed])
    return changed


def _same_or_refused(source: Path, known: Entry) -> Entry:
    """The entry that is there already, if the source is the very same bundle."""
    if source.is_dir() and _digests(source) == dict(known.files):
        return known
    raise OutputError(f"There is a model {known.name} already: choose another name.")


def _fill(source: Path, folder: Path) -> None:
    if source.is_file() and source.suffix.lower() in PUBLISHED_SUFFIXES:
        import_module(IMPORTER).convert(source, folder)
    elif source.is_dir():
        bundle = bundles.open_bundle(source)
        bundle.refuse_earlier()
        for name in [*bundle.digests, bundles.MANIFEST]:
            shutil.copyfile(source / name, folder / name)
    else:
        raise BundleError(
            f"{source} is no model: give the folder of a bundle, or a published *_bundle.pkl."
        )


def _digests(folder: Path) -> dict[str, str]:
    files = (file for file in folder.iterdir() if file.name != bundles.RECORD_OF_RUN)
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()}


def _difference(name: str, present: Mapping[str, str], stored: Mapping[str, str]) -> str:
    if name not in present:
        return "is missing"
    return "was changed" if name in stored else "was not there"


def _entry(registry: Path, name: str, values: Mapping[str, Any]) -> Entry:
    if not NAME.fullmatch(name):
        raise ValueError(name)
    added, retired, origin = (str(values[key]) for key in ("added", "retired", "origin"))
    files = {str(file): str(digest) for file, digest in values["files"].items()}
    return Entry(registry / name, added, retired, origin, files)


def _write(registry: Path, models: list[Entry]) -> None:
    content = {
        entry.name: {
            "added": entry.added,
            "retired": entry.retired,
            "origin": entry.origin,
            "files": dict(sorted(entry.files.items())),
        }
        for entry in sorted(models, key=lambda entry: entry.name.casefold())
    }
    with atomic_file(registry / bundles.MANIFEST, overwrite=True) as file:
        text = json.dumps({"models": content}, indent=2, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")


class _locked:  # noqa: N801  used as a verb
    """Let one process at a time change a registry."""

    def __init__(self, registry: Path) -> None:
        try:
            registry.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{registry} cannot be written: {error.strerror}.") from None
        self._lock = FileLock(registry / ".lock", timeout=LOCK_SECONDS)

    def __enter__(self) -> None:
        try:
            self._lock.acquire()
        except (Timeout, OSError):
            raise OutputError("The registry cannot be changed just now: try again.") from None

    def __exit__(self, *_: object) -> None:
        self._lock.release()
