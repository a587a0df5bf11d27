"""A table's desk: from a clustering to predictions by keyboard, and from a sheet in two actions."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from dashboard.workspaces.store import Workspaces
from tests.bench_home import bench_home
from tests.browser.test_accessibility import serious_in_both_schemes
from tests.live import LiveApp

pytestmark = pytest.mark.browser

FIT, PREDICT = "28944eefd8e2", "e7b0cb8f5a93"
ANSWERS = ["cluster", "probability", "outlier_score", "is_outlier", "UMAP_1", "UMAP_2", "note"]
TABS = ("table", "map", "evidence", "classifier", "predict")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApp]:
    """An app with a finished clustering, a classifier of it and predictions."""
    app = LiveApp(bench_home(tmp_path_factory.mktemp("lab")), [])
    app.start()
    app.wait_until_ready()
    yield app
    app.stop()


@pytest.fixture(scope="module")
def sheets(tables: LiveApp, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two sheets of new rows."""
    rows = pd.read_csv(tables.home / "jobs" / PREDICT / "result" / "predictions.csv")
    given = rows.drop(columns=ANSWERS)
    folder = tmp_path_factory.mktemp("sheets")
    found = [folder / "monday.csv", folder / "tuesday.csv"]
    for count, file in enumerate(found):
        given.iloc[: len(given) - count].to_csv(file, index=False)
    return found


def desk_of(tables: LiveApp, job: str) -> str:
    workspace = Workspaces(tables.home / "jobs.sqlite").of(job)[0]
    return f"{tables.url}/synapses/{workspace.id}"


def press_focused(page: Page, name: str) -> None:
    """Go with the Tab key through the set-up to the button of that name, and press it."""
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_visible()
    expect(page.get_by_role("dialog", name="Set-up")).to_be_focused()
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} is not reached by the Tab key")


def test_from_a_clustering_to_predictions_by_keyboard_alone(page: Page, tables: LiveApp) -> None:
    page.goto(f"{desk_of(tables, FIT)}?tab=map&run={FIT}")
    rows = page.locator(".panel[data-name=rows]")
    expect(rows.locator(".ag-row").first).to_be_visible()
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile(r"chosen=cluster%3A-?\d"))
    expect(rows.get_by_text(re.compile(r"^\d+ of \d+ rows"))).to_be_visible()
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(r"row=\d+"))
    page.keyboard.press("t")
    expect(page).to_have_url(re.compile("tab=classifier&run="))
    expect(page.locator("#desk-answer")).to_contain_text("of held-out rows, guessing")
    page.keyboard.press("5")
    expect(page.locator("#desk-answer")).to_contain_text("rows predicted")
    expect(page.locator(".panel[data-name=predict-rows] .ag-row").first).to_be_visible()
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(r"tab=predict.*row=\d+"))
    page.keyboard.press("e")
    press_focused(page, "Predict clusters")
    expect(page).to_have_url(re.compile("tab=predict&run="))


@pytest.mark.parametrize("way", ["models", "synapses"])
def test_two_actions_lead_from_a_sheet_to_predictions(
    page: Page, tables: LiveApp, sheets: list[Path], way: str
) -> None:
    sheet = sheets[("models", "synapses").index(way)]
    page.goto(f"{tables.url}/{way}")
    form = page.locator(".new-rows")
    form.locator("input[type=file]").set_input_files(sheet)
    expect(form.get_by_text(f"Chosen: {sheet.name}")).to_be_visible()
    form.get_by_role("button", name="Predict these rows").click()
    expect(page).to_have_url(re.compile("tab=predict&run="))
    expect(page.get_by_role("heading", level=1)).to_have_text(sheet.name)
    table = page.locator(".panel[data-name=predict-rows]")
    expect(table.locator(".ag-row").first).to_be_visible()
    page.get_by_role("button", name="Choose rows: cluster 1").click()
    expect(table.get_by_text(re.compile(r"^\d+ of \d+ rows"))).to_be_visible()
    with page.expect_download():
        page.get_by_role("link", name="Predictions (CSV)").click()


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_accessible_in_light_and_dark(page: Page, tables: LiveApp, tab: str) -> None:
    page.goto(f"{desk_of(tables, FIT)}?tab={tab}")
    expect(page.locator(".desk .panel").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert serious_in_both_schemes(page) == []
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
