"""What synapses are compared by: place in the neuron's frame, and the areas.

One scale serves all three axes, so that distances keep their meaning in space; areas
vary by factors, so their logarithms are used. Scales are robust (interquartile range):
a few giant boutons do not set them.

The recipe `published` makes the features of the publication instead: um and um2 as they are,
times weights, in frames whose axes run with x, y and z.

Another table of points has features of its own; of each its schema says whether the value or
its logarithm is compared.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from pipelines.synapses.table.arrays import Floats, Synapses
from pipelines.synapses.table.columns import SYNAPSES, Schema
from pipelines.synapses.table.frames import (
    Frame,
    Frames,
    Orient,
    along_largest_part,
    along_measured_axes,
    fit_frames,
    project,
    soma_behind,
)

DEFAULT, PUBLISHED = "default", "published"
NORMAL_IQR = 1.349
"""Interquartile range of a normal distribution with standard deviation 1."""


@dataclass(frozen=True)
class Scaler:
    """The stored scale of the features.

    Attributes:
        spatial_scale: um, one for the three axes.
        area_centre: (2,) median of the logarithms of the areas; of another table with m features
            (m,), of what `areas_as` makes of these.
        area_scale: (2,), or (m,), their robust standard deviation.
        spatial_weight: factor on the scaled coordinates.
        area_weight: factor on the scaled logarithms.
        areas_as: what is centred and scaled: a key of `AREA_VALUES`, or for the columns of
            another table one key a column, joined by commas.
    """

    spatial_scale: float
    area_centre: Floats
    area_scale: Floats
    spatial_weight: float
    area_weight: float
    areas_as: str = "ln"

    def transform(self, coordinates: Floats, areas: Floats) -> Floats:
        """Features (n, 5) of coordinates (n, 3) in um and areas (n, 2) in um2.

        Of another table: features (n, d + m) of coordinates (n, d) and values (n, m), each in
        the unit that the scale was learnt in.
        """
        places = coordinates / self.spatial_scale * self.spatial_weight
        values = area_values(areas, self.areas_as)
        sizes = (values - self.area_centre) / self.area_scale * self.area_weight
        return np.hstack([places, sizes])


def fit_scaler(
    coordinates: Floats,
    areas: Floats,
    spatial_weight: float,
    area_weight: float,
    areas_as: str = "ln",
) -> Scaler:
    """Learn the scales from coordinates (n, 3) in um and areas (n, 2) in um2.

    The spatial scale is the root mean square of the robust standard deviations along the axes.
    Of another table: coordinates (n, d) and values (n, m) in units of its own.

    Raises:
        KeyError: `areas_as` is not known.
    """
    values = area_values(areas, areas_as)
    spread = _robust_deviation(coordinates)
    spatial = float(np.sqrt(np.mean(spread**2))) if spread.size else 1.0
    deviations = _robust_deviation(values)
    return Scaler(
        spatial_scale=spatial if spatial > 0 else 1.0,
        area_centre=np.median(values, axis=0),
        area_scale=np.where(deviations > 0, deviations, 1.0),
        spatial_weight=spatial_weight,
        area_weight=area_weight,
        areas_as=areas_as,
    )


def plain_scaler(
    coordinates: Floats, areas: Floats, spatial_weight: float, area_weight: float
) -> Scaler:
    """No scales at all: um and um2 times their weights, as in the publication.

    Neither coordinates (n, 3) nor areas (n, 2) are looked at.
    """
    return Scaler(1.0, np.zeros(2), np.ones(2), spatial_weight, area_weight, "um2")


def _logarithms(areas: Floats) -> Floats:
    # A contiguous copy: strided input may take another code path with other rounding.
    return np.log(np.ascontiguousarray(areas))


AREA_VALUES: Mapping[str, Callable[[Floats], Floats]] = {
    "ln": _logarithms,
    "um2": np.ascontiguousarray,
}
"""What is made of areas (n, 2) in um2 before they are scaled."""


def area_values(areas: Floats, areas_as: str) -> Floats:
    """What is compared of areas (n, 2) in um2, or of the features (n, m) of another table.

    It has the same shape as what is given.

    Raises:
        KeyError: `areas_as` is not known.
    """
    if areas_as in AREA_VALUES:
        return AREA_VALUES[areas_as](areas)
    kinds = areas_as.split(",") if areas_as else []
    columns = [AREA_VALUES[kind](areas[:, i]) for i, kind in enumerate(kinds)]
    return np.column_stack(columns) if columns else areas


def _robust_deviation(values: Floats) -> Floats:
    low, high = np.quantile(values, [0.25, 0.75], axis=0)
    deviation: Floats = (high - low) / NORMAL_IQR
    return deviation


@dataclass(frozen=True)
class Recipe:
    """How features are made.

    Attributes:
        names: of the features.
        units: of what they were made from, before scaling.
        orient: which way the axes of a frame point.
        fit_scaler: learns the scales from coordinates (n, d), values (n, m) and the two weights;
            see `fit_scaler`.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    orient: Orient
    fit_scaler: Callable[[Floats, Floats, float, float], Scaler]


AXES = ("pca_1", "pca_2", "pca_3")
RECIPES: Mapping[str, Recipe] = {
    DEFAULT: Recipe(
        (*AXES, "ln_SynArea", "ln_BoutonArea"),
        ("um", "um", "um", "ln(um2)", "ln(um2)"),
        soma_behind,
        fit_scaler,
    ),
    PUBLISHED: Recipe(
        (*AXES, "SynArea", "BoutonArea"),
        ("um", "um", "um", "um2", "um2"),
        along_measured_axes,
        plain_scaler,
    ),
}


