"""What people do with the app, told in a real browser."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.examples import open_form
from tests.live import LiveApp

pytestmark = pytest.mark.browser


def choose_data(page: Page, path: str) -> None:
    page.get_by_role("textbox", name="Or choose below the data root").fill(path)
    expect(page.get_by_text(f"Chosen: {path}")).to_be_visible()


def state(page: Page, word: str) -> None:
    expect(page.locator("#panel-state")).to_contain_text(word)


def test_a_newcomer_maps_the_example_brain(page: Page) -> None:
    open_form(page, "Brain map")
    state(page, "done")
    expect(page.locator("#brainmap-map .heatmaplayer image").first).to_be_visible()
    expect(page.get_by_text("voxels with a standard deviation above", exact=False)).to_be_visible()


def test_pointing_at_a_voxel_shows_its_series(page: Page) -> None:
    open_form(page, "Brain map")
    state(page, "done")
    plane = page.locator("#brainmap-map .nsewdrag").first
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    assert box is not None
    for share in (0.3, 0.4, 0.5, 0.6, 0.7):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"])
        page.wait_for_timeout(300)
    expect(page.locator("#brainmap-series")).to_contain_text(re.compile(r"plane \d, y \d+, x \d+"))


def test_a_newcomer_sorts_the_example_recording(page: Page) -> None:
    open_form(page, "Spikes")
    state(page, "done")
    expect(page.locator("#spikes-units .ag-row").first).to_be_visible()
    expect(page.locator("#spikes-waveforms .scatterlayer .trace").first).to_be_visible()
    expect(page.locator("#spikes-isi .barlayer").first).to_be_visible()


def test_synapses_are_clustered_learnt_and_predicted(page: Page) -> None:
    open_form(page, "Synapses")
    state(page, "done")
    expect(page.locator("#synapses-rows .ag-row").first).to_be_visible()
    page.get_by_role("link", name="Train a classifier on these clusters").click()
    page.get_by_role("button", name="Train classifier").click()
    state(page, "done")
    expect(page.get_by_text("Hold-out accuracy")).to_be_visible()
    page.get_by_role("link", name="Predict new synapses with it").click()
    page.get_by_role("button", name="Use example data").click()
    expect(page.get_by_text("Chosen: Example: simulated new synapses")).to_be_visible()
    page.get_by_role("button", name="Predict clusters").click()
    state(page, "done")
    with page.expect_download() as download:
        page.get_by_role("link", name="Predictions (CSV)").click()
    head = Path(download.value.path()).read_text("utf-8").splitlines()[0]
    for column in ("cluster", "probability", "outlier_score", "is_outlier", "note"):
        assert column in head.split(",")


def test_the_zebrafish_give_the_published_figures(page: Page, shared_data: Path) -> None:
    page.goto("/brainmap?step=map")
    choose_data(page, f"{shared_data.name}/fish")
    page.get_by_role("button", name="Map voxels").click()
    state(page, "done")
    expect(page.get_by_text("2 x 76 x 87 x 20")).to_be_visible()
    expect(page.get_by_text("5,898 of 13,224")).to_be_visible()


def test_a_job_is_cancelled_and_the_page_says_so(page: Page) -> None:
    page.goto("/brainmap?step=map")
    choose_data(page, "lab/slow.npy")
    page.get_by_label("Number of clusters").fill("400")
    page.get_by_label("Activity threshold").fill("0")
    page.get_by_role("button", name="Map voxels").click()
    state(page, "running")
    page.reload()
    state(page, "running")
    page.get_by_role("button", name="Cancel").click()
    state(page, "cancelled")
    expect(page.get_by_role("button", name="Run again")).to_be_visible()


def test_the_same_input_and_parameters_give_the_stored_result_at_once(page: Page) -> None:
    addresses = []
    for _ in range(2):
        page.goto("/brainmap?step=map")
        choose_data(page, "lab/small.npy")
        page.get_by_label("Number of clusters").fill("4")
        page.get_by_role("button", name="Map voxels").click()
        state(page, "done")
        addresses.append(page.url)
    assert addresses[0] == addresses[1]


def test_a_job_page_has_everything_to_repeat_it(page: Page) -> None:
    page.goto("/brainmap?step=map")
    choose_data(page, "lab/small.npy")
    page.get_by_label("Number of clusters").fill("5")
    page.get_by_role("button", name="Map voxels").click()
    state(page, "done")
    page.get_by_role("link", name="Job details and downloads").click()
    for words in ("sha256", "scikit-learn", "Number of clusters (k)", "labels.tif"):
        expect(page.get_by_text(words).first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Everything as zip").click()
    names = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())).namelist()
    assert any(name.endswith("result/run.json") for name in names)
    assert any("repeat_" in name for name in names)
    page.get_by_role("link", name="Run again with changes").click()
    expect(page.get_by_label("Number of clusters")).to_have_value("5")


def test_a_bad_upload_is_one_sentence(page: Page, tmp_path: Path) -> None:
    wrong = tmp_path / "picture.png"
    wrong.write_bytes(b"\x89PNG")
    broken = tmp_path / "sheet.xlsx"
    broken.write_bytes(b"this is no workbook")
    page.goto("/synapses?step=fit")
    page.locator("input[type=file]").first.set_input_files(wrong)
    expect(page.get_by_text("picture.png cannot be used here")).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(broken)
    expect(page.get_by_text("Chosen: sheet.xlsx")).to_be_visible()
    page.get_by_role("button", name="Cluster synapses").click()
    state(page, "failed")
    expect(page.locator("#panel-sentence")).to_contain_text("sheet.xlsx")


def test_a_wrong_parameter_is_said_beside_the_button(page: Page) -> None:
    page.goto("/brainmap?step=map")
    choose_data(page, "lab/small.npy")
    page.get_by_label("Number of clusters").fill("1")
    page.get_by_role("button", name="Map voxels").click()
    expect(page.get_by_role("alert")).to_contain_text("Number of clusters")


def test_nothing_chosen_is_said(page: Page) -> None:
    page.goto("/spikes?step=sort")
    page.get_by_role("button", name="Sort spikes").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose the recording first")


def test_the_pages_are_reached_by_keyboard(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Neuroboard")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Brain map").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Brain map")).to_be_visible()
    expect(page.get_by_role("link", name="Brain map").first).to_have_attribute(
        "aria-current", "page"
    )


def test_dark_is_one_click_and_stays(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.locator("html[data-mantine-color-scheme=dark]")
    expect(dark).to_be_attached()
    page.reload()
    expect(dark).to_be_attached()


def test_the_queue_lists_what_ran(page: Page, live: LiveApp) -> None:
    page.goto("/jobs")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    assert len(live.store.latest()) > 0
