"""What a person should look at first: labellers side by side, and proposals with evidence."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.core.progress import Report, part
from pipelines.spikes.classifier.label import label, length_note
from pipelines.spikes.curation.parameters import ReviewParameters
from pipelines.spikes.curation.reviewed import Points, Proposal, ReviewFolder
from pipelines.spikes.labels import labelling
from pipelines.spikes.labels.columns import REASON
from pipelines.spikes.labels.disagreement import disagreement
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.parameters import LabelParameters
from pipelines.spikes.review import proposals
from pipelines.spikes.review.curated import AsCurated, as_curated, as_sorted
from pipelines.spikes.review.duplicates import duplicates
from pipelines.spikes.review.joint_clouds import Overlaps, joint_clouds
from pipelines.spikes.signal.preprocess import BandPass, noise_levels
from pipelines.spikes.signal.spike_waveforms import open_signal, unit_waveforms
from pipelines.spikes.units.folder import read_finished
from pipelines.spikes.units.sorting import FinishedSorting, largest_channel
from pipelines.spikes.units.waveforms import similarity

MOST_SIMILAR = 5


def review(
    inputs: Mapping[str, Path], parameters: ReviewParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Label the units of a sorting by all labellers and propose merges and splits.

    Args:
        inputs: `sorting`, a sorting's folder; optionally `thresholds` and `bundle` as labelling
            takes them, and `curation`, a log or table: units are reviewed as they are after it.
        parameters: what is proposed.
        folder: gets what labelling writes and `queue.csv` (units, the most doubtful first),
            `proposals.json`, `similar.csv`, and `features.npz` (of every spike: place in the
            sorting, unit, principal components) where the recording can be read.
        report: progress.

    Raises:
        InputError: the sorting or the curation cannot be used.
        TableError: the curation is a table of labels that cannot be used.
        ParameterError: the thresholds cannot be used.
    """
    if "curation" not in inputs:
        return _reviewed(as_sorted(inputs["sorting"]), inputs, parameters, folder, report)
    with tempfile.TemporaryDirectory() as scratch:
        halves = part(report, 0, 0.3), part(report, 0.3, 1)
        there = as_curated(inputs["sorting"], inputs["curation"], Path(scratch), halves[0])
        return _reviewed(there, inputs, parameters, folder, halves[1])


def _reviewed(
    there: AsCurated,
    inputs: Mapping[str, Path],
    parameters: ReviewParameters,
    folder: Path,
    report: Report,
) -> dict[str, Any]:
    sorting = read_finished(there.folder)
    if sorting.units.empty:
        raise InputError("The sorting has no units, so there is nothing to review.")
    given = {name: inputs[name] for name in ("thresholds", "bundle") if name in inputs}
    label({"units": there.folder, **given}, LabelParameters(), folder, part(report, 0, 0.1))
    queue = queue_of(labelling.table_of(folder))
    kept = ReviewFolder(folder)
    kept.write_queue(queue)
    alike = similarity(sorting.mean)
    kept.write_similar(_similar(sorting, alike))
    signal, note = _opened(sorting)
    found, points = proposed(sorting, signal, alike, parameters, part(report, 0.12, 0.98))
    if points is not None:
        kept.write_points(replace(points, spikes=there.places[points.spikes]))
    if signal is not None:
        note = length_note(there.folder)
    kept.write_proposals(map(there.in_the_sorting, found))
    kinds = [one.kind for one in found]
    return {
        "n_units": len(queue),
        "n_disagree": int((queue["disagree"] > 0).sum()),
        "proposals": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "note": note,
        "notes": list(sorting.source.notes),
    }


