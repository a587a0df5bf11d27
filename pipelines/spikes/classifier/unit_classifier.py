"""A classifier of units that learnt from curators: noise or neural, then single or multi.

The cascade is that of UnitRefine (Jain et al. 2025, doi:10.1101/2025.03.30.645770). Each
step averages three members that err differently: gradient boosting, which cannot follow a
metric in the wrong direction (more noise at a higher SNR), extremely randomised trees, and a
logistic regression. Medians, scales, calibration and cut-offs are fitted with the members and
stored with them; a unit gets the same label alone as in a table.

A unit is called what is most probable of the three: cut-offs that are tuned to some animals'
curators do worse on another animal. A step's own cut-off answers its question taken alone.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import BundleError, TableError
from pipelines.files.reading import reading
from pipelines.models import bundles
from pipelines.spikes.labels.labeller import Asked
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.thresholds import Verdict
from pipelines.spikes.labels.words import GOOD, MUA, NOISE

KIND, SKOPS = "unit labels", "skops"
READER_OF_SKOPS = "pipelines.spikes.classifier.skops_classifier"
"""Reads models of SpikeInterface's format; imported only when one is used."""
UNSIGNED = frozenset({"amplitude_median"})
"""Metrics whose sign depends on the release that computed them."""
STEPS = ("neural", "single")
LARGEST_SCALE = 1e15
"""Of what metrics are scaled by; those of a fit are below 1000."""
SHIPPED = Path(__file__).resolve().parents[3] / "models" / "unit-labels"
STORED = "unit-labels"
"""What its types are called in `stored_estimators`."""
Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class MetricScale:
    """How metrics become numbers of like size.

    Attributes:
        metrics: names, in the order of the columns.
        median: after `compressed`, shape (metric,); stands in for missing values.
        mean: of each after filling in.
        deviation: likewise, never 0.
    """

    metrics: tuple[str, ...]
    median: Values
    mean: Values
    deviation: Values

    @classmethod
    def fit(cls, values: Values, metrics: Sequence[str]) -> "MetricScale":
        """Learn from values of shape (unit, metric), nan where missing."""
        small = compressed(values)
        median = np.array([_median(column) for column in small.T])
        filled = np.where(np.isnan(small), median, small)
        deviation = filled.std(axis=0)
        safe = np.where(deviation > 0, deviation, 1.0)
        return cls(tuple(metrics), median, filled.mean(axis=0), safe)

    def apply(self, values: Values) -> Values:
        """Fill in and scale values of shape (unit, metric)."""
        small = compressed(values)
        filled = np.where(np.isnan(small), self.median, small)
        scaled: Values = (filled - self.mean) / self.deviation
        return scaled


@dataclass(frozen=True)
class Ensemble:
    """One question, such as noise or neural.

    Attributes:
        boosting: fits that differ in their seed; take raw values, some of them missing.
        members: take scaled values.
        slope: with `offset` turns the members' log-odds into a calibrated probability.
        offset: see `slope`.
        cut: where both sides of the question are told apart equally well; for the question
            taken alone, not for the label.
    """

    boosting: tuple[Any, ...]
    members: tuple[Any, ...]
    slope: float = 1.0
    offset: float = 0.0
    cut: float = 0.5

    def log_odds(self, values: Values, scaled: Values) -> Values:
        """The members' mean log-odds, shape (unit,).

        Args:
            values: metrics in their units, shape (unit, metric), nan where missing.
            scaled: the same from `Scale.apply`.
        """
        boosted = [_log_odds(one.predict_proba(values)[:, 1]) for one in self.boosting]
        found = [np.mean(boosted, axis=0)]
        found += [_log_odds(member.predict_proba(scaled)[:, 1]) for member in self.members]
        mean: Values = np.mean(found, axis=0)
        return mean

    def probability(self, values: Values, scaled: Values) -> Values:
        """The calibrated probability of the positive side, shape (unit,).

        Args:
            values: as `log_odds` takes them, shape (unit, metric).
            scaled: likewise.
        """
        odds = self.slope * self.log_odds(values, scaled) + self.offset
        return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)