def recipe_for(name: str, schema: Schema) -> Recipe:
    """A recipe of synapses by its name, or the one recipe of another table of points."""
    if schema == SYNAPSES:
        return RECIPES[name]
    areas_as = ",".join("ln" if feature in schema.logs else "um2" for feature in schema.features)
    scaler = partial(fit_scaler, areas_as=areas_as)
    return Recipe(schema.compared, schema.units, along_largest_part, scaler)


@dataclass(frozen=True)
class Projection:
    """Everything between a checked row and its features, fitted once and stored whole.

    Attributes:
        frames: of the known neurons.
        scaler: the scales.
        recipe: a key of `RECIPES`.
        schema: which columns it is made for.
    """

    frames: Frames
    scaler: Scaler
    recipe: str = DEFAULT
    schema: Schema = SYNAPSES

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features."""
        return recipe_for(self.recipe, self.schema).names

    @property
    def units(self) -> tuple[str, ...]:
        """Of what the features were made from."""
        return recipe_for(self.recipe, self.schema).units

    def features(self, synapses: Synapses) -> Floats:
        """Features (n, d), in the order of `names`; nan where the neuron has no frame.

        d is 5 of synapses.
        """
        return self.scaler.transform(project(self.frames, synapses), synapses.areas)

    def with_frames(self, more: Frames) -> "Projection":
        """The same scales with the frames of further neurons, which replace those of one name."""
        return Projection({**self.frames, **more}, self.scaler, self.recipe, self.schema)

    def frames_of(self, synapses: Synapses) -> dict[str, Frame]:
        """Frames by NeuronId of neurons not known yet, fitted as those of the known ones were.

        Args:
            synapses: n synapses; neurons with too few of them get no frame.
        """
        return fit_frames(synapses, recipe_for(self.recipe, self.schema).orient)

    def refit(self, synapses: Synapses, selected: np.ndarray) -> "Projection":
        """The same recipe and weights, fitted to other synapses.

        Args:
            synapses: n synapses.
            selected: (n,) bool, as in `fit_projection`.
        """
        weights = (self.scaler.spatial_weight, self.scaler.area_weight)
        return fit_projection(synapses, selected, *weights, recipe=self.recipe)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """As arrays that need no pickle.

        Of n neurons and d coordinates: `frame_neurons` (n,), sorted, `frame_means` (n, d) in um,
        `frame_axes` (n, d, d), `frame_rows` (n,), and the scales.
        """
        names = sorted(self.frames)
        frames = [self.frames[name] for name in names]
        width = len(self.schema.coordinates)
        return {
            "frame_neurons": np.array(names, dtype=str),
            "frame_means": np.array([frame.mean for frame in frames]).reshape(len(names), width),
            "frame_axes": np.array([f.axes for f in frames]).reshape(len(names), width, width),
            "frame_rows": np.array([frame.n_rows for frame in frames], dtype=np.int64),
            "spatial_scale": np.array(self.scaler.spatial_scale),
            "area_centre": self.scaler.area_centre,
            "area_scale": self.scaler.area_scale,
            "weights": np.array([self.scaler.spatial_weight, self.scaler.area_weight]),
            "recipe": np.array([self.recipe, self.scaler.areas_as], dtype=str),
            "schema": np.array(json.dumps(self.schema.to_dict())),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Projection":
        """The inverse of `to_arrays`; of n neurons `frame_means` (n, d) and so on, see there.

        Raises:
            KeyError: an array is missing, or the recipe is not known.
            TypeError, ValueError: the schema is none, or the arrays differ in length.
        """
        recipe, areas_as = map(str, arrays.get("recipe", np.array([DEFAULT, "ln"])))
        if recipe not in RECIPES:
            raise KeyError(recipe)
        schema = SYNAPSES
        if "schema" in arrays:
            schema = Schema.from_dict(json.loads(str(arrays["schema"])))
        area_values(np.ones((1, len(schema.features))), areas_as)
        spatial_weight, area_weight = (float(weight) for weight in arrays["weights"])
        scaler = Scaler(
            float(arrays["spatial_scale"]),
            arrays["area_centre"],
            arrays["area_scale"],
            spatial_weight,
            area_weight,
            areas_as,
        )
        parts = (arrays[f"frame_{name}"] for name in ("neurons", "means", "axes", "rows"))
        frames = {
            str(neuron): Frame(mean, axes, int(n_rows))
            for neuron, mean, axes, n_rows in zip(*parts, strict=True)
        }
        return cls(frames, scaler, recipe, schema)


def fit_projection(
    synapses: Synapses,
    selected: np.ndarray,
    spatial_weight: float,
    area_weight: float,
    *,
    recipe: str = DEFAULT,
) -> Projection:
    """Fit frames to all synapses, and the scales to the selected ones that have a frame.

    Args:
        synapses: n synapses.
        selected: (n,) bool, the group that is clustered. A neuron's frame is better known
            when all of its synapses take part.
        spatial_weight: factor on the scaled coordinates.
        area_weight: factor on the scaled logarithms of the areas.
        recipe: a key of `RECIPES`.
    """
    found = recipe_for(recipe, synapses.schema)
    frames = fit_frames(synapses, found.orient)
    coordinates = project(frames, synapses)
    used = selected & np.isfinite(coordinates).all(axis=1)
    scaler = found.fit_scaler(coordinates[used], synapses.areas[used], spatial_weight, area_weight)
    return Projection(frames, scaler, recipe, synapses.schema)
