"""Several recordings in one place are listed and asked for, and joined when a person says so."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.errors import RecordingError
from pipelines.core.formats import in_order
from pipelines.spikes.formats.candidates import began_of_name
from pipelines.spikes.formats.segments import time_notes, timeline_of
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.reading.read import read_recording
from tests.pipelines.spikes import writers

A, B = writers.traces(seconds=0.3, seed=1)[:5888], writers.traces(seconds=0.3, seed=2)[:5888]
"""46 blocks of Intan, 11.5 of Neuralynx."""
RAW: dict[str, object] = {"sampling_frequency": writers.RATE, "num_channels": 4, "gain_uv": 0.195}
N = len(A)
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


def read(path: Path, **values: object) -> np.ndarray:
    return signed(read_recording(path, SpikesParameters(**values)).get_traces())


def question(path: Path, **values: object) -> str:
    with pytest.raises(RecordingError) as caught:
        read(path, **values)
    assert "np.str_" not in caught.value.sentence
    return caught.value.sentence


def signed(traces: np.ndarray) -> np.ndarray:
    """Intan's own files count from 32768."""
    return traces.astype(np.int32) - 32768 if traces.dtype == np.uint16 else traces


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """The neo library leaves Blackrock's files to be closed whenever they are collected."""
    yield
    gc.collect()


def raw(folder: Path) -> None:
    A.tofile(folder / "a.dat")
    B.tofile(folder / "b.dat")


def intan(folder: Path) -> None:
    writers.intan_traditional(folder / "rat1_240101_100000.rhd", A)
    writers.intan_traditional(folder / "rat2_240101_110000.rhd", B)


def spikeglx_gates(folder: Path) -> None:
    writers.spikeglx(folder / "run_g0", A, "run_g0_t0")
    writers.spikeglx(folder / "run_g1", B, "run_g1_t0", first=100_000)


def spikeglx_runs(folder: Path) -> None:
    writers.spikeglx(folder, A, "mouse1_g0_t0")
    writers.spikeglx(folder, B, "mouse2_g0_t0")


def open_ephys_experiments(folder: Path) -> None:
    for number, values in ((1, A), (2, B)):
        writers.open_ephys(folder, values, experiment=number)


def open_ephys_nodes(folder: Path) -> None:
    for number, values in ((101, A), (103, B)):
        writers.open_ephys(folder, values, node=number)


def open_ephys_sessions(folder: Path) -> None:
    for name, values in (("2024-01-01_10-00-00", A), ("2024-01-02_10-00-00", B)):
        writers.open_ephys(folder / name, values)


def nwb(folder: Path) -> None:
    writers.nwb(folder / "a.nwb", A)
    writers.nwb(folder / "B.NWB", B)


def neuralynx(folder: Path) -> None:
    writers.neuralynx(folder / "one", A)
    writers.neuralynx(folder / "two", B)
    for file in (folder / "two").iterdir():
        file.rename(folder / f"{file.stem}_0001.ncs")
    for file in (folder / "one").iterdir():
        file.rename(folder / file.name)


def blackrock(folder: Path) -> None:
    writers.blackrock(folder / "a.ns5", A)
    writers.blackrock(folder / "b.ns5", B)


def mearec(folder: Path) -> None:
    writers.mearec(folder / "a.h5", A.astype(np.float32))
    writers.mearec(folder / "b.h5", B.astype(np.float32))


KINDS: dict[Callable[[Path], None], tuple[str, str, dict[str, object]]] = {
    raw: ("a.dat", "b.dat", RAW),
    intan: ("rat1_240101_100000.rhd", "rat2_240101_110000.rhd", {}),
    spikeglx_gates: ("run_g0", "run_g1", {}),
    spikeglx_runs: ("mouse1_g0", "mouse2_g0", {}),
    open_ephys_experiments: ("experiment1", "experiment2", {}),
    open_ephys_nodes: ("Record Node 101", "Record Node 103", {}),
    open_ephys_sessions: ("2024-01-01_10-00-00", "2024-01-02_10-00-00", {}),
    nwb: ("a.nwb", "B.NWB", {}),
    neuralynx: ("CSC1.ncs", "CSC1_0001.ncs", {}),
    blackrock: ("a", "b", {}),
    mearec: ("a.h5", "b.h5", {}),
}


