"""Which synapses are selected on a desk: a short text that stores and addresses carry.

It names a cluster (`cluster:1`) or a set (`set:near the soma`), or it is the outline that was
drawn, as JSON: of a million points in a lasso only its corners travel.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, NotRequired

import numpy as np
import pandas as pd
from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from dashboard.kit import results
from dashboard.synapses.choice import Rows, named_rows
from dashboard.synapses.map_figures import cluster_name
from dashboard.synapses.rows import clusters, in_box
from pipelines.core.polygon import in_polygon

Number = Annotated[float, Field(allow_inf_nan=False)]
Span = Annotated[list[Number], Field(min_length=2, max_length=2)]


class DrawnAround(TypedDict):
    """What was drawn: a lasso or a box over two columns, or a span of one."""

    x: str
    y: NotRequired[str]
    lasso: NotRequired[Annotated[list[list[Number]], Field(min_length=2, max_length=2)]]
    box: NotRequired[Annotated[list[Span], Field(min_length=2, max_length=2)]]
    span: NotRequired[Span]


OUTLINE = TypeAdapter(DrawnAround)


def selected(job_id: str, text: str | None) -> Rows | None:
    """The selected rows of a fit, ascending; None for all, also where the text says nothing."""
    if not text:
        return None
    if not text.startswith("{"):
        return named_rows(job_id, text)
    return _drawn_around(results.folder(job_id), text)


def is_drawn(text: str | None) -> bool:
    """Whether it is an outline."""
    return bool(text) and str(text).startswith("{")


def called(text: str | None) -> str:
    """What the selection is called."""
    if is_drawn(text):
        return "chosen"
    kind, _, name = (text or "").partition(":")
    if kind == "cluster" and name.removeprefix("-").isdecimal():
        return cluster_name(int(name))
    return name or kind or "all"


@lru_cache(maxsize=8)
def _drawn_around(folder: Path, text: str) -> Rows | None:
    try:
        outline = OUTLINE.validate_json(text)
    except ValidationError:
        return None
    rows = clusters(folder)
    numeric = rows.select_dtypes("number").columns
    if outline["x"] not in numeric or outline.get("y", outline["x"]) not in numeric:
        return None
    return _inside(rows, outline)


def _inside(rows: pd.DataFrame, outline: DrawnAround) -> Rows | None:
    x = rows[outline["x"]].to_numpy(float)
    if "span" in outline:
        return np.flatnonzero((x >= outline["span"][0]) & (x <= outline["span"][1]))
    y = rows[outline.get("y", outline["x"])].to_numpy(float)
    if "box" in outline:
        return in_box(x, y, *map(sorted, outline["box"]))
    across, up = outline.get("lasso", [[], []])
    if len(across) < 3 or len(across) != len(up):
        return None
    near = in_box(x, y, [min(across), max(across)], [min(up), max(up)])
    return near[in_polygon(x[near], y[near], across, up)]
