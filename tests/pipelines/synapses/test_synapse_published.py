"""The published project's bundles, rebuilt with the same structure."""

import bz2
import io
import json
import lzma
import os
import pickle
import zlib
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, RobustScaler
from sklearn.svm import SVC, OneClassSVM
from xgboost import XGBClassifier

from pipelines.core.errors import BundleError, TableError
from pipelines.core.progress import silent
from pipelines.models import bundles, registry
from pipelines.models.estimators import unpickling
from pipelines.synapses.classify import published
from pipelines.synapses.classify.predict import predict
from pipelines.synapses.parameters import PredictParameters

pytestmark = pytest.mark.usefixtures("quick_pickles")
MODELS = {
    "knn": lambda: KNeighborsClassifier(n_neighbors=np.int64(5), metric="euclidean"),
    "knn-manhattan": lambda: KNeighborsClassifier(n_neighbors=7, metric="manhattan"),
    "rf": lambda: RandomForestClassifier(20, random_state=42),
    "xgb": lambda: XGBClassifier(
        n_estimators=20, max_depth=4, learning_rate=0.1, objective="multi:softmax", n_jobs=1
    ),
}


@pytest.fixture(scope="module")
def mapped() -> pd.DataFrame:
    """Three clusters and noise on a map."""
    random = np.random.default_rng(0)
    cluster = np.repeat([-1, 0, 1, 2], [15, 60, 50, 40])
    middles = np.array([[5, 5], [0, 0], [9, 1], [3, 8]])[cluster + 1]
    places = middles + random.normal(size=(165, 2)) * np.where(cluster == -1, 4, 1)[:, np.newaxis]
    return pd.DataFrame(places, columns=["UMAP_1", "UMAP_2"]).assign(Cluster=cluster)


def rebuilt(kind: str, mapped: pd.DataFrame) -> dict[str, Any]:
    """A bundle as the published notebooks save it: learnt from scaled columns of a table."""
    scaler = RobustScaler()
    places = scaler.fit_transform(mapped[["UMAP_1", "UMAP_2"]])
    gate = OneClassSVM(nu=0.05, kernel="rbf", gamma="auto").fit(places)
    found: dict[str, Any] = {"scaler": scaler, "ocsvm": gate}
    labels = mapped["Cluster"]
    if kind == "xgb":
        found["label_encoder"] = LabelEncoder()
        labels = found["label_encoder"].fit_transform(labels)
    return {**found, "model": MODELS[kind]().fit(places, labels)}


def by_hand(bundle: dict[str, Any], mapped: pd.DataFrame) -> Any:
    """What plain scikit-learn says, without a gate."""
    answers = bundle["model"].predict(bundle["scaler"].transform(mapped[["UMAP_1", "UMAP_2"]]))
    encoder = bundle.get("label_encoder")
    return answers if encoder is None else encoder.inverse_transform(answers)


def predicted(bundle: Path, table: pd.DataFrame, folder: Path, **parameters: Any) -> pd.DataFrame:
    table.to_csv(folder / "places.csv", index=False)
    inputs = {"bundle": bundle, "table": folder / "places.csv"}
    predict(inputs, PredictParameters(**parameters), folder, silent)
    return pd.read_csv(folder / "predictions.csv")


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3)], ids=str)
@pytest.mark.parametrize("kind", list(MODELS))
def test_predictions_are_those_of_plain_scikit_learn(
    kind: str, compress: Any, mapped: pd.DataFrame, tmp_path: Path
) -> None:
    made = rebuilt(kind, mapped)
    joblib.dump(made, tmp_path / "cr_test_bundle.pkl", compress=compress)
    entry = registry.add(tmp_path / "cr_test_bundle.pkl", tmp_path / "models")
    found = predicted(entry.folder, mapped, tmp_path)
    assert found["cluster"].tolist() == by_hand(made, mapped).tolist()
    scaled = made["scaler"].transform(mapped[["UMAP_1", "UMAP_2"]])
    # To the last bit: the table holds all digits that tell a number from its neighbours.
    shares = made["model"].predict_proba(scaled).max(axis=1).astype(float)
    assert found["probability"].tolist() == shares.tolist()
    assert found["outlier_score"].tolist() == (-made["ocsvm"].decision_function(scaled)).tolist()


