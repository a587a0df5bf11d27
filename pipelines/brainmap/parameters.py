"""What can be set when voxels are mapped."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from pipelines.brainmap.clusterers import CLUSTERERS, clusterer_help
from pipelines.brainmap.images.axes import typed
from pipelines.brainmap.images.info import Files, ImageReading, StatedSizes
from pipelines.brainmap.images.undefined import DEFAULT_OFFSET
from pipelines.core.parameters import Parameters, parameter

Normalization = Literal["percentile", "mean", "zscore", "none"]
Palette = Literal["similarity", "notebook", "colorblind"]
if TYPE_CHECKING:
    ClustererName = str
else:  # the names are those of the rows
    ClustererName = Literal[tuple(CLUSTERERS)]

COLOR_PARAMETERS = ("colors", "color_seed")
"""Parameters of a map that change its colours and nothing else."""
ENGINE = r"^(local|spark-local|(dask|spark)://[A-Za-z0-9._:\[\]-]+:[0-9]{1,5})$"
"""How an engine is named."""


def _as_list(value: Any) -> Any:
    """What was typed, such as "5, 10, 20" or 30, as a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, int | float) else value


def _ascending(values: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(values)))


NumbersOfClusters = Annotated[
    tuple[Annotated[int, Field(ge=2, le=500)], ...],
    BeforeValidator(_as_list),
    AfterValidator(_ascending),
]