@pytest.mark.parametrize("write", KINDS, ids=lambda kind: kind.__name__)
def test_two_recordings_are_asked_for_by_name_and_each_name_opens_one(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    first, second, values = KINDS[write]
    folder = tmp_path / "day 1"
    folder.mkdir()
    write(folder)
    asked = question(folder, **values)
    assert f"{first}, {second}: " in asked
    assert "--set session=" in asked
    for name, there in ((first, A), (second, B)):
        found = read(folder, session=name, **values)
        assert np.allclose(found, there[: len(found)])
        assert len(found) > N - 512
    assert f"{first}, {second}" in question(folder, session="another", **values)


@pytest.mark.parametrize(
    ("write", "gap_s"),
    [
        (intan, 3600 - N / writers.RATE),  # the names say when
        (spikeglx_gates, (100_000 - N) / writers.RATE),  # one clock counts through the run
        (open_ephys_sessions, 86_400 - N / writers.RATE),
        (raw, 0.0),
        (mearec, 0.0),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_two_recordings_are_joined_on_request_in_the_order_of_their_times(
    write: Callable[[Path], None], gap_s: float, tmp_path: Path
) -> None:
    write(tmp_path)
    recording = read_recording(tmp_path, SpikesParameters(join=True, **KINDS[write][2]))
    assert np.allclose(signed(recording.get_traces()), np.concatenate([A, B]))
    one, two = timeline_of(recording).segments
    assert two.start_s - one.stop_s == pytest.approx(gap_s, abs=1e-6)
    notes = " ".join(time_notes(recording))
    assert "2 recordings were joined as asked for" in notes
    assert ("not all say when they began" in notes) == (gap_s == 0)


def test_files_without_times_are_joined_as_a_person_orders_them(tmp_path: Path) -> None:
    raw(tmp_path)
    B[:100].tofile(tmp_path / "c.dat")
    found = read(tmp_path, session="b.dat, a.dat", join="yes", **RAW)
    assert np.array_equal(found, np.concatenate([B, A]))


def test_other_channels_or_gains_are_not_joined(tmp_path: Path) -> None:
    writers.intan_traditional(tmp_path / "a_240101_100000.rhd", A)
    writers.intan_traditional(tmp_path / "b_240101_110000.rhd", B[:, :2])
    assert "differ in channels (4 and 2)" in question(tmp_path, join=True)


def test_two_probes_are_signals_of_one_time_and_never_joined(tmp_path: Path) -> None:
    open_ephys_nodes(tmp_path)
    assert "holds the signals" in question(tmp_path)
    assert "join them" not in question(tmp_path)
    assert "join=yes joins one signal over time" in question(tmp_path, join=True)


def test_every_name_in_a_second_question_opens_one(tmp_path: Path) -> None:
    for node in (101, 103):
        for experiment in (1, 2):
            writers.open_ephys(tmp_path, A, node=node, experiment=experiment)
    asked = question(tmp_path, session="experiment1")
    assert "Record Node 101/experiment1, Record Node 103/experiment1: " in asked
    assert np.array_equal(read(tmp_path, session="Record Node 103/experiment1"), A)
    signal = "Record Node 101#Rhythm_FPGA-100.0"
    assert f'--set session="{signal}" --set join=yes' in question(tmp_path)
    assert len(read(tmp_path, session=signal, join=True)) == 2 * N


def test_nwb_files_are_joined_by_their_session_start_times(tmp_path: Path) -> None:
    import h5py

    for name, values, began in (
        ("a.nwb", B, "2024-01-01T12:00:00+02:00"),
        ("b.nwb", A, "2024-01-01T09:59:00+00:00"),
    ):
        writers.nwb(tmp_path / name, values)
        with h5py.File(tmp_path / name, "r+") as root:
            root["session_start_time"] = began
    recording = read_recording(tmp_path, SpikesParameters(join=True))
    assert np.array_equal(recording.get_traces(), np.concatenate([A, B]))
    assert [one.start_s for one in timeline_of(recording).segments] == [0.0, 60.0]


def test_folders_of_several_sessions_are_named(tmp_path: Path) -> None:
    for name in ("rat10", "rat2"):
        writers.intan_per_signal(tmp_path / name, A)
    assert f"did you mean {tmp_path / 'rat2'}, {tmp_path / 'rat10'}" in question(tmp_path)


def test_intans_files_of_one_recording_are_joined_and_said_and_others_are_not(
    tmp_path: Path,
) -> None:
    for minute, first in ((0, 0), (1, N), (2, 2 * N)):
        writers.intan_traditional(tmp_path / f"rat_240101_100{minute}00.rhd", A, first=first)
    recording = read_recording(tmp_path, SpikesParameters())
    assert recording.get_num_samples() == 3 * N
    assert len(timeline_of(recording).segments) == 1
    assert "3 files, rat_240101_100000.rhd to rat_240101_100200.rhd" in time_notes(recording)[0]
    writers.intan_traditional(tmp_path / "rat_240102_100000.rhd", B)
    assert "rat_240101_100000.rhd, rat_240102_100000.rhd: " in question(tmp_path)
    found = read(tmp_path, session="rat_240101_100000.rhd")
    assert len(found) == 3 * N


def test_triggers_of_one_gate_are_segments_of_one_recording(tmp_path: Path) -> None:
    writers.spikeglx(tmp_path, A, "run_g0_t0")
    writers.spikeglx(tmp_path, B, "run_g0_t1", first=50_000)
    recording = read_recording(tmp_path, SpikesParameters())
    assert np.array_equal(recording.get_traces(), np.concatenate([A, B]))
    assert [one.start_s for one in timeline_of(recording).segments] == [0.0, 2.5]


def test_several_series_of_one_nwb_file_are_told_apart_and_slow_ones_left(tmp_path: Path) -> None:
    import h5py

    file = tmp_path / "a.nwb"
    writers.nwb(file, A)
    with h5py.File(file, "r+") as root:
        root.copy("acquisition/ElectricalSeries", root["acquisition"], name="LFP")
        root["acquisition/LFP/starting_time"].attrs["rate"] = 1250.0
    assert np.array_equal(read(file), A)
    with h5py.File(file, "r+") as root:
        root.copy("acquisition/ElectricalSeries", root["acquisition"], name="Probe B")
        root["acquisition/Probe B/data"][...] = B
    assert "signals acquisition/ElectricalSeries, acquisition/Probe B: " in question(file)
    assert np.array_equal(read(file, session="acquisition/Probe B"), B)


@pytest.mark.parametrize("write", KINDS, ids=lambda kind: kind.__name__)
def test_hidden_files_that_macos_leaves_do_not_count(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    first, _, values = KINDS[write]
    write(tmp_path)
    for file in [file for file in tmp_path.rglob("*") if file.is_file()]:
        (file.parent / f"._{file.name}").write_bytes(b"\0\5\26\7" + bytes(100))
    (tmp_path / ".DS_Store").write_bytes(bytes(100))
    found = read(tmp_path, session=first, **values)
    assert np.allclose(found, A[: len(found)])


def test_many_files_are_listed_as_far_as_one_reads(tmp_path: Path) -> None:
    for number in range(25):
        A[:100].tofile(tmp_path / f"day{number}.raw")
    asked = question(tmp_path, **RAW)
    assert "day0.raw, day1.raw, day2.raw" in asked
    assert "day9.raw and 15 more: " in asked


def test_files_of_two_formats_are_asked_for(tmp_path: Path) -> None:
    writers.nwb(tmp_path / "a.nwb", A)
    B.tofile(tmp_path / "b.DAT")
    assert "several formats, a.nwb, b.DAT: give one file" in question(tmp_path, **RAW)
    assert np.array_equal(read(tmp_path, session="a.nwb", **RAW), A)
    assert np.array_equal(read(tmp_path, session="b.DAT", **RAW), B)


def test_a_raw_file_among_other_things_is_found_and_needs_no_name(tmp_path: Path) -> None:
    A.tofile(tmp_path / "a.DAT")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "sub.dat").mkdir()
    assert np.array_equal(read(tmp_path, **RAW), A)
    (tmp_path / "a.DAT").rename(tmp_path / "renamed.dat")
    assert np.array_equal(read(tmp_path / "renamed.dat", session="a.DAT", **RAW), A)


def test_names_say_when_recording_began_and_are_sorted_as_people_count() -> None:
    began = began_of_name("rat_240131_235959")
    assert began is not None
    assert began.isoformat() == "2024-01-31T23:59:59"
    assert began_of_name("rat_241331_235959") is None
    assert sorted(["e10", "e2", "E1"], key=in_order) == ["E1", "e2", "e10"]
