"""What taking proposals does to sortings of recordings whose cells are known.

    python -m benchmarks.spikes_proposals [--seed 601 602 603] [--kind tetrode ...]
        [--folder FOLDER] [--presets]

For every recording (`proposal_recordings`) it prints the mean accuracy over true cells as sorted
and after all merges, all splits and all duplicates that a review with defaults offers, and after
all merges of each preset of SpikeInterface's `compute_merge_unit_groups`. Then faults are planted
(`proposal_faults`): how many of the cut cells are offered to be merged and how many of the wrong
merges to be split, and for how many of these taking it raises the accuracy; and of what else is
offered there, how much lowers it. Recordings and sortings stay in FOLDER for the next time.
"""

import argparse
import json
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from spikeinterface.core import NumpySorting, create_sorting_analyzer
from spikeinterface.curation import compute_merge_unit_groups

from benchmarks.proposal_faults import Fault, accuracy, plant
from benchmarks.proposal_recordings import KINDS, simulate
from pipelines.spikes import demo
from pipelines.spikes.curation.log import read_start
from pipelines.spikes.curation.parameters import ReviewParameters
from pipelines.spikes.curation.reviewed import Proposal
from pipelines.spikes.curation.steps import CurationState
from pipelines.spikes.review.curated import as_curated, as_sorted
from pipelines.spikes.review.review import proposed
from pipelines.spikes.signal.spike_waveforms import open_signal
from pipelines.spikes.units.folder import read_finished
from pipelines.spikes.units.sorting import Spikes
from pipelines.spikes.units.waveforms import similarity
from pipelines.tasks import run

PRESETS = (
    "similarity_correlograms", "temporal_splits", "x_contaminations", "feature_neighbors", "slay",
)  # fmt: skip
OURS = ("merge", "split", "duplicate")
PLANTINGS = 2
Units = Sequence[tuple[int, ...]]


@dataclass(frozen=True)
class Sorted:
    """A sorted recording with its truth."""

    folder: Path
    truth: Spikes

    @property
    def sorting(self) -> Path:
        """The folder of the sorting."""
        return self.folder / "sorted"


def prepared(kind: str, seed: int, root: Path) -> Sorted:
    """A recording, simulated and sorted unless it is there."""
    folder = root / f"{kind.replace(' ', '-')}-{seed}"
    if not (folder / "sorted" / "run.json").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        made = simulate(KINDS[kind], seed)
        demo.save(made.recording, folder / "recording")
        np.savez(folder / "truth.npz", sample_index=made.sample_index, unit_id=made.unit_id)
        run("spikes sort", {"recording": folder / "recording"}, {}, folder / "sorted")
    with np.load(folder / "truth.npz") as stored:
        return Sorted(folder, Spikes(stored["sample_index"], stored["unit_id"]))


class Judge:
    """Says how accurate units are after something was done to them."""

    def __init__(self, one: Sorted, state: CurationState) -> None:
        """Of a sorting, after some steps."""
        whole = read_finished(one.sorting)
        self.samples, self.rate = whole.sample_index, whole.sampling_frequency
        self.truth, self.unit_id = one.truth, state.unit_id

    def now(self) -> float:
        """As they are."""
        return accuracy(self.truth, self.samples, self.unit_id, self.rate)

    def after(self, taken: Sequence[Proposal]) -> float:
        """When proposals are taken; of merges that share a unit all units become one."""
        units = self.unit_id.copy()
        for one in taken:
            if one.kind == "merge":
                now = [units[self.unit_id == unit][0] for unit in one.units]
                units[np.isin(units, now)] = now[0]
            for number, part in enumerate(one.spikes):
                units[list(part)] = units.max() + 1 + number
            if one.kind == "duplicate":
                units[units == one.units[0]] = -1
        kept = units >= 0
        return accuracy(self.truth, self.samples[kept], units[kept], self.rate)


# -- SpikeInterface's presets


def presets(one: Sorted, state: CurationState) -> dict[str, list[Proposal]]:
    """What each preset would merge."""
    whole = read_finished(one.sorting)
    signal = open_signal(whole)
    trains = NumpySorting.from_samples_and_labels(
        [whole.sample_index], [state.unit_id], whole.sampling_frequency
    )
    from spikeinterface.preprocessing import bandpass_filter

    band = bandpass_filter(signal.recording, 300.0, 6000.0, dtype="float32")
    job = {"n_jobs": 1, "progress_bar": False}
    analyzer = create_sorting_analyzer(trains, band, format="memory", sparse=False, **job)
    wanted = ["random_spikes", "templates", "noise_levels", "unit_locations", "correlograms"]
    analyzer.compute([*wanted, "template_similarity", "spike_amplitudes", "spike_locations"], **job)
    return {name: _preset(analyzer, name) for name in PRESETS}


def _preset(analyzer: object, name: str) -> list[Proposal]:
    groups = compute_merge_unit_groups(analyzer, preset=name, resolve_graph=False)
    return [Proposal("merge", tuple(map(int, pair)), name, 0.5) for pair in groups]


# -- tables


