"""No model runs anything, ends the program or hangs it, by whichever door it comes in.

A canary is a file that a payload makes when it runs; that each payload would is shown first, in a
process that opens it as joblib does.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from dashboard.server.offered import OFFERED
from pipelines.__main__ import main
from pipelines.models import bundles, registry
from pipelines.spikes.classifier import unit_classifier
from pipelines.synapses.simulate import Simulation
from tests.hostile_models import bundles as hostile
from tests.hostile_models import pickles
from tests.trained import with_classifier

pytestmark = pytest.mark.usefixtures("quick_pickles")
OPEN_PLAINLY = """
import sys, warnings, joblib
from pathlib import Path
warnings.simplefilter("ignore")
for file in sorted(Path(sys.argv[1]).glob("*.pkl")):
    canary = Path(sys.argv[2])
    try:
        joblib.load(file)
    except Exception:
        pass
    print(file.stem, canary.exists())
    canary.unlink(missing_ok=True)
"""
Say = Callable[..., str]


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """It must not be there afterwards."""
    file = tmp_path / "canary"
    yield file
    assert not file.exists()


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command that must end with 2 and one sentence, which is returned."""

    def run(*words: object) -> str:
        code = main([*map(str, words), "--quiet"])
        said = capsys.readouterr().err.strip()
        assert code == 2, words
        assert said, words
        assert "Traceback" not in said
        assert len(said.splitlines()) == 1
        return said

    return run


