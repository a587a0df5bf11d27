"""Which synapses are chosen: kept on the page as an outline or a name, looked up here.

A lasso around half a million points is a few hundred bytes as an outline and many megabytes
as a list of points, and each figure that follows the choice would send it back.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, TypeAdapter
from typing_extensions import TypedDict

from dashboard.kit import results
from dashboard.server.posted import PostedError, Span, offered
from dashboard.synapses import sets
from dashboard.synapses.rows import clusters, inside


class _Box(TypedDict):
    x: Span
    y: Span


class _Line(TypedDict):
    x: list[int | float]
    y: list[int | float]


class _Outline(TypedDict):
    points: NotRequired[list[Annotated[int, Field(ge=0)]]]
    range: NotRequired[_Box]
    lassoPoints: NotRequired[_Line]


class _Chosen(TypedDict):
    source: Literal["map", "histogram", "set"]
    outline: NotRequired[_Outline | None]
    measure: NotRequired[str]
    span: NotRequired[Span | None]
    name: NotRequired[str]


def _checked(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    TypeAdapter(_Chosen).validate_python(choice, strict=True)
    needed = {"map": "outline", "histogram": "span", "set": "name"}[choice["source"]]
    if needed not in choice or (needed == "span" and "measure" not in choice):
        raise PostedError("the choice is not whole")
    return choice


Choice = Annotated[Mapping[str, Any], AfterValidator(_checked)]
"""`source` (map, histogram or set) and `outline`, `measure` with `span`, or `name`."""
NUMBER = re.compile(r"-1|[0-9]{1,6}")
Rows = npt.NDArray[np.int64]


def chosen_rows(job_id: str, choice: Choice | None) -> Rows | None:
    """The chosen rows of a fit, ascending; None for all."""
    if not choice:
        return None
    if choice.get("source") == "set":
        return named_rows(job_id, str(choice.get("name")))
    return _looked_up(results.folder(job_id), json.dumps(choice, sort_keys=True))


def named_rows(job_id: str, name: str) -> Rows | None:
    """The rows of `cluster:NUMBER` or `set:NAME`; None for all."""
    kind, _, rest = name.partition(":")
    if kind == "cluster":
        labels = clusters(results.folder(job_id))["cluster"].to_numpy()
        return np.flatnonzero(labels == int(rest)) if NUMBER.fullmatch(rest) else None
    members = sets.load(job_id).get(rest) if kind == "set" else None
    return None if members is None else np.array(members, dtype=np.int64)


@lru_cache(maxsize=8)
def _looked_up(folder: Path, choice: str) -> Rows | None:
    rows, wanted = clusters(folder), json.loads(choice)
    if wanted.get("source") == "histogram":
        if wanted["span"] is None:
            return None
        values = rows[offered(wanted["measure"], rows.select_dtypes("number"))].to_numpy(float)
        low, high = wanted["span"]
        return np.flatnonzero((values >= low) & (values <= high))
    return inside(rows, wanted["outline"])
