"""What a page posts to its callbacks, checked before any of them sees it.

A callback trusts that it is called as it was registered: with the values of these components, of
the types that it is annotated with. Dash hands on whatever was posted. What no page of ours
sends is answered with 400 here, so that a 500 is always a fault of ours.
"""

import inspect
import json
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Annotated, Any, NoReturn, NotRequired, TypeVar, get_type_hints

from dash import Dash
from flask import Flask, abort, request
from flask.json.provider import DefaultJSONProvider
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

PATH = "/_dash-update-component"
NUMBER = int | float | None
Whole = Annotated[str, Field(pattern=r"^[0-9]{1,6}$")]
"""A number that is chosen from a list, which gives it as text."""
Place = Annotated[str, Field(pattern=r"^[0-9]{0,6}$")] | None
"""As `Whole`, where nothing may be chosen yet."""
Unit = Annotated[str, Field(pattern=r"^[0-9]{1,9}$")] | int
"""A unit in a table's row."""
Span = Annotated[list[int | float], Field(min_length=2, max_length=2)]
"""From, to."""
Voxel = Annotated[list[int], Field(min_length=3, max_length=3)]
"""Plane, y, x."""
Outline = Annotated[list[list[int | float]], Field(min_length=2, max_length=2)]
"""The corners of a drawn line: all their x, then all their y."""
Chosen = TypeVar("Chosen")


class Point(TypedDict):
    """What the pointer is on in a picture."""

    x: int | float
    y: int | float
    z: NotRequired[Any]
    curveNumber: NotRequired[int]


class Pointed(TypedDict):
    """What plotly says of a click, or of where the pointer is."""

    points: Annotated[list[Point], Field(min_length=1)]


TYPES: Mapping[str, Any] = {
    "n_clicks": int | None,
    "submit_n_clicks": int | None,
    "n_intervals": int | None,
    "checked": bool | None,
    "disabled": bool | None,
    "open": bool | None,
    "max": NUMBER,
    "href": str | None,
    "pathname": Annotated[str, Field(pattern="^/")],
    "search": str | None,
    "clickData": Pointed | None,
    "hoverData": Pointed | None,
    "selectedData": dict[str, Any] | None,
    "figure": dict[str, Any] | None,
    "selectedRows": list[dict[str, Any]] | dict[str, Any] | None,
    "virtualRowData": list[dict[str, Any]] | None,
    "getRowsRequest": dict[str, Any] | None,
}
"""Of the properties whose type does not depend on the component."""
WILDCARDS = (["ALL"], ["MATCH"], ["ALLSMALLER"])
NO_SUCH_RESULT = "That job has no such result: reload the page, or run the job again."
"""Said when a page asks a job of another kind, or one that lost a file."""
LONGEST_WHOLE = 16
"""Digits; a longer number is no whole number in a browser either."""


class PostedError(ValueError):
    """What was posted is not what a page sends."""


class UnitRow(TypedDict):
    """A row of a table of units."""

    unit_id: Unit


class DrawnShape(TypedDict):
    """A box or an outline that was drawn on a picture."""

    type: NotRequired[str]
    name: NotRequired[str]
    path: NotRequired[str]
    x0: NotRequired[int | float]
    x1: NotRequired[int | float]
    y0: NotRequired[int | float]
    y1: NotRequired[int | float]


def _has_corners(shape: DrawnShape) -> DrawnShape:
    if "path" in shape if shape.get("type") == "path" else {"x0", "x1", "y0", "y1"} <= set(shape):
        return shape
    raise PostedError("a shape has no corners")


class DrawnShapes(TypedDict):
    """All that was drawn on a picture, or the edges of what was moved."""

    shapes: NotRequired[list[Annotated[DrawnShape, AfterValidator(_has_corners)]]]


def offered(value: Chosen, known: Container[Chosen]) -> Chosen:
    """A value, if it is one of those that a page offers.

    Raises:
        PostedError: it is not.
    """
    if value not in known:
        raise PostedError(f"{str(value)[:40]!r} is not offered")
    return value


