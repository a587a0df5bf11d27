import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.errors import BundleError
from pipelines.core.provenance import versions
from pipelines.models import bundles
from pipelines.synapses.classify import classifiers
from pipelines.synapses.classify.rows import CLASSIFIERS, SKOPS
from pipelines.synapses.classify.train import load_trained
from pipelines.synapses.parameters import TrainParameters


@pytest.fixture
def bundle(bundle_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle_folder, tmp_path / "bundle"))


@pytest.mark.parametrize("name", [one.name for one in CLASSIFIERS.values() if one.stored == SKOPS])
def test_a_classifier_is_read_back_as_it_was(tmp_path: Path, name: str) -> None:
    random = np.random.default_rng(0)
    features, labels = random.normal(size=(60, 5)), random.integers(3, size=60)
    learnt = classifiers.learn(name, features, labels, TrainParameters(n_trees=10))
    bundles.write_classifier(tmp_path, learnt.model)
    (tmp_path / "card.json").write_text(json.dumps({"versions": versions()}))
    bundles.write_manifest(tmp_path)
    again = replace(learnt, model=bundles.open_bundle(tmp_path).classifier(name))
    assert again.probabilities(features).tobytes() == learnt.probabilities(features).tobytes()


def test_a_classifier_of_an_earlier_version_is_not_opened_and_told_how(bundle: Path) -> None:
    (bundle / "classifier.skops").rename(bundle / "classifier.pickle")
    bundles.write_manifest(bundle)
    opened = bundles.open_bundle(bundle)
    assert opened.is_earlier
    for read in (lambda: opened.classifier("knn"), lambda: load_trained(bundle)):
        with pytest.raises(BundleError, match=f"python -m pipelines models convert {bundle};"):
            read()


def test_every_file_of_a_bundle_is_in_its_manifest(bundle: Path) -> None:
    opened = bundles.open_bundle(bundle)
    assert sorted(opened.digests) == ["arrays.npz", "card.json", "classifier.skops"]


def test_the_record_of_the_run_may_lie_beside(bundle: Path) -> None:
    (bundle / "run.json").write_text("{}")
    assert bundles.open_bundle(bundle).card["kind"] == "synapse clusters"


@pytest.mark.parametrize("name", ["arrays.npz", "card.json", "classifier.skops"])
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
        bundles.open_bundle(bundle).classifier("knn")
