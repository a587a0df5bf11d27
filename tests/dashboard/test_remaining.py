"""How long a job will still take."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.jobs import remaining
from dashboard.jobs.store import Job, JobInput, JobState, Store

FILM = JobInput("images", "data:lab/film.npy", "film", "/lab/film.npy", "film")
OTHER = replace(FILM, key="other")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "jobs.sqlite")


def job(store: Store, k: int, item: JobInput = FILM, **values: object) -> Job:
    found = store.get(store.submit("brainmap fit", {"k": [k]}, [item], version="1"))
    assert found is not None
    return replace(found, **values)  # type: ignore[arg-type]


def test_the_work_that_is_done_tells_how_long_the_rest_takes(store: Store) -> None:
    half = job(store, 2, state=JobState.RUNNING, started=1000.0, fraction=0.25)
    assert remaining.seconds_left(half, now=1030.0) == 90
    assert remaining.seconds_left(half, now=1030.0, before=[7.0]) == 90


def test_jobs_like_it_tell_it_before_that(store: Store) -> None:
    begun = job(store, 2, state=JobState.RUNNING, started=1000.0, fraction=0.01)
    assert remaining.seconds_left(begun, now=1030.0) is None
    assert remaining.seconds_left(begun, now=1030.0, before=[90.0, 100.0, 500.0]) == 70
    assert remaining.seconds_left(begun, now=1200.0, before=[100.0]) is None  # longer than ever


def test_only_finished_jobs_of_the_same_step_on_the_same_file_are_its_past(store: Store) -> None:
    mine = job(store, 2)
    done = job(store, 3, state=JobState.DONE, started=0.0, finished=40.0, seconds=40.0)
    others = [
        done,
        mine,
        replace(done, id="failed", state=JobState.FAILED),
        replace(done, id="step", task="brainmap look"),
        job(store, 3, OTHER, state=JobState.DONE, started=0.0, finished=9.0, seconds=9.0),
    ]
    assert remaining.past(mine, others) == [40.0]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "less than a minute"), (130, "about 2 min"), (7300, "about 2 h")],
)
def test_it_is_said_roughly(seconds: float, words: str) -> None:
    assert remaining.in_words(seconds) == words