@pytest.mark.parametrize("kind", list(MODELS))
def test_with_the_gate_they_are_the_published_ones(
    kind: str, mapped: pd.DataFrame, tmp_path: Path
) -> None:
    made = rebuilt(kind, mapped)
    joblib.dump(made, tmp_path / "as_bundle.pkl")
    entry = registry.add(tmp_path / "as_bundle.pkl", tmp_path / "models")
    found = predicted(entry.folder, mapped, tmp_path, gate=True)
    inside = made["ocsvm"].predict(made["scaler"].transform(mapped[["UMAP_1", "UMAP_2"]])) == 1
    assert found["cluster"].tolist() == np.where(inside, by_hand(made, mapped), -1).tolist()
    assert (found["is_outlier"] == ~inside).all()
    assert 0 < found["is_outlier"].sum() < len(found)


def test_the_card_says_what_it_is(mapped: pd.DataFrame, tmp_path: Path) -> None:
    joblib.dump(rebuilt("xgb", mapped), tmp_path / "pv_xgb_bundle.pkl", compress=3)
    card = registry.add(tmp_path / "pv_xgb_bundle.pkl", tmp_path / "models").card()
    assert (card["group"], card["classifier"]) == ("pv", "XGBClassifier")
    assert card["classes"] == [-1, 0, 1, 2]
    assert card["features"] == ["UMAP_1", "UMAP_2"]


def test_a_bundle_that_lost_its_scaler_says_so(mapped: pd.DataFrame, tmp_path: Path) -> None:
    made = rebuilt("knn", mapped)
    del made["scaler"]
    joblib.dump(made, tmp_path / "cr_knn_bundle.pkl")
    card = registry.add(tmp_path / "cr_knn_bundle.pkl", tmp_path / "models").card()
    assert "holds no scaler" in card["notes"][-1]


def test_a_row_without_coordinates_says_why(mapped: pd.DataFrame, tmp_path: Path) -> None:
    joblib.dump(rebuilt("knn", mapped), tmp_path / "as_bundle.pkl")
    entry = registry.add(tmp_path / "as_bundle.pkl", tmp_path / "models")
    table = mapped.head(4).astype(object)
    table.iloc[1, 1], table.iloc[2, 0] = "?", float("inf")
    found = predicted(entry.folder, table, tmp_path)
    assert found["cluster"].isna().tolist() == [False, True, True, False]
    assert "UMAP_2" in found.loc[1, "note"]
    assert "UMAP_1" in found.loc[2, "note"]
    with pytest.raises(TableError, match="lacks the column UMAP_2"):
        predicted(entry.folder, table.drop(columns="UMAP_2"), tmp_path)


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("compress", [0, 3])
@pytest.mark.parametrize("hidden", ["plain", "in an array"])
def test_a_pickle_that_would_run_something_is_refused_with_all_that_it_wants(
    hidden: str, compress: int, mapped: pd.DataFrame, tmp_path: Path
) -> None:
    calls: Any = [Call(os.system, f"touch {tmp_path / 'ran'}"), Call(eval, "1 + 1")]
    if hidden == "in an array":
        calls = np.array(calls, dtype=object)
    bad = {**rebuilt("knn", mapped), "note": calls}
    joblib.dump(bad, tmp_path / "as_bundle.pkl", compress=compress)
    with pytest.raises(BundleError, match=r"names \w+\.system, builtins\.eval, which is not"):
        registry.add(tmp_path / "as_bundle.pkl", tmp_path / "models")
    assert not (tmp_path / "ran").exists()
    assert registry.entries(tmp_path / "models") == []


@pytest.mark.parametrize(
    "code",
    [
        b"csklearn.tree._tree\nTree.__class__\n.",
        b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.",
        b"cnumpy\nload\n(S'x'\ntR.",
    ],
)
def test_no_way_round_leads_to_another_name(code: bytes, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is not allowed"):
        published.write(code, "bundle.pkl", tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"text", b"x\x9cdamaged", pickle.dumps({"model": 3}), pickle.dumps([1])]
)
def test_what_is_no_published_bundle_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        published.write(content, "bundle.pkl", tmp_path)
    assert list(tmp_path.iterdir()) == []


