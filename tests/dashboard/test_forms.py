"""Forms are made from parameter models and give the model back."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from dash import html
from dash.development.base_component import Component
from hypothesis import given
from hypothesis import strategies as st

from dashboard.kit import forms
from pipelines.core.errors import ParameterError
from pipelines.core.parameters import Parameters
from pipelines.steps import STEPS

MODELS = [task.parameters for task in STEPS.values()]


def controls(model: type[Parameters], values: dict[str, Any]) -> Iterator[Component]:
    for part in forms.form(model, "bench", values):
        yield from (
            item
            for item in [part, *part._traverse()]
            if isinstance(getattr(item, "id", None), dict) and item.id["type"] == "parameter"
        )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_an_untouched_form_gives_the_defaults(model: type[Parameters]) -> None:
    fields = list(controls(model, {}))
    ids = [field.id for field in fields]
    values = [field.value for field in fields]
    assert forms.read(model, ids, values) == model()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_has_a_label_and_a_description(model: type[Parameters]) -> None:
    for field in controls(model, {}):
        assert field.label
        assert field.description


def test_a_stored_job_fills_the_form() -> None:
    from pipelines.brainmap.parameters import BrainmapParameters

    values = BrainmapParameters.parse({"n_init": 7, "normalize": "zscore"}).model_dump(mode="json")
    shown = {field.id["name"]: field.value for field in controls(BrainmapParameters, values)}
    assert (shown["n_init"], shown["normalize"]) == (7, "zscore")


def test_a_field_shows_what_is_offered_and_is_left_out_without_a_choice() -> None:
    from pipelines.brainmap.parameters import BrainmapParameters

    def engine(*offered: str) -> list[Any]:
        parts = forms.form(BrainmapParameters, "bench", {}, {"engine": offered})
        wanted = forms.field_id("bench", "engine")
        inside = [item for part in parts for item in part._traverse()]
        return [item for item in inside if getattr(item, "id", None) == wanted]

    assert engine("local") == []
    [field] = engine("local", "dask://10.0.0.5:8786")
    assert (field.value, field.data) == ("local", ["local", "dask://10.0.0.5:8786"])


def folds(model: type[Parameters], values: dict[str, Any]) -> dict[str, bool]:
    parts = forms.form(model, "bench", values)
    return {part.id["name"]: part.open for part in parts if isinstance(part, html.Details)}


def test_settings_are_folded_under_headings_and_only_those_with_changes_are_open() -> None:
    from pipelines.brainmap.parameters import BrainmapParameters

    shown = folds(BrainmapParameters, {"axes": "TZYX", "k": [5], "frame_s": None})
    assert list(shown) == ["How the images are read", "Pixel sizes and times", "More settings"]
    assert list(shown.values()) == [True, False, False]


@pytest.mark.parametrize(
    ("task", "sentence", "labels", "heading"),
    [
        ("spikes sort", "Name one: --set session=A.", ["Which recording"], "recording is read"),
        ("spikes sort", "Give it with --gain-uv, such as 0.195.", ["Gain"], "recording is read"),
        ("spikes sort", "Leave them out with end_s.", ["Sort up to"], "recording is read"),
        ("brainmap fit", "Say Axes (--axes TZYX).", [], "images are read"),
        ("brainmap fit", "Or --set fill_frames=3.", ["Frames to fill in"], "images are read"),
        ("synapses fit", "Say --column SynArea=HEADER.", ["Columns"], ""),
        ("synapses fit", "such as --set header_row=3.", ["Header row"], "table is read"),
    ],
)
def test_what_a_sentence_asks_for_is_named_as_in_the_form_and_unfolded(
    task: str, sentence: str, labels: list[str], heading: str
) -> None:
    model = STEPS[task].parameters
    more = f" In the form: {', '.join(labels)}." if labels else ""
    assert forms.with_labels(model, sentence) == sentence + more
    headings = list(folds(model, {}))
    opened = forms.opened(model, sentence, headings, [False] * len(headings))
    wanted = [bool(heading) and name.endswith(heading) for name in headings]
    assert opened == wanted


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.lists(st.integers())))
def test_whatever_is_typed_there_is_a_value_or_a_parameter_error(typed: Any) -> None:
    for model in MODELS:
        for name in model.model_fields:
            with suppress(ParameterError):
                forms.read(model, [forms.field_id("bench", name)], [typed])
