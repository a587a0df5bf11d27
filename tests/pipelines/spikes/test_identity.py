"""A recording is recognised as the one that was sorted, by its content."""

import contextlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from spikeinterface.core import NumpyRecording

from pipelines.__main__ import main
from pipelines.core.errors import InputError
from pipelines.spikes.reading.locate import locate
from pipelines.spikes.recording import identity
from pipelines.spikes.recording.identity import Identity, digest_of_samples, refuse_another
from pipelines.spikes.recording.parameters import RecordingLookParameters
from pipelines.spikes.signal.spike_waveforms import open_signal
from pipelines.spikes.signal.trace_window import read_stretch
from pipelines.spikes.units.folder import read_finished
from pipelines.tasks import run

RAW = {"sampling_frequency": 24414.0625, "num_channels": 1, "gain_uv": 1.0, "min_spikes": 5}
N_SAMPLES = 4 * 24414 + 7


def samples(seed: int) -> np.ndarray:
    """Noise of one wire with a spike of 200 uV every 50 ms."""
    values = np.random.default_rng(seed).normal(0, 8, N_SAMPLES)
    for start in range(500 + seed, N_SAMPLES - 100, 1221):
        values[start : start + 12] -= 200 * np.hanning(12)
    return values.astype(np.int16)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `wire.dat`, whose length is no whole number of milliseconds, and `sorted`."""
    folder = tmp_path_factory.mktemp("wire")
    samples(0).tofile(folder / "wire.dat")
    with contextlib.chdir(folder):
        run("spikes sort", {"recording": Path("wire.dat")}, RAW, Path("sorted"))
    return folder


@pytest.fixture
def copy(wire: Path, tmp_path: Path) -> Path:
    """Both, moved together to another place."""
    return shutil.copytree(wire, tmp_path / "copy")


def opened(folder: Path) -> int:
    return open_signal(read_finished(folder / "sorted")).n_samples


def as_an_earlier_version_wrote_it(folder: Path) -> None:
    """Without the exact number of samples: only the length to the millisecond."""
    file = folder / "sorted" / "run.json"
    record = json.loads(file.read_text())
    del record["results"]["n_samples"], record["results"]["samples_sha256"]
    del record["folder_version"]
    file.write_text(json.dumps(record))


def test_a_recording_of_any_length_is_recognised(wire: Path) -> None:
    results = json.loads((wire / "sorted" / "run.json").read_text())["results"]
    assert results["n_samples"] == N_SAMPLES
    assert opened(wire) == N_SAMPLES


def test_folder_and_recording_may_be_moved_together_and_be_touched(copy: Path) -> None:
    os.utime(copy / "wire.dat", (0, 0))
    assert opened(copy) == N_SAMPLES


def test_another_recording_of_the_same_shape_at_the_same_place_is_refused(copy: Path) -> None:
    samples(1).tofile(copy / "wire.dat")
    with pytest.raises(InputError, match="size and header are the same, but some of its samples"):
        opened(copy)


def test_one_sample_more_or_another_rate_is_another_recording(copy: Path) -> None:
    np.append(samples(0), np.int16(0)).tofile(copy / "wire.dat")
    with pytest.raises(InputError, match=rf"{N_SAMPLES + 1} samples, not {N_SAMPLES}.*locate"):
        opened(copy)
    known = read_finished(copy / "sorted").source.identity
    other = NumpyRecording([samples(0)[:, None]], 24414.0)
    with pytest.raises(InputError, match=r"24414 samples a second, not 24414\.0625"):
        refuse_another(known, copy, other, other)


def test_other_names_of_channels_are_another_recording() -> None:
    recording = NumpyRecording([samples(0)[:, None]], 30_000.0, channel_ids=["A-000"])
    digest = digest_of_samples(recording)
    known = Identity(30_000.0, N_SAMPLES, ("A-001",), digest)
    with pytest.raises(InputError, match="its channels are called A-000, not A-001"):
        refuse_another(known, Path("x"), recording, recording)


def test_an_earlier_versions_folder_opens_and_its_file_is_compared(copy: Path) -> None:
    as_an_earlier_version_wrote_it(copy)
    assert opened(copy) == N_SAMPLES
    samples(1).tofile(copy / "wire.dat")
    with pytest.raises(InputError, match="its sha256 is another one"):
        opened(copy)
    samples(0)[:-1].tofile(copy / "wire.dat")
    with pytest.raises(InputError, match=rf"has {2 * N_SAMPLES - 2} bytes, not {2 * N_SAMPLES}"):
        opened(copy)


def test_groups_of_a_sorting_of_another_recording_are_not_taken_over(
    copy: Path, tmp_path: Path
) -> None:
    inputs = {"recording": copy / "wire.dat", "earlier": copy / "sorted"}
    run("spikes sort", inputs, RAW, tmp_path / "again")
    samples(1).tofile(copy / "wire.dat")
    with pytest.raises(InputError, match="is not the one that was sorted"):
        run("spikes sort", inputs, RAW, tmp_path / "other")


def test_a_parameter_of_another_version_does_not_make_a_folder_unreadable(copy: Path) -> None:
    file = copy / "sorted" / "run.json"
    record = json.loads(file.read_text())
    record["parameters"]["parameter_of_tomorrow"] = 3
    file.write_text(json.dumps(record))
    sorting = read_finished(copy / "sorted")
    assert sorting.parameters.min_spikes == 5
    assert "parameter_of_tomorrow" in sorting.source.notes[0]
    done = run("spikes review", {"sorting": copy / "sorted"}, {"splitter": "bgmm"}, copy / "review")
    assert "parameter_of_tomorrow" in done.results["notes"][0]


def test_the_digest_sees_every_sample_of_a_short_recording_in_whatever_segments() -> None:
    values = samples(0)[:, None]
    whole = digest_of_samples(NumpyRecording([values], 30_000.0))
    assert digest_of_samples(NumpyRecording([values[:777], values[777:]], 30_000.0)) == whole
    values[N_SAMPLES // 2] += 1
    assert digest_of_samples(NumpyRecording([values], 30_000.0)) != whole


def test_the_digest_of_a_long_recording_reads_a_fixed_part_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(identity, "MOST_WHOLE", 1000)
    monkeypatch.setattr(identity, "BLOCK_BYTES", 64)
    values = samples(0)[:, None]
    first = digest_of_samples(NumpyRecording([values], 30_000.0))
    read = [stop - start for start, stop in identity._blocks(10**11, 2)]
    assert (len(read), sum(read)) == (32, 32 * 32)
    for changed in (0, N_SAMPLES - 1):
        others = values.copy()
        others[changed] += 1
        assert digest_of_samples(NumpyRecording([others], 30_000.0)) != first


def test_a_moved_recording_is_pointed_to_and_another_one_is_refused(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "wire.dat").rename(tmp_path / "renamed.bin")
    samples(1).tofile(tmp_path / "other.dat")
    before = (copy / "sorted" / "run.json").read_bytes()
    with pytest.raises(InputError, match=r"not there any more.*spikes locate"):
        opened(copy)
    command = ["spikes", "locate", str(copy / "sorted")]
    assert main([*command, str(tmp_path / "other.dat")]) == 2
    assert "is not the one that was sorted" in capsys.readouterr().err
    assert not (copy / "sorted" / "located.json").exists()
    assert main([*command, str(tmp_path / "renamed.bin")]) == 0
    assert "blocks of its samples are those that were sorted" in capsys.readouterr().out
    assert opened(copy) == N_SAMPLES
    assert (copy / "sorted" / "run.json").read_bytes() == before


def test_units_curated_from_a_moved_recording_know_it_too(copy: Path, tmp_path: Path) -> None:
    (copy / "wire.dat").rename(tmp_path / "renamed.dat")
    locate(copy / "sorted", tmp_path / "renamed.dat")
    (copy / "labels.csv").write_text("unit_id,label\n0,good\n")
    inputs = {"sorting": copy / "sorted", "curation": copy / "labels.csv"}
    run("spikes curate", inputs, {"only": "good"}, tmp_path / "curated")
    assert open_signal(read_finished(tmp_path / "curated")).n_samples == N_SAMPLES
    (tmp_path / "renamed.dat").rename(tmp_path / "again.dat")
    samples(1).tofile(tmp_path / "other.dat")
    with pytest.raises(InputError, match="some of its samples differ"):
        locate(tmp_path / "curated", tmp_path / "other.dat")
    locate(tmp_path / "curated", tmp_path / "again.dat")
    assert open_signal(read_finished(tmp_path / "curated")).n_samples == N_SAMPLES


def test_locating_the_recording_of_an_earlier_versions_folder_makes_it_exact(
    copy: Path, tmp_path: Path
) -> None:
    as_an_earlier_version_wrote_it(copy)
    samples(1).tofile(tmp_path / "other.dat")
    with pytest.raises(InputError, match="sha256"):
        locate(copy / "sorted", tmp_path / "other.dat")
    (copy / "wire.dat").rename(tmp_path / "moved.dat")
    assert "its sha256 is that" in locate(copy / "sorted", tmp_path / "moved.dat")
    known = read_finished(copy / "sorted").source.identity
    assert known.n_samples == N_SAMPLES
    assert len(known.samples_sha256) == 64


def test_traces_of_another_recording_are_not_shown_in_the_look_at_one(copy: Path) -> None:
    values = {name: value for name, value in RAW.items() if name != "min_spikes"}
    done = run("spikes look", {"recording": copy / "wire.dat"}, values, copy / "look")
    parameters, known = RecordingLookParameters.parse(values), done.results["samples_sha256"]
    shown = read_stretch(copy / "wire.dat", parameters, [0], 0.0, 0.01, known)
    assert len(shown.low)
    samples(1).tofile(copy / "wire.dat")
    with pytest.raises(InputError, match="holds another recording now"):
        read_stretch(copy / "wire.dat", parameters, [0], 0.0, 0.01, known)
