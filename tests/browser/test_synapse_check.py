"""Repairing a table before it is used, told in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipelines.synapses.simulate import simulate
from pipelines.synapses.table.faults import write_faults
from tests.browser.test_accessibility import serious

pytestmark = pytest.mark.browser


def test_a_table_is_checked_repaired_and_taken_away(page: Page, tmp_path: Path) -> None:
    write_faults(simulate(2, 0, 1).table.head(40), ["nanometres"], tmp_path)
    page.goto("/synapses?step=check")
    with page.expect_file_chooser() as chooser:
        page.locator(".dropzone").first.click()
    chooser.value.set_files(tmp_path / "fault-nanometres.csv")
    expect(page.locator(".chosen").first).to_contain_text("fault-nanometres.csv")
    page.get_by_text("A table that is not of synapses", exact=True).click()
    page.get_by_role("textbox", name="Id column").click()
    expect(page.get_by_role("option", name="BoutonArea")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Check table").click()
    expect(page.locator(".stats")).to_contain_text("Rejected40")
    expect(page.get_by_text("so the factor is 1000")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert serious(page) == []
    page.get_by_role("button", name="Repair this (nm-to-um)").click()
    expect(page.locator(".stats")).to_contain_text("Repaired40")
    with page.expect_download() as download:
        page.get_by_role("link", name="Repaired table (CSV)").click()
    assert Path(download.value.path()).read_text(encoding="utf-8").count("\n") == 41
    page.get_by_role("link", name="Cluster this table").click()
    expect(page.locator(".chosen").first).to_contain_text("fault-nanometres.csv")
    expect(page.get_by_text("nm-to-um", exact=True).first).to_be_visible()
