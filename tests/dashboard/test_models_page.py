"""The page Models and what leads to it, without a browser."""

import json
from pathlib import Path

import pytest
from dash.exceptions import PreventUpdate
from plotly.io.json import to_json_plotly

from dashboard.home import models
from dashboard.kit import workbench
from dashboard.server import inputs
from dashboard.server.services import Services
from dashboard.synapses import models as synapse_models
from dashboard.synapses import page
from pipelines.core.errors import BundleError, InputError
from pipelines.models import bundles, registry
from pipelines.spikes.classifier.unit_classifier import SHIPPED


@pytest.fixture
def kept(found: Services, tmp_path: Path) -> registry.Entry:
    """A model in the app's registry."""
    folder = tmp_path / "lab-model"
    folder.mkdir()
    card = {
        "kind": "synapse clusters",
        "classifier": "svc",
        "group": "as",
        "holdout_accuracy": 0.961,
        "holdout_accuracy_interval": [0.94, 0.97],
    }
    (folder / "card.json").write_text(json.dumps(card))
    bundles.write_manifest(folder)
    return registry.add(folder, found.settings.registry)


def press(action: str, name: str) -> tuple[str, str]:
    text, table = models.act([1], {"type": "model-action", "action": action, "name": name})
    return text, str(to_json_plotly(table))


def test_an_empty_page_says_what_to_do(found: Services) -> None:
    text = str(to_json_plotly(models.layout()))
    assert "No model is kept yet" in text
    assert "Nothing was trained yet" in text


def test_a_kept_model_is_listed_and_compared(kept: registry.Entry) -> None:
    text = str(to_json_plotly(models.layout()))
    assert "lab-model" in text
    assert "0.961 (0.940 to 0.970)" in text


def test_a_card_of_another_kind_is_compared_with_dashes(
    kept: registry.Entry, found: Services
) -> None:
    registry.add(SHIPPED, found.settings.registry, "units")
    chosen = ["model:lab-model", "model:units"]
    text = json.dumps(json.loads(str(to_json_plotly(models.comparison(chosen)))))
    assert "Calibration error" in text
    assert json.dumps("–") in text
    alone = str(to_json_plotly(models.comparison(chosen[:1])))
    assert "Calibration error" not in alone  # which no chosen card says


def test_verifying_finds_a_changed_file(kept: registry.Entry) -> None:
    assert "right sha256" in press("verify", "lab-model")[0]
    (kept.folder / "card.json").write_text("{}")
    assert "card.json was changed" in press("verify", "lab-model")[0]


def test_a_retired_model_is_not_offered_and_not_used(found: Services, kept: registry.Entry) -> None:
    bench = page.BENCHES["predict"]

    def offered() -> str:
        return str(to_json_plotly(workbench.picker(bench, bench.sources[0], "")))

    assert "model:lab-model" in offered()
    text, table = press("retire", "lab-model")
    assert "is retired" in text
    assert "Restore" in table
    assert "model:lab-model" not in offered()
    with pytest.raises(InputError, match="is retired"):
        inputs.resolve("bundle", "model:lab-model", found.settings, found.store)
    press("restore", "lab-model")
    assert "model:lab-model" in offered()


def test_another_content_is_another_input(found: Services, kept: registry.Entry) -> None:
    item = inputs.resolve("bundle", "model:lab-model", found.settings, found.store)
    assert item.path == str(kept.folder)
    (kept.folder / "card.json").write_text("{}")
    with pytest.raises(BundleError, match="not as it was added"):
        inputs.resolve("bundle", "model:lab-model", found.settings, found.store)


def test_an_unknown_model_is_said(found: Services) -> None:
    assert "There is no model x" in press("verify", "x")[0]
    with pytest.raises(PreventUpdate):
        models.act([None], None)


def test_a_damaged_registry_is_said_and_harms_no_other_page(
    found: Services, kept: registry.Entry
) -> None:
    (found.settings.registry / "manifest.json").write_text("no json")
    assert "damaged" in str(to_json_plotly(models.layout()))
    bench = page.BENCHES["predict"]
    assert "There is none yet" in str(to_json_plotly(workbench.picker(bench, bench.sources[0], "")))


def test_keeping_a_model_needs_a_usable_name(found: Services) -> None:
    assert "cannot be the name" in synapse_models.keep(1, "../x", "job")
    with pytest.raises(PreventUpdate):
        synapse_models.keep(None, "x", "job")


def test_rows_without_a_place_are_not_ringed() -> None:
    rows = [{"UMAP_1": 1.0, "UMAP_2": 2.0}, {"UMAP_1": None, "UMAP_2": None}]
    changes = synapse_models.ring(rows).to_plotly_json()["operations"]
    assert [one["params"]["value"] for one in changes] == [[1.0], [2.0]]
