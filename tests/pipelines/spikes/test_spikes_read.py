import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spikeinterface.core import NumpyRecording

from pipelines.core.errors import RecordingError
from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.reading.read import read_recording
from tests.pipelines.spikes import writers

DEFAULTS = SpikesParameters()
VALUES = writers.traces()
RAW = SpikesParameters(sampling_frequency=writers.RATE, num_channels=4, gain_uv=0.195)


def refusal(path: Path, parameters: SpikesParameters = DEFAULTS) -> str:
    with pytest.raises(RecordingError) as caught:
        read_recording(path, parameters)
    return caught.value.sentence


@pytest.mark.parametrize(
    ("write", "gain"),
    [
        (writers.spikeglx, 5 / 32768 / 200 * 1e6),  # SpikeGLX manual: range / 2^15 / gain
        (writers.open_ephys, 0.195),
        (writers.intan_per_signal, 0.195),
        (writers.intan_per_channel, 0.195),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_acquisition_systems_folder_is_read(
    write: Callable[[Path, writers.Traces], None], gain: float, tmp_path: Path
) -> None:
    write(tmp_path / "session", VALUES)
    recording = read_recording(tmp_path / "session", DEFAULTS)
    assert recording.get_sampling_frequency() == writers.RATE
    assert recording.get_channel_gains() == pytest.approx([gain] * 4)
    assert np.array_equal(recording.get_traces(), VALUES)


def test_intans_own_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    whole = VALUES[: len(VALUES) // 128 * 128]
    writers.intan_traditional(tmp_path / "a_1.rhd", VALUES)
    writers.intan_traditional(tmp_path / "a_2.rhd", VALUES, first=len(whole))
    recording = read_recording(tmp_path, DEFAULTS)
    assert recording.get_num_samples() == 2 * len(whole)
    microvolts = recording.get_traces(return_in_uV=True)[: len(whole)]
    assert np.allclose(microvolts, whole * 0.195, atol=0.01)


def test_nwb_is_read_with_gain_and_places(tmp_path: Path) -> None:
    writers.nwb(tmp_path / "session.nwb", VALUES)
    recording = read_recording(tmp_path / "session.nwb", DEFAULTS)
    assert np.array_equal(recording.get_traces(), VALUES)
    assert recording.get_channel_gains() == pytest.approx([0.195] * 4)
    assert recording.get_channel_locations()[:, 1].tolist() == [0, 20, 40, 60]


def test_a_raw_file_is_read_when_its_numbers_are_told(tmp_path: Path) -> None:
    VALUES.tofile(tmp_path / "session.dat")
    recording = read_recording(tmp_path / "session.dat", RAW)
    assert np.array_equal(recording.get_traces(), VALUES)
    places = recording.get_channel_locations()
    assert np.linalg.norm(places[1] - places[0]) > 500


def test_a_raw_file_asks_for_what_it_does_not_say(tmp_path: Path) -> None:
    VALUES.tofile(tmp_path / "session.dat")
    assert "set sampling_frequency, num_channels" in refusal(tmp_path / "session.dat")
    without = RAW.model_copy(update={"gain_uv": None})
    assert "set gain_uv" in refusal(tmp_path / "session.dat", without)
    wrong = RAW.model_copy(update={"num_channels": 7})
    assert "not a multiple of 14 bytes" in refusal(tmp_path / "session.dat", wrong)


def test_the_binary_file_of_a_spikeglx_folder_sends_to_the_folder(tmp_path: Path) -> None:
    writers.spikeglx(tmp_path / "session", VALUES)
    words = refusal(tmp_path / "session" / "run_g0_t0.nidq.bin")
    assert f"give the folder {tmp_path / 'session'}" in words


def test_an_unknown_or_absent_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    assert "holds no recording that is known" in refusal(tmp_path)
    assert "does not exist" in refusal(tmp_path / "nowhere")
    (tmp_path / "session").mkdir()
    VALUES.tofile(tmp_path / "session" / "a.dat")
    assert f"did you mean {tmp_path / 'session'}" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["a.dat", "a.nwb", "a.rhd", "a.rhs"])
@pytest.mark.parametrize("content", [b"", b"\x00", b"not a recording" * 100])
def test_a_damaged_file_gives_a_sentence(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    parameters = RAW.model_copy(update={"num_channels": 11})
    assert name in refusal(tmp_path / name, parameters)


@pytest.mark.parametrize("name", ["structure.oebin", "run_g0_t0.imec0.ap.meta", ".zgroup"])
@pytest.mark.parametrize("content", ["", "{}", "[1, 2]", "nonsense=1"])
def test_a_damaged_folder_gives_a_sentence(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    assert str(tmp_path) in refusal(tmp_path)


# -- folders that SpikeInterface saved


def saved(folder: Path, form: str = "binary", segments: int = 1) -> Path:
    recording = NumpyRecording([VALUES] * segments, writers.RATE)
    recording.set_channel_gains(0.2)
    recording.set_channel_offsets(0.0)
    recording.set_dummy_probe_from_locations(np.array([[0, 0], [0, 20], [0, 40], [0, 60.0]]))
    with pytest.warns(UserWarning, match="not serializable") if form == "binary" else _quiet():
        recording.save(folder=folder, format=form, n_jobs=1, progress_bar=False, verbose=False)
    return folder


class _quiet:  # noqa: N801 - reads as a word in the line above
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize(("form", "name"), [("binary", "saved"), ("zarr", "saved.zarr")])
def test_a_saved_folder_is_read_and_its_segments_become_one(
    form: str, name: str, tmp_path: Path
) -> None:
    recording = read_recording(saved(tmp_path / name, form, segments=2), DEFAULTS)
    assert recording.get_num_segments() == 1
    assert np.array_equal(recording.get_traces(), np.concatenate([VALUES, VALUES]))
    assert recording.get_channel_gains().tolist() == [0.2] * 4
    assert recording.get_channel_locations()[:, 1].tolist() == [0, 20, 40, 60]


def described(folder: Path, **kwargs: object) -> Path:
    """A hand-made folder in the form of a saved one."""
    folder.mkdir()
    VALUES.tofile(folder / "traces.raw")
    usual = {
        "file_paths": ["traces.raw"],
        "sampling_frequency": writers.RATE,
        "num_channels": 4,
        "dtype": "<i2",
        "gain_to_uV": [0.2] * 4,
        "offset_to_uV": [0.0] * 4,
    }
    name = "spikeinterface.core.binaryrecordingextractor.BinaryRecordingExtractor"
    text = json.dumps({"class": name, "kwargs": usual | kwargs})
    (folder / "binary.json").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"file_paths": ["../secret.raw"]}, "outside of the folder"),
        ({"file_paths": ["/etc/passwd"]}, "outside of the folder"),
        ({"file_paths": ["gone.raw"]}, "is missing"),
        ({"file_paths": []}, "file_paths"),
        ({"dtype": "O"}, "are not numbers"),
        ({"dtype": "nonsense"}, "no sample type"),
        ({"num_channels": 0}, "num_channels"),
        (
            {"num_channels": 7, "gain_to_uV": None, "offset_to_uV": None},
            "not a multiple of 14 bytes",
        ),
        ({"sampling_frequency": -1}, "sampling_frequency"),
        ({"channel_ids": [1, 1, 2, 3]}, "channel_ids must have one value for each"),
        ({"gain_to_uV": [0.2]}, "must have one value for each"),
        ({"gain_to_uV": None}, "set gain_uv"),
        ({"gain_to_uV": [0.2, 0.2, 0.2, 0.0]}, "must not be 0"),
        ({"file_offset": 10**9}, "is empty"),
    ],
)
def test_a_saved_folder_that_cannot_be_right_is_refused(
    kwargs: dict[str, object], words: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.raw").write_bytes(bytes(80))
    assert words in refusal(described(tmp_path / "saved", **kwargs))


@given(
    text=st.one_of(
        st.text(max_size=40),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["class", "kwargs", "file_paths", "dtype"]), inner, max_size=3
                )
            ),
            max_leaves=8,
        ).map(json.dumps),
    )
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_description_gives_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_text(text, encoding="utf-8")
    assert "binary.json" in refusal(tmp_path)


