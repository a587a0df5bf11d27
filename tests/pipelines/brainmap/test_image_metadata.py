"""What files say of pixel size, planes, time and channels comes along with the images."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pipelines.brainmap.formats.read import open_images

Film = NDArray[np.uint16]


def test_ome_sizes_and_times_are_read(tmp_path: Path, film: Film) -> None:
    said: dict[str, Any] = {
        "axes": "TZYX",
        "PhysicalSizeX": 800.0,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": 0.9,
        "PhysicalSizeZ": 5.0,
        "TimeIncrement": 250.0,
        "TimeIncrementUnit": "ms",
    }
    file = tmp_path / "film.ome.tif"
    tifffile.imwrite(file, film, photometric="minisblack", metadata=said)
    info = open_images(file).info
    assert info.pixel_um == pytest.approx((0.9, 0.8))
    assert (info.plane_um, info.frame_s) == (5.0, 0.25)
    assert (info.axes, info.axes_from) == ("TZYX", "file")


def test_imagej_sizes_and_times_are_read(tmp_path: Path, film: Film) -> None:
    file = tmp_path / "film.tif"
    said: dict[str, Any] = {"axes": "TZYX", "spacing": 4.0, "unit": "um", "finterval": 0.5}
    tifffile.imwrite(file, film, imagej=True, resolution=(1 / 0.5, 1 / 0.25), metadata=said)
    info = open_images(file).info
    assert info.pixel_um == pytest.approx((0.25, 0.5))
    assert (info.plane_um, info.frame_s) == (4.0, 0.5)


def test_imagej_pixels_without_a_unit_have_no_size(tmp_path: Path, film: Film) -> None:
    file = tmp_path / "film.tif"
    tifffile.imwrite(file, film, imagej=True, metadata={"axes": "TZYX"})
    assert open_images(file).info.pixel_um is None


def test_nwb_grid_and_rate_are_read(tmp_path: Path, film: Film) -> None:
    with h5py.File(tmp_path / "film.nwb", "w") as file:
        plane = file.create_group("general/optophysiology/plane")
        plane["grid_spacing"] = [2e-6, 3e-6, 1e-5]
        plane["grid_spacing"].attrs["unit"] = "meters"
        plane.create_group("green").attrs["neurodata_type"] = "OpticalChannel"
        series = file.create_group("acquisition/TwoPhotonSeries")
        series.attrs["neurodata_type"] = "TwoPhotonSeries"
        series["data"] = film.transpose(0, 3, 2, 1)
        series["starting_time"] = 0.0
        series["starting_time"].attrs["rate"] = 4.0
        series["imaging_plane"] = h5py.SoftLink("/general/optophysiology/plane")
    info = open_images(tmp_path / "film.nwb").info
    assert info.pixel_um == pytest.approx((3.0, 2.0))
    assert (info.plane_um, info.frame_s, info.channel) == (pytest.approx(10.0), 0.25, "green")
    assert (info.axes, info.axes_from) == ("TXYZ", "file")
