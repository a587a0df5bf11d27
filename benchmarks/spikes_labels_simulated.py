"""The three labellers on units whose kind is known: python -m benchmarks.spikes_labels_simulated.

A row of 32 contacts, 120 s. 60 units: 36 clean cells (good); 10 pairs of weak neighbours as one
unit and 6 cells with 60 % of foreign spikes (mua); 4 units of random times and 4 of artefacts
(noise). Units are measured from the recording as those of another sorter are. It tests the
software: the simulation is easier than tissue, and no labeller was tuned on it.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from probeinterface import generate_linear_probe
from spikeinterface.core import NumpyRecording

from pipelines.spikes import demo
from pipelines.spikes.classifier.label import label
from pipelines.spikes.curation.agreement import compare, kappa
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.parameters import LabelParameters
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.signal.preprocess import band_pass, noise_levels
from pipelines.spikes.sorting.group_sorter import waveform_window
from pipelines.spikes.sorting.spikeinterface_group import measured
from pipelines.spikes.sorting.spikeinterface_sorters import Trains
from pipelines.spikes.units.clock import Clock
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.unit import Live, Site, spikes, table, waveforms

SECONDS = 120.0
CLEAN, PAIRS, MIXED, RANDOM, ARTEFACTS = 36, 10, 6, 4, 4
FOREIGN = 0.6
ARTEFACT_UV, ARTEFACT_MS = 300.0, 4.0
Samples = NDArray[np.int64]


def main(seed: int = int(sys.argv[1]) if len(sys.argv) > 1 else 0) -> None:
    """Print how each labeller calls the units of each kind, and how far labellers agree."""
    start = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        truth = write_units(folder, seed)
        (folder / "labels").mkdir()
        label({"units": folder}, LabelParameters(), folder / "labels", lambda *_: None)
        found = pd.read_csv(folder / "labels" / "labels.csv", keep_default_na=False)
    print("| labeller | good called good | mua called mua | noise called noise | same | kappa |")
    print("| --- | --- | --- | --- | --- | --- |")
    for method in LABELLERS:
        said = found[f"label_{method}"].to_numpy(dtype=str)
        print(f"| {method} | {' | '.join(_row(truth, said))} |")
    curators = {name: dict(enumerate(found[f"label_{name}"])) for name in LABELLERS}
    print("\n| labellers | same | kappa |\n| --- | --- | --- |")
    for row in compare(curators).to_dict("records"):
        print(f"| {row['one']}, {row['two']} | {row['same']:.0%} | {row['kappa']:.2f} |")
    differ = sum(
        len(set(row)) > 1 for row in found[["label_bombcell", "label_unitrefine"]].to_numpy()
    )
    print(f"\nBombcell and the classifier differ on {differ} of {len(found)} units.")
    print(f"{time.process_time() - start:.0f} s of CPU, seed {seed}")


def _row(truth: NDArray[np.str_], said: NDArray[np.str_]) -> list[str]:
    counts = [
        f"{((truth == name) & (said == name)).sum()} of {(truth == name).sum()}"
        for name in ("good", "mua", "noise")
    ]
    return [*counts, f"{(truth == said).mean():.0%}", f"{kappa(truth, said):.2f}"]


def write_units(folder: Path, seed: int) -> NDArray[np.str_]:
    """Simulate, measure the units, write what a sorting's folder has; return the true kinds."""
    rng = np.random.default_rng(seed)
    made = demo.simulate(seed, SECONDS, _layout(rng))
    cells = {unit: made.sample_index[made.unit_id == unit] for unit in made.units["unit_id"]}
    traces = made.recording.get_traces().copy()
    trains, kinds = _units(cells, made.units, traces, rng)
    recording = NumpyRecording([traces], demo.SAMPLING_FREQUENCY)
    recording.set_channel_gains(demo.GAIN_UV)
    recording.set_channel_offsets(0.0)
    recording.set_probegroup(made.recording.get_probegroup())
    return _measured(folder, recording, trains, np.array(kinds))


