"""Our own sorter: one group of neighbouring channels, from signal to units."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import RecordingError
from pipelines.core.progress import Report
from pipelines.spikes.parameters import SpikesParameters, chosen_solutions
from pipelines.spikes.recording.groups import Group
from pipelines.spikes.signal.preprocess import BandPass, Chunk, Floats, chunk_noise, noise_levels
from pipelines.spikes.signal.waveform_file import AnyWaveforms, WaveformFile, units_of
from pipelines.spikes.sorting.cluster import (
    Labels,
    find_clusters,
    labels_of_mixture,
    mixture_sweep,
)
from pipelines.spikes.sorting.decisions import Decision, GroupCuts, SortFileVerdict, replay
from pipelines.spikes.sorting.detect import find_peaks
from pipelines.spikes.sorting.features import Window, cut_out, scores_of_blocks
from pipelines.spikes.sorting.filled_waveforms import FilledWaveforms
from pipelines.spikes.sorting.plan import Share
from pipelines.spikes.sorting.repeats import dead_samples, each_once
from pipelines.spikes.units.clouds import Cloud, Solution
from pipelines.spikes.units.unit import Live, Unit

CHUNK_S = 5.0
"""Signal that is in memory at once, of one group of channels."""

LEAST_NOISE_UV = 1e-3
"""No amplifier is that quiet: a channel below it is not connected."""
MOST_POINTS = 200_000
"""Spikes of a group that are kept, so that a line drawn around some finds all of them."""

N_AXES = 3


@dataclass(frozen=True)
class SortedGroup:
    """What a sorter found in a group.

    Attributes:
        units: may be empty.
        n_spikes: that were found, whether they belong to a unit or not.
        verdicts: by cluster, what a sort file says.
        cloud: spikes in feature space, if there are some.
        n_repeats: spikes that were taken out of a unit because they repeat another one of it.
    """

    units: Sequence[Unit]
    n_spikes: int
    verdicts: dict[int, SortFileVerdict] = field(default_factory=dict)
    cloud: Cloud | None = None
    n_repeats: int = 0


def sort_group(
    signal: BandPass,
    share: Share,
    parameters: SpikesParameters,
    decisions: Sequence[Decision] | None,
    scratch: Path,
    report: Report,
) -> SortedGroup:
    """Find spikes, align them, reduce them to principal components and cluster them.

    The waveforms lie in a file meanwhile; in memory there are a stretch of signal and a hundred
    or two hundred bytes of each spike.

    Args:
        signal: the filtered recording.
        share: the group whose spikes are wanted.
        parameters: how.
        decisions: on this group, from a sort file; none if there is no sort file.
        scratch: a folder for that file.
        report: told what happens.

    Raises:
        RecordingError: the group has no living channel.
        TableError: a decision names a cluster that is not there.
    """
    report(0.0, "measuring the noise")
    number = share.group.number
    live = live_channels(signal, share.group)
    shape = (
        len(waveform_window(parameters, signal.sampling_frequency).offsets),
        len(live.channels),
    )
    with TemporaryFile(dir=scratch) as file:
        in_file = WaveformFile(file, shape, np.float32)
        samples, missing = _find_spikes(signal, live, parameters, in_file, report)
        waveforms = FilledWaveforms(in_file, missing, live.noise) if missing.any() else in_file
        report(0.8, f"clustering {len(samples):,} spikes")
        if len(samples) < parameters.min_spikes and not decisions:
            return SortedGroup([], len(samples))
        points = _features(waveforms, live, signal, parameters)
        labels, verdicts = _labels(points, number, parameters, decisions)
        dead = dead_samples(parameters, signal.sampling_frequency)
        labels, n_repeats = each_once(signal, live, samples, labels, dead)
        units = units_of(waveforms, samples, labels, live, number)
    cloud = cloud_of(points, samples, labels, parameters)
    return SortedGroup(units, len(samples), verdicts, cloud, n_repeats)


def _labels(
    points: NDArray[np.float64],
    group: int,
    parameters: SpikesParameters,
    decisions: Sequence[Decision] | None,
) -> tuple[NDArray[np.intp], dict[int, SortFileVerdict]]:
    mixture: Callable[[int], NDArray[np.intp]] = partial(_mixture, points, parameters)
    number = chosen_solutions(parameters.choose).get(group)
    labels = mixture(number) if number else find_clusters(points, parameters)
    if decisions is None:
        return labels, {}

    def split(mask: NDArray[np.bool_], parts: int) -> NDArray[np.intp]:
        return labels_of_mixture(points[mask], parts, parameters.seed)

    return replay(decisions, GroupCuts(labels, mixture, split))


def _mixture(
    points: NDArray[np.float64], parameters: SpikesParameters, number: int
) -> NDArray[np.intp]:
    return labels_of_mixture(points, number, parameters.seed)


def live_channels(signal: BandPass, group: Group) -> Live:
    """The channels of a group and its neighbours that carry a signal.

    Raises:
        RecordingError: none of the group's own does.
    """
    noise = noise_levels(signal, group.view)
    alive = np.isfinite(noise) & (noise > LEAST_NOISE_UV)
    own = np.isin(group.view, group.channels)
    if not (alive & own).any():
        raise RecordingError(
            f"Its channels are flat (noise below {LEAST_NOISE_UV:g} uV) or hold values that are "
            "not numbers: check wires and gain."
        )
    return Live(group.view[alive], noise[alive], own[alive])


def _find_spikes(
    signal: BandPass,
    live: Live,
    parameters: SpikesParameters,
    waveforms: WaveformFile,
    report: Report,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Write the waveforms of all spikes to the file.

    Returns:
        Where they are, in samples, and which channels carried no signal, (spike, channel).
    """
    rate = signal.sampling_frequency
    window = waveform_window(parameters, rate)
    samples = [np.empty(0, np.int64)]
    missing = [np.empty((0, len(live.channels)), np.bool_)]
    for chunk in signal.chunks(live.channels, parameters.noise_window_s or CHUNK_S):
        peaks = find_peaks(
            chunk,
            _noise(chunk, live, parameters),
            threshold=parameters.detect_threshold,
            sign=parameters.peak_sign,
            dead_samples=dead_samples(parameters, rate),
        )
        spikes = cut_out(chunk, peaks, window).of_channels(live.own)
        waveforms.add(spikes.values)
        samples.append(spikes.sample_index)
        missing.append(spikes.missing)
        share = chunk.stop / signal.n_samples
        report(0.8 * share, f"found spikes up to {chunk.stop / rate:.0f} s")
    return np.concatenate(samples), np.concatenate(missing)


