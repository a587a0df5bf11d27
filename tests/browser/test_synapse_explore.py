"""Looking into clustered synapses, told in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from pipelines.report.withheld import EVIDENCE
from tests.browser.examples import open_form

pytestmark = pytest.mark.browser


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("textbox", name=label, exact=True).click()
    page.get_by_role("option", name=option).click()


def lasso(page: Page, corners: list[tuple[float, float]]) -> None:
    """Drag around a part of the map; corners are shares of its width and height."""
    map_ = page.locator("#synapses-map .nsewdrag").first
    map_.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # until the page has settled
    box = map_.bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.wait_for_timeout(200)
    page.mouse.up()


def test_clusters_are_judged_coloured_kept_and_compared(page: Page) -> None:
    open_form(page, "Synapses")
    expect(page.locator("#panel-state")).to_contain_text("done", timeout=240_000)
    expect(page.locator("#synapses-verdict")).to_have_text(EVIDENCE)
    expect(page.locator("#synapses-null .barlayer .trace").first).to_be_visible()

    choose(page, "Colour", "BoutonArea")
    expect(page.locator("#synapses-map .cbtitle").first).to_contain_text("BoutonArea")

    with page.expect_download() as kept:
        page.locator("button[data-figure=synapses-map][data-format=png]").click()
    assert kept.value.suggested_filename == "synapses-map.png"

    lasso(page, [(0.02, 0.2), (0.02, 0.98), (0.5, 0.98), (0.5, 0.2), (0.02, 0.2)])
    expect(page.locator("#synapses-chosen")).to_contain_text(re.compile(r"\d+ of 441 synapses"))
    page.get_by_label("Keep the chosen synapses as").fill("lassoed")
    page.get_by_role("button", name="Save set").click()
    expect(page.locator("#synapses-set-said")).to_contain_text("are kept as lassoed")

    page.locator("#synapses-rows .ag-row").first.click()
    expect(page.locator("#synapses-nearest")).to_contain_text(re.compile("Nearest to c"))

    choose(page, "Show a cluster or set", "cluster 2")
    expect(page.locator("#synapses-chosen")).to_contain_text(re.compile(r"\d+ of 441 synapses"))
    page.get_by_label("Keep the chosen synapses as").fill("distal")
    page.get_by_role("button", name="Save set").click()
    expect(page.locator("#synapses-set-said")).to_contain_text("are kept as distal")
    page.reload()
    choose(page, "Compare", "distal")
    expect(page.locator("#synapses-comparison")).to_contain_text("distal is higher than cluster 1")

    choose(page, "View", "Correlations")
    expect(page.get_by_text("Rank correlations")).to_be_visible()
