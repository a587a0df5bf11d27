"""Figures and tables of a film: its map, its clusters over time, its K, its correlations."""

from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.map import maps
from pipelines.brainmap.map.correlation_folder import FinishedCorrelation
from pipelines.brainmap.map.folder import FinishedMap, MapOfK, open_map
from pipelines.core.errors import InputError
from pipelines.core.result_schema import NUMBER, WHOLE, TableFile
from pipelines.figures.panels import GREYS, RED_BLUE, colored, lines_panel
from pipelines.figures.svg import Axis, curve_panel, inline, plane_panel, scale_panel
from pipelines.report import page
from pipelines.report.report import ReportPart, Runs
from pipelines.report.runs import ReportedRun

MOST_PLANES = 12
"""Planes of a stack that are drawn, evenly over its depth."""
MOST_PIXELS = 400
"""Along a side of a plane; larger ones are thinned."""
CURVES: dict[str, tuple[str, str, str]] = {
    "inertia": ("Inertia", "sum of squares", "Sum of squared distances to the nearest centroid."),
    "crossvalidated_error": (
        "Held-out error",
        "mean squared error",
        "Error on voxels and time points that were both left out; lower is better.",
    ),
    "stability_ari": (
        "Stability",
        "adjusted Rand index",
        "Agreement of clusterings with other seeds: 1 is the same again, 0 is chance.",
    ),
    "bic": ("Information criterion", "BIC", "Of mixtures of Gaussians; lower is better."),
}
"""What is drawn over K, by its column: title, axis and caption."""
STATISTICS = TableFile("statistics.csv", {"time": WHOLE}, others=NUMBER)


def sections(runs: Runs) -> Iterator[ReportPart]:
    """The parts of the report of a film."""
    for run in runs:
        if run.task == "brainmap fit":
            reported = ReportedMap(run.folder)
            yield ReportPart("Map", reported.planes)
            yield ReportPart("Clusters over time", reported.series)
            yield ReportPart("Clusters in numbers", reported.clusters)
            yield ReportPart("Numbers of clusters", reported.ks)
    for run in runs:
        if run.task == "brainmap correlate":
            yield ReportPart("Correlation", partial(correlation, run))


