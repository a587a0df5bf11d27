"""Merges that SpikeInterface proposes for a sorting."""

import warnings

from spikeinterface.core import NumpySorting, create_sorting_analyzer
from spikeinterface.curation import compute_merge_unit_groups
from spikeinterface.preprocessing import bandpass_filter

from pipelines.spikes.finished_sorting import FinishedSorting
from pipelines.spikes.places import prepared
from pipelines.spikes.proposals import Proposal
from pipelines.spikes.read import read_recording
from pipelines.spikes.spike_waveforms import open_signal

PRESET = "x_contaminations"
JOB = {"n_jobs": 1, "progress_bar": False}


def merge_proposals(sorting: FinishedSorting) -> list[Proposal]:
    """Pairs of `compute_merge_unit_groups` with its preset for cross contamination.

    Raises:
        InputError: the recording cannot be read.
    """
    open_signal(sorting)  # the recording must be the one that was sorted
    values = sorting.parameters
    recording = prepared(read_recording(sorting.recording, values), values, None)
    band = bandpass_filter(recording, values.freq_min, values.freq_max, dtype="float32")
    trains = NumpySorting.from_samples_and_labels(
        [sorting.sample_index], [sorting.unit_id], sorting.clock.sampling_frequency
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about gains and job settings that suit as they are
        analyzer = create_sorting_analyzer(trains, band, format="memory", sparse=False, **JOB)
        steps = ["random_spikes", "templates", "template_similarity", "correlograms"]
        analyzer.compute([*steps, "unit_locations"], **JOB)
        groups = compute_merge_unit_groups(analyzer, preset=PRESET, resolve_graph=False)
    evidence = f"SpikeInterface's compute_merge_unit_groups proposes it (preset {PRESET})."
    return [Proposal("merge", tuple(map(int, pair)), evidence, 0.5) for pair in groups]
