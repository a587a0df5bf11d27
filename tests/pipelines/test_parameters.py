"""Parameters are checked in one place, and complaints are sentences."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from pipelines.core.errors import ParameterError
from pipelines.core.parameters import Parameters, from_assignments, parameter
from pipelines.step import Step
from pipelines.steps import STEPS


class Tea(Parameters):
    minutes: int = parameter(3, label="Time", unit="min", help="How long it steeps.", ge=1, le=10)
    kind: Literal["black", "green"] = parameter("black", label="Kind", help="Which leaves.")
    sugar: float | None = parameter(None, label="Sugar", unit="g", help="Empty for none.")


def test_texts_from_the_command_line_become_values() -> None:
    assert from_assignments(Tea, ["minutes=5", "sugar=2.5"]) == Tea(minutes=5, sugar=2.5)


def test_assignments_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tea.json"
    file.write_text(json.dumps({"minutes": 7, "kind": "green"}), encoding="utf-8")
    assert from_assignments(Tea, ["minutes=2"], file) == Tea(minutes=2, kind="green")


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("minutes=0", r"minutes \(Time\): '0' cannot be used; it should be greater than or equal"),
        ("minutes=long", "should be a valid integer"),
        ("kind=red", "should be 'black' or 'green'"),
        ("minuts=3", "There is no parameter minuts. Did you mean minutes?"),
        ("minutes", "write it as name=value"),
    ],
)
def test_a_wrong_value_is_one_sentence(assignment: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        from_assignments(Tea, [assignment])


@pytest.mark.parametrize("content", ["", "[1]", "{", "[" * 200_000, "{" * 200_000, "\x00"])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "tea.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ParameterError, match=r"tea\.json"):
        from_assignments(Tea, [], file)


def test_only_changes_are_listed() -> None:
    assert Tea(minutes=4).changed() == {"minutes": 4}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "9" * 400])
@pytest.mark.parametrize("task", STEPS.values(), ids=lambda task: task.name)
def test_no_number_of_any_task_is_infinite(task: Step, value: str) -> None:
    for name, field in task.parameters.model_fields.items():
        if field.annotation in (int, float, int | None, float | None):
            with pytest.raises(ParameterError, match=rf"^{name} \("):
                task.parameters.parse({name: value})


@pytest.mark.parametrize("value", ["9" * 5000, 10**400, -(2**60), "[" * 200_000, "\ud800", "\x00"])
@pytest.mark.parametrize("task", STEPS.values(), ids=lambda task: task.name)
def test_odd_values_are_taken_or_refused_in_a_short_sentence(task: Step, value: Any) -> None:
    for name in task.parameters.model_fields:
        assert len(sentence_on(task, {name: value})) < 1200


def sentence_on(task: Step, values: dict[str, Any]) -> str:
    try:
        task.parameters.parse(values)
    except ParameterError as error:
        return error.sentence
    return ""


def test_an_infinite_number_in_a_file_of_parameters_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "tea.json"
    file.write_text('{"sugar": NaN}', encoding="utf-8")
    with pytest.raises(ParameterError, match=r"sugar .*should be a finite number"):
        from_assignments(Tea, [], file)
