"""Sortings of other programs: analyzers of SpikeInterface, folders of phy and Kilosort."""

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import spikeinterface.core as sc
from numpy.typing import NDArray
from spikeinterface.curation import (
    bombcell_get_default_thresholds,
    bombcell_label_units,
    threshold_metrics_label_units,
)
from spikeinterface.postprocessing import ComputePrincipalComponents
from spikeinterface.preprocessing import scale

from pipelines.core.errors import InputError
from pipelines.spikes import demo
from pipelines.spikes.elsewhere.phy import settings_of
from pipelines.spikes.recording.spikeinterface_private import hand_over
from pipelines.spikes.units.folder import SortingFolder, read_finished
from pipelines.tasks import run

RATE = 30_000.0
GAIN = 0.195


def imported(sorting: Path, out: Path, recording: Path | None = None, **values: Any) -> Path:
    given = {} if recording is None else {"recording": recording}
    run("spikes import", {"foreign_sorting": sorting, **given}, values, out)
    return out


def notes(folder: Path) -> str:
    return " ".join(SortingFolder(folder).results["notes"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated recording, and its true units as analyzers."""
    out = tmp_path_factory.mktemp("made")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recording, sorting = sc.generate_ground_truth_recording(
            durations=[12.0], num_channels=8, num_units=5, sampling_frequency=RATE, seed=1
        )
        recording = scale(recording, gain=1 / GAIN, dtype="int16")
        recording.set_channel_gains(GAIN)
        recording.set_channel_offsets(0)
        recording = recording.save(folder=out / "recording", format="binary")
        sorting = sorting.rename_units([3, 5, 8, 13, 21])
        sorting.set_property("quality", np.array(["good", "mua", "noise", "good", "unsorted"]))
        found = sc.create_sorting_analyzer(sorting, recording, format="memory", sparse=True)
        found.compute(["random_spikes", "waveforms", "templates", "noise_levels"])
        found.compute(["spike_amplitudes", "unit_locations"])
        add_pickled(found)
        found.compute("template_metrics", include_multi_channel_metrics=True)
        found.compute("quality_metrics", metric_names=METRICS)
        found.save_as(folder=out / "analyzer.zarr", format="zarr")
        found.save_as(folder=out / "analyzer", format="binary_folder")
    return out


def add_pickled(analyzer: sc.SortingAnalyzer) -> None:
    """Principal components with the fitted models that SpikeInterface pickles."""
    found = ComputePrincipalComponents(analyzer)
    found.set_params(n_components=2, mode="by_channel_local")
    waves = analyzer.get_extension("waveforms").data["waveforms"]
    models = {f"pca_model_by_channel_local_{number}": frozenset({number}) for number in range(8)}
    hand_over(analyzer, found, pca_projection=waves[:, :2].astype(np.float32), **models)


METRICS = [
    *("num_spikes", "firing_rate", "presence_ratio", "snr", "isi_violation", "rp_violation"),
    *("sliding_rp_violation", "amplitude_cutoff", "amplitude_median"),
]


@pytest.fixture(scope="module")
def from_zarr(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("from_zarr") / "out"
    return imported(made / "analyzer.zarr", out, made / "recording")


def trains_of(analyzer: sc.SortingAnalyzer) -> dict[int, list[int]]:
    sorting = analyzer.sorting
    return {int(unit): sorting.get_unit_spike_train(unit).tolist() for unit in sorting.unit_ids}


# -- SpikeInterface's analyzer


@pytest.mark.parametrize("name", ["analyzer.zarr", "analyzer"])
@pytest.mark.parametrize("with_recording", [True, False])
def test_an_analyzer_keeps_its_units_trains_waveforms_and_metrics(
    made: Path, tmp_path: Path, name: str, with_recording: bool
) -> None:
    recording = made / "recording" if with_recording else None
    found = read_finished(imported(made / name, tmp_path / "out", recording))
    analyzer = sc.load_sorting_analyzer(made / "analyzer")
    trains = {u: t.tolist() for u, t in SortingFolder(found.folder).spikes.trains().items()}
    assert trains == trains_of(analyzer)
    seen = analyzer.sparsity.mask
    templates = analyzer.get_extension("templates").get_data()
    for row, unit in enumerate(found.units["unit_id"]):
        place = analyzer.sorting.id_to_index(unit)
        assert np.array_equal(np.isfinite(found.mean[row]).all(axis=0), seen[place])
        assert np.array_equal(found.mean[row][:, seen[place]], templates[place][:, seen[place]])
    theirs = analyzer.get_metrics_extension_data()
    assert found.units["snr"].to_numpy() == pytest.approx(theirs["snr"].to_numpy(float), abs=0)
    assert found.ms[np.abs(templates[0]).max(axis=1).argmax()] == pytest.approx(0, abs=0.1)
    assert "pca_model" in notes(found.folder)


def test_labels_on_an_imported_analyzer_are_those_of_spikeinterface(
    made: Path, from_zarr: Path, tmp_path: Path
) -> None:
    analyzer = sc.load_sorting_analyzer(made / "analyzer")
    rules = bombcell_get_default_thresholds()
    middle = float(analyzer.get_metrics_extension_data()["snr"].median())
    simple = {"snr": {"greater": middle}, "rp_contamination": {"less": 0.3}}
    limits = tmp_path / "limits.json"
    limits.write_text(json.dumps({"thresholds": simple, "bombcell": rules}))
    given, labels = {"units": from_zarr, "thresholds": limits}, {}
    for method in ("bombcell", "thresholds"):
        run("spikes label", given, {"method": method}, tmp_path / method)
        table = pd.read_csv(tmp_path / method / "labels.csv")
        labels[method] = table[f"label_{method}"].tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bombcell = bombcell_label_units(analyzer, thresholds=rules)
        metrics = analyzer.get_metrics_extension_data()
        plain = threshold_metrics_label_units(metrics, simple)
    assert labels["bombcell"] == bombcell["bombcell_label"].tolist()
    assert labels["thresholds"] == plain["label"].tolist()
    assert len(set(plain["label"])) == 2


def test_all_extensions_come_out_again_after_curation_and_nothing_is_pickled(
    made: Path, from_zarr: Path, tmp_path: Path
) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("unit_id,label\n3,good\n5,good\n8,noise\n13,mua\n21,noise\n")
    run(
        "spikes curate", {"sorting": from_zarr, "curation": table}, {"only": "good"}, tmp_path / "c"
    )
    before = sc.load_sorting_analyzer(made / "analyzer")
    after = sc.load_sorting_analyzer(tmp_path / "c" / "analyzer.zarr")
    assert set(after.get_saved_extension_names()) == set(before.get_saved_extension_names())
    assert after.unit_ids.tolist() == [3, 5]
    assert after.has_recording()
    described = list((from_zarr / "analyzer.zarr").rglob(".zarray"))
    assert described
    assert not [file for file in described if "pickle" in file.read_text()]


def test_labels_of_a_property_become_the_curator_s_and_exports_carry_them(
    from_zarr: Path, tmp_path: Path
) -> None:
    units = SortingFolder(from_zarr).units
    assert units["label_curated"].tolist() == ["good", "mua", "noise", "good", ""]
    run("spikes export", {"sorting": from_zarr}, {"format": "phy"}, tmp_path / "phy")
    again = imported(tmp_path / "phy", tmp_path / "again")
    assert (
        SortingFolder(again).units["label_curated"].tolist()[:4]
        == units["label_curated"][:4].tolist()
    )


def test_review_of_an_import_without_recording_says_what_is_missing(
    made: Path, tmp_path: Path
) -> None:
    out = imported(made / "analyzer.zarr", tmp_path / "out")
    run("spikes review", {"sorting": out}, {}, tmp_path / "review")
    note = json.loads((tmp_path / "review" / "run.json").read_text())["results"]["note"]
    assert note.startswith("This sorting was imported without its recording")
    with pytest.raises(InputError, match="imported without its recording"):
        run("spikes export", {"sorting": out}, {"format": "blech-hdf5"}, tmp_path / "blech")


def test_names_that_are_no_numbers_are_numbered_and_kept(made: Path, tmp_path: Path) -> None:
    analyzer = sc.load_sorting_analyzer(made / "analyzer")
    renamed = analyzer.sorting.rename_units(["a", "b", "c", "#4", "e"])
    bare = sc.create_sorting_analyzer(renamed, analyzer.recording, sparse=False)
    bare.save_as(folder=tmp_path / "named.zarr", format="zarr")
    out = imported(tmp_path / "named.zarr", tmp_path / "out", made / "recording")
    units = SortingFolder(out).units
    assert units["unit_id"].tolist() == [0, 1, 2, 3, 4]
    assert units["name"].tolist() == ["#4", "a", "b", "c", "e"]
    assert "are no whole numbers" in notes(out)
    assert units["snr"].gt(2).all()  # measured, for this analyzer has no extension


def test_an_analyzer_of_another_recording_is_refused(
    made: Path, tetrode: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="it is another recording"):
        imported(made / "analyzer.zarr", tmp_path / "out", tetrode / "recording")


# -- phy and Kilosort


def kilosort(folder: Path, **arrays: NDArray[Any]) -> Path:
    """A folder as Kilosort writes it, with columns for lists, of three templates."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    times = np.sort(rng.choice(5 * int(RATE), 300, replace=False))
    templates = np.zeros((3, 61, 4), np.float32)
    for number in range(3):
        templates[number, 20, number] = -0.5
    whole = {
        "spike_times": times.astype(np.uint64)[:, None],
        "spike_templates": (np.arange(300) % 3).astype(np.uint32)[:, None],
        "spike_clusters": (np.arange(300) % 3).astype(np.int32)[:, None],
        "amplitudes": np.full((300, 1), 20.0),
        "templates": templates,
        "channel_map": np.array([[4], [1], [2], [3]], np.int32),
        "channel_positions": np.array([[0.0, 40], [0, 10], [0, 20], [0, 30]]),
        "whitening_mat_inv": 2 * np.eye(4),
    }
    for name, values in (whole | arrays).items():
        if values is not None:
            np.save(folder / f"{name}.npy", values)
    (folder / "params.py").write_text(
        "import os\ndat_path = r'/data/raw.dat'\nn_channels_dat = 6\ndtype = 'int16'\n"
        f"offset = 0\nsample_rate = {RATE}\nhp_filtered = False\n"
    )
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n0\tgood\n1\tmua\n2\tunsorted\n")
    (folder / "cluster_KSLabel.tsv").write_text("cluster_id\tKSLabel\n0\tgood\n1\tgood\n2\tmua\n")
    (folder / "cluster_ContamPct.tsv").write_text("cluster_id\tContamPct\n0\t1.5\n1\t9\n2\t80\n")
    return folder


def test_a_kilosort_folder_comes_in_with_labels_places_and_scaled_templates(
    tmp_path: Path,
) -> None:
    out = imported(kilosort(tmp_path / "ks"), tmp_path / "out", gain_uv=0.5)
    found = read_finished(out)
    assert found.units["n_spikes"].tolist() == [100, 100, 100]
    assert found.units["label_curated"].tolist() == ["good", "mua", ""]
    assert found.units["label_kilosort"].tolist() == ["good", "good", "mua"]
    assert found.units["ContamPct"].tolist() == [1.5, 9, 80]
    # 0.5 in the template, 2 from whitening, 20 of amplitude, 0.5 microvolts a step.
    assert found.units["amplitude_uv"].tolist() == [10.0, 10.0, 10.0]
    assert found.units["channel"].tolist() == ["4", "1", "2"]
    assert found.locations_um[:, 1].tolist() == [40, 10, 20, 30]
    assert np.isnan(found.units["snr"]).all()
    assert SortingFolder(out).spikes.heights.tolist() == [10.0] * 300


def test_merges_of_phy_count_and_share_the_mean(tmp_path: Path) -> None:
    clusters = np.where(np.arange(300) % 3 == 2, 2, 7)
    out = imported(kilosort(tmp_path / "ks", spike_clusters=clusters), tmp_path / "out")
    found = read_finished(out)
    assert found.units["unit_id"].tolist() == [2, 7]
    assert found.units["n_spikes"].tolist() == [100, 200]
    merged = found.mean[1, 20]
    assert merged.tolist() == [-10.0, -10.0, 0.0, 0.0]  # half of each of its two templates
    assert "label_curated" not in found.units  # the merged unit was not labelled again


def test_with_its_recording_a_kilosort_folder_is_measured_in_microvolts(tmp_path: Path) -> None:
    folder = kilosort(tmp_path / "ks")
    rng = np.random.default_rng(1)
    traces = rng.normal(0, 10, (6 * int(RATE), 6))
    times = np.load(folder / "spike_times.npy").ravel().astype(int)
    shape = -400 * np.exp(-0.5 * ((np.arange(61) - 20) / 4) ** 2)
    for number, time in enumerate(times):
        if time >= 20:
            own = traces[time - 20 : time + 41, (4, 1, 2)[number % 3]]
            own += shape[: len(own)]
    traces.astype(np.int16).tofile(folder / "raw.dat")
    found = read_finished(imported(folder, tmp_path / "out", gain_uv=0.5))
    assert "Its recording is raw.dat in the same folder." in notes(found.folder)
    assert "Mean waveforms are the templates" not in notes(found.folder)
    assert "mean waveforms" not in SortingFolder(found.folder).results["taken_over"]
    assert found.units["channel"].tolist() == ["4", "1", "2"]
    assert found.channel_id.tolist() == ["1", "2", "3", "4"]
    assert found.units["amplitude_uv"].tolist() == pytest.approx([165] * 3, rel=0.15)
    assert found.units["snr"].gt(15).all()
    assert found.locations_um[:, 1].tolist() == [10, 20, 30, 40]
    assert SortingFolder(found.folder).spikes.sample_index.tolist() == times.tolist()


def test_spikes_within_the_dead_time_are_said_and_kept(tmp_path: Path) -> None:
    times = np.arange(300) * 500
    times[3] = times[0] + 5
    out = imported(kilosort(tmp_path / "ks", spike_times=np.sort(times)), tmp_path / "out")
    assert SortingFolder(out).results["n_spikes"] == 300
    assert "within 0.8 ms" not in notes(out)  # of two units
    same = np.repeat(np.arange(3), 100)
    out = imported(
        kilosort(tmp_path / "two", spike_times=np.sort(times), spike_clusters=same),
        tmp_path / "out2",
    )
    assert SortingFolder(out).results["n_spikes"] == 300
    assert "1 spike comes within 0.8 ms of another one of the same unit, in one unit: all are" in (
        notes(out)
    )


OF_SPIKES = ("spike_times", "spike_templates", "spike_clusters", "amplitudes")
ONES = np.ones(300, np.int64)
TIMES = np.arange(300) * 400

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("nan", {"spike_times": TIMES + np.nan}, "holds values that are not numbers"),
    ("fractions", {"spike_times": TIMES + 0.5}, "holds fractions"),
    ("text", {"spike_times": TIMES.astype(str)}, "where whole numbers belong"),
    ("two columns", {"spike_times": np.ones((150, 2))}, "has the shape (150, 2)"),
    ("too large", {"spike_times": TIMES.astype(np.uint64) + 2**63}, "holds numbers beyond"),
    ("objects", {"spike_times": np.array([{}] * 300)}, "cannot be read"),
    ("none", dict.fromkeys(OF_SPIKES, np.empty((0, 1), int)), "has no spikes"),
    ("other lengths", {"spike_clusters": ONES[:200]}, "times of 300 spikes, but units of 200"),
    ("early", {"spike_times": TIMES - 40_000}, "sorting of another recording"),
    ("no such template", {"spike_templates": 9 * ONES}, "names template 9"),
    (
        "channels",
        {"channel_map": np.arange(3), "channel_positions": None},
        "has 4 channels, but channel_map.npy 3",
    ),
    ("twice", {"channel_map": np.zeros(4, int)}, "names a channel twice"),
    ("places", {"channel_positions": np.full((4, 2), np.nan)}, "places that are not numbers"),
    ("flat", {"templates": np.zeros((3, 61))}, "has the shape (3, 61)"),
]  # fmt: skip


@pytest.mark.parametrize(("arrays", "words"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_damaged_folder_gets_one_sentence(
    tmp_path: Path, arrays: dict[str, Any], words: str
) -> None:
    objects = arrays.get("spike_times", TIMES).dtype == object
    folder = kilosort(tmp_path / "ks", **({} if objects else arrays))
    if objects:
        np.save(folder / "spike_times.npy", arrays["spike_times"], allow_pickle=True)
    with pytest.raises(InputError) as told:
        imported(folder, tmp_path / "out")
    assert words in told.value.sentence
    assert not (tmp_path / "out").exists()


def test_a_few_spikes_before_the_start_and_out_of_order_are_said(tmp_path: Path) -> None:
    times = np.array([*TIMES[::-1][:-1], -7])
    out = imported(kilosort(tmp_path / "ks", spike_times=times), tmp_path / "out")
    assert "1 spike lies outside of the recording's samples: left out." in notes(out)
    assert "not in order of time" in notes(out)
    assert SortingFolder(out).spikes.sample_index.tolist() == TIMES[1:].tolist()


def test_a_header_that_promises_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    folder = kilosort(tmp_path / "ks")
    file = folder / "templates.npy"
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 61, 4)}
        )
        stream.write(bytes(1 << 17))
    with pytest.raises(InputError, match=r"templates.npy cannot be read"):
        imported(folder, tmp_path / "out")


