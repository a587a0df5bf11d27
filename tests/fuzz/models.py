"""Fits, bundles, the registry and the list of jobs."""

import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from dashboard.jobs.repair import mend
from dashboard.jobs.store import JobInput, Store
from pipelines.core import provenance
from pipelines.core.progress import silent
from pipelines.files.links import refuse_links_out
from pipelines.models import bundles, registry
from pipelines.spikes.classifier import unit_classifier
from pipelines.spikes.labels import metric_table
from pipelines.synapses.classify import classifiers
from pipelines.synapses.classify.predict import predict_rows
from pipelines.synapses.classify.train import load_trained, save_classifier, train
from pipelines.synapses.parameters import TrainParameters
from pipelines.synapses.table.table import CheckedTable, read_table
from tests.fuzz.files import Files
from tests.fuzz.reader import Reader, Sample
from tests.fuzz.sortings import stored

CLASSIFIERS = ("random-forest", "xgboost", "knn", "extra-trees", "svc")


def sealed(files: Files) -> Files:
    """The files with digests in manifests and records that fit them."""
    sealed = dict(files)
    for name, content in files.items():
        folder, _, last = name.rpartition("/")
        if last == "manifest.json" and isinstance(content, bytes):
            sealed[name] = _manifest(content, files, f"{folder}/" if folder else "")
    return sealed


def _manifest(content: bytes, files: Files, folder: str) -> bytes:
    try:
        manifest = json.loads(content)
        listed = manifest["files"]
        for name in listed:
            there = files.get(folder + name)
            if isinstance(there, bytes):
                listed[name] = sha256(there).hexdigest()
    except (ValueError, KeyError, TypeError, RecursionError):
        return content
    return json.dumps(manifest).encode()


def sealed_fit(files: Files) -> Files:
    """A fit with the digest of its arrays."""
    record, arrays = files.get("model.json"), files.get("model.npz")
    if not isinstance(record, bytes) or not isinstance(arrays, bytes):
        return files
    try:
        about = json.loads(record)
        about["arrays_sha256"] = sha256(arrays).hexdigest()
    except (ValueError, TypeError, RecursionError):
        return files
    return {**files, "model.json": json.dumps(about).encode()}


# -- samples


def fit(folder: Path) -> str:
    stored(folder, "synapses", "hdbscan/model.json", "hdbscan/model.npz")
    return "."


def bundle_of(name: str) -> Callable[[Path], str]:
    """A bundle of today's format: a small classifier beside the arrays of a kept one."""

    def make(folder: Path) -> str:
        stored(folder, "synapses", f"{name}/card.json", f"{name}/arrays.npz")
        card = json.loads((folder / bundles.CARD).read_text(encoding="utf-8"))
        with np.load(folder / bundles.ARRAYS, allow_pickle=False) as arrays:
            features = arrays["features"]
        labels = np.array(card["classes"])[np.arange(len(features)) % len(card["classes"])]
        learnt = classifiers.learn(name, features, labels, TrainParameters(n_trees=10))
        save_classifier(learnt, folder)
        card["versions"] = provenance.versions()
        (folder / bundles.CARD).write_text(json.dumps(card), encoding="utf-8")
        bundles.write_manifest(folder)
        return "."

    return make


def unit_labels(folder: Path) -> str:
    """The shipped classifier with one member of each kind."""
    whole = unit_classifier.shipped()
    steps = [
        replace(step, boosting=step.boosting[:1], members=step.members[:1]) for step in whole.steps
    ]
    card = json.loads((unit_classifier.SHIPPED / bundles.CARD).read_text(encoding="utf-8"))
    unit_classifier.save(replace(whole, steps=(steps[0], steps[1])), card, folder)
    return "."


def models(folder: Path) -> str:
    stored(folder, "models", "registry")
    return "registry"


def jobs(folder: Path) -> str:
    with tempfile.TemporaryDirectory() as home:
        store = Store(Path(home) / "jobs.sqlite")
        given = JobInput("images", "data:data/a.npy", "a.npy", str(Path(home) / "a.npy"), "0")
        store.cancel(store.submit("brainmap look", {"k": 3}, [given], version="0"))
        store.beat("idle")
        with closing(sqlite3.connect(store.file)) as whole:
            # As one file, without the log that SQLite keeps beside it.
            whole.execute("VACUUM INTO ?", [str(folder / "jobs.sqlite")])
    return "jobs.sqlite"


# -- readers


@cache
def new_rows() -> CheckedTable:
    """Rows that a model is asked about."""
    with tempfile.TemporaryDirectory() as scratch:
        stored(Path(scratch), "lab", "new.csv")
        return read_table(Path(scratch) / "new.csv")


def read_fit(path: Path) -> None:
    """As training reads it, and learns from it."""
    refuse_links_out(path)
    with tempfile.TemporaryDirectory() as scratch:
        train({"fit": path}, TrainParameters(classifier="knn", folds=2), Path(scratch), silent)


def read_bundle(path: Path) -> None:
    """As a prediction does."""
    refuse_links_out(path)
    predict_rows(new_rows(), load_trained(path), 0.95)


METRICS = pd.DataFrame({
    "unit_id": range(4), "snr": [2.0, 5, 9, 4], "firing_rate": [0.1, 1, 8, 3],
    "rp_contamination": [0.0, 0.5, 0.1, 0.9], "amplitude_median": [50.0, 80, 200, 30],
})  # fmt: skip


def read_unit_labels(path: Path) -> None:
    """As a labelling does."""
    refuse_links_out(path)
    classifier, _ = unit_classifier.load(path)
    unit_classifier.label(metric_table.of_rows(METRICS, "metrics"), classifier, min_metrics=0)


def read_registry(path: Path) -> None:
    """As the page of models lists them."""
    for entry in registry.entries(path):
        entry.problems()
        entry.summary()
        str(entry.is_of_units)


def read_jobs(path: Path) -> None:
    """As the app and its worker begin."""
    mend(path, path.parent / "jobs")
    store = Store(path)
    store.latest()
    store.recover()
    store.worker()


READERS = (
    Reader("fit of synapses", (Sample("fit", fit),), read_fit, share=0.5, seal=sealed_fit),
    Reader(
        "bundles",
        tuple(Sample(name, bundle_of(name)) for name in CLASSIFIERS),
        read_bundle,
        share=3,
        seal=sealed,
    ),
    Reader(
        "unit labels", (Sample("shipped", unit_labels),), read_unit_labels, share=0.5, seal=sealed
    ),
    Reader("registry", (Sample("registry", models),), read_registry, share=0.7),
    Reader("list of jobs", (Sample("sqlite", jobs),), read_jobs, share=0.7),
)
