"""A model leaves as a pickle that plain joblib opens, and answers there as it does here."""

import io
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib.numpy_pickle import NumpyUnpickler
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelEncoder, RobustScaler
from sklearn.svm import OneClassSVM
from xgboost import XGBClassifier

from pipelines.__main__ import main
from pipelines.core.errors import BundleError
from pipelines.models import bundles, registry
from pipelines.models.estimators import exported
from pipelines.processes import closed
from pipelines.spikes.classifier import unit_classifier
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.synapses.classify import published, published_parts, rows
from pipelines.synapses.classify.predict import judge
from pipelines.synapses.classify.train import load_trained
from pipelines.synapses.table.arrays import Synapses
from tests.closed.zygote import Zygote
from tests.trained import with_classifier

ELSEWHERE = """
import sys
from pathlib import Path
import joblib, numpy as np, pandas as pd

def published(bundle, table):
    places = bundle["scaler"].transform(table[["UMAP_1", "UMAP_2"]])
    cluster = bundle["model"].predict(places)
    if "label_encoder" in bundle:
        cluster = bundle["label_encoder"].inverse_transform(cluster)
    return pd.DataFrame({
        "cluster": cluster.astype(int),
        "probability": bundle["model"].predict_proba(places).max(axis=1).astype(float),
        "is_outlier": bundle["ocsvm"].predict(places) == -1,
    })

def synapses(bundle, table):
    a = bundle["arrays"]
    X = []
    for _, row in table.iterrows():
        i = list(a["frame_neurons"]).index(row["NeuronId"])
        p = row[["x", "y", "z"]].to_numpy(float)
        q = a["frame_axes"][i] @ (p - a["frame_means"][i])
        v = np.log(row[["SynArea", "BoutonArea"]].to_numpy(float))
        X.append([*(q / a["spatial_scale"] * a["weights"][0]),
                  *((v - a["area_centre"]) / a["area_scale"] * a["weights"][1])])
    X = np.array(X)
    if hasattr(bundle["model"], "predict_proba"):
        shares = bundle["model"].predict_proba(X).astype(float)
    else:
        scores = bundle["model"].decision_function(X)
        if scores.ndim == 1:
            scores = np.column_stack([np.zeros(len(X)), scores])
        shares = np.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
    powers = np.maximum(shares, 0.001) ** (1 / bundle["temperature"])
    probability = powers / powers.sum(axis=1, keepdims=True)
    distance = np.sqrt(((X[:, np.newaxis] - a["features"]) ** 2).sum(axis=2))
    score = np.sort(distance, axis=1)[:, :10].mean(axis=1)
    return pd.DataFrame({
        "cluster": bundle["classes"][probability.argmax(axis=1)],
        "probability": probability.max(axis=1),
        "outlier_score": score,
    })

def units(bundle, table):
    values = table[bundle["metrics"]].to_numpy(float)
    if "amplitude_median" in bundle["metrics"]:
        column = bundle["metrics"].index("amplitude_median")
        values[:, column] = np.abs(values[:, column])
    small = np.sign(values) * np.log1p(np.abs(values))
    filled = np.where(np.isnan(small), bundle["median"], small)
    scaled = (filled - bundle["mean"]) / bundle["deviation"]
    def odds(p):
        p = np.clip(p, 1e-4, 1 - 1e-4)
        return np.log(p / (1 - p))
    answers = []
    for step in bundle["steps"]:
        b = np.mean([odds(one.predict_proba(values)[:, 1]) for one in step["boosting"]], axis=0)
        others = [odds(one.predict_proba(scaled)[:, 1]) for one in step["members"]]
        o = np.mean([b, *others], axis=0)
        answers.append(1 / (1 + np.exp(-(step["slope"] * o + step["offset"]))))
    neural, single = answers
    of_each = np.array([1 - neural, neural * (1 - single), neural * single])
    label = np.array(["noise", "mua", "good"])[of_each.argmax(axis=0)]
    return pd.DataFrame({"neural": neural, "single": single, "label": label})

for file in sorted(Path(sys.argv[1]).glob("*.pkl")):
    bundle = joblib.load(file)
    answer = globals()[file.stem.split("-")[0]]
    answer(bundle, pd.read_csv(file.with_suffix(".csv"))).to_csv(file.with_suffix(".answers"))
assert not any(name.startswith("pipelines") for name in sys.modules)
try:
    import pipelines
except ImportError:
    raise SystemExit(0)
raise SystemExit("Neuroboard is on the path")
"""
"""Uses the files as their `use` says, and knows nothing of Neuroboard."""

