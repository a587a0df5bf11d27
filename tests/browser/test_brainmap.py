"""How people read a brain map, told in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def mapped(page: Page) -> Page:
    """The map of a small film for two numbers of clusters."""
    page.goto("/brainmap?step=map")
    page.get_by_role("textbox", name="Or choose below the data root").fill("lab/small.npy")
    expect(page.get_by_text("Chosen: lab/small.npy")).to_be_visible()
    page.get_by_label("Number of clusters").fill("3, 6")
    page.get_by_role("button", name="Map voxels").click()
    expect(page.locator("#panel-state")).to_contain_text("done")
    return page


def test_the_evidence_for_k_is_shown_and_k_is_switched(mapped: Page) -> None:
    expect(mapped.get_by_role("heading", name="How many clusters?")).to_be_visible()
    for figure in ("errors", "stability", "held-out"):
        expect(mapped.locator(f"#brainmap-{figure} .scatterlayer .trace").first).to_be_visible()
    expect(mapped.get_by_text("the crossing validates nothing")).to_be_visible()
    for k, last in ((6, 5), (3, 2)):
        mapped.get_by_role("button", name=re.compile(f"K = {k}$")).click()
        expect(mapped.locator("#brainmap-colors")).to_contain_text(f"Colours for {k} clusters")
        expect(mapped.get_by_role("button", name=f"Cluster {last}", exact=True)).to_be_attached()
        beyond = mapped.get_by_role("button", name=f"Cluster {last + 1}", exact=True)
        expect(beyond).to_have_count(0)


def test_a_cluster_is_seen_alone_and_faded_by_similarity(mapped: Page) -> None:
    mapped.get_by_role("switch", name="Fade by similarity").click()
    expect(mapped.locator("#brainmap-map .imagelayer image").first).to_be_visible()
    button = mapped.get_by_role("button", name="Cluster 1", exact=True)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    mapped.get_by_role("button", name="Show all clusters").click()
    expect(button).to_have_attribute("aria-pressed", "false")


def test_pressing_the_map_isolates_what_is_there(mapped: Page) -> None:
    mapped.locator("#brainmap-map .nsewdrag").first.click()
    expect(mapped.locator(".pick[aria-pressed=true]")).to_have_count(1)


def test_another_colour_scheme_is_another_job_with_the_same_clusters(mapped: Page) -> None:
    before = mapped.url
    swatches = mapped.locator("#brainmap-table td:nth-child(2)")
    colors = swatches.all_inner_texts()
    mapped.get_by_role("button", name="Another colour scheme").click()
    expect(mapped).not_to_have_url(before)
    expect(mapped.locator("#panel-state")).to_contain_text("done")
    expect(swatches.first).not_to_have_text(colors[0])
