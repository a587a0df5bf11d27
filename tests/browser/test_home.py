"""Home: from nothing to a workspace that is found again."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import serious
from tests.live import LiveApp

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApp]:
    """An app of its own, with nothing in it."""
    folder: Path = tmp_path_factory.mktemp("empty")
    app = LiveApp(folder / "home", [])
    app.start(dict(os.environ))
    try:
        app.wait_until_ready()
        yield app
    finally:
        app.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_empty_home_shows_pictures_of_what_will_be_there(
    page: Page, server: LiveApp, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(server.url)
    for name in ("Spikes", "Brain map", "Synapses"):
        expect(page.get_by_role("button", name=f"Try {name} with example data")).to_be_visible()
    assert drawn(page) == [True] * 3
    assert serious(page) == []


def test_from_an_empty_home_to_a_workspace_that_is_named_and_found(
    page: Page, server: LiveApp
) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Try Brain map with example data").click()
    expect(page.locator("#panel-bar")).to_be_attached()
    page.get_by_role("link", name="Home").click()
    card = page.get_by_role("listitem").filter(has=page.locator(".workspace-says"))
    expect(card.get_by_role("heading")).to_have_text("Example: simulated calcium imaging")
    expect(card).to_contain_text("8 clusters of")  # the page follows its job
    expect(card.get_by_role("img", name="A plane of it")).to_be_visible()
    assert drawn(page) == [True] * 4

    card.get_by_role("button", name="Edit Example").click()
    dialog = page.get_by_role("dialog", name="Workspace")
    dialog.get_by_label("Name").fill("   ")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("A workspace needs a name")
    dialog.get_by_label("Name").fill("Fish 7, light sheet")
    dialog.get_by_label("Tags").fill("zebrafish")
    page.keyboard.press("Enter")
    dialog.get_by_label("Notes").fill("Tectum, GCaMP6s")
    assert serious(page) == []
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(card.get_by_role("heading")).to_have_text("Fish 7, light sheet")

    page.get_by_text("New", exact=True).press("Enter")
    expect(page.get_by_role("link", name="A recording: file or folder")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="A recording: file or folder")).to_be_hidden()

    search = page.get_by_role("textbox", name="Search workspaces")
    search.fill("mouse")
    expect(page.get_by_text("No workspace has all of that")).to_be_visible()
    search.fill("tectum fish")
    expect(card.get_by_role("heading")).to_have_text("Fish 7, light sheet")
    expect(page).to_have_url(re.compile("search=tectum"))
    page.reload()
    expect(search).to_have_value("tectum fish")
    expect(card).to_have_count(1)
    assert serious(page) == []

    card.get_by_role("link", name="zebrafish").click()
    expect(page).to_have_url(re.compile("tag=zebrafish"))
    card.get_by_role("link", name="Fish 7, light sheet").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/brainmap"))


def drawn(page: Page) -> list[bool]:
    """Whether each picture is there and whole."""
    page.wait_for_load_state("networkidle")
    script = "images => images.map(image => image.complete && image.naturalWidth > 0)"
    found: list[bool] = page.locator(".workspace-picture img").evaluate_all(script)
    return found
