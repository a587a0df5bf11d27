"""Classifiers in SpikeInterface's format: the same answers, and nothing that is not trusted."""

import json
import pickle
import socket
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)
from spikeinterface.curation.model_based_curation import ModelBasedClassification

from pipelines.__main__ import main
from pipelines.core.errors import BundleError
from pipelines.models import registry, sources
from pipelines.models.hub import HubModel
from pipelines.spikes.classifier import skops_file, unit_classifier
from pipelines.spikes.labels.metric_table import of_rows
from tests.pipelines.spikes.test_label_classifier import simulated

METRICS = ["snr", "rp_contamination", "num_positive_peaks", "half_width", "presence_ratio"]
MEANINGS = {"neural": {"0": "noise", "1": "neural"}, "single": {"0": "mua", "1": "sua"}}


def model(asks: str) -> Pipeline:
    """A pipeline as `train_model` of SpikeInterface makes it, with a metric's older name."""
    rows = simulated(300, 11)
    if asks == "single":
        rows = rows[rows["majority_vote"] != "noise"]
        answer = rows["majority_vote"] == "good"
    else:
        answer = rows["majority_vote"] != "noise"
    steps = [("imputer", SimpleImputer(strategy="median")), ("scaler", StandardScaler())]
    pipeline = Pipeline([*steps, ("classifier", RandomForestClassifier(15, random_state=0))])
    return pipeline.fit(rows[METRICS].astype("float32"), answer.astype(int).to_numpy())


