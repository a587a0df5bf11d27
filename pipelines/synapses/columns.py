"""The columns of a synapse table: names, units, and the values that are possible.

One row is one synapse; (NeuronId, SynType, SynId) names it. Positions are of the
volume after correction for shrinkage.
"""

from dataclasses import dataclass

KEY = ("NeuronId", "SynType", "SynId")
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

OPTIONAL = (VOLUME, *NANOMETRES.values(), *RAW.values(), *RAW_SOMA.values())
SYN_TYPES = ("as", "ss")

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