class ReportedMap:
    """One finished map, at its chosen number of clusters; opened when a part is first drawn."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def found(self) -> FinishedMap:
        """What was found."""
        return open_map(self.folder)

    @cached_property
    def of_k(self) -> MapOfK:
        """Its chosen number of clusters."""
        return self.found.of_k(None)

    @property
    def info(self) -> ImageInfo:
        """What is known of the images."""
        return self.found.info

    def planes(self) -> Iterator[str]:
        """The mean image and the map, plane by plane, and the legend."""
        chosen, step = planes_of(self.found.shape)
        map_ = self.of_k
        thin = np.s_[chosen, ::step, ::step]
        mean, labels = map_.mean[thin], map_.labels[thin]
        painted = maps.paint(labels, map_.similarity[thin], mean, map_.color_bytes)
        low, high = _range(map_.mean)
        yield page.paragraph(_thinned(self.found.shape, chosen, step), "quiet")
        yield "<div class='figures'>"
        for place, plane in enumerate(chosen):
            for title, rgb in (
                (f"Mean image, plane {plane}", colored(mean[place], low, high, GREYS)),
                (f"Clusters, plane {plane}", painted[place]),
            ):
                panel = plane_panel(rgb, title, step, self.info.pixel_um)
                yield page.figure(inline(panel, title), _about(title))
        yield "</div>"
        counted = zip(map_.colors, map_.sizes, strict=True)
        yield page.legend(
            (color, f"cluster {number} ({size:,})") for number, (color, size) in enumerate(counted)
        )

    def series(self) -> Iterator[str]:
        """The mean series of the clusters."""
        map_ = self.of_k
        names = [f"cluster {number}" for number in range(len(map_.colors))]
        panel = curve_panel(
            map_.centroids, map_.colors, names, title="Centroids", frame_s=self.info.frame_s
        )
        caption = "The mean series of the voxels of each cluster, in the colour of the map."
        yield f"<div class='figures'>{page.figure(inline(panel, caption), caption)}</div>"

    def clusters(self) -> Iterator[str]:
        """Size, place and similarity of each cluster."""
        found, map_ = self.found, self.of_k
        labels = found.labels_of(None)
        similarity = np.asarray(found.similarity[found.place(None)])
        places = np.stack(np.unravel_index(found.voxels, found.shape), axis=1)
        rows = []
        for number, color in enumerate(map_.colors):
            own = labels == number
            middle = places[own].mean(axis=0) if own.any() else np.full(3, np.nan)
            rows.append(
                {
                    "cluster": number,
                    "colour": color,
                    "voxels": int(map_.sizes[number]),
                    "plane": float(middle[0]),
                    "y": float(middle[1]),
                    "x": float(middle[2]),
                    "similarity": float(similarity[own].mean()) if own.any() else np.nan,
                }
            )
        titles = {"plane": "mean plane", "y": "mean y (pixels)", "x": "mean x (pixels)",
                  "similarity": "mean similarity"}  # fmt: skip
        yield page.table(pd.DataFrame(rows), {name: titles.get(name, name) for name in rows[0]})

    def ks(self) -> Iterator[str]:
        """What was measured of each number of clusters."""
        sweep = self.found.sweep
        if len(sweep) > 1:
            yield "<div class='figures'>"
            for column, (title, unit, caption) in CURVES.items():
                values = sweep[column].to_numpy(float) if column in sweep else np.zeros(0)
                if np.isfinite(values).any():
                    ks = sweep["k"].to_numpy(float)
                    panel = lines_panel(ks, [values], [title], (title, "K", unit))
                    yield page.figure(inline(panel, caption), caption)
            yield "</div>"
        names = [name for name in ("k", *CURVES) if name in sweep and sweep[name].notna().any()]
        titles = {"k": "K", **{name: row[0] for name, row in CURVES.items()}}
        yield page.table(sweep, {name: titles[name] for name in names})


def correlation(run: ReportedRun) -> Iterator[str]:
    """How every voxel goes with one series, plane by plane."""
    found, info = FinishedCorrelation(run.folder), ImageInfo.of_results(run.results)
    words, values = str(run.results.get("series", "a series")), found.values
    chosen, step = planes_of(values.shape)
    yield page.paragraph(f"Pearson's r of every voxel with {words}.")
    yield "<div class='figures'>"
    for plane in chosen:
        rgb = colored(values[plane, ::step, ::step], -1, 1, RED_BLUE)
        title = f"Correlation, plane {plane}"
        panel = plane_panel(rgb, title, step, info.pixel_um)
        yield page.figure(inline(panel, title), f"{title}: blue -1, white 0, red 1.")
    bar = scale_panel(colored(np.linspace(-1, 1, 64), -1, 1, RED_BLUE), Axis("r", -1, 1), "Scale")
    yield page.figure(inline(bar, "Scale of the correlation"), "Scale of the correlation.")
    series = found.series
    across = np.arange(len(series)) * (info.frame_s or 1)
    unit = "time (s)" if info.frame_s else "time point (frames)"
    panel = lines_panel(across, [series], ["series"], ("What it was compared with", unit, "signal"))
    yield page.figure(inline(panel, "The series"), "The series that voxels were compared with.")
    yield "</div>"


def planes_of(shape: tuple[int, ...]) -> tuple[list[int], int]:
    """The planes that are drawn of a stack (plane, y, x), and of how many pixels one is drawn."""
    count = min(shape[0], MOST_PLANES)
    chosen = np.unique(np.linspace(0, shape[0] - 1, count).round().astype(int))
    return chosen.tolist(), -(-max(shape[1:]) // MOST_PIXELS)


def _thinned(shape: tuple[int, ...], chosen: list[int], step: int) -> str:
    every = f" One pixel of {step} is drawn along each side." if step > 1 else ""
    if len(chosen) < shape[0]:
        return f"Drawn are {len(chosen)} of {shape[0]} planes, evenly over the depth.{every}"
    return f"All planes are drawn.{every}"


def _about(title: str) -> str:
    if title.startswith("Mean"):
        return f"{title}: intensity over time."
    return (
        f"{title}: the more a voxel resembles its cluster, the fuller the colour; grey ones were "
        "filtered out."
    )


def _range(mean: NDArray[Any]) -> tuple[float, float]:
    known = mean[np.isfinite(mean)]
    if not known.size:
        raise InputError("The mean image holds no number: map the images again.")
    low, high = np.percentile(known, maps.RANGE_PERCENTILES)
    return float(low), float(high)
