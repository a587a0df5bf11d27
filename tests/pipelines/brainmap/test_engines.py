"""Real clusters on this machine: the same bits, and nothing lost with a worker.

A Dask scheduler and a Spark master, each with two workers, are started and stopped here.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pipelines import tasks
from pipelines.brainmap import demo
from pipelines.brainmap.engines import code
from pipelines.brainmap.engines.engine import engine_at
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels.stored import StoredSeries
from pipelines.core.errors import EngineError, ImageError, ParameterError
from pipelines.core.provenance import digest
from tests.pipelines.brainmap.clusters import Cluster, Process, end, free_port, running

REQUIRED = bool(os.environ.get("NEUROBOARD_REQUIRE_ENGINES"))
SAME = ("labels.tif", "similarity_by_k.npy", "labels_by_k.npy", "centroids_by_k.csv", "sweep.csv")


def missing() -> dict[str, str]:
    """What stands in the way of each engine."""
    found = {}
    if not find_spec("distributed"):
        found["dask"] = "Dask is not installed: requirements-dask.txt"
    if not find_spec("pyspark"):
        found["spark"] = "PySpark is not installed: requirements-spark.txt"
    elif not shutil.which("java"):
        found["spark"] = "Java is not installed"
    return found


def require(kind: str) -> None:
    reason = missing().get(kind)
    if reason and REQUIRED:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="module", params=["dask", "spark"])
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A scheduler or master with two workers; the tests may kill them."""
    require(request.param)
    with running(request.param, tmp_path_factory.mktemp(request.param)) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """15,000 noisy voxels of 8 patterns in 10 time points: 8 blocks, 3 tasks, 2 groups of them."""
    random = np.random.default_rng(3)
    patterns = random.standard_normal((8, 10))
    noisy = patterns[random.integers(0, 8, 15_000)] + 0.4 * random.standard_normal((15_000, 10))
    file = tmp_path_factory.mktemp("series") / "series.npy"
    np.save(file, noisy.astype(np.float32))
    return file


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 time points of two planes of 20 x 30 pixels: 90 batches, 12 blocks, 3 tasks of them."""
    random = np.random.default_rng(4)
    file = tmp_path_factory.mktemp("film") / "film.npy"
    values = 10 + 3 * random.standard_normal((90, 2, 20, 30), np.float32)
    values[30:, :, :2] = np.nan  # a border, and a line whose baseline is below zero
    values[:, 1, 5] -= 40
    np.save(file, values)
    return file


def run(address: str, film: Path, series: Path, out: Path) -> Process:
    words = (sys.executable, "-m", "tests.pipelines.brainmap.engine_run")
    return subprocess.Popen(
        (*words, address, str(film), str(series), str(out)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
    )


@pytest.fixture(scope="module")
def here(film: Path, series: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What this machine says of the film and the series."""
    out = tmp_path_factory.mktemp("local") / "out.npz"
    process = run("local", film, series, out)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    return out


@pytest.mark.parametrize("cluster", ["dask"], indirect=True)
def test_a_whole_map_is_the_same_to_the_last_bit(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    demo.make(tmp_path / "demo", 0)
    images, values = tmp_path / "demo" / "images", {"k": "5,9", "std_threshold": 0.1}
    tasks.run("brainmap fit", {"images": images}, values, tmp_path / "here")
    words = ("brainmap", "fit", images, "--out", tmp_path / "there", "--engine")
    command = (sys.executable, "-m", "pipelines", *words, cluster.address, "--set", "k=5,9")
    more = ("--set", "std_threshold=0.1", "--quiet")
    subprocess.run((*command, *more), check=True, capture_output=True)
    for name in SAME:
        assert digest(tmp_path / "here" / name) == digest(tmp_path / "there" / name), name


def until(process: Process, sentence: str) -> None:
    """Wait until a run says that."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(sentence):
            return
    pytest.fail(f"it ended before it said {sentence}: {process.communicate()[1]}")


def test_killed_workers_lose_nothing(
    cluster: Cluster, film: Path, series: Path, here: Path, tmp_path: Path
) -> None:
    process = run(cluster.address, film, series, tmp_path / "there.npz")
    until(process, "Read 2 of 90 time points")
    end(cluster.workers[0])
    cluster.join()
    until(process, "Pass 2 of 3")
    end(cluster.workers[1])
    _, complaint = process.communicate(timeout=120)
    assert process.returncode == 0, complaint
    with np.load(here) as expected, np.load(tmp_path / "there.npz") as found:
        for name in expected.files:
            assert np.array_equal(expected[name], found[name], equal_nan=True), name


def test_an_engine_that_is_not_there_is_one_sentence() -> None:
    for kind in ("dask", "spark"):
        if kind in missing():
            continue
        address = f"{kind}://127.0.0.1:{free_port()}"
        with pytest.raises(EngineError, match=f"Nobody answers at {address}"), engine_at(address):
            pass


def test_software_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, module in (("dask", "distributed"), ("spark", "pyspark")):
        monkeypatch.setitem(sys.modules, f"pipelines.brainmap.engines.on_{kind}", None)
        monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.delitem(sys.modules, f"pipelines.brainmap.engines.on_{kind}")
        says = f"pip install -r requirements-{kind}.txt"
        with pytest.raises(EngineError, match=says), engine_at(f"{kind}://127.0.0.1:1"):
            pass


@pytest.mark.parametrize("name", ["cluster", "dask://", "spark://a b:1", "tcp://127.0.0.1:8786"])
def test_an_engine_of_no_known_name_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="engine"):
        BrainmapParameters.parse({"engine": name})


def test_what_a_spark_worker_raised_is_raised_here() -> None:
    require("spark")
    from pipelines.brainmap.engines.on_spark import _raised

    said = "Traceback ...\npipelines.errors.ImageError: film.npy holds nan at time 3: replace it.\n"
    found = _raised(said)
    assert (type(found), str(found)) == (ImageError, "film.npy holds nan at time 3: replace it.")
    lacking = _raised("ModuleNotFoundError: No module named 'tifffile'")
    assert "No module named 'tifffile'; install it for all workers" in str(lacking)


def test_a_file_that_a_worker_does_not_see_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "series.npy", np.zeros((4, 3), np.float32))
    series = StoredSeries.open(tmp_path / "series.npy")
    (tmp_path / "series.npy").unlink()
    with pytest.raises(EngineError, match="all workers see under the same path"):
        code.read(series, slice(0, 2))
