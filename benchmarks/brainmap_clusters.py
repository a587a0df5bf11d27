"""The sweep over K, the error metrics and the colours, beside what they replace.

    OMP_NUM_THREADS=1 python benchmarks/brainmap_clusters.py

Everything runs on one thread in one process; times are processor seconds, so that other work on
the machine hardly matters. A ratio above 1 means that Neuroboard is faster.
"""

from time import process_time

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from pipelines.brainmap.clusters.choose_k import sweep_quickly
from pipelines.brainmap.clusters.kmeans import Clustering, cluster, quality
from pipelines.brainmap.colors.palette import color_centroids

KS = (5, 10, 15, 20, 30, 50, 100, 200)
Floats = NDArray[np.floating]


def simulate(voxels: int, times: int, seed: int = 0) -> Floats:
    """Voxels with 30 smooth patterns, log-normal gains, and a quarter with noise alone."""
    random = np.random.default_rng(seed)
    patterns = random.standard_normal((30, times)).cumsum(axis=1)
    patterns = (patterns - patterns.mean(axis=1, keepdims=True)) / patterns.std(
        axis=1, keepdims=True
    )
    gain = random.lognormal(0, 0.4, voxels) * (random.random(voxels) > 0.25)
    signal = gain[:, None].astype(np.float32) * patterns.astype(np.float32)[np.arange(voxels) % 30]
    return signal + random.standard_normal((voxels, times), dtype=np.float32)


def notebook_errors(series: Floats, clustering: Clustering) -> tuple[float, float]:
    """Both errors voxel by voxel, as notebooks write them."""
    distance = similarity = 0.0
    for row in series:
        centre = clustering.centroids[np.argmin(((clustering.centroids - row) ** 2).sum(axis=1))]
        distance += float(np.sqrt(((row - centre) ** 2).sum()))
        similarity += float(np.corrcoef(row, centre)[0, 1])
    return distance, 1 / similarity


def notebook_colors(centroids: Floats) -> None:
    """L-BFGS-B with numeric slopes on the correlation of RGB angles with centroid distances."""
    wanted = squareform(pdist(centroids, "cosine")).ravel()
    count = len(centroids)

    def score(flat: Floats) -> float:
        angles = squareform(pdist(flat.reshape(-1, 3), "cosine")).ravel()
        return -float(np.corrcoef(wanted, angles)[0, 1])

    start = np.random.default_rng(0).random(3 * count)
    minimize(score, start, method="L-BFGS-B", bounds=[(0, 1)] * (3 * count))


def sweep(voxels: int, times: int) -> list[str]:
    """Eight K: the quick sweep beside eight single starts of scikit-learn."""
    series = simulate(voxels, times)
    clock = process_time()
    ours = sweep_quickly(series, KS, seed=0)
    own = process_time() - clock
    clock = process_time()
    peers = [KMeans(k, n_init=1, random_state=0).fit(series).inertia_ for k in KS]
    peer = process_time() - clock
    worst = max(found.inertia / inertia for found, inertia in zip(ours, peers, strict=True)) - 1
    inertia = f"inertia at most {worst:+.2%} at any K"
    name = f"sweep of eight K, {voxels:,} x {times}"
    return [row(name, "8 single starts of scikit-learn", peer, own, inertia)]


def metrics(voxels: int, times: int) -> list[str]:
    """Both errors of all voxels at once, beside one voxel after the other."""
    series = simulate(voxels, times)
    found = cluster(series, 30, n_init=1)
    clock = process_time()
    for _ in range(10):
        quality(series, found)
    own = (process_time() - clock) / 10
    clock = process_time()
    notebook_errors(series, found)
    peer = process_time() - clock
    return [row(f"both errors, {voxels:,} x {times}, K = 30", "row by row", peer, own)]


def colors(clusters: int, times: int) -> list[str]:
    """Colours that the eye tells apart, beside the notebook's optimiser."""
    centroids = cluster(simulate(20 * clusters, times), clusters, n_init=1).centroids
    clock = process_time()
    found = color_centroids(centroids)
    own = process_time() - clock
    clock = process_time()
    notebook_colors(centroids)
    peer = process_time() - clock
    figures = f"r {found.correlation:.2f}, smallest difference {found.min_delta_e:.1f}"
    return [row(f"colours, K = {clusters}", "notebook's optimiser", peer, own, figures)]


def row(name: str, peer_name: str, peer: float, own: float, note: str = "") -> str:
    """One line of the table."""
    return f"| {name} | {peer_name} | {peer:.3g} s | {own:.3g} s | {peer / own:.1f} | {note} |"


def main() -> None:
    """Print the table."""
    print("| what | beside | peer | ours | ratio | |\n| --- | --- | --- | --- | --- | --- |")
    with threadpool_limits(limits=1):
        for line in (*metrics(20_000, 20), *colors(200, 20), *sweep(50_000, 200)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
