"""What people do with trained models, told in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from pipelines.core.progress import silent
from pipelines.models import registry
from pipelines.synapses.classify.train import train
from pipelines.synapses.clusters.fit import fit
from pipelines.synapses.parameters import FitParameters, TrainParameters
from pipelines.synapses.simulate import simulate
from tests.live import LiveApp, wait_for

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def kept(live: LiveApp, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small model in the registry of the running app."""
    folder = tmp_path_factory.mktemp("made")
    simulate(n_neurons=3, planted=3, seed=0).table.to_csv(folder / "table.csv", index=False)
    for name in ("fit", "bundle"):
        (folder / name).mkdir()
    fit({"table": folder / "table.csv"}, FitParameters(evidence="none"), folder / "fit", silent)
    parameters = TrainParameters(classifier="knn", folds=2)
    train({"fit": folder / "fit"}, parameters, folder / "bundle", silent)
    return registry.add(folder / "bundle", live.home / "models", "lab-model").name


def test_a_kept_model_predicts_and_a_row_is_found_on_the_map(page: Page, kept: str) -> None:
    page.goto("/models")
    page.get_by_role("link", name=kept).click()
    expect(page.get_by_text(f"Chosen: Model {kept}")).to_be_visible()
    page.get_by_role("button", name="Use example data").click()
    expect(page.get_by_text("Chosen: Example: simulated new synapses")).to_be_visible()
    page.get_by_role("button", name="Predict clusters").click()
    expect(page.locator("#panel-state")).to_contain_text("done")
    page.locator("#synapses-predictions .ag-center-cols-container [role=row]").first.click()
    plot = page.locator("#synapses-predicted .js-plotly-plot")
    # Not page.wait_for_function: it needs `eval`, which the pages forbid.
    wait_for(lambda: plot.evaluate("plot => plot.data.at(-1).x.length === 1"), "the ringed row")


def test_a_model_is_verified_retired_and_restored(page: Page, kept: str) -> None:
    page.goto("/models")
    page.get_by_role("button", name=f"Verify {kept}").click()
    expect(page.locator("#models-status")).to_contain_text("as it was added")
    page.get_by_role("button", name=f"Retire {kept}").click()
    expect(page.locator("#models-status")).to_contain_text("is retired")
    expect(page.get_by_role("link", name=kept)).to_have_count(0)
    page.get_by_role("button", name=f"Restore {kept}").click()
    expect(page.get_by_role("link", name=kept)).to_be_visible()


def test_models_are_compared_side_by_side(page: Page, kept: str) -> None:
    page.goto("/models")
    comparison = page.locator("#models-comparison")
    expect(comparison).to_contain_text(kept)
    expect(comparison.get_by_role("row", name=re.compile("Macro F1"))).to_contain_text("to")
