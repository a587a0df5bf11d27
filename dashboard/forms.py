"""A parameters model as a form, and the form's values as the model again."""

import json
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import dash_mantine_components as dmc
from annotated_types import Ge, Gt, Le, Lt
from dash import html
from dash.development.base_component import Component
from pydantic.fields import FieldInfo

from pipelines.errors import ParameterError
from pipelines.parameters import Parameters
from pipelines.synapses.parameters import MAPPING


def field_id(bench: str, name: str) -> dict[str, str]:
    """The id of one parameter's input."""
    return {"type": "parameter", "bench": bench, "name": name}


def form(
    model: type[Parameters],
    bench: str,
    values: Mapping[str, Any],
    offered: Mapping[str, Sequence[str]] | None = None,
) -> list[Component]:
    """Labelled inputs for a model, the advanced ones folded away.

    Args:
        model: whose fields to show.
        bench: names the form among others on the page.
        values: what to fill in instead of the defaults.
        offered: the only choices for some fields; a field with less than two is left out.
    """
    offered = offered or {}
    plain: list[Component] = []
    advanced: list[Component] = []
    for name, field in model.model_fields.items():
        if _extra(field, "path") or len(offered.get(name, "any")) < 2:
            continue
        identity, value = field_id(bench, name), values.get(name, field.default)
        control = _control(identity, field, value, offered.get(name))
        (advanced if _extra(field, "advanced") else plain).append(control)
    if advanced:
        changed = any(
            name in values and _differs(values[name], field.default) and _extra(field, "advanced")
            for name, field in model.model_fields.items()
        )
        fold = [html.Summary("More settings"), html.Div(advanced, className="stack")]
        plain.append(html.Details(fold, open=changed, className="fold"))
    return plain


def read(
    model: type[Parameters], ids: Sequence[Mapping[str, str]], values: Sequence[Any]
) -> Parameters:
    """The validated model from the values of a form.

    Raises:
        ParameterError: one sentence that names the first wrong field.
    """
    given = {}
    for item, value in zip(ids, values, strict=True):
        field = model.model_fields[item["name"]]
        if _extra(field, "path"):
            raise ParameterError(f"{item['name']} cannot be set here: upload the file instead.")
        empty = value is None or value == ""
        given[item["name"]] = None if empty and _is_optional(field) else value
    return model.parse(given)


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
            placeholder="found by itself" if _is_optional(field) else "",
        )
    return dmc.TextInput(**{**shared, "value": _as_text(value)})


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
