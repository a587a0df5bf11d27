"""Import, normalisation and filter of images on a cluster; the series stay on the shared drive.

The same functions of blocks as in `active.find_active`, so the same bytes; what comes to this
machine are two numbers per voxel, and whether it is kept.
"""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from pipelines.brainmap.engines.engine import Engine
from pipelines.brainmap.engines.spread_tasks import (
    How,
    KnownVoxels,
    SeriesFile,
    SharedImages,
    WorkPlan,
    keep,
    lay_down,
    put_in_place,
    write_batch,
)
from pipelines.brainmap.images.images import ImageSeries
from pipelines.brainmap.map.folder import SERIES
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.brainmap.voxels import store
from pipelines.brainmap.voxels.active import (
    ActiveVoxels,
    least_deviation,
    notes_of,
    require_some,
)
from pipelines.brainmap.voxels.series import as_numbers
from pipelines.brainmap.voxels.stored import StoredSeries, make_room
from pipelines.core.progress import Report, part


def find_active_on(
    engine: Engine,
    images: ImageSeries,
    parameters: BrainmapParameters,
    folder: Path,
    report: Report,
) -> ActiveVoxels:
    """Normalise all series on the workers of a cluster, and keep those that vary.

    Args:
        engine: whose workers see the images and the folder under the same paths.
        images: of any size.
        parameters: how the images are read, normalisation and threshold.
        folder: gets `series.npy`, and needs room for the images and the series besides.
        report: told how far it is.

    Raises:
        EngineError: a worker does not see the images or the folder.
        ImageError: the images cannot be read, or too few voxels normalised as asked.
        ParameterError: no voxel varies by more than the threshold.
    """
    # A worker that is only thought dead may still write while the folder is removed.
    with tempfile.TemporaryDirectory(
        prefix=".series-", dir=folder.absolute(), ignore_cleanup_errors=True
    ) as scratch:
        plan = _plan(images, parameters, Path(scratch))
        _lay_down_all(engine, images, plan, part(report, 0.0, 0.5))
        found = _keep_all(engine, plan, parameters, part(report, 0.5, 0.9))
        notes = notes_of([some.tally for some in found], images.path)
        voxels = np.flatnonzero(np.concatenate([some.kept for some in found]))
        deviation = np.concatenate([some.deviation for some in found])
        require_some(voxels, deviation, parameters)
        series = _put_together(engine, plan, found, folder.absolute(), part(report, 0.9, 1.0))
    mean = np.concatenate([some.mean for some in found])
    return ActiveVoxels(series, voxels, deviation, mean, images.shape[1:], notes)


def _plan(images: ImageSeries, parameters: BrainmapParameters, scratch: Path) -> WorkPlan:
    source = SharedImages(images.path.absolute(), parameters.reading)
    volume_bytes = images.n_voxels * images.dtype.itemsize
    times = None if images.read_series else max(1, store.BATCH_BYTES // volume_bytes)
    voxels = max(1, store.BLOCK_VALUES // images.n_times)
    shape = images.n_voxels, images.n_times
    return WorkPlan(source, scratch, shape, images.dtype, times, voxels)


def _lay_down_all(engine: Engine, images: ImageSeries, plan: WorkPlan, report: Report) -> None:
    batches = plan.batches()
    steps = _here(images, plan) if images.whole else engine.tasks(lay_down, batches, plan)
    for times, _ in zip(batches, steps, strict=True):
        done = f"Read {times.stop:,} of {images.n_times:,} time points"
        report(times.stop / images.n_times, done)


def _here(images: ImageSeries, plan: WorkPlan) -> Iterator[None]:
    """Images that only one can read, from the first to the last, are laid down by this machine."""
    frames = images.frames()
    for times in plan.batches():
        write_batch(times, plan, islice(frames, times.stop - times.start))
        yield


def _keep_all(
    engine: Engine, plan: WorkPlan, parameters: BrainmapParameters, report: Report
) -> list[KnownVoxels]:
    tasks, total, found = plan.tasks(), plan.shape[0], []
    values = parameters.normalize, parameters.percentile, parameters.offset
    how = How(*values, threshold=least_deviation(parameters))
    for rows, some in zip(tasks, engine.tasks(keep, tasks, plan, how), strict=True):
        report(rows.stop / total, f"Normalised the series of {rows.stop:,} of {total:,} voxels")
        found.append(some)
    for times in plan.batches():
        plan.batch_file(times).unlink()
    return found


def _put_together(
    engine: Engine, plan: WorkPlan, found: Sequence[KnownVoxels], folder: Path, report: Report
) -> StoredSeries:
    file, dtype = folder / SERIES.name, as_numbers(np.empty(0, plan.dtype)).dtype
    counts = np.array([some.kept.sum() for some in found], np.int64)
    start = make_room(file, (int(counts.sum()), plan.shape[1]), dtype)
    starts = start + (counts.cumsum() - counts) * plan.shape[1] * dtype.itemsize
    places = zip(plan.tasks(), starts.tolist(), counts.tolist(), strict=True)
    parts = [SeriesFile(plan.kept_file(rows), at) for rows, at, count in places if count]
    for done, _ in enumerate(engine.tasks(put_in_place, parts, file)):
        report((done + 1) / len(parts), f"Put {done + 1:,} of {len(parts):,} parts together")
    return StoredSeries.open(file)
