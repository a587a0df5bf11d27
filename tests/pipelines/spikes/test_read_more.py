"""Neuralynx, Blackrock, MEArec; probe files, layouts, channels and time that are left out."""

import json
from pathlib import Path

import numpy as np
import pytest
from probeinterface import generate_linear_probe, write_probeinterface

from pipelines.core.errors import RecordingError
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.reading.channels import prepared
from pipelines.spikes.reading.read import read_recording
from tests.pipelines.spikes import writers

# neo does not close what it maps into memory.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed file:ResourceWarning",
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning",
)

DEFAULTS = SpikesParameters()
VALUES = writers.traces()


def test_neuralynx_is_read_channel_by_channel(tmp_path: Path) -> None:
    writers.neuralynx(tmp_path / "session", VALUES)
    recording = read_recording(tmp_path / "session", DEFAULTS)
    whole = VALUES[: len(VALUES) // 512 * 512]
    assert recording.get_sampling_frequency() == writers.RATE
    assert np.array_equal(recording.get_traces(), whole)
    assert recording.get_channel_gains() == pytest.approx([0.195] * 4)


@pytest.mark.parametrize("place", ["", "a.ns5"])
def test_blackrock_is_read_from_file_and_folder(place: str, tmp_path: Path) -> None:
    writers.blackrock(tmp_path / "a.ns5", VALUES)
    recording = read_recording(tmp_path / place, DEFAULTS)
    assert recording.get_sampling_frequency() == 10_000
    assert np.array_equal(recording.get_traces(), VALUES)
    assert recording.get_channel_gains() == pytest.approx([8191 / 32764] * 4)


def test_slow_blackrock_signals_are_refused(tmp_path: Path) -> None:
    writers.blackrock(tmp_path / "a.ns2", VALUES, period=30)
    with pytest.raises(RecordingError, match="1000 Hz, too slowly for spikes"):
        read_recording(tmp_path, DEFAULTS)


def test_two_blackrock_recordings_in_a_folder_are_told_apart(tmp_path: Path) -> None:
    for name in ("a.ns5", "b.ns5"):
        writers.blackrock(tmp_path / name, VALUES)
    with pytest.raises(RecordingError, match="holds the recordings a, b: give one file"):
        read_recording(tmp_path, DEFAULTS)


@pytest.mark.parametrize("place", ["", "a.h5"])
def test_mearec_is_read_with_its_places(place: str, tmp_path: Path) -> None:
    microvolts = VALUES.astype(np.float32) * 0.5
    writers.mearec(tmp_path / "a.h5", microvolts)
    recording = read_recording(tmp_path / place, DEFAULTS)
    assert recording.get_sampling_frequency() == writers.RATE
    assert np.array_equal(recording.get_traces(return_in_uV=True), microvolts)
    assert recording.get_traces(0, 10, 20, channel_ids=["ch3", "ch1"]).tolist() == (
        microvolts[10:20, [3, 1]].tolist()
    )
    assert recording.get_channel_locations()[:, 1].tolist() == [0, 20, 40, 60]


def test_mearec_integers_without_a_gain_ask_for_it(tmp_path: Path) -> None:
    writers.mearec(tmp_path / "a.h5", VALUES)
    with pytest.raises(RecordingError, match="set gain_uv"):
        read_recording(tmp_path, DEFAULTS)
    recording = read_recording(tmp_path, SpikesParameters(gain_uv=0.5))
    assert recording.get_channel_gains().tolist() == [0.5] * 4


def test_mearec_with_axes_the_other_way_is_refused(tmp_path: Path) -> None:
    writers.mearec(tmp_path / "a.h5", VALUES)
    import h5py

    with h5py.File(tmp_path / "a.h5", "a") as root:
        del root["recordings"]
        root["recordings"] = VALUES.T
    with pytest.raises(RecordingError, match="do not go together"):
        read_recording(tmp_path, DEFAULTS)


@pytest.mark.parametrize("name", ["a.ncs", "a.ns5", "a.h5"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not a recording" * 2000])
def test_a_damaged_file_gives_a_sentence(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        read_recording(tmp_path, DEFAULTS)
    assert str(tmp_path) in caught.value.sentence


RAW = SpikesParameters(sampling_frequency=writers.RATE, num_channels=4, gain_uv=0.195)


def raw(folder: Path, **more: object) -> tuple[SpikesParameters, Path]:
    VALUES.tofile(folder / "a.dat")
    return SpikesParameters.model_validate({**RAW.model_dump(), **more}), folder / "a.dat"


@pytest.mark.parametrize(
    ("layout", "first", "last"),
    [
        ("recorded", [0, 0], [3000, 0]),
        ("apart", [0, 0], [3000, 0]),
        ("row", [0, 0], [0, 75]),
        ("tetrodes", [0, 0], [25, 25]),
        ("stereotrodes", [0, 0], [1050, 0]),
    ],
)
def test_channels_are_laid_out(layout: str, first: list, last: list, tmp_path: Path) -> None:
    parameters, file = raw(tmp_path, layout=layout)
    recording = prepared(read_recording(file, parameters), parameters, None)
    places = recording.get_channel_locations().tolist()
    assert (places[0], places[-1]) == (first, last)


def test_a_layout_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    parameters, file = raw(tmp_path, layout="tetrodes", num_channels=3)
    with pytest.raises(RecordingError, match="3 channels, which cannot be put into tetrodes"):
        prepared(read_recording(file, parameters), parameters, None)


def test_a_probe_file_places_the_channels_in_the_order_of_its_wiring(tmp_path: Path) -> None:
    parameters, file = raw(tmp_path)
    probe = generate_linear_probe(num_elec=4, ypitch=30)
    probe.set_device_channel_indices([3, 2, 1, 0])
    write_probeinterface(tmp_path / "probe.json", probe)
    recording = prepared(read_recording(file, parameters), parameters, tmp_path / "probe.json")
    places = dict(zip(recording.channel_ids, recording.get_channel_locations(), strict=True))
    assert [places[channel][1] for channel in range(4)] == [90, 60, 30, 0]
    last = recording.get_traces(0, 0, 50, channel_ids=[3])[:, 0]
    assert np.array_equal(last, VALUES[:50, 3])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "must hold a JSON object"),
        (json.dumps({"probes": 3}), "is no probeinterface file for 4 channels"),
        ("no json", "cannot be read as JSON"),
    ],
)
def test_what_is_no_probe_is_refused(text: str, words: str, tmp_path: Path) -> None:
    parameters, file = raw(tmp_path)
    (tmp_path / "probe.json").write_text(text)
    with pytest.raises(RecordingError, match=words):
        prepared(read_recording(file, parameters), parameters, tmp_path / "probe.json")


def test_a_probe_of_too_few_contacts_is_refused(tmp_path: Path) -> None:
    parameters, file = raw(tmp_path)
    probe = generate_linear_probe(num_elec=2)
    probe.set_device_channel_indices([0, 1])
    write_probeinterface(tmp_path / "probe.json", probe)
    with pytest.raises(RecordingError, match="wired to 2 of 4 channels"):
        prepared(read_recording(file, parameters), parameters, tmp_path / "probe.json")


def test_channels_and_time_are_left_out(tmp_path: Path) -> None:
    parameters, file = raw(tmp_path, exclude_channels="1, 3", end_s=0.5)
    recording = prepared(read_recording(file, parameters), parameters, None)
    assert recording.channel_ids.tolist() == [0, 2]
    assert np.array_equal(recording.get_traces(), VALUES[:10_000, [0, 2]])


@pytest.mark.parametrize(("names", "words"), [("9", "no channel 9"), ("0,1,2,3", "every channel")])
def test_leaving_out_what_is_not_there_is_refused(names: str, words: str, tmp_path: Path) -> None:
    parameters, file = raw(tmp_path, exclude_channels=names)
    with pytest.raises(RecordingError, match=words):
        prepared(read_recording(file, parameters), parameters, None)