def test_params_are_parsed_and_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    file = tmp_path / "params.py"
    file.write_text(
        f"open({str(mark)!r}, 'w').write('x')\nsample_rate = 25000.\n"
        f"dat_path = open({str(mark)!r}, 'w').name\nn_channels_dat = __import__('os').getpid()\n"
    )
    assert settings_of(file) == {"sample_rate": 25000.0}
    assert not mark.exists()


def test_a_recording_elsewhere_is_not_followed(tmp_path: Path) -> None:
    folder = kilosort(tmp_path / "ks")
    np.zeros((6 * int(RATE), 6), np.int16).tofile(tmp_path / "raw.dat")
    text = (folder / "params.py").read_text()
    (folder / "params.py").write_text(text.replace("/data/raw.dat", "../raw.dat"))
    assert "imported without its recording" in notes(imported(folder, tmp_path / "out", gain_uv=1))


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = kilosort(tmp_path / "ks")
    shutil.move(folder / "amplitudes.npy", tmp_path / "elsewhere.npy")
    (folder / "amplitudes.npy").symlink_to(tmp_path / "elsewhere.npy")
    with pytest.raises(InputError, match="points out of the folder"):
        imported(folder, tmp_path / "out")


def test_a_spike_beyond_the_end_of_an_analyzer_is_left_out_with_its_height(
    made: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "analyzer"
    shutil.copytree(made / "analyzer", folder)
    spikes = np.load(folder / "sorting" / "spikes.npy")
    spikes["sample_index"][-1] = 10**9
    np.save(folder / "sorting" / "spikes.npy", spikes)
    out = imported(folder, tmp_path / "out", made / "recording")
    kept = SortingFolder(out).spikes
    assert len(kept.sample_index) == len(kept.heights) == len(spikes) - 1
    assert "1 spike lies outside" in notes(out)
    assert "analyzer.zarr is left out" in notes(out)


def test_a_rate_that_no_recording_has_is_refused(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "analyzer"
    shutil.copytree(made / "analyzer", folder)
    file = folder / "recording_info" / "recording_attributes.json"
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, "sampling_frequency": 0}))
    with pytest.raises(InputError, match="says 0 samples per second"):
        imported(folder, tmp_path / "out")


