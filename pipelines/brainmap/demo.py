"""Calcium imaging with known regions, made by simulation."""

from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHAPE = (3, 64, 80)
"""(plane, y, x)"""

CENTRES = ((18, 18), (18, 40), (18, 62), (46, 18), (46, 40), (46, 62))
"""(y, x) of each region, in pixels, before it is moved at random."""

RADIUS = 8.0
JITTER = 2.5
FRAMES_PER_STIMULUS = 5
ROUNDS = 2
DECAY_FRAMES = 3.0
"""How fast the indicator's fluorescence falls, as an exponential."""

TUNING = (1.0, 0.3, 0.0, 0.0, 0.0, 0.3)
"""Response to the preferred stimulus, the next one, and so on around."""

RESPONSE = 0.4
"""Relative change of fluorescence at the preferred stimulus."""

GAIN_SPREAD = 0.15
NOISE = 0.005
"""Noise relative to the baseline: dim voxels are averaged over many frames of the camera."""

DARK, BRIGHT = 300.0, 4000.0
BACKGROUND = -1


def make(folder: Path, seed: int) -> None:
    """Write a simulated light-sheet film and its truth.

    Six regions in a brain-shaped volume each prefer one of six stimuli, given in turn, and
    answer weakly to its neighbours. The rest only has noise.

    Args:
        folder: gets `images/timeNNN.tif` (uint16, pages = planes) and `truth.tif` (int16
            regions from 0, -1 for background; plane, y, x).
        seed: moves the regions and draws gains and noise.
    """
    random = np.random.default_rng(seed)
    regions = _regions(random)
    baseline = _baseline(random)
    gain = random.normal(1.0, GAIN_SPREAD, SHAPE).clip(0.5, 1.5)
    _write(regions, folder / "truth.tif")
    images = folder / "images"
    images.mkdir()
    for time, responses in enumerate(_responses()):
        change = np.where(regions == BACKGROUND, 0.0, gain * responses[regions])
        frame = baseline * (1 + change + NOISE * random.standard_normal(SHAPE))
        _write(np.round(frame).astype(np.uint16), images / f"time{time + 1:03d}.tif")


def _regions(random: np.random.Generator) -> NDArray[np.int16]:
    """Balls that shrink towards the outer planes, numbered from 0."""
    planes, y, x = np.indices(SHAPE)
    radius = RADIUS - np.abs(planes - SHAPE[0] // 2)
    regions = np.full(SHAPE, BACKGROUND, np.int16)
    for region, centre in enumerate(CENTRES):
        at = centre + random.uniform(-JITTER, JITTER, 2)
        regions[np.hypot(y - at[0], x - at[1]) < radius] = region
    return regions


def _baseline(random: np.random.Generator) -> Floats:
    """Fluorescence at rest: an oval brain with a gentle texture on a dark ground."""
    _, y, x = np.indices(SHAPE)
    height, width = SHAPE[1:]
    reach = np.hypot((y - height / 2) / (0.48 * height), (x - width / 2) / (0.48 * width))
    brain = 1 / (1 + np.exp(12 * (reach - 1)))
    waves = sum(
        np.sin(2 * np.pi * (u * y + v * x) + phase)
        for u, v, phase in random.uniform((-0.06, -0.06, 0), (0.06, 0.06, 2 * np.pi), (5, 3))
    )
    rest: Floats = DARK + BRIGHT * brain * (1 + 0.05 * waves)
    return rest


def _responses() -> Floats:
    """Relative change of fluorescence of each region (time, region)."""
    count = len(CENTRES)
    times = np.arange(ROUNDS * count * FRAMES_PER_STIMULUS)
    stimulus = times // FRAMES_PER_STIMULUS % count
    drive = np.array(TUNING)[(stimulus[:, None] - np.arange(count)) % count]
    decay = np.exp(-1 / DECAY_FRAMES)
    course = np.zeros_like(drive)
    for time in times[1:]:
        course[time] = decay * course[time - 1] + (1 - decay) * drive[time]
    responses: Floats = RESPONSE * course
    return responses


def _write(volume: NDArray[np.integer], file: Path) -> None:
    tifffile.imwrite(file, volume, photometric="minisblack", metadata={"axes": "ZYX"})
