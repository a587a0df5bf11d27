"""Thirty people at once: pages opened, sliders dragged, jobs run, on one server.

A real browser does each thing once while its requests are written down; then that many people
repeat them side by side, each with pauses of their own, while everyone's jobs run.

Run with `python -m benchmarks.server_load --people 30 --seconds 60`.
"""

import argparse
import http.client
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, Request, sync_playwright

from dashboard.jobs.store import JobInput, JobState
from tests.browser.conftest import QUIET, find_browser
from tests.browser.examples import open_form
from tests.live import LiveApp, wait_for

PAUSE_SECONDS = (0.3, 2.5)
"""Between two things that a person does."""
INDICATOR_SECONDS = 2.0
"""How often every open page asks how many jobs run."""
JOBS_EACH = 2


@dataclass(frozen=True)
class Call:
    """One request of a browser."""

    method: str
    path: str
    body: bytes
    kind: str


@dataclass(frozen=True)
class Deed:
    """One thing that a person does, with the requests that it causes."""

    name: str
    calls: tuple[Call, ...]


@dataclass
class Answers:
    """What came back, from all people."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, name: str, seconds: float, status: int) -> None:
        """Remember one answer."""
        with self.lock:
            self.seconds.setdefault(name, []).append(seconds)
            if status >= 400:
                self.faults.append(f"{name}: {status}")


class Recorder:
    """Writes down what a page asks for."""

    def __init__(self, page: Page, app: LiveApp) -> None:
        self.page, self.app = page, app
        self._calls: list[Call] = []
        page.on("request", self._note)

    def deed(self, name: str, act: Callable[[], object]) -> Deed:
        """Do something and give the requests that it caused."""
        self.page.wait_for_timeout(1500)
        self._calls = []
        act()
        self.page.wait_for_timeout(2500)
        return Deed(name, tuple(self._calls))

    def _note(self, request: Request) -> None:
        path = request.url.removeprefix(self.app.url)
        body = request.post_data_buffer or b""
        asks_by_itself = b"n_intervals" in body
        fixed = "/_dash-component-suites/" in path or "/assets/" in path  # kept by the browser
        if path.startswith("/") and not asks_by_itself and not fixed:
            kind = request.headers.get("content-type", "")
            self._calls.append(Call(request.method, path, body, kind))


def main() -> None:
    """Print a row for each thing that people do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        root = Path(scratch) / "lab"
        root.mkdir()
        for person in range(options.people * JOBS_EACH):
            draws = np.random.default_rng(person).integers(0, 200, (12, 2, 16, 18))
            np.save(root / f"film{person}.npy", draws.astype(np.uint16))
        app = LiveApp(Path(scratch) / "home", [root])
        app.start()
        try:
            app.wait_until_ready()
            deeds = list(record(app))
            answers = Answers()
            jobs = crowd(app, deeds, answers, options.people, options.seconds)
            wait_for(lambda: not app.store.active(), "the jobs")
        finally:
            app.stop()
        states = [app.store.get(job) for job in jobs]
    report(answers, options, sum(job is not None and job.state is JobState.DONE for job in states))


