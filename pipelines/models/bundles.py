"""Stored models: a manifest with a digest of each file, and readers that run nothing.

A bundle is a folder with `card.json` (what the model is), `arrays.npz`, a classifier
(`classifier.ubj` of XGBoost, `classifier.skops` of scikit-learn) and `manifest.json`
(sha256 of every file). Digests tell damage and later changes, but not who wrote the bundle;
therefore no file of it is a pickle, and a classifier is looked through before it is asked.
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from pipelines.core.errors import BundleError
from pipelines.core.result_files import read_object
from pipelines.files.links import refuse_links_out
from pipelines.files.reading import reading, reading_on

COPY_AGAIN = "copy the bundle again"
MANIFEST, CARD, CLASSIFIER, ARRAYS = "manifest.json", "card.json", "classifier.skops", "arrays.npz"
BOOSTER = "classifier.ubj"
EARLIER = ("classifier.pickle", "published.pkl")
"""What earlier versions kept a classifier in: pickles, which can run anything."""
CONVERT = "python -m pipelines models convert"
ESTIMATORS = "pipelines.models.estimators.stored_estimators"
"""Writes and reads `CLASSIFIER`; it needs scikit-learn, the web process does not."""
RECORD_OF_RUN = "run.json"
"""Written into the folder after the bundle is complete; says nothing that is used."""
LARGEST_FILE = 500 * 10**6
"""bytes; a forest of 300 trees on 100,000 synapses stays below."""


@dataclass(frozen=True)
class Bundle:
    """A bundle whose manifest has been read.

    Attributes:
        folder: where it is.
        digests: sha256 by file name.
        card: content of `card.json`.
    """

    folder: Path
    digests: Mapping[str, str]
    card: Mapping[str, Any]

    def read(self, name: str) -> bytes:
        """The content of a file, as long as it is what the manifest says.

        Raises:
            BundleError: it is missing, too large or was changed.
        """
        return _read(self.folder, name, self.digests)

    def classifier(self, kind: str) -> Any:
        """The classifier, if it is sound and needs no other types than its kind.

        Args:
            kind: a key of `stored_estimators.TRUSTED`.

        Raises:
            BundleError: it wants other types, is unsound, or of another version.
        """
        self.refuse_earlier()
        refuse_other_version(self.card)
        stored = import_module(ESTIMATORS)
        name = f"The classifier in {self.folder}"
        return stored.load(self.read(CLASSIFIER), stored.TRUSTED[kind], name)

    @property
    def is_earlier(self) -> bool:
        """Whether it keeps its classifier as a pickle."""
        return not set(self.digests).isdisjoint(EARLIER)

    def refuse_earlier(self) -> None:
        """Raise BundleError if the classifier is a pickle, as it was in earlier versions."""
        if self.is_earlier:
            raise BundleError(earlier_sentence(str(self.folder), self.folder))


def keeps_pickle(folder: Path) -> bool:
    """Whether a folder is a bundle of an earlier version, by the names of its files."""
    return any((folder / name).is_file() for name in EARLIER)


def earlier_sentence(name: str, folder: Path) -> str:
    """What to do with a bundle of an earlier version, or a folder of such.

    Args:
        name: what to call it.
        folder: what to convert.
    """
    return (
        f"{name} is of an earlier version, which kept models as pickles, and those can run "
        f"anything: convert it once with {CONVERT} {shlex.quote(str(folder))}; its predictions "
        "stay the same."
    )


def write_classifier(folder: Path, classifier: Any) -> None:
    """Write a fitted classifier of scikit-learn, or several, into a bundle."""
    content: bytes = import_module(ESTIMATORS).dump(classifier)
    (folder / CLASSIFIER).write_bytes(content)


def write_manifest(folder: Path) -> None:
    """Write the digests of all files of a bundle."""
    digests = {file.name: _digest(file.read_bytes()) for file in _files(folder)}
    text = json.dumps({"files": digests}, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def open_bundle(folder: Path) -> Bundle:
    """Read manifest and card, and verify every file.

    Raises:
        BundleError: the folder is no bundle, or a file is missing, added, changed or a link out.
    """
    if not (folder / MANIFEST).is_file():
        raise BundleError(f"{folder} is no model bundle ({MANIFEST} is missing): choose another.")
    refuse_links_out(folder, BundleError)
    digests = _digests(folder)
    present = {file.name for file in _files(folder)}
    for name in sorted(present.symmetric_difference(digests)):
        state = "missing" if name in digests else "not in the manifest"
        raise BundleError(f"{folder}: {name} is {state}; copy or train the bundle again.")
    for name in digests:
        _read(folder, name, digests)
    return Bundle(folder, digests, _card(folder, digests))


def refuse_other_version(card: Mapping[str, Any]) -> None:
    """scikit-learn promises nothing for an estimator of another version.

    Raises:
        BundleError: the card says another one than is here.
    """
    versions = card.get("versions")
    made = str(versions.get("scikit-learn")) if isinstance(versions, dict) else "unknown"
    here = metadata.version("scikit-learn")
    if made.split(".")[:2] != here.split(".")[:2]:
        raise BundleError(
            f"The classifier was made with scikit-learn {made}, here is {here}: train it again."
        )


def _files(folder: Path) -> list[Path]:
    skipped = (MANIFEST, RECORD_OF_RUN)
    return sorted(file for file in folder.iterdir() if file.name not in skipped)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _digests(folder: Path) -> dict[str, str]:
    digests = read_object(folder / MANIFEST, BundleError, COPY_AGAIN).get("files")
    if not isinstance(digests, dict) or CARD not in digests:
        raise BundleError(f"{folder / MANIFEST} is damaged: {COPY_AGAIN}.")
    return {str(name): str(value) for name, value in digests.items()}


def _read(folder: Path, name: str, digests: Mapping[str, str]) -> bytes:
    # Names come from the manifest and may not lead out of the folder.
    file = folder / Path(name).name
    with reading(file, BundleError, COPY_AGAIN):
        if file.stat().st_size > LARGEST_FILE:
            raise BundleError(f"{file} is larger than {LARGEST_FILE // 10**6} MB: not opened.")
        content = file.read_bytes()
    if digests.get(name) != _digest(content):
        raise BundleError(f"{file} was changed or damaged: copy or train the bundle again.")
    return content


def card_in(folder: Path) -> dict[str, Any]:
    """What a bundle's folder says its model is, to be shown; the model is not read.

    Raises:
        BundleError: it says nothing, or is damaged.
    """
    return read_object(folder / CARD, BundleError, COPY_AGAIN)


def _card(folder: Path, digests: Mapping[str, str]) -> dict[str, Any]:
    content = _read(folder, CARD, digests)
    with reading_on(folder / CARD, BundleError, COPY_AGAIN, "card of a model"):
        card = json.loads(content)
    if not isinstance(card, dict):
        raise BundleError(f"{folder / CARD} is no card of a model: {COPY_AGAIN}.")
    return card
