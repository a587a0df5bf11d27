"""A recording's workspace: its units are exported, noted and reported without leaving it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.workspaces.store import Workspaces
from tests.browser.examples import open_form
from tests.browser.test_accessibility import serious, serious_in_both_schemes
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


def test_a_noted_run_is_reported_in_a_file_that_opens_offline(
    page: Page, live: LiveApp, browser: Browser, tmp_path: Path
) -> None:
    page.goto(open_desk(page, live) + "?tab=units")
    page.get_by_role("button", name="History").click()
    page.get_by_text("Write a note").first.click()
    page.get_by_label("Note on this run").first.fill("The one in the paper.\n<b>Electrode 2</b>")
    page.get_by_role("button", name="Keep the note").first.click()
    expect(page.locator(".run .note-text").first).to_contain_text("<b>Electrode 2</b>")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Report").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the report (HTML)").click()
    file = tmp_path / "report.html"
    download.value.save_as(file)
    faults: list[str] = []
    with browser.new_context(offline=True) as context:
        opened = context.new_page()
        opened.on("console", lambda message: faults.append(message.text))
        opened.on("request", lambda one: faults.append(one.url) if "http" in one.url[:5] else None)
        opened.goto(file.as_uri())
        expect(opened.get_by_role("heading", name="Methods")).to_be_visible()
        expect(opened.get_by_text("<b>Electrode 2</b>")).to_be_visible()
        expect(opened.get_by_text("filtered from 300 to 6000 Hz")).to_be_visible()
        assert opened.locator("svg").count() > 20
        for scheme in ("light", "dark"):
            opened.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert serious(opened) == []
        wide = opened.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
    assert faults == []
