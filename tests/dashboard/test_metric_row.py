"""A metric that is added by one row is in every table, page, export and text."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from dashboard.jobs.store import Job, JobInput
from dashboard.server.services import Services
from dashboard.spikes import sorting as spikes
from dashboard.spikes.curation import curated as spike_curated
from pipelines.__main__ import main
from pipelines.core.errors import InputError, TableError
from pipelines.spikes import demo
from pipelines.spikes.classifier.curated_tables import LEFT_OUT
from pipelines.spikes.classifier.train import DIRECTIONS
from pipelines.spikes.classifier.unit_classifier import SHIPPED, UNSIGNED
from pipelines.spikes.labels import metric_table, thresholds
from pipelines.spikes.labels.bombcell import BombcellRules
from pipelines.spikes.measure.metrics import FUNCTIONS
from pipelines.spikes.units import metrics
from pipelines.spikes.units.folder import SortingFolder
from pipelines.spikes.units.metrics import METRICS, Metric, Observed


def longest_pause(unit: Observed) -> float:
    """The longest time between two spikes in s."""
    return float(np.diff(unit.sample_index).max() / unit.clock.sampling_frequency)


ROW = Metric(
    "longest_pause",
    "longest pause (s)",
    "s",
    "activity",
    "longest time between two spikes",
    "unit",
    longest_pause,
    column="longest_pause_s",
    decimals=3,
    methods="Pauses were measured.",
)
COLUMN = "longest_pause_s"
DEPTH = Metric(
    "trough_depth", "depth", "uV", "size", "lowest value of the mean waveform", "unit",
    lambda unit: float(unit.waveform.min()), decimals=2,
)  # fmt: skip
ROWS = (*METRICS, ROW, DEPTH)


@pytest.fixture(autouse=True)
def row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "METRICS", ROWS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Sorted, merged and exported by the command line: `sorted`, `curated`, `csv`, `phy`, `nwb`."""
    made = tmp_path_factory.mktemp("metric")
    demo.save(demo.simulate(0, 12.0).recording, made / "recording")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "METRICS", ROWS)
        patch.chdir(made)
        for line in (
            "spikes sort recording --out sorted",
            "spikes step sorted merge --units 0,1 --author ada",
            "spikes curate sorted --out curated",
            "spikes export curated --format csv --out csv",
            "spikes export curated --format phy --out phy",
            "spikes export curated --format nwb --out nwb",
            "spikes export curated --format zarr --out zarr",
        ):
            assert main([*line.split(), "--quiet"]) == 0
        yield made


@pytest.fixture
def truth(folder: Path) -> dict[int, float]:
    """The longest pause of each curated unit, from the spikes alone."""
    with np.load(folder / "curated" / "spikes.npz") as spikes:
        samples, units = spikes["sample_index"], spikes["unit_id"]
    rate = 30_000
    return {
        int(unit): round(float(np.diff(samples[units == unit]).max() / rate), 3)
        for unit in np.unique(units)
    }


def job(found: Services, task: str, result: Path) -> Job:
    """A job that left this result."""
    item = JobInput("recording", "data:data/a.dat", "data/a.dat", "a.dat", "key")
    parameters = json.loads((result / "run.json").read_text())["parameters"]
    job_id = found.store.submit(task, parameters, [item], version="1", quick=False)
    (found.settings.jobs / job_id).mkdir(parents=True)
    (found.settings.jobs / job_id / "result").symlink_to(result)
    made = found.store.get(job_id)
    assert made is not None
    return made


def test_sorted_and_merged_units_have_it_in_their_table(
    folder: Path, truth: dict[int, float]
) -> None:
    sorted_units = pd.read_csv(folder / "sorted" / "units.csv")
    names = list(sorted_units)
    assert names[names.index("channel") + 1 : names.index("group")] == list(metrics.columns())
    curated = pd.read_csv(folder / "curated" / "units.csv")
    assert "0+1" in curated["came_from"].tolist()
    assert curated[COLUMN].tolist() == [truth[unit] for unit in curated["unit_id"]]
    both = curated.merge(sorted_units, on="unit_id")
    assert len(both) == len(sorted_units) - 2
    assert both[f"{COLUMN}_x"].tolist() == both[f"{COLUMN}_y"].tolist()


@pytest.mark.parametrize("name", ["sorted", "curated"])
def test_one_of_the_waveform_is_that_of_the_units_own_channel(folder: Path, name: str) -> None:
    units = pd.read_csv(folder / name / "units.csv", dtype={"channel": str})
    with np.load(folder / name / "waveforms.npz") as waves:
        columns = [waves["channel_id"].tolist().index(channel) for channel in units["channel"]]
        own = waves["mean"][np.arange(len(units)), :, columns]
    assert units["trough_depth"].tolist() == np.round(own.min(axis=1).astype(float), 2).tolist()


