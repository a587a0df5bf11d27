"""The best density that first rises and then falls, and how far numbers are from it.

It is found by isotonic regression, as in ISO-SPLIT (Magland & Barnett 2015, arXiv:1508.04841);
the distance is that of Hartigan and Hartigan (1985), doi:10.1214/aos/1176346577.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Unimodal:
    """A histogram that rises and falls.

    Attributes:
        edges: of its bins, shape (bin + 1,).
        counts: numbers in each bin, shape (bin,).
        fitted: what the rising and falling density has there, shape (bin,).
    """

    edges: Floats
    counts: Floats
    fitted: Floats

    @property
    def gap(self) -> float:
        """The largest distance between the two cumulative distributions."""
        found = np.cumsum(self.counts) / self.counts.sum()
        return float(np.abs(found - np.cumsum(self.fitted) / self.fitted.sum()).max())

    def quantile(self, share: Floats) -> Floats:
        """The number below which a share of the fitted density lies, of shares (n,)."""
        below = np.append(0.0, np.cumsum(self.fitted) / self.fitted.sum())
        return np.asarray(np.interp(share, below, self.edges))


def unimodal(values: Floats) -> Unimodal:
    """The rising and falling density that is nearest to numbers (n,), n at least 2."""
    ordered = np.sort(values)
    n_bins = min(len(ordered) - 1, max(10, int(2 * np.sqrt(len(ordered)))))
    ranks = np.linspace(0, len(ordered) - 1, n_bins + 1).astype(int)
    widths = np.maximum(np.diff(ordered[ranks]), 1e-9)
    counts = np.diff(ranks).astype(float)
    fitted = _rise_and_fall(counts / widths, widths) * widths
    return Unimodal(ordered[ranks], counts, fitted)


def dip(values: Floats) -> float:
    """How far numbers (n,), n at least 2, are from having one hump; it has no unit.

    It is the largest distance between their cumulative distribution and that of the best
    density that first rises and then falls, times the root of their number.
    """
    return unimodal(values).gap * float(np.sqrt(len(values)))


def _rise_and_fall(density: Floats, weights: Floats) -> Floats:
    """The unimodal sequence nearest to a density by weighted least squares."""
    before = _rising_errors(density, weights)
    after = _rising_errors(density[::-1], weights[::-1])[::-1]
    top = int(np.argmin(before + np.append(after[1:], 0.0))) + 1
    rise = isotonic_regression(density[:top], weights=weights[:top]).x
    if top == len(density):
        return np.asarray(rise)
    fall = isotonic_regression(density[top:], weights=weights[top:], increasing=False).x
    return np.concatenate([rise, fall])


def _rising_errors(values: Floats, weights: Floats) -> Floats:
    """The squared error of the best rising fit to the first 1, 2, ... values.

    One pass of pool-adjacent-violators: a block is (mean, weight, sum of squares).
    """
    blocks: list[tuple[float, float, float]] = []
    errors = np.empty(len(values))
    total = 0.0
    for index, (mean, weight) in enumerate(zip(values, weights, strict=True)):
        squares = weight * mean**2
        while blocks and blocks[-1][0] >= mean:
            other, other_weight, other_squares = blocks.pop()
            total -= other_squares - other_weight * other**2
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight += other_weight
            squares += other_squares
        blocks.append((mean, weight, squares))
        total += squares - weight * mean**2
        errors[index] = total
    return errors
