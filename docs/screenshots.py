"""Pictures of the pages from the running app, with example data, and what is wrong in them.

    python docs/screenshots.py                  those of the README
    python docs/screenshots.py --all FOLDER     every tab and page in two windows, light and dark
    python docs/screenshots.py --large FOLDER   the desks of a recording with 130 units on 384
                                                channels and of a film of several planes

It says what is cut, scrolls or is too small (`docs/faults.js`) and what the console says; with
findings it ends with 1.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.desk_spikes import prepare  # noqa: E402
from dashboard.brainmap import workspace as brainmap  # noqa: E402
from dashboard.kit.desk import Subject  # noqa: E402
from dashboard.spikes import workspace as spikes  # noqa: E402
from dashboard.synapses import workspace as synapses  # noqa: E402
from tests import examples  # noqa: E402
from tests.browser.conftest import QUIET, find_browser  # noqa: E402
from tests.live import LiveApp  # noqa: E402

FOLDER = ROOT / "docs" / "images"
FAULTS = (ROOT / "docs" / "faults.js").read_text("utf-8")
WINDOWS = ((1440, 900), (1920, 1080))
SCHEMES = ("light", "dark")
UNITS, CHANNELS, SECONDS = 130, 384, 600
"""Of the large sorting, which is simulated."""
CALM_MS = 1_200
"""So long nothing is asked for when a page is there, and a figure is drawn."""
PATIENCE_MS, PATIENCE_S = 120_000, 20


@dataclass(frozen=True)
class View:
    """A picture to take.

    Attributes:
        name: of its file.
        address: of its page.
        press: what is pressed before, by selector.
    """

    name: str
    address: str
    press: tuple[str, ...] = ()


def tabs(subject: Subject, path: str) -> Iterator[View]:
    """Every tab of a workspace."""
    for tab in subject.tabs:
        yield View(f"{subject.word}-{tab.word}", f"{path}?tab={tab.word}")


def slots(page: Page, view: View) -> Iterator[View]:
    """The panels of an open tab that stand behind another one."""
    behind = page.locator(".slot-tab[aria-selected=false]:visible")
    for name in [one.get_attribute("data-shows") for one in behind.all()]:
        yield View(f"{view.name}-{name}", view.address, (f'.slot-tab[data-shows="{name}"]',))


def drawers(subject: Subject, path: str) -> Iterator[View]:
    """The set-up and the history of a workspace."""
    address = f"{path}?tab={subject.home or subject.tabs[0].word}"
    for name in ("change", "history"):
        yield View(f"{subject.word}-{name}", address, (f"#desk-{name}",))


PAGES = tuple(
    View(name or "home", f"/{name}")
    for name in ("", "spikes", "brainmap", "synapses", "models", "jobs")
)
README = {
    "home": "home",
    "spikes": "spikes-units",
    "brainmap": "brainmap-map",
    "synapses": "synapses-map",
    "curate": "spikes-curate",
    "film": "brainmap-film",
}
"""The pictures of the README, and the view that each shows."""
OTHERS: Mapping[str, Sequence[tuple[str, str, str, str]]] = {
    "spikes": [("compare", "units", "sort", "sort, louder")],
    "brainmap": [
        ("compare", "map", "fit", "fit, one K"),
        ("k-alone", "k", "fit, one K", ""),
        ("statistics", "operations", "statistics", ""),
        ("colorize", "export", "colorize", ""),
    ],
    "synapses": [("compare", "map", "fit", "fit, gmm")],
}
"""Of each subject: a name, the tab, the run that is shown, and that it is compared with."""


def main() -> None:
    """Take the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    parser.add_argument("--large", type=Path, metavar="FOLDER")
    parser.add_argument("--home", type=Path, help="kept, so that it need not be made again")
    parser.add_argument("--only", default="", help="pictures whose name has this in it")
    parser.add_argument("--windows", type=int, default=len(WINDOWS), help="1 for the small one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        home = asked.home or Path(scratch)
        # Before the app is there, whose worker would take it for a sorting that waits.
        recording = prepare(home, UNITS, CHANNELS, SECONDS)[1] if asked.large else ""
        findings = pictures(asked, home, recording)
    for line in findings:
        print(line)
    sys.exit(bool(findings))


def pictures(asked: argparse.Namespace, home: Path, recording: str) -> list[str]:
    """Take those that are asked for; what is wrong in them."""
    with running_app(home) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(QUIET))
        taker = Taker(browser, app.url, asked.only)
        if asked.large:
            taker.all(large(app, recording), asked.large, asked.windows)
        elif asked.all:
            taker.all(everything(app), asked.all, asked.windows)
        else:
            taker.readme(everything(app))
        browser.close()
    return taker.findings