def test_the_report_has_it_under_its_title(folder: Path, truth: dict[int, float]) -> None:
    text = (folder / "sorted" / "report.html").read_text(encoding="utf-8")
    assert ">longest pause (s)</th>" in text
    assert f">{truth[2]:.4g}</td>" in text


def test_the_pages_have_it_under_its_title(found: Services, folder: Path) -> None:
    for task, name, view in (
        ("spikes sort", "sorted", spikes.view),
        ("spikes curate", "curated", spike_curated.view),
    ):
        shown = str(view(job(found, task, folder / name)).to_plotly_json())
        heading = f"'field': '{COLUMN}', 'headerName': 'longest pause (s)'"
        assert f"{heading}, 'headerTooltip': 'longest time between two spikes'" in shown, name


def test_the_exports_have_it(folder: Path, truth: dict[int, float]) -> None:
    values = list(truth.values())
    assert pd.read_csv(folder / "csv" / "units.csv")[COLUMN].tolist() == values
    phy = pd.read_csv(folder / "phy" / f"cluster_{COLUMN}.tsv", sep="\t")
    assert dict(zip(phy["cluster_id"], phy[COLUMN], strict=True)) == truth
    with h5py.File(folder / "nwb" / "units.nwb") as nwb:
        column = nwb["units"][COLUMN]
        assert column[()].tolist() == values
        assert column.attrs["description"] == "longest time between two spikes"
    zarr = metrics_of_zarr(folder / "zarr" / "units.zarr")
    assert zarr.tolist() == values
    assert "Pauses were measured." in (folder / "csv" / "methods.txt").read_text(encoding="utf-8")


def metrics_of_zarr(store: Path) -> np.ndarray:
    import zarr

    return np.asarray(zarr.open_group(str(store), mode="r")[f"units/{COLUMN}"])


def test_rules_may_name_it_and_the_command_line_tells_of_it(
    folder: Path, truth: dict[int, float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"longest_pause": {"max": f"{1000 * truth[2]} ms"}}))
    label = f"spikes label {folder / 'curated'} --method thresholds --quiet --thresholds"
    assert main([*label.split(), str(rules), "--out", str(tmp_path / "labels.csv")]) == 0
    labels = pd.read_csv(tmp_path / "labels.csv").set_index("unit_id")["label_thresholds"]
    assert (labels == "good").to_dict() == {unit: truth[unit] <= truth[2] for unit in truth}
    rules.write_text('{"longest_paws": {"max": 1}}')
    assert main([*label.split(), str(rules), "--out", str(tmp_path / "no.csv")]) != 0
    said = capsys.readouterr().err
    assert "Did you mean longest_pause?" in said


def test_tables_from_elsewhere_are_read_in_its_unit(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text("unit_id,Longest pause (ms)\n1,1500\n2,20\n")
    assert metric_table.read(file).column("longest_pause").tolist() == [1.5, 0.02]
    file.write_text("unit_id,Longest pause (Hz)\n1,1500\n2,20\n")
    with pytest.raises(TableError, match="longest_pause is in s, not in hz"):
        metric_table.read(file)


def test_every_metric_that_is_measured_has_its_function() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert {one.name for one in METRICS if one.source == "files"} == set(FUNCTIONS)
    assert [one.name for one in METRICS if (one.source == "unit") != bool(one.function)] == []


def test_rules_and_classifiers_name_metrics_that_are_known() -> None:
    cells = BombcellRules()
    rules = (*thresholds.DEFAULT_RULES, *cells.noise, *cells.mua, *cells.non_somatic)
    named = {rule.metric for rule in rules} | LEFT_OUT | UNSIGNED | set().union(*DIRECTIONS)
    card = json.loads((SHIPPED / "card.json").read_text(encoding="utf-8"))
    assert named | set(card["metrics"]) <= {metric.name for metric in METRICS}


def test_a_text_where_a_metric_belongs_is_damage(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "sorted", tmp_path / "copy")
    table = tmp_path / "copy" / "units.csv"
    rows = pd.read_csv(table).astype({COLUMN: object})
    rows.loc[0, COLUMN] = "long"
    rows.to_csv(table, index=False)
    with pytest.raises(InputError, match=COLUMN):
        SortingFolder(tmp_path / "copy").units  # noqa: B018
