"""axe-core finds nothing serious on any page, in light and dark."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.examples import open_form

pytestmark = pytest.mark.browser

EMPTY = (
    "/",
    "/spikes",
    "/brainmap",
    "/synapses",
    "/brainmap?engine=spark-local",
    "/brainmap?step=look",
    "/models",
    "/jobs",
    "/space",
    "/jobs/none",
)
STEPS = tuple(f"/synapses?step={step}" for step in ("fit", "train", "predict", "check"))
SPIKES = tuple(f"/spikes?step={step}" for step in ("sort", "look", "batch", "export"))
BRAINMAP = tuple(f"/brainmap?step={step}" for step in ("correlate", "series", "colorize", "export"))
EXAMPLES = ("Spikes", "Brain map", "Synapses")


def serious(page: Page) -> list[str]:
    """Rules of weight that are broken, with the first element that breaks them."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {rule['nodes'][0]['html'][:200]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


def serious_in_both_schemes(page: Page) -> list[str]:
    """The same in light and dark, of what stays.

    The page follows the browser a moment after it changes; what axe looks at meanwhile may have a
    colour of each.
    """
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        if serious(page):
            page.wait_for_timeout(1000)
            found += serious(page)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*EMPTY, *STEPS, *SPIKES, *BRAINMAP])
def test_a_page_is_accessible(page: Page, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_result_is_accessible(page: Page, name: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    open_form(page, name)
    expect(page.locator("#panel-state")).to_contain_text("done")
    page.wait_for_timeout(500)
    assert serious(page) == []
    page.get_by_role("link", name="Job details and downloads").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("job"))
    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_look_at_a_recording_is_accessible(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto("/spikes?step=look")
    page.get_by_role("button", name="Use example data").click()
    expect(page.get_by_text("Chosen: Example")).to_be_visible()
    page.get_by_role("button", name="Look at the recording").click()
    expect(page.locator("#look-traces .xtick").first).to_be_visible()
    page.wait_for_timeout(500)
    assert serious(page) == []
