"""The folder of a sorting has one owner: its content is declared, versioned, read on demand."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.core.errors import InputError, TableError
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.units import files
from pipelines.spikes.units.folder import VERSION, SortingFolder, read_finished
from pipelines.spikes.units.sorting import SingleWaveforms, Spikes, Waveforms

REPOSITORY = Path(__file__).resolve().parents[3]
NAMES = (
    *(files.UNITS, files.GROUPS, files.SORT_FILE, files.BAD_SAMPLES),
    *(files.SPIKES, files.WAVEFORMS, files.SNIPPETS, files.CLOUDS),
    *(files.RECORDED, files.SOURCE, files.LOCATED, files.ANALYZER),
)
CHANNELS = np.array(["01", "1e5", "NA"])


def write(path: Path, *, version: int | None = VERSION) -> SortingFolder:
    """A small sorting of three channels, two units and five spikes."""
    folder = SortingFolder(path)
    folder.write_units(
        pd.DataFrame(
            {
                **{"unit_id": [0, 7], "channel": ["1e5", "NA"], "n_spikes": [3, 2]},
                **{"snr": [8.0, 6.5], "amplitude_uv": [80.0, 65.0], "group": [0, 0]},
                "cluster": [1, 0],
            }
        )
    )
    ids = np.array([0, 7, 0, 7, 0], np.int32)
    folder.write_spikes(Spikes(np.arange(5) * 100, ids, np.full(5, 70, np.float32)))
    mean = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
    ms, places = np.arange(4) / 20, np.zeros((3, 2))
    waves = Waveforms(mean, abs(mean), np.array([0, 7], np.int32), ms, CHANNELS, places)
    folder.write_waveforms(waves)
    values = np.full((2, 3, 4, 2), np.nan, np.float16)
    values[0, :2, :, :1], values[1] = 1, 2
    folder.write_snippets(SingleWaveforms(values, np.array([[1, -1], [2, 0]], np.int32)))
    results = {"duration_s": 1.0, "sampling_frequency": 20_000.0, "n_samples": 20_000}
    item = {"name": "recording", "path": "there.dat", "sha256": "", "size": 3}
    record: dict[str, Any] = {"pipeline": "spikes sort", "parameters": {"freq_min": 250.0}}
    record |= {"inputs": [item], "results": results, "started": "2026-01-01T00:00:00+00:00"}
    record |= {} if version is None else {"folder_version": version}
    folder.file("run.json").write_text(json.dumps(record))
    return folder


def change_record(folder: SortingFolder, change: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads(folder.file("run.json").read_text())
    change(record)
    folder.file("run.json").write_text(json.dumps(record))


@pytest.fixture
def small(tmp_path: Path) -> SortingFolder:
    write(tmp_path)
    return SortingFolder(tmp_path)


def test_what_was_written_is_read(small: SortingFolder) -> None:
    found = small.whole()
    assert found.units["channel"].tolist() == ["1e5", "NA"]
    assert found.channel_id.tolist() == CHANNELS.tolist()
    assert found.parameters.freq_min == 250
    assert small.spikes.of(7).sample_index.tolist() == [100, 300]
    assert found.clock.refractory_s == found.parameters.refractory_ms / 1000
    assert small.snippets is not None
    values, columns = small.snippets.of(0)
    assert (values.shape, columns.tolist()) == ((2, 4, 1), [1])


def test_only_what_is_asked_for_is_opened(small: SortingFolder) -> None:
    """A page of spikes is drawn although all other files are rubbish."""
    for file in small.path.iterdir():
        if file.name != files.SPIKES:
            file.write_bytes(b"\x00rubbish")
    assert list(small.spikes.trains()) == [0, 7]
    with pytest.raises(InputError, match=r"waveforms\.npz"):
        _ = small.waveforms


names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(names.filter(lambda text: text[0] not in "'=+-@"), min_size=1, max_size=4))
def test_names_of_channels_are_text_whatever_they_look_like(
    tmp_path: Path, channels: list[str]
) -> None:
    folder = SortingFolder(tmp_path)
    ids = list(range(len(channels)))
    folder.write_units(pd.DataFrame({"unit_id": ids, "channel": channels, "n_spikes": ids}))
    units = SortingFolder(tmp_path).units
    assert units["channel"].tolist() == channels
    assert units["unit_id"].tolist() == ids


# -- versions


def test_folders_say_their_version_apart_from_their_figures(sorting: Path) -> None:
    record = json.loads((sorting / "run.json").read_text())
    assert record["folder_version"] == VERSION
    assert "folder_version" not in record["results"]


def test_a_folder_that_says_no_version_is_of_the_first(tmp_path: Path) -> None:
    folder = write(tmp_path, version=None)
    change_record(folder, lambda record: record["results"].pop("n_samples"))
    record = SortingFolder(tmp_path).record
    assert (record.version, record.results["n_samples"]) == (1, 20_000)


def test_a_folder_of_a_later_version_is_refused_in_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, version=VERSION + 1)
    with pytest.raises(InputError, match=r"later version of Neuroboard.*install that version"):
        read_finished(tmp_path)


@pytest.mark.parametrize("version", ["two", -1, 0, 1.5, None, True, [], 10**30])
def test_a_version_that_is_none_is_damage(tmp_path: Path, version: object) -> None:
    folder = write(tmp_path)
    change_record(folder, lambda record: record.update(folder_version=version))
    with pytest.raises(InputError, match=r"run\.json|later version"):
        read_finished(tmp_path)


def test_a_parameter_that_is_called_differently_today_keeps_its_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpikesParameters, "RENAMED", {"freq_low": "freq_min"})
    folder = write(tmp_path, version=None)
    change_record(folder, lambda record: record.update(parameters={"freq_low": 123.0}))
    found = read_finished(tmp_path)
    assert (found.parameters.freq_min, found.source.notes) == (123, ())
    target = SortingFolder(tmp_path / "curated")
    target.path.mkdir()
    target.write_source(found.source)
    assert json.loads(target.file(files.SOURCE).read_text())["parameters"]["freq_min"] == 123


def test_the_parameters_of_curated_units_are_renamed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpikesParameters, "RENAMED", {"freq_low": "freq_min"})
    folder = write(tmp_path, version=None)
    kept = {"recording": "there.dat", "parameters": {"freq_low": 99.0}}
    folder.file(files.SOURCE).write_text(json.dumps(kept))
    assert read_finished(tmp_path).parameters.freq_min == 99


def test_a_parameter_that_is_no_more_is_a_note(small: SortingFolder) -> None:
    change_record(small, lambda record: record.update(parameters={"whitening": "zca"}))
    found = read_finished(small.path)
    assert "sorted by another version with whitening" in found.source.notes[0]


# -- damage


def spikes(change: Callable[[dict[str, Any]], object]) -> Callable[[SortingFolder], None]:
    return arrays(files.SPIKES, change)


def arrays(
    name: str, change: Callable[[dict[str, Any]], object]
) -> Callable[[SortingFolder], None]:
    """Damage the arrays of a file."""

    def damage(folder: SortingFolder) -> None:
        with np.load(folder.file(name)) as stored:
            found = dict(stored)
        change(found)
        np.savez(folder.file(name), **found)

    return damage


def table(column: str, values: list[Any]) -> Callable[[SortingFolder], None]:
    """Damage a column of the table of units."""

    def damage(folder: SortingFolder) -> None:
        SortingFolder(folder.path).write_units(folder.units.assign(**{column: values}))

    return damage


DAMAGE: dict[str, tuple[str, Callable[[SortingFolder], None]]] = {
    "no units": ("spikes.npz", spikes(lambda found: found.pop("unit_id"))),
    "fractions": ("spikes.npz", spikes(lambda found: found.update(unit_id=np.ones(5)))),
    "another length": (
        "spikes.npz",
        spikes(lambda found: found.update(amplitude_uv=np.ones(4, np.float32))),
    ),
    "another axis": (
        "spikes.npz",
        spikes(lambda found: found.update(sample_index=np.ones((5, 1), np.int64))),
    ),
    "unit unknown": (
        "spikes.npz",
        spikes(lambda found: found.update(unit_id=np.full(5, 3, np.int32))),
    ),
    "channels as numbers": (
        "waveforms.npz",
        arrays("waveforms.npz", lambda found: found.update(channel_id=np.arange(3))),
    ),
    "fewer channels": (
        "waveforms.npz",
        arrays("waveforms.npz", lambda found: found.update(channel_id=CHANNELS[:2])),
    ),
    "complex means": (
        "waveforms.npz",
        arrays("waveforms.npz", lambda found: found.update(mean=found["mean"] * 1j)),
    ),
    "words for SNR": ("units.csv", table("snr", ["high", "low"])),
    "fractions of spikes": ("units.csv", table("n_spikes", [1.5, 2.0])),
    "a unit twice": ("does not agree with the other files", table("unit_id", [7, 7])),
    "another channel": ("units.csv", table("channel", ["1", "NA"])),
}


@pytest.mark.parametrize(("name", "damage"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_a_sentence_that_names_the_file(
    small: SortingFolder, name: str, damage: Callable[[SortingFolder], None]
) -> None:
    damage(small)
    with pytest.raises(InputError) as caught:
        read_finished(small.path)
    assert name in caught.value.sentence
    assert "\n" not in caught.value.sentence


def test_the_kind_of_error_and_the_advice_are_the_callers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no units\.csv"):
        SortingFolder(tmp_path).require()
    (tmp_path / files.SPIKES).write_bytes(b"PK")
    with pytest.raises(TableError, match="give a table"):
        _ = SortingFolder(tmp_path, TableError, "give a table").spikes


def test_a_table_that_is_replaced_half_way_stays_whole(small: SortingFolder) -> None:
    before = small.file(files.UNITS).read_bytes()

    def rows() -> Iterator[dict[str, str]]:
        yield {"unit_id": "0"}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small.replace_units(["unit_id"], rows())  # type: ignore[arg-type]
    assert small.file(files.UNITS).read_bytes() == before
    assert sorted(path.name for path in small.path.iterdir() if "half" in path.name) == []


def test_files_are_taken_over_to_the_letter(small: SortingFolder, tmp_path: Path) -> None:
    other = SortingFolder(tmp_path / "other")
    other.path.mkdir()
    other.take_over(small, files.UNITS, files.CLOUDS)
    assert [path.name for path in other.path.iterdir()] == [files.UNITS]
    shutil.rmtree(other.path)


# -- one owner


def named(file: Path) -> Iterator[str]:
    """The names of a sorting's files that a module writes as texts, docstrings aside."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    quiet = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet:
            yield from (name for name in NAMES if node.value.rpartition("/")[2] == name)


def test_nobody_but_the_owner_names_the_files_of_a_sorting() -> None:
    modules = [*(REPOSITORY / "pipelines").rglob("*.py"), *(REPOSITORY / "dashboard").rglob("*.py")]
    found = {
        file.relative_to(REPOSITORY).as_posix(): sorted(names)
        for file in modules
        if (names := set(named(file)))
    }
    assert found == {"pipelines/spikes/units/files.py": sorted(NAMES)}


def test_a_name_is_found_where_one_is_written(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        '"""About units.csv."""\nfile = folder / "units.csv"\nurl = "/x/spikes.npz"\n'
    )
    assert sorted(named(module)) == ["spikes.npz", "units.csv"]


def test_the_folder_needs_no_heavy_library() -> None:
    heavy = ("spikeinterface", "sklearn", "numba", "umap", "scipy")
    code = "import sys, pipelines.spikes.units.folder as _; print([*sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert not set(heavy) & set(ast.literal_eval(done.stdout))
