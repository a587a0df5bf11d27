"""A parameters model as a form, and the form's values as the model again."""

import json
import re
from collections.abc import Mapping, Sequence
from copy import copy
from itertools import chain
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import dash_mantine_components as dmc
from annotated_types import Ge, Gt, Le, Lt
from dash import html
from dash.development.base_component import Component
from pydantic.fields import FieldInfo

from pipelines.core.errors import ParameterError
from pipelines.core.parameters import FOUND, MORE_SETTINGS, Parameters
from pipelines.synapses.parameters import MAPPING

LEAST_WORDS = 3
"""Before a colon, from which on what stands there says enough."""


def field_id(bench: str, name: str) -> dict[str, str]:
    """The id of one parameter's input."""
    return {"type": "parameter", "bench": bench, "name": name}


def form(
    model: type[Parameters],
    bench: str,
    values: Mapping[str, Any],
    offered: Mapping[str, Sequence[str]] | None = None,
) -> list[Component]:
    """Labelled inputs for a model, the advanced ones folded away under their headings.

    Args:
        model: whose fields to show.
        bench: names the form among others on the page.
        values: what to fill in instead of the defaults.
        offered: the only choices for some fields; a field with less than two is left out.
    """
    offered = offered or {}
    shown_here = names(model, offered)
    controls = {
        name: field(model, bench, name, values, offered=offered.get(name)) for name in shown_here
    }
    advanced = [name for name in shown_here if is_advanced(model, name)]
    changed = _folds_with(model, [name for name in values if is_changed(model, values, name)])
    plain = [controls[name] for name in shown_here if name not in advanced]
    return plain + [
        _fold(bench, heading, [controls[name] for name in folded], heading in changed)
        for heading, folded in headings(model, advanced).items()
    ]


def names(model: type[Parameters], offered: Mapping[str, Sequence[str]]) -> list[str]:
    """The parameters that have a field: without those for which only one choice is offered."""
    return [
        name
        for name in model.model_fields
        if is_set_here(model, name) and len(offered.get(name, "any")) > 1
    ]


def fold_id(bench: str, heading: str) -> dict[str, str]:
    """The id of what is folded away under a heading."""
    return {"type": "fold", "bench": bench, "name": heading}


def asked_for(model: type[Parameters], sentence: str) -> list[str]:
    """The parameters that a sentence asks for: `--set session=`, `--gain-uv` or `end_s`.

    Also the one that it begins with, as one on a wrong value does: `k (Number of clusters): ...`.
    """
    flags = re.findall(r"--([a-z0-9][a-z0-9_-]*)", sentence)
    assigned = re.findall(r"--set ([a-z0-9_]+)=|\b([a-z0-9]+_[a-z0-9_]+)\b", sentence)
    given = {*chain(*assigned), *(flag.replace("-", "_") for flag in flags)}
    given |= {"columns"} if "column" in given else set()
    given |= set(re.findall(r"\A([a-z0-9_]+) \(", sentence))
    lists = re.findall(r"\bset ((?:[a-z0-9_]+(?:, | and ))+[a-z0-9_]+)", sentence)
    given |= {name for one in lists for name in re.split(", | and ", one)}
    return [name for name in model.model_fields if name in given]


def with_labels(model: type[Parameters], sentence: str) -> str:
    """A sentence, and what the form calls the parameters for which it names flags."""
    labels = [str(model.model_fields[name].title) for name in asked_for(model, sentence)]
    missing = [label for label in labels if label not in sentence]
    return f"{sentence} In the form: {', '.join(missing)}." if missing else sentence


def opened(
    model: type[Parameters], sentence: str, headings: Sequence[str], now: Sequence[bool]
) -> list[bool]:
    """Which folds are open once a sentence asks for parameters within them."""
    asked = _folds_with(model, asked_for(model, sentence))
    return [bool(is_open) or name in asked for name, is_open in zip(headings, now, strict=True)]


