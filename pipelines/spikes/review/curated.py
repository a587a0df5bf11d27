"""The units as they are after curation, as a folder like any sorting's."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.errors import InputError
from pipelines.core.formats import suffixes
from pipelines.core.progress import Report, part
from pipelines.spikes.curation import methods
from pipelines.spikes.curation.curated_units import (
    Automatic,
    UnitMean,
    averaged,
    decided,
    is_changed,
    unit_row,
)
from pipelines.spikes.curation.log import LOG_FILE, Log, read_start
from pipelines.spikes.curation.parameters import CurateParameters
from pipelines.spikes.curation.reviewed import Proposal
from pipelines.spikes.curation.steps import CurationState, CurationStep, replay
from pipelines.spikes.labels import labelling
from pipelines.spikes.labels.columns import CURATED, CURATED_REASON, WRITTEN
from pipelines.spikes.labels.rules import FILE as RULES
from pipelines.spikes.labels.tables import read_labels
from pipelines.spikes.labels.words import UNLABELLED
from pipelines.spikes.measure.carried_analyzer import carry_analyzer
from pipelines.spikes.signal.spike_waveforms import open_signal, unit_waveforms
from pipelines.spikes.sorting.repeats import dead_samples, repeats
from pipelines.spikes.units.files import GROUPS, RECORDED
from pipelines.spikes.units.folder import VERSION, SortingFolder, read_finished
from pipelines.spikes.units.formats import TABLES
from pipelines.spikes.units.sorting import FinishedSorting, SingleWaveforms, Waveforms


def curate(
    inputs: Mapping[str, Path], parameters: CurateParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Write the units as curated.

    Args:
        inputs: `sorting`, a sorting's folder; optionally `curation`, a log or a table of labels
            (otherwise `curation.jsonl` in the sorting's folder), and `labels`, a table or folder
            with the labels of the labellers.
        parameters: which units.
        folder: gets all that a sorting's folder has, and the log of the curation.
        report: progress.

    Raises:
        InputError: the sorting or the log cannot be used, or no unit is left.
        TableError: the table of labels cannot be used.
    """
    sorting = read_finished(inputs["sorting"])
    report(0.02, "Replaying the curation")
    state = read_state(inputs["sorting"], inputs.get("curation"))
    state, notes = each_once(sorting, state)
    automatic = _automatic(sorting, inputs.get("labels"))
    labels = decided(state, automatic, parameters.fill)
    units = [unit for unit in sorted(state.units) if labels[unit] in parameters.wanted]
    if not units:
        raise InputError(f"No unit is labelled {parameters.only}: choose other labels.")
    chosen = {unit: labels[unit] for unit in units}
    table, note = write_units(sorting, state, chosen, automatic, folder, part(report, 0.05, 0.95))
    _write_log(inputs, folder)
    notes = [*sorting.source.notes, *sorting.timeline.in_words(), *notes]
    results = {**_results(sorting, state, table, note), "notes": notes}
    text = methods.paragraph(state, parameters, inputs.get("labels"), results["labels"])
    (folder / methods.FILE).write_text(text + "\n", encoding="utf-8")
    return {**results, "analyzer": carry_analyzer(sorting, state, units, folder)}


def write_units(
    sorting: FinishedSorting,
    state: CurationState,
    labels: Mapping[int, str],
    automatic: Automatic,
    folder: Path,
    report: Report,
) -> tuple[pd.DataFrame, str]:
    """Write some units after a curation as a sorting's folder has them.

    Args:
        sorting: as it was sorted.
        state: after the curation.
        labels: of the units that are written.
        automatic: what the labellers wrote.
        folder: gets the files.
        report: progress.

    Returns:
        The table of units as `units.csv` has them, a row per unit, and what is to be said about
        their waveforms.
    """
    units = list(labels)
    shapes, note = _shapes(sorting, state, units, report)
    report(1.0, "Writing the units")
    table = _table(sorting, state, units, shapes, labels, automatic)
    _write(sorting, state, units, shapes, table, folder)
    return table, note


def read_state(folder: Path, curation: Path | None) -> CurationState:
    """The units of a sorting after a curation.

    Args:
        folder: of the sorting.
        curation: a log, a table of labels, or none for the log in the folder.

    Raises:
        InputError: there is no log, or it is one of another sorting.
        TableError: the table of labels cannot be used.
    """
    start, digest = read_start(folder)
    file = curation or folder / LOG_FILE
    if not file.is_file():
        raise InputError(f"{file} does not exist: curate first, or give a log or table of labels.")
    if file.suffix.lower() in suffixes(TABLES):
        return replay(start, steps_of_table(file))
    return replay(start, Log(file, digest).read())