@contextmanager
def running_app(home: Path) -> Iterator[LiveApp]:
    """An app with that home."""
    app = LiveApp(home, [])
    app.home.mkdir(parents=True, exist_ok=True)
    app.start()
    try:
        app.wait_until_ready()
        yield app
    finally:
        app.stop()


def everything(app: LiveApp) -> list[View]:
    """All pages and tabs, of the three examples."""
    found = list(PAGES)
    for subject, runs, second in (
        (spikes.SUBJECT, examples.SPIKES, examples.SECOND_SORTING),
        (brainmap.SUBJECT, examples.BRAINMAP, examples.SECOND_MAP),
        (synapses.SUBJECT, examples.SYNAPSES, examples.SECOND_FIT),
    ):
        before, desk = examples.run(app, second), examples.run(app, runs)
        found += [*tabs(subject, desk.path), *drawers(subject, desk.path)]
        found += others(subject, desk.path, {**before.jobs, **desk.jobs})
    return found


def others(subject: Subject, path: str, jobs: Mapping[str, str]) -> Iterator[View]:
    """What is seen of a workspace with another run than its newest."""
    for name, tab, run, compared in OTHERS[subject.word]:
        compare = f"&compare={jobs[compared]}" if compared else ""
        yield View(f"{subject.word}-{name}", f"{path}?tab={tab}&run={jobs[run]}{compare}")


def large(app: LiveApp, recording: str) -> list[View]:
    """The desks of a large sorting, which lies in that workspace, and of a map of many clusters."""
    film = examples.run(app, [examples.Run("fit", "brainmap fit", examples.FILM, {"k": [16, 32]})])
    return [
        View("large-units", f"/spikes/{recording}?tab=units&units=60"),
        View("large-map", f"{film.path}?tab=map&k=32"),
        View("large-cluster", f"{film.path}?tab=map&k=32&cluster=20"),
    ]


def faults(page: Page) -> list[dict[str, str]]:
    """What is wrong in a window: `what` and `where`."""
    found: list[dict[str, str]] = page.evaluate(FAULTS)
    return found


class Taker:
    """Takes pictures and gathers what is wrong in them."""

    def __init__(self, browser: Browser, url: str, only: str = "") -> None:
        self.browser, self.url, self.only = browser, url, only
        self.findings: list[str] = []
        self.said: list[str] = []

    def all(self, views: Sequence[View], folder: Path, windows: int) -> None:
        """Every view in each window and scheme."""
        folder.mkdir(parents=True, exist_ok=True)
        for width, height in WINDOWS[:windows]:
            for scheme in SCHEMES:
                page = self.page(width, height, scheme)
                for view in views:
                    if self.only in view.name:
                        self.view(page, view, folder / f"{width}-{scheme}", is_first=True)
                page.close()

    def readme(self, views: Sequence[View]) -> None:
        """The pictures of the README."""
        FOLDER.mkdir(exist_ok=True)
        page, named = self.page(*WINDOWS[0], SCHEMES[0]), {view.name: view for view in views}
        for name, source in README.items():
            self.take(page, named[source], FOLDER / f"{name}.png")
        page.close()

    def page(self, width: int, height: int, scheme: str) -> Page:
        """A window."""
        page = self.browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda one: self.said.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        return page

    def view(self, page: Page, view: View, stem: Path, *, is_first: bool) -> None:
        """Take a view, and the panels that stand behind others in it."""
        self.take(page, view, stem.with_name(f"{view.name}-{stem.name}.png"))
        for behind in slots(page, view) if is_first and not view.press else ():
            self.view(page, behind, stem, is_first=False)

    def take(self, page: Page, view: View, file: Path) -> None:
        """Open a page, look at it and save what is in the window."""
        self.said.clear()
        page.goto(self.url + view.address)
        self.calm(page)
        for selector in view.press:
            page.locator(selector).click()
            self.calm(page)
        for _ in range(PATIENCE_S):  # on a busy machine figures come late
            if not any("is empty" in one["what"] for one in faults(page)):
                break
            page.wait_for_timeout(1_000)
        page.screenshot(path=file)
        found = [f"{one['what']}: {one['where']}" for one in faults(page)]
        self.findings += [f"{file.stem}: {line}" for line in [*found, *self.said]]

    def calm(self, page: Page) -> None:
        """Wait until nothing is asked for any more."""
        page.locator(".workspace, .page").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(CALM_MS)


if __name__ == "__main__":
    main()
