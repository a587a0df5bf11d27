"""Parameters are declared once; form, command line and record are made from that.

A pipeline declares a subclass of `Parameters` whose fields come from `parameter()`:
default, bounds, unit and help stand together and nowhere else.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator
from pydantic_core import ErrorDetails

from pipelines.core.errors import ParameterError
from pipelines.core.result_files import read_object
from pipelines.files.reading import short

MORE_SETTINGS = "More settings"
"""Where a form folds advanced parameters away that have no heading of their own."""
FOUND = "found by itself"
HOW_TO_WRITE = 'write names and values as {"seed": 1}'
LARGEST = 2**53
"""Whole numbers up to here are the same in JSON, in a browser and as a float."""
SHOWN = 400
"""Characters of a wrong value that are repeated."""


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

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )
    RENAMED: ClassVar[Mapping[str, str]] = {}
    """What a parameter is called now, by the name that it has in older records."""

    @field_validator("*")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        for one in value if isinstance(value, tuple | list) else (value,):
            if isinstance(one, int) and abs(one) > LARGEST:
                raise ValueError(f"must be a number of at most {LARGEST:,}")
        return value

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
        except Exception as error:  # such as letters that no text can hold
            raise ParameterError(f"The parameters cannot be used ({short(error)}).") from error

    @classmethod
    def parse_stored(cls, values: Mapping[str, Any]) -> tuple[Self, list[str]]:
        """Check values of a record, which another version may have written.

        Returns:
            The parameters, and the names in the record that this version does not know.

        Raises:
            ParameterError: a value that cannot be used.
        """
        named = {cls.RENAMED.get(name, name): value for name, value in values.items()}
        named |= {name: values[name] for name in cls.model_fields if name in values}
        known = {name: value for name, value in named.items() if name in cls.model_fields}
        return cls.parse(known), [name for name in named if name not in known]

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
    values = read_object(file, ParameterError, HOW_TO_WRITE) if file else {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"--set {text}: write it as name=value.")
        values[name.strip()] = value.strip()
    return model.parse(values)


def _sentence(model: type[Parameters], detail: ErrorDetails) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "extra_forbidden":
        return _unknown(model, name)
    field = model.model_fields.get(name)
    label = f"{name} ({field.title})" if field else (name or "parameters")
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{label}: {_begin(repr(detail['input']))} cannot be used; it {_begin(_must(message))}."


def _begin(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _must(message: str) -> str:
    text = message[:1].lower() + message[1:]
    return text.rstrip(".") if text.startswith(("should", "must")) else f"must be right: {text}"


def _unknown(model: type[Parameters], name: str) -> str:
    near = get_close_matches(name[:SHOWN], model.model_fields, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"There is no parameter {_begin(name)}.{hint} Known: {', '.join(model.model_fields)}."
