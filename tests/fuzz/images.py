"""Films and signals, and the folders that the brain map's steps wrote."""

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tifffile
import zarr
from numpy.typing import NDArray
from scipy.io import savemat

from pipelines.brainmap.colors.compose import compose
from pipelines.brainmap.colors.compose_parameters import ComposeParameters
from pipelines.brainmap.formats.read import open_images
from pipelines.brainmap.images.info import ImageReading
from pipelines.brainmap.map.folder import open_map
from pipelines.brainmap.voxels.signals import read_signals
from pipelines.files.links import refuse_links_out
from tests import earlier
from tests.fuzz.reader import Reader, Sample, shared

N_TIMES = 4
FILM: NDArray[np.uint16] = (
    np.random.default_rng(0).integers(0, 60_000, (N_TIMES, 2, 6, 7)).astype(np.uint16)
)
"""(time, plane, y, x)"""


def read_film(path: Path, reading: ImageReading | None = None) -> None:
    """Open it as every step does, and read its first and last volumes, and some series."""
    refuse_links_out(path)
    images = open_images(path, reading or ImageReading())
    images.described()
    last = images.n_times
    for start, stop in ((0, min(2, last)), (max(0, last - 1), last)):
        for volume in images.frames(start, stop):
            volume.mean()
    if images.read_series is not None:
        images.read_series(0, min(20, images.n_voxels))


# -- TIFF


def tiff(folder: Path) -> str:
    tifffile.imwrite(folder / "film.tif", FILM, photometric="minisblack", metadata={"axes": "TZYX"})
    return "film.tif"


def compressed_tiff(folder: Path) -> str:
    tifffile.imwrite(folder / "film.tif", FILM[:, 0], photometric="minisblack", compression="zlib",
                     predictor=True, rowsperstrip=2, metadata={"axes": "TYX"})  # fmt: skip
    return "film.tif"


def big_tiff(folder: Path) -> str:
    tifffile.imwrite(folder / "film.tif", FILM[:, 0], photometric="minisblack", bigtiff=True,
                     metadata={"axes": "TYX"})  # fmt: skip
    return "film.tif"


def imagej(folder: Path) -> str:
    said = {"axes": "TZYX", "spacing": 2.0, "unit": "um", "finterval": 0.5}
    tifffile.imwrite(folder / "film.tif", FILM, imagej=True, metadata=said)
    return "film.tif"


def ome(folder: Path) -> str:
    said: dict[str, Any] = {"axes": "TZYX", "PhysicalSizeX": 0.5, "TimeIncrement": 0.2}
    tifffile.imwrite(folder / "film.ome.tif", FILM, photometric="minisblack", metadata=said)
    return "film.ome.tif"


def scanimage(folder: Path) -> str:
    from tests.pipelines.brainmap.test_folders import scanimage as settings

    pages = FILM.reshape(-1, *FILM.shape[2:])
    tifffile.imwrite(folder / "film.tif", pages, photometric="minisblack", **settings("1", 2))
    return "film.tif"


def folder_of_tiffs(folder: Path) -> str:
    for time, volume in enumerate(FILM):
        tifffile.imwrite(folder / f"time{time + 7}.tif", volume, photometric="minisblack")
    return "."


def fish(folder: Path) -> str:
    """The first time points of a zebrafish."""
    for time in range(1, 4):
        shutil.copyfile(shared(f"fish/time{time:03d}.tif"), folder / f"time{time:03d}.tif")
    return "."


def bruker(folder: Path) -> str:
    from tests.pipelines.brainmap.test_folders import bruker as write

    (folder / "scan").mkdir()
    write(folder / "scan", FILM[:3], "TSeries ZSeries Element", ("Red",))
    return "scan"


# -- arrays


def npy(folder: Path) -> str:
    np.save(folder / "film.npy", FILM)
    return "film.npy"


def npy_in_fortran_order(folder: Path) -> str:
    np.save(folder / "film.npy", np.asfortranarray(FILM.astype(">f4")))
    return "film.npy"


def npz(folder: Path) -> str:
    np.savez_compressed(folder / "film.npz", film=FILM, more=np.arange(3))
    return "film.npz"


