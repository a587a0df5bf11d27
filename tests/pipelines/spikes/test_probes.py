"""Probe files: units, several probes at one place, contacts that are not connected; names."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from probeinterface import Probe, ProbeGroup, write_probeinterface
from spikeinterface.core import BaseRecording, NumpyRecording

from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.reading.channels import as_list, listed, prepared, with_probe_file
from pipelines.spikes.reading.probes import probe_of_channels, told_apart
from pipelines.spikes.sorting.plan import planned
from tests.pipelines.spikes.simulated import RATE, SQUARE_UM


def recording(n_channels: int = 8, names: list[str] | None = None) -> NumpyRecording:
    made = NumpyRecording([np.zeros((100, n_channels), np.int16)], RATE, channel_ids=names)
    made.set_channel_gains(1.0)
    made.set_channel_offsets(0.0)
    return made


def square(first: int, unit: str = "um", scale: float = 1.0) -> Probe:
    probe = Probe(ndim=2, si_units=unit)
    probe.set_contacts(SQUARE_UM * scale, shapes="circle", shape_params={"radius": 5 * scale})
    probe.set_device_channel_indices(np.arange(4) + first)
    return probe


def file_of(folder: Path, *probes: Probe) -> Path:
    group = ProbeGroup()
    for probe in probes:
        group.add_probe(probe)
    write_probeinterface(folder / "probe.json", group)
    return folder / "probe.json"


def groups(placed: BaseRecording, **settings: object) -> list[list[int]]:
    places = told_apart(placed.get_channel_locations(), probe_of_channels(placed))
    plan = planned(places, SpikesParameters.model_validate(settings))
    return [share.group.channels.tolist() for share in plan.shares]


@pytest.mark.parametrize("radius", [60.0, 1e6])
@pytest.mark.parametrize("sorter", ["auto", "group", "simple"])
def test_two_probes_at_one_place_share_no_group(radius: float, sorter: str, tmp_path: Path) -> None:
    placed = with_probe_file(recording(), file_of(tmp_path, square(0), square(4)))
    assert groups(placed, group_radius_um=radius, sorter=sorter) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_channels_of_two_probes_stay_apart_when_some_are_left_out(tmp_path: Path) -> None:
    file = file_of(tmp_path, square(4), square(0))
    parameters = SpikesParameters(exclude_channels="1,4,5")
    placed = prepared(recording(), parameters, file)
    assert groups(placed) == [[0, 1, 2], [3, 4]]


@pytest.mark.parametrize(("unit", "scale"), [("um", 1.0), ("mm", 1e-3), ("m", 1e-6)])
def test_places_are_micrometres_whatever_the_file_s_unit(
    unit: str, scale: float, tmp_path: Path
) -> None:
    placed = with_probe_file(recording(4), file_of(tmp_path, square(0, unit, scale)))
    assert placed.get_channel_locations() == pytest.approx(SQUARE_UM)
    assert groups(placed) == [[0, 1, 2, 3]]


def test_contacts_that_are_not_connected_are_left_out(tmp_path: Path) -> None:
    probe = square(0)
    probe.set_device_channel_indices([1, -1, 0, -1])
    placed = with_probe_file(recording(2), file_of(tmp_path, probe))
    assert placed.get_channel_locations().tolist() == [[0, 25], [0, 0]]


@pytest.mark.parametrize(
    ("names", "out", "kept"),
    [
        (["01", "1", "001"], "01", ["1", "001"]),
        (["A 1", "A 2", "µ"], "A 2, µ", ["A 1"]),
        (["a,b", "a", "b"], '"a,b"', ["a", "b"]),
        (["a", " a", "b"], "b", ["a", " a"]),
    ],
)
def test_names_of_channels_are_text(names: list[str], out: str, kept: list[str]) -> None:
    left = prepared(recording(3, names), SpikesParameters(exclude_channels=out), None)
    assert left.channel_ids.tolist() == kept


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)))
def test_any_names_are_read_as_they_are_written(names: list[str]) -> None:
    assert listed(as_list(names)) == set(names)