def record(app: LiveApp) -> Iterator[Deed]:
    """Do everything once in a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(QUIET))
        page = browser.new_page(base_url=app.url)
        page.set_default_timeout(120_000)
        look, fit = _finished_jobs(page, app)
        recorder = Recorder(page, app)
        for path in ("/", "/spikes", "/brainmap", "/synapses", "/models", "/jobs"):
            address = app.url + path
            yield recorder.deed("open a page", lambda address=address: page.goto(address))
        page.goto(app.url + f"/jobs/{look}")
        slider = page.get_by_role("slider", name="Threshold")
        for key in ("ArrowRight", "ArrowRight", "PageUp"):
            yield recorder.deed("drag the threshold", lambda key=key: slider.press(key))
        film = page.get_by_role("slider", name="Time point")
        yield recorder.deed("another time point", lambda: film.press("ArrowRight"))
        yield recorder.deed("open a result", lambda: page.goto(app.url + f"/jobs/{fit}"))
        for choice in ("BoutonArea", "SynArea"):
            yield recorder.deed("colour the synapses", lambda choice=choice: _color(page, choice))
        browser.close()


def _color(page: Page, choice: str) -> None:
    page.get_by_role("textbox", name="Colour", exact=True).click()
    page.get_by_role("option", name=choice).click()


def _finished_jobs(page: Page, app: LiveApp) -> tuple[str, str]:
    page.goto(app.url + "/brainmap?step=look")
    page.get_by_role("button", name="Use example data").click()
    page.get_by_text("Chosen: Example").wait_for()
    page.get_by_role("button", name="Look at images").click()
    page.locator("#look-film .heatmaplayer image").first.wait_for()
    look = page.url.rpartition("job=")[2]
    fit = open_form(page, "Synapses")
    page.locator("#synapses-verdict").wait_for()
    return look, fit


def crowd(
    app: LiveApp, deeds: Sequence[Deed], answers: Answers, people: int, seconds: float
) -> list[str]:
    """Let people act side by side; the ids of the jobs that they started."""
    end = time.monotonic() + seconds
    jobs = [
        [_job(app, person * JOBS_EACH + n) for n in range(JOBS_EACH)] for person in range(people)
    ]
    threads = [
        threading.Thread(target=_person, args=(app, deeds, answers, person, end))
        for person in range(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [job for own in jobs for job in own]


def _job(app: LiveApp, number: int) -> str:
    path = app.data[0] / f"film{number}.npy"
    images = JobInput("images", f"data:lab/{path.name}", path.name, str(path), path.name)
    parameters = {"k": 3, "std_threshold": 0.0}
    return app.store.submit("brainmap fit", parameters, [images], version="load")


def _person(app: LiveApp, deeds: Sequence[Deed], answers: Answers, person: int, end: float) -> None:
    """One person: a connection of their own, their own choice of deeds and pauses."""
    draw = random.Random(person)
    line = http.client.HTTPConnection("127.0.0.1", app.port, timeout=60)
    beat = time.monotonic()
    while time.monotonic() < end:
        time.sleep(draw.uniform(*PAUSE_SECONDS))
        deed = draw.choice(deeds)
        for call in deed.calls:
            _ask(line, call, deed.name, answers)
        if time.monotonic() - beat > INDICATOR_SECONDS:
            beat = time.monotonic()
            _ask(line, Call("GET", "/health", b"", ""), "ask for the jobs", answers)
    line.close()


def _ask(line: http.client.HTTPConnection, call: Call, name: str, answers: Answers) -> None:
    headers = {"Sec-Fetch-Site": "same-origin"}
    if call.kind:
        headers["Content-Type"] = call.kind
    start = time.monotonic()
    try:
        line.request(call.method, call.path, body=call.body or None, headers=headers)
        answer = line.getresponse()
        answer.read()
        status = answer.status
    except OSError:
        status = 599
        line.close()
    answers.note(name, time.monotonic() - start, status)


def report(answers: Answers, options: argparse.Namespace, done: int) -> None:
    """Print the table."""
    print(f"{options.people} people, {options.seconds:.0f} s, {done} jobs done")
    print("| what | requests | median (ms) | 95 % (ms) | slowest (ms) |")
    print("| --- | --- | --- | --- | --- |")
    every = [second for one in answers.seconds.values() for second in one]
    for name, seconds in [*sorted(answers.seconds.items()), ("all", every)]:
        figures = 1000 * np.percentile(seconds, [50, 95, 100])
        print(f"| {name} | {len(seconds)} | " + " | ".join(f"{ms:.0f}" for ms in figures) + " |")
    print(f"Errors: {len(answers.faults)} {json.dumps(answers.faults[:5])}")


if __name__ == "__main__":
    main()
