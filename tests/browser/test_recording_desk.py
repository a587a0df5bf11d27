"""A recording's workspace: its units are exported without leaving it."""

import re

import pytest
from playwright.sync_api import Page, expect

from dashboard.workspaces.store import Workspaces
from tests.browser.test_accessibility import serious_in_both_schemes
from tests.live import LiveApp

pytestmark = pytest.mark.browser


def open_desk(page: Page, live: LiveApp) -> str:
    """The desk of the example, sorted; its address."""
    page.goto("/")
    page.get_by_role("button", name="Try Spikes with example data").click()
    page.wait_for_url(re.compile("/spikes.*job="))
    expect(page.locator("#panel-state")).to_contain_text("done")
    job = re.search("job=([0-9a-f]{12})", page.url)
    assert job is not None
    workspace = Workspaces(live.home / "jobs.sqlite").of(job[1])[0].id
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