def proposed(
    sorting: FinishedSorting,
    signal: BandPass | None,
    alike: NDArray[np.float64],
    parameters: ReviewParameters,
    report: Report,
) -> tuple[list[Proposal], Points | None]:
    """What might be done with the units, and their spikes in feature space.

    Args:
        sorting: whose units.
        signal: its recording; without it no split is proposed, and merges by times alone.
        alike: from `units.waveforms.similarity`, shape (unit, unit).
        parameters: what is proposed.
        report: progress.
    """
    report(0.0, "Comparing units")
    found = duplicates(sorting, signal, parameters)
    twice = [frozenset(one.units) for one in found]
    overlaps = Overlaps(sorting)
    if signal is None:
        found += _merges(sorting, alike, parameters, twice, None)
        return proposals.ordered(found), None
    noise = noise_levels(signal, np.arange(len(sorting.channel_id)))

    def clouds(one: int, two: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return joint_clouds(sorting, signal, noise, (one, two), overlaps)

    found += _merges(sorting, alike, parameters, twice, clouds)
    inside, points = _inside(sorting, signal, noise, parameters, overlaps, part(report, 0.3, 1))
    return proposals.ordered([*found, *inside]), points


def queue_of(labels: pd.DataFrame) -> pd.DataFrame:
    """Units in the order in which they are worth a look.

    First those on which labellers differ, the most differing first; among these, and among the
    others, the least sure first.

    Args:
        labels: what labelling wrote, a row per unit.

    Returns:
        A row per unit: `unit_id`, the labellers' columns, `reason`, `disagree` (how many
        labellers say something else than most) and `probability` (the least that a labeller
        gives its own label, nan if none gives one).
    """
    columns = [one.column for one in LABELLERS.values() if one.column in labels]
    rows = labels[["unit_id", *columns, REASON]].copy()
    rows["disagree"] = disagreement(labels)
    rows["probability"] = _least_sure(labels)
    order = rows.sort_values(["disagree", "probability"], ascending=[False, True], kind="stable")
    return order.reset_index(drop=True)


def _least_sure(labels: pd.DataFrame) -> pd.Series:
    """The least probability that a labeller gives its own label of each unit, nan if none does."""
    columns = [one.probability for one in LABELLERS.values() if one.probability in labels]
    numbers = [pd.to_numeric(labels[name]) for name in columns]
    return pd.concat(numbers, axis=1).min(axis=1) if numbers else pd.Series(np.nan, labels.index)


def _similar(sorting: FinishedSorting, alike: NDArray[np.float64]) -> pd.DataFrame:
    """The units that are most like each unit."""
    units = sorting.units["unit_id"].to_numpy()
    rows = []
    for row, unit in enumerate(units):
        order = [other for other in np.argsort(-alike[row], kind="stable") if other != row]
        rows += [
            {"unit_id": unit, "other": units[other], "cosine": round(float(alike[row, other]), 4)}
            for other in order[:MOST_SIMILAR]
        ]
    return pd.DataFrame(rows, columns=["unit_id", "other", "cosine"])


def _opened(sorting: FinishedSorting) -> tuple[BandPass | None, str]:
    """The recording of a sorting, or why it cannot be used any more."""
    try:
        return open_signal(sorting), ""
    except InputError as error:
        return None, f"{error.sentence} Splits are not proposed."


def _merges(
    sorting: FinishedSorting,
    alike: NDArray[np.float64],
    parameters: ReviewParameters,
    twice: Sequence[frozenset[int]],
    clouds: proposals.Clouds | None,
) -> list[Proposal]:
    units = [int(unit) for unit in sorting.units["unit_id"]]
    trains = {unit: sorting.sample_index[sorting.unit_id == unit] for unit in units}
    named: Mapping[frozenset[int], str] = {}
    if parameters.merger == "spikeinterface":
        from pipelines.spikes.review.spikeinterface_merges import named_pairs

        named = named_pairs(sorting)
    clock = sorting.clock
    places = sorting.locations_um[[largest_channel(one) for one in sorting.mean]]
    apart_um = np.linalg.norm(places[:, None] - places[None], axis=2)
    return list(proposals.pairs(trains, alike, clock, parameters, twice, clouds, named, apart_um))


def _inside(
    sorting: FinishedSorting,
    signal: BandPass,
    noise: NDArray[np.float32],
    parameters: ReviewParameters,
    overlaps: Overlaps,
    report: Report,
) -> tuple[list[Proposal], Points | None]:
    """Proposals that need the waveforms of single spikes, and these in feature space."""
    units = [int(unit) for unit in sorting.units["unit_id"]]
    places = {unit: np.flatnonzero(sorting.unit_id == unit) for unit in units}
    shapes = {unit: sorting.shape_of(unit) for unit in units}
    found: list[Proposal] = []
    spikes, numbers, points = [], [], []
    for unit, waves in unit_waveforms(sorting, signal, places, shapes, report, noise):
        if not len(waves.spikes):
            continue
        cloud = proposals.points_of(waves)
        samples, alone = sorting.sample_index[waves.spikes], overlaps.alone(waves.spikes, (unit,))
        found += proposals.within(unit, samples, waves, cloud, sorting.clock, parameters, alone)
        spikes.append(waves.spikes)
        numbers.append(np.full(len(waves.spikes), unit, dtype=np.int32))
        points.append(_padded(cloud[:, :2]))
    if not points:
        return found, None
    values = np.concatenate(points).astype(np.float32)
    return found, Points(np.concatenate(spikes), np.concatenate(numbers), values)


def _padded(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
