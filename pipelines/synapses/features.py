"""What synapses are compared by: place in the neuron's frame, and the areas.

One scale serves all three axes, so that distances keep their meaning in space; areas
vary by factors, so their logarithms are used. Scales are robust (interquartile range):
a few giant boutons do not set them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.synapses.arrays import Floats, Synapses
from pipelines.synapses.frames import Frame, Frames, fit_frames, project

FEATURES = ("pca_1", "pca_2", "pca_3", "ln_SynArea", "ln_BoutonArea")
UNITS = ("um", "um", "um", "ln(um2)", "ln(um2)")
NORMAL_IQR = 1.349
"""Interquartile range of a normal distribution with standard deviation 1."""


@dataclass(frozen=True)
class Scaler:
    """The stored scale of the features.

    Attributes:
        spatial_scale: um, one for the three axes.
        area_centre: (2,) median of the logarithms of the areas.
        area_scale: (2,) their robust standard deviation.
        spatial_weight: factor on the scaled coordinates.
        area_weight: factor on the scaled logarithms.
    """

    spatial_scale: float
    area_centre: Floats
    area_scale: Floats
    spatial_weight: float
    area_weight: float

    def transform(self, coordinates: Floats, areas: Floats) -> Floats:
        """Features (n, 5) of coordinates (n, 3) in um and areas (n, 2) in um2."""
        places = coordinates / self.spatial_scale * self.spatial_weight
        sizes = (_logarithms(areas) - self.area_centre) / self.area_scale * self.area_weight
        return np.hstack([places, sizes])


def fit_scaler(
    coordinates: Floats, areas: Floats, spatial_weight: float, area_weight: float
) -> Scaler:
    """Learn the scales from coordinates (n, 3) in um and areas (n, 2) in um2.

    The spatial scale is the root mean square of the three robust standard deviations.
    """
    logarithms = _logarithms(areas)
    spread = _robust_deviation(coordinates)
    spatial = float(np.sqrt(np.mean(spread**2)))
    deviations = _robust_deviation(logarithms)
    return Scaler(
        spatial_scale=spatial if spatial > 0 else 1.0,
        area_centre=np.median(logarithms, axis=0),
        area_scale=np.where(deviations > 0, deviations, 1.0),
        spatial_weight=spatial_weight,
        area_weight=area_weight,
    )


def _logarithms(areas: Floats) -> Floats:
    # A contiguous copy: strided input may take another code path with other rounding.
    return np.log(np.ascontiguousarray(areas))


def _robust_deviation(values: Floats) -> Floats:
    low, high = np.quantile(values, [0.25, 0.75], axis=0)
    deviation: Floats = (high - low) / NORMAL_IQR
    return deviation


@dataclass(frozen=True)
class Projection:
    """Everything between a checked row and its features, fitted once and stored whole."""

    frames: Frames
    scaler: Scaler

    def features(self, synapses: Synapses) -> Floats:
        """Features (n, 5); nan where the neuron has no frame."""
        return self.scaler.transform(project(self.frames, synapses), synapses.areas)

    def with_frames(self, more: Frames) -> "Projection":
        """The same scales with the frames of further neurons."""
        return Projection({**self.frames, **more}, self.scaler)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """As arrays that need no pickle."""
        names = sorted(self.frames)
        frames = [self.frames[name] for name in names]
        return {
            "frame_neurons": np.array(names, dtype=str),
            "frame_means": np.array([frame.mean for frame in frames]).reshape(-1, 3),
            "frame_axes": np.array([frame.axes for frame in frames]).reshape(-1, 3, 3),
            "frame_rows": np.array([frame.n_rows for frame in frames], dtype=np.int64),
            "spatial_scale": np.array(self.scaler.spatial_scale),
            "area_centre": self.scaler.area_centre,
            "area_scale": self.scaler.area_scale,
            "weights": np.array([self.scaler.spatial_weight, self.scaler.area_weight]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Projection":
        """The inverse of `to_arrays`.

        Raises:
            KeyError: an array is missing.
        """
        spatial_weight, area_weight = (float(weight) for weight in arrays["weights"])
        scaler = Scaler(
            float(arrays["spatial_scale"]),
            arrays["area_centre"],
            arrays["area_scale"],
            spatial_weight,
            area_weight,
        )
        parts = (arrays[f"frame_{name}"] for name in ("neurons", "means", "axes", "rows"))
        frames = {
            str(neuron): Frame(mean, axes, int(n_rows))
            for neuron, mean, axes, n_rows in zip(*parts, strict=True)
        }
        return cls(frames, scaler)


def fit_projection(
    synapses: Synapses, selected: np.ndarray, spatial_weight: float, area_weight: float
) -> Projection:
    """Fit frames to all synapses, and the scales to the selected ones that have a frame.

    Args:
        synapses: n synapses.
        selected: (n,) bool, the group that is clustered. A neuron's frame is better known
            when all of its synapses take part.
        spatial_weight: factor on the scaled coordinates.
        area_weight: factor on the scaled logarithms of the areas.
    """
    frames = fit_frames(synapses)
    coordinates = project(frames, synapses)
    used = selected & np.isfinite(coordinates).all(axis=1)
    scaler = fit_scaler(coordinates[used], synapses.areas[used], spatial_weight, area_weight)
    return Projection(frames, scaler)
