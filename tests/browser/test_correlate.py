"""A person compares voxels with one another and changes their series, in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.live import wait_for

pytestmark = pytest.mark.browser


def choose_small_film(page: Page, step: str) -> None:
    page.goto(f"/brainmap?step={step}")
    page.get_by_role("textbox", name="Or choose below the data root").first.fill("lab/small.npy")
    expect(page.get_by_text("Chosen: lab/small.npy")).to_be_visible()


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")]


def test_a_voxel_is_pressed_and_a_region_drawn(page: Page) -> None:
    choose_small_film(page, "correlate")
    page.get_by_role("button", name="Correlate voxels").click()
    expect(page.locator("#correlation-map .heatmaplayer image")).to_be_visible()
    expect(page.get_by_text("the one that varies most").first).to_be_visible()
    page.locator("#correlation-mean .nsewdrag").first.click(position={"x": 60, "y": 60})
    chosen = page.locator("#correlation-chosen")
    expect(chosen).to_have_text(re.compile(r"Chosen: plane 0, y \d+, x \d+"))
    page.get_by_text("Box", exact=True).click()
    plot = page.locator("#correlation-mean .js-plotly-plot")
    # Not page.wait_for_function: it needs `eval`, which the pages forbid.
    wait_for(lambda: plot.evaluate("plot => plot.layout.dragmode === 'drawrect'"), "the box tool")
    plane = page.locator("#correlation-mean .nsewdrag").first
    plane.scroll_into_view_if_needed()
    place = plane.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 30, place["y"] + 30)
    page.mouse.down()
    page.mouse.move(place["x"] + 120, place["y"] + 90, steps=5)
    page.mouse.up()
    expect(chosen).to_have_text("Chosen: a box in plane 0")
    before = page.url
    page.get_by_role("button", name="Correlate every voxel with it").click()
    expect(page).not_to_have_url(before)
    expect(page.get_by_text(re.compile(r"the mean of \d+ voxels in plane 0")).first).to_be_visible()
    assert serious(page) == []


def test_series_are_changed_and_looked_at(page: Page) -> None:
    choose_small_film(page, "series")
    expect(page.get_by_label("Degree")).to_have_count(0)
    page.get_by_role("combobox", name="Operation").or_(page.get_by_label("Operation")).first.click()
    page.get_by_role("option", name="zscore").click()
    expect(page.get_by_label("Percentile (%)")).to_be_hidden()
    page.get_by_role("button", name="Change series").click()
    expect(page.locator("#series-after .heatmaplayer image")).to_be_visible()
    title = page.locator("#series-series .gtitle")
    before = title.text_content() or ""
    page.locator("#series-before .nsewdrag").first.click(position={"x": 40, "y": 50})
    expect(title).not_to_have_text(before)
    assert serious(page) == []
    page.get_by_role("link", name="Look at the result").click()
    expect(page.get_by_text(re.compile(r"Chosen: lab/small.npy \(job"))).to_be_visible()


def test_a_late_report_of_a_finished_job_leaves_the_result_as_it_is(page: Page) -> None:
    choose_small_film(page, "look")
    page.get_by_role("button", name="Look at images").click()
    threshold = page.get_by_label("Activity threshold")
    threshold.fill("0.3")
    expect(page.locator("#statistics-said")).to_contain_text("vary by more than 0.3")
    with page.expect_response(lambda answer: "panel-tick" in (answer.request.post_data or "")):
        page.evaluate("dash_clientside.set_props('panel-tick', {n_intervals: 1000})")
    page.wait_for_timeout(700)  # as long as drawing the result anew would take
    expect(threshold).to_have_value("0.3")
