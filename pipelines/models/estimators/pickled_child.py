"""The closed process that reads pickled models, and writes each as files that run nothing.

Its answer is checked by whoever asked (`pickled`), for a file may take this process over.
"""

import io
import math
import warnings
from importlib import import_module
from typing import Any

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from xgboost import XGBClassifier

from pipelines.models.estimators import stored_boosters, stored_estimators
from pipelines.models.estimators.unpickling import Unpickled, unpickled
from pipelines.models.pickled import BOOSTER, ESTIMATORS
from pipelines.models.pickled_names import NAMES, PUBLISHED, Name
from pipelines.processes.closed import Answered, serve
from pipelines.synapses.classify.published_parts import MODEL, WANTED, checked


def answer(asked: Answered) -> Answered:
    """Write again what a pickle holds.

    Raises:
        BundleError: it names what is not allowed, or holds another model.
    """
    kind, name = asked.said["kind"], asked.said["name"]
    advice = WANTED if kind == PUBLISHED else ""
    found = unpickled(asked.parts["content"], name, NAMES[kind], advice)
    if kind == PUBLISHED:
        return _published(found, name)
    return Answered({}, {ESTIMATORS: stored_estimators.dump(found.value)})


def _published(found: Unpickled, name: str) -> Answered:
    parts = checked(found.value, name)
    model = parts[MODEL]
    said: dict[str, Any] = {"scikit_learn": found.scikit_learn}
    files = {}
    if isinstance(model, XGBClassifier):
        del parts[MODEL]
        said["settings"] = _settings(model)
        files[BOOSTER] = stored_boosters.dump(model.get_booster())
    files[ESTIMATORS] = stored_estimators.dump(parts)
    return Answered(said, files)


def _settings(model: XGBClassifier) -> dict[str, Any]:
    """What an XGBClassifier was made with, as far as JSON can say it."""
    settings = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in model.get_params().items()
    }
    return {name: value for name, value in settings.items() if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, bool, int)) or (
        isinstance(value, float) and math.isfinite(value)
    )


def rehearse() -> None:
    """Do once what will be done: afterwards no file of Python or of a library can be opened."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy.core is deprecated, and in pickles
        for module, _ in frozenset[Name]().union(*NAMES.values()):
            import_module(module)
    places, labels = np.eye(6, 2), np.arange(6) % 2
    for kind in (RandomForestClassifier(1), XGBClassifier(n_estimators=1, n_jobs=1)):
        stream = io.BytesIO()
        joblib.dump({MODEL: kind.fit(places, labels)}, stream)
        answer(Answered({"kind": PUBLISHED, "name": "example"}, {"content": stream.getvalue()}))


if __name__ == "__main__":
    rehearse()
    serve(answer)
