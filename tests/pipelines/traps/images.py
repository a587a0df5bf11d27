"""Images, and signals beside them, that would run something or lead out."""

import json
import os
import struct
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import tifffile
from numpy.typing import NDArray

from tests.pipelines.traps import LAUGHS, SHAPE, Bench, Maker, Trap


def npy_of_objects(bench: Bench) -> Path:
    np.save(bench.given / "film.npy", np.array([Trap(bench.canary)], object), allow_pickle=True)
    return bench.given / "film.npy"


def npz_of_objects(bench: Bench) -> Path:
    np.savez(bench.given / "film.npz", film=np.array([Trap(bench.canary)], object))
    return bench.given / "film.npz"


def npy_with_code_in_its_header(bench: Bench) -> Path:
    code = f"__import__('os').mkdir({str(bench.canary)!r})"
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({code},)}}".encode()
    header = header.ljust(502) + b"\n"
    size = len(header).to_bytes(2, "little")
    (bench.given / "film.npy").write_bytes(b"\x93NUMPY\x01\x00" + size + header + bytes(3600))
    return bench.given / "film.npy"


def npy_of_pointers(bench: Bench) -> Path:
    header = b"{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (6, 20, 30)}".ljust(117)
    stored = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + header + b"\n"
    (bench.given / "film.npy").write_bytes(stored + b"A" * 28800)
    return bench.given / "film.npy"


def suite2p_with_a_pickle(bench: Bench) -> Path:
    np.zeros(SHAPE, np.int16).tofile(bench.given / "data.bin")
    ops = {"Ly": SHAPE[1], "Lx": SHAPE[2], "fs": Trap(bench.canary)}
    np.save(bench.given / "ops.npy", np.array(ops, object), allow_pickle=True)
    return bench.given


def suite2p_whose_settings_are_a_link(bench: Bench) -> Path:
    """Given by its frames: the folder of that is not the input."""
    np.zeros(SHAPE, np.int16).tofile(bench.given / "data.bin")
    (bench.given / "ops.npy").symlink_to(bench.secret)
    return bench.given / "data.bin"


def thunder_of_pointers(bench: Bench) -> Path:
    (bench.given / "conf.json").write_text(json.dumps({"shape": SHAPE[::-1], "dtype": "O"}))
    (bench.given / "a.bin").write_bytes(b"A" * 28800)
    return bench.given


def matlab_7_3_with_an_external_link(bench: Bench) -> Path:
    with h5py.File(bench.given / "film.mat", "w", userblock_size=512) as root:
        root["#refs#/a"] = np.zeros(SHAPE)
        root["film"] = h5py.SoftLink("/#refs#/b")
        root["#refs#/b"] = h5py.ExternalLink(str(bench.secret.with_name("other.h5")), "film")
    return bench.given / "film.mat"


def hdf5_of_external_storage_in_a_relative_place(bench: Bench) -> Path:
    with h5py.File(bench.given / "film.h5", "w") as root:
        size = int(np.prod(SHAPE))
        place = os.path.relpath(bench.secret, bench.given)
        root.create_dataset("a/b/c", shape=SHAPE, dtype="u1", external=[(place, 0, size)])
        root["film"] = root["a/b/c"]
    return bench.given / "film.h5"


def mapped_from_two_files(bench: Bench) -> Path:
    """The second piece of external storage is another's."""
    (bench.given / "own.raw").write_bytes(bytes(1800))
    with h5py.File(bench.given / "film.h5", "w") as root:
        own = (str(bench.given / "own.raw"), 0, 1800)
        root.create_dataset("film", SHAPE, "u1", external=[own, (str(bench.secret), 0, 1800)])
    return bench.given / "film.h5"


OME = """<?xml version="1.0"?>{doctype}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
<Image ID="Image:0"><Pixels DimensionOrder="XYZCT" ID="Pixels:0" SizeC="1" SizeT="6" SizeX="30"
SizeY="20" SizeZ="1" Type="uint8"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>{planes}</Pixels>
</Image>{more}</OME>"""


def _ome(bench: Bench, **parts: str) -> Path:
    text = OME.format(**{"doctype": "", "planes": "<TiffData/>", "more": "", **parts})
    tifffile.imwrite(
        bench.given / "film.ome.tif", np.zeros(SHAPE, np.uint8), photometric="minisblack",
        description=text.encode(), metadata=None,
    )  # fmt: skip
    return bench.given / "film.ome.tif"


def _planes(file: str) -> str:
    return "".join(
        f'<TiffData FirstT="{at}" IFD="{at}" PlaneCount="1">'
        f'<UUID FileName="{file}">urn:{at}</UUID></TiffData>'
        for at in range(6)
    )


def ome_in_an_absolute_place(bench: Bench) -> Path:
    return _ome(bench, planes=_planes(str(bench.secret.with_name("other.tif"))))


def ome_with_an_entity_of_a_file(bench: Bench) -> Path:
    entity = f'<!DOCTYPE OME [<!ENTITY s SYSTEM "file://{bench.secret}">]>'
    return _ome(bench, doctype=entity, more="<StructuredAnnotations>&s;</StructuredAnnotations>")


def ome_that_laughs(bench: Bench) -> Path:
    return _ome(bench, doctype=LAUGHS, more="<Description>&a10;</Description>")


