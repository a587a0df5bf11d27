"""What it takes from an empty home to the first answer: what a person does, and the seconds.

`python -m benchmarks.first_answer` measures this version, for the example and for a file of one's
own of each subject; `--code FOLDER` the forms of an earlier version, in a checkout of it. Every
measure has an app with a home of its own whose worker is ready. What a person does is counted: a
press, a field that is filled (Enter included), a file that is chosen.
"""

import argparse
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

from pipelines.brainmap.demo import make as make_film
from pipelines.spikes.demo import save, simulate
from pipelines.synapses.simulate import simulate as simulate_synapses
from tests.browser.conftest import QUIET, find_browser
from tests.live import REPOSITORY, LiveApp

PATIENCE_MS = 600_000


@dataclass(frozen=True)
class Way:
    """How a subject is called on pages."""

    subject: str
    title: str
    run: str
    file: str
    seen: str
    """What of a file shows itself before anything is run."""


WAYS = (
    Way("spikes", "Spikes", "Sort spikes", "recording", "#signal-traces, .js-plotly-plot"),
    Way("brainmap", "Brain map", "Map voxels", "film", ".js-plotly-plot, .panel img"),
    Way("synapses", "Synapses", "Cluster synapses", "table.csv", ".ag-row"),
)


@dataclass
class Person:
    """What was done, and when something was seen."""

    page: Page
    began: float = field(default_factory=time.monotonic)
    deeds: int = 0

    def press(self, what: Locator) -> None:
        """Press a button or a link."""
        what.click()
        self.deeds += 1

    def fill(self, what: Locator, text: str, *, enter: bool = False) -> None:
        """Fill a field."""
        what.fill(text)
        if enter:
            what.press("Enter")
        self.deeds += 1

    def choose(self, what: Locator, file: Path) -> None:
        """Choose a file of one's own computer."""
        what.set_input_files(file)
        self.deeds += 1

    def saw(self) -> str:
        """So far, in words."""
        return f"{self.deeds} | {time.monotonic() - self.began:.1f}"


def make(lab: Path) -> None:
    """A file of each subject: a minute of a tetrode, a film, a table."""
    save(simulate(1).recording, lab / "recording")
    (lab / "film").mkdir()
    make_film(lab / "film", 1)
    synapses = simulate_synapses(seed=1).table
    synapses.to_csv(lab / "table.csv", index=False)


def example_on_a_desk(person: Person, way: Way, _lab: Path) -> Iterator[tuple[str, str]]:
    """One press on Home."""
    person.press(person.page.get_by_role("button", name=f"Try {way.title} with example data"))
    person.page.wait_for_url(re.compile("run="))
    person.page.locator(".desk .panel").first.wait_for()
    yield "the example: its answer", person.saw()


def file_on_a_desk(person: Person, way: Way, lab: Path) -> Iterator[tuple[str, str]]:
    """From Home to New, where the file is chosen; what is run has the fields' defaults."""
    page = person.page
    person.press(page.locator(f'a[href="/{way.subject}#new"]').first)
    if way.file.endswith(".csv"):
        person.choose(page.locator("#new input[type=file]"), lab / way.file)
    else:
        place = "lab/film/images" if way.file == "film" else f"lab/{way.file}"
        person.fill(page.locator("#new-search"), place, enter=True)
    page.locator(f"#desk-page :is({way.seen})").first.wait_for()
    yield "a file: it shows itself", person.saw()
    person.press(page.get_by_role("button", name=way.run, exact=True).last)
    page.wait_for_url(re.compile(r"tab=(units|map)&run="))
    page.locator(".desk .panel").first.wait_for()
    yield "a file: its answer", person.saw()


def example_on_a_form(person: Person, way: Way, _lab: Path) -> Iterator[tuple[str, str]]:
    """One press on Home, and the result beside the form."""
    person.press(person.page.get_by_role("button", name=f"Try {way.title} with example data"))
    person.page.locator("#panel-result > div").wait_for()
    yield "the example: its answer", person.saw()


def file_on_a_form(person: Person, way: Way, lab: Path) -> Iterator[tuple[str, str]]:
    """The form of the step, and before it that of the look, which alone shows a file."""
    page = person.page
    looks = {"spikes": "Look first", "brainmap": "1. Look", "synapses": "Check a table"}
    runs = {"spikes": "Look at the recording", "brainmap": "Look at images",
            "synapses": "Check table"}  # fmt: skip
    steps = {"spikes": "1. Sort", "brainmap": "2. Map", "synapses": "1. Cluster"}
    person.press(page.locator("nav").get_by_role("link", name=way.title, exact=True))
    for step, run, says in (
        (looks[way.subject], runs[way.subject], "a file: it shows itself"),
        (steps[way.subject], way.run, "a file: its answer"),
    ):
        person.press(page.get_by_role("link", name=step, exact=True))
        page.get_by_role("button", name=run, exact=True).wait_for()
        if way.file.endswith(".csv"):
            person.choose(page.locator("input[type=file]").first, lab / way.file)
        else:
            place = "lab/film/images" if way.file == "film" else f"lab/{way.file}"
            person.fill(page.get_by_role("textbox", name="Or choose below the data root"), place)
        page.locator(".chosen", has_text="Chosen: ").first.wait_for()
        person.press(page.get_by_role("button", name=run, exact=True))
        page.locator("#panel-result > div").wait_for()
        yield says, person.saw()


@contextmanager
def running(code: Path, lab: Path) -> Iterator[LiveApp]:
    """An app with an empty home whose worker is ready."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        app = LiveApp(Path(home) / "home", [lab], code)
        app.start(dict(os.environ))
        try:
            app.wait_until_ready()
            yield app
        finally:
            app.stop()


def main() -> None:
    """Measure, and print the rows of a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--code", type=Path, default=REPOSITORY, help="checkout with forms only")
    parser.add_argument("--subject", choices=[way.subject for way in WAYS], help="only this one")
    asked = parser.parse_args()
    is_earlier = asked.code != REPOSITORY
    ways: list[Callable[[Person, Way, Path], Iterator[tuple[str, str]]]] = (
        [example_on_a_form, file_on_a_form] if is_earlier else [example_on_a_desk, file_on_a_desk]
    )
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Path(folder) / "lab"
        lab.mkdir()
        make(lab)
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(QUIET))
        for way in (one for one in WAYS if asked.subject in (None, one.subject)):
            for go in ways:
                with running(asked.code.absolute(), lab) as app:
                    page = browser.new_page(base_url=app.url)
                    page.set_default_timeout(PATIENCE_MS)
                    page.goto("/")
                    for what, seen in go(Person(page), way, lab):
                        print(f"| {way.title} | {what} | {seen} |", flush=True)
                    page.close()
        browser.close()


if __name__ == "__main__":
    main()
