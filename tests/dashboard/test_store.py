"""The queue of jobs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.jobs.store import INTERRUPTED, JobInput, JobState, Store
from dashboard.jobs.worker import recover, tidy
from dashboard.server.settings import Settings

IMAGES = JobInput("images", "example:brainmap", "Example", "/somewhere", "key-1")
Submit = Callable[..., str]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "jobs.sqlite")


@pytest.fixture
def submit(store: Store) -> Submit:
    def one(k: int = 5, *, version: str = "1", quick: bool = False) -> str:
        return store.submit("brainmap fit", {"k": k}, [IMAGES], version=version, quick=quick)

    return one


def state(store: Store, job_id: str) -> JobState:
    job = store.get(job_id)
    assert job is not None
    return job.state


def test_the_same_input_and_parameters_are_the_same_job(submit: Submit) -> None:
    assert submit(5) == submit(5)
    assert submit(5) != submit(6)


def test_other_code_is_another_job(submit: Submit) -> None:
    assert submit(5, version="1") != submit(5, version="2")


def test_a_finished_job_is_not_queued_again(store: Store, submit: Submit) -> None:
    job_id = submit()
    store.claim(quick_only=False)
    store.finish(job_id, JobState.DONE)
    submit()
    assert state(store, job_id) is JobState.DONE


@pytest.mark.parametrize("end", [JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED])
def test_a_job_that_did_not_finish_starts_anew(store: Store, submit: Submit, end: JobState) -> None:
    job_id = submit()
    store.claim(quick_only=False)
    store.finish(job_id, end, "why")
    submit()
    job = store.get(job_id)
    assert job is not None
    assert (job.state, job.error, job.fraction) == (JobState.QUEUED, "", 0)


def test_jobs_are_taken_in_order_and_once(store: Store, submit: Submit) -> None:
    first, second = submit(1), submit(2)
    taken = [store.claim(quick_only=False) for _ in range(3)]
    assert [job.id if job else None for job in taken] == [first, second, None]


def test_quick_jobs_pass_heavy_ones(store: Store, submit: Submit) -> None:
    submit(1)
    quick = submit(2, quick=True)
    taken = store.claim(quick_only=True)
    assert taken is not None
    assert taken.id == quick
    assert store.claim(quick_only=True) is None


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_marked(
    store: Store, submit: Submit
) -> None:
    running, waiting = submit(1), submit(2)
    store.claim(quick_only=False)
    store.cancel(running)
    store.cancel(waiting)
    assert store.to_cancel() == [running]
    assert state(store, waiting) is JobState.CANCELLED


def test_a_job_that_is_handed_back_is_the_next_again(store: Store, submit: Submit) -> None:
    first, second, third = submit(1), submit(2), submit(3)
    for _ in range(2):
        store.claim(quick_only=False)
    store.cancel(second)
    store.hand_back(first)
    store.hand_back(second)
    assert [state(store, job_id) for job_id in (first, second)] == [
        JobState.QUEUED,
        JobState.CANCELLED,
    ]
    job = store.get(first)
    assert job is not None
    assert job.started is None
    assert store.position(third) == 1
    store.finish(first, JobState.DONE)  # nobody works on it
    assert state(store, first) is JobState.QUEUED


def test_progress_is_kept(store: Store, submit: Submit) -> None:
    job_id = submit()
    store.claim(quick_only=False)
    store.report(job_id, 0.5, "Half way")
    job = store.get(job_id)
    assert job is not None
    assert (job.fraction, job.message) == (0.5, "Half way")


def test_what_ran_when_the_worker_died_is_interrupted(store: Store, submit: Submit) -> None:
    job_id = submit()
    store.claim(quick_only=False)
    assert store.recover() == [job_id]
    job = store.get(job_id)
    assert job is not None
    assert (job.state, job.error) == (JobState.INTERRUPTED, INTERRUPTED)


def test_what_had_its_result_when_the_worker_died_is_done(settings: Settings) -> None:
    settings.prepare()
    store = Store(settings.home / "jobs.sqlite")
    done, half = (store.submit("brainmap fit", {"k": k}, [IMAGES], version="1") for k in (1, 2))
    for job_id, folder in ((done, "result"), (half, ".result-half")):
        store.claim(quick_only=False)
        (settings.jobs / job_id / folder).mkdir(parents=True)
        (settings.jobs / job_id / folder / "run.json").touch()
    assert recover(settings, store) == [half]
    assert [state(store, job_id) for job_id in (done, half)] == [
        JobState.DONE,
        JobState.INTERRUPTED,
    ]
    assert not (settings.jobs / half / ".result-half").exists()


def test_the_place_in_the_queue(store: Store, submit: Submit) -> None:
    ids = [submit(k) for k in range(3)]
    assert [store.position(job_id) for job_id in ids] == [0, 1, 2]


def test_a_running_job_cannot_be_deleted(store: Store, submit: Submit) -> None:
    job_id = submit()
    store.claim(quick_only=False)
    store.delete(job_id)
    assert state(store, job_id) is JobState.RUNNING


def test_an_older_result_comes_back_when_a_job_was_killed_while_it_replaced_it(
    settings: Settings,
) -> None:
    folder = settings.jobs / "abc"
    (folder / ".result.replaced").mkdir(parents=True)
    (folder / ".result.replaced" / "run.json").touch()
    (folder / ".result-half").mkdir()
    tidy(settings, ["abc"])
    assert [path.name for path in folder.iterdir()] == ["result"]
    assert (folder / "result" / "run.json").exists()
