"""A file that was chosen shows itself and is set up, told in a real browser."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from dashboard.jobs.store import JobInput
from dashboard.workspaces.store import Workspaces
from pipelines.synapses.simulate import simulate
from tests.browser.test_accessibility import serious_in_both_schemes
from tests.live import LiveApp

pytestmark = pytest.mark.browser
STARTED = re.compile("(asked|run)=[0-9a-f]{12}")


def chosen(live: LiveApp, subject: str, name: str, path: Path) -> str:
    """The address to which somebody is led who has chosen a file."""
    one = JobInput(name, f"data:lab/{path.name}", f"lab/{path.name}", str(path), str(path))
    found = Workspaces(live.home / "jobs.sqlite").create(subject, "", [one], "")
    return f"/{subject}/{found.id}?setup=1"


def press_preset(page: Page, name: str) -> None:
    """Choose a preset by keyboard alone."""
    button = page.get_by_role("button", name=name, exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")


def test_a_raw_recording_is_asked_about_looked_at_and_sorted(
    page: Page, live: LiveApp, lab: Path
) -> None:
    random = np.random.default_rng(0)
    samples = np.round(random.normal(0, 50, (30_000 * 2, 4))).astype(np.int16)
    (lab / "wires.raw").write_bytes(samples.tobytes())
    page.goto(chosen(live, "spikes", "recording", lab / "wires.raw"))
    unread = page.locator(".unread")
    expect(unread).to_contain_text("wires.raw is not understood yet")
    asked_first = page.locator(".setup-asked")
    expect(asked_first.get_by_role("textbox", name="Sample type")).to_be_in_viewport()
    unread.get_by_label("Sampling frequency").fill("30000")
    unread.get_by_label("Number of channels").fill("4")
    unread.get_by_label("Gain").fill("0.195")
    unread.get_by_role("button", name="Read again").click()
    expect(page.locator("#desk-answer")).to_contain_text("4 channels, 2.0 s")
    expect(page.locator('[data-name="traces"] .main-svg').first).to_be_visible()
    facts = page.locator('[data-name="facts"]')
    expect(facts).to_contain_text("30,000 Hz")
    expect(facts).to_contain_text("0.195 µV per step")

    drawer = page.get_by_role("dialog", name="Set-up")
    expect(drawer.get_by_text("3 changed")).to_be_visible()  # as was said of the file
    press_preset(page, "Single wires")
    expect(drawer.get_by_role("status").filter(has_text="Changed:")).to_contain_text(
        "Detection threshold 4 (was 5)"
    )
    drawer.get_by_role("button", name="Detection threshold back to 5").click()
    expect(drawer.get_by_role("textbox", name="Detection threshold")).to_have_value("5")
    drawer.get_by_label("Search").fill("refractory")
    expect(drawer.get_by_role("textbox", name="Refractory period")).to_be_visible()
    assert serious_in_both_schemes(page) == []
    page.keyboard.press("Control+Enter")
    page.wait_for_url(STARTED)
    assert "tab=units" in page.url
    expect(drawer).to_be_hidden()


def test_a_film_shows_itself_and_a_wrong_value_is_said_at_its_field(
    page: Page, live: LiveApp, lab: Path
) -> None:
    random = np.random.default_rng(2)
    np.save(lab / "fish.npy", random.integers(50, 200, (30, 2, 16, 18)).astype(np.uint16))
    page.goto(chosen(live, "brainmap", "images", lab / "fish.npy"))
    expect(page.locator("#desk-answer")).to_contain_text("30 frames of 2 x 16 x 18 voxels")
    expect(page.locator('[data-name="film-facts"]')).to_contain_text("uint16, 16 bits")
    drawer = page.get_by_role("dialog", name="Set-up")
    press_preset(page, "Two-photon")
    expect(drawer.get_by_role("textbox", name="Baseline percentile")).to_have_value("8")
    drawer.get_by_role("textbox", name="Number of clusters").fill("none")
    page.keyboard.press("Control+Enter")
    field = drawer.locator('.field[data-field="k"]')
    expect(field.locator(".error")).to_contain_text("k (Number of clusters)")
    assert serious_in_both_schemes(page) == []
    drawer.get_by_role("textbox", name="Number of clusters").fill("2, 3")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(STARTED)
    assert "tab=map" in page.url
    expect(page.get_by_role("button", name="Change and run again")).to_be_visible()


def test_a_table_shows_its_rows_and_columns_and_is_clustered(
    page: Page, live: LiveApp, lab: Path
) -> None:
    simulate(2, 0, 1).table.to_csv(lab / "cells.csv", index=False)
    page.goto(chosen(live, "synapses", "table", lab / "cells.csv"))
    expect(page.locator("#desk-answer")).to_contain_text("rows can be used")
    expect(page.locator('[data-name="synapse-sheet"] .ag-row').first).to_be_visible()
    columns = page.locator('[data-name="synapse-columns"]')
    expect(columns.get_by_role("row", name=re.compile("^SynArea number"))).to_be_visible()
    press_preset(page, "Small groups")
    drawer = page.get_by_role("dialog", name="Set-up")
    expect(drawer.get_by_text("2 changed")).to_be_visible()
    assert serious_in_both_schemes(page) == []
    drawer.get_by_role("button", name="All back to default").click()
    expect(drawer.get_by_role("textbox", name="UMAP neighbours")).to_have_value("30")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(STARTED)
    assert "tab=map" in page.url


def test_a_table_of_anything_is_compared_by_its_numbers_with_one_press(
    page: Page, live: LiveApp, lab: Path
) -> None:
    rows = [f"Adelie,{39 + i % 7}.1,{18 - i % 3}.7" for i in range(40)]
    (lab / "penguins.csv").write_text("\n".join(["species,bill_length_mm,bill_depth_mm", *rows]))
    page.goto(chosen(live, "synapses", "table", lab / "penguins.csv"))
    drawer, words = page.locator(".setup-asked"), "Compare rows by the numeric columns"
    drawer.get_by_role("button", name=words).click()
    expect(drawer).to_contain_text("compared by bill_length_mm, bill_depth_mm")
    unread = page.locator(".unread")
    unread.get_by_role("button", name=words).click()
    expect(unread).to_contain_text("compared by bill_length_mm, bill_depth_mm")
    assert serious_in_both_schemes(page) == []
    unread.get_by_role("button", name="Read again").click()
    expect(page.locator("#desk-answer")).to_contain_text("40 of 40 rows can be used")


def test_the_guide_is_one_press_away(page: Page, live: LiveApp, lab: Path) -> None:
    page.goto("/guide/spikes")
    expect(page.get_by_role("heading", level=1)).to_contain_text("From a raw recording")
    page.get_by_role("link", name="From an image series").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("From an image series")
    assert serious_in_both_schemes(page) == []