def each_once(sorting: FinishedSorting, state: CurationState) -> tuple[CurationState, list[str]]:
    """Units that a curation made, without spikes that repeat another one within the dead time.

    Returns:
        The state, in which such spikes are removed, and what is to be said about them.
    """
    # A sorting from elsewhere may have no heights: then the first of two spikes is kept.
    heights = np.nan_to_num(SortingFolder(sorting.folder).spikes.heights)
    dead = dead_samples(sorting.parameters, sorting.clock.sampling_frequency)
    apart = sorting.timeline.apart(sorting.sample_index)
    notes = []
    for unit in sorted(state.units - set(sorting.units["unit_id"].tolist())):
        places = state.spikes_of(unit)
        again = places[repeats(apart[places], heights[places], dead)]
        if len(again):
            state = state.without(unit, again)
            notes.append(
                f"Unit {unit}: {len(again):,} of its spikes came twice within "
                f"{sorting.parameters.dead_time_ms:g} ms; the larger one of each two is kept."
            )
    return state, notes


@dataclass(frozen=True)
class AsCurated:
    """Units after a curation, under the numbers that the curation gave them.

    Attributes:
        folder: of the units.
        places: of their spikes in the sorting that was curated, shape (spike,).
    """

    folder: Path
    places: NDArray[np.int64]

    def in_the_sorting(self, proposal: Proposal) -> Proposal:
        """A proposal that names spikes by their places in the sorting that was curated."""
        spikes = tuple(
            tuple(self.places[np.asarray(one, np.int64)].tolist()) for one in proposal.spikes
        )
        return replace(proposal, spikes=spikes)


def as_sorted(sorting: Path) -> AsCurated:
    """A sorting without any step."""
    return AsCurated(sorting, np.arange(len(SortingFolder(sorting).spikes.unit_id)))


def as_curated(sorting: Path, curation: Path, folder: Path, report: Report) -> AsCurated:
    """Write the units of a sorting after a curation into a folder, to be looked at like any other.

    Raises:
        InputError: the sorting or the curation cannot be used.
        TableError: the curation is a table of labels that cannot be used.
    """
    found = read_finished(sorting)
    state, _ = each_once(found, read_state(sorting, curation))
    labels = dict.fromkeys(sorted(state.units), UNLABELLED)
    write_units(found, state, labels, {}, folder, report)
    SortingFolder(folder).write_results(found.results)
    return AsCurated(folder, np.flatnonzero(~state.removed))


def steps_of_table(file: Path) -> list[CurationStep]:
    """The labels of a table as steps."""
    found = read_labels(file)
    return [
        CurationStep("label", f"table {file.name}", (unit,), label)
        for unit, label in found.labels.items()
    ]


def _automatic(sorting: FinishedSorting, labels: Path | None) -> Automatic:
    """The labellers' columns of every sorted unit."""
    rows = sorting.units
    if labels is not None:
        file = labelling.file_of(labels)
        rows = labelling.table_of(labels, "give what `spikes label` wrote")
        if "unit_id" not in rows:
            raise InputError(f"{file} has no column unit_id: give what `spikes label` wrote.")
    columns = rows[[name for name in WRITTEN if name in rows]].to_dict("records")
    units = rows["unit_id"].astype(int).tolist()
    return {
        unit: {str(name): value for name, value in values.items()}
        for unit, values in zip(units, columns, strict=True)
    }


def _shapes(
    sorting: FinishedSorting, state: CurationState, units: Sequence[int], report: Report
) -> tuple[dict[int, UnitMean], str]:
    """The mean waveform of every unit, and what is to be said about them."""
    found: dict[int, UnitMean] = {}
    for unit in units:
        if is_changed(state, sorting, unit):
            found[unit] = averaged(sorting, state.spikes_of(unit))
        else:
            row = sorting.row_of(unit)
            found[unit] = UnitMean(sorting.mean[row], sorting.sd[row])
    anew = {unit: state.spikes_of(unit) for unit in units if found[unit].note}
    if not anew:
        return found, ""
    try:
        signal = open_signal(sorting)
    except InputError as error:
        words = "have the mean waveforms of the units that they came from"
        return found, f"{error.sentence} Units {', '.join(map(str, anew))} {words}."
    guesses = {unit: found[unit].mean for unit in anew}
    for unit, waves in unit_waveforms(sorting, signal, anew, guesses, report):
        if not len(waves.spikes):  # all at the very ends
            continue
        mean, sd = np.full_like(found[unit].mean, np.nan), np.full_like(found[unit].sd, np.nan)
        mean[:, waves.channels] = waves.values.mean(axis=0)
        sd[:, waves.channels] = waves.values.std(axis=0)
        found[unit] = UnitMean(mean, sd)
    return found, ""


