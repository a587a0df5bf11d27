"""Sorting a recording that is longer than the memory a process may take.

    python -m benchmarks.spikes_memory [--minutes 20] [--sorter "neuroboard group" neuroboard]
        [--limit-mb 1000] [--seed 101] [--folder DIR]

Two minutes of 32 contacts in a row are simulated and repeated in a file of 115 MB a minute. Every
sorter runs in a process of its own that may not have more than the limit as data of its own
(`RLIMIT_DATA`; the system refuses to give more). That also counts what libraries reserve and do
not use, for tridesclous2 0.55 GB. Prints the size of the recording, spikes found, processor seconds
and the highest memory of the process, libraries and mapped files included.

Accuracy is not compared: the same spikes again and again are no clouds in feature space.
"""

import argparse
import json
import resource
import tempfile
import warnings
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.spikes_sorters import SORTERS
from benchmarks.spikes_sorting import prepare, run_alone
from pipelines.spikes import demo

PIECE_S = 120.0
COLUMNS = ("minutes", "GB", "sorter", "spikes", "CPU s", "times real time", "MB")


def write_repeated(seed: int, count: int, folder: Path) -> float:
    """Write a recording so many times in a row, and return its size in GB."""
    piece = demo.simulate(seed, PIECE_S, demo.linear_probe(seed))
    demo.save(piece.recording, folder / "recording")
    raw = folder / "recording" / "traces.raw"
    once = raw.read_bytes()
    with raw.open("ab") as file:
        for _ in range(count - 1):
            file.write(once)
    return raw.stat().st_size / 1e9


def row(name: str, folder: Path, minutes: int, size_gb: float) -> str:
    """A finished run as a row of the table."""
    cost = json.loads((folder / "cost.json").read_text(encoding="utf-8"))
    with np.load(folder / "found.npz") as found:
        n_spikes = len(found["sample_index"])
    speed = 60 * minutes / cost["cpu_s"]
    cells = (minutes, f"{size_gb:.1f}", name, f"{n_spikes:,}", f"{cost['cpu_s']:.0f}")
    return f"| {' | '.join(map(str, cells))} | {speed:.1f} | {cost['memory_mb']:.0f} |"


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=int, default=20)
    options.add_argument(
        "--sorter", nargs="*", choices=list(SORTERS), default=["neuroboard group", "neuroboard"]
    )
    options.add_argument("--limit-mb", type=int, default=1000)
    options.add_argument("--seed", type=int, default=101)
    options.add_argument("--folder", type=Path, help="where there is room for the recording")
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    limit = 1_000_000 * chosen.limit_mb
    limited = partial(resource.setrlimit, resource.RLIMIT_DATA, (limit, limit))
    prepare(chosen.sorter, ["linear-probe"])
    print("|", " | ".join(COLUMNS), "|")
    print("|", " | ".join("---" for _ in COLUMNS), "|")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as scratch:
        count = max(1, round(60 * chosen.minutes / PIECE_S))
        size_gb = write_repeated(chosen.seed, count, Path(scratch))
        for name in chosen.sorter:
            run_alone(name, Path(scratch), limited)
            print(row(name, Path(scratch), chosen.minutes, size_gb), flush=True)


if __name__ == "__main__":
    main()
