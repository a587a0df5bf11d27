"""Pixel size, distance of planes, frame interval and channel come along into every file."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.typing import NDArray
from pynwb import NWBHDF5IO, validate

from pipelines import tasks
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.formats.volume_files import write_imagej_labels, write_volume
from pipelines.core.errors import ParameterError

PIXEL, PLANE, FRAME = (0.5, 0.65), 5.0, 0.5
SIZES = {"pixel_um": [0.5, 0.65], "plane_um": 5.0, "frame_s": 0.5}
KNOWN = {
    "PhysicalSizeX": "0.65", "PhysicalSizeY": "0.5", "PhysicalSizeZ": "5.0",
    "PhysicalSizeXUnit": "µm", "PhysicalSizeZUnit": "µm", "TimeIncrement": "0.5",
}  # fmt: skip


def film() -> NDArray[np.uint16]:
    """Three groups of voxels with pulses of their own, in 2 planes of 12 x 16."""
    random = np.random.default_rng(0)
    values = random.normal(500, 3, (40, 2, 12, 16))
    for group, rows in enumerate((slice(0, 3), slice(3, 7), slice(7, 12))):
        values[group * 5 :: 15, :, rows] += 200
    return np.round(values).astype(np.uint16)


def ome(path: Path) -> None:
    described = {
        "axes": "TZYX", "PhysicalSizeX": 0.65, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.5,
        "PhysicalSizeYUnit": "µm", "PhysicalSizeZ": 5.0, "PhysicalSizeZUnit": "µm",
        "TimeIncrement": 500.0, "TimeIncrementUnit": "ms", "Channel": {"Name": "GCaMP6f"},
    }  # fmt: skip
    tifffile.imwrite(path, film(), ome=True, photometric="minisblack", metadata=described)


def imagej(path: Path) -> None:
    described = {"axes": "TZYX", "unit": "um", "spacing": 5.0, "finterval": 0.5}
    tifffile.imwrite(path, film(), imagej=True, resolution=(1 / 0.65, 1 / 0.5), metadata=described)


def run(task: str, images: Path, out: Path, **values: Any) -> dict[str, Any]:
    return tasks.run(f"brainmap {task}", {"images": images}, values, out).results


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sizes")
    ome(folder / "film.ome.tif")
    found = run("fit", folder / "film.ome.tif", folder / "map", k=3)
    assert {name: found[name] for name in SIZES} == SIZES
    assert found["channel"] == "GCaMP6f"
    return folder / "map"


@pytest.fixture(scope="module")
def exported(mapped: Path) -> Path:
    out = mapped.parent / "exported"
    found = tasks.run("brainmap export", {"map": mapped}, {}, out).results
    assert {name: found[name] for name in SIZES} == SIZES
    return out


def pixels_of(file: Path) -> ET.Element:
    with tifffile.TiffFile(file) as opened:
        assert opened.ome_metadata
        found = ET.fromstring(opened.ome_metadata).find(".//{*}Pixels")
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["labels", "similarity", "map", "mean", "std"])
def test_tiffs_say_it_in_omes_words_and_in_tiffs_own(mapped: Path, name: str) -> None:
    file = mapped / f"{name}.tif"
    pixels = pixels_of(file)
    assert KNOWN.items() <= pixels.attrib.items()
    channel = pixels.find("{*}Channel")
    assert channel is not None
    assert channel.get("Name") == "GCaMP6f"
    with tifffile.TiffFile(file) as opened:
        across, down = opened.pages[0].get_resolution("MICROMETER")  # type: ignore[union-attr]
    assert (1 / across, 1 / down) == (pytest.approx(0.65), pytest.approx(0.5))
    assert tifffile.imread(file).shape[:3] == (2, 12, 16)
    with tifffile.TiffFile(file, is_shaped=False) as opened:
        assert opened.series[0].kind == "ome"
        assert np.array_equal(opened.asarray(), tifffile.imread(file))


def test_omes_metadata_follow_its_schema_as_far_as_tifffile_knows(mapped: Path) -> None:
    pixels = pixels_of(mapped / "map.tif")
    sizes = [pixels.get(f"Size{axis}") for axis in "XYZCT"]
    assert sizes == ["16", "12", "2", "3", "1"]


def test_labels_for_imagej_have_background_0_and_the_maps_colours(
    mapped: Path, exported: Path
) -> None:
    labels = tifffile.imread(mapped / "labels.tif")
    colors = pd.read_csv(mapped / "colors.csv")["hex"]
    for folder in (mapped, exported):
        with tifffile.TiffFile(folder / "labels_imagej.tif") as opened:
            said, shown = opened.imagej_metadata, opened.asarray()
            across = opened.pages[0].tags["XResolution"].value  # type: ignore[union-attr]
        assert shown.dtype == np.uint16
        assert np.array_equal(shown.astype(int) - 1, labels)
        assert np.unique(shown[shown > 0]).tolist() == [1, 2, 3]
        assert said is not None
        assert (said["unit"], said["spacing"], said["finterval"]) == ("um", 5.0, 0.5)
        assert across[1] / across[0] == pytest.approx(0.65)
        low, high = said["Ranges"]
        table = np.reshape(said["LUTs"], (3, 256))
        for cluster, color in enumerate(colors):
            shade = int((cluster + 1 - low) * 256 / (high - low + 1))
            assert "#" + bytes(table[:, shade]).hex() == color
        assert not table[:, 0].any()


def test_more_clusters_than_colours_of_a_table_still_count_from_1(tmp_path: Path) -> None:
    labels = np.arange(-1, 500, dtype=np.int16).reshape(1, 3, 167)
    colors = [f"#{number:06x}" for number in range(1, 501)]
    write_imagej_labels(labels, colors, tmp_path / "labels.tif")
    with tifffile.TiffFile(tmp_path / "labels.tif") as opened:
        assert sorted(opened.asarray().ravel().tolist()) == list(range(501))
        assert opened.imagej_metadata is not None
        assert opened.imagej_metadata["Ranges"] == (0.0, 500.0)


def test_nwb_has_the_spacing_the_rate_and_the_channel(exported: Path) -> None:
    assert validate(path=str(exported / "map.nwb")) == []
    with NWBHDF5IO(str(exported / "map.nwb"), "r") as stream:
        content = stream.read()
        volume = content.imaging_planes["volume"]
        assert np.allclose(volume.grid_spacing[:], [0.65e-6, 0.5e-6, 5e-6])
        assert (volume.grid_spacing_unit, volume.imaging_rate) == ("meters", 2.0)
        assert volume.optical_channel[0].name == "GCaMP6f"
        assert content.processing["ophys"]["Fluorescence"]["centroids"].rate == 2.0


def test_figures_are_in_micrometres_and_seconds(exported: Path) -> None:
    said = (exported / "map.svg").read_text(encoding="utf-8")
    assert "x (µm)" in said
    assert "pixels)" not in said
    assert "height='207.69'" in said  # 360 wide for 16 x 0.65 um, so for 12 x 0.5 um
    assert "time (s)" in (exported / "centroids.svg").read_text(encoding="utf-8")


def test_imagejs_sizes_come_along_too(tmp_path: Path) -> None:
    imagej(tmp_path / "film.tif")
    found = run("look", tmp_path / "film.tif", tmp_path / "out")
    assert found["pixel_um"] == pytest.approx([0.5, 0.65], rel=1e-5)
    assert (found["plane_um"], found["frame_s"]) == (5.0, 0.5)
    assert pixels_of(tmp_path / "out" / "std.tif").get("PhysicalSizeZ") == "5.0"


def test_a_film_that_says_nothing_has_what_is_stated(tmp_path: Path) -> None:
    np.save(tmp_path / "film.npy", film())
    plain = run("look", tmp_path / "film.npy", tmp_path / "plain")
    assert not SIZES.keys() & plain.keys()
    assert "PhysicalSizeX" not in pixels_of(tmp_path / "plain" / "mean.tif").attrib
    given = {"pixel_um": "0.5, 0.65", "plane_um": "5", "frame_s": "0.5"}
    found = run("look", tmp_path / "film.npy", tmp_path / "stated", **given)
    assert {name: found[name] for name in SIZES} == SIZES
    assert found["notes"] == plain["notes"]


def test_what_is_stated_goes_before_the_file_and_is_said(tmp_path: Path) -> None:
    ome(tmp_path / "film.ome.tif")
    found = run("correlate", tmp_path / "film.ome.tif", tmp_path / "out", pixel_um=1.3, frame_s=0.5)
    assert (found["pixel_um"], found["plane_um"]) == ([1.3, 1.3], 5.0)
    assert "pixel_um is taken as given, 1.3, though the file says 0.5 x 0.65." in found["notes"]
    assert not [note for note in found["notes"] if "frame_s" in note]
    assert "time (s)" in (tmp_path / "out" / "correlation.svg").read_text(encoding="utf-8")


def test_an_export_takes_what_is_stated(mapped: Path, tmp_path: Path) -> None:
    values = {"formats": "tiff", "rate": 4.0, "plane_um": 7}
    found = tasks.run("brainmap export", {"map": mapped}, values, tmp_path / "out").results
    assert (found["frame_s"], found["plane_um"]) == (0.25, 7.0)
    assert len(found["notes"]) == 2


@pytest.mark.parametrize(
    ("values", "left"),
    [
        ({"operation": "detrend"}, SIZES),
        ({"operation": "subsample", "factor": "1,3,4"}, {**SIZES, "pixel_um": [1.5, 2.6]}),
        ({"operation": "subsample", "factor": "4"}, {**SIZES, "frame_s": 2.0}),
        ({"operation": "select", "indices": "0,5,10,15"}, {**SIZES, "frame_s": 2.5}),
        ({"operation": "select", "indices": "0,1,7"}, {k: SIZES[k] for k in list(SIZES)[:2]}),
    ],
)
def test_a_changed_film_keeps_the_sizes_that_still_hold(
    values: dict[str, Any], left: dict[str, Any], tmp_path: Path
) -> None:
    ome(tmp_path / "film.ome.tif")
    run("series", tmp_path / "film.ome.tif", tmp_path / "out", **values)
    info = open_images(tmp_path / "out").info
    assert info.sizes == left
    assert info.channel == "GCaMP6f"


@pytest.mark.parametrize(
    "values",
    [{"pixel_um": "0"}, {"pixel_um": "1,2,3"}, {"pixel_um": "-1"}, {"pixel_um": "wide"},
     {"pixel_um": "inf"}, {"plane_um": 0}, {"frame_s": "nan"}],
)  # fmt: skip
def test_impossible_sizes_are_refused(values: dict[str, Any], tmp_path: Path) -> None:
    np.save(tmp_path / "film.npy", film())
    with pytest.raises(ParameterError, match=next(iter(values))):
        run("look", tmp_path / "film.npy", tmp_path / "out", **values)


def test_a_single_plane_keeps_its_axis(tmp_path: Path) -> None:
    write_volume(np.zeros((1, 4, 5), np.float32), tmp_path / "volume.tif")
    assert tifffile.imread(tmp_path / "volume.tif").shape == (1, 4, 5)
