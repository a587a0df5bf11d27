"""The sorters that are compared, each of them run in a process of its own.

    python -m benchmarks.spikes_sorters SORTER FOLDER

FOLDER holds `recording/`, as SpikeInterface saves it. It gets `found.npz` (`sample_index`,
`unit_id`) and `cost.json`: processor seconds of the job, without imports, and the highest memory
of the process, with them.

The mixture on blech-style features stands for blech_clust's way: both signs, three principal
components of waveforms scaled to one size, energy and amplitude, ten restarts, and the mean of
near contacts taken off first. It is not that program: it has neither its noise classifier nor its
merging of clusters.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from spikeinterface.core import BaseRecording, BaseSorting, NumpySorting

import pipelines.spikes.sorting.sort  # noqa: F401  so that importing it is in nobody's time
from pipelines.core.compiled import kept_on_disk
from pipelines.spikes.formats.saved import read_binary_folder
from pipelines.spikes.signal.preprocess import band_pass, noise_levels
from pipelines.spikes.sorting.detect import find_peaks
from pipelines.spikes.sorting.features import Window, cut_out, principal_components
from pipelines.tasks import run

Sorter = Callable[[BaseRecording, Path], BaseSorting]


def as_sorting(sample_index: np.ndarray, unit_id: np.ndarray, rate: float) -> NumpySorting:
    """A sorting that SpikeInterface compares."""
    return NumpySorting.from_samples_and_labels([sample_index], [unit_id], sampling_frequency=rate)


def neuroboard(recording: BaseRecording, folder: Path, sorter: str = "auto") -> BaseSorting:
    """This project, as it comes or with a sorter by choice."""
    out = folder / f"sorted-{sorter}"
    run("spikes sort", {"recording": folder / "recording"}, {"sorter": sorter}, out, overwrite=True)
    with np.load(out / "spikes.npz") as spikes:
        rate = recording.get_sampling_frequency()
        return as_sorting(spikes["sample_index"], spikes["unit_id"], rate)


def blech_style(recording: BaseRecording, _: Path) -> BaseSorting:
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
    rate = recording.get_sampling_frequency()
    return as_sorting(np.concatenate(samples), np.concatenate(labels), rate)


def _referenced(recording: BaseRecording) -> BaseRecording:
    from spikeinterface.preprocessing import common_reference

    sites = _sites(recording)
    names = [recording.channel_ids[sites == site].tolist() for site in np.unique(sites)]
    if max(len(group) for group in names) == 1:
        return recording
    return common_reference(recording, operator="average", groups=names, dtype="float32")


def _blech_features(waveforms: np.ndarray, peak: int) -> np.ndarray:
    from sklearn.preprocessing import StandardScaler

    scaled = StandardScaler().fit_transform(waveforms.T).T
    scores = principal_components(scaled[:, :, None], 3)
    energy = np.log(np.sqrt((waveforms**2).sum(axis=1)))
    amplitude = np.arcsinh(waveforms[:, peak])
    return np.asarray(StandardScaler().fit_transform(np.column_stack([scores, energy, amplitude])))


def _bayesian(features: np.ndarray) -> np.ndarray:
    from sklearn.cluster import KMeans
    from sklearn.mixture import BayesianGaussianMixture

    centres = KMeans(min(1000, len(features)), n_init=1, random_state=0).fit(features)
    model = BayesianGaussianMixture(
        n_components=10,
        weight_concentration_prior=0.1,
        n_init=10,
        max_iter=1000,
        random_state=0,
    )
    return np.asarray(model.fit(centres.cluster_centers_).predict(features))


def spikeinterface_sorter(recording: BaseRecording, folder: Path, name: str) -> BaseSorting:
    """One of SpikeInterface's own sorters with its defaults and one job.

    What it compiles is kept on disk, as for ours: it would take half a minute every time.
    """
    options = {"job_kwargs": {"n_jobs": 1, "progress_bar": False}}
    with kept_on_disk():
        from spikeinterface.sorters import run_sorter, run_sorter_by_property

        if name != "simple":
            return run_sorter(name, recording, folder=folder / name, **options)
        recording.set_property("site", _sites(recording))
        found = run_sorter_by_property(
            name, recording, grouping_property="site", folder=folder / name, **options,
            clusterer="isosplit",
        )  # fmt: skip
    return found.rename_units(list(range(found.get_num_units())))


def _sites(recording: BaseRecording) -> np.ndarray:
    """Wires are sites of their own; near contacts are one."""
    apart = np.diff(recording.get_channel_locations()[:, 1])
    return np.cumsum(np.append(0, apart > 100.0))


SORTERS: Mapping[str, Sorter] = {
    "neuroboard": neuroboard,
    "neuroboard group": partial(neuroboard, sorter="group"),
    "mixture, blech-style": blech_style,
    "tridesclous2": partial(spikeinterface_sorter, name="tridesclous2"),
    "spykingcircus2": partial(spikeinterface_sorter, name="spykingcircus2"),
    "simple per site": partial(spikeinterface_sorter, name="simple"),
}


def highest_memory_mb() -> float:
    """What this process held at most, files that are mapped into memory with it."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """Run one sorter."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("sorter", choices=list(SORTERS))
    options.add_argument("folder", type=Path)
    chosen = options.parse_args()
    warnings.simplefilter("ignore")
    recording = read_binary_folder(chosen.folder / "recording")
    clock = time.process_time()
    found = SORTERS[chosen.sorter](recording, chosen.folder).to_spike_vector()
    cost = {"cpu_s": time.process_time() - clock, "memory_mb": highest_memory_mb()}
    np.savez(
        chosen.folder / "found.npz",
        sample_index=found["sample_index"], unit_id=found["unit_index"],
    )  # fmt: skip
    (chosen.folder / "cost.json").write_text(json.dumps(cost), encoding="utf-8")


if __name__ == "__main__":
    main()
