"""HDF5 and zarr from elsewhere lead nowhere else and run nothing."""

import ast
import contextlib
import functools
import json
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numcodecs
import numpy as np
import pytest
import spikeinterface.core
import tifffile
import zarr
from numcodecs.pickles import Pickle, UnsafeDecodeError

from pipelines import tasks
from pipelines.core.errors import ImageError, InputError, RecordingError
from pipelines.files import hdf5
from pipelines.files.zarr_store import require_safe
from pipelines.spikes.measure.analyzer_source import require_known_recording
from tests.pipelines.spikes import writers

SECRET = b"the owner's token " * 200
SECRET_BYTES = 2400


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


def raw_signal(root: Any, secret: Path) -> None:
    external = [(str(secret), 0, SECRET_BYTES)]
    del root["recordings"]
    root.create_dataset("recordings", shape=(300, 4), dtype="i2", external=external)


def raw_signal_of_another(root: Any, secret: Path) -> None:
    del root["recordings"]
    root["recordings"] = h5py.ExternalLink(str(secret.with_name("other.h5")), "film")


def clock_of_another(root: Any, secret: Path) -> None:
    root["timestamps"] = h5py.ExternalLink(str(secret.with_name("other.h5")), "film")


def virtual_signal(root: Any, secret: Path) -> None:
    layout = h5py.VirtualLayout((6, 20, 30), "u1")
    layout[:] = h5py.VirtualSource(str(secret.with_name("other.h5")), "film", (6, 20, 30))
    root.create_virtual_dataset("elsewhere", layout)


def nwb_signal(root: Any, secret: Path) -> None:
    series = root["acquisition/ElectricalSeries"]
    del series["data"]
    external = [(str(secret), 0, SECRET_BYTES)]
    series.create_dataset("data", shape=(300, 4), dtype="i2", external=external)


@pytest.mark.parametrize(
    ("suffix", "write", "attack"),
    [
        (".h5", writers.mearec, raw_signal),
        (".h5", writers.mearec, raw_signal_of_another),
        (".hdf5", writers.mearec, virtual_signal),
        (".nwb", writers.nwb, nwb_signal),
        (".nwb", writers.nwb, clock_of_another),
        (".nwb", writers.nwb, virtual_signal),
    ],
)
@pytest.mark.parametrize("in_folder", [False, True])
def test_a_recording_that_names_another_file_is_refused(
    tmp_path: Path,
    secret: Path,
    suffix: str,
    write: Callable[..., None],
    attack: Callable[[Any, Path], None],
    in_folder: bool,
) -> None:
    file = tmp_path / "given" / f"recording{suffix}"
    file.parent.mkdir()
    write(file, writers.traces(seconds=0.1))
    with h5py.File(file, "r+") as root:
        attack(root, secret)
    given = file.parent if in_folder else file
    with pytest.raises(RecordingError, match="takes its values from another file"):
        tasks.run("spikes look", {"recording": given}, {}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@functools.cache
def calls(file: Path) -> list[str]:
    """The functions that a module calls, each with the second argument."""
    return [
        f"{ast.unparse(node.func)} {', '.join(map(ast.unparse, node.args[1:2]))}".strip()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (r"h5py\.File( 'r')?$", ["hdf5.py"]),
        (r"h5py\.File 'w'|.*NWBHDF5IO 'w'", ["blech.py", "nwb.py"]),
        (r"zarr\.|ZarrRecordingExtractor", ["saved.py", "zarr.py", "zarr_store.py"]),
        (r"super_zarr_open", ["analyzer_source.py"]),
        (r"load_sorting_analyzer|load_zarr|.*SortingAnalyzer.load", ["carried_analyzer.py"]),
        (r".*read_nwb_|.*NwbRecording|.*read_mearec_|.*read_hdf|.*HDFStore", ["nwb.py"]),
        (r".*NWBHDF5IO 'r|h5py\.File '(a|r\+)|.*h5f\.open", []),
        (r"skops\.io\.load", ["stored_estimators.py"]),
        (r".*\.load_model", ["exported.py", "published.py", "stored_boosters.py"]),
        (r"joblib\.load|.*read_pickle|.*[Uu]npickl(er|ed)", ["pickled_child.py", "unpickling.py"]),
        (r"tifffile\.(TiffFile|imread|TiffSequence|memmap)", ["tiff.py", "volume_files.py"]),
    ],
)
def test_nothing_else_opens_a_file_that_can_name_another(pattern: str, allowed: list[str]) -> None:
    """hdf5.py, zarr_store.py and tiff.py look first; what else has such a call only writes.

    exported.py and published.py load what stored_boosters.py looked through before.
    """
    root = Path(__file__).parents[2]
    found = {
        file.name
        for folder in ("pipelines", "dashboard")
        for file in (root / folder).rglob("*.py")
        if any(re.match(pattern, call) for call in calls(file))
    }
    assert sorted(found) == allowed


