"""Zarr folders that would run something or lead out."""

import base64
import json
import os
import zipfile
from pathlib import Path
from typing import Any

from tests.pipelines.traps import SHAPE, Bench, Maker


def zarr_array(folder: Path, chunk: bytes = b"", **changed: Any) -> Path:
    folder.mkdir(parents=True)
    described = {
        "zarr_format": 2, "shape": SHAPE, "chunks": SHAPE, "dtype": "|u1",
        "compressor": None, "fill_value": 0, "order": "C", "filters": None, **changed,
    }  # fmt: skip
    (folder / ".zarray").write_text(json.dumps(described))
    if chunk:
        (folder / "0.0.0").write_bytes(chunk)
    return folder


def zarr_of_pointers(bench: Bench) -> Path:
    return zarr_array(bench.given / "film.zarr", b"A" * 28800, dtype="|O")


def zarr_of_records_with_pointers(bench: Bench) -> Path:
    return zarr_array(bench.given / "film.zarr", b"A" * 28800, dtype=[["a", "|O"]])


def zarr_cast_to_pointers(bench: Bench) -> Path:
    cast = [{"id": "astype", "encode_dtype": "|O", "decode_dtype": "<u8"}]
    return zarr_array(bench.given / "film.zarr", b"A" * 28800, dtype="<u8", filters=cast)


def zarr_steps_of_pointers(bench: Bench) -> Path:
    steps = [{"id": "delta", "dtype": "|O", "astype": "|O"}]
    return zarr_array(bench.given / "film.zarr", b"A" * 28800, dtype="<u8", filters=steps)


def zarr_filled_with_a_pickle(bench: Bench) -> Path:
    filled = base64.standard_b64encode(bench.pickled).decode()
    return zarr_array(
        bench.given / "film.zarr", dtype="|O", fill_value=filled, filters=[{"id": "pickle"}]
    )


def zarr_compressed_by_a_pickle(bench: Bench) -> Path:
    return zarr_array(bench.given / "film.zarr", bench.pickled, compressor={"id": "pickle"})


def zarr_with_msgpack(bench: Bench) -> Path:
    return zarr_array(
        bench.given / "film.zarr", bench.pickled, dtype="|O", filters=[{"id": "msgpack2"}]
    )


def zarr_3_with_a_pickle(bench: Bench) -> Path:
    folder = bench.given / "film.zarr"
    folder.mkdir()
    described = {
        "zarr_format": 3, "node_type": "array", "shape": SHAPE, "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": SHAPE}},
        "chunk_key_encoding": {"name": "default"}, "fill_value": 0,
        "codecs": [{"name": "numcodecs.pickle", "configuration": {}}],
    }  # fmt: skip
    (folder / "zarr.json").write_text(json.dumps(described))
    return folder


def zarr_whose_summary_has_a_pickle(bench: Bench) -> Path:
    folder = bench.given / "film.zarr"
    zarr_array(folder / "film", bench.pickled)
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    described = json.loads((folder / "film" / ".zarray").read_text())
    described["filters"] = [{"id": "pickle"}]
    metadata = {".zgroup": {"zarr_format": 2}, "film/.zarray": described}
    summary = {"zarr_consolidated_format": 1, "metadata": metadata}
    (folder / ".zmetadata").write_text(json.dumps(summary))
    return folder


def zarr_whose_summary_names_another_folder(bench: Bench) -> Path:
    folder = bench.given / "film.zarr"
    folder.mkdir()
    other = zarr_array(bench.secret.parent / "other.zarr")
    os.link(bench.secret, other / "0.0.0")
    described = json.loads((other / ".zarray").read_text())
    name = os.path.relpath(other, folder)
    metadata = {".zgroup": {"zarr_format": 2}, f"{name}/.zarray": described}
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    summary = {"zarr_consolidated_format": 1, "metadata": metadata}
    (folder / ".zmetadata").write_text(json.dumps(summary))
    return folder


def zarr_whose_description_is_a_link(bench: Bench) -> Path:
    folder = zarr_array(bench.given / "film.zarr", bytes(3600))
    (folder / ".zattrs").symlink_to(bench.secret)
    return folder


def zarr_in_a_linked_folder(bench: Bench) -> Path:
    folder = bench.given / "film.zarr"
    folder.mkdir()
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    other = zarr_array(bench.secret.parent / "other.zarr")
    os.link(bench.secret, other / "0.0.0")
    (folder / "film").symlink_to(other)
    return folder


def zarr_in_a_zip(bench: Bench) -> Path:
    zarr_array(bench.given / "inner", bench.pickled, filters=[{"id": "pickle"}])
    with zipfile.ZipFile(bench.given / "film.zarr.zip", "w") as archive:
        for name in (".zarray", "0.0.0"):
            archive.write(bench.given / "inner" / name, name)
    return bench.given / "film.zarr.zip"


ZARRS: tuple[Maker, ...] = (
    zarr_of_pointers, zarr_of_records_with_pointers, zarr_cast_to_pointers,
    zarr_steps_of_pointers, zarr_filled_with_a_pickle, zarr_compressed_by_a_pickle,
    zarr_with_msgpack, zarr_3_with_a_pickle, zarr_whose_summary_has_a_pickle,
    zarr_whose_summary_names_another_folder, zarr_whose_description_is_a_link,
    zarr_in_a_linked_folder, zarr_in_a_zip,
)  # fmt: skip