def written(folder: Path, pipeline: object, meaning: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    skops.io.dump(pipeline, folder / "best_model.skops")
    info = {"requirements": {"spikeinterface": "0.102.3"}, "label_conversion": meaning}
    (folder / "model_info.json").write_text(json.dumps(info))
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("published")
    return {asks: written(home / asks, model(asks), MEANINGS[asks]) for asks in MEANINGS}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEUROBOARD_HOME", str(tmp_path))
    return tmp_path / "models"


def spikeinterface_says(pipeline: Pipeline, rows: pd.DataFrame, meaning: dict[str, str]) -> object:
    """What SpikeInterface's own classification says; it wants an analyzer but looks at metrics."""
    found = ModelBasedClassification(SimpleNamespace(), pipeline, rows["unit_id"].tolist())
    words = {int(key): word for key, word in meaning.items()}
    return found.predict_labels(words, rows[METRICS], set_predictions_as_properties=False)


def test_a_cascade_says_what_spikeinterface_says(models: dict[str, Path], home: Path) -> None:
    entry = sources.add([str(path) for path in models.values()], home, "cascade")
    rows = simulated(200, 12)
    rows.loc[3, "half_width"] = np.nan
    classifier, card = unit_classifier.load(entry.folder)
    found = classifier.predict(of_rows(rows, "rows"))
    neural = spikeinterface_says(model("neural"), rows, MEANINGS["neural"])
    single = spikeinterface_says(model("single"), rows, MEANINGS["single"])
    second = np.where(single["prediction"] == "sua", "good", "mua")
    expected = np.where(neural["prediction"] == "noise", "noise", second)
    assert found.labels.tolist() == expected.tolist()
    sure = np.where(expected == "noise", neural["probability"], single["probability"])
    np.testing.assert_allclose(found.of_label, sure.astype(float))
    assert [one["asks"] for one in card["models"]] == ["noise or neural", "single or multi"]
    assert "trough_half_width" in classifier.metrics  # half_width as it is called today


def test_one_question_is_completed_by_the_apps_own_classifier(
    models: dict[str, Path], home: Path
) -> None:
    entry = sources.add([str(models["neural"])], home)
    classifier, card = unit_classifier.load(entry.folder)
    assert card["classifier"].endswith("single or multi by the classifier that comes with the app")
    table = of_rows(simulated(40, 13), "rows")
    own = unit_classifier.shipped().predict(table)
    np.testing.assert_array_equal(classifier.predict(table).single, own.single)
    assert (classifier.predict(table).neural != own.neural).any()


def test_a_published_model_is_fetched_once_and_labels_a_table(
    models: dict[str, Path], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def fetch(name: str, folder: Path) -> HubModel:
        fetched.append(name)
        for file in models["neural"].iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        return HubModel(name, "c0ffee", {})

    monkeypatch.setitem(sources.add.__kwdefaults__, "fetch", fetch)
    monkeypatch.setitem(sources.in_registry.__kwdefaults__, "fetch", fetch)
    simulated(60, 14).drop(columns="majority_vote").to_csv(tmp_path / "m.csv", index=False)
    label = ["spikes", "label", "--metrics", str(tmp_path / "m.csv"), "--method", "unitrefine"]
    more = ["--set", "min_metrics=0.1", "--overwrite", "--quiet", "--out", str(tmp_path / "l.csv")]
    for called in ("lab/noise_neural", "lab/noise_neural", "noise_neural"):
        assert main([*label, "--bundle", called, *more]) == 0
    assert fetched == ["lab/noise_neural"]
    assert set(pd.read_csv(tmp_path / "l.csv")["label_unitrefine"]) <= {"good", "mua", "noise"}
    [entry] = registry.entries(home)
    assert (entry.origin, entry.is_of_units, entry.problems()) == ("lab/noise_neural", True, [])
    assert entry.card()["models"][0]["revision"] == "c0ffee"


def test_an_imputer_of_an_older_release_still_fills_in(home: Path, tmp_path: Path) -> None:
    older = model("neural")
    del older.steps[0][1]._fill_dtype  # which came with scikit-learn 1.8
    entry = sources.add([str(written(tmp_path / "older", older, MEANINGS["neural"]))], home)
    rows = simulated(20, 15).assign(snr=np.nan)
    classifier, _ = unit_classifier.load(entry.folder)
    assert np.isfinite(classifier.predict(of_rows(rows, "rows")).neural).all()


def test_a_changed_model_is_not_used(models: dict[str, Path], home: Path) -> None:
    entry = sources.add([str(models["single"])], home)
    (entry.folder / "single-or-multi.skops").write_bytes(b"other")
    with pytest.raises(BundleError, match="is not as it was added"):
        sources.in_registry("single", home)


def test_without_a_network_a_name_is_refused_at_once(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", no_network)
    (tmp_path / "m.csv").write_text("unit_id,snr\n1,5\n")
    label = ["spikes", "label", "--metrics", str(tmp_path / "m.csv"), "--out", str(tmp_path / "l")]
    for command in (["models", "add", "lab/model"], [*label, "--bundle", "lab/model"]):
        assert main(command) == 2
        said = capsys.readouterr().err
        assert "lab/model is not on this computer and huggingface.co cannot be reached" in said
        assert "Network is unreachable" in said
        assert said.count("\n") == 1
    assert not registry.entries(home)


# -- what is not trusted


def test_a_model_that_wants_more_is_refused_with_its_list(home: Path, tmp_path: Path) -> None:
    harmful = Pipeline([("f", FunctionTransformer(np.save)), ("c", LogisticRegression())])
    folder = written(tmp_path / "harmful", harmful, MEANINGS["neural"])
    with pytest.raises(BundleError, match=r"harmful wants numpy\.save, .*which is not trusted"):
        sources.add([str(folder)], home)
    assert not registry.entries(home)


def test_a_step_that_skops_trusts_but_no_classifier_of_units_needs_is_refused(
    home: Path, tmp_path: Path
) -> None:
    other = Pipeline([("f", FunctionTransformer()), ("c", LogisticRegression())])
    folder = written(tmp_path / "other", other, MEANINGS["neural"])
    with pytest.raises(BundleError, match=r"wants sklearn\.\S+\.FunctionTransformer, which is not"):
        sources.add([str(folder)], home)


def test_a_pickle_under_another_name_is_refused(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    folder.mkdir()
    (folder / "model.skops").write_bytes(pickle.dumps(LogisticRegression()))
    with pytest.raises(BundleError, match=r"pickled is no file of skops .*never opened"):
        sources.add([str(folder)], home)


def test_a_tree_whose_branches_lead_out_of_it_is_refused(home: Path, tmp_path: Path) -> None:
    damaged = model("neural")
    tree = damaged.steps[-1][1].estimators_[3].tree_
    tree.children_left[0] = tree.node_count  # a view into the tree's own array
    folder = written(tmp_path / "damaged", damaged, MEANINGS["neural"])
    with pytest.raises(BundleError, match=r"not sound \(a tree has branches that lead out"):
        sources.add([str(folder)], home)


@pytest.mark.parametrize("imputer", [SimpleImputer(add_indicator=True), KNNImputer()])
@pytest.mark.parametrize("scaler", [StandardScaler(), RobustScaler(), MinMaxScaler()])
@pytest.mark.parametrize(
    "last",
    [
        ExtraTreesClassifier(3, random_state=0),
        GradientBoostingClassifier(n_estimators=3, random_state=0),
        LogisticRegression(),
    ],
)
def test_pipelines_of_known_steps_answer_as_before(
    imputer: object, scaler: object, last: object
) -> None:
    rows = simulated(60, 16)[METRICS].astype("float32")
    rows = rows.mask(np.random.default_rng(0).random(rows.shape) < 0.1)
    answers = np.arange(len(rows)) % 2
    before = Pipeline([("i", imputer), ("s", scaler), ("c", last)]).fit(rows, answers)
    after = skops_file.checked(skops.io.dumps(before), "model")
    assert after.predict_proba(rows).tobytes() == before.predict_proba(rows).tobytes()


def test_a_model_that_answers_something_else_is_refused(home: Path, tmp_path: Path) -> None:
    folder = written(tmp_path / "other", model("neural"), {"0": "axon", "1": "soma"})
    with pytest.raises(BundleError, match="other answers axon, soma; a model must tell noise"):
        sources.add([str(folder)], home)


def test_two_models_for_the_same_question_are_refused(models: dict[str, Path], home: Path) -> None:
    with pytest.raises(BundleError, match="neural tells noise or neural, which neural does not"):
        sources.add([str(models["neural"])] * 2, home)
