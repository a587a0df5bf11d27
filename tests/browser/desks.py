"""What stories do on any desk."""

from playwright.sync_api import Browser, Locator, Page, expect

from tests.live import wait_for


def panel(page: Page, name: str) -> Locator:
    """A panel by its name."""
    return page.locator(f'.panel[data-name="{name}"]')


def to_front(page: Page, name: str) -> None:
    """Choose the panel of that name where several share a place."""
    page.locator(f'.slot-tab[data-shows="{name}"]').click()
    expect(panel(page, name)).to_be_visible()


def answered(page: Page) -> None:
    """Wait until the desk is there with all that it asked for."""
    expect(page.locator(".desk[data-ready]")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)


def _chosen(page: Page) -> tuple[str, list[str]]:
    """What the page says is selected: its address, and the rows that its tables mark."""
    return page.url.partition("?")[2], page.locator(".desk .ag-row-selected").all_inner_texts()


def same_elsewhere(browser: Browser, page: Page) -> str:
    """Wait until the address shows the same in another browser that has kept nothing; the query."""
    answered(page)
    context = browser.new_context(viewport=page.viewport_size)
    try:
        other = context.new_page()
        other.goto(page.url)
        answered(other)
        wait_for(lambda: _chosen(other) == _chosen(page), "the same selection in another browser")
        return _chosen(other)[0]
    finally:
        context.close()
