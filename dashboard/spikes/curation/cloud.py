"""The cloud of a unit's spikes that is being curated, and what a line drawn in it takes."""

from collections.abc import Iterator, Sequence

import numpy as np
import plotly.graph_objects as go
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.kit.figures import color, framed, style
from dashboard.spikes.curation.desk import Desk
from pipelines.core.errors import ParameterError
from pipelines.core.polygon import in_polygon
from pipelines.spikes.curation.reviewed import Points
from pipelines.spikes.curation.steps import CurationState

Outline = Sequence[Sequence[float]]
SEED = 0
MOST_DRAWN = 50_000
OTHER_AXES = (
    "Each reviewed unit has principal components of its own, and the spikes of this one come from "
    "several: Propose again looks at them together, and then they can be lassoed."
)


def points_of(desk: Desk, state: CurationState, unit: int) -> Points | None:
    """All reviewed spikes of a unit, or none if the review could not read the recording."""
    points = desk.review.found.points
    if points is None:
        return None
    own = points.among(state.spikes_of(unit), len(desk.review.sorting.unit_id))
    return own if len(own.spikes) else None


def view(desk: Desk, state: CurationState, unit: int) -> Iterator[Component]:
    """The cloud, to draw a line in."""
    points = points_of(desk, state, unit)
    if points is None:
        return
    yield dcc.Store(id="curate-outline")
    if len(np.unique(points.unit_id)) > 1:
        yield html.P(OTHER_AXES, className="hint")
        return
    drawn = points.of(_sample(len(points.spikes)))
    yield framed(
        _figure(unit, drawn.values),
        id="curate-cloud",
        responsive=True,
        caption=f"{_how_many(len(drawn.spikes), len(points.spikes))} on the first two principal "
        "components of their waveforms. Draw around some with the mouse and press Split off the "
        "lasso.",
    )


def _figure(unit: int, points: NDArray[np.float32]) -> go.Figure:
    """A unit's spikes on their first two principal components, to be lassoed.

    Args:
        unit: its number.
        points: shape (spike, 2), in units of noise.
    """
    figure = go.Figure()
    figure.add_scattergl(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        name="spikes",
        marker={"size": 4, "color": color(unit), "opacity": 0.7},
        hoverinfo="skip",
    )
    figure.update_xaxes(title="first component (noise)")
    figure.update_yaxes(title="second component (noise)")
    return style(figure, height=300, dragmode="lasso", showlegend=False)


def _sample(n_spikes: int) -> NDArray[np.int64]:
    if n_spikes <= MOST_DRAWN:
        return np.arange(n_spikes)
    rng = np.random.default_rng(SEED)
    return np.sort(rng.choice(n_spikes, MOST_DRAWN, replace=False))


def _how_many(drawn: int, total: int) -> str:
    if drawn == total:
        return "The unit's spikes"
    return (
        f"{drawn:,} of the unit's {total:,} spikes, drawn at random (seed {SEED}; a line takes "
        "those that are not drawn, too),"
    )


def inside(desk: Desk, state: CurationState, unit: int, outline: Outline | None) -> tuple[int, ...]:
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
