"""A recording's desk from end to end: units are judged, curated, exported, also by keys alone."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.spikes.workspace import SUBJECT
from tests import examples
from tests.browser.desks import answered, panel, same_elsewhere, to_front
from tests.browser.test_accessibility import serious_in_both_schemes
from tests.examples import Desk
from tests.live import LiveApp

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(live: LiveApp) -> Desk:
    """The example, sorted for these stories alone: a sorting has one curation."""
    live.wait_until_ready()
    sort, *others = examples.SPIKES
    return examples.run(live, [replace(sort, values={"max_clusters": 19}), *others])


def test_a_unit_is_chosen_by_keys_and_its_panels_follow(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.path}?tab=units")
    expect(page.locator("#desk-answer")).to_contain_text("6 units")
    expect(panel(page, "waveforms")).to_contain_text("unit 0")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("units=2"))
    for name in ("waveforms", "in-time"):
        expect(panel(page, name)).to_contain_text("unit 2")
    expect(panel(page, "correlograms")).to_contain_text("time from a spike of unit 2")
    expect(panel(page, "similar")).to_contain_text("like unit 2")
    page.keyboard.press("s")  # the likest beside it
    expect(page).to_have_url(re.compile(r"units=2,\d"))
    to_front(page, "signal")
    page.keyboard.press(".")
    expect(page).to_have_url(re.compile("spike=1"))


def test_a_limit_answers_on_the_desk(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.path}?tab=units")
    to_front(page, "limits")
    labelled = page.locator("#labels-units")
    expect(labelled).to_contain_text("good")
    expect(labelled).not_to_contain_text("noise")
    panel(page, "limits").get_by_text("Metrics").first.click()
    page.get_by_label("snr, at least").first.fill("1000")
    expect(labelled).to_contain_text("noise")


def test_units_are_merged_undone_and_exported(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.path}?tab=curate")
    unit = page.locator("#curate-unit-name")
    expect(unit).to_have_text(re.compile(r"Unit \d"))
    first = unit.inner_text()
    page.get_by_label("Merge the unit with unit").fill("0" if "0" not in first else "1")
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(unit).to_have_text("Unit 6")
    expect(page.locator("#curate-heads")).to_contain_text("Units5")
    page.locator("#curate-unit-name").click()
    page.keyboard.press("z")
    expect(page.locator("#curate-heads")).to_contain_text("Units6")
    for figure in ("waveforms", "correlogram", "isi", "cloud"):  # in sight at 1440 x 900
        expect(page.locator(f"#curate-{figure}")).to_be_in_viewport(ratio=1)
    page.get_by_role("link", name="Export", exact=True).click()
    page.get_by_role("button", name="Export tables (CSV)").click()
    listed = page.locator("#export-list")
    expect(listed).to_contain_text("done")
    with page.expect_download():
        listed.get_by_role("link", name="Everything as zip").first.click()
    assert serious_in_both_schemes(page) == []


def test_the_keyboard_alone_leads_from_home_to_an_export(page: Page, desk: Desk) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("tetrode")
    found = page.locator(".find li[aria-selected=true]")
    expect(found).to_contain_text("tetrode")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(desk.path))
    page.keyboard.press("2")
    expect(panel(page, "waveforms")).to_contain_text("unit 0")
    page.keyboard.press("j")
    expect(panel(page, "waveforms")).to_contain_text("unit 1")
    page.keyboard.press("3")
    expect(page.locator("#curate-waveforms .main-svg").first).to_be_visible()
    page.keyboard.press("g")
    expect(page.locator("#curate-heads")).to_contain_text("good1")
    page.keyboard.press("z")
    expect(page.locator("#curate-heads")).to_contain_text("good0")
    page.keyboard.press("4")
    button = page.get_by_role("button", name="Export zarr")
    expect(button).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#export-list")).to_contain_text("zarr")


@pytest.mark.parametrize("tab", [one.word for one in SUBJECT.tabs])
def test_a_tab_is_accessible(page: Page, desk: Desk, tab: str) -> None:
    page.goto(f"{desk.path}?tab={tab}")
    answered(page)
    assert serious_in_both_schemes(page) == []


@pytest.mark.parametrize(
    ("tab", "view"),
    [
        ("signal", "channels=2&span=0.2,0.4"),
        ("units", "units=3,1&window=0.2&spike=4"),
        ("curate", "units=3"),
    ],
)
def test_what_is_chosen_is_seen_by_whom_the_address_is_sent(
    page: Page, browser: Browser, desk: Desk, tab: str, view: str
) -> None:
    page.goto(f"{desk.path}?tab={tab}&{view}")
    assert all(one in same_elsewhere(browser, page) for one in view.split("&"))
