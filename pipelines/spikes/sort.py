"""From a recording to sorted units, group of channels by group of channels."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording
from threadpoolctl import threadpool_limits

from pipelines.errors import Cancelled, NeuroboardError, RecordingError
from pipelines.progress import Report, part
from pipelines.spikes.cluster import find_clusters
from pipelines.spikes.detect import find_peaks
from pipelines.spikes.features import Waveforms, Window, cut_out, principal_components
from pipelines.spikes.groups import Group, channel_groups
from pipelines.spikes.metrics import Clock
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.preprocess import BandPass, band_pass, noise_levels
from pipelines.spikes.read import read_recording
from pipelines.spikes.units import Live, Site, Unit, table, units_of, write_spikes, write_waveforms

CHUNK_S = 10.0
"""Signal that is in memory at once, of one group of channels."""

LEAST_NOISE_UV = 1e-3
"""No amplifier is that quiet: a channel below it is not connected."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sorted:
    """What became of one group: its units, or the reason why there are none.

    Attributes:
        group: the group.
        units: may be empty.
        n_spikes: that were found, whether they belong to a unit or not.
        seconds: that it took.
        failed: whether it could not be sorted.
        reason: empty if there is nothing to say.
    """

    group: Group
    units: Sequence[Unit]
    n_spikes: int
    seconds: float
    failed: bool
    reason: str


