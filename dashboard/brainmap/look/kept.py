"""The plane, time point and voxel that pictures show are selected on a desk: its address has them.

A page without a desk takes no notice. `assets/55-voxels.js` does it without a round trip.
"""

from typing import Any

from dash import ClientsideFunction, Dash, Input, State


def plane(app: Dash, control: str) -> None:
    """Keep the plane that a list of planes shows."""
    _register(app, "plane", Input(control, "value"))


def time(app: Dash, control: str, tick: str = "") -> None:
    """Keep the time point of a control; while an interval plays the film, only where it ends."""
    _register(app, "time", Input(control, "value"), *([Input(tick, "disabled")] if tick else []))


def pointed(app: Dash, picture: str, planes: str) -> None:
    """Keep the voxel under the pointer in a picture, on the plane that a list of planes shows."""
    _register(app, "pointed", Input(picture, "hoverData"), State(planes, "value"))


def pressed(app: Dash, store: str) -> None:
    """Keep the voxel (plane, y, x) that a store holds."""
    _register(app, "pressed", Input(store, "data"))


def _register(app: Dash, name: str, *given: Any) -> None:
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("voxels", name), *given, prevent_initial_call=True
    )
