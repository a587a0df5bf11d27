"""How units are curated, told in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.examples import open_form
from tests.browser.test_accessibility import serious
from tests.live import LiveApp

pytestmark = pytest.mark.browser


def review_the_example(page: Page) -> None:
    open_form(page, "Spikes")
    expect(page.locator("#panel-state")).to_contain_text("done")
    page.get_by_role("link", name="3. Curate").click()
    page.get_by_role("textbox", name="Split with").click()
    page.get_by_role("option", name="bgmm").click()
    page.get_by_role("button", name="Review units").click()
    page.wait_for_url(re.compile("step=curate.*job="))
    expect(page.locator("#curate-waveforms .main-svg").first).to_be_visible()


def draw_a_lasso_around_the_right_half(page: Page, figure: str = "#curate-cloud") -> None:
    plane = page.locator(f"{figure} .nsewdrag").first
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    assert box is not None
    corners = [(0.5, 0.02), (0.98, 0.02), (0.98, 0.98), (0.5, 0.98), (0.5, 0.02)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()
    page.wait_for_timeout(500)


def test_units_are_labelled_by_keys_and_nothing_is_lost_when_the_app_is_killed(
    page: Page, live: LiveApp
) -> None:
    review_the_example(page)
    for key in "gmn":  # faster than the server answers
        page.keyboard.press(key)
    expect(page.locator("#curate-saved")).to_contain_text("All saved: 3 steps")
    page.keyboard.press("z")
    expect(page.locator("#curate-saved")).to_contain_text("All saved: 2 steps")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("undo the last step")
    page.keyboard.press("Escape")
    address = page.url
    page.goto("about:blank")
    assert live.process is not None
    live.process.kill()
    live.process.wait()
    live.start()
    page.goto(address)
    expect(page.locator("#curate-saved")).to_contain_text("All saved: 2 steps")
    expect(page.locator("#curate-heads")).to_contain_text("good1")
    page.locator("#curate h2").first.click()
    page.keyboard.press("z")  # undo reaches over the crash
    expect(page.locator("#curate-saved")).to_contain_text("All saved: 1 step,")


def test_proposals_are_taken_and_the_units_are_used(page: Page) -> None:
    review_the_example(page)
    page.get_by_role("button", name="Next").click()
    other = 1 if "Unit 0" in page.locator("#curate-unit-name").inner_text() else 0
    page.get_by_label("Merge the unit with unit").fill(str(other))
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.locator("#curate-unit-name")).to_contain_text(re.compile(r"Unit ([6-9]|\d\d)"))
    expect(page.locator("#curate-unit-view")).to_contain_text("Propose again looks at them")
    assert serious(page) == []
    saved = page.locator("#curate-saved").inner_text()
    page.get_by_role("button", name="Propose again").click()
    expect(page.locator("#curate-proposals")).to_contain_text("Up to date")
    expect(page.locator("#curate-saved")).to_have_text(saved)  # the same curation goes on
    page.get_by_role("button", name="Take: Split").first.click()  # of the two cells made one
    expect(page.locator("#curate-proposals")).to_contain_text("taken; undo gives it back")
    draw_a_lasso_around_the_right_half(page)
    page.get_by_role("button", name="Split off the lasso").click()
    expect(page.locator("#curate-log")).to_contain_text("split unit")
    page.get_by_role("button", name="Use these units").click()
    page.wait_for_url(re.compile("step=curated.*job="))
    expect(page.locator("#panel-state")).to_contain_text("done")
    expect(page.get_by_role("heading", name="For your methods section")).to_be_visible()
    page.get_by_role("link", name="Export them").click()
    page.get_by_role("button", name="Export units").click()
    expect(page.locator("#panel-state")).to_contain_text("done")
