"""What the desk of a recording costs: python -m benchmarks.desk_spikes.

A sorting of 130 units on 384 channels is simulated in a temporary home and shown by an app of its
own in Chromium: the tab Units is opened, other units are chosen with the key j, one is compared
with its likest, another tab is opened. Processor seconds of the server (the app and the processes
that it started, without the worker) and of the browser's process of the page (`ProcessTime` of
`Performance.getMetrics`; its `TaskDuration` counts waiting too, on a machine that is busy); the
median of some repetitions. With --page, the page of the form before
there were workspaces instead.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.probe_sorting import make_sorting
from dashboard.jobs.store import JobInput, JobState, Store

SETTLED_S, STEP_S, PATIENCE_S = 1.2, 0.1, 60
"""So long neither side does anything when a picture is there; looked at so often, and so long."""
IDLE = 0.2
"""Of a processor: more than a page costs that is only looked at and measured."""
REPEAT = 5
HERTZ = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print a table of processor seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=130)
    parser.add_argument("--channels", type=int, default=384)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--page", action="store_true", help="the page of the form")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        job, workspace = prepare(home, asked.units, asked.channels, asked.seconds)
        port = _free_port()
        app = _start(home, port)
        try:
            url = f"http://127.0.0.1:{port}"
            path = f"?step=sort&job={job}" if asked.page else f"/{workspace}"
            address = f"{url}/spikes{path}"
            report(asked.chromium, app.pid, address, is_desk=not asked.page)
        finally:
            os.killpg(app.pid, signal.SIGTERM)
            app.wait(timeout=30)


def prepare(home: Path, units: int, channels: int, seconds: int) -> tuple[str, str]:
    """A home with one finished sorting; its job and its workspace."""
    store = Store(home / "jobs.sqlite")
    item = JobInput("recording", "data:none.dat", "Simulated probe", str(home / "none"), "probe")
    parameters = {"sorter": "tridesclous2", "freq_min": 300.0, "freq_max": 6000.0, "seed": 0}
    job = store.submit("spikes sort", parameters, [item], version="benchmark")
    make_sorting(home / "jobs" / job / "result", units, channels, seconds)
    store.claim(quick_only=False)
    store.finish(job, JobState.DONE)
    from dashboard.workspaces.store import Workspaces

    return job, Workspaces(home / "jobs.sqlite").of(job)[0].id


def _start(home: Path, port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "app.py", "--no-browser", "--port", str(port), "--home", str(home)]
    app = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    for _ in range(600):
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health"):
            return app
        time.sleep(0.2)
    raise SystemExit("the app did not start")


def report(chromium: str, app: int, address: str, *, is_desk: bool) -> None:
    """Open the page and do what a person does."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        cost = Cost(browser, app)
        print("| action | server (CPU s) | page (CPU s) | both |\n|---|---|---|---|")
        cost.opened("open, the first time after the start", address)
        if is_desk:
            # Labels are made once, in the background: that is no part of what is measured.
            while "labelling" in "".join(cost.tab.locator("#label-state").all_inner_texts()):
                time.sleep(1)
        cost.opened("open", address, REPEAT)
        if is_desk:
            cost.line("another unit (j)", lambda: cost.tab.keyboard.press("j"), REPEAT)
            cost.line("the likest beside it (s)", lambda: cost.tab.keyboard.press("s"), REPEAT)
            for name in ("raster", "similarity"):
                cost.line(
                    f"bring up {name}",
                    lambda name=name: cost.tab.click(f"[data-shows={name}]"),  # type: ignore[misc]
                )
            cost.line("another unit, with these", lambda: cost.tab.keyboard.press("j"), REPEAT)
            cost.line("the tab Export", lambda: cost.tab.click("a.tab >> text=Export"))
        else:
            cost.line("another unit", lambda: cost.tab.click("#spikes-next"), REPEAT)
        browser.close()


class Cost:
    """Processor seconds of both sides."""

    def __init__(self, browser: Any, app: int) -> None:
        self.browser, self.app = browser, app
        self.tab: Any = None
        self.metrics: Any = None

    def opened(self, name: str, address: str, repeat: int = 1) -> None:
        """Measure the opening of an address in a new tab of the browser."""
        found = []
        for _ in range(repeat):
            if self.tab is not None:
                self.tab.close()
            server = self.server()
            self.tab = self.browser.new_page(viewport={"width": 1440, "height": 900})
            self.metrics = self.tab.context.new_cdp_session(self.tab)
            self.metrics.send("Performance.enable")
            self.tab.goto(address)
            self.settle()
            found.append((self.server() - server, self.page()))
        self._print(name, found)

    def line(self, name: str, action: Callable[[], Any], repeat: int = 1) -> None:
        """Measure an action until both sides are at rest, and print it."""
        found = []
        for _ in range(repeat):
            server, page = self.server(), self.page()
            action()
            self.settle()
            found.append((self.server() - server, self.page() - page))
        self._print(name, found)

    def _print(self, name: str, found: list[tuple[float, float]]) -> None:
        server, page = (median(one[side] for one in found) for side in (0, 1))
        print(f"| {name} | {server:.2f} | {page:.2f} | {server + page:.2f} |", flush=True)

    def settle(self) -> None:
        """Wait until both sides do no more for a while than a page does that is only looked at."""
        seen = deque[tuple[float, float]](maxlen=round(SETTLED_S / STEP_S) + 1)
        for _ in range(round(PATIENCE_S / STEP_S)):
            seen.append((self.server(), self.page()))
            if len(seen) == seen.maxlen and all(
                last - first < IDLE * SETTLED_S
                for first, last in zip(seen[0], seen[-1], strict=True)
            ):
                return
            time.sleep(STEP_S)

    def page(self) -> float:
        """Of the page, since it was opened."""
        found = self.metrics.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == "ProcessTime"))

    def server(self) -> float:
        """Of the app and of what it started, except the worker's jobs."""
        total, waiting = 0.0, [self.app]
        while waiting:
            process = waiting.pop()
            with suppress(OSError, IndexError):
                words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                command = Path(f"/proc/{process}/cmdline").read_text()
                if process != self.app and "worker" in command:
                    continue
                total += (int(words[11]) + int(words[12])) / HERTZ
                children = Path(f"/proc/{process}/task/{process}/children").read_text()
                waiting += [int(child) for child in children.split()]
        return total


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    main()