def dumped(value: Any) -> bytes:
    stream = io.BytesIO()
    joblib.dump(value, stream)
    return stream.getvalue()


def test_a_model_of_other_features_is_refused(tmp_path: Path) -> None:
    other = KNeighborsClassifier(1).fit(np.zeros((3, 5)), [0, 1, 2])
    with pytest.raises(BundleError, match=r"does not work on UMAP_1 and UMAP_2.*Wanted is a dict"):
        published.write(dumped({"model": other}), "bundle.pkl", tmp_path)


@pytest.mark.parametrize("kind", list(MODELS))
def test_a_classifier_alone_is_taken_if_it_says_that_it_learnt_from_the_map(
    kind: str, mapped: pd.DataFrame, tmp_path: Path
) -> None:
    places = mapped[["UMAP_1", "UMAP_2"]]
    model = MODELS[kind]().fit(places, mapped["Cluster"] + 1)
    joblib.dump(model, tmp_path / "cb_model.joblib")
    entry = registry.add(tmp_path / "cb_model.joblib", tmp_path / "models")
    found = predicted(entry.folder, mapped, tmp_path)
    assert found["cluster"].tolist() == model.predict(places).tolist()
    assert "holds no scaler" in entry.card()["notes"][-1]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (KNeighborsClassifier(1), "holds a KNeighborsClassifier alone"),
        (RandomForestClassifier(2), "holds a RandomForestClassifier alone"),
        (make_pipeline(RobustScaler(), SVC()), r"names sklearn\.pipeline\.Pipeline, "),
    ],
)
def test_what_a_lab_has_besides_is_told_what_is_wanted(
    model: Any, said: str, mapped: pd.DataFrame, tmp_path: Path
) -> None:
    model.fit(mapped[["UMAP_1", "UMAP_2"]].to_numpy(), mapped["Cluster"])
    with pytest.raises(BundleError, match=f"{said}.*Wanted is a dictionary of the model"):
        published.write(dumped(model), "rf.joblib", tmp_path)


@pytest.mark.parametrize("compress", [zlib.compress, bz2.compress, lzma.compress])
def test_a_bomb_is_not_inflated(compress: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickling, "LARGEST", 10**5)
    with pytest.raises(BundleError, match="inflates to more than"):
        unpickling.inflated(compress(bytes(10**6)), "bundle.pkl")


@pytest.mark.parametrize("kind", list(MODELS))
def test_only_files_that_run_nothing_are_stored(
    kind: str, mapped: pd.DataFrame, tmp_path: Path
) -> None:
    joblib.dump(rebuilt(kind, mapped), tmp_path / "cb_bundle.pkl")
    entry = registry.add(tmp_path / "cb_bundle.pkl", tmp_path / "models")
    booster = ["classifier.ubj"] if kind == "xgb" else []
    names = ["card.json", "classifier.skops", *booster, "manifest.json"]
    assert sorted(file.name for file in entry.folder.iterdir()) == names
    assert json.loads((entry.folder / "card.json").read_text())["kind"] == published.KIND


def test_parts_that_do_not_belong_together_are_refused(
    mapped: pd.DataFrame, tmp_path: Path
) -> None:
    made = rebuilt("xgb", mapped)
    made["label_encoder"] = LabelEncoder().fit([1, 2, 3])
    with pytest.raises(BundleError, match="do not belong together"):
        published.write(dumped(made), "as_bundle.pkl", tmp_path)
    made = {**rebuilt("knn", mapped), "ocsvm": OneClassSVM().fit(np.eye(4, 3))}
    with pytest.raises(BundleError, match="do not belong together"):
        published.write(dumped(made), "as_bundle.pkl", tmp_path)


def test_a_bundle_of_an_earlier_version_says_how_it_is_converted(tmp_path: Path) -> None:
    (tmp_path / "published.pkl").write_bytes(b"a pickle")
    (tmp_path / "card.json").write_text(json.dumps({"kind": published.KIND}))
    bundles.write_manifest(tmp_path)
    with pytest.raises(BundleError, match="models convert"):
        published.load(bundles.open_bundle(tmp_path))
