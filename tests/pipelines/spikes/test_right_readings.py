"""Right readings of signals of every kind are taken as they are; at most a note is said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt
from spikeinterface.core import NumpyRecording

from pipelines.core.errors import RecordingError
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.reading.reading_checks import check_reading
from pipelines.spikes.recording.raw_readings import RawReading, raw_doubt, raw_note
from tests.pipelines.spikes.simulated import RATE, tetrode

# neo does not close what it maps into memory, which may come to light in a later test.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed file:ResourceWarning",
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning",
)

Signal = NDArray[np.float64]
N = 6_000
SECONDS = np.arange(N)[:, None] / RATE
STEP_UV = 0.195


def noise(n_channels: int, sd: float = 8.0) -> Signal:
    return np.random.default_rng(n_channels).normal(0, sd, (N, n_channels))


def field(n_channels: int) -> Signal:
    """Noise on a slow signal that is the same on all channels, and one of each."""
    slow = lfilter([1.0], [1.0, -0.9995], noise(n_channels + 1), axis=0)
    return np.asarray(noise(n_channels) + slow[:, :-1] / 3 + slow[:, -1:])


def spikes(n_channels: int) -> Signal:
    return np.tile(CELLS, -(-n_channels // 4))[:, :n_channels]


def tone(hz: float, uv: float) -> Signal:
    return np.asarray(uv * np.sin(2 * np.pi * hz * SECONDS))


def where(signal: Signal, value: float, rows: object, columns: object = slice(None)) -> Signal:
    changed = signal.copy()
    changed[rows, columns] = value
    return changed


def stimulated(n_channels: int, period: int) -> Signal:
    """Artefacts of 6 mV, each of another size, that decay over 1 ms."""
    size = np.random.default_rng(0).normal(0, 6000, N)
    pulses = np.where(np.arange(N) % period == 50, size, 0.0)
    decay = lfilter([1.0], [1.0, -0.97], pulses).clip(-6000, 6000)
    return np.asarray(field(n_channels) + decay[:, None] * np.linspace(0.4, 1, n_channels))


def one_after_the_other(n_channels: int) -> Signal:
    """The same on all channels, but sampled one after the other, as by a multiplexer."""
    fast = np.random.default_rng(0).normal(0, 900, N * n_channels)
    slow = sosfilt(butter(4, 0.7 / n_channels, output="sos"), fast)
    return np.asarray(slow.reshape(N, n_channels) + noise(n_channels, 1.0))


def alike_neighbours(n_channels: int) -> Signal:
    near = np.hanning(9)
    wide = np.random.default_rng(0).normal(0, 8, (N, n_channels + 8))
    return sum(near[k] * wide[:, k : k + n_channels] for k in range(9)) + spikes(n_channels)


def filtered(signal: Signal) -> Signal:
    return np.asarray(sosfilt(butter(3, (300, 6000), "bandpass", fs=RATE, output="sos"), signal, 0))


CELLS = tetrode(N / RATE)[0]
ONE_CELL = tetrode(6.0, units=(0,))[0]
SIGNALS: dict[str, Callable[[int], Signal]] = {
    "spikes": spikes,
    "field": field,
    "hum": lambda n: spikes(n) + tone(50, 300) * np.linspace(0.5, 1.5, n),
    "tone of a tenth of the rate": lambda n: spikes(n) + tone(3000, 200),
    "tone of a third of the rate": lambda n: noise(n) + tone(10_000, 200) * np.linspace(0.2, 1, n),
    "loud hum on the last": lambda n: spikes(n) + tone(50, 3000) * (np.arange(n) == n - 1),
    "identical": lambda n: np.repeat(spikes(1), n, axis=1),
    "one after the other": one_after_the_other,
    "saturated": lambda n: where(field(n), 6389.0, slice(1000, 2500)),
    "half of them saturated": lambda n: where(field(n), 6389.0, slice(1000, N), slice(0, None, 2)),
    "three levels": lambda n: noise(n, 0.6 * STEP_UV),
    "blanked": lambda n: where(spikes(n), 0.0, np.arange(N) % 1000 < 850),
    "cut off, then filtered": lambda n: filtered(where(field(n), 0.0, slice(N // 3, N))),
    "one dead": lambda n: where(field(n), 0.0, slice(0 if n > 1 else N, N), n // 2),
    "one loud": lambda n: spikes(n) * np.where(np.arange(n) == n // 2, 40, 1),
    "of unlike size": lambda n: spikes(n) * np.geomspace(0.3, 10, n),
    "all above zero": lambda n: field(n) + 3900,
    "stimulated at 10 Hz": lambda n: stimulated(n, 3001),
    "stimulated at 200 Hz": lambda n: stimulated(n, 150),
    "alike neighbours": alike_neighbours,
    "pulses on the last": lambda n: where(field(n), 6300.0, np.arange(N) // 3000 % 2 == 1, -1),
    "12 bits and 16": lambda n: np.where(np.arange(n) < n - 1, 16 * np.round(field(n)), noise(n)),
}
TYPES: dict[str, Callable[[Signal], NDArray]] = {
    "int16": lambda uv: in_steps(uv).astype(np.int16),
    "uint16": lambda uv: (in_steps(uv) + 32768).astype(np.uint16),
    "int32": lambda uv: np.round(uv / STEP_UV * 50).astype(np.int32),
    "float32": lambda uv: uv.astype(np.float32),
    "float64": lambda uv: uv * 1e-6,
    ">i2": lambda uv: in_steps(uv).astype(">i2"),
}


def in_steps(microvolts: Signal) -> Signal:
    return np.round(microvolts / STEP_UV).clip(-32768, 32767)


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_right_reading_of_any_signal_is_taken(signal: str, tmp_path: Path) -> None:
    for n_channels in (1, 2, 12):
        microvolts = SIGNALS[signal](n_channels)
        for kind, stored in TYPES.items():
            stored(microvolts).tofile(tmp_path / "a.dat")
            found = raw_doubt(tmp_path / "a.dat", RawReading(kind, n_channels))
            assert found == "", (kind, n_channels)


@pytest.mark.parametrize("signal", ["spikes", "field", "hum", "one dead"])
@pytest.mark.parametrize(
    ("true", "read"), [("uint16", "int16"), (">i2", "int16"), ("float32", "int16")]
)
def test_a_wrong_reading_of_them_is_named(
    signal: str, true: str, read: str, tmp_path: Path
) -> None:
    TYPES[true](SIGNALS[signal](4)).tofile(tmp_path / "a.dat")
    assert f"--dtype '{true}'" in raw_doubt(tmp_path / "a.dat", RawReading(read, 4))


@pytest.mark.parametrize("n_channels", [1, 2, 8, 16])
def test_half_and_twice_the_number_of_channels_are_noted(n_channels: int, tmp_path: Path) -> None:
    """Surely wrong they are not: a tone looks like several channels, and pairs may be alike."""
    in_steps(ONE_CELL).astype(np.int16).tofile(tmp_path / "a.dat")
    reading = RawReading("int16", n_channels)
    assert raw_doubt(tmp_path / "a.dat", reading) == ""
    assert raw_note(tmp_path / "a.dat", reading) == (
        f"a.dat was read as {n_channels} channels, but its samples look like those of 4: check "
        "it, and if so, say --num-channels 4."
    )
    assert raw_note(tmp_path / "a.dat", RawReading("int16", 4)) == ""


def test_such_a_note_is_said_of_the_recording(tmp_path: Path) -> None:
    in_steps(ONE_CELL).astype(np.int16).tofile(tmp_path / "a.dat")
    parameters = SpikesParameters(sampling_frequency=RATE, num_channels=2, gain_uv=STEP_UV)
    recording = read_recording(tmp_path / "a.dat", parameters)
    notes = check_reading(recording, tmp_path / "a.dat", parameters)
    assert ["look like those of 4" in note for note in notes] == [True]


# -- sizes, in files that say their gain


def checked(folder: Path, microvolts: Signal) -> list[str]:
    made = NumpyRecording([in_steps(microvolts).astype(np.int16)], RATE)
    made.set_channel_gains(STEP_UV)
    made.set_channel_offsets(0.0)
    return check_reading(made, folder, SpikesParameters())


INTRACELLULAR = -60_000 + 50_000 * np.exp(-((SECONDS % 0.02 - 0.01) ** 2) / 0.0005**2)


@pytest.mark.parametrize(
    ("microvolts", "words"),
    [
        (noise(4, 1.0), ""),
        (noise(4, 3.0), ""),
        (field(4) * 20, ""),
        (noise(4, 0.3), "signals of "),
        (noise(4, 500.0), "noise of "),
        (noise(4, 3000.0), "noise of "),
        ((INTRACELLULAR + noise(4, 200.0)) * 0.1, ""),
    ],
)
def test_sizes_that_are_unusual_are_noted(microvolts: Signal, words: str, tmp_path: Path) -> None:
    notes = checked(tmp_path, microvolts)
    assert len(notes) == bool(words)
    assert words in "".join(notes)


def test_sizes_that_cannot_be_are_refused(tmp_path: Path) -> None:
    values = NumpyRecording([in_steps(noise(4)).astype(np.int16)], RATE)
    for gain in (1e-4, 195.0):
        values.set_channel_gains(gain)
        values.set_channel_offsets(0.0)
        with pytest.raises(RecordingError, match="That cannot be"):
            check_reading(values, tmp_path, SpikesParameters())
