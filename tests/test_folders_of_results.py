"""The folders of maps and fits have owners, and what 342df63 wrote into them still opens."""

import ast
import json
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from dash import Dash
from plotly.io.json import to_json_plotly

from dashboard import create_app, views
from dashboard.server.services import services
from dashboard.server.settings import Settings
from pipelines import tasks
from pipelines.brainmap.formats import rows as formats
from pipelines.brainmap.map import correlation_folder, look_folder, preview
from pipelines.brainmap.map import folder as map_folder
from pipelines.brainmap.operations import operation_result
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.core.errors import InputError, NeuroboardError
from pipelines.core.result_schema import ArrayFile, TableFile
from pipelines.synapses.clusters.model import load_fitted
from pipelines.synapses.fits import folder as fit_folder
from pipelines.synapses.fits.folder import FinishedFit

REPOSITORY = Path(__file__).resolve().parent.parent
ARCHIVES = REPOSITORY / "tests" / "fixtures" / "written_by_342df63"
HELD = json.loads((ARCHIVES / "maps_and_fits.json").read_text(encoding="utf-8"))
OWNERS = (map_folder, look_folder, correlation_folder, operation_result, preview, fit_folder)
OPENERS = {"read_csv", "imread", "opened_arrays", "read_object", "read_text", "read_bytes", "open"}
SUFFIXES = (".npy", ".npz", ".csv", ".tif", ".png", ".svg", ".nwb", ".json")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored")
    for kind in ("maps", "fits", "bench"):
        with tarfile.open(ARCHIVES / f"{kind}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
    with tarfile.open(ARCHIVES.parent / "written_by_58027b6" / "lab.tar.xz") as lab:
        names = [f"lab/{name}" for name in ("film.npy", "new.csv")]
        lab.extractall(folder, [lab.getmember(name) for name in names], filter="data")
    return folder


@pytest.fixture(scope="module")
def app(stored: Path) -> Dash:
    return create_app(Settings(home=stored / "bench"))


# -- nobody else opens or names them


def of_maps_and_synapses(*tops: str) -> list[Path]:
    files = [file for top in tops for file in sorted((REPOSITORY / top).rglob("*.py"))]
    return [
        file
        for file in files
        if {"brainmap", "synapse"} & {word for word in ("brainmap", "synapse") if word in str(file)}
        and "pages" not in file.parts
    ]


def opened_by(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {getattr(node, "attr", getattr(node, "id", "")) for node in calls}
    numpy = {"np.load"} & {ast.unparse(node) for node in calls if isinstance(node, ast.Attribute)}
    return (named & OPENERS) | numpy


def test_the_dashboard_opens_no_result_of_a_map_or_a_fit_itself() -> None:
    files = [file for file in of_maps_and_synapses("dashboard") if file.stem != "sets"]
    assert len(files) > 20
    assert {file.name: found for file in files if (found := opened_by(file))} == {}


def owned_names() -> set[str]:
    values = [value for owner in OWNERS for value in vars(owner).values()]
    rows = {value.name for value in values if isinstance(value, ArrayFile | TableFile)}
    return rows | {v for v in values if isinstance(v, str) and v.endswith(SUFFIXES)} - {"run.json"}


def test_only_owners_name_the_files_of_these_folders() -> None:
    names = owned_names()
    assert {"labels_by_k.npy", "result.npy", "preview.npy", "clusters.csv", "model.npz"} <= names
    owners = {Path(str(module.__file__)) for module in (*OWNERS, formats)}
    others = [f for f in of_maps_and_synapses("dashboard", "pipelines") if f not in owners]
    found = {
        file.name: said
        for file in others
        if (said := names & {n.value for n in ast.walk(ast.parse(file.read_text("utf-8")))
                             if isinstance(n, ast.Constant) and isinstance(n.value, str)})
    }  # fmt: skip
    assert found == {}


def test_what_an_export_leaves_is_called_as_its_owner_calls_it() -> None:
    """The rows of formats name it again: workers of a cluster read them, and have no pandas."""
    left = {name for row in formats.FORMATS for name in row.leaves}
    assert len(left) > 8
    assert left <= owned_names()


# -- what 342df63 wrote


def test_the_archives_are_as_they_were_made(stored: Path) -> None:
    for name, digest in HELD["files"].items():
        assert sha256((stored / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize(("job_id", "task"), HELD["jobs"].items())
def test_a_page_shows_it(app: Dash, job_id: str, task: str) -> None:
    with app.server.test_request_context("/"):
        job = services().store.get(job_id)
        assert job is not None
        assert job.task == task
        drawn = to_json_plotly(views.view(job))
    assert views.UNSHOWN not in drawn
    assert len(drawn) > 500


def run(task: str, parameters: dict[str, object], out: Path, **inputs: Path) -> Path:
    tasks.run(task, inputs, parameters, out)
    return out


def test_a_map_is_exported_coloured_and_correlated_with(stored: Path, tmp_path: Path) -> None:
    old = stored / "brainmap" / "kmeans"
    exported = run("brainmap export", {"formats": ["csv"], "k": 3}, tmp_path / "out", map=old)
    for name in ("centroids.csv", "colors.csv"):
        assert (exported / name).read_bytes() == (
            stored / "brainmap/exported" / name
        ).read_bytes()  # fmt: skip
    run("brainmap colorize", {}, tmp_path / "colored", map=stored / "brainmap/gmm")
    run("brainmap correlate", {"source": "cluster", "cluster": 1}, tmp_path / "correlated",
        images=stored / "lab/film.npy", map=old)  # fmt: skip
    values = correlation_folder.FinishedCorrelation(tmp_path / "correlated").values
    before = correlation_folder.FinishedCorrelation(stored / "brainmap/correlated").values
    assert np.array_equal(values, before)


def test_a_bundle_predicts_what_it_predicted(stored: Path, tmp_path: Path) -> None:
    from tests.earlier import needs_same_scikit_learn

    bundle = stored / "synapses/knn"
    needs_same_scikit_learn(bundle)
    new = run("synapses predict", {}, tmp_path / "out", bundle=bundle, table=stored / "lab/new.csv")
    old = stored / "synapses/predicted/predictions.csv"
    assert (new / "predictions.csv").read_bytes() == old.read_bytes()


@pytest.mark.parametrize("name", ["hdbscan", "gmm", "given", "points"])
def test_a_fit_is_read_lazily_and_whole(stored: Path, name: str) -> None:
    fit, fitted = FinishedFit(stored / "synapses" / name), load_fitted(stored / "synapses" / name)
    assert vars(fit) == {"folder": fit.folder}
    assert fit.features.shape == fitted.features.shape
    assert sorted(fit.clusters["cluster"]) == sorted(fitted.labels)
    assert fit.schema == fitted.projection.schema


# -- damage, names and versions


def test_names_with_leading_zeros_stay_names(stored: Path, tmp_path: Path) -> None:
    folder = copied(stored / "synapses" / "hdbscan", tmp_path)
    table = folder / "clusters.csv"
    rows = pd.read_csv(table, dtype=str)
    rows["SynId"] = "0" + rows["SynId"]
    rows.to_csv(table, index=False)
    fit = FinishedFit(folder)
    assert fit.clusters["SynId"].str.startswith("0").all()
    with pytest.raises(InputError, match="has other synapses than"):
        _ = fit.features


def copied(folder: Path, tmp_path: Path) -> Path:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def damage(stored: Path) -> Iterator[tuple[str, str, object]]:
    yield "brainmap/kmeans", "series.npy", np.zeros((3, 4, 5), np.float32)
    yield "brainmap/kmeans", "voxels.npy", np.array(["a"])
    yield "brainmap/kmeans", "sweep.csv", "k,bic\nx,1\n"
    yield "brainmap/kmeans", "palettes.csv", "k,palette\n3,similarity\n"
    yield "brainmap/look", "deviations.npy", np.zeros((2, 2))
    yield "brainmap/look", "histogram.csv", "std_from\n1\n"


def test_what_a_file_holds_is_checked_and_said_with_its_name(stored: Path, tmp_path: Path) -> None:
    for number, (kind, name, content) in enumerate(damage(stored)):
        place = tmp_path / str(number)
        place.mkdir()
        folder = copied(stored / kind, place)
        if isinstance(content, str):
            (folder / name).write_text(content)
        else:
            np.save(folder / name, content)
        opener = look_folder.open_look if kind.endswith("look") else map_folder.open_map
        with pytest.raises(NeuroboardError, match=name) as caught:
            opener(folder)
        assert "\n" not in caught.value.sentence


def test_a_folder_of_a_later_version_is_refused(stored: Path, tmp_path: Path) -> None:
    folder = copied(stored / "brainmap" / "kmeans", tmp_path)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps({**record, "schema": 2}), encoding="utf-8")
    with pytest.raises(InputError, match="later version"):
        map_folder.open_map(folder)


def test_parameters_of_a_record_that_this_version_does_not_know_are_no_obstacle(
    stored: Path, tmp_path: Path
) -> None:
    folder = copied(stored / "brainmap" / "kmeans", tmp_path)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["parameters"]["renamed_since"] = 3
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert map_folder.open_map(folder).normalization == "percentile"


def test_a_parameter_that_was_renamed_keeps_the_value_of_the_record() -> None:
    class Later(BrainmapParameters):
        RENAMED: ClassVar = {"activity_threshold": "std_threshold"}

    found, unknown = Later.parse_stored({"activity_threshold": 0.25, "gone": 1})
    assert found.std_threshold == 0.25
    assert unknown == ["gone"]
    both, _ = Later.parse_stored({"std_threshold": 0.5, "activity_threshold": 0.25})
    assert both.std_threshold == 0.5
