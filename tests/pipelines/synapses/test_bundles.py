import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from pipelines import bundles
from pipelines.errors import BundleError
from pipelines.synapses import classifiers
from pipelines.synapses.parameters import TrainParameters


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.fixture
def bundle(bundle_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_folder, tmp_path / "bundle"))


def test_a_classifier_is_read_back_as_it_was() -> None:
    random = np.random.default_rng(0)
    features, labels = random.normal(size=(60, 5)), random.integers(3, size=60)
    forest = RandomForestClassifier(10, random_state=0).fit(features, labels)
    again = bundles.load_classifier(bundles.dump_classifier(forest))
    assert (again.predict_proba(features) == forest.predict_proba(features)).all()


@pytest.mark.parametrize("name", list(classifiers.FACTORIES))
def test_each_classifiers_pickle_needs_its_own_names_and_no_other(name: str) -> None:
    random = np.random.default_rng(0)
    features, labels = random.normal(size=(60, 5)), random.integers(3, size=60)
    learnt = classifiers.learn(name, features, labels, TrainParameters(n_trees=10))
    content = bundles.dump_classifier(learnt.model)
    again = bundles.load_classifier(content, bundles.ALLOWED[name])
    assert type(again) is classifiers.TYPES[name]
    for missing in {one for one in bundles.ALLOWED[name] if one[0].startswith("sklearn")}:
        with pytest.raises(BundleError, match="is not allowed"):
            bundles.load_classifier(content, bundles.ALLOWED[name] - {missing})


@pytest.mark.parametrize("wrap", [lambda call: call, lambda call: np.array([call, 1], object)])
def test_a_pickle_that_would_run_something_is_refused_and_does_not(
    tmp_path: Path, wrap: Any
) -> None:
    command = Call(os.system, f"touch {tmp_path / 'ran'}")
    with pytest.raises(BundleError, match=r"which is not allowed"):
        bundles.load_classifier(pickle.dumps(wrap(command), protocol=5))
    assert not (tmp_path / "ran").exists()


def test_the_forbidden_name_is_told() -> None:
    with pytest.raises(BundleError, match=r"names builtins\.eval"):
        bundles.load_classifier(pickle.dumps(Call(eval, "1+1")))


@pytest.mark.parametrize(
    "code",
    [
        b"csklearn.tree._tree\nTree.__class__\n.",
        b"\x80\x04\x8c\x13sklearn.tree._tree\x8c\x0eTree.__reduce__\x93.",
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.",
    ],
)
def test_no_way_round_leads_to_another_name(code: bytes) -> None:
    with pytest.raises(BundleError):
        bundles.load_classifier(code)


@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x05", b"\x80\x05K\x01"])
def test_a_damaged_pickle_is_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match="cannot be read"):
        bundles.load_classifier(content)


def test_every_file_of_a_bundle_is_in_its_manifest(bundle: Path) -> None:
    opened = bundles.open_bundle(bundle)
    assert sorted(opened.digests) == ["arrays.npz", "card.json", "classifier.pickle"]


def test_the_record_of_the_run_may_lie_beside(bundle: Path) -> None:
    (bundle / "run.json").write_text("{}")
    assert bundles.open_bundle(bundle).card["kind"] == "synapse clusters"


@pytest.mark.parametrize("name", ["arrays.npz", "card.json", "classifier.pickle"])
def test_a_changed_or_missing_file_is_found(bundle: Path, name: str) -> None:
    content = (bundle / name).read_bytes()
    (bundle / name).write_bytes(content + b" ")
    with pytest.raises(BundleError, match=f"{name} was changed"):
        bundles.open_bundle(bundle)
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=f"{name} is missing"):
        bundles.open_bundle(bundle)


def test_a_file_that_was_put_there_is_found(bundle: Path) -> None:
    (bundle / "more.pickle").write_bytes(b"")
    with pytest.raises(BundleError, match=r"more\.pickle is not in the manifest"):
        bundles.open_bundle(bundle)


def test_a_manifest_cannot_lead_out_of_the_folder(bundle: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"]["../outside.txt"] = "0" * 64
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="is missing"):
        bundles.open_bundle(bundle)


@pytest.mark.parametrize("content", ["", "[]", '{"files": 3}', '{"files": {}}'])
def test_a_damaged_manifest_is_refused(bundle: Path, content: str) -> None:
    (bundle / "manifest.json").write_text(content)
    with pytest.raises(BundleError, match="damaged"):
        bundles.open_bundle(bundle)


def test_a_folder_or_file_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no model bundle"):
        bundles.open_bundle(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleError, match="no model bundle"):
        bundles.open_bundle(tmp_path / "file")


def test_a_classifier_of_another_scikit_learn_is_refused(bundle: Path) -> None:
    card = json.loads((bundle / "card.json").read_text())
    card["versions"]["scikit-learn"] = "0.1.0"
    (bundle / "card.json").write_text(json.dumps(card))
    bundles.write_manifest(bundle)
    with pytest.raises(BundleError, match=r"made with scikit-learn 0\.1\.0"):
        bundles.open_bundle(bundle).classifier()