@dataclass(frozen=True)
class Probabilities:
    """What the cascade says of each unit.

    Attributes:
        neural: probability that it is no noise, shape (unit,).
        single: probability that a neural unit is one cell, shape (unit,).
        neural_cut: from here on a unit counts as neural, when only that is asked.
        single_cut: from here on a neural unit counts as a single cell, likewise.
    """

    neural: Values
    single: Values
    neural_cut: float
    single_cut: float

    @property
    def labels(self) -> NDArray[np.str_]:
        """The most probable of noise, mua and good, shape (unit,)."""
        names: NDArray[np.str_] = np.array([NOISE, MUA, GOOD])
        labels: NDArray[np.str_] = names[self._of_each.argmax(axis=0)]
        return labels

    @property
    def of_label(self) -> Values:
        """The probability of each unit's own label, shape (unit,)."""
        found: Values = self._of_each.max(axis=0)
        return found

    @property
    def _of_each(self) -> Values:
        """Probabilities of noise, mua and good, shape (3, unit)."""
        neural, single = self.neural, self.single
        return np.array([1 - neural, neural * (1 - single), neural * single])


class ClassifierOfUnits(Protocol):
    """Something that tells noise, multi and single units by their metrics."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that it looks at."""

    def predict(self, table: MetricTable) -> Probabilities:
        """Probabilities and labels of all units of a table."""


