"""A recording's workspace: its units are exported without leaving it."""

import pytest
from playwright.sync_api import Page, expect

from dashboard.workspaces.store import Workspaces
from tests.browser.examples import open_form
from tests.browser.test_accessibility import serious_in_both_schemes
from tests.live import LiveApp

pytestmark = pytest.mark.browser


def open_desk(page: Page, live: LiveApp) -> str:
    """The desk of the example, sorted; its address."""
    job = open_form(page, "Spikes")
    expect(page.locator("#panel-state")).to_contain_text("done")
    workspace = Workspaces(live.home / "jobs.sqlite").of(job)[0].id
    page.goto(f"/spikes/{workspace}")
    return f"/spikes/{workspace}"


def test_units_are_exported_on_the_desk(page: Page, live: LiveApp) -> None:
    page.goto(open_desk(page, live) + "?tab=export")
    page.get_by_role("button", name="Export tables (CSV)").click()
    listed = page.locator("#export-list")
    expect(listed).to_contain_text("done")
    with page.expect_download():
        listed.get_by_role("link", name="Everything as zip").first.click()
    assert serious_in_both_schemes(page) == []
