"""Sorters side by side on recordings with known units.

    python -m benchmarks.spikes_sorting [--seed 201 202 203] [--seconds 120] [--layout tetrode ...]
        [--sorter neuroboard ...]

Prints, per recording and sorter: mean accuracy over true units (SpikeInterface's comparison,
matched within 0.4 ms), units found well (accuracy of 0.8 or more), found units that are no true
ones and how many of them reach an SNR of 6, which is good for units without labels, processor
seconds of the job, how many times more that is than of the first sorter, and the highest memory
of the process.

Every sorter runs in a process of its own, on a recording in a file. Before the first one, all run
on ten seconds, so that compiled functions are kept on disk.

"neuroboard" is `auto`: the group sorter on tetrode and wires, tridesclous2 and our splitting of
its merged units on the row of contacts. "neuroboard group" is the group sorter everywhere.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from spikeinterface.comparison import compare_sorter_to_ground_truth

from benchmarks.spikes_sorters import SORTERS, as_sorting
from pipelines.spikes import demo
from pipelines.spikes.formats.saved import read_binary_folder
from pipelines.spikes.recording.groups import Group
from pipelines.spikes.signal.preprocess import band_pass
from pipelines.spikes.sorting.features import Window
from pipelines.spikes.sorting.group_sorter import live_channels
from pipelines.spikes.sorting.spikeinterface_group import measured
from pipelines.spikes.sorting.spikeinterface_sorters import Trains

Layouts = Mapping[str, Callable[[int], demo.Arrangement]]
LAYOUTS: Layouts = {
    "tetrode": lambda _seed: demo.tetrode(),
    "wires": demo.wires,
    "linear-probe": demo.linear_probe,
}
GOOD_SNR = 6.0
COLUMNS = (
    "recording", "seed", "sorter", "accuracy", "found well", "no true unit", "good but false",
    "CPU s", "times the first", "MB",
)  # fmt: skip


def prepare(sorters: Sequence[str], layouts: Sequence[str]) -> None:
    """Run everything once on a short recording."""
    for layout in layouts:
        with tempfile.TemporaryDirectory() as folder:
            made = demo.simulate(0, 10.0, LAYOUTS[layout](0))
            demo.save(made.recording, Path(folder) / "recording")
            for name in sorters:
                run_alone(name, Path(folder), check=False)


def run_alone(name: str, folder: Path, *, check: bool = True) -> None:
    """Run a sorter in a process of its own.

    Raises:
        subprocess.CalledProcessError: the sorter failed, unless it is not to be checked.
    """
    command = [sys.executable, "-m", "benchmarks.spikes_sorters", name, str(folder)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command, check=check, **quiet)


def measure(name: str, made: demo.SimulatedRecording, folder: Path) -> tuple[str, float]:
    """One sorter on one recording, as cells of the table, and its processor seconds."""
    run_alone(name, folder)
    cost = json.loads((folder / "cost.json").read_text(encoding="utf-8"))
    with np.load(folder / "found.npz") as found:
        samples, units = found["sample_index"], found["unit_id"]
    compared = compare_sorter_to_ground_truth(
        as_sorting(made.sample_index, made.unit_id, demo.SAMPLING_FREQUENCY),
        as_sorting(samples, units, demo.SAMPLING_FREQUENCY),
        exhaustive_gt=True, delta_time=0.4,
    )  # fmt: skip
    accuracy = compared.get_performance()["accuracy"].astype(float)
    false = [int(unit) for unit in compared.get_false_positive_units()]
    snr = _snr(folder, samples, units)
    cells = (
        f"{name} | {accuracy.mean():.3f} | {(accuracy >= 0.8).sum()} of {len(accuracy)} "
        f"| {len(false)} | {sum(snr.get(unit, 0.0) >= GOOD_SNR for unit in false)} "
        f"| {cost['cpu_s']:.1f} | {{ratio}} | {cost['memory_mb']:.0f} |"
    )
    return cells, float(cost["cpu_s"])


def _snr(folder: Path, samples: np.ndarray, units: np.ndarray) -> dict[int, float]:
    """The SNR of every unit, measured for all sorters alike between 300 and 6000 Hz."""
    recording = read_binary_folder(folder / "recording")
    signal = band_pass(recording, *demo.BAND_HZ)
    everything = np.arange(recording.get_num_channels())
    live = live_channels(signal, Group(0, everything, np.empty(0, np.intp)))
    trains = Trains(samples.astype(np.int64), units.astype(np.intp))
    found = measured(signal, live, trains, Window(30, 45), 0, lambda _: None)
    return {unit.cluster: unit.snr for unit in found}


def main() -> None:
    """Print a table for each layout."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, nargs="*", default=[201, 202, 203])
    options.add_argument("--seconds", type=float, default=120.0)
    options.add_argument("--sorter", nargs="*", choices=list(SORTERS), default=list(SORTERS))
    options.add_argument("--layout", nargs="*", choices=sorted(LAYOUTS), default=list(LAYOUTS))
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    prepare(chosen.sorter, chosen.layout)
    print("|", " | ".join(COLUMNS), "|")
    print("|", " | ".join("---" for _ in COLUMNS), "|")
    for layout in chosen.layout:
        for seed in chosen.seed:
            _rows(layout, seed, chosen.seconds, chosen.sorter)


def _rows(layout: str, seed: int, seconds: float, sorters: Sequence[str]) -> None:
    made = demo.simulate(seed, seconds, LAYOUTS[layout](seed))
    first = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        demo.save(made.recording, folder / "recording")
        for name in sorters:
            try:
                cells, cpu_s = measure(name, made, folder)
            except subprocess.CalledProcessError:
                print(f"| {layout} | {seed} | {name} | fails |", flush=True)
                continue
            first = first or cpu_s
            print(f"| {layout} | {seed} | {cells.format(ratio=f'{cpu_s / first:.1f}')}", flush=True)
            for left in folder.iterdir():
                if left.is_dir() and left.name != "recording":
                    shutil.rmtree(left)


if __name__ == "__main__":
    main()
