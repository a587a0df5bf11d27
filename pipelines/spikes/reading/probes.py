"""Probes as files describe them: their units, and which channel lies on which."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from probeinterface import Probe, ProbeGroup
from spikeinterface.core import BaseRecording

MICROMETRES = {"um": 1.0, "mm": 1_000.0, "m": 1_000_000.0}
ELSEWHERE_UM = 1e15
"""Farther than any radius: what lies on another probe sees other cells."""


def read_probes(values: dict[str, Any]) -> ProbeGroup:
    """Probes from the values of a probeinterface file, with places in micrometres.

    Raises:
        ValueError: a unit is unknown.
        Exception: a foreign description can be wrong in any other way.
    """
    described = ProbeGroup.from_dict(values)
    if all(probe.si_units == "um" for probe in described.probes):
        return described
    probes = ProbeGroup()
    for probe in described.probes:
        probes.add_probe(_in_micrometres(probe))
    return probes


def _in_micrometres(probe: Probe) -> Probe:
    if probe.si_units not in MICROMETRES:
        raise ValueError(f"its si_units are {probe.si_units!r}, not um, mm or m")
    factor = MICROMETRES[probe.si_units]
    if factor == 1.0:
        return probe.copy()
    values = probe.to_dict(array_as_list=True)
    values["contact_positions"] = (np.asarray(values["contact_positions"]) * factor).tolist()
    if values.get("probe_planar_contour") is not None:
        contour = np.asarray(values["probe_planar_contour"]) * factor
        values["probe_planar_contour"] = contour.tolist()
    values["contact_shape_params"] = [
        {name: size * factor for name, size in one.items()}
        for one in values.get("contact_shape_params") or ()
    ]
    values["si_units"] = "um"
    return Probe.from_dict(values)


def probe_of_channels(recording: BaseRecording) -> NDArray[np.intp]:
    """The number of the probe that each channel lies on, shape (channel,)."""
    if len(recording.get_probegroup().probes) < 2:
        return np.zeros(recording.get_num_channels(), dtype=np.intp)
    table = recording.get_probegroup().get_global_device_channel_indices()
    wired = table[table["device_channel_indices"] >= 0]
    order = np.argsort(wired["device_channel_indices"])
    return np.asarray(wired["probe_index"][order], dtype=np.intp)


def told_apart(places_um: NDArray[np.float64], probe: NDArray[np.intp]) -> NDArray[np.float64]:
    """Places with one more axis, along which probes are farther apart than any radius.

    Args:
        places_um: of the channels, shape (channel, dimension).
        probe: the number of each one's probe, shape (channel,).

    Returns:
        In um, shape (channel, dimension + 1).
    """
    return np.column_stack([places_um, probe * ELSEWHERE_UM])