PLAIN = {"builtins", "collections", "joblib", "numpy", "scipy", "sklearn", "xgboost"}
"""All packages that an exported file may name."""


def export(bundle: Path, file: Path) -> Path:
    words = ["models", "export", str(bundle), "--format", "pickle", "--out", str(file)]
    assert main([*words, "--quiet"]) == 0
    return file


def synapse_answers(bundle: Path, file: Path) -> pd.DataFrame:
    """What a model says of synapses of its neurons that it has not seen; the table is written."""
    trained, random = load_trained(bundle), np.random.default_rng(2)
    neurons = np.repeat(sorted(trained.projection.frames), 8)
    key = np.column_stack([neurons, neurons, np.arange(len(neurons)).astype(str)])
    position = random.normal(0, 40, (len(neurons), 3))
    areas = random.lognormal(0, 0.5, (len(neurons), 2))
    table = {"NeuronId": neurons, **dict(zip("xyz", position.T, strict=True))}
    table |= dict(zip(("SynArea", "BoutonArea"), areas.T, strict=True))
    pd.DataFrame(table).to_csv(file, index=False)
    found = judge(Synapses(key, position, areas), trained, trained.projection)
    columns = (found.cluster, found.probability, found.distance)
    return pd.DataFrame(
        dict(zip(("cluster", "probability", "outlier_score"), columns, strict=True))
    )


def published_answers(kind: str, folder: Path, file: Path) -> tuple[Path, pd.DataFrame]:
    """The same for a published bundle, which is made and added first."""
    random = np.random.default_rng(0)
    places, labels = random.normal(size=(90, 2)) * 4, np.arange(90) % 3 - 1
    table = pd.DataFrame(places, columns=["UMAP_1", "UMAP_2"])
    table.to_csv(file, index=False)
    scaler = RobustScaler().fit(table)
    made: dict[str, Any] = {"scaler": scaler, "ocsvm": OneClassSVM(nu=0.1).fit(places)}
    if kind == "XGBClassifier":
        made["label_encoder"] = LabelEncoder().fit(labels)
        labels = labels + 1
    model = {
        "KNeighborsClassifier": KNeighborsClassifier(5),
        "RandomForestClassifier": RandomForestClassifier(5, random_state=0),
        "XGBClassifier": XGBClassifier(n_estimators=5, n_jobs=1),
    }[kind]
    made["model"] = model.fit(scaler.transform(table), labels)
    joblib.dump(made, folder / f"as_{kind}.pkl")
    entry = registry.add(folder / f"as_{kind}.pkl", folder / "models")
    found = published.load(bundles.open_bundle(entry.folder)).answers(places, gate=False)
    return entry.folder, found[["cluster", "probability", "is_outlier"]]


def unit_answers(file: Path) -> pd.DataFrame:
    """The same for the classifier of units that comes with the app."""
    shipped, random = unit_classifier.shipped(), np.random.default_rng(3)
    values = random.lognormal(0, 1, (30, len(shipped.metrics)))
    values[random.random(values.shape) < 0.1] = np.nan
    table = pd.DataFrame(values, columns=list(shipped.metrics))
    table.to_csv(file, index=False)
    metrics = {name: table[name].to_numpy() for name in shipped.metrics}
    found = shipped.predict(MetricTable(table, metrics, {}))
    return pd.DataFrame({"neural": found.neural, "single": found.single, "label": found.labels})


