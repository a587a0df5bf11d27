"""A person looks at images before mapping them, told in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def look_at_the_example(page: Page) -> None:
    page.goto("/brainmap?step=look")
    page.get_by_role("button", name="Use example data").click()
    expect(page.get_by_text("Chosen: Example: simulated calcium imaging")).to_be_visible()
    page.get_by_role("button", name="Look at images").click()
    expect(page.locator("#panel-state")).to_contain_text("done")
    expect(page.locator("#look-film .heatmaplayer image")).to_be_visible()


def test_a_film_is_played_and_stopped(page: Page) -> None:
    look_at_the_example(page)
    time = page.get_by_role("slider", name="Time point")
    expect(time).to_have_attribute("aria-valuenow", "0")
    page.get_by_role("button", name="Play").click()
    expect(time).not_to_have_attribute("aria-valuenow", re.compile("^[01]$"))
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_threshold_is_moved_and_taken_to_the_map(page: Page) -> None:
    look_at_the_example(page)
    kept = page.locator("#look-kept")
    before = kept.inner_text()
    page.get_by_role("slider", name="Threshold").press("End")
    expect(kept).not_to_have_text(before)
    number = page.get_by_label("Activity threshold")
    number.fill("0.03")
    expect(kept).to_contain_text(re.compile(r"[\d,]+ of 15,360 voxels kept"))
    expect(page.locator("#look-map")).to_have_attribute("href", re.compile("std_threshold=0.03$"))
    page.get_by_role("link", name="Map voxels above this threshold").click()
    expect(page.get_by_label("Activity threshold")).to_have_value("0.03")
    expect(page.get_by_text("Chosen: Example: simulated calcium imaging")).to_be_visible()


def test_a_box_of_background_gives_the_threshold(page: Page) -> None:
    look_at_the_example(page)
    plane = page.locator("#look-std .nsewdrag").first
    plane.scroll_into_view_if_needed()
    place = plane.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 3, place["y"] + 3)
    page.mouse.down()
    page.mouse.move(place["x"] + 40, place["y"] + 30, steps=5)
    page.mouse.up()
    expect(page.get_by_label("Activity threshold")).to_have_value(re.compile(r"^0\.00\d+$"))


def test_pointing_at_a_voxel_shows_its_series(page: Page) -> None:
    look_at_the_example(page)
    expect(page.locator("#look-series .scatterlayer .trace")).to_have_count(0)
    page.locator("#look-film .nsewdrag").first.hover()
    expect(page.locator("#look-series .scatterlayer .trace")).to_have_count(1)
    expect(page.locator("#look-series .gtitle")).to_contain_text(re.compile(r"plane 0, y \d+"))


def test_statistics_and_samples_follow_their_numbers(page: Page) -> None:
    look_at_the_example(page)
    expect(page.locator("#statistics-sample .scatterlayer .trace")).to_have_count(20)
    page.get_by_label("Series drawn").fill("7")
    expect(page.locator("#statistics-sample .scatterlayer .trace")).to_have_count(7)
    page.get_by_label("Activity threshold").fill("0.1")
    expect(page.locator("#statistics-said")).to_contain_text("vary by more than 0.1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_look_is_accessible(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    look_at_the_example(page)
    page.wait_for_timeout(500)
    found = Axe().run(page).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []
