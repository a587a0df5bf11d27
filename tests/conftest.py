"""Fixtures that all tests share."""

import os
import signal
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

# As the worker does: with a thread per core, small matrices take many times as long on a busy
# machine. To be set before numpy is imported.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# What numba compiles is kept for all processes of the tests: an app with an empty home of its own
# would compile UMAP and its neighbours for half a minute. Numba itself does not see that a library
# was changed whose functions it compiled into those of another.
COMPILED = "-".join(map(version, ("numba", "umap-learn", "pynndescent", "spikeinterface")))
os.environ.setdefault("NUMBA_CACHE_DIR", str(REPOSITORY / ".pytest_cache" / "numba" / COMPILED))

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from pipelines.processes import closed, seccomp  # noqa: E402
from tests.closed.zygote import Zygote  # noqa: E402
from tests.live import LiveApp  # noqa: E402

# A busy machine is no reason to fail, and the same commit gives the same verdict.
settings.register_profile(
    "neuroboard",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("neuroboard")

# A shell that runs the tests in the background lets them, and what they start, ignore interrupts.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data with published figures, beside the repository where they are present."""
    if not SHARED.is_dir():
        pytest.skip("real data are absent: there is no shared/data beside the repository")
    return SHARED


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with an image series that is mapped in a moment and one that takes long."""
    root = tmp_path_factory.mktemp("data") / "lab"
    root.mkdir()
    random = np.random.default_rng(1)
    np.save(root / "small.npy", random.integers(0, 200, (12, 2, 16, 18)).astype(np.uint16))
    np.save(root / "slow.npy", random.integers(0, 200, (60, 4, 128, 128)).astype(np.uint16))
    return root


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, lab: Path) -> Iterator[LiveApp]:
    """The app, running with its worker; stopped at the end."""
    roots = [lab, SHARED] if SHARED.is_dir() else [lab]
    app = LiveApp(tmp_path_factory.mktemp("home"), roots)
    app.start({**os.environ, "NEUROBOARD_ENGINES": "spark-local"})
    try:
        yield app
    finally:
        app.stop()


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """A process that forks and closes itself for each pickle that is read."""
    process = Zygote()
    yield process
    process.stop()


@pytest.fixture
def quick_pickles(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed processes are forked, and not started anew for each pickle, which takes seconds."""
    if not seccomp.known():
        pytest.skip("a pickle is read where the system can close a process")
    monkeypatch.setattr(closed, "run", zygote.run)
