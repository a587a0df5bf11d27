"""People of a lab on one server, told in a real browser."""

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_accessibility import serious
from tests.live import LiveApp

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApp]:
    """An app that others can reach, with a token for each role."""
    app = LiveApp(tmp_path_factory.mktemp("home"), [])
    tokens = {f"NEUROBOARD_{role}TOKEN": f"{role}secret" for role in ("", "OWNER_", "LOOK_")}
    app.start({**os.environ, **tokens, "NEUROBOARD_HOST": "0.0.0.0"})
    try:
        app.wait_until_ready()
        yield app
    finally:
        app.stop()


def sign_in(page: Page, server: LiveApp, token: str, name: str) -> None:
    page.goto(f"{server.url}/?token={token}&name={name}")
    expect(page.get_by_text(f"{name} (")).to_be_visible()


def test_a_stranger_types_the_token_and_a_name(context: BrowserContext, server: LiveApp) -> None:
    page = context.new_page()  # not the one that tells on itself: 401 is an error in its console
    page.goto(f"{server.url}/spikes")
    assert serious(page) == []
    page.get_by_label("Token").fill("secret")
    page.get_by_label("Your name").fill("Zoë")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_text("Zoë (work)")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Spikes")
    page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()


def test_the_name_stands_on_the_job(page: Page, server: LiveApp) -> None:
    sign_in(page, server, "secret", "Anna")
    page.get_by_role("button", name="Try Brain map with example data").click()
    expect(page.locator("#desk-answer")).to_contain_text("8 clusters")
    page.goto(f"{server.url}/jobs")
    expect(page.get_by_role("cell", name="Anna")).to_be_visible()


def test_who_only_looks_is_told_why_nothing_starts(page: Page, server: LiveApp) -> None:
    sign_in(page, server, "LOOK_secret", "Lee")
    page.get_by_role("button", name="Try Synapses with example data").click()
    expect(page.get_by_role("alert")).to_contain_text("this needs the role 'work'")
    assert serious(page) == []
    page.get_by_role("link", name="Jobs", exact=True).click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_owner_deletes_a_job_after_a_question(page: Page, server: LiveApp) -> None:
    sign_in(page, server, "OWNER_secret", "Olga")
    page.goto(f"{server.url}/jobs")
    page.get_by_role("link", name="What takes space on this computer").click()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=re.compile("^Delete job [0-9a-f]")).first.click()
    expect(page.locator("#space-status")).to_contain_text("free again")
    expect(page.get_by_text("No job is kept yet.")).to_be_visible()
