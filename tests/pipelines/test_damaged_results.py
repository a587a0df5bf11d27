"""Result folders that were half copied or overwritten in part: each is refused in one sentence."""

import os
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import tasks
from pipelines.__main__ import main
from pipelines.core.errors import NeuroboardError, TableError
from pipelines.spikes.reading.locate import locate
from pipelines.synapses.formats.reading import read_outline, read_sheet
from tests.earlier import unpack


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def empty(_content: bytes) -> bytes:
    return b""


def without_end(content: bytes) -> bytes:
    return content[: -max(1, len(content) // 40)]


def overwritten(content: bytes) -> bytes:
    """32 random bytes in the middle."""
    at = max(0, len(content) // 2 - 16)
    return content[:at] + random.Random(5).randbytes(32) + content[at + 32 :]


def rubbish(content: bytes) -> bytes:
    return random.Random(6).randbytes(len(content))


CUT = (half, empty, rubbish)
"""What every file shows."""
SEALED = (*CUT, without_end, overwritten)
"""What files show that carry sums of their own."""


@dataclass(frozen=True)
class Case:
    """A task, the folder that it reads, and files of it that it needs."""

    task: str
    name: str
    folder: str
    files: Mapping[str, tuple[Callable[[bytes], bytes], ...]]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)


SORTING = {"spikes.npz": SEALED, "waveforms.npz": SEALED, "units.csv": CUT, "run.json": CUT}
MAP = {
    "mean.tif": CUT,
    "voxels.npy": CUT,
    "series.npy": CUT,
    "labels_by_k.npy": CUT,
    "similarity_by_k.npy": CUT,
    "centroids_by_k.csv": CUT,
    "palettes.csv": (without_end, empty, rubbish),
    "sweep.csv": CUT,
    "colors.csv": CUT,
    "run.json": CUT,
}
FIT = {"model.npz": SEALED, "model.json": SEALED}
BUNDLE = {"manifest.json": CUT, "card.json": SEALED, "arrays.npz": SEALED}
CASES = (
    Case("spikes review", "sorting", "spikes/units", SORTING),
    Case(
        "spikes review",
        "sorting",
        "spikes/units-curated",
        {**SORTING, "curation.jsonl": (rubbish,)},
        others={"curation": "curation.jsonl"},
    ),
    Case("spikes label", "units", "spikes/units", SORTING),
    Case("spikes export", "sorting", "spikes/units-labelled", SORTING, {"format": "csv"}),
    Case("spikes export", "sorting", "spikes/curated", SORTING, {"format": "phy"}),
    Case(
        "spikes curate",
        "sorting",
        "spikes/units-curated",
        {**SORTING, "curation.jsonl": (rubbish,)},
    ),
    Case("spikes training-table", "curated", "spikes/curated", SORTING),
    Case(
        "spikes sort",
        "earlier",
        "spikes/units",
        dict.fromkeys(("spikes.npz", "waveforms.npz", "snippets.npz", "clouds.npz"), SEALED),
        {"min_spikes": 20},
        {"recording": "lab/recording"},
    ),
    Case("synapses train", "fit", "synapses/hdbscan", FIT),
    Case(
        "synapses predict", "bundle", "synapses/random-forest", BUNDLE, {}, {"table": "lab/new.csv"}
    ),
    Case("brainmap export", "map", "brainmap/kmeans", MAP, {"formats": ["csv"]}),
    Case("brainmap colorize", "map", "brainmap/kmeans", MAP),
    Case(
        "brainmap correlate",
        "map",
        "brainmap/kmeans",
        {"centroids_by_k.csv": (empty, rubbish), "colors.csv": (empty, rubbish)},
        {"source": "cluster"},
        {"images": "lab/film.npy"},
    ),
)


def named(case: Case, file: str, damage: Callable[[bytes], bytes]) -> str:
    return f"{case.task}-{Path(case.folder).name}-{file}-{damage.__name__}"


def every() -> Iterator[Any]:
    for case in CASES:
        for file, damages in case.files.items():
            for damage in damages:
                yield pytest.param(case, file, damage, id=named(case, file, damage))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("written"), "lab", "spikes", "synapses", "brainmap")


def damaged(
    written: Path, folder: str, file: str, damage: Callable[[bytes], bytes], to: Path
) -> Path:
    """A copy of a folder, one file of which is damaged."""
    copy = to / "copy"
    shutil.copytree(written / folder, copy, ignore=shutil.ignore_patterns("analyzer.zarr"))
    (copy / file).write_bytes(damage((copy / file).read_bytes()))
    return copy


@pytest.mark.parametrize(("case", "file", "damage"), list(every()))
def test_a_damaged_result_is_one_sentence_and_leaves_nothing(
    case: Case, file: str, damage: Callable[[bytes], bytes], written: Path, tmp_path: Path
) -> None:
    copy = damaged(written, case.folder, file, damage, tmp_path)
    others = {
        name: copy / other if name == "curation" else written / other
        for name, other in case.others.items()
    }
    with pytest.raises(NeuroboardError) as caught:
        tasks.run(case.task, {case.name: copy, **others}, case.parameters, tmp_path / "out")
    assert caught.value.exit_code == 2
    assert str(copy) in caught.value.sentence
    assert 40 < len(caught.value.sentence) < 600
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize("file", SORTING)
def test_where_a_recording_lies_is_not_kept_with_a_damaged_sorting(
    file: str, written: Path, tmp_path: Path
) -> None:
    copy = damaged(written, "spikes/units", file, half, tmp_path)
    with pytest.raises(NeuroboardError, match="copy"):
        locate(copy, written / "lab" / "recording")
    assert not (copy / "located.json").exists()


def test_a_damaged_sorting_ends_a_command_with_2_and_a_line(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = damaged(written, "spikes/units", "spikes.npz", half, tmp_path)
    before = (copy / "units.csv").read_bytes()
    step = ("step", str(copy), "label", "--units", "0", "--label", "good", "--author", "ann")
    assert main(["spikes", *step]) == 2
    said = capsys.readouterr().err
    assert "spikes.npz cannot be read: it is damaged or cut short" in said
    assert "BadZipFile" in said
    assert said.count("\n") == 1
    assert (copy / "units.csv").read_bytes() == before
    assert not (copy / "curation.jsonl").exists()


def test_files_of_two_sortings_are_not_mixed(written: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(written / "spikes" / "units", copy)
    shutil.copyfile(written / "spikes" / "units-odd" / "spikes.npz", copy / "spikes.npz")
    shutil.copyfile(written / "spikes" / "units-odd" / "waveforms.npz", copy / "waveforms.npz")
    with pytest.raises(NeuroboardError, match="does not agree with the other files"):
        tasks.run("spikes export", {"sorting": copy}, {}, tmp_path / "out")


# -- files that never end, and cells that are none


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_no_table(tmp_path: Path) -> None:
    pipe = tmp_path / "x.csv"
    os.mkfifo(pipe)
    with pytest.raises(NeuroboardError, match=r"x\.csv is a named pipe"):
        tasks.run("synapses check", {"table": pipe}, {}, tmp_path / "out")
    for read in (read_sheet, read_outline):
        with pytest.raises(TableError, match=r"x\.csv is a named pipe"):
            read(pipe)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
@pytest.mark.parametrize(
    ("task", "name"),
    [("synapses check", "table"), ("brainmap look", "images"), ("spikes look", "recording")],
)
@pytest.mark.parametrize("where", ["file", "folder"])
def test_a_link_to_a_device_is_refused_by_all_three_pipelines(
    task: str, name: str, where: str, tmp_path: Path
) -> None:
    link = tmp_path / "given" / "x.dat"
    link.parent.mkdir()
    link.symlink_to("/dev/zero")
    given = link if where == "file" else link.parent
    with pytest.raises(NeuroboardError, match=r"a device or a socket|points out of"):
        tasks.run(task, {name: given}, {}, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


def test_text_that_is_no_utf_8_in_parquet_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"NeuronId": ["abcdefgh"] * 3, "SynArea": [1.0] * 3}), file)
    content = file.read_bytes()
    file.write_bytes(content.replace(b"abcdefgh", b"abc\xff\xfefgh"))
    with pytest.raises(TableError, match=r"a\.parquet"):
        read_sheet(file)


def test_a_number_of_400_digits_in_a_cell_is_no_number(tmp_path: Path) -> None:
    from pipelines.synapses.formats.cells import number

    assert pd.isna(number(10**400))
