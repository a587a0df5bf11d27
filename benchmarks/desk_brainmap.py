"""What a film's desk costs, server and browser together: python -m benchmarks.desk_brainmap.

A film of a million voxels is simulated and mapped for several K by the pipeline itself. Then its
desk is opened in Chromium, and a cluster, K, palette and voxel are selected. Processor seconds: of
the web process from /proc, of the page from Chromium's `Performance.getMetrics` (TaskDuration).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from playwright.sync_api import CDPSession, Page, sync_playwright

from dashboard import create_app
from dashboard.jobs.store import JobState
from dashboard.server.services import services
from dashboard.server.settings import Settings
from dashboard.server.submission import submit
from dashboard.workspaces import workspaces
from pipelines import tasks
from pipelines.steps import STEPS
from tests.browser.conftest import find_browser

PORT = 8599
TIMES, KS, SEED = 60, [10, 20, 30], 0
QUIET_S = 2.0


def main() -> None:
    """Print a table of processor seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", type=int, nargs=3, default=(16, 250, 250))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--home", type=Path, help="of an earlier run, whose map is taken")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = asked.home or Path(scratch) / "home"
        address = make_map(home, (asked.shape[0], asked.shape[1], asked.shape[2]))
        with served(home) as process:
            measure(f"http://127.0.0.1:{PORT}{address}", process, asked.repeat)


def make_map(home: Path, shape: tuple[int, int, int]) -> str:
    """A finished map of a simulated film; the address of its workspace."""
    folder = home.parent / "films"
    folder.mkdir(parents=True, exist_ok=True)
    app = create_app(Settings(home=home, data=(folder,)))
    with app.server.app_context():
        known = [one for one in workspaces.all() if one.subject == "brainmap"]
        if known:
            return known[0].address
        np.save(folder / "film.npy", simulate(shape))
        parameters = STEPS["brainmap fit"].parameters.parse({"k": KS, "std_threshold": 0.0})
        values = parameters.model_dump(mode="json")
        job = submit("brainmap fit", {"images": "data:films/film.npy"}, values)
        paths = {"images": folder / "film.npy"}
        tasks.run("brainmap fit", paths, values, home / "jobs" / job / "result")
        services().store.claim(quick_only=False)
        services().store.finish(job, JobState.DONE)
        return workspaces.of(job)[0].address


def simulate(shape: tuple[int, int, int]) -> np.ndarray:
    """A film (time, plane, y, x) of twelve patches that follow courses of their own."""
    random = np.random.default_rng(SEED)
    courses = random.gamma(2.0, 1.0, (12, TIMES)).astype(np.float32)
    y, x = np.indices(shape[1:])
    patch = (y * 3 // shape[1]) * 4 + x * 4 // shape[2]
    film = np.empty((TIMES, *shape), np.uint16)
    for time_point in range(TIMES):
        change = 0.1 * courses[patch, time_point] + 0.05 * random.standard_normal(
            shape, dtype=np.float32
        )
        film[time_point] = np.round(1000 * (1 + np.clip(change, -0.9, 5)))
    return film


@contextmanager
def served(home: Path) -> Iterator[int]:
    """The app on that home; the id of its process."""
    command = [sys.executable, "app.py", "--no-browser", "--port", str(PORT), "--home", str(home)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(240):
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=5).close()
                break
            time.sleep(0.5)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def measure(url: str, process: int, repeat: int) -> None:
    """Print a row for opening, and for each change of what is selected."""
    print("| what | web process (CPU s) | browser (CPU s) | both |\n|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        row("open, the first time", lambda: page.goto(url), page, session, process, fresh=True)
        row("open again", lambda: page.goto(url), page, session, process, fresh=True)
        for n in range(repeat):
            row(f"cluster {n}", lambda n=n: press_row(page, n), page, session, process)
        for value in ("10", "30", "20", "10"):
            row(f"K = {value}", lambda v=value: choose(page, "k", v), page, session, process)
        for value in ("colorblind", "notebook", "similarity"):
            row(value, lambda v=value: choose(page, "palette", v), page, session, process)
        for n in range(repeat):
            row("voxel under the pointer", lambda n=n: point(page, n), page, session, process)
        for value in ("faded", "flat"):
            row(value, lambda v=value: choose(page, "shading", v), page, session, process)
        browser.close()


def choose(page: Page, key: str, value: str) -> None:
    """Choose in the list of a key."""
    page.locator(f"select[data-chooses={key}]").select_option(value)


def press_row(page: Page, n: int) -> None:
    """Press a row of the table of clusters."""
    page.locator(".panel[data-name=clusters] .ag-row").nth(n).click()


def point(page: Page, n: int) -> None:
    """Point at a voxel of the map."""
    page.mouse.move(200 + 40 * n, 300)
    page.mouse.move(202 + 40 * n, 300)


def row(
    what: str,
    act: Callable[[], object],
    page: Page,
    session: CDPSession,
    process: int,
    fresh: bool = False,
) -> None:
    """Act, wait until nothing happens any more, and print what it cost."""
    before, server = 0.0 if fresh else busy(session), spent(process)
    act()
    settle(page, session, process)
    browser, web = busy(session) - before, spent(process) - server
    print(f"| {what} | {web:.2f} | {browser:.2f} | {web + browser:.2f} |", flush=True)


def settle(page: Page, session: CDPSession, process: int) -> None:
    """Wait until neither the page nor the web process works any more."""
    last = -1.0
    while (now := busy(session) + spent(process)) - last > 0.05:
        last = now
        page.wait_for_timeout(1000 * QUIET_S)


def busy(session: CDPSession) -> float:
    """Seconds for which the page's main thread has worked."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def spent(process: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
