"""How units are labelled, told in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.examples import open_form

pytestmark = pytest.mark.browser


def test_sorted_units_are_labelled_and_a_limit_answers_at_once(page: Page) -> None:
    open_form(page, "Spikes")
    expect(page.locator("#panel-state")).to_contain_text("done")
    page.get_by_role("link", name="2. Label").click()
    page.get_by_role("button", name="Label units").click()
    page.wait_for_url(re.compile("step=label.*job="))
    expect(page.locator("#labels-units .ag-cell").first).to_be_visible()
    for labeller in ("Thresholds", "Bombcell", "Classifier (UnitRefine)"):
        expect(page.locator("#labels-heads").get_by_role("heading", name=labeller)).to_be_visible()
    limit = page.get_by_label("snr, at least").first
    limit.fill("1000")
    expect(page.locator("#labels-units")).to_contain_text("< 1000")
    expect(page.locator("#labels-json")).to_contain_text("1000")
    expect(page.locator("#labels-histogram .barlayer").first).to_be_visible()
