"""What a file of the published project holds: a classifier on UMAP_1 and UMAP_2 with its helpers.

Source: Talapka et al., neuron-clustering-project (MIT), for the layout of the file.
"""

from collections.abc import Mapping
from typing import Any

from pipelines.core.errors import BundleError

COLUMNS = ("UMAP_1", "UMAP_2")
MODEL, GATE, SCALER, ENCODER = "model", "ocsvm", "scaler", "label_encoder"
KINDS: Mapping[str, tuple[str, ...]] = {
    MODEL: ("KNeighborsClassifier", "RandomForestClassifier", "XGBClassifier"),
    GATE: ("OneClassSVM",),
    SCALER: ("RobustScaler", "StandardScaler"),
    ENCODER: ("LabelEncoder",),
}
"""The parts of a file, with the kinds that each can be; all but the model may be missing."""
WANTED = (
    f"Wanted is a dictionary of the {MODEL} ({', '.join(KINDS[MODEL])}, on UMAP_1 and UMAP_2) and, "
    f"where there are any, its {GATE}, {SCALER} and {ENCODER}, such as "
    "joblib.dump({'model': model, 'scaler': scaler}, 'as_bundle.pkl')."
)


def checked(loaded: Any, name: str) -> dict[str, Any]:
    """The parts that are there, if they are such a file's.

    Args:
        loaded: what a file held: its dictionary, or a classifier alone that says that it learnt
            from the map's own coordinates.
        name: what errors call the file.

    Raises:
        BundleError: it is another model; the sentence says what is wanted.
    """
    if list(getattr(loaded, "feature_names_in_", [])) == list(COLUMNS):
        loaded = {MODEL: loaded}
    if not isinstance(loaded, dict):
        raise BundleError(
            f"{name} holds a {type(loaded).__name__} alone, which does not say how the numbers "
            f"that it takes are made. {WANTED}"
        )
    for part, kinds in KINDS.items():
        _refuse_other_kind(part, loaded.get(part), kinds, name)
    if getattr(loaded[MODEL], "n_features_in_", 0) != len(COLUMNS):
        raise BundleError(
            f"{name} does not work on {' and '.join(COLUMNS)}: it is another model. {WANTED}"
        )
    return {part: loaded[part] for part in KINDS if loaded.get(part) is not None}


def _refuse_other_kind(part: str, value: Any, kinds: tuple[str, ...], name: str) -> None:
    kind = type(value).__name__
    if kind not in kinds and (value is not None or part == MODEL):
        raise BundleError(
            f"{name} holds {'no' if value is None else kind + ' as'} {part}: it is no bundle of "
            f"the published project, which has one of {', '.join(kinds)} there. {WANTED}"
        )
