"""The map of synapses as a figure, and what its clusters and columns are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from dashboard.kit.figures import NOISE, color, style
from dashboard.runs.clusterings import cluster_name as cluster_name
from dashboard.synapses.raster import raster

MOST_POINTS = 200_000
"""Above this many points a raster is drawn instead of markers."""
NAMED = ("cluster", "NeuronId", "SynType", "SynId")
"""Columns that name; all other numeric ones measure."""
MAP = ("UMAP_1", "UMAP_2")
MOST_NAMES = 40
"""Values that stand in the legend, each as a trace; of more all are drawn as one, without one."""
MOST_PLAIN = 12
"""The same of two columns, which have no legend in any case: a trace costs more than its points."""
UNITS = {
    "SynArea": "um²",
    "BoutonArea": "um²",
    "pca_1": "um along the dendrite",
    "pca_2": "um",
    "pca_3": "um",
    "soma_distance": "um",
}


@dataclass(frozen=True)
class MapWindow:
    """A part of the map."""

    left: float
    right: float
    bottom: float
    top: float

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The synapses in it."""
        across = rows["UMAP_1"].between(self.left, self.right)
        return rows[across & rows["UMAP_2"].between(self.bottom, self.top)]


def axis_title(column: str) -> str:
    """A column with its unit."""
    unit = "um" if column.endswith("_micron") else UNITS.get(column, "")
    return f"{column} ({unit})" if unit else column


def embedding(
    rows: pd.DataFrame,
    by: str = "cluster",
    marked: Sequence[int] = (),
    window: MapWindow | None = None,
    chosen: Sequence[int] | npt.NDArray[np.int64] | None = None,
    axes: tuple[str, str] = MAP,
    colors: Mapping[int, str] | None = None,
) -> go.Figure:
    """The map of clustered synapses, or any two of their columns.

    Args:
        rows: with columns UMAP_1, UMAP_2, cluster, probability and the key columns.
        by: the column that gives the colour; numbers on a scale, names and clusters one each.
        marked: index of synapses to point out with a ring.
        window: the part that is looked at; None for all. Above `MOST_POINTS` synapses in it
            a raster of just that part is drawn.
        chosen: index of the synapses that are not faded; None for all.
        axes: the columns across and up; others than the map's are never a raster.
        colors: those of clusters, if they are not the usual ones; others are grey then.
    """
    shown = window.of(rows) if window else rows
    figure = go.Figure()
    named = by in NAMED or not pd.api.types.is_numeric_dtype(rows[by])
    if len(shown) > MOST_POINTS and axes == MAP:
        kept = None if chosen is None else np.isin(shown.index.to_numpy(), chosen)
        figure.add_traces(raster(shown, by, named, axis_title(by), kept))
    elif not named:
        figure.add_trace(_scale_trace(shown, by, axes))
    elif shown[by].nunique() > (MOST_NAMES if axes == MAP else MOST_PLAIN):
        figure.add_trace(_one_trace(shown, by, axes, colors))
    else:
        for place, (value, members) in enumerate(_by_value(shown, by)):
            figure.add_trace(_value_trace(by, value, place, members, axes))
    if colors is not None:
        _recolor(figure, colors)
    if chosen is not None:
        fade_others(figure, chosen)
    if len(marked):
        figure.add_trace(_rings(rows.loc[list(marked)], axes))
    _map_axes(figure, axes)
    if window:
        figure.update_xaxes(range=[window.left, window.right])
        figure.update_yaxes(range=[window.bottom, window.top])
    return figure


def _recolor(figure: go.Figure, colors: Mapping[int, str]) -> None:
    """Give clusters other colours; noise stays grey."""
    for trace in figure.data:
        number = trace.name.removeprefix("cluster ").partition(" ")[0] if trace.name else ""
        if number.isdecimal():
            trace.marker.color = colors.get(int(number), NOISE)


def fade_others(figure: go.Figure, chosen: Sequence[int] | npt.NDArray[np.int64]) -> None:
    """Show which points are chosen; synapses are told by the points' customdata."""
    rows = np.asarray(chosen)
    for trace in figure.data:
        if trace.customdata is not None:
            trace.selectedpoints = np.flatnonzero(np.isin(trace.customdata, rows))
            trace.unselected = {"marker": {"opacity": 0.12}}


def _by_value(rows: pd.DataFrame, by: str) -> list[tuple[Any, pd.DataFrame]]:
    return list(rows.groupby(by, sort=True))


