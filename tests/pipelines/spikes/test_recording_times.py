"""Gaps and start times of recordings, from their files into every table and export."""

import gc
import json
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pynwb import NWBHDF5IO, NWBFile
from pynwb.ecephys import ElectricalSeries
from spikeinterface.core import NumpyRecording, load_sorting_analyzer

from pipelines.core.errors import ParameterError, RecordingError
from pipelines.core.progress import silent
from pipelines.spikes.curation.log import Log, curate, read_start
from pipelines.spikes.curation.steps import CurationStep
from pipelines.spikes.formats.saved import BINARY_CLASSES
from pipelines.spikes.formats.segments import time_notes, timeline_of
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.recording.parameters import RecordingParameters
from pipelines.spikes.signal.spike_waveforms import open_signal, spread_waveforms, unit_waveforms
from pipelines.spikes.units.folder import read_finished
from pipelines.tasks import run
from tests.pipelines.spikes import writers

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

RATE = writers.RATE
GAIN = 0.195
SECONDS = 6
N = int(SECONDS * RATE)
PARAMETERS = RecordingParameters()


def part(seed: int, at_end: float | None = None) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """Noise of 8 uV on one wire with 20 spikes a second, and where these are, in samples.

    With `at_end` there is one more, so many seconds before the end.
    """
    random = np.random.default_rng(seed)
    signal = random.normal(0, 8 / GAIN, N)
    spikes = (np.arange(0.05, SECONDS - 0.05, 0.05) * RATE).astype(np.int64)
    spikes += random.integers(-100, 100, len(spikes))
    if at_end is not None:
        spikes = np.append(spikes, N - round(at_end * RATE))
    offsets = np.arange(-10, 20)
    shape = -150 / GAIN * np.exp(-((offsets / 4) ** 2))
    for spike in spikes:
        here = (spike + offsets >= 0) & (spike + offsets < N)
        signal[spike + offsets[here]] += shape[here]
    return signal.astype(np.int16)[:, None], spikes


def nwb(file: Path, values: NDArray[np.int16], **times: Any) -> Path:
    root = NWBFile("x", file.name, datetime(2026, 1, 1, tzinfo=UTC))
    device = root.create_device("d")
    group = root.create_electrode_group("g", description="g", location="l", device=device)
    root.add_electrode(group=group, location="l", rel_x=0.0, rel_y=0.0)
    region = root.create_electrode_table_region([0], "all")
    series = ElectricalSeries(
        name="ElectricalSeries", data=values, electrodes=region, conversion=GAIN * 1e-6, **times
    )
    root.add_acquisition(series)
    with NWBHDF5IO(str(file), "w") as stream:
        stream.write(root)
    return file


def saved(path: Path, parts: Sequence[NDArray[np.int16]], starts: Sequence[float | None]) -> Path:
    """A folder as SpikeInterface saves a recording."""
    path.mkdir()
    names = [f"traces_cached_seg{number}.raw" for number in range(len(parts))]
    for name, values in zip(names, parts, strict=True):
        values.tofile(path / name)
    kwargs = {
        "file_paths": names, "sampling_frequency": RATE, "t_starts": list(starts), "dtype": "int16",
        "num_channels": parts[0].shape[1], "gain_to_uV": GAIN, "offset_to_uV": 0.0,
    }  # fmt: skip
    described = {"class": BINARY_CLASSES[0], "kwargs": kwargs, "relative_paths": True}
    (path / "binary.json").write_text(json.dumps(described))
    return path


def saved_as_zarr(path: Path, parts: Sequence[NDArray[np.int16]], starts: Sequence[float]) -> Path:
    recording = NumpyRecording(list(parts), RATE, t_starts=list(starts))
    recording.set_channel_gains(GAIN)
    recording.set_channel_offsets(0.0)
    recording.save(folder=path, format="zarr", n_jobs=1, verbose=False, progress_bar=False)
    return path


def found_times(folder: Path, tmp_path: Path) -> NDArray[np.float64]:
    run("spikes export", {"sorting": folder}, {"format": "csv"}, tmp_path / "csv")
    return pd.read_csv(tmp_path / "csv" / "spike_times.csv")["time_s"].to_numpy()


def assert_near(found: NDArray[np.float64], true: NDArray[np.float64]) -> None:
    """Nearly every true spike is found, and nothing else, within 0.3 ms."""
    away = np.abs(found[:, None] - true[None]).min(axis=1)
    assert away.max() < 3e-4
    assert len(found) > 0.97 * len(true)


