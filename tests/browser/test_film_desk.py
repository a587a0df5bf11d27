"""A film's desk: it is looked at, mapped, coloured, correlated and exported without leaving it."""

import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.brainmap.workspace import SUBJECT
from dashboard.jobs.store import JobState
from tests import examples
from tests.browser.desks import answered, panel, same_elsewhere
from tests.browser.test_accessibility import serious_in_both_schemes
from tests.examples import Desk
from tests.live import LiveApp

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(live: LiveApp) -> Desk:
    """The example, looked at, mapped with three K, correlated, changed and exported."""
    live.wait_until_ready()
    return examples.run(live, examples.BRAINMAP)


def test_a_cluster_its_series_and_k_are_chosen_and_colours_fit_nothing_anew(
    page: Page, desk: Desk, live: LiveApp
) -> None:
    page.goto(f"{desk.path}?tab=map")
    expect(page.locator("#desk-answer")).to_contain_text("8 clusters of 3,064 voxels")
    map_image = panel(page, "map").locator(".imagelayer image, .heatmaplayer image").first
    expect(map_image).to_have_attribute("href", re.compile("^data:image"))
    whole = map_image.get_attribute("href") or ""
    panel(page, "clusters").locator(".ag-row").nth(3).click()
    expect(page).to_have_url(re.compile("cluster=3"))
    expect(map_image).not_to_have_attribute("href", whole)
    expect(panel(page, "series")).to_contain_text(re.compile(r"plane \d, y \d+, x \d+: cluster"))
    page.keyboard.press("a")
    expect(map_image).to_have_attribute("href", whole)
    jobs = len(live.store.latest())
    panel(page, "map").get_by_label("Clusters shown").select_option("4")
    expect(panel(page, "clusters").locator(".ag-center-cols-container .ag-row")).to_have_count(4)
    before = map_image.get_attribute("href")
    panel(page, "map").get_by_label("Palette").select_option("colorblind")
    expect(map_image).not_to_have_attribute("href", before or "")
    expect(page).to_have_url(re.compile("palette=colorblind"))
    assert len(live.store.latest()) == jobs


def test_a_cluster_is_correlated_and_the_newest_map_exported(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.path}?tab=map&cluster=2")
    expect(panel(page, "map").locator("image").first).to_be_visible()
    page.keyboard.press("c")
    page.wait_for_url(re.compile("tab=correlate"))
    expect(page.locator("#desk-answer")).to_contain_text("cluster 2")
    expect(page.locator("#correlation-map .heatmaplayer image")).to_be_visible()
    page.locator("#correlation-map .nsewdrag").hover()
    expect(page.locator("#correlation-series .gtitle")).to_contain_text("r = ")
    page.get_by_role("link", name="Operations").click()
    expect(panel(page, "files")).to_contain_text("normalize")
    page.get_by_role("link", name="Export", exact=True).click()
    page.get_by_role("button", name="Export the newest map").click()
    expect(panel(page, "result")).to_contain_text("labels.tif")
    with page.expect_download():
        panel(page, "result").get_by_role("link", name="map.png").click()


def test_the_keyboard_alone_leads_from_home_to_a_correlation(page: Page, desk: Desk) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("calcium")
    expect(page.locator(".find li[aria-selected=true]")).to_contain_text("calcium")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(desk.path))
    page.keyboard.press("2")
    expect(panel(page, "clusters").locator(".ag-row").first).to_be_visible()
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("cluster=0"))
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("cluster=1"))
    page.keyboard.press("c")
    page.wait_for_url(re.compile("tab=correlate"))
    expect(page.locator("#desk-answer")).to_contain_text("cluster 1")
    page.keyboard.press("h")
    expect(page.get_by_role("dialog", name="History")).to_contain_text("Correlate")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="History")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Operations")
    page.keyboard.press("Escape")


LATE_ANSWER = """() => {
  const grid = JSON.parse(document.querySelector(".panel .desk-grid").dataset.grid);
  window.dash_clientside.set_props(grid, { selectedRows: [{ [grid.field]: 0 }] });
}"""


def test_a_table_that_answers_late_takes_no_selection_back(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.path}?tab=map")
    expect(panel(page, "clusters").locator(".ag-row").first).to_be_visible()
    for _ in range(5):
        page.keyboard.press("j")
        page.wait_for_timeout(60)
    expect(page).to_have_url(re.compile("cluster=4"))
    page.evaluate(LATE_ANSWER)
    answered(page)
    expect(page).to_have_url(re.compile("cluster=4"))


