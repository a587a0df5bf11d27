"""Bundles of synapses with any classifier, made of one that was trained once."""

import json
import shutil
from pathlib import Path

from pipelines.models import bundles
from pipelines.synapses.classify import classifiers, train
from pipelines.synapses.classify.train import load_trained
from pipelines.synapses.parameters import TrainParameters


def with_classifier(bundle: Path, name: str, folder: Path) -> Path:
    """The same bundle with another classifier of the same clusters."""
    trained = load_trained(bundle)
    features = trained.neighborhood.features
    labels = trained.classifier.classes[trained.classifier.probabilities(features).argmax(axis=1)]
    learnt = classifiers.learn(name, features, labels, TrainParameters(n_trees=10))
    folder.mkdir()
    card = json.loads((bundle / "card.json").read_text())
    card |= {"classifier": name, "classes": learnt.classes.tolist(), "temperature": 0.8}
    (folder / "card.json").write_text(json.dumps(card))
    shutil.copyfile(bundle / "arrays.npz", folder / "arrays.npz")
    train.save_classifier(learnt, folder)
    bundles.write_manifest(folder)
    return folder
