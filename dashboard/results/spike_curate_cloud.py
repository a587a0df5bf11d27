"""The cloud of a unit's spikes that is being curated, and what a line drawn in it takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.curating import Desk
from dashboard.figures import spike_curate as figures
from dashboard.figures.common import framed
from pipelines.errors import InputError, ParameterError
from pipelines.polygon import in_polygon
from pipelines.result_files import opened_arrays
from pipelines.spikes.curation import State

Outline = Sequence[Sequence[float]]
SEED = 0
OTHER_AXES = (
    "Each reviewed unit has principal components of its own, and the spikes of this one come from "
    "several: Propose again looks at them together, and then they can be lassoed."
)


@dataclass(frozen=True)
class Points:
    """Reviewed spikes.

    Attributes:
        spikes: their places in the sorting, shape (spike,).
        unit_id: the unit that each had when it was reviewed; each has components of its own.
        values: on the first two of them, shape (spike, 2).
    """

    spikes: NDArray[np.int64]
    unit_id: NDArray[np.int32]
    values: NDArray[np.float32]

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Points":
        """Some of them."""
        return Points(self.spikes[chosen], self.unit_id[chosen], self.values[chosen])


@lru_cache(maxsize=2)
def _stored(file: Path) -> Points:
    with opened_arrays(file, InputError) as stored:
        return Points(stored["spike"], stored["unit_id"], stored["points"])


def points_of(desk: Desk, state: State, unit: int) -> Points | None:
    """All reviewed spikes of a unit, or none if the review could not read the recording."""
    if not desk.review.features.is_file():
        return None
    points = _stored(desk.review.features)
    own = (state.unit_id[points.spikes] == unit) & ~state.removed[points.spikes]
    return points.of(own) if own.any() else None


def view(desk: Desk, state: State, unit: int) -> Iterator[Component]:
    """The cloud, to draw a line in."""
    points = points_of(desk, state, unit)
    if points is None:
        return
    yield dcc.Store(id="curate-outline")
    if len(np.unique(points.unit_id)) > 1:
        yield html.P(OTHER_AXES, className="hint")
        return
    drawn = points.of(_sample(len(points.spikes)))
    proposed = [
        spike
        for one in desk.review.proposals
        if one["kind"] == "outliers" and one["units"] == [unit]
        for spike in one["spikes"][0]
    ]
    yield framed(
        figures.cloud(unit, drawn.values, np.isin(drawn.spikes, proposed)),
        id="curate-cloud",
        caption=f"{_how_many(len(drawn.spikes), len(points.spikes))} on the first two principal "
        "components of their waveforms. Draw around some with the mouse and press Split off the "
        "lasso.",
    )


def _sample(n_spikes: int) -> NDArray[np.int64]:
    if n_spikes <= figures.MOST_DRAWN:
        return np.arange(n_spikes)
    rng = np.random.default_rng(SEED)
    return np.sort(rng.choice(n_spikes, figures.MOST_DRAWN, replace=False))


def _how_many(drawn: int, total: int) -> str:
    if drawn == total:
        return "The unit's spikes"
    return (
        f"{drawn:,} of the unit's {total:,} spikes, drawn at random (seed {SEED}; a line takes "
        "those that are not drawn, too),"
    )


def inside(desk: Desk, state: State, unit: int, outline: Outline | None) -> tuple[int, ...]:
    """The spikes of a unit inside a line, also those that are not drawn.

    Args:
        desk: with the review.
        state: units now.
        unit: whose cloud the line was drawn in.
        outline: the corners of the line on the first and the second component.

    Raises:
        ParameterError: there is no line, or nothing in it.
    """
    points = points_of(desk, state, unit) if outline else None
    if points is not None and outline and len(np.unique(points.unit_id)) == 1:
        x, y = points.values.astype(np.float64).T
        found: list[int] = points.spikes[in_polygon(x, y, *outline)].tolist()
        if found:
            return tuple(found)
    raise ParameterError("Draw a lasso around some of the unit's spikes first.")


def register(app: Dash) -> None:
    """Connect the line; of what it chooses only its corners are sent."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("neuroboard", "drawnOutline"),
        Output("curate-outline", "data"),
        Input("curate-cloud", "selectedData"),
        prevent_initial_call=True,
    )
