"""Where models come from that are added to the registry: folders, files, names on HuggingFace."""

import tempfile
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from pipelines.core.errors import BundleError
from pipelines.models import bundles, hub, registry
from pipelines.models.hub import HubModel
from pipelines.models.registry import Entry

Fetch = Callable[[str, Path], HubModel]
MOST = 2
"""Models that make one classifier: noise or neural, and single or multi."""


def add(sources: Sequence[str], folder: Path, name: str = "", *, fetch: Fetch = hub.fetch) -> Entry:
    """Put a model into the registry.

    Args:
        sources: a bundle's folder or a published file; or one or two classifiers of units in
            SpikeInterface's format, each a folder with a `.skops` file or a name such as
            `owner/model` on HuggingFace.
        folder: the registry.
        name: what to call it; otherwise as the first source is called.
        fetch: gets the files of a published model.

    Raises:
        InputError: a published model cannot be fetched.
        BundleError: a model is not trusted or cannot be used.
        OutputError: the name is taken or cannot be used.
    """
    if len(sources) == 1 and not _is_of_skops(sources[0]):
        return registry.add(Path(sources[0]), folder, name)
    for one in sources:
        if not _is_of_skops(one):
            raise BundleError(f"{one} has no .skops file, so it cannot be one of several models.")
    if len(sources) > MOST:
        raise BundleError(f"A classifier of units is made of at most {MOST} models.")
    origin = " + ".join(sources)
    name = name or Path(sources[0]).name.replace(".", "-")
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "bundle"
        made.mkdir()
        _make(sources, Path(scratch), made, fetch)
        return registry.add(made, folder, name, origin)


def in_registry(text: str, folder: Path, *, fetch: Fetch = hub.fetch) -> Path:
    """The folder of a model that is called by its path, its name, or where it came from.

    Args:
        text: a path, a name in the registry, or a name such as `owner/model` on HuggingFace,
            which is fetched unless it is in the registry already.
        folder: the registry.
        fetch: gets the files of a published model.

    Raises:
        InputError: there is no such model, or it cannot be fetched.
        BundleError: the model was changed since, or is not trusted.
    """
    if Path(text).exists():
        return Path(text)
    for entry in registry.entries(folder):
        if text in (entry.name, entry.origin) and not entry.retired:
            entry.card()
            return entry.folder
    return add([text], folder, fetch=fetch).folder if hub.is_name(text) else Path(text)


def _is_of_skops(source: str) -> bool:
    path = Path(source)
    if path.is_dir():
        return not (path / bundles.MANIFEST).is_file() and any(path.glob(f"*{hub.MODEL}"))
    return not path.exists() and hub.is_name(source)


def _make(sources: Sequence[str], scratch: Path, made: Path, fetch: Fetch) -> None:
    # It needs scikit-learn, which registry and command line do without.
    maker = import_module("pipelines.spikes.classifier.skops_bundle")
    found = []
    for number, source in enumerate(sources):
        if Path(source).is_dir():
            found.append(maker.ModelOrigin(Path(source), Path(source).name))
            continue
        place = scratch / str(number)
        place.mkdir()
        published = fetch(source, place)
        found.append(maker.ModelOrigin(place, source, published.revision))
    maker.make(found, made)