def within(place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """A place in a picture or film, if it is inside.

    Raises:
        PostedError: it is not.
    """
    if len(place) != len(shape) or not all(0 <= at < n for at, n in zip(place, shape, strict=True)):
        raise PostedError(f"{place} is outside")
    return place


def refuse(error: PostedError) -> NoReturn:
    """Answer what no page sends."""
    abort(400, f"No page of Neuroboard sends this: {error}. Reload the page.")


def row_and_column(pointed: Pointed) -> tuple[int, int]:
    """The pixel (y, x) of a picture that is pointed at."""
    point = pointed["points"][0]
    return int(point["y"]), int(point["x"])


def one_of(words: Collection[str]) -> AfterValidator:
    """Annotates a text that is chosen from a list."""
    return AfterValidator(lambda value: offered(value, words))


class Json(DefaultJSONProvider):
    """JSON as browsers write it: finite numbers, texts of characters, no endless nesting."""

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Read what was posted.

        Raises:
            ValueError: it is not JSON that a browser writes.
        """
        text = s if isinstance(s, str) else s.decode("utf-8")
        try:
            found = json.loads(
                text, parse_int=_whole, parse_float=_finite, parse_constant=_no_number
            )
            if "\\u" in text:
                _check_texts(found)
        except RecursionError:
            raise PostedError("it is nested too deeply") from None
        return found


def _whole(text: str) -> int | float:
    return int(text) if len(text) <= LONGEST_WHOLE else _finite(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise PostedError("a number is too large")
    return number


def _no_number(text: str) -> float:
    raise PostedError(f"{text} is no JSON")


def _check_texts(value: Any) -> None:
    """Texts that no file, database or answer can carry: halves of characters, and NUL."""
    if isinstance(value, str):
        if "\0" in value:
            raise PostedError("a text has a NUL in it")
        value.encode("utf-8")
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_texts(name)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def check(app: Dash) -> None:
    """Answer ill-formed callbacks of an app with 400."""
    server: Flask = app.server
    server.json = Json(server)

    def check_posted() -> None:
        if request.method == "POST" and request.path == PATH:
            try:
                require_callback(request.get_json(), app.callback_map)
            except PostedError as error:
                refuse(error)

    server.before_request(check_posted)


def require_callback(body: Any, known: Mapping[str, Any]) -> None:
    """Check that a request is one that the app's own pages could have sent.

    Args:
        body: what was posted.
        known: the app's callbacks, by what they are called (`Dash.callback_map`).

    Raises:
        PostedError: it is not, and why.
    """
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        raise PostedError("it names no callback")
    callback = known.get(body["output"], {})
    if "callback" not in callback:
        raise PostedError("there is no such callback")
    inputs = _entries(body, "inputs", callback["inputs"])
    states = _entries(body, "state", callback["state"])
    outputs, entries = _outputs(body.get("outputs"), callback["output"])
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(_is_one_of(c, callback["inputs"]) for c in changed):
        raise PostedError("what is said to have changed is no input")
    specs = [*callback["inputs"], *callback["state"]]
    _check_alike([*specs, *outputs], [*inputs, *states, *entries])
    for spec, entry, hint in zip(specs, inputs + states, _hints(callback), strict=True):
        _check_value(spec, entry, hint)


def _entries(body: Mapping[str, Any], name: str, specs: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The inputs or the state of a request, each of which belongs to its component."""
    found = body.get(name, [])
    if not isinstance(found, list) or len(found) != len(specs):
        raise PostedError(f"there must be {len(specs)} of its {name}")
    for spec, entry in zip(specs, found, strict=True):
        if not _fits(spec, entry):
            raise PostedError(f"{name} must be {spec['id']}.{spec['property']}")
    return found


def _outputs(posted: Any, output: Any) -> tuple[list[Mapping[str, Any]], list[Any]]:
    """The outputs of a callback, and what a request calls them."""
    specs = [one.to_dict() for one in (output if isinstance(output, list | tuple) else [output])]
    entries = posted if isinstance(output, list | tuple) else [posted]
    if not isinstance(entries, list) or len(entries) != len(specs):
        raise PostedError(f"there must be {len(specs)} outputs")
    if not all(_fits(spec, entry) for spec, entry in zip(specs, entries, strict=True)):
        raise PostedError("its outputs are of another callback")
    return specs, entries


def _check_alike(specs: Sequence[Mapping[str, Any]], entries: Sequence[Any]) -> None:
    """All components of a pattern are the same ones, wherever a request names them."""
    known: dict[str, list[Any]] = {}
    for spec, entry in zip(specs, entries, strict=True):
        if isinstance(entry, list):
            named = [one["id"] for one in entry]
            if known.setdefault(spec["id"], named) != named:
                raise PostedError(f"the components {spec['id']} are not the same everywhere")


def _fits(spec: Mapping[str, Any], entry: Any) -> bool:
    """Whether an entry is of the component, or of all components, that a callback names."""
    pattern = _pattern(spec["id"])
    if isinstance(pattern, dict) and any(part in WILDCARDS[::2] for part in pattern.values()):
        return isinstance(entry, list) and all(_is_of(pattern, spec, item) for item in entry)
    return _is_of(pattern, spec, entry)


def _is_of(pattern: Any, spec: Mapping[str, Any], entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and str(entry.get("property")).partition("@")[0] == spec["property"].partition("@")[0]
        and _matches(pattern, entry.get("id"))
        and (spec["property"] != "id" or entry.get("value") == entry["id"])
    )


def _pattern(identity: str) -> Any:
    return json.loads(identity) if identity.startswith("{") else identity


def _matches(pattern: Any, identity: Any) -> bool:
    if not isinstance(pattern, dict):
        return bool(identity == pattern)
    if not isinstance(identity, dict) or set(identity) != set(pattern):
        return False
    return all(
        isinstance(identity[name], str | int | float)
        if part in WILDCARDS
        else identity[name] == part
        for name, part in pattern.items()
    )


def _is_one_of(changed: Any, specs: Sequence[Mapping[str, Any]]) -> bool:
    if not isinstance(changed, str):
        return False
    identity, _, name = changed.rpartition(".")
    try:
        found = _pattern(identity)
    except ValueError:
        return False
    return any(s["property"] == name and _matches(_pattern(s["id"]), found) for s in specs)


def _check_value(spec: Mapping[str, Any], entry: Any, hint: Any) -> None:
    for one in entry if isinstance(entry, list) else [entry]:
        kind = TYPES.get(spec["property"], Any)
        if not _is_a(kind, one.get("value")):
            raise PostedError(f"{spec['property']} of {spec['id']} must be {_named(kind)}")
    if isinstance(entry, list):
        value: Any = [one.get("value") for one in entry]
    else:
        value = entry.get("value")
    if not _is_a(hint, value):
        raise PostedError(f"{spec['property']} of {spec['id']} must be {_named(hint)}")


def _named(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")


def _hints(callback: Mapping[str, Any]) -> list[Any]:
    """The annotations of a callback's parameters, one for each of its inputs and states."""
    count = len(callback["inputs"]) + len(callback["state"])
    function = inspect.unwrap(callback["callback"])
    places = callback["inputs_state_indices"]
    if isinstance(places, dict):
        known = get_type_hints(_whole_function(function), include_extras=True)
        return [hint for _, hint in sorted(_of_group(places, known))]
    return list(_of_parameters(function, count))


def _of_group(places: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    """The place among all inputs and states of each that has a name, and its annotation.

    Args:
        places: by name: where it stands, or those of a group, which a `TypedDict` annotates.
        known: annotations by name.
    """
    for name, place in places.items():
        hint = known.get(name, Any)
        if isinstance(place, dict):
            yield from _of_group(place, get_type_hints(hint, include_extras=True))
        else:
            yield place, hint


@cache
def _of_parameters(function: Any, count: int) -> tuple[Any, ...]:
    if isinstance(function, type):  # such as bool, which takes anything
        return (Any,) * count
    parameters = list(inspect.signature(function).parameters.values())
    known = get_type_hints(_whole_function(function), include_extras=True)

    def each() -> Iterator[Any]:
        for parameter in parameters:
            hint = known.get(parameter.name, Any)
            while parameter.kind is parameter.VAR_POSITIONAL:
                yield hint
            yield hint

    found = each()
    return tuple(next(found, Any) for _ in range(count))


def _whole_function(function: Any) -> Any:
    return function.func if isinstance(function, partial) else function


def _is_a(kind: Any, value: Any) -> bool:
    try:
        _adapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
