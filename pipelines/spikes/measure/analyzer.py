"""A sorting as SpikeInterface's SortingAnalyzer, in zarr without pickled objects.

SpikeInterface falls back to pickle for a recording that JSON cannot describe, and for results of
its extensions that are neither arrays nor tables. Recordings that are read from files are
described by JSON, and only extensions made of arrays are stored; a test looks at every codec.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import (
    BaseRecording,
    ChannelSparsity,
    SortingAnalyzer,
    create_sorting_analyzer,
)
from spikeinterface.core.analyzer_extension_core import (
    ComputeNoiseLevels,
    ComputeRandomSpikes,
    ComputeTemplates,
)
from spikeinterface.preprocessing import bandpass_filter

from pipelines.spikes.formats.segments import in_segments, sorting_in_segments
from pipelines.spikes.recording.spikeinterface_private import hand_over
from pipelines.spikes.recording.timeline import Timeline
from pipelines.spikes.signal.preprocess import BandPass
from pipelines.spikes.sorting.features import Window
from pipelines.spikes.units.unit import Unit


def write_analyzer(units: Sequence[Unit], signal: BandPass, window: Window, folder: Path) -> None:
    """Write a SortingAnalyzer with the units' mean waveforms; nothing if there are no units.

    Its recording is the band-passed one, which SpikeInterface filters when it is read; it has the
    segments of the recording, and their start times.
    """
    if not units:
        return
    parts = in_segments(signal.recording)
    recording = bandpass_filter(
        parts, freq_min=signal.freq_min, freq_max=signal.freq_max, dtype="float32"
    )
    if not recording.check_serializability("json"):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about units that are not in order of their channel
        analyzer = _analyzer(units, recording, signal.timeline, window)
        analyzer.save_as(folder=folder, format="zarr")


def _analyzer(
    units: Sequence[Unit], recording: BaseRecording, timeline: Timeline, window: Window
) -> SortingAnalyzer:
    samples = np.concatenate([unit.sample_index for unit in units])
    numbers = np.repeat(np.arange(len(units)), [len(unit.sample_index) for unit in units])
    order = np.lexsort((numbers, samples))
    sorting = sorting_in_segments(
        samples[order], numbers[order], timeline, np.arange(len(units)),
        float(recording.get_sampling_frequency()),
    )  # fmt: skip
    mask = np.zeros((len(units), recording.get_num_channels()), dtype=bool)
    for number, unit in enumerate(units):
        mask[number, unit.view] = True
    sparsity = ChannelSparsity(mask, sorting.unit_ids, recording.channel_ids)
    analyzer = create_sorting_analyzer(
        sorting, recording, format="memory", sparsity=sparsity, return_in_uV=True,
        main_channel_indices=np.array([unit.channel for unit in units]),
    )  # fmt: skip
    _add_random_spikes(analyzer)
    _add_templates(analyzer, units, window)
    _add_noise(analyzer, units)
    return analyzer


def _add_random_spikes(analyzer: SortingAnalyzer) -> None:
    """Those that SpikeInterface takes with this seed; it would compile a loop first, for 0.7 s."""
    found, rng = ComputeRandomSpikes(analyzer), np.random.default_rng(0)
    found.set_params(seed=0)
    unit_index = analyzer.sorting.to_spike_vector()["unit_index"]
    of_units = [np.flatnonzero(unit_index == n) for n in range(analyzer.get_num_units())]
    most = found.params["max_spikes_per_unit"]
    chosen = [rng.choice(own, min(most, len(own)), False, shuffle=False) for own in of_units]
    hand_over(analyzer, found, random_spikes_indices=np.sort(np.concatenate(chosen)))


def _add_templates(analyzer: SortingAnalyzer, units: Sequence[Unit], window: Window) -> None:
    """Hand over the mean waveforms that are there, instead of reading the recording again."""
    rate = analyzer.sampling_frequency
    found = ComputeTemplates(analyzer)
    found.set_params(
        ms_before=1000 * window.before / rate,
        ms_after=1000 * (window.after + 1) / rate,
        operators=["average", "std"],
    )
    hand_over(
        analyzer,
        found,
        average=_over_all([unit.mean for unit in units], units, analyzer),
        std=_over_all([unit.sd for unit in units], units, analyzer),
    )


def _over_all(
    values: Sequence[NDArray[np.float32]], units: Sequence[Unit], analyzer: SortingAnalyzer
) -> NDArray[np.float32]:
    whole = np.zeros((len(units), len(values[0]), analyzer.get_num_channels()), np.float32)
    for number, unit in enumerate(units):
        whole[number][:, unit.view] = values[number]
    return whole


def _add_noise(analyzer: SortingAnalyzer, units: Sequence[Unit]) -> None:
    """The noise of the units' largest channels, from height and ratio; nan elsewhere."""
    noise = np.full(analyzer.get_num_channels(), np.nan)
    for unit in units:
        noise[unit.channel] = unit.amplitude_uv / unit.snr
    found = ComputeNoiseLevels(analyzer)
    found.set_params(random_slices_kwargs={"seed": 0})  # else one at random would be recorded
    hand_over(analyzer, found, noise_levels=noise)
