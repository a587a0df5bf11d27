"""Pairs that SpikeInterface would merge; our own evidence decides whether they are proposed."""

import warnings

import numpy as np
from spikeinterface.core import SortingAnalyzer, create_sorting_analyzer
from spikeinterface.curation import compute_merge_unit_groups
from spikeinterface.postprocessing import ComputeTemplateSimilarity
from spikeinterface.preprocessing import bandpass_filter

from pipelines.spikes.formats.segments import in_segments, sorting_in_segments
from pipelines.spikes.recording.spikeinterface_private import hand_over
from pipelines.spikes.review.proposals import Floats
from pipelines.spikes.signal.mending import MendedRecording
from pipelines.spikes.signal.spike_waveforms import open_signal
from pipelines.spikes.units.sorting import FinishedSorting

PRESET = "x_contaminations"
JOB = {"n_jobs": 1, "progress_bar": False}


def named_pairs(sorting: FinishedSorting) -> dict[frozenset[int], str]:
    """Pairs of `compute_merge_unit_groups` with its preset for cross contamination, and its name.

    Raises:
        InputError: the recording cannot be read.
    """
    values, signal = sorting.parameters, open_signal(sorting)
    recording = signal.recording if signal.mender is None else MendedRecording(signal.mender)
    parts = in_segments(recording)
    band = bandpass_filter(parts, values.freq_min, values.freq_max, dtype="float32")
    trains = sorting_in_segments(
        sorting.sample_index, sorting.unit_id, signal.timeline, np.unique(sorting.unit_id),
        float(band.get_sampling_frequency()),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about gains and job settings that suit as they are
        analyzer = create_sorting_analyzer(trains, band, format="memory", sparse=False, **JOB)
        analyzer.compute(["random_spikes", "templates", "unit_locations"], **JOB)
        _add_similarity(analyzer)
        groups = compute_merge_unit_groups(analyzer, preset=PRESET, resolve_graph=False)
    name = f"SpikeInterface's compute_merge_unit_groups proposes it (preset {PRESET})."
    return {frozenset(map(int, pair)): name for pair in groups}


def _add_similarity(analyzer: SortingAnalyzer) -> None:
    """What the preset wants to know of templates: SpikeInterface compiles its own for 10 s."""
    found = ComputeTemplateSimilarity(analyzer)
    found.set_params(method="l1")
    templates = analyzer.get_extension("templates").get_data()
    similarity = 1 - distances(templates.reshape(len(templates), -1))
    hand_over(analyzer, found, similarity=similarity)


def distances(templates: Floats) -> Floats:
    """The l1 distance of every two templates by the size of both, shape (unit, unit).

    Args:
        templates: shape (unit, value).
    """
    size = np.abs(templates).sum(axis=1)
    apart = np.array([np.abs(templates - one).sum(axis=1) for one in templates])
    found: Floats = apart / np.maximum(np.add.outer(size, size), 1e-12)
    return found
