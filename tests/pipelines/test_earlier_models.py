"""Bundles that an earlier version kept as a pickle become stored models, whole or not at all."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.core.errors import BundleError
from pipelines.models import bundles, earlier_models, pickled, registry
from tests.earlier import needs_same_scikit_learn, unpack


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = unpack(tmp_path_factory.mktemp("earlier"), "home", "synapses")
    needs_same_scikit_learn(folder / "home/models/forest")
    return folder


@pytest.fixture
def home(unpacked: Path, tmp_path: Path) -> Path:
    """An app's home folder with two models and two jobs that trained one."""
    return Path(shutil.copytree(unpacked / "home", tmp_path / "home"))


@pytest.fixture
def bundle(unpacked: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(unpacked / "synapses/knn", tmp_path / "knn"))


def convert(target: Path) -> list[str]:
    return list(earlier_models.convert(target))


def content(folder: Path) -> dict[str, str]:
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != ".lock"]
    return {str(file): sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.usefixtures("quick_pickles")
def test_a_home_folder_is_converted_whole(home: Path) -> None:
    before = {entry.name: entry for entry in registry.entries(home / "models")}
    assert all(entry.is_earlier for entry in before.values())
    said = convert(home)
    assert len(said) == 4
    assert all(line.endswith("converted, its predictions stay the same.") for line in said)
    assert not [file for file in home.rglob("*") if file.name in bundles.EARLIER]
    for entry in registry.entries(home / "models"):
        assert not entry.problems()
        assert not entry.is_earlier
        old = before[entry.name]
        assert (entry.added, entry.retired, entry.origin) == (old.added, old.retired, old.origin)
        assert entry.files["card.json"] == old.files["card.json"]
    now = content(home)
    assert all(line.endswith("stored without a pickle already.") for line in convert(home))
    assert content(home) == now


@pytest.mark.usefixtures("quick_pickles")
def test_a_model_of_a_registry_is_converted_with_the_registrys_digests(home: Path) -> None:
    convert(home / "models/forest/classifier.pickle")
    forest, neighbours = registry.entries(home / "models")
    assert not forest.problems()
    assert "classifier.skops" in forest.files
    assert neighbours.is_earlier


def test_a_converted_job_keeps_its_record(home: Path, quick_pickles: None) -> None:
    [job, _] = sorted(file.parent for file in home.glob("jobs/*/result/classifier.pickle"))
    record = (job / "run.json").read_bytes()
    convert(job)
    assert (job / "run.json").read_bytes() == record
    bundles.open_bundle(job)


@pytest.mark.usefixtures("quick_pickles")
@pytest.mark.parametrize("damage", [b"", b"\x80\x05K\x01.", b"cos\nsystem\n(S'true'\ntR."])
def test_what_cannot_be_converted_stays_as_it_was(bundle: Path, damage: bytes) -> None:
    (bundle / "classifier.pickle").write_bytes(damage)
    bundles.write_manifest(bundle)
    before = content(bundle.parent)
    with pytest.raises(BundleError):
        convert(bundle)
    assert content(bundle.parent) == before


def test_a_bundle_of_another_scikit_learn_is_not_converted(bundle: Path) -> None:
    card = json.loads((bundle / "card.json").read_text("utf-8"))
    card["versions"]["scikit-learn"] = "0.24.2"
    (bundle / "card.json").write_text(json.dumps(card))
    bundles.write_manifest(bundle)
    with pytest.raises(BundleError, match=r"made with scikit-learn 0\.24\.2.*train it again"):
        convert(bundle)


@pytest.mark.usefixtures("quick_pickles")
def test_a_model_that_was_changed_since_is_not_converted_but_the_others_are(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own manifest fits, the registry's does not."""
    folder = home / "models/forest"
    (folder / "classifier.pickle").write_bytes(b"another")
    bundles.write_manifest(folder)
    assert main(["models", "convert", str(home / "models")]) == 2
    said = capsys.readouterr()
    assert "neighbours: converted" in said.out
    assert "1 of 2 stay as they were. The model forest is not as it was added" in said.err
    assert [entry.is_earlier for entry in registry.entries(home / "models")] == [True, False]


def test_a_bundle_of_an_earlier_version_is_not_added_as_it_is(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"forest is of an earlier version.*models convert"):
        registry.add(home / "models/forest", tmp_path / "registry")
    assert not registry.entries(tmp_path / "registry")


def test_what_is_no_bundle_is_told(tmp_path: Path, bundle: Path) -> None:
    with pytest.raises(BundleError, match="holds no model"):
        convert(tmp_path)
    (tmp_path / "as_bundle.pkl").write_bytes(b"")
    with pytest.raises(BundleError, match="added to the registry with python -m pipelines models"):
        convert(tmp_path / "as_bundle.pkl")
    with pytest.raises(BundleError, match="holds no model"):
        convert(tmp_path / "absent")


def test_where_no_process_can_be_closed_nothing_is_read(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cannot(*_: object) -> None:
        raise pickled.Unenforceable("no seccomp")

    monkeypatch.setattr(pickled.closed, "ask", cannot)
    before = content(bundle)
    assert main(["models", "convert", str(bundle)]) == 2
    assert "this system cannot close off a process" in capsys.readouterr().err
    assert content(bundle) == before