class Trap:
    """Unpickled, it would make a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.file,))


def test_pickled_properties_and_provenance_are_never_opened(tmp_path: Path) -> None:
    folder = described(tmp_path / "saved")
    (folder / "properties").mkdir()
    sprung = tmp_path / "sprung"
    values = np.array([Trap(sprung)] * 4, dtype=object)
    np.save(folder / "properties" / "quality.npy", values, allow_pickle=True)
    (folder / "provenance.pkl").write_bytes(pickle.dumps(Trap(sprung)))
    read_recording(folder, DEFAULTS)
    assert not sprung.exists()


@pytest.mark.parametrize("name", ["os.system", "some_package.Recording", None, 5])
def test_a_class_that_is_not_known_is_never_imported(name: object, tmp_path: Path) -> None:
    folder = described(tmp_path / "saved")
    text = json.loads((folder / "binary.json").read_text()) | {"class": name}
    (folder / "binary.json").write_text(json.dumps(text))
    assert "is not opened" in refusal(folder)


def test_a_zarr_array_with_pickled_values_is_never_opened(tmp_path: Path) -> None:
    from numcodecs import Pickle  # type: ignore[import-untyped]

    folder = tmp_path / "saved.zarr"
    sprung = tmp_path / "sprung"
    root = zarr.open(str(folder), mode="w")
    values = root.create_dataset("channel_ids", shape=4, dtype=object, object_codec=Pickle())
    values[:] = np.array([Trap(sprung)] * 4, dtype=object)
    sprung.unlink(missing_ok=True)
    assert "codec 'pickle'" in refusal(folder)
    assert not sprung.exists()


def test_links_out_of_a_folder_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    VALUES.tofile(secret)
    folder = described(tmp_path / "saved")
    (folder / "traces.raw").unlink()
    (folder / "traces.raw").symlink_to(secret)
    assert "outside of the folder" in refusal(folder)
    store = tmp_path / "saved.zarr"
    store.mkdir()
    (store / "traces_seg0").symlink_to(secret)
    assert "points out of the folder" in refusal(store)


def test_an_open_ephys_stream_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    writers.open_ephys(tmp_path / "session", VALUES, name="../../../../../elsewhere/")
    assert "outside of its folder" in refusal(tmp_path / "session")