def _table(
    sorting: FinishedSorting,
    state: CurationState,
    units: Sequence[int],
    shapes: Mapping[int, UnitMean],
    labels: Mapping[int, str],
    automatic: Automatic,
) -> pd.DataFrame:
    rows, reasons = [], _reasons(state)
    for unit in units:
        row = unit_row(sorting, state, unit, shapes[unit])
        if not is_changed(state, sorting, unit):
            row |= automatic.get(unit, {})
        label = labels[unit]
        said = {
            CURATED: "" if label == UNLABELLED else label,
            CURATED_REASON: reasons.get(unit, ""),
        }
        rows.append({**row, **said})
    return pd.DataFrame(rows)


def _reasons(state: CurationState) -> dict[int, str]:
    """Why each unit has its label, in the words of the step that gave it."""
    return {
        unit: step.reason if step.label else ""
        for step in state.done
        if step.action == "label"
        for unit in step.units
    }


def _write(
    sorting: FinishedSorting,
    state: CurationState,
    units: Sequence[int],
    shapes: Mapping[int, UnitMean],
    table: pd.DataFrame,
    folder: Path,
) -> None:
    kept = np.isin(state.unit_id, units) & ~state.removed
    before, after = SortingFolder(sorting.folder), SortingFolder(folder)
    numbers = state.unit_id[kept].astype(np.int32)
    after.write_spikes(replace(before.spikes.at(kept), unit_id=numbers))
    after.write_waveforms(
        Waveforms(
            mean=np.stack([shapes[unit].mean for unit in units]),
            sd=np.stack([shapes[unit].sd for unit in units]),
            unit_id=np.array(units, dtype=np.int32),
            ms=sorting.ms,
            channel_id=sorting.channel_id,
            locations_um=sorting.locations_um,
        )
    )
    after.write_units(table)
    if before.snippets is not None:
        after.write_snippets(_carried(before.snippets, sorting, state, units))
    after.take_over(before, GROUPS, RECORDED)
    after.write_source(sorting.source)


def _carried(
    before: SingleWaveforms, sorting: FinishedSorting, state: CurationState, units: Sequence[int]
) -> SingleWaveforms:
    """The single waveforms of units whose spikes did not change; the others have none."""
    changed = np.array([is_changed(state, sorting, unit) for unit in units])
    rows = [0 if new else sorting.row_of(unit) for unit, new in zip(units, changed, strict=True)]
    values, channel = before.values[rows], before.channel[rows]
    values[changed], channel[changed] = np.nan, -1
    return SingleWaveforms(values, channel)


def _write_log(inputs: Mapping[str, Path], folder: Path) -> None:
    """Keep what the curation was made from, under a name that later runs do not take for theirs."""
    file = inputs.get("curation", inputs["sorting"] / LOG_FILE)
    name = "curated_with.jsonl" if file.suffix == ".jsonl" else f"curated_with{file.suffix}"
    shutil.copyfile(file, folder / name)
    labels = inputs.get("labels")
    for given in (inputs["sorting"], labels):
        if given is not None and (given / RULES).is_file():
            shutil.copyfile(given / RULES, folder / RULES)


def _results(
    sorting: FinishedSorting, state: CurationState, table: pd.DataFrame, note: str
) -> dict[str, Any]:
    names = table[CURATED].replace("", UNLABELLED)
    counts = {str(name): int(n) for name, n in names.value_counts().items()}
    kept = (
        "groups_failed", "duration_s", "n_samples", "segments", "n_channels", "sampling_frequency",
    )  # fmt: skip
    done = [step.action for step in state.done]
    return {
        "n_units": len(table),
        "n_spikes": int(table["n_spikes"].sum()),
        **{name: sorting.results[name] for name in kept if name in sorting.results},
        "labels": counts,
        "curators": sorted({step.author for step in state.done}),
        "steps": {action: done.count(action) for action in sorted(set(done))},
        "note": note,
        "folder_version": VERSION,
    }