def _noise(chunk: Chunk, live: Live, parameters: SpikesParameters) -> Floats:
    """The noise that a threshold is a multiple of: of the whole recording, or of this stretch."""
    if parameters.noise_window_s is None:
        return live.noise
    return np.maximum(chunk_noise(chunk), LEAST_NOISE_UV)


def _features(
    waveforms: AnyWaveforms, live: Live, signal: BandPass, parameters: SpikesParameters
) -> NDArray[np.float64]:
    rate = signal.sampling_frequency
    whole = waveform_window(parameters, rate)
    inner = _window(parameters.feature_ms_before, parameters.feature_ms_after, rate)
    first = whole.before - inner.before
    inside = slice(first, first + len(inner.offsets))
    return scores_of_blocks(
        lambda: (values[:, inside] / live.noise for values in waveforms.blocks()),
        parameters.n_components,
    )


def waveform_window(parameters: SpikesParameters, sampling_frequency: float) -> Window:
    """What is kept of every spike."""
    return _window(parameters.ms_before, parameters.ms_after, sampling_frequency)


def _window(ms_before: float, ms_after: float, sampling_frequency: float) -> Window:
    per_ms = sampling_frequency / 1000
    return Window(round(ms_before * per_ms), round(ms_after * per_ms))


def cloud_of(
    points: NDArray[np.float64],
    sample_index: NDArray[np.int64],
    labels: Labels,
    parameters: SpikesParameters,
) -> Cloud:
    """Thin a group's spikes at random, and fit the solutions that are to be kept.

    Args:
        points: scores of all spikes, shape (spike, component).
        sample_index: of the same spikes.
        labels: their clusters.
        parameters: `solutions` and `seed`.
    """
    rng = np.random.default_rng(parameters.seed)
    n_spikes = len(points)
    kept = np.sort(rng.choice(n_spikes, min(MOST_POINTS, n_spikes), replace=False))
    shown = np.zeros((len(kept), N_AXES), np.float32)
    shown[:, : points.shape[1]] = points[kept, :N_AXES]
    sweep = mixture_sweep(points, parameters.solutions, parameters.seed)
    solutions = {k: Solution(found[kept].astype(np.int16), bic) for k, found, bic in sweep}
    return Cloud(sample_index[kept], shown, labels[kept].astype(np.int16), solutions, n_spikes)