@pytest.mark.parametrize("form", ["binary", "zarr", "nwb", "open ephys"])
def test_spikes_on_both_sides_of_a_gap_have_the_time_of_the_recording(
    tmp_path: Path, form: str
) -> None:
    (a, in_a), (b, in_b) = part(1), part(2)
    true = np.concatenate([in_a / RATE, 106 + in_b / RATE])
    times = np.concatenate([np.arange(N) / RATE, 106 + np.arange(N) / RATE])
    if form == "nwb":
        path = nwb(tmp_path / "gap.nwb", np.concatenate([a, b]), timestamps=times)
    elif form == "open ephys":
        path = tmp_path / "oe"
        writers.open_ephys(path, a)
        writers.open_ephys(path, b, recording=2, first=106 * int(RATE))
    elif form == "zarr":
        path = saved_as_zarr(tmp_path / "rec.zarr", [a, b], [0.0, 106.0])
    else:
        path = saved(tmp_path / "rec", [a, b], [0.0, 106.0])
    out = tmp_path / "out"
    results = run("spikes sort", {"recording": path}, {}, out).results
    assert [(one["start_s"], one["length_s"]) for one in results["segments"]] == [
        (0.0, 6.0), (106.0, 6.0),
    ]  # fmt: skip
    words = "The recording has 2 segments with a gap of 100.0 s between them"
    assert results["notes"][0].startswith(words)
    assert words in (out / "report.html").read_text()
    assert results["duration_s"] == 12.0
    found = found_times(out, tmp_path)
    assert_near(found, true)
    units = pd.read_csv(out / "units.csv")
    assert units["firing_rate_hz"].sum() == pytest.approx(len(found) / 12.0, abs=1e-3)
    run("spikes export", {"sorting": out}, {"format": "nwb"}, tmp_path / "nwb")
    with h5py.File(tmp_path / "nwb" / "units.nwb") as root:
        assert np.sort(root["units/spike_times"][:]) == pytest.approx(np.sort(found), abs=1e-7)
        assert root["units/obs_intervals"][:2].tolist() == [[0.0, 6.0], [106.0, 112.0]]


def test_a_start_time_is_the_time_of_the_first_sample(tmp_path: Path) -> None:
    a, in_a = part(1)
    path = nwb(tmp_path / "a.nwb", a, starting_time=500.0, rate=RATE)
    results = run("spikes sort", {"recording": path}, {}, tmp_path / "out").results
    assert results["notes"] == [
        "The recording begins at 500 s of its own clock; all times are of that clock."
    ]
    assert_near(found_times(tmp_path / "out", tmp_path), 500 + in_a / RATE)


def test_a_spike_at_an_edge_is_cut_by_nothing(tmp_path: Path) -> None:
    """0.3 ms before a gap: its waveform would reach into what was recorded later."""
    (a, in_a), (b, in_b) = part(1, at_end=0.0003), part(2)
    path = saved(tmp_path / "rec", [a, b], [0.0, 106.0])
    run("spikes sort", {"recording": path}, {}, tmp_path / "out")
    sorting = read_finished(tmp_path / "out")
    before, after = 0.001 * RATE, 0.0015 * RATE
    samples = sorting.sample_index
    assert not ((samples > N - after) & (samples < N + before)).any()
    assert_near(sorting.timeline.seconds(samples), np.append(in_a[:-1] / RATE, 106 + in_b / RATE))
    at_edge = np.array([in_a[-1]])
    signal = open_signal(sorting)
    assert len(spread_waveforms(sorting, signal, at_edge, np.array([0]), 10)) == 0


def test_nothing_of_one_segment_is_filtered_into_another(tmp_path: Path) -> None:
    """A step of a thousand microvolts at the edge rings in a filter that goes across it."""
    (a, _), (b, _) = part(1), part(2)
    b = b + np.int16(5_000)
    path = saved(tmp_path / "rec", [a, b], [0.0, 106.0])
    run("spikes sort", {"recording": path}, {}, tmp_path / "out")
    signal = open_signal(read_finished(tmp_path / "out"))
    for start, stop in ((N - 2_000, N + 2_000), (N - 2_000, N), (N, N + 2_000)):
        chunk = signal.read(np.array([0]), start, stop)
        assert np.abs(chunk.traces).max() < 250
    bounds = [(chunk.start, chunk.stop) for chunk in signal.chunks(np.array([0]), 4.0)]
    assert bounds == [(0, 80_000), (80_000, N), (N, N + 80_000), (N + 80_000, 2 * N)]


