"""Volumes as TIFF, with what is known of their sizes, for those who open them elsewhere.

Every file has OME's metadata (https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/) and TIFF's
own resolution; labels also come as ImageJ writes them, with a colour table.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import tifffile
from numpy.typing import NDArray

from pipelines.brainmap.images.info import NOTHING_SAID, ImageInfo
from pipelines.core.result_schema import damage_sentence
from pipelines.files.reading import Kind, reading

UM_IN_A_CM = 1e4
SHADES = 256
"""Entries of ImageJ's colour tables."""


def write_volume(values: NDArray[Any], file: Path, info: ImageInfo = NOTHING_SAID) -> None:
    """Write a volume (plane, y, x), or RGB (plane, y, x, 3), as TIFF, a page for each plane."""
    rgb = values.ndim == 4
    axes = "ZYXS" if rgb else "ZYX"
    tifffile.imwrite(
        file,
        values,
        photometric="rgb" if rgb else "minisblack",
        # The axes stand in a second description, so that a single plane stays a plane.
        description=_ome(values, axes, info),
        metadata={"axes": axes},
        **_resolution(info, UM_IN_A_CM, "CENTIMETER"),
    )


def read_volume(file: Path, kind: Kind, advice: str) -> NDArray[Any]:
    """The numbers (plane, y, x) that `write_volume` wrote, from this file alone.

    Raises:
        NeuroboardError: of the given kind: it is not there, damaged, or no volume.
    """
    with reading(file, kind, advice, "TIFF"):
        values = np.asarray(tifffile.imread(file, _multifile=False))
    if values.ndim not in (2, 3) or values.dtype.kind not in "iuf":
        raise kind(damage_sentence(file, "holds no volume of numbers", advice))
    return values.reshape((1,) * (3 - values.ndim) + values.shape)


def write_imagej_labels(
    labels: NDArray[np.int16], colors: Sequence[str], file: Path, info: ImageInfo = NOTHING_SAID
) -> None:
    """Write labels for ImageJ, scikit-image and napari, to which 0 is background.

    Args:
        labels: (plane, y, x), -1 where filtered out; written as 0, and clusters from 1.
        colors: `#rrggbb` per cluster, for the colour table; of more than 255 clusters neighbouring
            numbers share a colour, as ImageJ's tables have 256.
        file: where to.
        info: sizes of the volume.
    """
    top = max(SHADES - 1, len(colors))
    table = np.zeros((3, SHADES), np.uint8)
    for shade in range(1, SHADES):
        number = shade * (top + 1) // SHADES
        if number <= len(colors):
            table[:, shade] = list(bytes.fromhex(colors[number - 1][1:]))
    tifffile.imwrite(
        file,
        (labels.astype(np.int32) + 1).astype(np.uint16),
        imagej=True,
        metadata={
            "axes": "ZYX",
            "mode": "color",
            "LUTs": [table],
            "Ranges": (0.0, float(top)),
            **_imagej_sizes(info),
        },
        **_resolution(info, 1, "NONE"),
    )


def _imagej_sizes(info: ImageInfo) -> dict[str, Any]:
    """As ImageJ names them (https://imagej.net/ij/developer/macro/functions.html)."""
    sizes: dict[str, Any] = {"unit": "um"} if info.pixel_um or info.plane_um else {}
    if info.plane_um:
        sizes["spacing"] = info.plane_um
    if info.frame_s:
        sizes |= {"finterval": info.frame_s, "tunit": "s"}
    return sizes


def _resolution(info: ImageInfo, um: float, unit: str) -> dict[str, Any]:
    """Pixels per unit of so many micrometres (x, y), in TIFF's own tags."""
    if info.pixel_um is None:
        return {}
    y, x = info.pixel_um
    return {"resolution": (um / x, um / y), "resolutionunit": unit}


def _ome(values: NDArray[Any], axes: str, info: ImageInfo) -> bytes:
    """OME's description; the same volume has the same."""
    digest = sha256(np.ascontiguousarray(values).data).hexdigest()
    document = tifffile.OmeXml(
        Creator="Neuroboard", UUID=f"urn:uuid:{uuid5(NAMESPACE_URL, digest)}"
    )
    samples = values.shape[3] if values.ndim == 4 else 1
    stored = (len(values), 1, 1, *values.shape[1:3], samples)
    document.addimage(values.dtype, values.shape, stored, axes=axes, **_ome_sizes(info))
    text: str = document.tostring(declaration=True)
    return text.encode("ascii", "xmlcharrefreplace")


def _ome_sizes(info: ImageInfo) -> dict[str, Any]:
    sizes: dict[str, Any] = {}
    if info.pixel_um:
        sizes |= _length("Y", info.pixel_um[0]) | _length("X", info.pixel_um[1])
    if info.plane_um:
        sizes |= _length("Z", info.plane_um)
    if info.frame_s:
        sizes |= {"TimeIncrement": info.frame_s, "TimeIncrementUnit": "s"}
    if info.channel:
        sizes["Channel"] = {"Name": info.channel}
    return sizes


def _length(axis: str, size: float) -> dict[str, Any]:
    return {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": "\u00b5m"}
