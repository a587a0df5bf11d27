"""What a table's desk costs, server and browser together: python -m benchmarks.desk_synapses.

A fit of a million rows in sixty clusters is written as the step writes it, without a map being
made. Then its desk is opened in Chromium, and clusters, colours, rows and views are selected.
Processor seconds are taken as in `benchmarks.desk_brainmap`, less what the open page costs in the
same time while nothing is done (it asks every two seconds how far the jobs are).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page, sync_playwright

from benchmarks.desk_brainmap import PORT, busy, choose, served, spent
from dashboard import create_app
from dashboard.jobs.store import JobState
from dashboard.server.services import services
from dashboard.server.settings import Settings
from dashboard.server.submission import submit
from dashboard.workspaces import workspaces
from pipelines.core.outputs import RECORD
from pipelines.steps import STEPS
from pipelines.synapses.fits import folder as fit_folder
from pipelines.synapses.fits.effects import contrasts

MEASURES = ["SynArea", "BoutonArea", "pca_1", "pca_2", "pca_3", "soma_distance"]
SEED, NEURONS = 0, 40
REST_S, STEP_S = 10.0, 2.0


def main() -> None:
    """Print a table of processor seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--clusters", type=int, default=60)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--home", type=Path, help="of an earlier run, whose fit is taken")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = asked.home or Path(scratch) / "home"
        address = make_fit(home, asked.rows, asked.clusters)
        with served(home) as process:
            measure(f"http://127.0.0.1:{PORT}{address}?tab=map", process, asked.repeat)


def make_fit(home: Path, n_rows: int, n_clusters: int) -> str:
    """A finished fit of simulated rows; the address of its workspace."""
    folder = home.parent / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    app = create_app(Settings(home=home, data=(folder,)))
    with app.server.app_context():
        known = workspaces.all("synapses")
        if known:
            return known[0].address
        (folder / "sheet.csv").write_text("NeuronId\n", encoding="utf-8")
        values = STEPS["synapses fit"].parameters.parse({}).model_dump(mode="json")
        job = submit("synapses fit", {"table": "data:tables/sheet.csv"}, values)
        result = home / "jobs" / job / "result"
        result.mkdir(parents=True)
        write(simulate(n_rows, n_clusters), result)
        services().store.claim(quick_only=False)
        services().store.finish(job, JobState.DONE)
        return workspaces.of(job)[0].address


def simulate(n_rows: int, n_clusters: int) -> pd.DataFrame:
    """Rows of a fit: clusters as round clouds on the map, a twentieth of them noise."""
    random = np.random.default_rng(SEED)
    cluster = random.integers(0, n_clusters, n_rows)
    middles = random.uniform(-20, 20, (n_clusters, 2))
    places = middles[cluster] + random.normal(size=(n_rows, 2))
    cluster[random.random(n_rows) < 0.05] = -1
    shifts = random.normal(size=(n_clusters + 1, len(MEASURES)))
    measured = shifts[cluster] + random.normal(size=(n_rows, len(MEASURES)))
    neurons = np.array([f"cell{k}" for k in range(NEURONS)])[random.integers(0, NEURONS, n_rows)]
    return pd.DataFrame(
        {
            "NeuronId": neurons,
            "SynType": "as",
            "SynId": np.arange(n_rows),
            "cluster": cluster,
            "probability": random.random(n_rows).round(3),
            "UMAP_1": places[:, 0].round(4),
            "UMAP_2": places[:, 1].round(4),
            **dict(zip(MEASURES, measured.T.round(4), strict=True)),
        }
    )


