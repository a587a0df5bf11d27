"""A page loads what it needs, and what it has it does not load again."""

from playwright.sync_api import Page, Response

from tests.live import LiveApp

LATE = ("plotly", "dash_ag_grid", "async-graph")


def test_home_loads_neither_tables_nor_figures_and_loads_its_code_once(
    page: Page, live: LiveApp
) -> None:
    came: list[Response] = []
    page.on("response", lambda one: came.append(one))
    page.goto(f"{live.url}/")
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")
    assert [one.url for one in came for name in LATE if name in one.url] == []
    packed = [one.url for one in came if one.headers.get("content-encoding") == "gzip"]
    assert any("_dash-update-component" in url for url in packed)
    assert len(packed) > 10

    came.clear()
    page.goto(f"{live.url}/spikes")
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_load_state("networkidle")
    again = [one.url for one in came if "/assets/" in one.url or "component-suites" in one.url]
    over_the_line = [url for url in again if _was_sent(page, url)]
    assert again
    assert over_the_line == []


def _was_sent(page: Page, url: str) -> bool:
    """Whether the browser says that bytes of a file came over the line."""
    size: int = page.evaluate("url => performance.getEntriesByName(url)[0].transferSize", url)
    return size > 0
