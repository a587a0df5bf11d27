"""The picture of a result on a card: best waveforms, map or embedding, kept in the job's folder.

Drawn from the result's files when it is first asked for, and then sent as it is. It has no text
and no ground of its own, so that it stands on light and dark alike; a map has the dark one of maps.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from flask import Blueprint, Response, abort
from numpy.typing import NDArray

from dashboard.jobs.store import Job, JobState
from dashboard.kit.figures import color
from dashboard.server.services import services
from pipelines.brainmap.map import maps
from pipelines.brainmap.map.folder import FinishedMap, open_map
from pipelines.brainmap.map.look_folder import open_look
from pipelines.core.errors import InputError, OutputError
from pipelines.core.outputs import atomic_file
from pipelines.figures.png import encode_png
from pipelines.figures.svg import NAMESPACE
from pipelines.spikes.units.folder import SortingFolder
from pipelines.synapses.fits.folder import FinishedFit, read_predictions

STYLE = 1
"""How pictures are drawn; a change counts this up, so that kept ones are drawn anew."""
WIDTH, HEIGHT, MARGIN = 320, 128, 10
MOST_UNITS = 6
MOST_CHANNELS = 4
MOST_POINTS = 1500
LONGEST_SIDE = 640
"""Pixels of a map's picture; of a larger one, every so many-th."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CardPicture:
    """How the result of a step is drawn.

    Attributes:
        draw: from the folder of the result.
        suffix: of the file, `.svg` or `.png`.
    """

    draw: Callable[[Path], bytes]
    suffix: str = ".svg"


def waveforms(result: Path) -> bytes:
    """The mean waveforms of the units with the largest SNR, each on its largest channels.

    Raises:
        InputError: the sorting is damaged, or has no units.
    """
    folder = SortingFolder(result)
    waves, units = folder.waveforms, folder.units
    best = units.sort_values("snr", ascending=False, kind="stable")["unit_id"][:MOST_UNITS]
    shapes = [_largest(waves.mean[waves.row_of(int(unit))]) for unit in best]
    shapes = [shape for shape in shapes if shape.size]
    if not shapes:
        raise InputError("There is no unit to draw.")
    # One scale for all: which units are large is the first thing to see.
    rows = max(shape.shape[1] for shape in shapes)
    room = (HEIGHT - 2 * MARGIN) / (rows + 1)
    highest = max(float(np.abs(shape).max()) for shape in shapes) or 1.0
    column = min((WIDTH - 2 * MARGIN) / len(shapes), 90)
    left = (WIDTH - column * len(shapes)) / 2
    lines = []
    for place, shape in enumerate(shapes):
        x = left + place * column + np.linspace(0.08, 0.92, len(shape)) * column
        for row, trace in enumerate(shape.T):
            middle = HEIGHT / 2 + (row - (shape.shape[1] - 1) / 2) * room
            lines.append(_line(x, middle - trace / highest * room * 1.25, color(place)))
    return _svg(lines)