def _layout(rng: np.random.Generator) -> demo.Arrangement:
    probe = generate_linear_probe(num_elec=32, ypitch=25.0)
    probe.set_device_channel_indices(np.arange(32))
    n_cells = CLEAN + 2 * PAIRS + MIXED
    snr = [*rng.uniform(7.0, 18.0, CLEAN), *rng.uniform(5.0, 7.0, 2 * PAIRS)]
    snr += rng.uniform(7.0, 14.0, MIXED).tolist()
    rates = rng.uniform(4.0, 12.0, n_cells).tolist()
    return demo.Arrangement(probe, [range(32)], [n_cells], snr, rates, n_far=40)


def _units(
    cells: dict[int, Samples], places: pd.DataFrame, traces: NDArray[np.int16],
    rng: np.random.Generator,
) -> tuple[list[Samples], list[str]]:  # fmt: skip
    trains = [cells[unit] for unit in range(CLEAN)]
    for one, two in _neighbours(range(CLEAN, CLEAN + 2 * PAIRS), places):
        trains.append(np.unique(np.concatenate([cells[one], cells[two]])))
    for unit in range(CLEAN + 2 * PAIRS, CLEAN + 2 * PAIRS + MIXED):
        extra = _at_random(round(FOREIGN * len(cells[unit])), len(traces), rng)
        trains.append(np.unique(np.concatenate([cells[unit], extra])))
    trains += [_at_random(600, len(traces), rng) for _ in range(RANDOM)]
    for number in range(ARTEFACTS):
        times = _at_random(400, len(traces), rng)
        _inject(traces, times, first=8 * number)
        trains.append(times)
    kinds = ["good"] * CLEAN + ["mua"] * (PAIRS + MIXED) + ["noise"] * (RANDOM + ARTEFACTS)
    return trains, kinds


def _neighbours(units: Sequence[int], places: pd.DataFrame) -> list[tuple[int, int]]:
    """Pairs of cells whose channels are nearest, each cell once."""
    channel = places["channel"].to_numpy()
    order = sorted(
        combinations(units, 2), key=lambda pair: abs(channel[pair[0]] - channel[pair[1]])
    )
    taken: set[int] = set()
    found = []
    for pair in order:
        if not taken & set(pair):
            found.append(pair)
            taken |= set(pair)
    return found


def _at_random(count: int, n_samples: int, rng: np.random.Generator) -> Samples:
    return np.unique(rng.integers(300, n_samples - 300, count))


def _inject(traces: NDArray[np.int16], times: Samples, first: int) -> None:
    """A slow swing on eight contacts, such as a movement leaves."""
    length = round(ARTEFACT_MS * demo.SAMPLING_FREQUENCY / 1000)
    swing = np.sin(np.linspace(0, 4 * np.pi, length)) * np.hanning(length) * ARTEFACT_UV
    for time_ in times:
        rows = slice(time_ - length // 2, time_ - length // 2 + length)
        traces[rows, first : first + 8] += (swing / demo.GAIN_UV).astype(np.int16)[:, None]


def _measured(
    folder: Path, recording: NumpyRecording, trains: list[Samples], kinds: NDArray[np.str_]
) -> NDArray[np.str_]:
    parameters = SpikesParameters()
    signal = band_pass(recording, parameters.freq_min, parameters.freq_max)
    channels = np.arange(32)
    live = Live(channels, noise_levels(signal, channels), np.ones(32, bool))
    samples = np.concatenate(trains)
    order = np.argsort(samples, kind="stable")
    labels = np.repeat(np.arange(len(trains)), list(map(len, trains)))
    window = waveform_window(parameters, signal.sampling_frequency)
    known = Trains(samples[order], labels[order])
    units = measured(signal, live, known, window, 0, lambda _: None)
    site = Site(np.array(list(map(str, channels))), recording.get_channel_locations())
    clock = Clock(signal.sampling_frequency, signal.n_samples, 0.0015, 0.0)
    sorting = SortingFolder(folder)
    sorting.write_units(table(units, site, clock))
    sorting.write_spikes(spikes(units))
    sorting.write_waveforms(waveforms(units, site, window, signal.sampling_frequency))
    sorting.write_results({"duration_s": SECONDS})
    return kinds[[unit.cluster for unit in units]]


if __name__ == "__main__":
    main()