def hdf5(folder: Path) -> str:
    with h5py.File(folder / "film.h5", "w") as root:
        root.create_dataset(
            "run/film", data=FILM, chunks=(2, 1, 6, 7), compression="gzip", shuffle=True
        )
        root["run/film"].attrs["axes"] = "TZYX"
        root["times"] = np.arange(N_TIMES) / 2
    return "film.h5"


def hdf5_of_today(folder: Path) -> str:
    with h5py.File(folder / "film.h5", "w", libver="latest") as root:
        root.create_dataset(
            "film", data=FILM.astype(np.float32), fletcher32=True, maxshape=(None, 2, 6, 7)
        )
    return "film.h5"


def nwb(folder: Path) -> str:
    with h5py.File(folder / "film.nwb", "w") as root:
        root.attrs.update(
            {"neurodata_type": "NWBFile", "namespace": "core", "nwb_version": "2.7.0"}
        )
        series = root.create_group("acquisition/TwoPhotonSeries")
        series.attrs["neurodata_type"] = "TwoPhotonSeries"
        series["data"] = FILM.transpose(0, 3, 2, 1)
        series["timestamps"] = np.arange(N_TIMES) / 4
        series.create_dataset("starting_time", data=0.0).attrs["rate"] = 4.0
        plane = root.create_group("general/optophysiology/plane")
        plane["grid_spacing"] = np.array([1.0, 1.0, 4.0])
        plane["grid_spacing"].attrs["unit"] = "micrometers"
        series["imaging_plane"] = h5py.SoftLink("/general/optophysiology/plane")
    return "film.nwb"


def zarr_array(folder: Path) -> str:
    zarr.save_array(str(folder / "film.zarr"), FILM, chunks=(2, 1, 6, 7))
    return "film.zarr"


