"""A sorting whose recording was moved is told on its page where it lies now."""

from pathlib import Path

import numpy as np
import pytest

from dashboard.jobs.store import JobInput, JobState
from dashboard.kit import results
from dashboard.server import inputs
from dashboard.server.services import Services
from dashboard.spikes import locate, traces
from pipelines.spikes.units.folder import read_finished
from pipelines.tasks import run

RAW = {"sampling_frequency": 30_000.0, "num_channels": 1, "gain_uv": 1.0, "min_spikes": 5}


def wire(file: Path, seed: int) -> None:
    values = np.random.default_rng(seed).normal(0, 8, 90_007)
    for start in range(500, 90_000 - 100, 1500):
        values[start : start + 12] -= 200 * np.hanning(12)
    values.astype(np.int16).tofile(file)


@pytest.fixture
def sorted_job(found: Services) -> str:
    """A finished sorting of `data/a.dat`, which was moved to `data/later/b.dat` since."""
    root = found.settings.data[0]
    wire(root / "a.dat", 0)
    item = JobInput("recording", "data:data/a.dat", "data/a.dat", str(root / "a.dat"), "key")
    job_id = found.store.submit("spikes sort", RAW, [item], version="1", quick=False)
    found.store.claim(quick_only=False)
    run("spikes sort", {"recording": root / "a.dat"}, RAW, results.folder(job_id))
    found.store.finish(job_id, JobState.DONE)
    (root / "later").mkdir()
    (root / "a.dat").rename(root / "later" / "b.dat")
    wire(root / "other.dat", 1)
    return job_id


def test_the_page_asks_where_the_recording_is_and_takes_the_right_one_only(
    found: Services, sorted_job: str
) -> None:
    job = found.store.get(sorted_job)
    assert job is not None
    asked = str(traces.show(0.1, "0.2", [{"unit_id": 0}], sorted_job))
    assert "is not there any more" in asked
    assert "data/later/b.dat" in asked
    assert "locate-use" in asked
    before = inputs.resolve("sorting", f"job:{sorted_job}", found.settings, found.store).key
    for place, problem in (
        ("data/other.dat", "not the one that was sorted"),
        ("/etc/passwd", "must begin with the name of a data root"),
        ("data/../a.dat", "must not contain"),
        ("", "must begin with"),
    ):
        assert problem in str(locate.use(1, place, sorted_job))
    assert "is the recording that was sorted" in str(locate.use(1, "data/later/b.dat", sorted_job))
    assert locate.offer(sorted_job, read_finished(results.folder(sorted_job))) is None
    after = inputs.resolve("sorting", f"job:{sorted_job}", found.settings, found.store).key
    assert after != before
