"""Files of kilobytes that ask for gigabytes are refused by what their headers say."""

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import zarr

from pipelines.brainmap.formats.arrays import open_npz
from pipelines.core.errors import ImageError
from pipelines.files import hdf5, zarr_store
from pipelines.files.chunks import refuse_bomb


def test_an_hdf5_chunk_of_gigabytes_in_a_small_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "bomb.h5", "w") as root:
        shape = (1, 30000, 30000)
        root.create_dataset("d", shape, "f4", chunks=shape, compression="gzip")
    with pytest.raises(ImageError, match=r"bomb.h5: d is stored in pieces of 3.6 GB"):
        hdf5.refuse_pointers(tmp_path / "bomb.h5", ImageError)


def test_a_zarr_chunk_of_gigabytes_in_a_small_folder(tmp_path: Path) -> None:
    folder = tmp_path / "bomb.zarr"
    zarr.open(str(folder), mode="w", shape=(4, 8, 8), chunks=(4, 8, 8), dtype="f4")
    described = json.loads((folder / ".zarray").read_text("utf-8"))
    described |= {"shape": [4, 30000, 30000], "chunks": [1, 30000, 30000]}
    (folder / ".zarray").write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(ImageError, match=r"pieces of 3.6 GB"):
        zarr_store.require_safe(folder, ImageError)


def test_an_archive_of_arrays_whose_volumes_take_gigabytes(tmp_path: Path) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (2, 1, 30000, 30000)}
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w") as archive,
        archive.open("film.npy", "w") as stream,
    ):
        np.lib.format.write_array_header_2_0(stream, header)
    with pytest.raises(ImageError, match=r"pieces of 3.6 GB"):
        open_npz(tmp_path / "bomb.npz")


@pytest.mark.parametrize(("length", "stored"), [(512 << 20, 1000), (4 << 30, 500 << 20)])
def test_large_pieces_of_real_data_pass(length: int, stored: int) -> None:
    refuse_bomb("film", (length,), 1, stored, ImageError)
