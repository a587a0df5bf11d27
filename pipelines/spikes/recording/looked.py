"""The folder of a look at a recording: the only reader and writer of its files.

    channels.csv     a row per channel: `channel, x_um, y_um, noise_uv, rms_uv, state, reason`
    spectrum.npz     power of every channel over frequency: `Spectrum`
    traces.npy       lowest and highest values in uV, float16 (2, bin, channel); see `pyramid`
    saturation.csv   a row per second: `second, saturated` (share of samples)
    bad_samples.csv  stretches without signal: `channel, start_s, stop_s, kind`

Needs no heavy library: the web process opens looks, and of them only what it shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.csv import read_csv, write_csv
from pipelines.core.errors import InputError
from pipelines.core.result_files import opened_arrays
from pipelines.files.reading import reading
from pipelines.spikes.recording.pyramid import Envelope, read_envelope
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.units.files import BAD_SAMPLES as STRETCHES
from pipelines.spikes.units.unit_tables import read_table, write_table

CHANNELS, SPECTRUM, TRACES, SATURATION = (
    "channels.csv", "spectrum.npz", "traces.npy", "saturation.csv",
)  # fmt: skip
ADVICE = "look at the recording again"


@dataclass(frozen=True)
class Spectrum:
    """How strong every channel is at every frequency.

    Attributes:
        freq_hz: shape (frequency,).
        power: in uV squared per Hz, shape (frequency, channel).
    """

    freq_hz: NDArray[np.float32]
    power: NDArray[np.float32]


class LookFolder:
    """The folder of a look; each part is read when it is first asked for, and kept then.

    Attributes:
        path: where it lies.
    """

    def __init__(self, path: Path) -> None:
        """A folder to read from or write into; nothing is opened yet."""
        self.path = path

    @cached_property
    def channels(self) -> pd.DataFrame:
        """A row per channel, with what sorting will leave out in `state` and `reason`.

        Raises:
            InputError: it is not there or damaged.
        """
        file = self.path / CHANNELS
        with reading(file, InputError, ADVICE, "table of channels"):
            return read_table(file)

    @cached_property
    def spectrum(self) -> Spectrum:
        """The power of every channel.

        Raises:
            InputError: it is not there or damaged.
        """
        with opened_arrays(self.path / SPECTRUM, InputError, ADVICE) as stored:
            return Spectrum(stored["freq_hz"], stored["power"])

    @cached_property
    def saturation(self) -> pd.DataFrame:
        """The share of saturated samples, a row per second: `second`, `saturated`.

        A second is on the recording's clock; the share is from 0 to 1.

        Raises:
            InputError: it is not there or damaged.
        """
        file = self.path / SATURATION
        with reading(file, InputError, ADVICE, "table of seconds"):
            return read_csv(file)

    @cached_property
    def stretches(self) -> pd.DataFrame:
        """Stretches that are no signal: `channel, start_s, stop_s, kind`.

        Raises:
            InputError: it is not there, as in results of before they were kept, or damaged.
        """
        file = self.path / STRETCHES
        with reading(file, InputError, ADVICE, "table of stretches"):
            return read_csv(file, dtype={"channel": str})

    def envelope(
        self,
        samples: int,
        timeline: Timeline,
        start_s: float,
        stop_s: float,
        channels: Sequence[int],
    ) -> Envelope | None:
        """A stretch of some channels, as `pyramid.read_envelope`.

        Raises:
            InputError: it is not there or damaged.
        """
        file = self.path / TRACES
        with reading(file, InputError, ADVICE, "array of traces"):
            return read_envelope(file, samples, timeline, start_s, stop_s, channels)

    @property
    def traces_file(self) -> Path:
        """Where the traces are written while the recording is read."""
        return self.path / TRACES

    def write_channels(self, channels: pd.DataFrame) -> None:
        """Write what `channels` reads, a row per channel."""
        write_table(channels, self.path / CHANNELS)

    def write_spectrum(self, found: Spectrum) -> None:
        """Write what `spectrum` reads."""
        np.savez_compressed(self.path / SPECTRUM, freq_hz=found.freq_hz, power=found.power)

    def write_saturation(self, seconds: pd.DataFrame) -> None:
        """Write what `saturation` reads, a row per second."""
        write_csv(seconds, self.path / SATURATION)

    def write_stretches(self, stretches: pd.DataFrame) -> None:
        """Write what `stretches` reads, a row per stretch."""
        write_csv(stretches, self.path / STRETCHES)