def _one_trace(
    rows: pd.DataFrame, by: str, axes: tuple[str, str], colors: Mapping[int, str] | None
) -> go.Scattergl:
    """All values in one trace, each in its colour."""
    rows = rows[rows[by].notna()]
    codes, names = pd.factorize(rows[by], sort=True)
    is_cluster = by == "cluster"
    said = [cluster_name(int(name)) if is_cluster else str(name) for name in names]
    shades = [color(int(name) if is_cluster else n) for n, name in enumerate(names)]
    if is_cluster and colors is not None:
        shades = [colors.get(int(name), NOISE) for name in names]
    points = _points(rows, "", axes)
    points["text"] = points["text"] + ", " + np.array(said, dtype=object)[codes]
    count = len(names)
    steps = [(edge / count, shade) for n, shade in enumerate(shades) for edge in (n, n + 1)]
    return go.Scattergl(
        **points,
        name=by,
        showlegend=False,
        marker={
            "color": codes.astype(np.int32),
            "colorscale": steps,
            "cmin": -0.5,
            "cmax": count - 0.5,
            "size": _size(rows),
            "opacity": 0.8,
        },
    )


def _value_trace(
    by: str, value: Any, place: int, members: pd.DataFrame, axes: tuple[str, str]
) -> go.Scattergl:
    name = cluster_name(int(value)) if by == "cluster" else str(value)
    return go.Scattergl(
        **_points(members, name, axes),
        name=f"{name} ({len(members):,})",
        marker={
            "color": color(int(value) if by == "cluster" else place),
            "size": _size(members),
            "opacity": 0.8,
        },
    )


def _scale_trace(rows: pd.DataFrame, by: str, axes: tuple[str, str]) -> go.Scattergl:
    values = rows[by].to_numpy(np.float32)
    # The outermost 2 % would take most of the scale.
    low, high = np.nanquantile(values, [0.01, 0.99]) if len(values) else (0.0, 1.0)
    points = _points(rows, axis_title(by), axes)
    points["hovertemplate"] = f"%{{text}}<br>{axis_title(by)} %{{marker.color:.4g}}<extra></extra>"
    return go.Scattergl(
        **points,
        showlegend=False,
        marker={
            "color": values,
            "colorscale": "Viridis",
            "cmin": float(low),
            "cmax": float(high),
            "colorbar": {"title": axis_title(by)},
            "size": _size(rows),
            "opacity": 0.85,
        },
    )


def _points(members: pd.DataFrame, name: str, axes: tuple[str, str]) -> dict[str, Any]:
    place = "UMAP %{x:.2f}, %{y:.2f}" if axes == MAP else "%{x:.4g}, %{y:.4g}"
    return {
        "x": members[axes[0]].to_numpy(np.float32),
        "y": members[axes[1]].to_numpy(np.float32),
        "mode": "markers",
        "customdata": members.index.to_numpy(),
        "text": names_of(members),
        "hovertemplate": f"%{{text}}<br>{place}<extra>{name}</extra>",
    }


def names_of(rows: pd.DataFrame) -> "pd.Series[str]":
    """NeuronId, SynType and SynId of each synapse."""
    return rows["NeuronId"] + " " + rows["SynType"] + " " + rows["SynId"].astype(str)


def _size(rows: pd.DataFrame) -> int:
    return 7 if len(rows) < 5000 else 4


def _rings(rows: pd.DataFrame, axes: tuple[str, str]) -> go.Scattergl:
    return go.Scattergl(
        x=rows[axes[0]].to_numpy(np.float32),
        y=rows[axes[1]].to_numpy(np.float32),
        mode="markers",
        name=f"pointed out ({len(rows):,})",
        marker={"color": "#d11f6a", "size": 15, "symbol": "circle-open", "line": {"width": 3}},
        hoverinfo="skip",
    )


def _map_axes(figure: go.Figure, axes: tuple[str, str]) -> go.Figure:
    across, up = ("UMAP 1 (no unit)", "UMAP 2 (no unit)") if axes == MAP else map(axis_title, axes)
    figure.update_xaxes(title=across)
    figure.update_yaxes(title=up)
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    # What a person did to the axes and tools stays when the figure is drawn again.
    mode = {"dragmode": "lasso", "clickmode": "event+select", "uirevision": "map"}
    # Room for the legend: plotly finds room itself, but then leaves the legend where it was.
    return style(figure, height=520, legend=legend, **mode).update_layout(margin_t=64)
