"""What turns the samples of a recording into time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.recording.timeline import Timeline


@dataclass(frozen=True)
class Clock:
    """What turns samples into time, and when two spikes are too near.

    Attributes:
        sampling_frequency: samples per second.
        n_samples: of the whole recording.
        refractory_s: spikes of one cell are never nearer than this.
        censored_s: detection itself never gives spikes nearer than this.
        timeline: where it has gaps; none if there are none.
    """

    sampling_frequency: float
    n_samples: int
    refractory_s: float
    censored_s: float
    timeline: Timeline | None = None

    @property
    def duration_s(self) -> float:
        """Recorded time, without gaps."""
        return self.n_samples / self.sampling_frequency

    def apart(self, spikes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Spikes, shape (spike,), moved so that no interval across a gap is short."""
        return spikes if self.timeline is None else self.timeline.apart(spikes)
