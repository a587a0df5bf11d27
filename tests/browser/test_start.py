"""A person with a file of their own gets to its workspace."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from pipelines.spikes.demo import save, simulate
from tests.browser.conftest import PATIENCE_MS
from tests.browser.test_accessibility import serious_in_both_schemes
from tests.live import LiveApp

pytestmark = pytest.mark.browser
SEARCH = "Search below the data roots, or paste a path"
CARDS = (
    ("spikes", "recording", "example:spikes"),
    ("brainmap", "images", "example:brainmap"),
    ("synapses", "table", "example:synapses"),
)


def at_its_workspace(page: Page, subject: str, tab: str, name: str) -> None:
    expect(page).to_have_url(re.compile(f"/{subject}/[0-9a-f]{{12}}.*tab={tab}"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_film_below_a_data_root_is_chosen_by_keyboard_alone(page: Page, lab: Path) -> None:
    folder = lab / "monday" / "fish"
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "film.npy", np.random.default_rng(2).random((8, 1, 12, 12), np.float32))
    page.goto("/")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Brain map").focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name=SEARCH)
    field.focus()
    page.keyboard.type("monday film")
    expect(field).to_have_value("monday film")
    listed = page.locator("#new-list")
    found = listed.get_by_role("button", name="lab/monday/fish/film.npy")
    expect(found).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Backspace")
    expect(found).to_be_hidden()
    for name in (lab.name, "monday", "fish"):
        entry = listed.locator("ul").get_by_role("button", name=re.compile(f"^{name}"))
        crumb = listed.locator(".crumbs", has_text=name)
        expect(entry.or_(crumb).first).to_be_visible()
        if crumb.count():
            continue  # with one root only, the list begins within it
        entry.focus()
        page.keyboard.press("Enter")
        expect(crumb.locator("strong")).to_have_text(name)
    expect(listed.get_by_role("button", name=re.compile("^film.npy"))).to_be_focused()
    page.keyboard.press("Enter")
    at_its_workspace(page, "brainmap", "film", "film.npy")


def test_a_pasted_path_leads_to_a_recording(page: Page, lab: Path) -> None:
    recording = lab / "tuesday"
    if not recording.exists():
        save(simulate(0).recording, recording)
    page.goto("/spikes#new")
    field = page.get_by_role("textbox", name=SEARCH)
    expect(field).to_be_focused()
    field.fill(str(lab / "small.npy"))
    field.press("Enter")
    expect(page.locator("#new-error")).to_contain_text("is no recording that is known here")
    assert serious_in_both_schemes(page) == []
    field.fill(f'"{recording}"')
    field.press("Enter")
    at_its_workspace(page, "spikes", "signal", "tuesday")


def test_a_table_from_this_computer_leads_to_its_workspace(page: Page, tmp_path: Path) -> None:
    table = tmp_path / "three cells.csv"
    table.write_text("NeuronId,SynType,SynId\nc1,e,1\n", encoding="utf-8")
    page.goto("/")
    page.get_by_role("link", name="Use your own data").nth(2).click()
    expect(page.get_by_role("heading", name="New table")).to_be_visible()
    page.locator("#new input[type=file]").set_input_files(table)
    at_its_workspace(page, "synapses", "table", "three cells.csv")
    page.goto("/synapses")
    card = page.get_by_role("listitem").filter(has=page.locator(".workspace-says"))
    expect(card.get_by_role("link", name="three cells.csv")).to_be_visible()


@pytest.mark.parametrize("subject", [row[0] for row in CARDS])
def test_a_page_with_cards_is_accessible(page: Page, live: LiveApp, subject: str) -> None:
    page.goto(f"/{subject}#new")
    page.get_by_role("button", name=re.compile("Open the example")).click()
    page.wait_for_url(re.compile(f"/{subject}/[0-9a-f]{{12}}"))
    page.goto(f"/{subject}")
    expect(page.locator(".workspace-says").first).to_be_visible()
    assert serious_in_both_schemes(page) == []


def test_an_upload_goes_on_after_a_lost_connection_and_after_a_reload(
    page: Page, tmp_path: Path
) -> None:
    film = tmp_path / "long.npy"
    np.save(film, np.random.default_rng(3).random((50, 4, 128, 128), np.float32))  # 13 MB
    sent: list[int] = []
    faults = {"lost": 0, "stuck": False}

    def on_piece(route: Route) -> None:
        offset = re.search("offset=([0-9]+)", route.request.url)
        assert offset is not None
        if faults["stuck"] and sent and int(offset[1]) > 0:
            return  # the connection hangs until the page is left
        if faults["lost"] and int(offset[1]) > 0:
            faults["lost"] -= 1
            route.abort("connectionreset")
            return
        sent.append(int(offset[1]))
        route.continue_()

    page = page.context.new_page()  # a lost connection is an error that a browser notes
    page.set_default_timeout(PATIENCE_MS)
    page.route("**/uploads/images/*/long.npy?*", on_piece)
    zone = page.locator("#new .dropzone")
    page.goto("/brainmap#new")
    faults["stuck"] = True
    zone.locator("input").set_input_files(film)
    expect(zone.get_by_role("status")).to_contain_text("of 13 MB")
    expect(zone.get_by_role("button", name="Cancel the upload")).to_be_visible()
    assert serious_in_both_schemes(page) == []
    page.reload()
    expect(zone.get_by_role("status")).to_contain_text("The upload of long.npy is not whole")
    faults.update(lost=1, stuck=False)
    zone.locator("input").set_input_files(film)
    at_its_workspace(page, "brainmap", "film", "long.npy")
    assert sent.count(0) == 1  # what had arrived was not sent again
    assert sent == sorted(sent)
    assert faults["lost"] == 0


def test_an_upload_is_cancelled_and_leaves_nothing(
    page: Page, live: LiveApp, tmp_path: Path
) -> None:
    film = tmp_path / "wrong.npy"
    np.save(film, np.zeros((40, 4, 128, 128), np.float32))
    page.route("**/uploads/images/*/wrong.npy?offset=1*", lambda _route: None)
    page.goto("/brainmap#new")
    zone = page.locator("#new .dropzone")
    zone.locator("input").set_input_files(film)
    expect(zone.get_by_role("status")).to_contain_text("of 10 MB")
    zone.get_by_role("button", name="Cancel the upload").click()
    expect(zone.get_by_role("status")).to_contain_text("Nothing was kept")
    page.wait_for_load_state("networkidle")
    assert list((live.home / "uploads").glob(".incoming-*/.half-*")) == []


def test_ctrl_k_leads_to_a_new_film_and_to_the_example(page: Page, lab: Path) -> None:
    page.goto("/")
    for words, focused in (("new film", "#new-search"), ("example film", "#new-example")):
        page.keyboard.press("Control+k")
        page.keyboard.type(words)
        expect(page.locator(".find li[aria-selected=true]")).to_contain_text("film")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/brainmap#new"))
        expect(page.locator(focused)).to_be_focused()