def sort(
    inputs: Mapping[str, Path], parameters: SpikesParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Sort a recording.

    Writes `spikes.npz`, `units.csv`, `groups.csv` and `waveforms.npz`. Each group of channels is
    filtered, its spikes are found, aligned, reduced to principal components and clustered. A
    group that fails is named in `groups.csv` and does not stop the others.

    Args:
        inputs: `recording`, a file or folder.
        parameters: how to sort.
        folder: an existing, empty folder.
        report: told what happens.

    Returns:
        `n_units`, `n_spikes` (of units), `groups_failed`, `duration_s`, `n_channels`,
        `sampling_frequency`.

    Raises:
        RecordingError: the recording cannot be read, or no group could be sorted.
        Cancelled: `report` said so.
    """
    recording = read_recording(inputs["recording"], parameters)
    signal = band_pass(recording, parameters.freq_min, parameters.freq_max)
    site = _site(recording)
    groups = channel_groups(site.locations_um, parameters.group_radius_um)
    # One thread: sums come out the same on every machine, and small matrices are faster.
    with threadpool_limits(1):
        done = [
            _sort_group(signal, group, len(groups), parameters, part(report, start, stop))
            for group, start, stop in _shares(groups)
        ]
    _refuse_if_all_failed(done)
    report(0.97, "Writing units and waveforms")
    units = [unit for one in done for unit in one.units]
    _write(units, done, site, signal, parameters, folder)
    return _results(units, done, site, signal)


def _shares(groups: Sequence[Group]) -> list[tuple[Group, float, float]]:
    edges = np.linspace(0.02, 0.97, len(groups) + 1)
    return list(zip(groups, edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _site(recording: BaseRecording) -> Site:
    ids = np.array([str(channel) for channel in recording.channel_ids])
    return Site(ids, np.asarray(recording.get_channel_locations(), dtype=np.float64))


def _sort_group(
    signal: BandPass, group: Group, n_groups: int, parameters: SpikesParameters, report: Report
) -> Sorted:
    clock = time.monotonic()
    name = f"Group {group.number + 1} of {n_groups}"
    try:
        units, n_spikes = _units(signal, group, parameters, _named(report, name))
    except Cancelled:
        raise
    except (NeuroboardError, ArithmeticError, ValueError, OSError, MemoryError) as error:
        _log.warning("%s failed", name, exc_info=error)
        reason = str(error) or type(error).__name__
        return Sorted(group, (), 0, time.monotonic() - clock, True, reason)
    reason = "" if units else _why_none(n_spikes, parameters)
    return Sorted(group, units, n_spikes, time.monotonic() - clock, False, reason)


def _named(report: Report, name: str) -> Report:
    return lambda fraction, sentence: report(fraction, f"{name}: {sentence}")


def _why_none(n_spikes: int, parameters: SpikesParameters) -> str:
    return (
        f"{n_spikes} spikes above {parameters.detect_threshold:g} times the noise, and no "
        f"cluster of at least {parameters.min_spikes}."
    )


def _units(
    signal: BandPass, group: Group, parameters: SpikesParameters, report: Report
) -> tuple[list[Unit], int]:
    report(0.0, "measuring the noise")
    live = _live_channels(signal, group)
    waveforms = _find_spikes(signal, live, parameters, report)
    report(0.8, f"clustering {len(waveforms):,} spikes")
    if len(waveforms) < parameters.min_spikes:
        return [], len(waveforms)
    points = _features(waveforms, live, signal, parameters)
    labels = find_clusters(points, parameters)
    return units_of(waveforms, labels, live, group.number), len(waveforms)


def _live_channels(signal: BandPass, group: Group) -> Live:
    """The channels of a group and its neighbours that carry a signal."""
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
    signal: BandPass, live: Live, parameters: SpikesParameters, report: Report
) -> Waveforms:
    rate = signal.sampling_frequency
    window = _window(parameters.ms_before, parameters.ms_after, rate)
    parts: list[Waveforms] = []
    for chunk in signal.chunks(live.channels, CHUNK_S):
        peaks = find_peaks(
            chunk,
            live.noise,
            threshold=parameters.detect_threshold,
            sign=parameters.peak_sign,
            dead_samples=max(1, round(parameters.dead_time_ms * rate / 1000)),
        )
        parts.append(cut_out(chunk, peaks, window).of_channels(live.own))
        share = chunk.stop / signal.n_samples
        report(0.8 * share, f"found spikes up to {chunk.stop / rate:.0f} s")
    return Waveforms.joined(parts)


def _features(
    waveforms: Waveforms, live: Live, signal: BandPass, parameters: SpikesParameters
) -> NDArray[np.float64]:
    rate = signal.sampling_frequency
    whole = _window(parameters.ms_before, parameters.ms_after, rate)
    inner = _window(parameters.feature_ms_before, parameters.feature_ms_after, rate)
    first = whole.before - inner.before
    values = waveforms.values[:, first : first + len(inner.offsets)] / live.noise
    return principal_components(values, parameters.n_components)


def _window(ms_before: float, ms_after: float, sampling_frequency: float) -> Window:
    per_ms = sampling_frequency / 1000
    return Window(round(ms_before * per_ms), round(ms_after * per_ms))


def _refuse_if_all_failed(done: Sequence[Sorted]) -> None:
    if all(one.failed for one in done):
        raise RecordingError(f"No group of channels could be sorted. The first: {done[0].reason}")


def _write(
    units: Sequence[Unit],
    done: Sequence[Sorted],
    site: Site,
    signal: BandPass,
    parameters: SpikesParameters,
    folder: Path,
) -> None:
    rate = signal.sampling_frequency
    clock = Clock(
        rate, signal.n_samples, parameters.refractory_ms / 1000, parameters.dead_time_ms / 1000
    )
    write_spikes(units, folder / "spikes.npz")
    window = _window(parameters.ms_before, parameters.ms_after, rate)
    write_waveforms(units, site, window, rate, folder / "waveforms.npz")
    table(units, site, clock).to_csv(folder / "units.csv", index=False)
    _groups_table(done, site).to_csv(folder / "groups.csv", index=False)


def _groups_table(done: Sequence[Sorted], site: Site) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group": one.group.number,
            "channels": " ".join(site.channel_ids[one.group.channels]),
            "state": "failed" if one.failed else "done",
            "n_spikes": one.n_spikes,
            "n_units": len(one.units),
            "seconds": round(one.seconds, 3),
            "reason": one.reason,
        }
        for one in done
    )


def _results(
    units: Sequence[Unit], done: Sequence[Sorted], site: Site, signal: BandPass
) -> dict[str, Any]:
    return {
        "n_units": len(units),
        "n_spikes": sum(len(unit.sample_index) for unit in units),
        "groups_failed": sum(one.failed for one in done),
        "duration_s": round(signal.n_samples / signal.sampling_frequency, 3),
        "n_channels": len(site.channel_ids),
        "sampling_frequency": signal.sampling_frequency,
    }
