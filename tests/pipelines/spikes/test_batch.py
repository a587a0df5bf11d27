"""Many recordings with one command."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probeinterface import Probe, write_probeinterface

from pipelines.__main__ import main
from pipelines.core.errors import Cancelled, OutputError, ParameterError
from pipelines.spikes import demo
from pipelines.spikes.batch import batch
from pipelines.spikes.batch.batch import sort_many
from pipelines.spikes.parameters import SpikesParameters

VALUES = {"sampling_frequency": demo.SAMPLING_FREQUENCY, "gain_uv": demo.GAIN_UV}
RAW = SpikesParameters(**VALUES, num_channels=1)


@pytest.fixture
def recordings(tetrode: Path, tmp_path: Path) -> list[Path]:
    """Two contacts of the example, 5 s each, and a file that is cut short."""
    values = np.fromfile(tetrode / "recording" / "traces.raw", np.int16).reshape(-1, 4)
    files = [tmp_path / name for name in ("a.dat", "b.dat", "broken.dat")]
    for file, column in zip(files, (0, 1), strict=False):
        values[:150_000, column].tofile(file)
    files[2].write_bytes(b"123")
    return files


def quiet(*_: object) -> None:
    """Tell nobody."""


def states(out: Path) -> list[str]:
    return pd.read_csv(out / "batch.csv", keep_default_na=False)["state"].tolist()


def test_one_that_fails_does_not_stop_the_others(recordings: list[Path], tmp_path: Path) -> None:
    order = [recordings[2], *recordings[:2]]
    entries = sort_many(order, RAW, tmp_path / "out", quiet)
    assert [entry.state for entry in entries] == ["failed", "done", "done"]
    assert "3 bytes" in entries[0].reason
    assert states(tmp_path / "out") == ["failed", "done", "done"]
    assert (tmp_path / "out" / "a.dat" / "units.csv").is_file()


def test_a_batch_goes_on_where_it_stopped(
    recordings: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    whole = batch.tasks.run

    def counted(name: str, inputs: dict[str, Path], *rest: object, **more: object) -> object:
        ran.append(inputs["recording"].name)
        return whole(name, inputs, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(batch.tasks, "run", counted)

    def stop(fraction: float, sentence: str) -> None:
        if ran == ["a.dat", "b.dat"]:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        sort_many(recordings[:2], RAW, tmp_path / "out", stop)
    assert states(tmp_path / "out") == ["done", "running"]
    entries = sort_many(recordings[:2], RAW, tmp_path / "out", quiet)
    assert ran == ["a.dat", "b.dat", "b.dat"]
    assert [entry.reason for entry in entries] == ["Done before.", ""]
    other = RAW.model_copy(update={"seed": 1})
    sort_many(recordings[:2], other, tmp_path / "out", quiet)
    assert ran[3:] == ["a.dat", "b.dat"]


def test_a_probe_is_that_of_all_and_another_one_is_another_batch(
    recordings: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    probe = Probe(ndim=2, si_units="um")
    probe.set_contacts([[7.0, 9.0]], shapes="circle", shape_params={"radius": 5})
    probe.set_device_channel_indices([0])
    write_probeinterface(tmp_path / "probe.json", probe)
    raw = ["--sampling-frequency", "30000", "--num-channels", "1", "--gain-uv", str(demo.GAIN_UV)]
    words = ["spikes", "batch", str(recordings[0]), "--out", str(tmp_path / "out"), "--quiet", *raw]
    words += ["--probe", str(tmp_path / "probe.json")]
    assert main(words) == 0
    with np.load(tmp_path / "out" / "a.dat" / "waveforms.npz") as stored:
        assert stored["channel_location_um"].tolist() == [[7.0, 9.0]]
    assert main(words) == 0
    assert "Done before." in capsys.readouterr().out
    probe.move([1.0, 0.0])
    write_probeinterface(tmp_path / "probe.json", probe)
    assert main(words) == 0
    assert "Done before." not in capsys.readouterr().out
    assert main([*words[:-1], str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


def test_recordings_of_one_name_are_told_apart_by_their_folders(
    recordings: list[Path], tmp_path: Path
) -> None:
    same = in_folders(recordings, tmp_path)
    entries = sort_many(same, RAW, tmp_path / "out", quiet)
    assert [entry.folder.name for entry in entries] == ["monday-a.dat", "tuesday-a.dat"]
    with pytest.raises(ParameterError, match="given twice"):
        sort_many([same[0], tmp_path / "monday" / ".." / "monday" / "a.dat"], RAW, tmp_path, quiet)


def in_folders(recordings: list[Path], tmp_path: Path) -> list[Path]:
    """Two recordings of the same name."""
    files = [tmp_path / day / "a.dat" for day in ("monday", "tuesday")]
    for file, source in zip(files, recordings, strict=False):
        file.parent.mkdir()
        file.write_bytes(source.read_bytes())
    return files


def curated(folder: Path) -> bytes:
    """Label a unit by hand; the log of it."""
    words = ["spikes", "step", str(folder), "label", "--units", "0", "--label", "good"]
    assert main([*words, "--author", "me"]) == 0
    return (folder / "curation.jsonl").read_bytes()


def test_another_recording_of_the_same_name_takes_no_ones_place(
    recordings: list[Path], tmp_path: Path
) -> None:
    monday, tuesday = in_folders(recordings, tmp_path)
    out = tmp_path / "out"
    sort_many([monday], RAW, out, quiet)
    log = curated(out / "a.dat")
    before = (out / "a.dat" / "spikes.npz").read_bytes()
    [entry] = sort_many([tuesday], RAW, out, quiet)
    assert entry.folder.name == "tuesday-a.dat"
    assert (out / "a.dat" / "curation.jsonl").read_bytes() == log
    assert (out / "a.dat" / "spikes.npz").read_bytes() == before
    table = pd.read_csv(out / "batch.csv")
    assert table["folder"].tolist() == ["a.dat", "tuesday-a.dat"]
    assert table["state"].tolist() == ["done", "done"]
    again = sort_many([monday, tuesday], RAW, out, quiet)
    assert [entry.reason for entry in again] == ["Done before."] * 2
    assert [entry.folder.name for entry in again] == ["a.dat", "tuesday-a.dat"]


def test_changed_parameters_make_a_folder_of_their_own(
    recordings: list[Path], tmp_path: Path
) -> None:
    out, file = tmp_path / "out", recordings[0]
    names = [
        sort_many([file], RAW.model_copy(update={"detect_threshold": value}), out, quiet)[0].folder
        for value in (5.0, 4.0, 6.0, 4.0)
    ]
    parent = tmp_path.name
    assert [one.name for one in names] == [
        "a.dat",
        f"{parent}-a.dat",
        f"{parent}-a.dat-2",
        f"{parent}-a.dat",
    ]


def test_a_recording_is_known_by_content_wherever_it_lies(
    recordings: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    sort_many(recordings[:1], RAW, out, quiet)
    moved = tmp_path / "elsewhere.dat"
    recordings[0].replace(moved)
    [entry] = sort_many([moved], RAW, out, quiet)
    assert (entry.folder.name, entry.reason) == ("a.dat", "Done before.")
    # Another recording of the same size at the old place is another one.
    recordings[1].replace(recordings[0])
    [entry] = sort_many(recordings[:1], RAW, out, quiet)
    assert entry.folder.name == f"{tmp_path.name}-a.dat"


def test_sorting_again_on_request_keeps_a_curation_and_says_where(
    recordings: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    sets = [f"--set={name}={value}" for name, value in {**VALUES, "num_channels": 1}.items()]
    words = ["spikes", "batch", str(recordings[0]), "--out", str(out), "--quiet", *sets]
    assert main(words) == 0
    assert main([*words, "--overwrite", "--set", "detect_threshold=6"]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.dat", "batch.csv"]
    log = curated(out / "a.dat")
    assert main([*words, "--overwrite"]) == 0
    kept = out / "a.dat-before-1"
    assert str(kept) in capsys.readouterr().out
    assert (kept / "curation.jsonl").read_bytes() == log
    assert (kept / "spikes.npz").is_file()
    assert not (out / "a.dat" / "curation.jsonl").exists()
    assert sorted(path.name for path in out.iterdir()) == ["a.dat", "a.dat-before-1", "batch.csv"]


def test_a_table_that_is_no_batch_is_left_alone(recordings: list[Path], tmp_path: Path) -> None:
    (tmp_path / "batch.csv").write_text("animal,age\nmouse,3\n")
    with pytest.raises(OutputError, match="no table of a batch"):
        sort_many(recordings[:1], RAW, tmp_path, quiet)
    assert (tmp_path / "batch.csv").read_text() == "animal,age\nmouse,3\n"


def test_a_recording_below_the_batch_is_not_written_over(
    recordings: list[Path], tmp_path: Path
) -> None:
    content = recordings[0].read_bytes()
    [entry] = sort_many(recordings[:1], RAW, tmp_path, quiet, overwrite=True)
    assert entry.folder.name == f"{tmp_path.name}-a.dat"
    assert recordings[0].read_bytes() == content


def test_names_that_differ_by_case_only_are_two_names(
    recordings: list[Path], tmp_path: Path
) -> None:
    upper = tmp_path / "x" / "A.dat"
    upper.parent.mkdir()
    upper.write_bytes(recordings[1].read_bytes())
    entries = sort_many([recordings[0], upper], RAW, tmp_path / "out", quiet)
    assert len({entry.folder.name.casefold() for entry in entries}) == 2


def test_the_command_prints_the_table_and_fails_when_one_failed(
    recordings: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = [f"--set={name}={value}" for name, value in {**VALUES, "num_channels": 1}.items()]
    files = [str(file) for file in recordings[1:]]
    code = main(["spikes", "batch", *files, "--out", str(tmp_path / "out"), "--quiet", *sets])
    printed = capsys.readouterr()
    assert code == 2
    assert f"{recordings[1]}: done" in printed.out
    assert "1 of 2 recordings failed" in printed.err
