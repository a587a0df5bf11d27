"""What the app sends for a page: bytes over the wire, requests, processor time; first and again.

Each page is opened in a Chromium that has nothing, and once more in the same one. Counted is
what came over the line, as the browser's own network log says (with headers, as compressed as it
came), what the browser took from its cache, and the processor seconds of all of the browser's
processes and of the web server.

Run with `python -m benchmarks.page_bytes`; `--files` also lists every file, and `--home FOLDER`
keeps the results that are opened, so that the next run need not compute them.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from dashboard.jobs.store import JobState
from tests.browser.conftest import QUIET, find_browser
from tests.browser.examples import open_form
from tests.live import LiveApp

SETTLED_MS = 2500
PATIENCE_MS = 300_000
FIGURE, ROW = ".js-plotly-plot .main-svg", ".ag-row"


@dataclass
class Request:
    """One answer of the server or of the browser's cache."""

    path: str
    status: int = 0
    cached: bool = False
    sent: int = 0
    """Bytes over the line, with headers."""


@dataclass
class Visit:
    """One page that was opened."""

    requests: list[Request] = field(default_factory=list)
    browser_seconds: float = 0.0
    server_seconds: float = 0.0

    def row(self) -> str:
        """The figures of the table's columns."""
        asked = [one for one in self.requests if not one.cached]
        unchanged = sum(one.status == 304 for one in asked)
        kept = len(self.requests) - len(asked)
        megabytes = sum(one.sent for one in asked) / 1e6
        return (
            f"{megabytes:.3f} | {len(asked)} ({unchanged}) | {kept} | "
            f"{self.browser_seconds:.2f} | {self.server_seconds:.2f}"
        )


class Log:
    """The network log of a page, as the browser keeps it."""

    def __init__(self, line: CDPSession, base: str) -> None:
        self._base = base
        self._found: dict[str, Request] = {}
        for event, note in (
            ("Network.requestWillBeSent", self._asked),
            ("Network.requestServedFromCache", self._kept),
            ("Network.responseReceived", self._answered),
            ("Network.responseReceivedExtraInfo", self._answered_over_the_line),
            ("Network.loadingFinished", self._finished),
        ):
            line.on(event, note)
        line.send("Network.enable")

    def taken(self) -> list[Request]:
        """What was asked for since the last time."""
        found, self._found = self._found, {}
        return list(found.values())

    def _asked(self, event: Any) -> None:
        ticks = "n_intervals" in event["request"].get("postData", "")
        if event["request"]["url"].startswith(self._base) and not ticks:
            path = event["request"]["url"].removeprefix(self._base)
            self._found[event["requestId"]] = Request(path)

    def _kept(self, event: Any) -> None:
        if event["requestId"] in self._found:
            self._found[event["requestId"]].cached = True

    def _answered(self, event: Any) -> None:
        if one := self._found.get(event["requestId"]):
            one.status = one.status or event["response"]["status"]
            one.cached |= event["response"]["fromDiskCache"]

    def _answered_over_the_line(self, event: Any) -> None:
        """What came itself: the other event says 200 of a file that had not changed."""
        if one := self._found.get(event["requestId"]):
            one.status = event["statusCode"]

    def _finished(self, event: Any) -> None:
        if one := self._found.get(event["requestId"]):
            one.sent = int(event["encodedDataLength"])


def main() -> None:
    """Print a row for each page and visit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", action="store_true", help="list every file")
    parser.add_argument("--home", type=Path, help="folder that keeps the results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        app = LiveApp(options.home or Path(scratch) / "home", [])
        app.start()
        try:
            app.wait_until_ready()
            _measure(app, files=options.files)
        finally:
            app.stop()


def _measure(app: LiveApp, *, files: bool) -> None:
    with sync_playwright() as playwright:
        with _chromium(playwright) as browser:
            result = _finished_fit(browser, app)
        print("| page | visit | MB | requests (304) | from cache | browser CPU s | server CPU s |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name, path, seen in (
            ("Home", "/", "h1"),
            ("a form", "/spikes?step=sort", "form, fieldset, h2"),
            ("a result with figures and a table", f"/jobs/{result}", f"{FIGURE} >> nth=0, {ROW}"),
        ):
            with _chromium(playwright) as browser:
                for which, visit in _visits(browser, app, path, seen.split(" >> nth=0, ")):
                    print(f"| {name} | {which} | {visit.row()} |", flush=True)
                    if files:
                        _list(visit)


@contextmanager
def _chromium(playwright: Any) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=find_browser(), args=list(QUIET))
    yield browser
    browser.close()


def _finished_fit(browser: Browser, app: LiveApp) -> str:
    """The newest finished fit of synapses; the example's, if there is none."""
    done = [job for job in app.store.latest(["synapses fit"]) if job.state is JobState.DONE]
    if done:
        return done[0].id
    page = browser.new_page(base_url=app.url)
    page.set_default_timeout(PATIENCE_MS)
    fit = open_form(page, "Synapses")
    page.locator("#synapses-verdict").wait_for()
    return fit


def _visits(
    browser: Browser, app: LiveApp, path: str, seen: list[str]
) -> Iterator[tuple[str, Visit]]:
    processes = browser.new_browser_cdp_session()
    page = browser.new_page(base_url=app.url)
    page.set_default_timeout(PATIENCE_MS)
    log = Log(page.context.new_cdp_session(page), app.url)
    page.wait_for_timeout(SETTLED_MS)
    for which in ("first", "second"):
        begun = _browser_seconds(processes), _server_seconds(app)
        _open(page, app.url + path, seen)
        ended = _browser_seconds(processes), _server_seconds(app)
        yield which, Visit(log.taken(), *(b - a for a, b in zip(begun, ended, strict=True)))
        page.goto("about:blank")
        page.wait_for_timeout(SETTLED_MS)
        log.taken()


def _open(page: Page, address: str, seen: list[str]) -> None:
    page.goto(address)
    for one in seen:
        page.locator(one).first.wait_for(state="attached")
    page.wait_for_timeout(SETTLED_MS)


def _browser_seconds(line: CDPSession) -> float:
    told = line.send("SystemInfo.getProcessInfo")
    return sum(float(process["cpuTime"]) for process in told["processInfo"])


def _server_seconds(app: LiveApp) -> float:
    """Of the web process; its workers are another matter."""
    assert app.process is not None
    times = psutil.Process(app.process.pid).cpu_times()
    return float(times.user + times.system)


def _list(visit: Visit) -> None:
    for one in sorted(visit.requests, key=lambda one: -one.sent):
        print(f"    {one.sent:>9,} {one.status}{' cache' if one.cached else ''} {one.path}")


if __name__ == "__main__":
    main()