def test_a_pickle_in_an_analyzer_is_not_opened(made: Path, tmp_path: Path) -> None:
    class Marks:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
            return Path.touch, (tmp_path / "ran",)  # type: ignore[return-value]

    folder = tmp_path / "analyzer"
    shutil.copytree(made / "analyzer", folder)
    bad = np.array([Marks()] * 5, dtype=object)
    np.save(folder / "sorting" / "properties" / "quality.npy", bad, allow_pickle=True)
    out = imported(folder, tmp_path / "out")
    assert "sorting/properties/quality.npy" in notes(out) or "pickled" in notes(out)
    assert not (tmp_path / "ran").exists()


def test_other_folders_are_told_what_is_known(tmp_path: Path, sorting: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="is no sorting that is known"):
        imported(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(InputError, match="was made here"):
        imported(sorting, tmp_path / "out")


# -- spikes alone


@pytest.mark.parametrize("form", ["numpy_folder", "npz_folder", "zarr"])
def test_a_sorting_saved_by_spikeinterface_is_measured_in_its_recording(
    made: Path, tmp_path: Path, form: str
) -> None:
    analyzer = sc.load_sorting_analyzer(made / "analyzer")
    path = tmp_path / ("saved.zarr" if form == "zarr" else "saved")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # npz_folder goes, and a sorting in memory has no source
        analyzer.sorting.save(folder=path, format=form)
    found = read_finished(imported(path, tmp_path / "out", made / "recording"))
    trains = {u: t.tolist() for u, t in SortingFolder(found.folder).spikes.trains().items()}
    assert trains == trains_of(analyzer)
    main = np.array([str(one) for one in analyzer.get_main_channels(outputs="id")])
    # It found them without a filter, so that of two alike the other may be larger.
    assert (found.units["channel"] == main).sum() >= 4
    alone = read_finished(imported(path, tmp_path / "alone"))
    assert alone.channel_id.tolist() == ["unknown"]
    assert "no mean waveforms" in notes(alone.folder)
    run("spikes label", {"units": alone.folder}, {"method": "thresholds"}, tmp_path / "labels")
    run("spikes export", {"sorting": alone.folder}, {"format": "csv"}, tmp_path / "csv")
    if form == "numpy_folder":
        run("spikes review", {"sorting": alone.folder}, {}, tmp_path / "review")


def test_units_of_an_nwb_file_come_back_with_their_labels(sorting: Path, tmp_path: Path) -> None:
    run("spikes export", {"sorting": sorting}, {"format": "nwb"}, tmp_path / "nwb")
    file = next((tmp_path / "nwb").glob("*.nwb"))
    out = imported(file, tmp_path / "out", sampling_frequency=demo.SAMPLING_FREQUENCY)
    mine, theirs = SortingFolder(out), SortingFolder(sorting)
    assert {u: t.tolist() for u, t in mine.spikes.trains().items()} == {
        u: t.tolist() for u, t in theirs.spikes.trains().items()
    }
    assert mine.units["snr"].to_numpy() == pytest.approx(theirs.units["snr"].to_numpy(), rel=1e-4)


def test_units_of_blech_come_back_on_their_electrodes(sorting: Path, tmp_path: Path) -> None:
    run("spikes export", {"sorting": sorting}, {"format": "blech-hdf5"}, tmp_path / "blech")
    file = tmp_path / "blech" / "sorted_units.h5"
    with pytest.raises(InputError, match="does not say its sampling frequency"):
        imported(file, tmp_path / "out")
    out = imported(file, tmp_path / "out", sampling_frequency=demo.SAMPLING_FREQUENCY)
    mine, theirs = SortingFolder(out).units, SortingFolder(sorting).units
    assert mine["unit_id"].tolist() == theirs["unit_id"].tolist()
    names = SortingFolder(sorting).waveforms.channel_id.tolist()
    assert [names[int(one)] for one in mine["channel"]] == theirs["channel"].tolist()
    ratio = mine["amplitude_uv"].to_numpy() / theirs["amplitude_uv"].to_numpy()
    assert ratio == pytest.approx(1, abs=0.05)
    assert set(mine["label_curated"]) <= {"good", "mua"}