def test_pickles_are_known_to_the_closed_process_and_the_export_alone() -> None:
    root = Path(__file__).parents[2]
    modules = re.compile(
        r"^\s*(import|from) (pickle|_pickle|joblib|shelve|marshal|dill|cloudpickle)\b", re.M
    )
    found = {
        file.name
        for folder in ("pipelines", "dashboard")
        for file in (root / folder).rglob("*.py")
        if modules.search(text := file.read_text("utf-8"))
        or re.search(r"allow_pickle=(?!False)", text)
    }
    assert found == {"exported.py", "pickled_child.py", "unpickling.py"}


def test_a_folder_whose_link_leads_out_is_refused_and_one_within_it_is_read(
    tmp_path: Path, secret: Path
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(6):
        tifffile.imwrite(folder / f"t{number}.tif", np.full((20, 30), number, np.uint8))
    (folder / "t6.tif").symlink_to(folder / "t0.tif")
    tasks.run("brainmap look", {"images": folder}, {}, tmp_path / "first")
    (folder / "t6.tif").unlink()
    (folder / "t6.tif").symlink_to(secret)
    with pytest.raises(InputError, match=r"t6\.tif is a link that points out of the folder images"):
        tasks.run("brainmap look", {"images": folder}, {}, tmp_path / "second")


@pytest.mark.parametrize("target", ["0.0.0", "gone"])
def test_a_link_that_leads_nowhere_is_a_sentence(tmp_path: Path, target: str) -> None:
    zarr.save_array(str(tmp_path / "film.zarr"), np.zeros((6, 20, 30), np.uint8))
    (tmp_path / "film.zarr" / "0.0.0").unlink()
    (tmp_path / "film.zarr" / "0.0.0").symlink_to(target)
    (tmp_path / "film.zarr" / ".#notes").symlink_to("ann@lab.1234")
    with pytest.raises(InputError, match=r"0\.0\.0 is a link that leads nowhere"):
        tasks.run("brainmap look", {"images": tmp_path / "film.zarr"}, {}, tmp_path / "out")


OME = """<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
<Image ID="Image:0"><Pixels DimensionOrder="XYZCT" ID="Pixels:0" SizeC="1" SizeT="6" SizeX="30"
SizeY="20" SizeZ="1" Type="uint8"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>{planes}</Pixels>
</Image></OME>"""


@pytest.mark.parametrize("in_folder", [False, True])
def test_files_that_ome_names_are_not_opened(tmp_path: Path, in_folder: bool) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    os.mkfifo(tmp_path / "elsewhere.tif")  # whoever opened it would wait for ever
    names = ["film1.tif"] * 3 + ["../elsewhere.tif"] * 3
    planes = "".join(
        f'<TiffData FirstT="{at}" IFD="{at}" PlaneCount="1">'
        f'<UUID FileName="{name}">urn:{name}</UUID></TiffData>'
        for at, name in enumerate(names)
    )
    described = OME.format(planes=planes).encode()
    pages = np.zeros((6, 20, 30), np.uint8)
    file = folder / "film1.tif"
    tifffile.imwrite(file, pages, photometric="minisblack", description=described, metadata=None)
    if not in_folder:
        with pytest.raises(ImageError, match="is one file of a set"):
            tasks.run("brainmap look", {"images": file}, {}, tmp_path / "out")
        return
    # In a folder, what a file says of a set is left aside, and its own pages are read.
    tifffile.imwrite(folder / "film2.tif", pages, photometric="minisblack", metadata=None)
    tasks.run(
        "brainmap look", {"images": folder}, {"files": "pieces", "axes": "TYX"}, tmp_path / "out"
    )


def test_references_to_other_files_are_no_zarr(tmp_path: Path, secret: Path) -> None:
    described = {
        "zarr_format": 2, "shape": [6, 20, 30], "chunks": [6, 20, 30], "dtype": "|u1",
        "compressor": None, "fill_value": 0, "order": "C", "filters": None,
    }  # fmt: skip
    refs = {".zarray": json.dumps(described), "0.0.0": [str(secret), 0, 3600]}
    file = tmp_path / "film.json"
    file.write_text(json.dumps({"version": 1, "refs": refs}))
    folder = tmp_path / "film.zarr"
    folder.mkdir()
    (folder / "refs.json").write_bytes(file.read_bytes())
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    for given in (file, folder):
        with pytest.raises(ImageError):
            tasks.run("brainmap look", {"images": given}, {}, tmp_path / "out")


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


def zarr_that_unpickles(folder: Path, sprung: Path) -> None:
    folder.mkdir()
    described = {
        "zarr_format": 2, "shape": [6, 20, 30], "chunks": [6, 20, 30], "dtype": "|u1",
        "compressor": None, "fill_value": 0, "order": "C", "filters": [{"id": "pickle"}],
    }  # fmt: skip
    (folder / ".zarray").write_text(json.dumps(described))
    (folder / "0.0.0").write_bytes(pickle.dumps(Trap(sprung)))


@pytest.fixture
def numcodecs_that_unpickles(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the versions before 0.15.2, so that what refuses is our own list."""
    monkeypatch.setattr(Pickle, "decode", lambda _, buf, out=None: pickle.loads(bytes(buf)))
    monkeypatch.setitem(numcodecs.registry.codec_registry, "pickle", Pickle)


@pytest.mark.usefixtures("numcodecs_that_unpickles")
def test_the_trap_springs_where_nobody_looks(tmp_path: Path) -> None:
    zarr_that_unpickles(tmp_path / "film.zarr", tmp_path / "sprung")
    with contextlib.suppress(Exception):
        np.asarray(zarr.open(str(tmp_path / "film.zarr"), mode="r"))
    assert (tmp_path / "sprung").exists()


@pytest.mark.usefixtures("numcodecs_that_unpickles")
@pytest.mark.parametrize("name", ["film.zarr", "film", "film.n5", "github::film.zarr"])
def test_a_zarr_filter_that_unpickles_never_runs(tmp_path: Path, name: str) -> None:
    folder, sprung = tmp_path / name, tmp_path / "sprung"
    zarr_that_unpickles(folder, sprung)
    with pytest.raises(ImageError, match=r"codec 'pickle'|because of its name"):
        tasks.run("brainmap look", {"images": folder}, {}, tmp_path / "out")
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    with pytest.raises(RecordingError, match=r"codec 'pickle'|because of its name"):
        tasks.run("spikes look", {"recording": folder}, {}, tmp_path / "out")
    assert not sprung.exists()


def test_descriptions_are_known_however_they_are_spelt(tmp_path: Path) -> None:
    """Some drives give `.zarray` when the file is called `.ZARRAY`."""
    zarr_that_unpickles(tmp_path / "film.zarr", tmp_path / "sprung")
    (tmp_path / "film.zarr" / ".zarray").rename(tmp_path / "film.zarr" / ".ZARRAY")
    with pytest.raises(ImageError, match="codec 'pickle'"):
        require_safe(tmp_path / "film.zarr", ImageError)


def test_numcodecs_itself_refuses_pickles_in_all_versions_that_are_allowed() -> None:
    text = (Path(__file__).parents[2] / "requirements.txt").read_text("utf-8")
    assert "\nnumcodecs>=0.15.2,<0.16 " in text
    with pytest.raises(UnsafeDecodeError):
        numcodecs.get_codec({"id": "pickle"}).decode(pickle.dumps([1]))


RECORDING = {"module": "os", "version": "1", "annotations": {}, "properties": {}}


def as_class(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"class": name, "kwargs": kwargs, **RECORDING}


def analyzer_with(folder: Path, recording: Any) -> None:
    root = zarr.open(str(folder), mode="w")
    root.create_dataset(
        "recording", data=np.array([recording], dtype=object), object_codec=numcodecs.JSON()
    )
    zarr.consolidate_metadata(root.store)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    "name", ["os.mkdir", "spikeinterface.core.loading.load", "spikeinterface.core.base.Path"]
)
def test_a_recording_that_an_analyzer_describes_is_of_a_known_kind(
    tmp_path: Path, name: str, nested: bool
) -> None:
    recording = as_class(name, path=str(tmp_path / "sprung"))
    if nested:
        step = "spikeinterface.preprocessing.filter.BandpassFilterRecording"
        recording = as_class(step, recording=recording)
    analyzer_with(tmp_path / "analyzer.zarr", recording)
    require_safe(tmp_path / "analyzer.zarr", RecordingError)
    with pytest.raises(RecordingError, match="which is not opened"):
        require_known_recording(tmp_path / "analyzer.zarr")
    # What it would do otherwise.
    if name == "os.mkdir":
        with contextlib.suppress(Exception):
            spikeinterface.core.load(recording)
        assert (tmp_path / "sprung").exists()


def test_an_analyzer_names_no_pickle_address_or_pointing_file(tmp_path: Path, secret: Path) -> None:
    with h5py.File(tmp_path / "film.nwb", "w") as root:
        external_link(root, secret)
    nwb = "spikeinterface.extractors.nwbextractors.NwbRecordingExtractor"
    for recording, says in (
        (str(tmp_path / "recording.pickle"), "which is not opened"),
        (as_class(nwb, file_path="https://lab.example/a.nwb"), "on another computer"),
        (as_class(nwb, file_path="../film.nwb"), "takes its values from another file"),
    ):
        analyzer_with(tmp_path / "analyzer.zarr", recording)
        with pytest.raises(RecordingError, match=says):
            require_known_recording(tmp_path / "analyzer.zarr")


def test_a_chunk_of_zarr_that_is_a_link_out_is_refused(tmp_path: Path, secret: Path) -> None:
    folder = tmp_path / "film.zarr"
    zarr.save_array(str(folder), np.zeros((6, 20, 30), np.uint8), chunks=(1, 20, 30))
    (folder / "3.0.0").unlink()
    (folder / "3.0.0").symlink_to(secret)
    with pytest.raises(InputError, match=r"3\.0\.0 is a link that points out of the folder"):
        tasks.run("brainmap look", {"images": folder}, {}, tmp_path / "out")
    with pytest.raises(ImageError, match=r"3\.0\.0 is a link"):
        require_safe(folder, ImageError)
    (folder / "3.0.0").unlink()
    (folder / "3.0.0").symlink_to(folder / "2.0.0")
    require_safe(folder, ImageError)
