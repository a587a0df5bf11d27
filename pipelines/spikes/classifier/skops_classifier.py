"""Classifiers of units in the format of SpikeInterface and UnitRefine: scikit-learn by skops.

A cascade asks two questions as UnitRefine does: noise or neural, then single or multi. A model
that answers only one of them is completed by the classifier that comes with the app.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from pipelines.core.errors import BundleError
from pipelines.models.bundles import Bundle
from pipelines.spikes.classifier import unit_classifier
from pipelines.spikes.classifier.skops_file import checked
from pipelines.spikes.classifier.unit_classifier import (
    UNSIGNED,
    Probabilities,
    UnitClassifier,
    Values,
)
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.tables import WORDS
from pipelines.spikes.labels.words import GOOD, MUA, NOISE
from pipelines.spikes.units.metrics import today

NEURAL = "neural"
ANSWERS = {**WORDS, NEURAL: NEURAL}
QUESTIONS: Mapping[frozenset[str], str] = {
    frozenset({NOISE, NEURAL}): "noise or neural",
    frozenset({GOOD, MUA}): "single or multi",
    frozenset({NOISE, MUA, GOOD}): "noise, multi or single",
}


@dataclass(frozen=True)
class Question:
    """One pipeline of scikit-learn and what its classes mean.

    Attributes:
        pipeline: takes the metrics in `columns`.
        answers: the meaning of each of its classes, by their order.
    """

    pipeline: Pipeline
    answers: tuple[str, ...]

    @property
    def asks(self) -> str:
        """What it decides, a value of `QUESTIONS`."""
        return QUESTIONS[frozenset(self.answers)]

    @property
    def columns(self) -> tuple[str, ...]:
        """The metrics as they were called when it learnt."""
        return tuple(str(name) for name in self.pipeline.feature_names_in_)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Their names of today."""
        return tuple(today(name)[0] for name in self.columns)

    def probability(self, table: MetricTable, answer: str) -> Values:
        """The probability of an answer, shape (unit,)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a metric that all units lack
            found = self.pipeline.predict_proba(self._values(table))
        values: Values = found[:, self.answers.index(answer)].astype(np.float64)
        return values

    def _values(self, table: MetricTable) -> pd.DataFrame:
        columns = {}
        for column, metric in zip(self.columns, self.metrics, strict=True):
            values = today(column)[1] * table.column(metric)
            columns[column] = np.abs(values) * self._sign(column) if metric in UNSIGNED else values
        # SpikeInterface classifies in single precision, where huge values become infinite.
        with np.errstate(over="ignore"):
            frame = pd.DataFrame(columns).astype("float32")
        return frame.replace([np.inf, -np.inf], np.nan)

    def _sign(self, column: str) -> float:
        """The sign that a metric mostly had in what the model learnt from, if it tells."""
        for _, step in self.pipeline.steps:
            centre = getattr(step, "mean_", getattr(step, "center_", None))
            if centre is not None:
                return -1.0 if centre[self.columns.index(column)] < 0 else 1.0
        return 1.0


@dataclass(frozen=True)
class Cascade(Probabilities):
    """What two questions say one after the other, each at its own cut-off, as UnitRefine asks."""

    @property
    def labels(self) -> NDArray[np.str_]:
        """Noise, or else what the second question says, shape (unit,)."""
        second = np.where(self.single >= self.single_cut, GOOD, MUA)
        labels: NDArray[np.str_] = np.where(self._is_neural, second, NOISE)
        return labels

    @property
    def of_label(self) -> Values:
        """The probability of the answer that decided, shape (unit,)."""
        sure: Values = np.where(
            self._is_neural, np.maximum(self.single, 1 - self.single), 1 - self.neural
        )
        return sure

    @property
    def _is_neural(self) -> NDArray[np.bool_]:
        return self.neural >= self.neural_cut


@dataclass(frozen=True)
class SkopsClassifier:
    """One or two questions, completed where one is missing.

    Attributes:
        questions: by what they ask.
        rest: the classifier that comes with the app, if a question is missing.
    """

    questions: Mapping[str, Question]
    rest: UnitClassifier | None

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of all metrics that are looked at."""
        names = [name for one in self.questions.values() for name in one.metrics]
        return tuple(dict.fromkeys([*names, *(self.rest.metrics if self.rest else ())]))

    def predict(self, table: MetricTable) -> Probabilities:
        """Probabilities and labels of all units of a table."""
        whole = self.questions.get("noise, multi or single")
        if whole is not None:
            noise, good = (whole.probability(table, name) for name in (NOISE, GOOD))
            return Probabilities(1 - noise, good / np.maximum(1 - noise, 1e-9), 0.5, 0.5)
        given = self.rest.predict(table) if self.rest else None
        first, second = (
            self.questions.get(name) for name in ("noise or neural", "single or multi")
        )
        neural = first.probability(table, NEURAL) if first else _part(given, "neural")
        single = second.probability(table, GOOD) if second else _part(given, "single")
        return Cascade(neural, single, 0.5, 0.5)


def _part(given: Probabilities | None, name: str) -> Values:
    if given is None:
        raise BundleError("The classifier lacks a question: add it again.")
    values: Values = getattr(given, name)
    return values


# -- reading


def opened(content: bytes, meaning: Mapping[str, Any], name: str) -> Question:
    """A model that was checked.

    Args:
        content: of a `.skops` file.
        meaning: `label_conversion` of its `model_info.json`: a word for each class.
        name: what errors call it.

    Raises:
        BundleError: it wants types that are not trusted, or does not classify units.
    """
    pipeline = checked(content, name)
    return Question(pipeline, _answers(pipeline, meaning, name))


def _answers(pipeline: Pipeline, meaning: Mapping[str, Any], name: str) -> tuple[str, ...]:
    said = [str(meaning.get(str(one), one)).strip().lower() for one in pipeline.classes_.tolist()]
    answers = tuple(ANSWERS.get(word, "") for word in said)
    if frozenset(answers) not in QUESTIONS or len(set(answers)) < len(answers):
        raise BundleError(
            f"{name} answers {', '.join(said)}; a model must tell noise from neural, sua from "
            "mua, or all three (label_conversion of its model_info.json names its classes)."
        )
    return answers


# -- bundles


def of_bundle(bundle: Bundle) -> SkopsClassifier:
    """The classifier in a bundle that `skops_bundle` made; its digests are compared.

    Raises:
        BundleError: a file was changed, or is not trusted.
    """
    try:
        models = [
            opened(bundle.read(one["file"]), one["label_conversion"], one["source"])
            for one in bundle.card["models"]
        ]
    except (KeyError, TypeError, AttributeError):
        raise BundleError(f"{bundle.folder} is damaged: add the model again.") from None
    return completed(models)


def completed(models: Sequence[Question]) -> SkopsClassifier:
    """One or two models as a classifier; what they do not answer, the app's own one does."""
    questions = {one.asks: one for one in models}
    whole = "noise, multi or single" in questions or len(questions) > 1
    rest = None if whole else unit_classifier.shipped()
    return SkopsClassifier(questions, rest)
