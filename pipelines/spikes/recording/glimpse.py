"""What is seen of a recording at once, before it is read whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.recording.pyramid import Envelope
from pipelines.spikes.recording.timeline import Timeline

MOST_CHANNELS = 16
FIRST_S = 1.0


@dataclass(frozen=True)
class Glimpse:
    """How a recording was read, where its channels are, and its first second.

    Attributes:
        found: headline figures as those of a look: `n_channels`, `duration_s`, `n_samples`,
            `sampling_frequency`, `segments`, `read_as`.
        names: of all channels.
        places_um: x and y of each, shape (channel, 2).
        shown: positions of the channels whose signal is drawn, from the top of the probe down.
        envelope: their first second.
    """

    found: Mapping[str, Any]
    names: Sequence[str]
    places_um: NDArray[np.float64]
    shown: Sequence[int]
    envelope: Envelope

    @property
    def timeline(self) -> Timeline:
        """Of the recording."""
        return Timeline.from_results(self.found, int(self.found["n_samples"]))