def headings(model: type[Parameters], names: Sequence[str]) -> dict[str, list[str]]:
    """The headings under which parameters are folded, those of an own heading first."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(str(_extra(model.model_fields[name], "fold")), []).append(name)
    return dict(sorted(found.items(), key=lambda one: one[0] == MORE_SETTINGS))


def is_set_here(model: type[Parameters], name: str) -> bool:
    """Whether a form has an input for a parameter: for all that name no file of this machine."""
    return not _extra(model.model_fields[name], "path")


def is_advanced(model: type[Parameters], name: str) -> bool:
    """Whether forms fold a parameter away."""
    return bool(_extra(model.model_fields[name], "advanced"))


def label(model: type[Parameters], name: str) -> str:
    """What a form calls a parameter, with its unit."""
    return _label(model.model_fields[name])


def _folds_with(model: type[Parameters], names: Sequence[str]) -> set[str]:
    """The headings under which these parameters are folded away."""
    fields = [model.model_fields[name] for name in names if name in model.model_fields]
    return {_extra(field, "fold") for field in fields if _extra(field, "advanced")}


def is_changed(model: type[Parameters], values: Mapping[str, Any], name: str) -> bool:
    """Whether a parameter is among the values and not at its default."""
    field = model.model_fields.get(name)
    return field is not None and name in values and _differs(values[name], field.default)


def in_words(field: FieldInfo) -> str:
    """A parameter's default as a person says it."""
    value = shown(field, field.default)
    if _plain_type(field) is bool:
        return "yes" if field.default else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if value in ("", [], "{}"):
        return str(_extra(field, "empty") or "empty") if _is_optional(field) else "empty"
    return _as_text(value)


def _fold(bench: str, heading: str, controls: list[Component], is_open: bool) -> Component:
    parts = [html.Summary(heading), html.Div(controls, className="stack")]
    return html.Details(parts, id=fold_id(bench, heading), open=is_open, className="fold")


def read(
    model: type[Parameters], ids: Sequence[Mapping[str, str]], values: Sequence[Any]
) -> Parameters:
    """The validated model from the values of a form.

    Raises:
        ParameterError: one sentence that names the first wrong field.
    """
    return model.parse(read_values(model, ids, values))


def read_values(
    model: type[Parameters], ids: Sequence[Mapping[str, str]], values: Sequence[Any]
) -> dict[str, Any]:
    """The values of a form, or of a part of it, by the names of their parameters.

    Raises:
        ParameterError: one of them cannot be set in a form.
    """
    given = {}
    for item, value in zip(ids, values, strict=True):
        field = model.model_fields.get(item["name"])
        if field is None:
            raise ParameterError(f"There is no parameter {item['name']!r} here.")
        if _extra(field, "path"):
            raise ParameterError(f"{item['name']} cannot be set here: upload the file instead.")
        empty = value is None or value == ""
        given[item["name"]] = None if empty and _is_optional(field) else value
    return given


def field(
    model: type[Parameters],
    bench: str,
    name: str,
    values: Mapping[str, Any],
    *,
    offered: Sequence[str] | None = None,
    is_short: bool = False,
) -> Component:
    """The labelled input of one parameter.

    Args:
        model: whose it is.
        bench: names the form among others on the page.
        name: of the parameter.
        values: what to fill in instead of the default, by name.
        offered: the only choices, where they depend on the server.
        is_short: whether only the first sentence of its help stands below the label.
    """
    found = model.model_fields[name]
    if is_short:
        found = copy(found)
        found.description = first_sentence(str(found.description))
    control: Component = _control(
        field_id(bench, name), found, values.get(name, found.default), offered
    )
    return control


def first_sentence(text: str) -> str:
    """A text up to its first full stop, or to a colon before which there is enough to say it."""
    sentence = re.split(r"(?<=[a-z0-9)%])\.\s", text, maxsplit=1)[0].rstrip(".")
    before, _, _ = sentence.partition(": ")
    return (before if len(before.split()) > LEAST_WORDS else sentence) + "."


def shown(field: FieldInfo, value: Any) -> Any:
    """A parameter's value as its input holds it."""
    kind = _plain_type(field)
    if _extra(field, "offers") == MAPPING:
        return json.dumps(dict(value or {}))
    if get_origin(kind) is tuple and (_extra(field, "offers") or _is_several_of(kind)):
        return list(value)
    if kind is bool:
        return str(value).lower()
    if kind in (int, float):
        return "" if value is None else value
    return _as_text(value)


