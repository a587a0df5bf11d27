"""Many recordings with one command."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from probeinterface import Probe, write_probeinterface

from pipelines.__main__ import main
from pipelines.errors import Cancelled, ParameterError
from pipelines.spikes import batch, demo
from pipelines.spikes.batch import sort_many
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


def test_recordings_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    same = [tmp_path / day / "recording" for day in ("monday", "tuesday")]
    assert batch._names(same) == ["monday-recording", "tuesday-recording"]
    with pytest.raises(ParameterError, match="given twice"):
        batch._names([same[0], same[0]])


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
