"""One simulated tetrode, sorted once."""

from pathlib import Path

import pytest

from pipelines.spikes import demo
from pipelines.tasks import run


@pytest.fixture(scope="session")
def tetrode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example data: `recording/`, `truth.npz`, `truth_units.csv`."""
    folder = tmp_path_factory.mktemp("tetrode")
    demo.make(folder, seed=0)
    return folder


@pytest.fixture(scope="session")
def sorting(tetrode: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What sorting the example leaves."""
    out = tmp_path_factory.mktemp("sorted") / "run"
    run("spikes sort", {"recording": tetrode / "recording"}, {}, out)
    return out
