"""A stored model as a pickle that plain `joblib.load` opens, where Neuroboard is not installed.

It holds a dictionary of numpy arrays, plain values and estimators of scikit-learn or XGBoost, and
nothing of Neuroboard. What each entry is for stands in it under `use`.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import joblib
import xgboost

from pipelines.core.errors import BundleError
from pipelines.core.result_files import unpacked
from pipelines.models import bundles
from pipelines.models.bundles import Bundle
from pipelines.models.estimators import stored_boosters
from pipelines.spikes.classifier import unit_classifier
from pipelines.synapses.classify import published, train
from pipelines.synapses.classify.published_parts import ENCODER, GATE, MODEL, SCALER

COMPRESSION = 3
Content = dict[str, Any]
USE_OF_PUBLISHED = """\
As the published notebooks use it: places = scaler.transform(table[['UMAP_1', 'UMAP_2']]), without a
scaler the coordinates as they are; cluster = model.predict(places), then
label_encoder.inverse_transform(cluster) where there is one; ocsvm.predict(places) is -1 for
outliers."""
USE_OF_SYNAPSES = """\
model.predict_proba(X) answers for X of shape (n, len(features)); raise each share, at least 0.001,
to the power of 1 / temperature and divide each row by its sum: these are the probabilities, the
largest is that of the cluster classes[column]. (An SVC has none: take exp of decision_function, for
two classes of 0 and of it.) X comes from `arrays`. Position p of a synapse of the neuron
frame_neurons[i], in um from its soma (soma_positions, by soma_neurons): q = frame_axes[i] @ (p -
frame_means[i]); the first columns of X are q / spatial_scale * weights[0]. The others are (v -
area_centre) / area_scale * weights[1], where v is the logarithm (recipe[1] says ln, of each column
where there are several) or the value (um2) of SynArea and BoutonArea in um2, or of the columns that
schema names. The outlier score of the detector `neighbors` is the mean distance of X to the 10
nearest rows of `features`, to be compared with a quantile of holdout_distance, such as 0.95. The
place on the map is the mean of `embedding` of the 5 nearest rows, weighted by 1 / distance."""
USE_OF_UNITS = """\
values: a column for each of `metrics` (SpikeInterface's names), amplitude_median without its sign,
nan where not measured. scaled: s = sign(values) * log1p(abs(values)), nan replaced by median, then
(s - mean) / deviation. For each of `steps`, with odds(p) = log(p / (1 - p)) of p between 0.0001 and
0.9999: b = the mean of odds(one.predict_proba(values)[:, 1]) over its boosting; o = the mean of b
and of odds(one.predict_proba(scaled)[:, 1]) of each of its members; p = 1 / (1 + exp(-(slope * o +
offset))). The first p is that a unit is neural, the second that a neural unit is single. A unit is
what is most probable of noise (1 - neural), mua (neural * (1 - single)), good (neural * single)."""


def write(folder: Path, file: Path) -> None:
    """Write the bundle in a folder as a pickle.

    Raises:
        BundleError: it is damaged, or cannot be written so.
    """
    bundle = bundles.open_bundle(folder)
    kind = str(bundle.card.get("kind"))
    if kind not in CONTENTS:
        raise BundleError(f"{folder} is a model of an unknown kind: it is not exported.")
    joblib.dump(CONTENTS[kind](bundle), file, compress=COMPRESSION)


def _card(bundle: Bundle) -> Content:
    card: Content = json.loads(json.dumps(bundle.card))
    return card


def _published(bundle: Bundle) -> Content:
    found = published.load(bundle)
    parts = {MODEL: found.model, GATE: found.gate, SCALER: found.scaler, ENCODER: found.encoder}
    there = {name: part for name, part in parts.items() if part is not None}
    return {**there, "card": _card(bundle), "use": USE_OF_PUBLISHED}


def _synapses(bundle: Bundle) -> Content:
    trained = train.load_trained(bundle.folder)
    classifier, model = trained.classifier, trained.classifier.model
    if isinstance(model, xgboost.Booster):
        booster, model = model, xgboost.XGBClassifier(n_jobs=1)
        model.load_model(bytearray(stored_boosters.dump(booster)))
    return {
        MODEL: model,
        "classes": classifier.classes,
        "temperature": classifier.temperature,
        "features": list(trained.projection.names),
        "units": list(trained.projection.units),
        "arrays": unpacked(bundle.read(bundles.ARRAYS)),
        "card": _card(bundle),
        "use": USE_OF_SYNAPSES,
    }


def _units(bundle: Bundle) -> Content:
    found, _ = unit_classifier.load(bundle.folder)
    if not isinstance(found, unit_classifier.UnitClassifier):
        files = ", ".join(name for name in bundle.digests if name.endswith(".skops"))
        raise BundleError(
            f"{bundle.folder} came as a skops file and is not written as a pickle: others read "
            f"{files} there with skops.io.load."
        )
    steps = [
        {
            "boosting": list(step.boosting),
            "members": list(step.members),
            "slope": step.slope,
            "offset": step.offset,
            "cut": step.cut,
        }
        for step in found.steps
    ]
    return {
        "metrics": list(found.metrics),
        "median": found.scale.median,
        "mean": found.scale.mean,
        "deviation": found.scale.deviation,
        "steps": steps,
        "card": _card(bundle),
        "use": USE_OF_UNITS,
    }


CONTENTS: Mapping[str, Callable[[Bundle], Content]] = {
    published.KIND: _published,
    train.KIND: _synapses,
    unit_classifier.KIND: _units,
}
