"""A map as Neurodata Without Borders (https://www.nwb.org): clusters as regions with series."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.brainmap.images.info import ImageInfo
from pipelines.brainmap.map import maps
from pipelines.brainmap.map.export_parameters import UNKNOWN_START, MapExportParameters

SOURCE = "Neuroboard"
UNKNOWN = "unknown"
METRES_IN_A_UM = 1e-6


@dataclass(frozen=True)
class ChosenMap:
    """The map that is written.

    Attributes:
        labels: (plane, y, x), -1 where filtered out.
        similarity: (plane, y, x).
        mean: (plane, y, x).
        rgb: the map as it is drawn (plane, y, x, 3).
        centroids: (cluster, time).
        colors: `#rrggbb` per cluster.
        unit: of the centroids.
        info: what is known of the images.
    """

    labels: NDArray[np.int16]
    similarity: NDArray[np.float32]
    mean: NDArray[np.float32]
    rgb: NDArray[np.uint8]
    centroids: NDArray[np.float64]
    colors: tuple[str, ...]
    unit: str
    info: ImageInfo


def write_nwb(chosen: ChosenMap, parameters: MapExportParameters, file: Path) -> None:
    """Write clusters as voxel masks, weighted by similarity, and centroids as their series.

    The processing module `ophys` gets an `ImageSegmentation` with one region per cluster and a
    `Fluorescence` with the centroids; `map` gets the mean image and the coloured map, plane by
    plane, as (x, y), which is NWB's order.
    """
    from pynwb import NWBHDF5IO  # here, so that commands that write no NWB do not wait for it

    with NWBHDF5IO(str(file), "w") as stream:
        stream.write(_content(chosen, parameters))


def _content(chosen: ChosenMap, parameters: MapExportParameters) -> Any:
    from pynwb import NWBFile

    start = parameters.session_start or UNKNOWN_START
    unknown = "" if parameters.session_start else " The start of the recording is unknown."
    content = NWBFile(
        session_description=f"Map of voxels by their activity.{unknown}",
        identifier=sha256(chosen.labels.tobytes() + chosen.centroids.tobytes()).hexdigest()[:32],
        session_start_time=datetime.fromisoformat(start),
        source_script=SOURCE,
        source_script_file_name="pipelines/brainmap/map/nwb.py",
    )
    regions = _regions(content, chosen)
    _add_series(content, chosen, regions)
    _add_pictures(content, chosen)
    return content


def _regions(content: Any, chosen: ChosenMap) -> Any:
    from pynwb.ophys import ImageSegmentation, OpticalChannel

    name = chosen.info.channel.replace("/", "_").replace(":", "_") or "channel"
    channel = OpticalChannel(name=name, description=UNKNOWN, emission_lambda=float("nan"))
    plane = content.create_imaging_plane(
        name="volume",
        description="All planes of the images; voxel masks are in pixels and planes.",
        optical_channel=channel,
        device=content.create_device(name="microscope", description=UNKNOWN),
        excitation_lambda=float("nan"),
        indicator=UNKNOWN,
        location=UNKNOWN,
        **_sampling(chosen.info),
    )
    module = content.create_processing_module("ophys", "Clusters of voxels and their series")
    segmentation = ImageSegmentation(name="ImageSegmentation")
    module.add(segmentation)
    regions = segmentation.create_plane_segmentation(
        name="clusters",
        description="One region per cluster; the weight of a voxel is its similarity, the "
        "correlation with the cluster's centroid, at least 0.",
        imaging_plane=plane,
    )
    regions.add_column("color", "colour of the cluster in the map, as #rrggbb")
    regions.add_column("n_voxels", "how many voxels the cluster has")
    for cluster, color in enumerate(chosen.colors):
        mask = _voxel_mask(chosen, cluster)
        regions.add_roi(voxel_mask=mask, color=color, n_voxels=len(mask))
    return regions


def _sampling(info: ImageInfo) -> dict[str, Any]:
    """Metres (x, y[, plane]) from voxel to voxel, which NWB expects, and volumes per second."""
    known: dict[str, Any] = {"imaging_rate": 1 / info.frame_s} if info.frame_s else {}
    if info.pixel_um:
        spacing = [*info.pixel_um[::-1], *([info.plane_um] if info.plane_um else [])]
        metres = [round(size * METRES_IN_A_UM, 15) for size in spacing]
        known |= {"grid_spacing": metres, "grid_spacing_unit": "meters"}
    return known


def _voxel_mask(chosen: ChosenMap, cluster: int) -> list[tuple[int, int, int, float]]:
    """(x, y, plane, weight) of each voxel of a cluster."""
    plane, y, x = np.nonzero(chosen.labels == cluster)
    weight = np.clip(chosen.similarity[plane, y, x], 0, 1)
    return list(zip(x.tolist(), y.tolist(), plane.tolist(), weight.tolist(), strict=True))


def _add_series(content: Any, chosen: ChosenMap, regions: Any) -> None:
    from pynwb.ophys import Fluorescence, RoiResponseSeries

    # In the file before it gets the series, whose link to the regions is checked at once.
    fluorescence = Fluorescence(name="Fluorescence")
    content.processing["ophys"].add(fluorescence)
    everyone = regions.create_roi_table_region(
        description="all clusters", region=list(range(len(chosen.colors)))
    )
    frame_s = chosen.info.frame_s
    in_frames = "" if frame_s else " The rate is unknown: times are in frames."
    series = RoiResponseSeries(
        name="centroids",
        data=chosen.centroids.T,
        rois=everyone,
        unit=chosen.unit,
        starting_time=0.0,
        rate=1 / frame_s if frame_s else 1.0,
        description=f"Mean normalised series of each cluster (time, cluster).{in_frames}",
    )
    fluorescence.add_roi_response_series(series)


def _add_pictures(content: Any, chosen: ChosenMap) -> None:
    from pynwb.base import Images
    from pynwb.image import GrayscaleImage, RGBImage

    pictures = []
    for plane, (mean, rgb) in enumerate(zip(chosen.mean, chosen.rgb, strict=True)):
        pictures += [
            GrayscaleImage(name=f"mean_plane_{plane}", data=mean.T, description="mean over time"),
            RGBImage(
                name=f"map_plane_{plane}",
                data=rgb.transpose(1, 0, 2),
                description="clusters in their colours, faded by similarity over the mean; "
                f"voxels labelled {maps.FILTERED} were filtered out",
            ),
        ]
    module = content.create_processing_module("map", "The map as pictures")
    module.add(Images(name="pictures", images=pictures, description="per plane, as (x, y)"))