def offered_for(one: Sorted, log: Path | None) -> list[Proposal]:
    """What a review with defaults offers, as sorted or after a curation."""
    with tempfile.TemporaryDirectory() as scratch:
        there = (
            as_sorted(one.sorting) if log is None
            else as_curated(one.sorting, log, Path(scratch), quiet)
        )  # fmt: skip
        sorting = read_finished(there.folder)
        found, _ = proposed(
            sorting, open_signal(sorting), similarity(sorting.mean), ReviewParameters(), quiet
        )
        return [there.in_the_sorting(each) for each in found]


def quiet(_share: float, _words: str) -> None:
    """Nobody watches."""


def untouched(one: Sorted, *, with_presets: bool) -> dict[str, tuple[float, int]]:
    """Accuracy after all proposals of a kind, and how many there are."""
    offered = offered_for(one, None)
    start = read_start(one.sorting)[0]
    judge = Judge(one, start)
    taken = {kind: [each for each in offered if each.kind == kind] for kind in OURS}
    taken |= presets(one, start) if with_presets else {}
    return {
        "sorted": (judge.now(), 0),
        **{name: (judge.after(some), len(some)) for name, some in taken.items()},
    }


def planted(one: Sorted, seed: int, *, with_presets: bool) -> dict[str, int]:
    """What of planted faults is found: counts by what was counted."""
    log = one.folder / f"planted-{seed}.jsonl"
    state, faults = plant(one.sorting, one.truth, log, seed)
    judge = Judge(one, state)
    ours = [each for each in offered_for(one, log) if each.kind != "duplicate"]
    counts = _counted("ours", ours, faults, judge)
    for name, offered in (presets(one, state) if with_presets else {}).items():
        counts |= _counted(name, offered, faults, judge)
    return counts


def _counted(
    name: str, offered: Sequence[Proposal], faults: Sequence[Fault], judge: Judge
) -> dict[str, int]:
    before = judge.now()
    by_units = {frozenset(one.units): one for one in offered}
    counts = {f"{name} harmful": 0}
    for fault in faults:
        what = f"{name} {fault.kind}"
        counts[f"{what} planted"] = counts.get(f"{what} planted", 0) + 1
        mended = by_units.pop(frozenset(fault.made), None)
        counts[f"{what} offered"] = counts.get(f"{what} offered", 0) + (mended is not None)
        raised = mended is not None and judge.after([mended]) > before
        counts[f"{what} raised"] = counts.get(f"{what} raised", 0) + raised
    counts[f"{name} harmful"] = sum(judge.after([one]) < before for one in by_units.values())
    counts[f"{name} others"] = len(by_units)
    return counts


def measured(kind: str, seed: int, root: Path, *, with_presets: bool) -> dict[str, object]:
    """Everything about one recording."""
    one = prepared(kind, seed, root)
    found = untouched(one, with_presets=with_presets)
    cells = [f"{value:.3f} ({n})" for value, n in found.values()]
    print(f"| {kind} | {seed} | {' | '.join(cells)} |", flush=True)
    counts: dict[str, int] = {}
    for number in range(PLANTINGS):
        for what, count in planted(one, number, with_presets=with_presets).items():
            counts[what] = counts.get(what, 0) + count
    print("  ", {what: n for what, n in counts.items() if what.startswith("ours")}, flush=True)
    return {"kind": kind, "seed": seed, "found": found, "counts": counts}


def summary(rows: Sequence[Mapping[str, object]]) -> None:
    """Print what was planted and found, for ours and each preset."""
    total: dict[str, int] = {}
    for row in rows:
        for what, count in row["counts"].items():  # type: ignore[attr-defined]
            total[what] = total.get(what, 0) + count
    kinds = sorted({what.removeprefix("ours ").rpartition(" ")[0] for what in total
                    if what.startswith("ours ") and what.endswith("planted")})  # fmt: skip
    print("\n| by |", " | ".join(kinds), "| others offered | of these harmful |")
    print("| --- |", " | ".join("---" for _ in kinds), "| --- | --- |")
    for name in ("ours", *PRESETS):
        if f"{name} others" not in total:
            continue
        cells = [
            "{} of {}, {} raise".format(
                *(total[f"{name} {kind} {what}"] for what in ("offered", "planted", "raised"))
            )
            for kind in kinds
        ]
        print(f"| {name} | {' | '.join(cells)} | {total[f'{name} others']} "
              f"| {total[f'{name} harmful']} |")  # fmt: skip


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, nargs="*", default=[601, 602, 603])
    options.add_argument("--kind", nargs="*", choices=list(KINDS), default=list(KINDS))
    options.add_argument("--folder", type=Path)
    options.add_argument("--rows", type=Path, help="a file of rows as JSON, added to")
    options.add_argument("--presets", action="store_true", help="SpikeInterface's as well")
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    root = chosen.folder or Path(tempfile.mkdtemp())
    names = ("recording", "seed", "sorted", *OURS, *(PRESETS if chosen.presets else ()))
    print("|", " | ".join(names), "|\n|", " | ".join("---" for _ in names), "|", flush=True)
    rows = [
        measured(kind, seed, root, with_presets=chosen.presets)
        for kind in chosen.kind
        for seed in chosen.seed
    ]
    if chosen.rows:
        known = json.loads(chosen.rows.read_text()) if chosen.rows.is_file() else []
        rows = [*known, *rows]
        chosen.rows.write_text(json.dumps(rows), encoding="utf-8")
    summary(rows)


if __name__ == "__main__":
    main()