def test_segments_without_a_start_follow_each_other_and_the_result_says_so(tmp_path: Path) -> None:
    (a, _), (b, _) = part(1), part(2)
    recording = read_recording(saved(tmp_path / "rec", [a, b], [None, None]), PARAMETERS)
    assert timeline_of(recording).intervals_s == [(0.0, 6.0), (6.0, 12.0)]
    assert time_notes(recording)[-1] == (
        "It does not say when its later segments began: they are taken one right after the other."
    )


def test_starts_that_a_person_states_count(tmp_path: Path) -> None:
    (a, _), (b, _) = part(1), part(2)
    path = saved(tmp_path / "rec", [a, b], [0.0, 3.0])
    with pytest.raises(RecordingError, match=r"begins at 3 s .* --set segment_starts_s=0,6"):
        read_recording(path, PARAMETERS)
    stated = RecordingParameters(segment_starts_s="0, 130")
    recording = read_recording(path, stated)
    assert timeline_of(recording).intervals_s == [(0.0, 6.0), (130.0, 136.0)]
    with pytest.raises(ParameterError, match="3 values, but the recording has 2 segments"):
        read_recording(path, RecordingParameters(segment_starts_s="0,1,2"))
    with pytest.raises(ParameterError, match="seconds divided by commas"):
        read_recording(path, RecordingParameters(segment_starts_s="0;1"))


def test_segments_are_put_into_the_order_of_their_times(tmp_path: Path) -> None:
    (a, _), (b, _) = part(1), part(2)
    recording = read_recording(saved(tmp_path / "rec", [b, a], [106.0, 0.0]), PARAMETERS)
    assert timeline_of(recording).intervals_s == [(0.0, 6.0), (106.0, 112.0)]
    assert np.array_equal(recording.get_traces(), np.concatenate([a, b]))
    assert time_notes(recording)[-1] == "Its segments were put into the order of their times."


