"""SpikeInterface's own sorters, on channels of a recording that is already open.

They are called below `run_sorter`: see `spikeinterface_private`.
"""

import gc
import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording, concatenate_recordings, get_noise_levels
from spikeinterface.preprocessing import bandpass_filter, common_reference, scale, whiten

from pipelines.core.compiled import kept_on_disk
from pipelines.spikes.formats.segments import in_segments
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.recording.spikeinterface_private import (
    run_sorter_on,
    sorter_class,
    with_noise_of_one,
)
from pipelines.spikes.sorters import OWN_BAND_HZ, Sorter

MEMORY_BYTES = 20_000_000
"""A filtered copy up to this size stays in memory; a larger one is a file in the scratch folder."""

MANY_CHANNELS = 32
"""From here on the median over channels is taken off, as these sorters do themselves."""

WHITENING_UM = 100.0

JOB: Mapping[str, Any] = {"n_jobs": 1, "progress_bar": False, "chunk_duration": "1s"}


@dataclass(frozen=True)
class Trains:
    """What a sorter found.

    Attributes:
        sample_index: of its spikes, in order of time, shape (spike,).
        labels: number of each spike's unit, from 0, shape (spike,).
    """

    sample_index: NDArray[np.int64]
    labels: NDArray[np.intp]


def run_foreign(
    row: Sorter, recording: BaseRecording, parameters: SpikesParameters, scratch: Path
) -> Trains:
    """Sort with one of SpikeInterface's sorters, one process, with the seed of the parameters.

    Motion is not corrected, and spykingcircus2 is told so: it would do it by default.

    Args:
        row: the sorter.
        recording: the channels to sort, raw, in one piece with its timeline, with a probe.
        parameters: filter, threshold, sign, seed.
        scratch: an empty folder for copies and intermediate files.

    Raises:
        Exception: a sorter may fail in any way.
    """
    with kept_on_disk(), _seeded(parameters.seed), _quiet(), _few_objects_to_collect():
        sorter, settings = row.choice(parameters)
        most = 0 if row.reads_file else MEMORY_BYTES
        signal = _cached(_prepared(row, recording, parameters), scratch / "signal", most)
        signal = with_noise_of_one(signal) if row.wants_noise_one else signal
        output = scratch / "output"
        output.mkdir()
        values = {**deepcopy(sorter.default_params()), **settings, "job_kwargs": dict(JOB)}
        spikes = run_sorter_on(sorter, signal, output, values)
    return Trains(spikes["sample_index"].astype(np.int64), spikes["unit_index"].astype(np.intp))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed numpy's own random numbers for a while: the sorters' PCA draws from them."""
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)


@contextmanager
def _few_objects_to_collect() -> Iterator[None]:
    """Leave what is there out of garbage collection for a while.

    SpikeInterface collects after every second of signal that it writes. Going through all the
    objects of its own modules took three quarters of the time of filtering.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars, no advice on torch, no warnings about the compiler's deprecations."""
    words = io.StringIO()
    with warnings.catch_warnings(), redirect_stdout(words), redirect_stderr(words):
        warnings.simplefilter("ignore")
        yield


def _prepared(row: Sorter, recording: BaseRecording, parameters: SpikesParameters) -> BaseRecording:
    """What these sorters do to a recording first, but with a seed."""
    low, high = OWN_BAND_HZ if row.own_band else (parameters.freq_min, parameters.freq_max)
    signal = _filtered(recording, low, high)
    if row.wants_noise_one:
        return _in_units_of_noise(signal, parameters.seed)
    if recording.get_num_channels() >= MANY_CHANNELS:
        signal = common_reference(signal)
    return whiten(
        signal, dtype="float32", mode="local", radius_um=WHITENING_UM, seed=parameters.seed
    )


def _filtered(recording: BaseRecording, low: float, high: float) -> BaseRecording:
    """Filtered segment by segment, then in one piece: not every sorter knows of segments.

    What a sorter finds across an edge has no waveform of its own and is left out when the units are
    measured.
    """
    highest = 0.49 * recording.get_sampling_frequency()
    filtered: BaseRecording = bandpass_filter(
        in_segments(recording), freq_min=low, freq_max=min(high, highest),
        ftype="bessel", filter_order=2, dtype="float32",
    )  # fmt: skip
    if filtered.get_num_segments() > 1:
        filtered = concatenate_recordings([filtered])
    return filtered


def _in_units_of_noise(signal: BaseRecording, seed: int) -> BaseRecording:
    """Scaled to a noise of one."""
    noise = get_noise_levels(signal, return_in_uV=False, random_slices_kwargs={"seed": seed})
    scaled: BaseRecording = scale(signal, gain=1 / noise, offset=0.0, dtype="float32")
    return scaled


def _cached(signal: BaseRecording, folder: Path, most_bytes: int) -> BaseRecording:
    n_bytes = signal.get_num_samples() * signal.get_num_channels() * 4
    if n_bytes <= most_bytes:
        return signal.save(format="memory", sharedmem=False, **JOB)
    return signal.save(folder=folder, format="binary", **JOB)


Choice = tuple[type[Any], dict[str, Any]]


def tridesclous2(parameters: SpikesParameters) -> Choice:
    """Of SpikeInterface's tridesclous2: its class and its settings."""
    return sorter_class("tridesclous2"), {
        **_common(parameters), "save_array": False, "cache_preprocessing_mode": "no-cache",
    }  # fmt: skip


def lupin(parameters: SpikesParameters) -> Choice:
    """Of SpikeInterface's lupin: its class and its settings."""
    return sorter_class("lupin"), {
        **_common(parameters), "save_array": False, "cache_preprocessing_mode": "no-cache",
    }  # fmt: skip


def simple(parameters: SpikesParameters) -> Choice:
    """Of SpikeInterface's simple: its class and its settings."""
    return sorter_class("simple"), {
        **_common(parameters),
        "clusterer": "isosplit",
        "clusterer_kwargs": {"seed": parameters.seed},
    }


def spykingcircus2(parameters: SpikesParameters) -> Choice:
    """Of SpikeInterface's spykingcircus2: its class and its settings."""
    sorter = sorter_class("spykingcircus2")
    detection = deepcopy(sorter.default_params()["detection"])
    detection["method_kwargs"] = {
        **detection.get("method_kwargs", {}),
        "peak_sign": parameters.peak_sign,
        "detect_threshold": parameters.detect_threshold,
    }
    return sorter, {
        "apply_preprocessing": False, "apply_whitening": False, "apply_motion_correction": False,
        "detection": detection, "cache_preprocessing": {"mode": "no-cache"},
        "seed": parameters.seed, "deterministic_peaks_detection": True,
    }  # fmt: skip


def _common(parameters: SpikesParameters) -> dict[str, Any]:
    return {
        "apply_preprocessing": False,
        "peak_sign": parameters.peak_sign,
        "detect_threshold": parameters.detect_threshold,
        "seed": parameters.seed,
    }
