"""Gains that cannot be true, and raw files that are read as the wrong numbers."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from pipelines.core.errors import ParameterError, RecordingError
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.reading.reading_checks import check_reading
from pipelines.spikes.recording.raw_readings import RawReading, raw_doubt
from tests.pipelines.spikes import writers
from tests.pipelines.spikes.simulated import tetrode

# neo does not close what it maps into memory.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed file:ResourceWarning",
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning",
)

RAW = {"sampling_frequency": 30_000, "num_channels": 4, "gain_uv": 0.195}


@pytest.fixture(scope="module")
def microvolts() -> NDArray[np.float64]:
    return tetrode(4.0)[0]


def checked(file: Path, **settings: object) -> list[str]:
    parameters = SpikesParameters.model_validate(settings)
    return check_reading(read_recording(file, parameters), file, parameters)


def raw(folder: Path, values: NDArray, **settings: object) -> list[str]:
    values.tofile(folder / "a.dat")
    return checked(folder / "a.dat", **{**RAW, **settings})


def doubt(folder: Path, values: NDArray, dtype: str, n_channels: int) -> str:
    file = folder / "a.dat"
    size = np.dtype(dtype).itemsize * n_channels
    file.write_bytes(values.tobytes()[: values.nbytes // size * size])
    return raw_doubt(file, RawReading(dtype, n_channels))


def with_field(microvolts: NDArray, n_channels: int) -> NDArray[np.float64]:
    """As many channels, each with a level and a slow signal of its own."""
    rng = np.random.default_rng(n_channels)
    wide = np.tile(microvolts, -(-n_channels // 4))[:16_000, :n_channels]
    own = lfilter([1], [1, -0.999], rng.normal(0, 5, wide.shape), axis=0)
    return np.asarray(wide + own + rng.normal(0, 300, n_channels))


# -- gains


@pytest.mark.parametrize(
    ("values", "gain_uv", "words"),
    [
        (1 / 0.195, 1e6, "a step is 1e\\+06 uV, which makes noise of"),
        (1.0, 1e3, "set gain_uv=1\\."),
        (1e-6, 1.0, "look like volts: set gain_uv=1e\\+06"),
        (1e-3, 1.0, "look like millivolts: set gain_uv=1000"),
    ],
)
def test_microvolts_that_cannot_be_are_asked_for(
    values: float, gain_uv: float, words: str, microvolts: NDArray, tmp_path: Path
) -> None:
    stored = (microvolts * values).astype(np.float32)
    with pytest.raises(RecordingError, match=words):
        raw(tmp_path, stored, dtype="float32", gain_uv=gain_uv)
    notes = raw(tmp_path, stored, dtype="float32", gain_uv=gain_uv, trust_reading="yes")
    assert "Taken as it was given" in notes[0]


@pytest.mark.parametrize("scale", [(1e-6, 1e6), (1e-3, 1e3), (1.0, 1.0), (5.0, 0.2)])
def test_microvolts_that_can_be_are_taken(
    scale: tuple[float, float], microvolts: NDArray, tmp_path: Path
) -> None:
    stored = (microvolts * scale[0]).astype(np.float32)
    assert raw(tmp_path, stored, dtype="float32", gain_uv=scale[1]) == []


def test_floats_without_a_gain_say_what_they_look_like(microvolts: NDArray, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="gain_uv=1e\\+06, for they look like volts"):
        raw(tmp_path, (microvolts * 1e-6).astype(np.float32), dtype="float32", gain_uv=None)


def test_a_gain_that_is_given_counts_and_is_told(tmp_path: Path) -> None:
    values = writers.traces()
    writers.blackrock(tmp_path / "a.ns5", values)
    parameters = SpikesParameters(gain_uv=0.5)
    recording = read_recording(tmp_path / "a.ns5", parameters)
    assert recording.get_channel_gains().tolist() == [0.5] * 4
    assert check_reading(recording, tmp_path / "a.ns5", parameters) == [
        "a.ns5 says 0.25 uV per step, 0.5 was given and used."
    ]


def test_one_channel_of_another_gain_is_named(microvolts: NDArray, tmp_path: Path) -> None:
    np.round(microvolts / 0.195).astype(np.int16).tofile(tmp_path / "a.dat")
    parameters = SpikesParameters.model_validate(RAW)
    recording = read_recording(tmp_path / "a.dat", parameters)
    recording.set_channel_gains([0.195, 0.195, 195.0, 0.195])
    with pytest.raises(RecordingError, match="a step of channel 2 is 195 uV"):
        check_reading(recording, tmp_path / "a.dat", parameters)
    recording.set_channel_gains([0.195, 0.195, -0.195, 0.195])
    notes = check_reading(recording, tmp_path / "a.dat", parameters)
    assert notes == [
        "1 of 4 channels have a negative gain, as the recording says: their signal is turned over."
    ]


@pytest.mark.parametrize("rate", [30, 0.03, 3e7])
def test_a_rate_that_spikes_cannot_have_is_asked_for(
    rate: float, microvolts: NDArray, tmp_path: Path
) -> None:
    with pytest.raises(RecordingError, match="give it in Hz, such as 30000"):
        raw(tmp_path, microvolts.astype(np.int16), sampling_frequency=rate)


# -- types


TYPES = {
    "int16": lambda uv: np.round(uv / 0.195).astype(np.int16),
    "uint16": lambda uv: (np.round(uv / 0.195) + 32768).astype(np.uint16),
    ">i2": lambda uv: np.round(uv / 0.195).astype(">i2"),
    "int32": lambda uv: np.round(uv * 100).astype(np.int32),
    "float32": lambda uv: uv.astype(np.float32),
    ">f4": lambda uv: uv.astype(">f4"),
    "float64": lambda uv: uv.astype(np.float64) * 1e-6,
}


@pytest.mark.parametrize(
    ("true", "read"),
    [
        ("uint16", "int16"),
        ("int16", "uint16"),
        (">i2", "int16"),
        ("int16", ">i2"),
        ("int32", "int16"),
        ("float32", "int16"),
        ("float32", "uint16"),
        ("float64", "int16"),
        ("int16", "float32"),
        ("uint16", "float32"),
        ("float32", "float64"),
        ("float64", "float32"),
        (">f4", "float32"),
        ("int16", "int32"),
        ("float32", "int32"),
    ],
)
def test_the_type_that_makes_sense_is_named(
    true: str, read: str, microvolts: NDArray, tmp_path: Path
) -> None:
    found = doubt(tmp_path, TYPES[true](microvolts), read, 4)
    assert f"--dtype '{true}'" in found


@pytest.mark.parametrize("n_channels", [1, 32])
@pytest.mark.parametrize("kind", TYPES)
def test_a_right_reading_is_no_reason_for_doubt(
    kind: str, n_channels: int, microvolts: NDArray, tmp_path: Path
) -> None:
    """White noise with spikes, and the same with levels and field potentials."""
    rng = np.random.default_rng(0)
    white = np.tile(microvolts, 8)[:6_000, :n_channels]
    saturated = white.copy()
    saturated[2_000:3_000] = 6389
    for signal in (
        white,
        with_field(microvolts, n_channels)[:6_000],
        white + rng.normal(0, 60, (len(white), 1)),
        saturated,
        white / 20,
    ):
        assert doubt(tmp_path, TYPES[kind](signal), kind, n_channels) == ""


@pytest.mark.parametrize("step", [16, 64])
def test_an_amplifier_of_fewer_bits_is_no_reason_for_doubt(
    step: int, microvolts: NDArray, tmp_path: Path
) -> None:
    """12 or 10 bits at the upper end of 16: the lowest byte is empty by itself."""
    values = (np.round(microvolts * 3).clip(-500, 500) * step).astype(np.int16)
    assert doubt(tmp_path, values, "int16", 4) == ""


# -- channels and headers


@pytest.mark.parametrize(("true", "read"), [(4, 3), (4, 5), (16, 15), (16, 17), (32, 31)])
def test_the_number_of_channels_that_makes_sense_is_named(
    true: int, read: int, microvolts: NDArray, tmp_path: Path
) -> None:
    values = np.round(with_field(microvolts, true) / 0.195).astype(np.int16)
    assert f"--num-channels {true}." in doubt(tmp_path, values, "int16", read)


def test_spikes_alone_tell_the_number_of_channels(microvolts: NDArray, tmp_path: Path) -> None:
    values = np.round(microvolts / 0.195).astype(np.int16)
    assert "--num-channels 4." in doubt(tmp_path, values, "int16", 3)


def test_noise_alone_tells_nothing(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(0, 40, (20_000, 4)).astype(np.int16)
    for n_channels in (1, 3, 4, 8):
        assert doubt(tmp_path, values, "int16", n_channels) == ""


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"\x93NUMPY\x01\x00" + b" " * 120, "is a NumPy array"),
        (b"Rate: 30000 Hz, channels: 4\n".ljust(128), "begins with text"),
    ],
)
def test_a_header_is_seen_and_left_out(
    head: bytes, words: str, microvolts: NDArray, tmp_path: Path
) -> None:
    values = np.round(microvolts / 0.195).astype(np.int16)
    (tmp_path / "a.dat").write_bytes(head + values.tobytes())
    with pytest.raises(RecordingError, match=words):
        checked(tmp_path / "a.dat", **RAW)
    parameters = SpikesParameters.model_validate({**RAW, "file_offset": 128})
    assert checked(tmp_path / "a.dat", **RAW, file_offset=128) == []
    recording = read_recording(tmp_path / "a.dat", parameters)
    assert np.array_equal(recording.get_traces(), values)


def test_types_have_the_names_that_numpy_knows() -> None:
    assert SpikesParameters.parse({"dtype": "<i2"}).dtype == "int16"
    assert SpikesParameters.parse({"dtype": ">i2"}).dtype == ">i2"
    assert SpikesParameters.parse({"dtype": "f4"}).dtype == "float32"
    with pytest.raises(ParameterError, match="dtype"):
        SpikesParameters.parse({"dtype": "int1"})
