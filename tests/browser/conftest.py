"""A real browser that fails on console errors and on any request to elsewhere."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tests.live import LiveApp

PATIENCE_MS = 90_000
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


def find_browser() -> str | None:
    """Chromium, Chrome or Edge on this machine."""
    on_path = (shutil.which(name) for name in NAMES)
    installed = (place for place in PLACES if Path(place).exists())
    return next((found for found in [*on_path, *installed] if found), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = find_browser()
    if found is None:
        if os.environ.get("NEUROBOARD_REQUIRE_BROWSER"):
            pytest.fail("no Chromium, Chrome or Edge: the browser stories cannot be told")
        pytest.skip("no Chromium, Chrome or Edge on this machine")
    return {**browser_type_launch_args, "executable_path": found, "args": list(QUIET)}


@pytest.fixture(scope="session")
def base_url(live: LiveApp) -> str:
    live.wait_until_ready()
    return live.url


MISSING = "/jobs/none"
"""A page that is not there, which a browser notes as an error."""


def _is_of_a_missing_page(message: ConsoleMessage) -> bool:
    where = urlsplit(str(message.location["url"])).path
    return where == MISSING and "status of 404" in message.text


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that tells on itself."""
    faults: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not _is_of_a_missing_page(message):
            faults.append(f"console: {message.text}")

    def on_request(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != "127.0.0.1":
            faults.append(f"request to {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
    page.on("request", on_request)
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield page
    if page.get_by_text("WebGL is not supported").count():
        faults.append("a figure was not drawn")
    assert faults == []