def _control(
    identity: dict[str, str], field: FieldInfo, value: Any, offered: Sequence[str] | None = None
) -> Any:
    shared = {
        "id": identity,
        "label": _label(field),
        "description": field.description,
        "value": value,
    }
    if offered:
        return dmc.Select(**shared, data=list(offered), allowDeselect=False)
    kind = _plain_type(field)
    if _extra(field, "offers") == MAPPING:
        return _mapping(shared)
    if _extra(field, "offers") or _is_several_of(kind):
        return _choice(shared, kind)
    if get_origin(kind) is Literal:
        choices = [{"value": item, "label": str(item)} for item in get_args(kind)]
        return dmc.Select(**shared, data=choices, allowDeselect=False, checkIconPosition="right")
    if kind is bool:
        choices = [{"value": "true", "label": "yes"}, {"value": "false", "label": "no"}]
        shared["value"] = str(value).lower()
        return dmc.Select(**shared, data=choices, allowDeselect=False)
    if kind in (int, float):
        return dmc.NumberInput(
            **{**shared, "value": "" if value is None else value},
            min=_bound(field, Ge, "ge", Gt, "gt"),
            max=_bound(field, Le, "le", Lt, "lt"),
            clampBehavior="none",
            allowDecimal=kind is float,
            step=_step(kind, value),
            placeholder=_extra(field, "empty") if _is_optional(field) else "",
        )
    empty = _extra(field, "empty")
    shown = "" if empty == FOUND else empty
    return dmc.TextInput(**{**shared, "value": _as_text(value)}, placeholder=shown)


def _mapping(shared: dict[str, Any]) -> Component:
    """A place for one choice per name that is needed, which a page fills, and what they make."""
    made = {**shared, "value": json.dumps(dict(shared["value"] or {}))}
    return html.Div(
        [
            dmc.TextInput(**made, style={"display": "none"}),
            html.Div(id={**shared["id"], "type": MAPPING}, className="stack"),
        ]
    )


def _choice(shared: dict[str, Any], kind: Any) -> Any:
    """One or several of a list, which a page may fill once a table is chosen."""
    listed = {"searchable": True, "clearable": True, "nothingFoundMessage": "Choose a table first."}
    if get_origin(kind) is not tuple:
        known = [shared["value"]] if shared["value"] else []
        return dmc.Select(**{**shared, "value": shared["value"] or None}, data=known, **listed)
    chosen = list(shared["value"])
    choices = get_args(get_args(kind)[0]) if _is_several_of(kind) else chosen
    return dmc.MultiSelect(**{**shared, "value": chosen}, data=list(choices), **listed)


def _is_several_of(kind: Any) -> bool:
    """Whether values are several of a list that is known beforehand."""
    return get_origin(kind) is tuple and get_origin(get_args(kind)[0]) is Literal


def _differs(value: Any, default: Any) -> bool:
    """Whether a value is not the default; a stored job has lists where a model has tuples."""
    one, other = (list(item) if isinstance(item, tuple) else item for item in (value, default))
    return bool(one != other)


def _label(field: FieldInfo) -> str:
    unit = _extra(field, "unit")
    return f"{field.title} ({unit})" if unit else str(field.title)


def _as_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _step(kind: type, value: Any) -> float:
    if kind is int or not value:
        return 1 if kind is int else 0.1
    return float(10 ** (len(str(int(abs(value)))) - 2)) if abs(value) >= 1 else 0.01


def _extra(field: FieldInfo, key: str) -> Any:
    extra = field.json_schema_extra
    return extra.get(key) if isinstance(extra, dict) else None


def _plain_type(field: FieldInfo) -> Any:
    """The type without `None`."""
    kinds = [item for item in _members(field.annotation) if item is not NoneType]
    return kinds[0] if len(kinds) == 1 else str


def _is_optional(field: FieldInfo) -> bool:
    return NoneType in _members(field.annotation)


def _members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, UnionType):
        return get_args(annotation)
    return (annotation,)


def _bound(field: FieldInfo, *kinds: Any) -> float | None:
    for kind, name in zip(kinds[::2], kinds[1::2], strict=True):
        for item in field.metadata:
            if isinstance(item, kind):
                return float(getattr(item, name))
    return None
