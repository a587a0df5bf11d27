"""HDF5 and zarr from elsewhere lead nowhere else and run nothing."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr

from pipelines import hdf5, tasks
from pipelines.errors import ImageError, RecordingError
from pipelines.zarr_store import require_safe

SECRET = b"the owner's token " * 200


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_bytes(SECRET)
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["film"] = np.zeros((6, 20, 30), np.uint8)
    return file


def external_storage(root: Any, secret: Path) -> None:
    root.create_dataset(
        "film", shape=(6, 20, 30), dtype="u1", external=[(str(secret), 0, 6 * 20 * 30)]
    )


def virtual(root: Any, secret: Path) -> None:
    layout = h5py.VirtualLayout((6, 20, 30), "u1")
    layout[:] = h5py.VirtualSource(str(secret.with_name("other.h5")), "film", (6, 20, 30))
    root.create_virtual_dataset("film", layout)


def external_link(root: Any, secret: Path) -> None:
    root["film"] = h5py.ExternalLink(str(secret.with_name("other.h5")), "film")


def soft_link_to_an_external_link(root: Any, secret: Path) -> None:
    root["hidden/away"] = h5py.ExternalLink(str(secret.with_name("other.h5")), "/")
    root["film"] = h5py.SoftLink("/hidden/away/film")


def linked_group_of_nwb(root: Any, secret: Path) -> None:
    group = root.create_group("acquisition/TwoPhotonSeries")
    group.attrs["neurodata_type"] = "TwoPhotonSeries"
    external_storage(group, secret)
    group.move("film", "data")


ATTACKS = [
    external_storage, virtual, external_link, soft_link_to_an_external_link, linked_group_of_nwb,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("suffix", [".h5", ".nwb", ".mat"])
def test_hdf5_that_names_another_file_is_refused(
    tmp_path: Path, secret: Path, attack: Callable[[Any, Path], None], suffix: str
) -> None:
    file = tmp_path / f"film{suffix}"
    with h5py.File(file, "w", userblock_size=512 if suffix == ".mat" else 0) as root:
        attack(root, secret)
    for task, values in (("look", {}), ("series", {"operation": "select", "indices": "0,1"})):
        with pytest.raises(ImageError, match="takes its values from another file"):
            tasks.run(f"brainmap {task}", {"images": file}, values, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(RecordingError), hdf5.opened(file, RecordingError):
        pass


def test_links_within_a_file_are_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "film.h5", "w") as root:
        root["a/film"] = np.zeros((6, 20, 30))
        root["b"] = h5py.SoftLink("/a")
        root["a/self"] = root["a"]
        root["gone"] = h5py.SoftLink("/nowhere")
    with hdf5.opened(tmp_path / "film.h5", ImageError) as root:
        assert root["b/film"].shape == (6, 20, 30)


class Trap:
    """Whatever unpickles this leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.path),))


def test_a_zarr_filter_that_unpickles_never_runs(tmp_path: Path) -> None:
    folder, sprung = tmp_path / "film.zarr", tmp_path / "sprung"
    folder.mkdir()
    described = {
        "zarr_format": 2, "shape": [6, 20, 30], "chunks": [6, 20, 30], "dtype": "|u1",
        "compressor": None, "fill_value": 0, "order": "C", "filters": [{"id": "pickle"}],
    }  # fmt: skip
    (folder / ".zarray").write_text(json.dumps(described))
    (folder / "0.0.0").write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(ImageError, match="codec 'pickle'"):
        tasks.run("brainmap look", {"images": folder}, {}, tmp_path / "out")
    assert not sprung.exists()


def test_a_chunk_of_zarr_that_is_a_link_out_is_refused(tmp_path: Path, secret: Path) -> None:
    folder = tmp_path / "film.zarr"
    zarr.save_array(str(folder), np.zeros((6, 20, 30), np.uint8), chunks=(1, 20, 30))
    (folder / "3.0.0").unlink()
    (folder / "3.0.0").symlink_to(secret)
    with pytest.raises(ImageError, match=r"3\.0\.0 points out of the folder"):
        tasks.run("brainmap look", {"images": folder}, {}, tmp_path / "out")
    (folder / "3.0.0").unlink()
    (folder / "3.0.0").symlink_to(folder / "2.0.0")
    require_safe(folder, ImageError)