def write(rows: pd.DataFrame, folder: Path) -> None:
    """The files of a fit that its desk opens."""
    part = rows.iloc[:: max(1, len(rows) // 20_000)]
    fit_folder.write_clusters(folder, rows, contrasts(part, MEASURES))
    key = rows[["NeuronId", "SynType", "SynId"]].astype(str).to_numpy(str)
    features = rows[MEASURES[:5]].to_numpy(float)
    arrays = {"key": key, "selected": np.ones(len(rows), dtype=bool), "features": features}
    np.savez(folder / fit_folder.MODEL, **arrays)
    found = {"n_clusters": int(rows["cluster"].max()) + 1, "n_surrogates": 0, "n_rows": len(rows)}
    fit_folder.write_evidence(folder, {**found, "seed_ari": 1.0, "subsample_ari": 1.0})
    counts = {"n_in_group": len(rows), "n_rejected": 0, "n_repaired": 0, "n_accepted": len(rows)}
    counts |= found | {"n_noise": int((rows["cluster"] < 0).sum()), "notes": []}
    (folder / RECORD).write_text(json.dumps({"results": counts}), encoding="utf-8")


class Meter:
    """Acts on a page and tells what that cost, server and browser."""

    def __init__(self, page: Page, process: int) -> None:
        self.page, self.process = page, process
        self.session = page.context.new_cdp_session(page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.idle = (0.0, 0.0)

    def now(self) -> tuple[float, float]:
        """Processor seconds so far: web process, page."""
        return spent(self.process), busy(self.session)

    def rest(self) -> None:
        """Learn what the page costs in a second in which nothing is done."""
        before = self.now()
        self.page.wait_for_timeout(1000 * REST_S)
        after = self.now()
        self.idle = ((after[0] - before[0]) / REST_S, (after[1] - before[1]) / REST_S)

    def row(self, what: str, act: Callable[[], object], *, fresh: bool = False) -> None:
        """Act, wait until only what is always done goes on, and print what it cost."""
        before, start = self.now(), time.monotonic()
        act()
        self.settle()
        took = time.monotonic() - start
        web, page = (
            max(0.0, after - (0.0 if fresh and n else start_) - idle * took)
            for n, (after, start_, idle) in enumerate(
                zip(self.now(), before, self.idle, strict=True)
            )
        )
        print(f"| {what} | {web:.2f} | {page:.2f} | {web + page:.2f} |", flush=True)

    def settle(self) -> None:
        """Wait until the page costs no more than when nothing is done, at most a minute."""
        usual = 1.3 * sum(self.idle) * STEP_S + 0.05
        for _ in range(int(60 / STEP_S)):
            before = sum(self.now())
            self.page.wait_for_timeout(1000 * STEP_S)
            if sum(self.now()) - before < usual:
                return


def measure(url: str, process: int, repeat: int) -> None:
    """Print a row for opening, and for each change of what is selected."""
    from tests.browser.conftest import find_browser

    print("| what | web process (CPU s) | browser (CPU s) | both |\n|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        meter = Meter(page, process)
        for what in ("open, the first time", "open again"):
            meter.row(what, lambda: opened(page, url), fresh=True)
        meter.rest()
        for n in range(repeat):
            meter.row(f"cluster {n}", lambda n=n: press_cluster(page, n))
        meter.row("all rows", lambda: press_cluster(page, repeat - 1))
        for value in ("SynArea", "NeuronId", "cluster", "pca_1"):
            meter.row(f"colour {value}", lambda v=value: choose(page, "color", v))
        for value in ("density", "flat"):
            meter.row(f"look {value}", lambda v=value: choose(page, "look", v))
        for n in range(repeat):
            meter.row("a row of the table", lambda n=n: press_row(page, n))
        meter.row("lasso", lambda: lasso(page))
        browser.close()


def opened(page: Page, url: str) -> None:
    """Open the desk; its table is the last that is there."""
    page.goto(url)
    page.locator(".panel[data-name=rows] .ag-row").first.wait_for()


def press_cluster(page: Page, n: int) -> None:
    """Press a cluster in the list of clusters and sets; noise is the first."""
    page.locator(".panel[data-name=synapse-sets] button[data-chooses=chosen]").nth(n + 1).click()


def press_row(page: Page, n: int) -> None:
    """Press a row of the table."""
    page.locator(".panel[data-name=rows] .ag-row").nth(n).click()


def lasso(page: Page) -> None:
    """Draw around a part of the map."""
    box = page.locator(".panel[data-name=synapse-map] .nsewdrag").first.bounding_box()
    assert box is not None
    places = [(0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.3, 0.6), (0.3, 0.3)]
    there = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*there[0])
    page.mouse.down()
    for place in there[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


if __name__ == "__main__":
    main()
