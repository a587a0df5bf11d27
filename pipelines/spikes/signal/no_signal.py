"""Samples that are no signal: not a number, infinite, or one value for longer than noise allows.

A stimulator blanks, an amplifier saturates, a plug comes off: the stored numbers then say nothing
about cells. How long the same value may come again is asked of each channel itself, for a quiet
signal stored in coarse steps repeats its values often.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = ("not a number", "infinite", "saturated", "constant")
"""What a stretch without signal holds; for one that holds several, the first of them."""

LEAST_S = 0.0005
"""A shorter stretch of one value costs next to nothing, and a spike clipped at its peak has it."""

MOST_S = 0.1
"""A channel that repeats its values for so long by itself is stored too coarsely to say more."""

TAIL = 6.0
"""Of runs of one value, that of 1 in 100 is the longest by chance this many times over: lengths
fall off geometrically at least, and 10^-12 is one in the longest recordings."""

N_PAIRS = 5
"""So many places are compared first within the shortest stretch."""

FEW_RUNS = 50
"""A channel that changes its value less often in 20 s carries nothing."""

BEYOND = 20.0
"""Standard deviations from the middle at which one value for long is called saturated."""

NEAR_RAIL = 0.005
"""Share of the type's range next to its ends where an amplifier at its limit stays."""

Samples = NDArray[Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class NoSignalRule:
    """What of one channel is no signal.

    Attributes:
        least: samples that are no signal at the end of the sample type's range.
        longest: as many samples of the same value are no signal anywhere.
        middle: median of the channel, in steps.
        spread: its scaled median absolute deviation, in steps.
        jitter: noise from sample to sample, in steps.
    """

    least: int
    longest: float
    middle: float
    spread: float
    jitter: float


def rule_of(slices: Sequence[Samples], rate_hz: float) -> NoSignalRule:
    """Learn from some stretches of one channel how it looks as a rule.

    Args:
        slices: each shape (sample,), as stored.
        rate_hz: samples per second.
    """
    least = max(N_PAIRS + 1, round(LEAST_S * rate_hz))
    middle, spread = _middle_and_spread(np.concatenate(slices))
    with np.errstate(invalid="ignore"):
        steps = np.concatenate([np.diff(one.astype(np.float64)) for one in slices])
    _, jumps = _middle_and_spread(steps)
    runs = np.sort(np.concatenate([_run_lengths(one) for one in slices]))
    longest: float = least
    if len(runs) >= FEW_RUNS:
        longest = max(least, TAIL * float(runs[int(0.99 * len(runs))]))
    most = MOST_S * rate_hz
    return NoSignalRule(
        least, longest if longest <= most else np.inf, middle, spread, jumps / 2**0.5
    )


def _middle_and_spread(values: Samples) -> tuple[float, float]:
    """Median and scaled median absolute deviation of what is finite."""
    known = values[np.isfinite(values)].astype(np.float64)
    if not len(known):
        return 0.0, 0.0
    middle = float(np.median(known))
    return middle, 1.4826 * float(np.median(np.abs(known - middle)))


def _run_lengths(values: Samples) -> NDArray[np.int64]:
    edges = np.flatnonzero(values[1:] != values[:-1]) + 1
    return np.diff(edges, prepend=0, append=len(values))


def suspects(raw: Samples, rules: Sequence[NoSignalRule]) -> list[int]:
    """Columns that may hold samples without signal: a quick look, which never misses one.

    Args:
        raw: as stored, shape (sample, channel).
        rules: of its channels.
    """
    step = max(1, (min(rule.least for rule in rules) - 1) // N_PAIRS)
    found = _repeats(raw, step)
    if raw.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            found |= ~np.isfinite(raw.sum(axis=0, dtype=np.float64))
    low, high = _rails(raw.dtype)
    if high > low:
        some = raw[::step]
        found |= (some >= high).any(axis=0) | (some <= low).any(axis=0)
    return [int(column) for column in np.flatnonzero(found)]


def _repeats(raw: Samples, step: int) -> Mask:
    """Columns where, at every `step` samples, a value is the next and the last one, four times."""
    some, after = raw[:-1:step], raw[1::step]
    same = some == after
    same[1:] &= some[1:] == some[:-1]
    found: Mask = (same[:-3] & same[1:-2] & same[2:-1] & same[3:]).any(axis=0)
    return found


def _rails(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Where the ends of an integer type's range begin; nothing for floating point numbers."""
    if dtype.kind not in "iu":
        return 0.0, 0.0
    info = np.iinfo(dtype)
    near = NEAR_RAIL * (float(info.max) - float(info.min))
    return float(info.min) + near, float(info.max) - near


def marked(values: Samples, rule: NoSignalRule) -> Mask:
    """Which samples of one channel are no signal.

    Args:
        values: as stored, shape (sample,).
        rule: of the channel.
    """
    found = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    edges = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])
    lengths = np.diff(edges, append=len(values))
    found |= np.repeat(lengths >= rule.longest, lengths)
    return found | _long_enough(_near_rails(values, rule), rule.least)


def _near_rails(values: Samples, rule: NoSignalRule) -> Mask:
    """Samples at the ends of the type's range, unless the channel lives there."""
    low, high = _rails(values.dtype)
    room = 0.25 * (high - low)
    found = np.zeros(len(values), dtype=bool)
    if high > low and rule.middle - low > room:
        found |= values <= low
    if high > low and high - rule.middle > room:
        found |= values >= high
    return found


def _long_enough(mask: Mask, least: int) -> Mask:
    kept = np.zeros_like(mask)
    for start, stop in stretches(mask):
        kept[start:stop] = stop - start >= least
    return kept


def stretches(mask: Mask) -> list[tuple[int, int]]:
    """First sample, and one after the last, of every stretch of a mask of shape (sample,)."""
    if not mask.any():
        return []
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def kind_of(values: Samples, rule: NoSignalRule) -> str:
    """What a stretch without signal, shape (sample,), holds, in the words of `KINDS`."""
    if values.dtype.kind == "f":
        if np.isnan(values).any():
            return KINDS[0]
        if np.isinf(values).any():
            return KINDS[1]
    value = float(values[len(values) // 2])
    blanked = value == 0 and values.dtype.kind != "u"
    return KINDS[2] if _far(value, rule) and not blanked else KINDS[3]


def _far(value: float, rule: NoSignalRule) -> bool:
    return abs(value - rule.middle) > BEYOND * rule.spread


def widened(mask: Mask, most: int) -> Mask:
    """Stretches with as much signal on both sides as the filter mixes with them.

    A gap of a few samples is bridged well, so no more is taken than the stretch is long.

    Args:
        mask: shape (sample,).
        most: samples on each side, at most.
    """
    found = mask.copy()
    for start, stop in stretches(mask):
        reach = min(most, stop - start)
        found[max(start - reach, 0) : stop + reach] = True
    return found


def filled(values: Samples, mask: Mask, middle: float) -> Samples:
    """The samples with straight lines over what is marked; flat beyond the first and last good one.

    Args:
        values: shape (sample,).
        mask: same shape.
        middle: taken where nothing is good.
    """
    good = np.flatnonzero(~mask)
    bad = np.flatnonzero(mask)
    found = values.copy()
    over = np.interp(bad, good, values[good]) if len(good) else np.full(len(bad), middle)
    found[bad] = np.rint(over) if values.dtype.kind in "iu" else over
    return found