@dataclass(frozen=True)
class UnitClassifier:
    """Both steps with their scale."""

    scale: MetricScale
    steps: tuple[Ensemble, Ensemble]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that it looks at."""
        return self.scale.metrics

    def predict(self, table: MetricTable) -> Probabilities:
        """Probabilities and labels of all units of a table."""
        values = design(table, self.scale.metrics)
        scaled = self.scale.apply(values)
        neural, single = (step.probability(values, scaled) for step in self.steps)
        return Probabilities(neural, single, self.steps[0].cut, self.steps[1].cut)


def label(
    table: MetricTable, classifier: ClassifierOfUnits, *, min_metrics: float
) -> tuple[Verdict, Probabilities]:
    """Label every unit.

    Args:
        table: metrics of the units.
        classifier: from `load`.
        min_metrics: the least share of the classifier's metrics that the table must have.

    Raises:
        TableError: it has fewer; the sentence lists what is missing.
    """
    wanted = classifier.metrics
    used = tuple(name for name in wanted if table.has(name))
    missing = tuple(name for name in wanted if name not in used)
    if len(used) < min_metrics * len(wanted):
        raise TableError(
            f"The classifier learnt from {len(wanted)} metrics and the table has only "
            f"{len(used)} of them; it needs {int(np.ceil(min_metrics * len(wanted)))}. Missing: "
            f"{', '.join(missing)}. Compute SpikeInterface's quality and template metrics first."
        )
    found = classifier.predict(table)
    holes = np.isnan(design(table, wanted)).sum(axis=1)
    reasons = tuple(_reason(found, row, int(holes[row])) for row in range(len(table)))
    return Verdict(found.labels, reasons, used, missing), found


def by_classifier(asked: Asked) -> Verdict:
    """Label units by the classifier that was chosen, or by the one that comes with the app.

    Raises:
        BundleError: the classifier cannot be used.
        TableError: the table lacks too many of its metrics.
    """
    classifier, _ = load(asked.bundle or SHIPPED)
    verdict, found = label(asked.table, classifier, min_metrics=asked.min_metrics)
    columns = {
        "probability_unitrefine": np.round(found.of_label, 4),
        "probability_neural": np.round(found.neural, 4),
        "probability_single": np.round(found.single, 4),
    }
    return replace(verdict, columns=columns)


def _reason(found: Probabilities, row: int, holes: int) -> str:
    text = f"neural {found.neural[row]:.2f}, single {found.single[row]:.2f}"
    return f"{text}; {holes} metrics not measured" if holes else text


def design(table: MetricTable, metrics: Sequence[str]) -> Values:
    """The values of some metrics, shape (unit, metric), nan where missing."""
    columns = [table.column(name) for name in metrics]
    pairs = zip(metrics, columns, strict=True)
    return np.column_stack([np.abs(one) if name in UNSIGNED else one for name, one in pairs])


def compressed(values: Values) -> Values:
    """Values with their tails drawn in: sign times log(1 + size); any shape."""
    drawn: Values = np.sign(values) * np.log1p(np.abs(values))
    return drawn


def save(classifier: UnitClassifier, card: Mapping[str, Any], folder: Path) -> None:
    """Write a bundle: `card.json`, `classifier.skops`, `arrays.npz` and `manifest.json`."""
    scale = classifier.scale
    parts = [(step.boosting, step.members) for step in classifier.steps]
    bundles.write_classifier(folder, parts)
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        median=scale.median,
        mean=scale.mean,
        deviation=scale.deviation,
        steps=np.array([[step.slope, step.offset, step.cut] for step in classifier.steps]),
    )
    (folder / bundles.ARRAYS).write_bytes(packed.getvalue())
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / bundles.CARD).write_text(text + "\n", encoding="utf-8")
    bundles.write_manifest(folder)


def load(folder: Path) -> tuple[ClassifierOfUnits, Mapping[str, Any]]:
    """Read a bundle without running anything that it holds.

    Raises:
        BundleError: it is damaged, of another kind, or names more than is allowed.
    """
    bundle = bundles.open_bundle(folder)
    if bundle.card.get("kind") != KIND:
        raise BundleError(f"{folder} is no classifier of units: choose one made by train-labels.")
    if bundle.card.get("format") == SKOPS:
        found: ClassifierOfUnits = import_module(READER_OF_SKOPS).of_bundle(bundle)
        return found, bundle.card
    return _own(bundle), bundle.card


def shipped() -> UnitClassifier:
    """The classifier that comes with the app."""
    return _own(bundles.open_bundle(SHIPPED))


def _own(bundle: bundles.Bundle) -> UnitClassifier:
    parts = bundle.classifier(STORED)
    advice = "copy or train the classifier again"
    with reading(bundle.folder, BundleError, advice, "classifier of units"):
        metrics = tuple(str(name) for name in bundle.card["metrics"])
        with np.load(io.BytesIO(bundle.read(bundles.ARRAYS)), allow_pickle=False) as arrays:
            scale = MetricScale(metrics, arrays["median"], arrays["mean"], arrays["deviation"])
            numbers = arrays["steps"]
        steps = tuple(
            Ensemble(tuple(boosting), tuple(members), *three)
            for (boosting, members), three in zip(parts, numbers.tolist(), strict=True)
        )
        neural, single = steps
        _require_fitting(scale, (neural, single), numbers)
        return UnitClassifier(scale, (neural, single))


def _require_fitting(scale: MetricScale, steps: tuple[Ensemble, Ensemble], numbers: Values) -> None:
    """Members and scale belong to the same metrics, and each member tells two classes.

    Raises:
        ValueError, AttributeError: they do not.
    """
    n_metrics = len(scale.metrics)
    rows = np.array([scale.median, scale.mean, scale.deviation])
    fits = (
        rows.shape == (3, n_metrics)
        and numbers.shape == (2, 3)
        and np.isfinite(rows).all()
        and np.isfinite(numbers).all()
        and (scale.deviation > 0).all()
        # Compressed metrics lie below 1000; estimators take them in single precision.
        and (np.abs([scale.median, scale.mean, 1 / scale.deviation]) < LARGEST_SCALE).all()
    )
    members = [one for step in steps for one in (*step.boosting, *step.members)]
    sizes = {
        (getattr(one, "n_features_in_", 0), np.size(getattr(one, "classes_", ())))
        for one in members
    }
    if not fits or sizes != {(n_metrics, 2)} or not all(step.boosting for step in steps):
        raise ValueError("parts of different classifiers")


def _log_odds(probability: Values) -> Values:
    safe = np.clip(probability, 1e-4, 1 - 1e-4)
    odds: Values = np.log(safe / (1 - safe))
    return odds


def _median(column: Values) -> float:
    known = column[~np.isnan(column)]
    return float(np.median(known)) if len(known) else 0.0
