"""Sorters side by side on recordings with known units.

    python -m benchmarks.spikes_sorting [--seed 7] [--seconds 120] [--layout tetrode ...]
        [--sorter neuroboard ...]

Prints, per layout: mean accuracy over true units (SpikeInterface's comparison, matched within
0.4 ms), units found well (accuracy of 0.8 or more), units that are none, and processor seconds.
The mixture on blech-style features stands for blech_clust's way: both signs, three principal
components of waveforms scaled to one size, energy and amplitude, ten restarts, and the mean of
near contacts taken off first.

"neuroboard" is `auto`: the group sorter on tetrode and wires, tridesclous2 and our splitting of
its merged units on the row of contacts. "neuroboard group" is the group sorter everywhere.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import BayesianGaussianMixture
from sklearn.preprocessing import StandardScaler
from spikeinterface.comparison import compare_sorter_to_ground_truth
from spikeinterface.core import BaseRecording, BaseSorting, NumpySorting
from spikeinterface.preprocessing import common_reference
from spikeinterface.sorters import run_sorter, run_sorter_by_property

import pipelines.spikes.sort  # noqa: F401  so that importing it is in nobody's time
from pipelines.spikes import demo
from pipelines.spikes.detect import find_peaks
from pipelines.spikes.features import Window, cut_out, principal_components
from pipelines.spikes.preprocess import band_pass, noise_levels
from pipelines.spikes.saved import read_binary_folder
from pipelines.tasks import run

Layouts = Mapping[str, Callable[[int], demo.Layout]]
LAYOUTS: Layouts = {
    "tetrode": lambda _seed: demo.tetrode(),
    "wires": demo.wires,
    "linear-probe": demo.linear_probe,
}


def as_sorting(sample_index: np.ndarray, unit_id: np.ndarray) -> NumpySorting:
    """A sorting that SpikeInterface compares."""
    return NumpySorting.from_samples_and_labels(
        [sample_index], [unit_id], sampling_frequency=demo.SAMPLING_FREQUENCY
    )


def neuroboard(_recording: BaseRecording, scratch: Path, sorter: str = "auto") -> BaseSorting:
    """This project, as it comes or with a sorter by choice."""
    inputs = {"recording": scratch / "recording"}
    run("spikes sort", inputs, {"sorter": sorter}, scratch / "sorted")
    with np.load(scratch / "sorted" / "spikes.npz") as spikes:
        return as_sorting(spikes["sample_index"], spikes["unit_id"])


def blech_style(recording: BaseRecording, scratch: Path) -> BaseSorting:
    """A Bayesian mixture per electrode on features that leave out the amplitude."""
    signal = band_pass(_referenced(recording), 300.0, 3000.0)
    samples, labels, first = [], [], 0
    for channel in range(recording.get_num_channels()):
        one = np.array([channel])
        noise = noise_levels(signal, one)
        window = Window(30, 44)
        chunk = signal.read(one, 0, signal.n_samples)
        peaks = find_peaks(chunk, noise, threshold=5.0, sign="both", dead_samples=5)
        spikes = cut_out(chunk, peaks, window)
        found = _bayesian(_blech_features(spikes.values[:, :, 0], window.before))
        samples.append(spikes.sample_index)
        labels.append(found + first)
        first += int(found.max()) + 1
    return as_sorting(np.concatenate(samples), np.concatenate(labels))


def _referenced(recording: BaseRecording) -> BaseRecording:
    sites = _sites(recording)
    names = [recording.channel_ids[sites == site].tolist() for site in np.unique(sites)]
    if max(len(group) for group in names) == 1:
        return recording
    return common_reference(recording, operator="average", groups=names, dtype="float32")


def _blech_features(waveforms: np.ndarray, peak: int) -> np.ndarray:
    scaled = StandardScaler().fit_transform(waveforms.T).T
    scores = principal_components(scaled[:, :, None], 3)
    energy = np.log(np.sqrt((waveforms**2).sum(axis=1)))
    amplitude = np.arcsinh(waveforms[:, peak])
    return np.asarray(StandardScaler().fit_transform(np.column_stack([scores, energy, amplitude])))


def _bayesian(features: np.ndarray) -> np.ndarray:
    centres = KMeans(min(1000, len(features)), n_init=1, random_state=0).fit(features)
    model = BayesianGaussianMixture(
        n_components=10,
        weight_concentration_prior=0.1,
        n_init=10,
        max_iter=1000,
        random_state=0,
    )
    return np.asarray(model.fit(centres.cluster_centers_).predict(features))


def spikeinterface_sorter(name: str) -> Callable[[BaseRecording, Path], BaseSorting]:
    """One of SpikeInterface's own sorters with its defaults."""

    def sort(recording: BaseRecording, scratch: Path) -> BaseSorting:
        options = {"job_kwargs": {"n_jobs": 1, "progress_bar": False}}
        if name != "simple":
            return run_sorter(name, recording, folder=scratch / name, **options)
        recording.set_property("site", _sites(recording))
        found = run_sorter_by_property(
            name, recording, grouping_property="site", folder=scratch / name, **options,
            clusterer="isosplit",
        )  # fmt: skip
        return found.rename_units(list(range(found.get_num_units())))

    return sort


def _sites(recording: BaseRecording) -> np.ndarray:
    """Wires are sites of their own; near contacts are one."""
    apart = np.diff(recording.get_channel_locations()[:, 1])
    return np.cumsum(np.append(0, apart > 100.0))


SORTERS: Mapping[str, Callable[[BaseRecording, Path], BaseSorting]] = {
    "neuroboard": neuroboard,
    "neuroboard group": partial(neuroboard, sorter="group"),
    "mixture, blech-style": blech_style,
    "tridesclous2": spikeinterface_sorter("tridesclous2"),
    "spykingcircus2": spikeinterface_sorter("spykingcircus2"),
    "simple per site": spikeinterface_sorter("simple"),
}


def measure(name: str, made: demo.Simulation) -> str:
    """One sorter on one recording, as a row of the table."""
    with tempfile.TemporaryDirectory() as scratch:
        demo.save(made.recording, Path(scratch) / "recording")
        recording = read_binary_folder(Path(scratch) / "recording")
        clock = time.process_time()
        found = SORTERS[name](recording, Path(scratch))
        seconds = time.process_time() - clock
        compared = compare_sorter_to_ground_truth(
            as_sorting(made.sample_index, made.unit_id), found,
            exhaustive_gt=True, delta_time=0.4,
        )  # fmt: skip
    accuracy = compared.get_performance()["accuracy"].astype(float)
    return (
        f"| {name} | {accuracy.mean():.3f} | {(accuracy >= 0.8).sum()} of {len(accuracy)} "
        f"| {compared.count_false_positive_units()} | {seconds:.1f} |"
    )


def main() -> None:
    """Print a table for each layout."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--seconds", type=float, default=120.0)
    options.add_argument("--sorter", nargs="*", choices=list(SORTERS), default=list(SORTERS))
    options.add_argument("--layout", nargs="*", choices=sorted(LAYOUTS), default=list(LAYOUTS))
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    for layout in chosen.layout:
        made = demo.simulate(chosen.seed, chosen.seconds, LAYOUTS[layout](chosen.seed))
        print(f"\n{layout}, seed {chosen.seed}, {chosen.seconds:g} s\n")
        print("| sorter | accuracy | found well | no true unit | CPU s |\n|---|---|---|---|---|")
        for name in chosen.sorter:
            print(measure(name, made), flush=True)


if __name__ == "__main__":
    main()