@pytest.fixture(scope="module")
def table(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("table") / "new.csv"
    simulation.table.head(30).to_csv(file, index=False)
    return file


@pytest.fixture(scope="module")
def forest(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_classifier(bundle_folder, "random-forest", tmp_path_factory.mktemp("good") / "rf")


@pytest.fixture(scope="module")
def boosted(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_classifier(bundle_folder, "xgboost", tmp_path_factory.mktemp("good") / "xgb")


def spoilt(good: Path, change: hostile.Change, folder: Path) -> Path:
    """A copy of a bundle with one change."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder)
    change(folder)
    return folder


# -- pickles


def test_each_payload_runs_where_a_file_is_opened_plainly(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    made = pickles.running(tmp_path / "canary")
    for name, content in made.items():
        (tmp_path / "files" / f"{name}.pkl").write_bytes(content)
    words = [sys.executable, "-c", OPEN_PLAINLY, str(tmp_path / "files"), str(tmp_path / "canary")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    ran = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    assert ran == dict.fromkeys(sorted(made), "True")


def test_no_pickle_is_added(tmp_path: Path, canary: Path, refused: Say) -> None:
    file, home = tmp_path / "as_bundle.pkl", tmp_path / "models"
    for name, content in {**pickles.running(canary), **pickles.breaking()}.items():
        file.write_bytes(content)
        assert "as_bundle.pkl" in refused("models", "add", file, "--registry", home), name
        assert not canary.exists(), name
    assert registry.entries(home) == []


def test_every_name_that_is_not_allowed_is_told(tmp_path: Path, refused: Say) -> None:
    file = tmp_path / "as_bundle.joblib"
    for name, content in pickles.naming().items():
        file.write_bytes(content)
        said = refused("models", "add", file, "--registry", tmp_path / "models")
        assert "which is not allowed" in said
        assert name in said or name in ("a long name", "many names")
        assert len(said) < 2000


@pytest.mark.parametrize("name", bundles.EARLIER)
def test_no_bundle_of_an_earlier_version_runs_anything(
    name: str, forest: Path, table: Path, tmp_path: Path, canary: Path, refused: Say
) -> None:
    """Neither where it is used, nor where it is added or exported, nor where it is converted."""
    folder, home, out = tmp_path / "evil", tmp_path / "models", tmp_path / "out.csv"
    kind = "published synapse clusters" if name == "published.pkl" else "synapse clusters"
    made = pickles.running(canary)
    for payload in made.values():

        def change(copy: Path, payload: bytes = payload) -> None:
            (copy / hostile.SKOPS).unlink()
            (copy / name).write_bytes(payload)
            card = json.loads((copy / hostile.CARD).read_text())
            (copy / hostile.CARD).write_text(json.dumps({**card, "kind": kind}))

        spoilt(forest, hostile.sealed(change), folder)
        assert "models convert" in refused("synapses", "predict", folder, table, "--out", out)
        assert "models convert" in refused("models", "add", folder, "--registry", home)
        assert "not allowed" in refused("models", "convert", folder)
        assert (folder / name).read_bytes() == payload
        assert not canary.exists()
    refused("models", "export", folder, "--out", tmp_path / "out.pkl")


# -- bundles


def _of_forests(canary: Path) -> dict[str, hostile.Change]:
    changes = {**hostile.of_skops(canary), **hostile.of_arrays(canary), **hostile.of_cards()}
    return {
        **{name: hostile.sealed(change) for name, change in changes.items()},
        **hostile.of_manifests(),
        **hostile.of_the_system(canary),
    }


def test_the_bundles_that_are_spoilt_were_good(
    forest: Path, boosted: Path, table: Path, tmp_path: Path
) -> None:
    for number, good in enumerate((forest, boosted)):
        out = tmp_path / f"{number}.csv"
        folder = spoilt(good, hostile.sealed(lambda _: None), tmp_path / "same")
        assert main(["synapses", "predict", str(folder), str(table), "--out", str(out)]) == 0


def test_no_spoilt_bundle_predicts(
    forest: Path, table: Path, tmp_path: Path, canary: Path, refused: Say
) -> None:
    out = tmp_path / "out.csv"
    for name, change in _of_forests(canary).items():
        folder = spoilt(forest, change, tmp_path / "evil")
        refused("synapses", "predict", folder, table, "--out", out)
        assert not canary.exists(), name
        assert not out.exists(), name


def test_no_spoilt_booster_predicts(
    boosted: Path, table: Path, tmp_path: Path, refused: Say
) -> None:
    for change in hostile.of_boosters().values():
        folder = spoilt(boosted, hostile.sealed(change), tmp_path / "evil")
        refused("synapses", "predict", folder, table, "--out", tmp_path / "out.csv")


def test_a_registry_that_was_edited_by_hand_offers_none_of_them(
    forest: Path, table: Path, tmp_path: Path, canary: Path, refused: Say
) -> None:
    """With the registry's own digests, or with digests that were taken anew."""
    home = tmp_path / "models"
    entry = registry.add(forest, home, "mine")
    every = [*hostile.of_skops(canary).values(), *hostile.of_the_system(canary).values()]
    changes = every[::3]  # others meet the same doors in the tests above
    for change in changes:
        spoilt(forest, change, entry.folder)
        assert "mine" in refused("models", "export", "mine", "--registry", home,
                                 "--out", tmp_path / "out.pkl")  # fmt: skip
        refused("models", "verify", "--registry", home)
    for change in changes:
        spoilt(forest, hostile.sealed(lambda _: None), entry.folder)
        change(entry.folder)
        _sealed_as_far_as_it_goes(home, entry.folder)
        refused("models", "export", "mine", "--registry", home, "--out", tmp_path / "out.pkl")
        refused("synapses", "predict", entry.folder, table, "--out", tmp_path / "out.csv")
    assert not (tmp_path / "out.pkl").exists()


def _sealed_as_far_as_it_goes(home: Path, folder: Path) -> None:
    """Both manifests as if the files had always been so."""
    regular = all(file.is_file() and not file.is_symlink() for file in folder.iterdir())
    if regular and (folder / bundles.MANIFEST).is_file():
        bundles.write_manifest(folder)
        manifest = json.loads((home / bundles.MANIFEST).read_text())
        manifest["models"]["mine"]["files"] = {
            file.name: sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()
        }
        (home / bundles.MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "content",
    [
        b'{"models":' * 200_000,
        b'{"models": {"../evil": {"added": "", "retired": "", "origin": "", "files": {}}}}',
        b'{"models": {"x": {"added": "", "retired": "", "origin": "", "files": 3}}}',
        b'{"models": []}',
        b"\xff",
    ],
)
def test_no_manifest_of_a_registry_leads_anywhere(
    content: bytes, tmp_path: Path, refused: Say
) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    assert "damaged" in refused("models", "list", "--registry", tmp_path)


def test_no_spoilt_classifier_labels_units(tmp_path: Path, canary: Path, refused: Say) -> None:
    metrics = tmp_path / "metrics.csv"
    metrics.write_text("unit_id,snr\n1,3.0\n")
    words = ("spikes", "label", "--metrics", metrics, "--method", "unitrefine", "--out",
             tmp_path / "labels.csv", "--bundle", tmp_path / "evil")  # fmt: skip
    changes = {
        **{n: hostile.sealed(one) for n, one in hostile.of_skops(canary).items()},
        **hostile.of_manifests(),
    }
    for change in list(changes.values())[::6]:  # forests get them all
        spoilt(unit_classifier.SHIPPED, change, tmp_path / "evil")
        refused(*words)


def test_a_visitor_chooses_among_kept_models_and_those_trained_here() -> None:
    """A bundle that somebody put into a data root, or uploads, is none of them."""
    for task in ("synapses bundle", "spikes bundle"):
        assert OFFERED[task] == {"job", "model"}
