"""What was done to a film, in sentences: only what a run's parameters and results say."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipelines.report.methods import Said, listed, number, said
from pipelines.report.runs import ReportedRun

Values = Mapping[str, Any]
AXES_FROM: Mapping[str, str] = {
    "file": "as the file says",
    "given": "as stated by hand",
    "guessed": "guessed from their lengths",
}


def mapped(run: ReportedRun) -> list[Said]:
    """What `brainmap fit` did."""
    given, found = run.parameters, run.results
    return [
        *_images(run),
        *_normalized(given),
        *_kept(given, found),
        *_clustered(given, found),
        *_colored(given),
        Said("Similarity of a voxel is its correlation with the centroid of its cluster."),
        *_engine(given),
    ]


def _images(run: ReportedRun) -> Iterator[Said]:
    found = run.results
    shape = " x ".join(map(str, found.get("shape", ())))
    facts = [f"{shape} planes, y, x and times" if shape else "", _sizes(found)]
    axes = found.get("axes")
    said_by = AXES_FROM.get(str(found.get("axes_from")), "")
    read = f" Their axes were read as {axes}, {said_by}." if axes and said_by else ""
    known = "; ".join(filter(None, facts))
    yield Said(f"Images were “{run.input_name('images')}”{f' ({known})' if known else ''}.{read}")
    if run.parameters.get("fill_frames"):
        frames = listed([str(frame) for frame in run.parameters["fill_frames"]])
        yield Said(f"Frames {frames} were filled in between their neighbours.")


def _sizes(found: Values) -> str:
    pixel, plane, frame = (found.get(name) for name in ("pixel_um", "plane_um", "frame_s"))
    parts = [
        f"pixels of {pixel[0]:g} x {pixel[1]:g} µm" if pixel else "",
        f"planes {plane:g} µm apart" if plane else "",
        f"a volume every {frame:g} s" if frame else "",
    ]
    return ", ".join(filter(None, parts))


def _normalized(given: Values) -> Iterator[Said]:
    how, offset = given.get("normalize"), given.get("offset")
    plus = f" + {offset:g}" if offset else ""
    if how == "percentile":
        yield said(
            f"The series x of each voxel became (x − b) / (b{plus}), its baseline b being its own "
            f"{number(given['percentile'])}th percentile.",
            "freeman",
        )
    elif how == "mean":
        text = f"The series x of each voxel became (x − b) / (b{plus}), its baseline b being its"
        yield said(f"{text} own mean.", "freeman")
    elif how == "zscore":
        yield Said(
            "The series of each voxel were centred on their mean and divided by their standard "
            "deviation."
        )
    elif how == "none":
        yield Said("Series were taken as they were recorded, without normalisation.")


def _kept(given: Values, found: Values) -> Iterator[Said]:
    if "std_threshold" not in given:
        return
    counts = ""
    if "n_kept" in found and "n_voxels" in found:
        counts = f" ({found['n_kept']:,} of {found['n_voxels']:,})"
    if given["std_threshold"]:
        yield Said(
            "Voxels were kept whose series have a standard deviation above "
            f"{given['std_threshold']:g}{counts}."
        )
    else:
        yield Said(f"No voxel was left out for its activity{counts}.")


def _clustered(given: Values, found: Values) -> Iterator[Said]:
    ks = [int(k) for k in given.get("k", ())]
    seed = f"; seed {given['seed']}" if "seed" in given else ""
    if given.get("model") == "gmm":
        yield said(
            "Voxels were clustered by a mixture of Gaussians on the principal components of their "
            f"series; the Bayesian information criterion tells how well it fits{seed}.",
            "schwarz",
        )
    elif given.get("model") == "kmeans":
        yield _by_means(given, ks, seed)
    chosen = found.get("k")
    if len(ks) > 1 and chosen:
        yield Said(f"K = {listed([str(k) for k in ks])} were tried; the map shows K = {chosen}.")
        if given.get("model") == "kmeans":
            yield said(
                "How well each K describes the data was measured by errors on voxels and time "
                "points that were both left out, and by the adjusted Rand index between seeds.",
                "owen",
                "hubert",
            )
    elif chosen:
        yield Said(f"K was {chosen}.")


def _by_means(given: Values, ks: list[int], seed: str) -> Said:
    if len(ks) > 1 and given.get("method") == "quick":
        return said(
            "Voxels were clustered by K-means: a part of them into the largest K, whose clusters "
            f"were merged down by Ward's criterion and refined on all voxels{seed}.",
            "lloyd",
            "ward",
        )
    starts = given.get("n_init")
    best = f", the best of {starts} starts" if starts and starts > 1 else ""
    return said(f"Voxels were clustered by K-means{best}{seed}.", "lloyd")


def _colored(given: Values) -> Iterator[Said]:
    if given.get("colors") == "similarity":
        yield said(
            "Clusters with similar centroids have similar colours, kept apart by their CIEDE2000 "
            f"difference; colour seed {given.get('color_seed', 0)}.",
            "sharma",
        )
    elif given.get("colors") == "colorblind":
        yield Said("Colours are of a palette that colour-blind people tell apart.")


def _engine(given: Values) -> Iterator[Said]:
    name = str(given.get("engine", "local")).partition(":")[0]
    if name != "local":
        kind = "Spark" if name.startswith("spark") else "Dask"
        yield Said(f"It was computed with {kind}.")


def correlated(run: ReportedRun) -> list[Said]:
    """What `brainmap correlate` did."""
    series = str(run.results.get("series", ""))
    return [Said(f"Every voxel was correlated (Pearson's r) with {series}.")] if series else []


def counted_over_time(run: ReportedRun) -> list[Said]:
    """What `brainmap statistics` did."""
    return [Said("Statistics were taken across the active voxels at each time point.")]


def changed(run: ReportedRun) -> list[Said]:
    """What `brainmap series` did."""
    name = str(run.parameters.get("operation", ""))
    return [said(f"The operation {name} was done to each series.", "freeman")] if name else []


SENTENCES: Mapping[str, Callable[[ReportedRun], list[Said]]] = {
    "brainmap fit": mapped,
    "brainmap correlate": correlated,
    "brainmap statistics": counted_over_time,
    "brainmap series": changed,
}
"""By the step."""
