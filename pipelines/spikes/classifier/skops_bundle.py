"""Models of SpikeInterface's format as a bundle: what the registry keeps of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.core.errors import BundleError
from pipelines.core.provenance import versions
from pipelines.models import bundles
from pipelines.spikes.classifier.skops_classifier import Question, completed, opened
from pipelines.spikes.classifier.skops_file import read_folder
from pipelines.spikes.classifier.unit_classifier import KIND, SKOPS

OWN = "the classifier that comes with the app"


@dataclass(frozen=True)
class ModelOrigin:
    """Where a model came from.

    Attributes:
        folder: holds its `.skops` file and `model_info.json`.
        name: what people call it, such as `owner/model`.
        revision: the commit that was fetched, or empty.
    """

    folder: Path
    name: str
    revision: str = ""


def make(sources: Sequence[ModelOrigin], folder: Path) -> None:
    """Check one or two models and write them as a bundle.

    Raises:
        BundleError: a model is not trusted, or two of them answer the same question.
    """
    found: dict[str, ModelOrigin] = {}
    questions: list[Question] = []
    models: list[dict[str, Any]] = []
    for source in sources:
        content, info = read_folder(source.folder)
        meaning = info.get("label_conversion") or {}
        one = opened(content, meaning, source.name)
        _refuse_second(one.asks, source, found)
        file = f"{one.asks.replace(', ', '-').replace(' ', '-')}.skops"
        (folder / file).write_bytes(content)
        questions.append(one)
        models.append(_entry(one, source, file, content, info))
    card = _card(questions, models)
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / bundles.CARD).write_text(text + "\n", encoding="utf-8")
    bundles.write_manifest(folder)


def _refuse_second(asks: str, source: ModelOrigin, found: dict[str, ModelOrigin]) -> None:
    if found and (asks in found or "noise, multi or single" in {asks, *found}):
        (other,) = found.values()
        raise BundleError(
            f"{source.name} tells {asks}, which {other.name} does not leave open: give one model "
            "that tells noise or neural and one that tells single or multi."
        )
    found[asks] = source


def _entry(
    one: Question, source: ModelOrigin, file: str, content: bytes, info: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "file": file,
        "source": source.name,
        "revision": source.revision,
        "sha256": sha256(content).hexdigest(),
        "asks": one.asks,
        "label_conversion": info.get("label_conversion") or {},
        "metrics": list(one.metrics),
        "made_with": info.get("requirements") or {},
    }


def _card(questions: Sequence[Question], models: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    said = [f"{one['asks']} by {one['source']}" for one in models]
    whole = completed(questions)
    if whole.rest is not None:
        open_ = {"noise or neural", "single or multi"} - {one.asks for one in questions}
        said.append(f"{', '.join(open_)} by {OWN}")
    return {
        "kind": KIND,
        "schema": 1,
        "format": SKOPS,
        "classifier": "; ".join(said),
        "models": list(models),
        "metrics": list(whole.metrics),
        "versions": versions(),
        "notes": [
            "How good it is was measured by its makers, on their units and not here.",
            "A metric that a table lacks is filled in by the model as it learnt to.",
        ],
    }
