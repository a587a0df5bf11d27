"""What a recording may not say of itself, and what a look at it takes."""

from typing import Any, Literal

import numpy as np
from pydantic import field_validator

from pipelines.core.parameters import Parameters, parameter

Layout = Literal["recorded", "apart", "tetrodes", "stereotrodes", "row"]
Dtype = Literal["int16", "uint16", "int32", "float32", "float64", ">i2", ">u2", ">i4", ">f4", ">f8"]
"""Those with > have the highest byte first, as some amplifiers and old computers write."""

RECORDING = "How the recording is read"
"""The heading under which forms fold these away."""


class RecordingParameters(Parameters):
    """Places of channels, and the numbers of raw binary files."""

    session: str = parameter(
        "",
        label="Which recording",
        advanced=True,
        fold=RECORDING,
        help="Where a folder or file holds several recordings, experiments, probes or signals: the "
        "name of one, as the message lists them; several, divided by commas, to be joined.",
    )
    join: bool = parameter(
        False,
        label="Join recordings",
        advanced=True,
        fold=RECORDING,
        help="Join the recordings of a folder, or those that are named above, in the order of "
        "their times. Otherwise one has to be named: nothing is joined because it lies together.",
    )
    gain_uv: float | None = parameter(
        None,
        label="Gain",
        empty="as the recording says",
        advanced=True,
        fold=RECORDING,
        unit="uV per step",
        help="Microvolts per step of the stored numbers (0.195 for Intan). Needed for recordings "
        "that do not say it; for others it takes the place of what they say.",
        gt=0,
    )
    layout: Layout = parameter(
        "recorded",
        label="Channel places",
        help="recorded: as the recording or the probe file says, far apart if they say nothing. "
        "apart: every channel is a wire of its own. tetrodes, stereotrodes: every four or two "
        "channels are one. row: one straight row with the pitch below.",
        advanced=True,
        fold=RECORDING,
    )
    pitch_um: float = parameter(
        25.0,
        label="Pitch",
        unit="um",
        help="Distance between neighbouring channels of a row, and of a tetrode or stereotrode.",
        gt=0,
        le=10_000,
        advanced=True,
        fold=RECORDING,
    )
    sampling_frequency: float | None = parameter(
        None,
        label="Sampling frequency",
        empty="as the recording says",
        advanced=True,
        fold=RECORDING,
        unit="Hz",
        help="Of a raw binary file; the other formats know theirs.",
        gt=0,
    )
    num_channels: int | None = parameter(
        None,
        label="Number of channels",
        empty="as the recording says",
        advanced=True,
        fold=RECORDING,
        help="Of a raw binary file whose samples are stored channel after channel for each time.",
        ge=1,
    )
    dtype: Dtype = parameter(
        "int16",
        label="Sample type",
        help="Of a raw binary file: the type of one sample; those with > have the highest byte "
        "first.",
        advanced=True,
        fold=RECORDING,
    )
    file_offset: int = parameter(
        0,
        label="Header of the file",
        advanced=True,
        fold=RECORDING,
        unit="bytes",
        help="Of a raw binary file: how many bytes stand before the first sample.",
        ge=0,
    )
    trust_reading: bool = parameter(
        False,
        label="Trust the reading",
        advanced=True,
        fold=RECORDING,
        help="Take gain, sample type and number of channels as they are, also when what comes out "
        "cannot be the signal of electrodes.",
    )
    segment_starts_s: str = parameter(
        "",
        label="Starts of segments",
        advanced=True,
        fold=RECORDING,
        unit="s",
        help="When each segment of the recording begins, divided by commas, such as 0,130; only "
        "where the recording says nothing of it, or what cannot be true. A single one means that "
        "there is no gap.",
    )

    @field_validator("dtype", mode="before")
    @classmethod
    def _as_numpy_knows_it(cls, value: Any) -> Any:
        """Other names of the same types, such as <i2."""
        try:
            dtype = np.dtype(value)
        except Exception:  # whatever was typed; that it is no type is said by the choice of types
            return value
        return dtype.str if dtype.byteorder == ">" else dtype.name


class RecordingLookParameters(RecordingParameters):
    """What is looked at before sorting, and from where on something is wrong."""

    freq_min: float = parameter(
        300.0,
        label="Band-pass from",
        unit="Hz",
        help="Noise and bridges are measured in the band of spikes.",
        gt=0,
    )
    freq_max: float = parameter(
        6000.0,
        label="Band-pass to",
        unit="Hz",
        help="Below half the sampling frequency, and above the lower end of the band.",
        gt=0,
    )
    noisy_times: float = parameter(
        4.0,
        label="Noisy from",
        unit="times the median",
        help="A channel with this many times the noise of the middle channel is left out.",
        gt=1,
    )
    bridge_correlation: float = parameter(
        0.98,
        label="Bridged from",
        help="Two channels whose signals correlate this much carry the same signal: the solder or "
        "fluid connects them, and the second one is left out.",
        gt=0,
        le=1,
    )
    saturation_uv: float = parameter(
        5000.0,
        label="Saturated from",
        unit="uV",
        help="No signal of the brain is that large. When half the channels stay there up to the "
        "end, the headstage fell off, and the rest of the recording is left out.",
        gt=0,
    )
