"""Looking closer at sorted units, and taking them to other programs."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.examples import open_form
from tests.browser.test_accessibility import serious
from tests.browser.test_curate import draw_a_lasso_around_the_right_half

pytestmark = pytest.mark.browser


def sort_the_example(page: Page) -> None:
    open_form(page, "Spikes")
    expect(page.locator("#panel-state")).to_contain_text("done")


def test_two_units_are_compared(page: Page) -> None:
    sort_the_example(page)
    expect(page.locator("#spikes-similarity .heatmaplayer image").first).to_be_visible()
    page.get_by_label("Counted around it").first.click()
    page.get_by_role("option", name="Unit 3").click()
    expect(page.get_by_text("Spikes of unit 3 around those of unit 0")).to_be_visible()
    expect(page.locator("#spikes-correlogram .barlayer").first).to_be_visible()


def test_units_are_exported_for_phy(page: Page) -> None:
    sort_the_example(page)
    page.get_by_role("link", name="Export for phy, NWB, SpikeInterface or as tables").click()
    page.get_by_role("button", name="Export units").click()
    expect(page.locator("#panel-state")).to_contain_text("done")
    with page.expect_download() as download:
        page.get_by_role("link", name="Everything as zip").first.click()
    names = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())).namelist()
    for name in ("params.py", "cluster_group.tsv", "spike_times.npy", "templates.npy"):
        assert any(entry.endswith(f"result/{name}") for entry in names)


def test_a_recording_is_looked_at_and_then_sorted(page: Page) -> None:
    page.goto("/spikes?step=look")
    page.get_by_role("button", name="Use example data").click()
    expect(page.get_by_text("Chosen: Example")).to_be_visible()
    page.get_by_role("button", name="Look at the recording").click()
    expect(page.get_by_text("Nothing looks wrong")).to_be_visible()
    ticks = page.locator("#look-traces .xtick text")
    expect(ticks.last).to_have_text("10")
    page.get_by_role("button", name="Whole recording").click()
    expect(ticks.last).to_have_text("60")
    page.get_by_role("link", name="Sort with this").click()
    page.wait_for_url(re.compile("step=sort"))
    expect(page.get_by_text("Chosen: Example")).to_be_visible()
    expect(page.get_by_role("button", name="Sort spikes")).to_be_visible()


def sort_with_another_filter(page: Page) -> None:
    """A sorting of other spikes, which so has a curation of its own."""
    page.goto("/spikes?step=sort")
    page.get_by_role("button", name="Use example data").first.click()
    expect(page.get_by_text("Chosen: Example")).to_be_visible()
    page.get_by_label("Band-pass from").fill("320")
    page.get_by_role("button", name="Sort spikes").click()
    page.wait_for_url(re.compile("/spikes.*job="))
    expect(page.locator("#panel-state")).to_contain_text("done")


def test_a_unit_is_seen_in_the_signal_and_its_clusters(page: Page) -> None:
    sort_with_another_filter(page)
    expect(page.get_by_text("the group sorter")).to_be_visible()
    expect(page.locator("#spikes-traces .xtick").first).to_be_visible()
    expect(page.locator("#spikes-clusters .xtick").first).to_be_visible()
    page.locator("#spikes-units .ag-row[row-index='2'] .ag-cell").first.click()
    expect(page.get_by_text("The largest channels of unit 2")).to_be_visible()
    expect(page.get_by_text("Unit 2: height of its spikes")).to_be_visible()
    page.get_by_role("button", name="Next unit").click()
    expect(page.get_by_text("Unit 3: height of its spikes")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Report (HTML)").click()
    assert "<svg" in Path(download.value.path()).read_text()
    draw_a_lasso_around_the_right_half(page, "#spikes-clusters")
    expect(page.locator("#spikes-chosen-waveforms .main-svg").first).to_be_visible()
    expect(page.locator("#spikes-chosen")).to_contain_text("spikes in the line")
    assert serious(page) == []
    page.get_by_role("button", name="Split these off unit").click()
    said = page.locator("#spikes-split-said")
    expect(said).to_contain_text(re.compile(r"is split into units \d+ and \d+"))