@pytest.mark.parametrize("tab", [one.word for one in SUBJECT.tabs])
def test_a_tab_is_accessible(page: Page, desk: Desk, tab: str) -> None:
    page.goto(f"{desk.path}?tab={tab}")
    answered(page)
    assert serious_in_both_schemes(page) == []


@pytest.mark.parametrize(
    ("tab", "view"),
    [
        ("map", "k=4&cluster=2&voxel=1,20,20&palette=notebook&planes=1"),
        ("k", "k=12"),
        ("film", "plane=1&time=7&voxel=1,20,12"),
        ("correlate", "plane=1&voxel=0,20,12"),
        ("operations", "plane=1&time=7&voxel=1,20,12"),
    ],
)
def test_what_is_chosen_is_seen_by_whom_the_address_is_sent(
    page: Page, browser: Browser, desk: Desk, tab: str, view: str
) -> None:
    page.goto(f"{desk.path}?tab={tab}&{view}")
    assert all(one in same_elsewhere(browser, page) for one in view.split("&"))


def test_the_frame_and_the_voxel_of_a_film_are_in_its_address(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.path}?tab=film&plane=1&time=7&voxel=1,20,12")
    expect(page.locator("#look-series .gtitle")).to_have_text("plane 1, y 20, x 12")
    expect(page.locator("#look-plane")).to_have_value("Plane 1")
    time = panel(page, "film").get_by_role("slider")
    expect(time).to_have_attribute("aria-valuenow", "7")
    page.locator("#look-film .nsewdrag").first.hover()
    expect(page).not_to_have_url(re.compile("voxel=1,20,12"))
    expect(page).to_have_url(re.compile(r"voxel=1,\d+,\d+"))
    time.press("ArrowRight")
    expect(page).to_have_url(re.compile("time=8"))


def test_what_is_shown_of_a_correlation_and_an_operation_is_in_the_address(
    page: Page, desk: Desk
) -> None:
    page.goto(f"{desk.path}?tab=correlate&plane=1&voxel=0,20,12")
    expect(page.locator("#correlation-series .gtitle")).to_contain_text("plane 0, y 20, x 12: r = ")
    expect(page.locator("#correlation-plane")).to_have_value("Plane 1")
    page.locator("#correlation-map .nsewdrag").hover()
    expect(page).to_have_url(re.compile(r"voxel=1,\d+,\d+"))
    page.goto(f"{desk.path}?tab=operations&plane=1&time=7&voxel=1,20,12")
    expect(page.locator("#series-series .gtitle")).to_have_text("plane 1, y 20, x 12")
    expect(page.locator("#series-at")).to_have_value("7")
    page.locator("#series-before .nsewdrag").click()
    expect(page).not_to_have_url(re.compile("voxel=1,20,12"))
    expect(page).to_have_url(re.compile(r"time=7.*voxel=1,\d+,\d+|voxel=1,\d+,\d+.*time=7"))


IN_ANOTHER_TAB = """
window.told = [];
window.isHidden = true;
Object.defineProperty(document, "hidden", { get: () => window.isHidden });
window.Notification = class {
  static permission = "granted";
  constructor(title) { window.told.push(title); }
};
"""
TITLE = "Film – Neuroboard"
BACK = "window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))"


def _say(live: LiveApp, job: str, state: str, fraction: float) -> None:
    """As the worker does, but for the time between, which no test can rely on."""
    with closing(sqlite3.connect(live.home / "jobs.sqlite")) as jobs, jobs:
        jobs.execute("UPDATE job SET state=?, fraction=? WHERE id=?", (state, fraction, job))


def test_who_waits_in_another_tab_is_told_when_it_is_done(
    page: Page, desk: Desk, live: LiveApp
) -> None:
    job = examples.submit(live, "brainmap statistics", examples.FILM, {"seed": 7})
    live.wait_for_state(job, JobState.DONE)
    _say(live, job, "running", 0.42)
    page.add_init_script(IN_ANOTHER_TAB)
    page.goto(f"{desk.path}?tab=operations")
    expect(page).to_have_title(f"42 % · {TITLE}")
    _say(live, job, "done", 1)
    expect(page).to_have_title(f"✓ Done · {TITLE}")
    expect(panel(page, "statistics")).to_be_visible()
    assert page.evaluate("window.told") == [f"Done: {TITLE}"]
    page.evaluate(BACK)
    expect(page).to_have_title(TITLE)
