"""What a table's desk costs, server and browser together: python -m benchmarks.desk_synapses.

A fit of a million rows in sixty clusters is written as the step writes it, without a map being
made. Then its desk is opened in Chromium, and clusters, colours, rows and views are selected.
Processor seconds are taken as in `benchmarks.desk_brainmap`.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page, sync_playwright

from benchmarks.desk_brainmap import PORT, choose, row, served
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


def measure(url: str, process: int, repeat: int) -> None:
    """Print a row for opening, and for each change of what is selected."""
    from tests.browser.conftest import find_browser

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
            row(f"cluster {n}", lambda n=n: press_cluster(page, n), page, session, process)
        row("all rows", lambda: press_cluster(page, repeat - 1), page, session, process)
        for value in ("SynArea", "NeuronId", "cluster", "pca_1"):
            row(f"colour {value}", lambda v=value: choose(page, "color", v), page, session, process)
        for value in ("density", "flat"):
            row(f"look {value}", lambda v=value: choose(page, "look", v), page, session, process)
        for n in range(repeat):
            row("a row of the table", lambda n=n: press_row(page, n), page, session, process)
        row("lasso", lambda: lasso(page), page, session, process)
        row("closer", lambda: zoom(page), page, session, process)
        browser.close()


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


def zoom(page: Page) -> None:
    """Turn the wheel over the map."""
    box = page.locator(".panel[data-name=synapse-map] .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -400)


if __name__ == "__main__":
    main()
