"""Takes the pictures in the README from the running app, with example data."""

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import QUIET, find_browser  # noqa: E402
from tests.browser.examples import open_form  # noqa: E402
from tests.live import LiveApp  # noqa: E402

FOLDER = ROOT / "docs" / "images"
WINDOW = {"width": 1360, "height": 900}


def main() -> None:
    """Start the app, run the three examples, and take a picture of each page."""
    FOLDER.mkdir(exist_ok=True)
    with running_app() as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(QUIET))
        page = browser.new_page(viewport=WINDOW, color_scheme="light", base_url=app.url)
        page.set_default_timeout(120_000)
        for name in ("Spikes", "Brain map", "Synapses"):
            take_example(page, name)
        page.goto(app.url)
        take(page, "home")
        page.goto(f"{app.url}/jobs")
        take(page, "jobs")
        page.get_by_role("link", name=re.compile("^Map voxels")).click()
        take(page, "job")
        browser.close()


@contextmanager
def running_app() -> Iterator[LiveApp]:
    """An app with an empty home."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        app = LiveApp(Path(home), [])
        app.start()
        try:
            app.wait_until_ready()
            yield app
        finally:
            app.stop()


def take_example(page: Page, name: str) -> None:
    """Run one example and take its page."""
    open_form(page, name)
    expect(page.locator("#panel-state")).to_contain_text("done", timeout=120_000)
    take(page, name.lower().replace(" ", ""))


def take(page: Page, name: str) -> None:
    """Save what is in the window."""
    page.wait_for_timeout(1500)
    page.screenshot(path=FOLDER / f"{name}.png")
    print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
