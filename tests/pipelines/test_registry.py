"""The registry keeps models and tells when one was changed."""

import json
from pathlib import Path

import pytest

from pipelines import __main__ as command_line
from pipelines.core.errors import BundleError, OutputError
from pipelines.models import bundles, registry


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle as any pipeline may write it."""
    folder = tmp_path / "made"
    folder.mkdir()
    card = {"kind": "synapse clusters", "classifier": "knn", "group": "as"}
    (folder / "card.json").write_text(json.dumps(card))
    (folder / "arrays.npz").write_bytes(b"numbers")
    bundles.write_manifest(folder)
    (folder / "run.json").write_text("{}")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_a_bundle_is_kept_with_its_digests(bundle: Path, home: Path) -> None:
    registry.add(bundle, home, "first")
    [entry] = registry.entries(home)
    assert (entry.name, entry.origin, entry.retired) == ("first", "made", "")
    assert sorted(entry.files) == ["arrays.npz", "card.json", "manifest.json"]
    assert entry.problems() == []
    assert entry.card()["classifier"] == "knn"


def test_without_a_name_it_is_called_as_its_folder(bundle: Path, home: Path) -> None:
    assert registry.add(bundle, home).name == "made"


def test_adding_the_same_again_changes_nothing(bundle: Path, home: Path) -> None:
    first = registry.add(bundle, home)
    assert registry.add(bundle, home) == first
    assert len(registry.entries(home)) == 1


def test_a_name_is_not_given_to_another_model(bundle: Path, home: Path) -> None:
    registry.add(bundle, home)
    (bundle / "arrays.npz").write_bytes(b"other numbers")
    bundles.write_manifest(bundle)
    with pytest.raises(OutputError, match="There is a model made already"):
        registry.add(bundle, home)


@pytest.mark.parametrize("name", ["../out", "a/b", "-x", "x" * 81, "a b", "a.b"])
def test_a_name_cannot_lead_out_of_the_registry(bundle: Path, home: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot be the name of a model"):
        registry.add(bundle, home, name)
    assert not home.exists()


def test_what_is_no_bundle_is_not_kept(tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("x")
    for source in ("empty", "text.txt", "absent"):
        with pytest.raises(BundleError):
            registry.add(tmp_path / source, home)
    assert registry.entries(home) == []


@pytest.mark.parametrize("name", ["arrays.npz", "card.json", "manifest.json"])
def test_a_changed_file_is_found_and_the_model_not_used(
    bundle: Path, home: Path, name: str
) -> None:
    entry = registry.add(bundle, home)
    file = entry.folder / name
    file.write_bytes(file.read_bytes() + b" ")
    assert entry.problems() == [f"{name} was changed"]
    with pytest.raises(BundleError, match=f"{name} was changed"):
        entry.card()


def test_a_bundle_that_was_changed_with_its_own_manifest_is_found(bundle: Path, home: Path) -> None:
    entry = registry.add(bundle, home)
    (entry.folder / "arrays.npz").write_bytes(b"better numbers")
    bundles.write_manifest(entry.folder)
    assert entry.problems() == ["arrays.npz was changed", "manifest.json was changed"]


def test_missing_and_added_files_are_told(bundle: Path, home: Path) -> None:
    entry = registry.add(bundle, home)
    (entry.folder / "arrays.npz").unlink()
    (entry.folder / "more.pickle").write_bytes(b"")
    assert entry.problems() == ["arrays.npz is missing", "more.pickle was not there"]


def test_a_retired_model_keeps_its_files_and_can_be_restored(bundle: Path, home: Path) -> None:
    entry = registry.add(bundle, home)
    assert registry.retire(home, "made").retired
    assert registry.find(home, "made").retired
    assert entry.problems() == []
    registry.restore(home, "made")
    assert registry.find(home, "made") == entry


def test_an_unknown_model_is_said(home: Path) -> None:
    with pytest.raises(BundleError, match="There is no model x"):
        registry.retire(home, "x")


@pytest.mark.parametrize("content", ["", "[]", '{"models": 3}', '{"models": {"../x": {}}}'])
def test_a_damaged_manifest_is_refused(home: Path, content: str) -> None:
    home.mkdir()
    (home / "manifest.json").write_text(content)
    with pytest.raises(BundleError, match="damaged"):
        registry.entries(home)


def test_the_registry_is_in_the_apps_home() -> None:
    assert registry.default_folder({"NEUROBOARD_HOME": "/lab"}) == Path("/lab/models")
    assert registry.default_folder({}) == Path.home() / ".neuroboard" / "models"


def test_the_command_line_adds_lists_verifies_and_retires(
    bundle: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        code = command_line.main(["models", *arguments, "--registry", str(home)])
        caught = capsys.readouterr()
        return code, caught.out + caught.err

    assert run("add", str(bundle), "--name", "kept")[0] == 0
    assert "kept: knn, group as, synapse clusters; added" in run("list")[1]
    assert run("verify") == (0, "kept: as it was added\n")
    assert run("retire", "kept") == (0, "kept is retired; its files stay.\n")
    assert "retired 2" in run("list")[1]
    assert run("restore", "kept")[0] == 0
    (home / "kept" / "arrays.npz").write_bytes(b"")
    code, text = run("verify", "kept")
    assert code == 2
    assert "arrays.npz was changed" in text
    assert run("verify", "other")[0] == 2