def _numbers(value: Any) -> Any:
    """What was typed, such as "0.5, 0.65" or 0.65, as a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.strip("()[] ").split(",") if part.strip()]
    return [value] if isinstance(value, int | float) else (value or [])


IMAGES, SIZES = "How the images are read", "Pixel sizes and times"
"""Headings under which forms fold what a file may not say of itself."""


class SizeParameters(Parameters):
    """The sizes of images, where their file does not say them, or not rightly."""

    pixel_um: Annotated[
        tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...], BeforeValidator(_numbers)
    ] = parameter(
        (),
        label="Pixel size",
        empty="as the file says",
        unit="µm",
        help="Width of a pixel, for figures and files; two numbers, such as 0.5, 0.65, are its "
        "height and width. Only needed where the file does not say it, or not rightly.",
        max_length=2,
        advanced=True,
        fold=SIZES,
    )
    plane_um: float | None = parameter(
        None,
        label="Distance of planes",
        empty="as the file says",
        unit="µm",
        help="From one plane to the next. Only needed where the file does not say it.",
        gt=0,
        allow_inf_nan=False,
        advanced=True,
        fold=SIZES,
    )
    frame_s: float | None = parameter(
        None,
        label="Frame interval",
        empty="as the file says",
        unit="s",
        help="From one volume to the next: series are then shown over seconds. Only needed where "
        "the file does not say it.",
        gt=0,
        allow_inf_nan=False,
        advanced=True,
        fold=SIZES,
    )

    @property
    def sizes(self) -> StatedSizes:
        """What is stated."""
        pixel = (self.pixel_um[0], self.pixel_um[-1]) if self.pixel_um else None
        return StatedSizes(pixel, self.plane_um, self.frame_s)


class LayoutParameters(Parameters):
    """How the numbers in a file of images lie."""

    axes: Annotated[str, AfterValidator(typed)] = parameter(
        "",
        label="Axes",
        empty="as the file says",
        help="What the axes of the file are, the slowest first: T time, Z plane, C channel, Y and "
        "X, such as TZYX, or YXT for frames with time last. Empty takes what the file says, and "
        "asks where a shape is doubtful.",
        advanced=True,
        fold=IMAGES,
    )
    files: Files = parameter(
        "auto",
        label="Files in a folder",
        help="How the TIFFs of a folder belong together: each a time point with its planes as "
        "pages; pieces of one recording, one after the other in time; planes, a file each; or "
        "channels, of which one is read. auto goes by metadata, pages and names, or asks.",
        advanced=True,
        fold=IMAGES,
    )
    channel: str = parameter(
        "",
        label="Channel",
        empty="the only one",
        help="Which of several channels is read, by its name or its number from 1. Empty if there "
        "is only one.",
        max_length=200,
        advanced=True,
        fold=IMAGES,
    )
    planes: int | None = parameter(
        None,
        label="Planes per volume",
        empty="as the file says",
        unit="pages",
        help="How many pages of a multi-page TIFF make one volume. Only needed for TIFFs "
        "that do not say so themselves; 1 for a film of one plane.",
        ge=1,
        advanced=True,
        fold=IMAGES,
    )
    channels: int | None = parameter(
        None,
        label="Channels per plane",
        empty="as the file says",
        unit="pages",
        help="How many pages of a multi-page TIFF belong to one plane, one for each channel. Only "
        "needed for TIFFs whose channels alternate without saying so.",
        ge=1,
        advanced=True,
        fold=IMAGES,
    )
    dataset: str = parameter(
        "",
        label="Dataset",
        empty="the only one",
        help="Which array of an HDF5, NWB, zarr or MATLAB file holds the images, by its path or "
        "name in the file. Only needed if there are several.",
        advanced=True,
        fold=IMAGES,
    )
    height: int | None = parameter(
        None,
        label="Frame height",
        empty="as the file says",
        unit="pixels",
        help="Of a file of nothing but numbers, such as suite2p's data.bin without its ops.npy.",
        ge=1,
        advanced=True,
        fold=IMAGES,
    )
    width: int | None = parameter(
        None,
        label="Frame width",
        empty="as the file says",
        unit="pixels",
        help="Of a file of nothing but numbers, such as suite2p's data.bin without its ops.npy.",
        ge=1,
        advanced=True,
        fold=IMAGES,
    )

    fill_frames: Annotated[
        tuple[Annotated[int, Field(ge=0)], ...],
        BeforeValidator(_numbers),
        AfterValidator(_ascending),
    ] = parameter(
        (),
        label="Frames to fill in",
        empty="none",
        help="Frames without an image, such as dropped ones, counted from 0, such as 50, 51. Each "
        "becomes the straight line between the frames around it, so that all times stay.",
        advanced=True,
        fold=IMAGES,
    )


class ReadingParameters(SizeParameters, LayoutParameters):
    """How a file of images is understood."""

    @property
    def reading(self) -> ImageReading:
        """What these settings say about the file."""
        return ImageReading(
            self.axes,
            self.files,
            self.planes,
            self.channels,
            self.channel,
            self.dataset,
            self.height,
            self.width,
            self.sizes,
            self.fill_frames,
        )


class ImageLookParameters(ReadingParameters):
    """Settings of `brainmap look`: how images are read and their series normalised."""

    normalize: Normalization = parameter(
        "percentile",
        label="Normalisation",
        help="How a voxel's series is made comparable with others. percentile and mean give "
        "(x - b) / (b + offset), the change relative to the baseline b; zscore gives "
        "(x - mean) / standard deviation; none leaves the intensities as they are.",
    )
    percentile: float = parameter(
        20.0,
        label="Baseline percentile",
        unit="%",
        help="The percentile of a voxel's own series that counts as its baseline. "
        "Used by the percentile normalisation; lower it for voxels that are mostly active.",
        ge=0,
        le=100,
    )
    offset: float = parameter(
        DEFAULT_OFFSET,
        label="Baseline offset",
        unit="intensity",
        help="Added to the baseline before dividing, so that dark voxels do not explode. Where an "
        "offset was taken off every value, so that baselines are zero or less, state it here: "
        "dF/F is not defined for such voxels otherwise. Used by percentile and mean.",
        ge=0,
        allow_inf_nan=False,
        advanced=True,
    )


class BrainmapParameters(ImageLookParameters):
    """Settings of `brainmap fit`."""

    std_threshold: float = parameter(
        0.01,
        label="Activity threshold",
        help="Voxels whose normalised series has a standard deviation above this are kept; "
        "the others are left grey. It is in units of the normalised series; 0 keeps all voxels.",
        ge=0,
        allow_inf_nan=False,
    )
    k: NumbersOfClusters = parameter(
        (5, 10, 15, 20, 30, 50, 100, 200),
        label="Number of clusters",
        help="How many groups of voxels to make. Several numbers with commas between them are "
        "all tried: the page shows how well each describes the data, suggests one, and switches "
        "between their maps. One number gives that many clusters.",
        min_length=1,
        max_length=40,
    )
    model: ClustererName = parameter("kmeans", label="Model", help=clusterer_help())
    colors: Palette = parameter(
        "similarity",
        label="Colours",
        help="similarity gives similar clusters similar colours while all stay apart to the eye; "
        "notebook is the older optimiser on angles of RGB triplets; colorblind is a palette that "
        "colour-blind people tell apart, for up to 10 clusters (more get similarity colours). "
        "The page can switch between them.",
    )
    method: Literal["quick", "exact"] = parameter(
        "quick",
        label="Method",
        help="How several numbers of clusters are tried. quick clusters a part of the voxels into "
        "the largest number, merges clusters down to the smaller ones, and refines each on all "
        "voxels. exact starts K-means anew for each number, as often as Restarts says. A single "
        "number is always exact.",
        advanced=True,
    )
    n_init: int = parameter(
        10,
        label="Restarts",
        help="Exact K-means starts this many times from different voxels and the best result is "
        "kept. More restarts take longer and give more reproducible maps.",
        ge=1,
        le=100,
        advanced=True,
    )
    seed: int = parameter(
        0,
        label="Random seed",
        help="The same seed gives the same map. Change it to see how stable a map is.",
        ge=0,
        le=2**32 - 1,
        advanced=True,
    )
    color_seed: int = parameter(
        0,
        label="Colour seed",
        help="Another number gives another scheme of colours for the same clusters.",
        ge=0,
        le=2**32 - 1,
        advanced=True,
    )
    engine: str = parameter(
        "local",
        label="Engine",
        help="Where images are imported and voxels compared: local, dask://HOST:PORT, "
        "spark://HOST:PORT or spark-local. The map is the same to the last bit; a cluster pays "
        "for many millions of voxels, and must see images and output under the same path.",
        advanced=True,
        pattern=ENGINE,
    )