def ome_zarr(folder: Path) -> str:
    root = zarr.open_group(str(folder / "film.zarr"), mode="w")
    root["0"] = FILM[:, None]
    axes = [{"name": name} for name in "tczyx"]
    scale = [{"type": "scale", "scale": [0.5, 1, 2, 1, 1]}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    root.attrs["multiscales"] = [{"axes": axes, "datasets": datasets, "version": "0.4"}]
    root.attrs["omero"] = {"channels": [{"label": "green"}]}
    return "film.zarr"


def thunder_images(folder: Path) -> str:
    for time, volume in enumerate(FILM):
        volume.tofile(folder / f"image-{time:05d}.bin")
    (folder / "conf.json").write_text(json.dumps({"shape": FILM.shape[1:], "dtype": "uint16"}))
    return "."


def thunder_series(folder: Path) -> str:
    for number, part in enumerate(np.split(FILM.reshape(N_TIMES, -1).T, [30])):
        np.ascontiguousarray(part).tofile(folder / f"series-{number:05d}.bin")
    shape = (*FILM.shape[1:], N_TIMES)
    (folder / "conf.json").write_text(json.dumps({"shape": shape, "dtype": "uint16"}))
    return "."


def suite2p(folder: Path) -> str:
    FILM[:, 0].astype(np.int16).tofile(folder / "data.bin")
    ops = {"Ly": 6, "Lx": np.int64(7), "fs": 4.0, "nframes": N_TIMES}
    np.save(folder / "ops.npy", np.array(ops, object), allow_pickle=True)
    return "."


def caiman(folder: Path) -> str:
    name = f"Yr_d1_6_d2_7_d3_1_order_C_frames_{N_TIMES}.mmap"
    FILM[:, 0].astype(np.float32).tofile(folder / name)
    return name


# -- MATLAB


def mat_5(folder: Path) -> str:
    savemat(folder / "film.mat", {"film": FILM.transpose(2, 3, 1, 0), "rate": 4.0, "name": "a"})
    return "film.mat"


def mat_5_compressed(folder: Path) -> str:
    cells = np.array([np.arange(3), "text"], object)
    values = {"film": FILM.transpose(2, 3, 1, 0), "s": {"a": 1.0, "b": cells}}
    savemat(folder / "film.mat", values, do_compression=True)
    return "film.mat"


def mat_7_3(folder: Path) -> str:
    from tests.pipelines.brainmap.test_read_plain_arrays import version_7_3

    version_7_3(folder / "film.mat", film=FILM.transpose(2, 3, 1, 0))
    return "film.mat"


# -- signals

SIGNALS = np.random.default_rng(1).normal(size=(2, 12))


def signal_npy(folder: Path) -> str:
    np.save(folder / "signal.npy", SIGNALS)
    return "signal.npy"


def signal_csv(folder: Path) -> str:
    np.savetxt(
        folder / "signal.csv", SIGNALS.T, delimiter=",", header="a,b", comments="", fmt="%.3f"
    )
    return "signal.csv"


def signal_mat(folder: Path) -> str:
    savemat(folder / "signal.mat", {"signal": SIGNALS})
    return "signal.mat"


def signal_mat_4(folder: Path) -> str:
    savemat(folder / "signal.mat", {"signal": SIGNALS}, format="4")
    return "signal.mat"


def signal_mat_7_3(folder: Path) -> str:
    from tests.pipelines.brainmap.test_read_plain_arrays import version_7_3

    version_7_3(folder / "signal.mat", signal=SIGNALS)
    return "signal.mat"


def read_signal(path: Path) -> None:
    """As the correlation reads it."""
    refuse_links_out(path)
    read_signals(path, SIGNALS.shape[1])


# -- what steps wrote

_OF_A_MAP = ("run.json", "series.npy", "voxels.npy", "labels_by_k.npy", "similarity_by_k.npy",
             "mean.tif", "centroids_by_k.csv", "palettes.csv", "sweep.csv",
             "colors.csv")  # fmt: skip


def finished_map(folder: Path) -> str:
    stored = earlier.unpack(folder / "all", "brainmap") / "brainmap"
    (folder / "map").mkdir()
    for name in _OF_A_MAP:
        shutil.copyfile(stored / "kmeans" / name, folder / "map" / name)
    shutil.rmtree(folder / "all")
    return "map"


def operated(folder: Path) -> str:
    np.save(folder / "result.npy", FILM.transpose(1, 2, 3, 0).astype(np.float32))
    results = {"layout": "series", "channel": "green", "result_sizes": {"frame_s": 0.5}}
    (folder / "run.json").write_text(
        json.dumps({"pipeline": "brainmap series", "results": results})
    )
    return "."


def read_map(path: Path) -> None:
    """As export and colours read it."""
    refuse_links_out(path)
    found = open_map(path)
    found.centroids_of(None)
    found.colors_of(None)
    compose(found, ComposeParameters())


READERS = (
    Reader(
        "TIFF",
        (
            Sample("plain", tiff),
            Sample("compressed", compressed_tiff),
            Sample("imagej", imagej),
            Sample("big", big_tiff),
            Sample("scanimage", scanimage),
        ),
        read_film,
        share=1.5,
    ),
    Reader("OME-TIFF", (Sample("ome", ome),), read_film),
    Reader("folder of TIFFs", (Sample("times", folder_of_tiffs), Sample("fish", fish)), read_film),
    Reader("Bruker", (Sample("volumes", bruker),), read_film),
    Reader(
        "npy, npz film",
        (Sample("npy", npy), Sample("fortran", npy_in_fortran_order), Sample("npz", npz)),
        read_film,
    ),
    Reader(
        "HDF5 film", (Sample("gzip", hdf5), Sample("latest", hdf5_of_today)), read_film, share=1.5
    ),
    Reader("NWB film", (Sample("nwb", nwb),), read_film),
    Reader("zarr film", (Sample("array", zarr_array), Sample("ome", ome_zarr)), read_film),
    Reader(
        "Thunder's binary",
        (Sample("images", thunder_images), Sample("series", thunder_series)),
        read_film,
    ),
    Reader("suite2p, CaImAn", (Sample("suite2p", suite2p), Sample("caiman", caiman)), read_film),
    Reader(
        "mat film",
        (Sample("5", mat_5), Sample("5-packed", mat_5_compressed)),
        read_film,
        in_child=True,
    ),
    Reader("mat 7.3 film", (Sample("7.3", mat_7_3),), read_film),
    Reader("signal npy, csv", (Sample("npy", signal_npy), Sample("csv", signal_csv)), read_signal),
    Reader(
        "signal mat",
        (Sample("5", signal_mat), Sample("4", signal_mat_4)),
        read_signal,
        in_child=True,
    ),
    Reader("signal mat 7.3", (Sample("7.3", signal_mat_7_3),), read_signal, share=0.5),
    Reader("folder of a map", (Sample("kmeans", finished_map),), read_map),
    Reader("result of an operation", (Sample("series", operated),), read_film),
)
