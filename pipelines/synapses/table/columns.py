"""The columns of a table: names, units, and the values that are possible.

In a table of synapses one row is one synapse; (NeuronId, SynType, SynId) names it. Positions
are of the volume after correction for shrinkage. Any other table of points is described by
a `Schema` of its own.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

KEY = ("NeuronId", "SynType", "SynId")
"""What names a row within the pipeline; of another table: its group, nothing, and its id."""
POSITION = ("corr_x_micron", "corr_y_micron", "corr_z_micron")
SOMA = ("corr_soma_x_micron", "corr_soma_y_micron", "corr_soma_z_micron")
AREAS = ("SynArea", "BoutonArea")
VOLUME = "BoutonVolume"
MEASURES = (*POSITION, *SOMA, *AREAS)
REQUIRED = (*KEY, *MEASURES)

NANOMETRES = {name: name.removesuffix("_micron") for name in (*POSITION, *SOMA)}
"""For each position in um the column that holds the same in nm."""

RAW = {"corr_x": "x", "corr_y": "y", "corr_z": "z"}
RAW_SOMA = {"corr_soma_x": "soma_x", "corr_soma_y": "soma_y", "corr_soma_z": "soma_z"}
"""For each corrected position in nm the raw one, in a unit that is constant per neuron."""

OPTIONAL_MEASURES = {VOLUME: 3}
"""Further measures that a table may have, above 0, with the power of um that each is in."""
OPTIONAL = (*OPTIONAL_MEASURES, *NANOMETRES.values(), *RAW.values(), *RAW_SOMA.values())
POWERS = {**dict.fromkeys((*POSITION, *SOMA), 1), **dict.fromkeys(AREAS, 2), **OPTIONAL_MEASURES}
"""Of what is needed in um, um2 or um3, the power."""
SYN_TYPES = ("as", "ss")
OTHER_TYPE = "point"
"""Stands where a synapse has its type, for rows of another table."""

FAR_FROM_SOMA = 100.0
"""um; a dendrite may reach farther, but the data this was made for does not."""
TOO_FAR_FROM_SOMA = 1000.0
"""um; no local dendrite is as long: the numbers are nanometres."""
SOMA_TOLERANCE = 0.01
"""um; one 10 nm pixel. A soma is one point, so it may not vary more within a neuron."""
SPHERE = 0.094
"""A body of area A holds at most A**1.5 / (6 * sqrt(pi)) = 0.094 * A**1.5 (a sphere)."""


@dataclass(frozen=True)
class Range:
    """Values of an area in um2: possible up to `highest`, usual between the other two."""

    usual_low: float
    usual_high: float
    highest: float


AREA_RANGES = {"SynArea": Range(0.002, 1.0, 10.0), "BoutonArea": Range(0.05, 30.0, 200.0)}


@dataclass(frozen=True)
class Schema:
    """Which columns of a table say what.

    Attributes:
        id: names a row within its group; empty if nothing does.
        group: rows of one group share a frame; empty for one group.
        coordinates: two or three columns of one unit, or none.
        origin: as many columns with the place that axes point away from (the soma), or none.
        features: columns that are compared beside the place.
        logs: the features whose logarithm is compared.
        stated_units: of each of `measures` the unit that the table of a fit said; none where it
            said nothing.
    """

    id: str = ""
    group: str = ""
    coordinates: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    stated_units: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        """All numeric columns that are needed."""
        return (*self.coordinates, *self.origin, *self.features)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the coordinates in a frame."""
        return tuple(f"pca_{axis}" for axis in range(1, len(self.coordinates) + 1))

    @property
    def compared(self) -> tuple[str, ...]:
        """Names of the columns of the feature matrix."""
        return (*self.axes, *(f"ln_{n}" if n in self.logs else n for n in self.features))

    @property
    def units(self) -> tuple[str, ...]:
        """Units of `compared`; empty where they are not known."""
        if self == SYNAPSES:
            return (*("um" for _ in self.axes), *("ln(um2)" for _ in self.features))
        return tuple("ln" if name.startswith("ln_") else "" for name in self.compared)

    @property
    def fewest_rows(self) -> int:
        """D + 1 points span d axes; one more is the first that they are fitted to."""
        return len(self.coordinates) + 2 if self.coordinates else 1

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns of a sheet that name its rows."""
        if self == SYNAPSES:
            return KEY
        return tuple(name for name in (self.group, self.id) if name)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`.

        Raises:
            TypeError, ValueError: it is no schema.
        """
        values: dict[str, Any] = {
            name: value if isinstance(value, str) else tuple(str(item) for item in value)
            for name, value in stored.items()
        }
        return cls(**values)


SYNAPSES = Schema("SynId", "NeuronId", POSITION, SOMA, AREAS, AREAS)