def map_planes(result: Path) -> bytes:
    """Planes of a map with most voxels, each voxel in the colour of its cluster, as PNG.

    Raises:
        InputError: the map is damaged.
    """
    found = open_map(result)
    size = found.shape[1] * found.shape[2]
    counts = np.bincount(found.voxels // size, minlength=found.shape[0])
    colors = np.array([list(bytes.fromhex(one[1:])) for one in found.colors_of(None)], np.uint8)
    return _beside([_painted(found, plane, colors) for plane in _fullest(counts, found.shape)])


def mean_images(result: Path) -> bytes:
    """The mean of the images that were looked at, in the planes where it varies most, as PNG.

    Raises:
        InputError: the look is damaged.
    """
    mean = np.nan_to_num(open_look(result).mean)
    low, high = np.percentile(mean, [1, 99.5])
    chosen = mean[_fullest(mean.std(axis=(1, 2)), mean.shape)]
    grey = ((chosen - low) / ((high - low) or 1)).clip(0, 1) * 255
    return _beside(np.repeat(grey.astype(np.uint8)[..., None], 3, axis=3))


def embedding(result: Path) -> bytes:
    """The synapses of a fit on their map, in the colours of their clusters.

    Raises:
        InputError: the fit is damaged.
    """
    rows = FinishedFit(result).clusters
    return _points(rows[["UMAP_1", "UMAP_2"]].to_numpy(float), rows["cluster"].to_numpy(int))


def predictions(result: Path) -> bytes:
    """New synapses on the map of the model that answered, in the colours of their clusters.

    Raises:
        InputError: the predictions are damaged.
    """
    rows = read_predictions(result).dropna(subset=["UMAP_1", "UMAP_2", "cluster"])
    return _points(rows[["UMAP_1", "UMAP_2"]].to_numpy(float), rows["cluster"].to_numpy(int))


PICTURES: Mapping[str, CardPicture] = {
    "spikes curate": CardPicture(waveforms),
    "spikes sort": CardPicture(waveforms),
    "spikes import": CardPicture(waveforms),
    "brainmap fit": CardPicture(map_planes, ".png"),
    "brainmap look": CardPicture(mean_images, ".png"),
    "synapses fit": CardPicture(embedding),
    "synapses predict": CardPicture(predictions),
}
"""What is drawn, by the step; those that say more of a workspace come first within a subject."""


def of(jobs: Sequence[Job]) -> Job | None:
    """The job whose picture a workspace has: of the newest result of the most telling step.

    Args:
        jobs: of the workspace, the newest first.
    """
    done = [job for job in jobs if job.state is JobState.DONE]
    return next((job for task in PICTURES for job in done if job.task == task), None)


def address(job: Job) -> str:
    """Where a job's picture is; another one once the job has run again."""
    return f"/jobs/{job.id}/picture?made={job.finished or 0:.0f}-{STYLE}"


def blueprint() -> Blueprint:
    """The route of pictures."""
    routes = Blueprint("pictures", __name__)
    routes.add_url_rule("/jobs/<job_id>/picture", view_func=send)
    return routes


def send(job_id: str) -> Response:
    """A job's picture, an empty one if its files are damaged; 404 if its step has none."""
    found = services()
    job = found.store.get(job_id)
    if job is None or job.state is not JobState.DONE or job.task not in PICTURES:
        abort(404)
    picture = PICTURES[job.task]
    file = found.settings.jobs / job.id / f"picture-{STYLE}{picture.suffix}"
    kind = "image/png" if picture.suffix == ".png" else "image/svg+xml"
    result = found.settings.jobs / job.id / "result"
    try:
        content = file.read_bytes() if file.is_file() else _kept(picture.draw(result), file)
    except (InputError, OSError):
        return Response(_svg([]), mimetype="image/svg+xml")
    answer = Response(content, mimetype=kind)
    answer.cache_control.max_age = 31_536_000
    return answer


def _kept(content: bytes, file: Path) -> bytes:
    """A new picture, which is kept unless the disk is full."""
    with suppress(OutputError), atomic_file(file, overwrite=True) as new:
        new.write_bytes(content)
    return content


def _largest(shape: NDArray[np.float32]) -> Floats:
    """A mean waveform (sample, channel) on the channels where it is largest, in their order."""
    heights = np.nan_to_num(np.abs(shape).max(axis=0), nan=-1.0)
    chosen = np.sort(np.argsort(-heights, kind="stable")[:MOST_CHANNELS])
    return shape[:, chosen[heights[chosen] >= 0]].astype(float)


def _fullest(worth: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """As many planes as fill a card's picture, those worth most (plane,), in their order."""
    _, height, width = shape
    count = max(1, round(WIDTH / HEIGHT * height / width))
    return np.sort(np.argsort(-worth, kind="stable")[:count])


def _painted(found: FinishedMap, plane: int, colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One plane of a map as an image (y, x, 3), with colours for clusters (cluster, 3)."""
    _, height, width = found.shape
    size, shape = height * width, (1, height, width)
    first, last = np.searchsorted(found.voxels, [plane * size, (plane + 1) * size])
    place = found.voxels[first:last] - plane * size
    labels = np.full(size, maps.FILTERED, np.int16)
    similarity = np.zeros(size, np.float32)
    labels[place] = found.labels_of(None)[first:last]
    similarity[place] = found.similarity[found.place(None), first:last]
    mean = found.mean[plane][None]
    (image,) = maps.paint(labels.reshape(shape), similarity.reshape(shape), mean, colors)
    painted: NDArray[np.uint8] = image
    return painted


def _beside(planes: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> bytes:
    """Images (y, x, 3) of one shape side by side, not too large, as PNG."""
    image = np.concatenate(list(planes), axis=1)
    step = -(-max(image.shape[:2]) // LONGEST_SIDE)
    return encode_png(np.ascontiguousarray(image[::step, ::step]))


def _points(places: Floats, clusters: NDArray[np.int64]) -> bytes:
    """Points (point, 2) as dots, noise first, one path for each cluster (point,)."""
    if not len(places):
        raise InputError("There is no point to draw.")
    step = -(-len(places) // MOST_POINTS)
    places, clusters = places[::step], clusters[::step]
    low, span = places.min(axis=0), np.ptp(places, axis=0)
    span[span == 0] = 1
    at = (places - low) / span * [WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN] + MARGIN
    at[:, 1] = HEIGHT - at[:, 1]
    width = 4.5 if len(at) < 300 else 3
    dots = []
    for cluster in np.unique(clusters):
        path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in at[clusters == cluster])
        dots.append(f'<path d="{path}" stroke="{color(int(cluster))}" stroke-width="{width}"/>')
    return _svg(dots)


def _line(x: Floats, y: Floats, stroke: str) -> str:
    """A line through places (sample,) of an SVG."""
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline points="{points}" stroke="{stroke}" stroke-width="1.6"/>'


def _svg(parts: Sequence[str]) -> bytes:
    head = (
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'fill="none" stroke-linecap="round" stroke-linejoin="round">'
    )
    return "".join([head, *parts, "</svg>"]).encode()
