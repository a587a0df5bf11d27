"""Channels of one name are told apart."""

from pathlib import Path

import numpy as np
import pytest
from spikeinterface.core import NumpyRecording

from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.reading.channels import prepared, told_apart
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.reading.reading_checks import check_reading
from pipelines.spikes.recording.parameters import RecordingParameters
from tests.pipelines.spikes import writers

h5py = pytest.importorskip("h5py")


@pytest.mark.parametrize(
    ("names", "then"),
    [
        (["1", "2", "1", "2", "1"], ["1", "2", "1_2", "2_2", "1_3"]),
        (["c", "c_2", "c"], ["c", "c_2", "c_3"]),
        (["c", "c", "c_2"], ["c", "c_3", "c_2"]),
        (["a", " a", "A"], ["a", " a", "A"]),
    ],
)
def test_every_channel_gets_a_name_of_its_own(names: list[str], then: list[str]) -> None:
    recording = NumpyRecording([np.zeros((10, len(names)))], 1e4)
    recording._main_ids = np.array(names)
    words = told_apart(recording)
    assert recording.channel_ids.tolist() == then
    assert bool(words) == (names != then)


def test_names_that_repeat_in_a_file_lead_to_their_own_signal(tmp_path: Path) -> None:
    file, values = tmp_path / "two-probes.nwb", writers.traces()
    writers.nwb(file, values)
    with h5py.File(file, "a") as root:
        table = root["general/extracellular_ephys/electrodes"]
        table["channel_name"] = np.array(["1", "2", "1", "2"], dtype=h5py.string_dtype())
        table.attrs["colnames"] = [*table.attrs["colnames"], "channel_name"]
    whole = read_recording(file, RecordingParameters())
    assert check_reading(whole, file, RecordingParameters()) == [
        "Several channels are called 1, 2: the second of a name is called 1_2 or alike, in the "
        "order of the file."
    ]
    left = prepared(whole, SpikesParameters(exclude_channels="1_2"), None)
    assert left.channel_ids.tolist() == ["1", "2", "2_2"]
    np.testing.assert_array_equal(left.get_traces(), values[:, [0, 1, 3]])
