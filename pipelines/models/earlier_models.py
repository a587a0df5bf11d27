"""Bundles of earlier versions, which kept their classifier as a pickle, become stored models.

The pickle is read by a closed process (`pickled`), and what that hands back is checked as any
stored model is before it takes the place of the bundle. Card and arrays stay as they are.
"""

import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from pipelines.core.errors import BundleError
from pipelines.core.outputs import atomic_folder
from pipelines.core.result_files import read_object_if_sound
from pipelines.models import bundles, pickled, registry
from pipelines.models.bundles import Bundle

UNIT_LABELS, SYNAPSES, PUBLISHED = (
    "unit labels",
    "synapse clusters",
    "published synapse clusters",
)
"""What cards say for their kind."""
READERS = {
    UNIT_LABELS: ("pipelines.spikes.classifier.unit_classifier", "load"),
    SYNAPSES: ("pipelines.synapses.classify.train", "load_trained"),
}
PUBLISHER = "pipelines.synapses.classify.published"
RESULTS = "jobs/*/result"
"""Where an app's home folder has the bundles that were trained there."""


def convert(target: Path) -> Iterator[str]:
    """Make stored models of the bundles of earlier versions that lie somewhere.

    Args:
        target: the folder of a bundle or a file in it, a registry, or an app's home folder.

    Yields:
        A sentence for each bundle that was converted, or did not need to be.

    Raises:
        BundleError: there is no bundle; or, after all others, one or more cannot be converted,
            and stay as they were.
    """
    place = target.parent if target.is_file() else target
    if target.is_file() and not (place / bundles.MANIFEST).is_file():
        raise BundleError(
            f"{target} lies in no bundle of an earlier version; a model's file alone is added to "
            "the registry with python -m pipelines models add."
        )
    found = list(_found(place))
    if not found:
        raise BundleError(f"{target} holds no model: give the folder of a bundle or a registry.")
    failed = []
    for folder in found:
        try:
            yield _convert(folder)
        except BundleError as error:
            failed.append(error.sentence)
    if failed:
        kept = f"{len(failed)} of {len(found)} stay as they were. " if len(found) > 1 else ""
        raise BundleError(kept + " ".join(failed))


def _found(place: Path) -> Iterator[Path]:
    """The bundles that `place` is, has as a registry, or has as an app's home folder."""
    kept = place if _is_registry(place) else place / "models"
    if _is_registry(kept):
        yield from (entry.folder for entry in registry.entries(kept))
    elif (place / bundles.MANIFEST).is_file():
        yield place
    yield from (file.parent for file in sorted(place.glob(f"{RESULTS}/{bundles.MANIFEST}")))


def _is_registry(folder: Path) -> bool:
    """Whether its manifest is one of models, not of a model's files."""
    return "models" in read_object_if_sound(folder / bundles.MANIFEST)


def _convert(folder: Path) -> str:
    bundle = bundles.open_bundle(folder)
    if not bundle.is_earlier:
        return f"{folder}: is stored without a pickle already."
    home, name = folder.parent, folder.name
    if _is_registry(home) and any(entry.name == name for entry in registry.entries(home)):
        registry.find(home, name).card()
        registry.renew(home, name, lambda new: _fill(bundle, new))
    else:
        with atomic_folder(folder, overwrite=True) as new:
            _fill(bundle, new)
    return f"{folder}: converted, its predictions stay the same."


def _fill(bundle: Bundle, new: Path) -> None:
    """Write the bundle anew into an empty folder, and read it as it will be read."""
    kind = str(bundle.card.get("kind"))
    for file in bundle.folder.iterdir():
        if file.name not in (*bundles.EARLIER, bundles.CLASSIFIER, bundles.MANIFEST):
            shutil.copyfile(file, new / file.name)
    if kind == PUBLISHED:
        import_module(PUBLISHER).renew(bundle, new)
    elif kind in READERS:
        (new / bundles.CLASSIFIER).write_bytes(_estimators(bundle, kind))
        bundles.write_manifest(new)
        module, function = READERS[kind]
        getattr(import_module(module), function)(new)
    else:
        raise BundleError(f"{bundle.folder} is a model of an unknown kind: train it again.")


def _estimators(bundle: Bundle, kind: str) -> bytes:
    """What its pickle holds, as a file of skops that was not checked yet."""
    bundles.refuse_other_version(bundle.card)
    trusted = "unit-labels" if kind == UNIT_LABELS else str(bundle.card.get("classifier"))
    content = bundle.read(bundles.EARLIER[0])
    return pickled.converted(content, str(bundle.folder), trusted).parts[pickled.ESTIMATORS]
