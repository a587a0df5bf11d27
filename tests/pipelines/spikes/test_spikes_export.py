import ast
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from spikeinterface.curation.curation_format import validate_curation_dict
from spikeinterface.extractors import read_phy

from pipelines.__main__ import main
from pipelines.core.errors import InputError, ParameterError
from pipelines.spikes import demo
from pipelines.tasks import run


def exported(sorting: Path, out: Path, **parameters: str) -> Path:
    run("spikes export", {"sorting": sorting}, parameters, out)
    return out


def test_spikeinterface_reads_the_same_trains_from_the_phy_folder(
    sorting: Path, tmp_path: Path
) -> None:
    read = read_phy(exported(sorting, tmp_path / "phy", format="phy"))
    stored = np.load(sorting / "spikes.npz")
    assert read.get_sampling_frequency() == demo.SAMPLING_FREQUENCY
    for unit in np.unique(stored["unit_id"]):
        train = read.get_unit_spike_train(unit)
        assert np.array_equal(train, stored["sample_index"][stored["unit_id"] == unit])


def test_the_phy_settings_are_data_only(sorting: Path, tmp_path: Path) -> None:
    text = (exported(sorting, tmp_path / "phy", format="phy") / "params.py").read_text()
    settings = {
        line.targets[0].id: ast.literal_eval(line.value)  # type: ignore[attr-defined]
        for line in ast.parse(text).body
    }
    assert settings["n_channels_dat"] == 4
    assert settings["sample_rate"] == demo.SAMPLING_FREQUENCY


def test_phy_templates_are_the_mean_waveforms_and_each_is_most_like_itself(
    sorting: Path, tmp_path: Path
) -> None:
    out = exported(sorting, tmp_path / "phy", format="phy")
    mean = np.load(sorting / "waveforms.npz")["mean"]
    assert np.array_equal(np.load(out / "templates.npy"), np.nan_to_num(mean))
    similar = np.load(out / "similar_templates.npy")
    assert np.diag(similar) == pytest.approx(1)
    assert similar.argmax(axis=1).tolist() == list(range(len(mean)))


def test_spikeinterface_accepts_the_curation(sorting: Path, tmp_path: Path) -> None:
    out = exported(sorting, tmp_path / "curation", format="curation-json")
    curation = json.loads((out / "curation.json").read_text())
    validate_curation_dict(curation)
    assert len(curation["manual_labels"]) == 6


def test_the_csv_gives_spikes_in_seconds(sorting: Path, tmp_path: Path) -> None:
    times = pd.read_csv(exported(sorting, tmp_path / "csv", format="csv") / "spike_times.csv")
    stored = np.load(sorting / "spikes.npz")
    assert times["sample_index"].tolist() == stored["sample_index"].tolist()
    assert times["unit_id"].tolist() == stored["unit_id"].tolist()
    assert times["time_s"].to_numpy() == pytest.approx(stored["sample_index"] / 30_000, abs=1e-6)


def labelled(sorting: Path, folder: Path) -> Path:
    shutil.copytree(sorting, folder)
    units = pd.read_csv(folder / "units.csv")
    units["label_thresholds"] = ["good", "good", "mua", "noise", "good", "good"]
    units["label_bombcell"] = ["", "", "", "", "non_soma_mua", ""]
    units.to_csv(folder / "units.csv", index=False)
    return folder


def test_only_units_with_a_label_are_written(sorting: Path, tmp_path: Path) -> None:
    source = labelled(sorting, tmp_path / "labelled")
    out = exported(source, tmp_path / "phy", format="phy", only="good,mua")
    groups = pd.read_csv(out / "cluster_group.tsv", sep="\t")
    assert groups["cluster_id"].tolist() == [0, 1, 2, 4, 5]
    assert groups["group"].tolist() == ["good", "good", "mua", "mua", "good"]
    assert set(np.load(out / "spike_clusters.npy").tolist()) == {0, 1, 2, 4, 5}
    assert np.load(out / "spike_templates.npy").max() == 4


def test_without_labels_weak_units_are_multi_unit(sorting: Path, tmp_path: Path) -> None:
    run(
        "spikes export",
        {"sorting": sorting},
        {"format": "csv", "min_snr": 12.0},
        tmp_path / "out",
    )
    units = pd.read_csv(tmp_path / "out" / "units.csv")
    assert units["label"].eq("good").tolist() == (units["snr"] >= 12).tolist()


def test_a_label_that_nobody_has_is_said_with_what_there_is(sorting: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"No unit is labelled noise; there are: .* good"):
        exported(sorting, tmp_path / "out", only="noise")
    with pytest.raises(ParameterError, match="not gut"):
        exported(sorting, tmp_path / "out", only="gut")


def test_a_folder_without_a_sorting_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no units.csv"):
        exported(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("name", ["spikes.npz", "waveforms.npz", "units.csv", "run.json"])
def test_a_damaged_sorting_is_one_sentence(sorting: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(sorting, tmp_path / "bad")
    (tmp_path / "bad" / name).write_bytes(b"\x00\xff broken")
    with pytest.raises(InputError, match="is damaged"):
        exported(tmp_path / "bad", tmp_path / "out")


def test_the_command_line_exports(sorting: Path, tmp_path: Path) -> None:
    arguments = ["--format", "phy", "--only", "good", "--out", str(tmp_path / "phy"), "--quiet"]
    assert main(["spikes", "export", str(sorting), *arguments]) == 0
    assert (tmp_path / "phy" / "cluster_group.tsv").is_file()
