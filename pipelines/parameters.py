"""Parameters are declared once; form, command line and record are made from that.

A pipeline declares a subclass of `Parameters` whose fields come from `parameter()`:
default, bounds, unit and help stand together and nowhere else.
"""

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from pipelines.errors import ParameterError

MORE_SETTINGS = "More settings"
"""Where a form folds advanced parameters away that have no heading of their own."""
FOUND = "found by itself"


def parameter(
    default: Any,
    *,
    label: str,
    help: str,
    unit: str = "",
    advanced: bool = False,
    path: bool = False,
    offers: str = "",
    fold: str = MORE_SETTINGS,
    empty: str = FOUND,
    **bounds: Any,
) -> Any:
    """Declare one parameter.

    Args:
        default: the value that suits most data.
        label: what the form calls it.
        help: what it does and when to change it, in a sentence or two.
        unit: the unit of the value, empty for a pure number.
        advanced: whether the form folds it away at first.
        path: whether it names a file of this machine; forms, whoever fills them in, leave it out.
        offers: what a form offers to choose from: "columns" or "sheets" of the chosen table, or a
            "mapping" of names that are needed to its columns.
        fold: the heading under which a form folds an advanced one away.
        empty: what becomes of a value that is left empty, in a few words.
        bounds: pydantic's `ge`, `gt`, `le`, `lt`, `min_length`, ...
    """
    extra: dict[str, JsonValue] = {"unit": unit, "advanced": advanced, "path": path}
    extra |= {"offers": offers, "fold": fold, "empty": empty}
    return Field(default, title=label, description=help, json_schema_extra=extra, **bounds)


class Parameters(BaseModel):
    """The base of all parameter models: immutable, and no unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Check values that a person typed.

        Raises:
            ParameterError: one sentence that names the first wrong value.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise ParameterError(_sentence(cls, error.errors()[0])) from None

    @classmethod
    def parse_stored(cls, values: Mapping[str, Any]) -> tuple[Self, list[str]]:
        """Check values of a record, which another version may have written.

        Returns:
            The parameters, and the names in the record that this version does not know.

        Raises:
            ParameterError: a value that cannot be used.
        """
        known = {name: value for name, value in values.items() if name in cls.model_fields}
        return cls.parse(known), [name for name in values if name not in known]

    def changed(self) -> dict[str, Any]:
        """The values that differ from their defaults, ready for JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)


def from_assignments(
    model: type[Parameters], assignments: Iterable[str], file: Path | None = None
) -> Parameters:
    """Read `name=value` texts, over a JSON file of values if there is one.

    Raises:
        ParameterError: a text without `=`, a file that is no JSON object, a wrong value.
    """
    values = dict(_read_json(file)) if file else {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"--set {text}: write it as name=value.")
        values[name.strip()] = value.strip()
    return model.parse(values)


def _read_json(file: Path) -> Mapping[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ParameterError(f"{file} cannot be read as JSON: {error}") from None
    if not isinstance(values, dict):
        raise ParameterError(f"{file} must hold one JSON object of parameter names and values.")
    return values


def _sentence(model: type[Parameters], detail: ErrorDetails) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return _unknown(model, name)
    field = model.model_fields.get(name)
    label = f"{name} ({field.title})" if field else (name or "parameters")
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{label}: {detail['input']!r} cannot be used; it {_must(message)}."


def _must(message: str) -> str:
    text = message[:1].lower() + message[1:]
    return text.rstrip(".") if text.startswith(("should", "must")) else f"must be right: {text}"


def _unknown(model: type[Parameters], name: str) -> str:
    near = get_close_matches(name, model.model_fields, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"There is no parameter {name}.{hint} Known: {', '.join(model.model_fields)}."