def test_times_of_all_samples_in_a_saved_folder_are_read(tmp_path: Path) -> None:
    a, _ = part(1)
    path = saved(tmp_path / "rec", [a], [None])
    times = 3 + np.arange(N) / RATE
    times[N // 2 :] += 2.5
    np.save(path / "times_cached_seg0.npy", times)
    timeline = timeline_of(read_recording(path, PARAMETERS))
    assert timeline.intervals_s == [
        (3.0, pytest.approx(6.0)),
        (pytest.approx(8.5), pytest.approx(11.5)),
    ]
    np.save(path / "times_cached_seg0.npy", times[1:])
    with pytest.raises(RecordingError, match=r"119,999 times of the 120,000 samples"):
        read_recording(path, PARAMETERS)


def test_timestamps_give_the_rate_that_all_of_them_say(tmp_path: Path) -> None:
    """Rounded to microseconds, the first interval alone would say 20,000 Hz as 20,000 or 19,608."""
    a, _ = part(1)
    times = np.round(np.arange(N) / 24_414.0625, 6)
    recording = read_recording(nwb(tmp_path / "a.nwb", a, timestamps=times), PARAMETERS)
    assert recording.get_sampling_frequency() == pytest.approx(24_414.0625, rel=1e-5)
    assert len(timeline_of(recording).segments) == 1
    assert np.abs(timeline_of(recording).seconds(np.arange(N)) - times).max() < 2e-6


@pytest.mark.parametrize("step", [1e-6, 1e-5, 1e-4, 1e-3])
def test_rounded_timestamps_give_the_rate_too(tmp_path: Path, step: float) -> None:
    values, spikes = part(1)
    times = np.round((7 + np.arange(N) / RATE) / step) * step
    path = nwb(tmp_path / "rounded.nwb", values, timestamps=times)
    parameters = RecordingParameters(segment_starts_s="7")
    rate = read_recording(path, parameters).get_sampling_frequency()
    assert rate == pytest.approx(RATE, rel=2e-6)
    if step < 1e-4:  # those of coarser ones jump all the time
        run("spikes sort", {"recording": path}, {}, tmp_path / "out")
        assert_near(found_times(tmp_path / "out", tmp_path), 7 + spikes / RATE)


def test_a_clock_that_changes_its_pace_is_sorted(tmp_path: Path) -> None:
    values, spikes = part(1)
    times = np.cumsum(np.where(np.arange(N) < N // 2, 1.0, 1.0001)) / RATE
    path = nwb(tmp_path / "pace.nwb", values, timestamps=times)
    run("spikes sort", {"recording": path}, {}, tmp_path / "out")
    assert_near(found_times(tmp_path / "out", tmp_path), times[spikes])


@pytest.mark.parametrize("times", ["a time", "the start"])
def test_times_that_are_no_numbers_are_asked_for(tmp_path: Path, times: str) -> None:
    values = part(1)[0]
    stamps = np.arange(N) / RATE
    stamps[50] = np.nan
    said = {"a time": {"timestamps": stamps}, "the start": {"rate": RATE, "starting_time": np.nan}}
    path = nwb(tmp_path / "nan.nwb", values, **said[times])
    with pytest.raises(RecordingError, match=r"nan.nwb has times that are no numbers.*starts_s=0"):
        read_recording(path, PARAMETERS)
    found = timeline_of(read_recording(path, RecordingParameters(segment_starts_s="3")))
    assert (found.start_s, found.stop_s) == (3.0, 3.0 + SECONDS)


@pytest.mark.parametrize(
    ("starts", "taken"), [([10.0, None], [10.0, 10.0 + SECONDS]), ([None, 100.0], [0.0, 100.0])]
)
def test_a_start_that_is_missing_among_others_is_said(
    tmp_path: Path, starts: list[float | None], taken: list[float]
) -> None:
    path = saved(tmp_path / "rec", [part(1)[0], part(2)[0]], starts)
    recording = read_recording(path, PARAMETERS)
    assert [one.start_s for one in timeline_of(recording).segments] == taken
    assert "It does not say when 1 of its 2 segments began" in time_notes(recording)[-1]


def test_frames_that_open_ephys_dropped_are_a_gap(tmp_path: Path) -> None:
    a, _ = part(1)
    writers.open_ephys(tmp_path / "oe", a, dropped=(40_000, 200))
    timeline = timeline_of(read_recording(tmp_path / "oe", PARAMETERS))
    assert [one.first_sample for one in timeline.segments] == [0, 40_000]
    assert timeline.gaps_s == [(pytest.approx(2.0), pytest.approx(2.01))]


def test_the_end_is_a_time_of_the_recordings_clock(tmp_path: Path) -> None:
    (a, _), (b, _) = part(1), part(2)
    path = saved(tmp_path / "rec", [a, b], [50.0, 106.0])
    out = tmp_path / "out"
    results = run("spikes sort", {"recording": path}, {"end_s": 108.0}, out).results
    assert [one["length_s"] for one in results["segments"]] == [6.0, 2.0]
    with pytest.raises(RecordingError, match="begins at 50 s"):
        run("spikes sort", {"recording": path}, {"end_s": 8.0}, tmp_path / "other")


def test_a_record_of_a_run_has_the_segments_and_curated_units_keep_them(tmp_path: Path) -> None:
    (a, _), (b, _) = part(1), part(2)
    path = saved(tmp_path / "rec", [a, b], [0.0, 106.0])
    out = tmp_path / "out"
    run("spikes sort", {"recording": path}, {}, out)
    record = json.loads((out / "run.json").read_text())
    assert [one["start_s"] for one in record["results"]["segments"]] == [0.0, 106.0]
    sorting = read_finished(out)
    places = {0: np.flatnonzero(sorting.unit_id == 0)}
    signal = open_signal(sorting)
    shapes = {0: sorting.mean[0]}
    _, waves = next(unit_waveforms(sorting, signal, places, shapes, silent))
    assert np.abs(waves.values).max() < 250


# -- SpikeInterface's sorters and analyzers


@pytest.fixture(scope="module")
def two_wires(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, NDArray[np.float64]]:
    """Three segments, the middle one of 20 samples, and the times of all spikes."""
    (one, in_one), (two, in_two), (three, in_three), (four, in_four) = map(part, range(1, 5))
    a, b = np.hstack([one, two]), np.hstack([three, four])
    path = saved(tmp_path_factory.mktemp("wires") / "rec", [a, a[:20], b], [0.0, 50.0, 106.0])
    early, late = np.concatenate([in_one, in_two]), np.concatenate([in_three, in_four])
    return path, np.concatenate([early / RATE, 106 + late / RATE])


def test_other_sorters_find_the_spikes_of_every_segment(
    two_wires: tuple[Path, NDArray[np.float64]], tmp_path: Path
) -> None:
    path, true = two_wires
    run("spikes sort", {"recording": path}, {"sorter": "tridesclous2"}, tmp_path / "out")
    assert_near(found_times(tmp_path / "out", tmp_path), true)


def test_the_analyzer_has_segments_with_their_start_and_carries_a_curation(
    two_wires: tuple[Path, NDArray[np.float64]], tmp_path: Path
) -> None:
    path, _ = two_wires
    out = tmp_path / "out"
    run("spikes sort", {"recording": path}, {}, out)
    analyzer = load_sorting_analyzer(out / "analyzer.zarr")
    recording = analyzer.recording
    starts = [recording.get_start_time(number) for number in range(analyzer.get_num_segments())]
    assert starts == pytest.approx([0.0, 50.0, 106.0])
    sorting = read_finished(out)
    times = [
        starts[number] + analyzer.sorting.get_unit_spike_train(0, number) / RATE
        for number in range(3)
    ]
    own = sorting.sample_index[sorting.unit_id == 0]
    assert np.concatenate(times) == pytest.approx(sorting.timeline.seconds(own))
    start, digest = read_start(out)
    log = Log(tmp_path / "steps.jsonl", digest)
    half = tuple(start.spikes_of(0)[::2].tolist())
    curate(log, start, CurationStep("split", "ada", (0,), spikes=(half,)))
    inputs = {"sorting": out, "curation": log.file}
    run("spikes curate", inputs, {"only": "unlabelled"}, tmp_path / "curated")
    curated = read_finished(tmp_path / "curated")
    carried = load_sorting_analyzer(tmp_path / "curated" / "analyzer.zarr")
    assert curated.timeline == sorting.timeline
    for unit in carried.unit_ids:
        own = curated.timeline.seconds(curated.sample_index[curated.unit_id == unit])
        found = [
            starts[number] + carried.sorting.get_unit_spike_train(unit, number) / RATE
            for number in range(3)
        ]
        assert np.concatenate(found) == pytest.approx(own)


# -- acquisition systems: two seconds, of which the second begins later


def segments(path: Path) -> list[tuple[int, float]]:
    """First sample and start of every segment."""
    timeline = timeline_of(read_recording(path, PARAMETERS))
    gc.collect()  # the neo library leaves its files open; here the warning of that is expected
    return [(one.first_sample, round(one.start_s, 6)) for one in timeline.segments]


@pytest.mark.parametrize("write", [writers.intan_per_signal, writers.intan_per_channel])
def test_the_time_stamps_of_intan_jump_over_a_pause(
    tmp_path: Path, write: Callable[[Path, NDArray[np.int16]], None]
) -> None:
    values = writers.traces(2, 2.0)
    write(tmp_path / "intan", values)
    numbers = np.arange(len(values), dtype=np.int32) + 1_000
    numbers[20_000:] += 100_000
    numbers.tofile(tmp_path / "intan" / "time.dat")
    assert segments(tmp_path / "intan") == [(0, 0.05), (20_000, 6.05)]


def test_the_records_of_neuralynx_have_the_time_of_the_session(tmp_path: Path) -> None:
    writers.neuralynx(tmp_path / "nlx", writers.traces(2, 2.0))
    record = np.dtype([("time", "<u8"), ("rest", "V12"), ("samples", "<i2", 512)])
    for file in (tmp_path / "nlx").glob("*.ncs"):
        content = file.read_bytes()
        records = np.frombuffer(content[16_384:], record).copy()
        records["time"] += 8_000_000
        records["time"][40:] += 3_000_000
        file.write_bytes(content[:16_384] + records.tobytes())
    assert segments(tmp_path / "nlx") == [(0, 8.0), (40 * 512, 12.024)]


def test_a_pause_of_blackrock_is_a_gap(tmp_path: Path) -> None:
    values = writers.traces(2, 2.0)
    writers.blackrock(tmp_path / "a.ns5", values, period=1)
    content = (tmp_path / "a.ns5").read_bytes()
    header = content[: -values.nbytes - 9]
    parts = [(3_000, values[:20_000]), (113_000, values[20_000:])]
    blocks = [struct.pack("<BII", 1, time, len(part)) + part.tobytes() for time, part in parts]
    (tmp_path / "a.ns5").write_bytes(header + b"".join(blocks))
    assert segments(tmp_path / "a.ns5") == [(0, 0.1), (20_000, 3.766667)]


def test_triggers_of_spikeglx_begin_at_their_first_sample(tmp_path: Path) -> None:
    values = writers.traces(2, 2.0)
    folder = tmp_path / "run"
    writers.spikeglx(folder, values)
    meta = (folder / "run_g0_t0.nidq.meta").read_text()
    for trigger, first in ((0, 200_000), (1, 900_000)):
        text = meta.replace("_t0", f"_t{trigger}").replace("Sample=0", f"Sample={first}")
        (folder / f"run_g0_t{trigger}.nidq.meta").write_text(text)
        values.tofile(folder / f"run_g0_t{trigger}.nidq.bin")
    assert segments(folder) == [(0, 10.0), (40_000, 45.0)]
