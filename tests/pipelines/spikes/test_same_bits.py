"""The same recording and parameters give the same files, to the last bit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
TIMES = ("started", "seconds")


def files_of(folder: Path) -> dict[str, bytes]:
    """The content of all files; of the record what is no time."""
    found = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
    record = json.loads(found["run.json"])
    assert record["seconds"] > 0
    kept = {name: value for name, value in record.items() if name not in TIMES}
    return {**found, "run.json": json.dumps(kept).encode()}


def test_a_sorting_is_the_same_to_the_bit(
    tetrode: Path, sorting: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In another folder, process, time zone and number of threads, with another seed of hashes.

    `analyzer.zarr` says where the recording lies as seen from it, so both lie equally deep.
    """
    out = tmp_path_factory.mktemp("another name") / "units"
    changed = {"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2", "TZ": "Asia/Tokyo"}
    subprocess.run(
        [sys.executable, "-m", "pipelines", "spikes", "sort", tetrode / "recording", "--out", out],
        cwd=REPOSITORY,
        env={**os.environ, **changed},
        check=True,
        capture_output=True,
    )
    one, other = files_of(sorting), files_of(out)
    assert len(one) > 45
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
