"""Micrometres and seconds on figures of images, where a pixel's and a frame's are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import plotly.graph_objects as go

from pipelines.brainmap.images.info import ImageInfo

IN_SECONDS: Mapping[str, str] = {"time point (frames)": "time (s)", "lag (frames)": "lag (s)"}
"""Titles of axes that count frames, and what they are called in seconds."""

INK = "#1b2330"
BAR_SHARE = 0.25
"""Of a picture's width, which its scale bar takes at most."""


@dataclass(frozen=True)
class Scale:
    """What a pixel and a frame are; None where that is unknown.

    Attributes:
        pixel_um: height and width of a pixel in micrometres.
        frame_s: from one frame to the next, in seconds.
    """

    pixel_um: tuple[float, float] | None = None
    frame_s: float | None = None

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From the results of a task."""
        info = ImageInfo.of_results(found)
        return cls(info.pixel_um, info.frame_s)

    def time(self, frame: int) -> str:
        """A time point as it is called on a slider."""
        return f"{frame * self.frame_s:.4g} s" if self.frame_s else str(frame)

    def timed(self, figure: go.Figure, row: int | None = None) -> go.Figure:
        """The figure with its axes that count frames in seconds, or only those of one row."""
        if self.frame_s is None:
            return figure
        for axis in figure.select_xaxes(row=row):
            if axis.title.text in IN_SECONDS:
                axis.title.text = IN_SECONDS[axis.title.text]
                _stretch(figure, axis.plotly_name.replace("axis", ""), self.frame_s)
        return figure

    def pictured(self, figure: go.Figure, shape: Sequence[int]) -> go.Figure:
        """The figure of planes of that (y, x) shape in true proportions, each with a scale bar.

        The bars come after all other traces, whose numbers stay.
        """
        if self.pixel_um is None:
            return figure
        tall, wide = self.pixel_um
        axes = list(figure.select_traces(selector=lambda trace: trace.type in ("heatmap", "image")))
        for trace in axes:
            y, x = trace.yaxis or "y", trace.xaxis or "x"
            side = figure.layout[y.replace("y", "yaxis")]
            side.update(scaleanchor=x, scaleratio=tall / wide)
            self._add_bar(figure, shape, {"xaxis": x, "yaxis": y})
        return figure

    def _add_bar(self, figure: go.Figure, shape: Sequence[int], place: Mapping[str, str]) -> None:
        height, width = shape
        wide = self.pixel_um[1] if self.pixel_um else 1.0
        length = round_length(width * wide * BAR_SHARE)
        left, low = 0.05 * width, 0.92 * height - 0.5
        for color, thickness in ((INK, 8), ("#ffffff", 4)):  # seen on bright and on dark
            figure.add_scatter(
                x=[left, left + length / wide],
                y=[low, low],
                mode="lines",
                line={"color": color, "width": thickness},
                hoverinfo="skip",
                showlegend=False,
                **place,
            )
        figure.add_annotation(
            x=left,
            y=low,
            xref=place["xaxis"],
            yref=place["yaxis"],
            xanchor="left",
            yanchor="bottom",
            yshift=6,
            # The stylesheet gives all text the colour of the theme, but not what is in a span.
            text=f"<span style='color:#ffffff'>{length:g} µm</span>",
            showarrow=False,
            bgcolor=INK,
        )


UNKNOWN = Scale()


def round_length(most: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not longer."""
    power = 10.0 ** np.floor(np.log10(most))
    return float(max(step * power for step in (1, 2, 5) if step * power <= most * (1 + 1e-9)))


def _stretch(figure: go.Figure, axis: str, factor: float) -> None:
    """Multiply what lies along an axis."""
    for trace in figure.select_traces(selector={"type": "scatter"}):
        if (trace.xaxis or "x") != axis:
            continue
        frames = np.arange(len(trace.y)) if trace.x is None else np.asarray(trace.x)
        trace.x = factor * frames
        if trace.hovertemplate:
            words = trace.hovertemplate.replace("time point %{x}", "%{x:.5g} s")
            trace.hovertemplate = words.replace("at %{x}:", "at %{x:.5g} s:")