@pytest.fixture(scope="module")
def kept(
    bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory, zygote: Zygote
) -> tuple[Path, dict[str, pd.DataFrame]]:
    """A folder of exported models, each with a table, and what is said of each table here."""
    out, scratch = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("scratch")
    here: dict[str, pd.DataFrame] = {}
    for name in rows.candidates():
        bundle = with_classifier(bundle_folder, name, scratch / name)
        here[f"synapses-{name}"] = synapse_answers(bundle, out / f"synapses-{name}.csv")
        export(bundle, out / f"synapses-{name}.pkl")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closed, "run", zygote.run)
        for kind in published_parts.KINDS["model"]:
            name = f"published-{kind}"
            bundle, here[name] = published_answers(kind, scratch, out / f"{name}.csv")
            export(bundle, out / f"{name}.pkl")
    here["units-shipped"] = unit_answers(out / "units-shipped.csv")
    export(unit_classifier.SHIPPED, out / "units-shipped.pkl")
    return out, here


def test_answers_are_the_same_where_neuroboard_is_not_installed(
    kept: tuple[Path, dict[str, pd.DataFrame]],
) -> None:
    folder, here = kept
    words = [sys.executable, "-I", "-c", ELSEWHERE, str(folder)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(here) == 9
    for name, answers in here.items():
        found = pd.read_csv(folder / f"{name}.answers", index_col=0)
        exactly = name.startswith("published")
        pd.testing.assert_frame_equal(
            found, answers, check_exact=exactly, rtol=1e-9, check_dtype=False
        )
        assert found.iloc[:, 0].nunique() > 1, name


def test_a_file_names_only_what_scikit_learn_xgboost_and_numpy_have(
    kept: tuple[Path, dict[str, pd.DataFrame]],
) -> None:
    for file in kept[0].glob("*.pkl"):
        loaded = joblib.load(file)
        assert {"card", "use"} <= {*loaded}
        named = modules_of(zlib.decompress(file.read_bytes()))
        assert {name.split(".")[0] for name in named} <= PLAIN


def modules_of(content: bytes) -> set[str]:
    """All modules that a pickle of joblib names, arrays between its parts left out."""
    found = set()

    class Names(NumpyUnpickler):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            found.add(module)
            return super().find_class(module, name)

    Names("", io.BytesIO(content), ensure_native_byte_order=True).load()
    return found


def test_a_published_bundle_that_was_exported_is_added_again(
    kept: tuple[Path, dict[str, pd.DataFrame]], tmp_path: Path, quick_pickles: None
) -> None:
    for kind in published_parts.KINDS["model"]:
        entry = registry.add(kept[0] / f"published-{kind}.pkl", tmp_path / "models")
        places = pd.read_csv(kept[0] / f"published-{kind}.csv").to_numpy()
        found = published.load(bundles.open_bundle(entry.folder)).answers(places, gate=False)
        answers = kept[1][f"published-{kind}"]
        pd.testing.assert_frame_equal(found[list(answers.columns)], answers, check_exact=True)


def test_a_model_of_the_registry_is_exported_by_its_name_unless_it_was_changed(
    bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = registry.add(bundle_folder, tmp_path / "models", "mine")
    out = tmp_path / "mine.joblib"
    words = ["models", "export", "mine", "--registry", str(tmp_path / "models"), "--out", str(out)]
    assert main(words) == 0
    assert "A pickle can run anything" in capsys.readouterr().out
    assert joblib.load(out)["card"] == entry.card()
    assert main(words) == 2
    assert "exists" in capsys.readouterr().err
    (entry.folder / "card.json").write_text("{}")
    assert main([*words, "--overwrite"]) == 2
    assert "not as it was added" in capsys.readouterr().err
    assert "card" in joblib.load(out)


@pytest.mark.parametrize(
    ("name", "out", "said"),
    [
        ("absent", "x.pkl", "There is no model absent"),
        ("absent", "x.txt", "let the name end with .pkl or"),
    ],
)
def test_what_cannot_be_exported_is_said(
    name: str, out: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["models", "export", name, "--out", str(tmp_path / out)]
    assert main([*words, "--registry", str(tmp_path / "models")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / out).exists()


def test_a_model_of_an_unknown_kind_is_not_exported(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text('{"kind": "other"}')
    bundles.write_manifest(tmp_path)
    with pytest.raises(BundleError, match="unknown kind"):
        exported.write(tmp_path, tmp_path / "x.pkl")