def _nd_tiff(pages: Sequence[NDArray[np.uint8]]) -> bytes:
    """What Micro-Manager writes: TIFF, with a mark of its own and the version at byte 8."""
    summary, frame = b"{}", b'{"Frame": 0}'
    written = bytearray(struct.pack("<4sI4I", b"II*\0", 0, 483729, 3, 2355492, len(summary)))
    written += summary
    pointer = 4
    for page in pages:
        pixels, note = len(written), len(written) + page.nbytes
        written += page.tobytes() + frame
        struct.pack_into("<I", written, pointer, len(written))
        height, width = page.shape
        values = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: pixels, 277: 1,
                  278: height, 279: page.nbytes}  # fmt: skip
        written += struct.pack("<H", len(values) + 1)
        written += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in values.items())
        written += struct.pack("<HHII", 51123, 2, len(frame), note)
        pointer = len(written)
        written += bytes(4)
    return bytes(written)


def nd_tiff(bench: Bench, file: str) -> Path:
    """NDTiff's index says in which file each page lies."""
    pages = np.arange(np.prod(SHAPE), dtype=np.uint8).reshape(SHAPE)
    (bench.given / "NDTiffStack.tif").write_bytes(_nd_tiff(list(pages)))
    bench.secret.with_name("nd.tif").write_bytes(_nd_tiff(list(pages)))
    index = b""
    for time in range(6):
        axes, name = json.dumps({"time": time}).encode(), file.encode()
        index += len(axes).to_bytes(4, "little") + axes + len(name).to_bytes(4, "little") + name
        index += struct.pack("<IiiiiIii", 26, SHAPE[2], SHAPE[1], 0, 0, 0, 0, 0)
    (bench.given / "NDTiff.index").write_bytes(index)
    return bench.given / "NDTiffStack.tif"


def nd_tiff_whose_index_names_another(bench: Bench) -> Path:
    return nd_tiff(bench, str(bench.secret.with_name("nd.tif")))


def nd_tiff_whose_index_names_another_folder(bench: Bench) -> Path:
    return nd_tiff(bench, os.path.relpath(bench.secret.with_name("nd.tif"), bench.given))


def nd_tiff_whose_index_is_a_link(bench: Bench) -> Path:
    file = nd_tiff_whose_index_names_another(bench)
    (bench.given / "NDTiff.index").unlink()
    (bench.given / "NDTiff.index").symlink_to(bench.secret)
    return file


def bruker(bench: Bench, file: str, doctype: str = "", text: str = "") -> Path:
    frames = "".join(
        f'<Frame relativeTime="{time}" index="{time + 1}">'
        f'<File channel="1" channelName="Ch1" page="1" filename="{file}"/>{text}</Frame>'
        for time in range(6)
    )
    for name in ("a", "b"):
        tifffile.imwrite(bench.given / f"{name}.tif", np.zeros(SHAPE[1:], np.uint8))
    (bench.given / "scan.xml").write_text(
        f'<?xml version="1.0"?>{doctype}<PVScan version="5.4">'
        f'<Sequence type="TSeries Timed Element" cycle="1">{frames}</Sequence></PVScan>'
    )
    return bench.given


def bruker_in_another_folder(bench: Bench) -> Path:
    return bruker(bench, os.path.relpath(bench.secret.with_name("other.tif"), bench.given))


def bruker_in_an_absolute_place(bench: Bench) -> Path:
    return bruker(bench, str(bench.secret.with_name("other.tif")))


def bruker_with_an_entity_of_a_file(bench: Bench) -> Path:
    doctype = f'<!DOCTYPE PVScan [<!ENTITY s SYSTEM "file://{bench.secret}">]>'
    return bruker(bench, "a.tif", doctype, "<Note>&s;</Note>")


def bruker_that_laughs(bench: Bench) -> Path:
    return bruker(bench, "a.tif", LAUGHS, "<Note>&a10;</Note>")


def images_that_are_a_pickle(bench: Bench) -> Path:
    (bench.given / "film.mat").write_bytes(bench.pickled)
    return bench.given / "film.mat"


IMAGES: tuple[Maker, ...] = (
    npy_of_objects, npz_of_objects, npy_with_code_in_its_header, npy_of_pointers,
    suite2p_with_a_pickle, suite2p_whose_settings_are_a_link, thunder_of_pointers,
    matlab_7_3_with_an_external_link, hdf5_of_external_storage_in_a_relative_place,
    mapped_from_two_files, ome_in_an_absolute_place,
    ome_with_an_entity_of_a_file, ome_that_laughs, nd_tiff_whose_index_names_another,
    nd_tiff_whose_index_names_another_folder, nd_tiff_whose_index_is_a_link,
    bruker_in_another_folder, bruker_in_an_absolute_place, bruker_with_an_entity_of_a_file,
    bruker_that_laughs, images_that_are_a_pickle,
)  # fmt: skip


# -- signals beside sound images


def signal_of_objects(bench: Bench) -> Path:
    np.save(bench.given / "signal.npy", np.array([Trap(bench.canary)] * 6), allow_pickle=True)
    return bench.given / "signal.npy"


def signal_that_is_a_pickle(bench: Bench) -> Path:
    """NumPy takes a file without its mark for a pickle, when it may."""
    (bench.given / "signal.npy").write_bytes(bench.pickled)
    return bench.given / "signal.npy"


def signal_that_is_a_linked_array(bench: Bench) -> Path:
    with h5py.File(bench.given / "signal.mat", "w", userblock_size=512) as root:
        root.create_dataset("s", (6,), "u1", external=[(str(bench.secret), 0, 6)])
    return bench.given / "signal.mat"


def signal_of_formulas(bench: Bench) -> Path:
    rows = f"@SUM(file://{bench.secret})\n" + "\n".join(f"=cmd|' /c {n}'!A1" for n in range(6))
    (bench.given / "signal.csv").write_text(rows)
    return bench.given / "signal.csv"


SIGNALS: tuple[Maker, ...] = (
    signal_of_objects, signal_that_is_a_pickle, signal_that_is_a_linked_array, signal_of_formulas,
)  # fmt: skip
