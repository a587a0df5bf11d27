"""Folders of sortings and what people write beside them: logs, labels, metrics, rules."""

import json
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from pipelines.core.parameters import from_assignments
from pipelines.files.links import refuse_links_out
from pipelines.spikes.classifier.label import read_units
from pipelines.spikes.classifier.training_table import rows_of
from pipelines.spikes.curation.agreement import read_curator
from pipelines.spikes.export.source import read_sorting
from pipelines.spikes.labels import bombcell, metric_table, thresholds
from pipelines.spikes.labels.bombcell import BombcellRules
from pipelines.spikes.labels.kept_labels import keep
from pipelines.spikes.labels.rules import read_rules
from pipelines.spikes.review import review
from pipelines.spikes.review.curated import read_state
from pipelines.spikes.sorting.result import read_earlier
from pipelines.spikes.sorting.sort_file import read_sort_file
from pipelines.spikes.units.folder import read_finished
from pipelines.spikes.units.sorting import largest_channel
from pipelines.steps import STEPS
from tests import earlier
from tests.fuzz.reader import Reader, Sample, shared

KEPT = ("run.json", "spikes.npz", "waveforms.npz", "units.csv", "groups.csv", "clouds.npz")
CHANNELS = SimpleNamespace(channel_ids=np.array(["0", "1", "2", "3"]))


def stored(folder: Path, kind: str, *names: str) -> None:
    """Some files or folders of the kept results, side by side in a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        root = earlier.unpack(Path(scratch), kind) / kind
        for name in names:
            source, target = root / name, folder / Path(name).name
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copyfile(source, target)


def file_of(kind: str, name: str) -> Callable[[Path], str]:
    """A sample that is a kept file or folder."""

    def make(folder: Path) -> str:
        stored(folder, kind, name)
        return Path(name).name

    return make


# -- samples


def sorting(folder: Path) -> str:
    (folder / "units").mkdir()
    stored(folder / "units", "spikes", *(f"units/{name}" for name in KEPT))
    return "units"


def curated_sorting(folder: Path) -> str:
    names = ("run.json", "spikes.npz", "units.csv", "waveforms.npz", "curation.jsonl")
    (folder / "units").mkdir()
    stored(folder / "units", "spikes", *(f"units-curated/{name}" for name in names))
    return "units"


def curated(folder: Path) -> str:
    names = ("run.json", "source.json", "spikes.npz", "units.csv", "waveforms.npz")
    (folder / "curated").mkdir()
    stored(folder / "curated", "spikes", *(f"curated/{name}" for name in names))
    return "curated"


def sorted_before(folder: Path) -> str:
    """With the fewest of the large snippets."""
    made = sorting(folder)
    with np.load(_kept("units/snippets.npz", folder)) as whole:
        some = {
            name: whole[name][:, :3] if name == "values" else whole[name] for name in whole.files
        }
    np.savez_compressed(folder / made / "snippets.npz", **some)
    return made


def _kept(name: str, folder: Path) -> Path:
    stored(folder, "spikes", name)
    return folder / Path(name).name


def labelling(folder: Path) -> str:
    sorting(folder)
    names = ("labels.csv", "labels.json", "thresholds.json")
    (folder / "labels").mkdir()
    stored(folder / "labels", "spikes", *(f"labels/{name}" for name in names))
    return "."


def phy_labels(folder: Path) -> str:
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n0\tgood\n1\tmua\n2\tnoise\n3\t\n")
    return "cluster_group.tsv"


def labels_xlsx(folder: Path) -> str:
    rows = pd.DataFrame({"unit_id": range(3), "label": ["good", "mua", "noise"]})
    rows.to_excel(folder / "labels.xlsx", index=False)
    return "labels.xlsx"


def labels_parquet(folder: Path) -> str:
    rows = pd.DataFrame({"unit_id": range(3), "label": ["good", "mua", "noise"]})
    rows.to_parquet(folder / "labels.parquet", index=False)
    return "labels.parquet"


def metrics(folder: Path) -> str:
    """The first rows of a table with published labels."""
    lines = shared("unit_labels/mouse5_imec1.csv").read_bytes().split(b"\n")[:4]
    (folder / "metrics.csv").write_bytes(b"\n".join(lines) + b"\n")
    return "metrics.csv"


def sort_file(folder: Path) -> str:
    (folder / "sort_file.csv").write_text(
        "Unit,Chan,Solution,Cluster,Split,single_unit,Type,Comments\n"
        "0,0,3,1+2,,x,r,first\n1,1,4,0,2,,f,\n2,3,4,3,,,,last\n"
    )
    return "sort_file.csv"


RULES = {
    "thresholds": {"snr": {"greater": 3, "less": 900}, "firing_rate": {"min": 0.1, "abs": True}},
    "bombcell": {"mua": {"rp_contamination": {"greater": None, "less": 0.1}}},
}


def rules(folder: Path) -> str:
    (folder / "rules.json").write_text(json.dumps(RULES, indent=1))
    return "rules.json"


def rules_of_a_labelling(folder: Path) -> str:
    stored(folder, "spikes", "labels/thresholds.json")
    return "thresholds.json"


PARAMETERS: dict[str, dict[str, Any]] = {
    "spikes sort": {"freq_min": 300, "freq_max": 6000, "exclude_channels": "1,2", "seed": 0},
    "brainmap fit": {"axes": "TZYX", "normalize": "zscore", "files": "auto", "seed": 1},
    "synapses fit": {"seed": 3, "repair": [], "columns": {"NeuronId": "cell"}},
    "brainmap series": {"operation": "select", "indices": "0,1"},
}


def parameters(folder: Path) -> str:
    """All values of a task with those that have a shape of their own."""
    for name, values in PARAMETERS.items():
        model = STEPS[name].parameters
        known = {key: value for key, value in values.items() if key in model.model_fields}
        (folder / f"{name}.json").write_text(json.dumps(known))
    return "."


# -- readers


def read_whole_sorting(path: Path) -> None:
    """As review, export, curation and the pages begin."""
    refuse_links_out(path)
    found = read_finished(path)
    for unit in found.units["unit_id"].tolist():
        largest_channel(found.shape_of(unit))
    found.timeline.in_words()
    read_sorting(path, None)
    review.similarity(found.mean)
    read_units(path)


def read_curated_sorting(path: Path) -> None:
    refuse_links_out(path)
    read_state(path, None)


def read_again(path: Path) -> None:
    """As `spikes sort --again` takes groups over."""
    refuse_links_out(path)
    groups = [[0, 1, 2, 3]]
    shares = [SimpleNamespace(group=SimpleNamespace(channels=channels)) for channels in groups]
    read_earlier(path, SimpleNamespace(shares=shares), CHANNELS)  # type: ignore[arg-type]


def read_labelling(path: Path) -> None:
    """As labels are kept with a sorting's units, and given to an export."""
    refuse_links_out(path)
    read_sorting(path / "units", None, path / "labels")
    keep(path / "labels", path / "units")


def read_metrics(path: Path) -> None:
    refuse_links_out(path)
    table = metric_table.read(path)
    thresholds.label(table, read_rules(None).sections["thresholds"])


def read_log(path: Path) -> None:
    read_curator(path, "")


@cache
def measured() -> metric_table.MetricTable:
    """Units with all metrics that the rules ask for."""
    names = [rule.metric for rule in thresholds.DEFAULT_RULES]
    rows = pd.DataFrame({"unit_id": range(4), **{name: [0.1, 1, 5, 90] for name in names}})
    return metric_table.of_rows(rows, "metrics")


def read_thresholds(path: Path) -> None:
    """As a labelling takes them."""
    refuse_links_out(path)
    found = read_rules(path)
    thresholds.require(measured(), found.sections["thresholds"])
    thresholds.label(measured(), found.sections["thresholds"])
    bombcell.label(measured(), BombcellRules.of(found.sections))


def read_parameters(path: Path) -> None:
    """Every file of `--params` there, as the command line takes it."""
    for name in PARAMETERS:
        file = path / f"{name}.json"
        if file.exists():
            from_assignments(STEPS[name].parameters, [], file)


def read_training_rows(path: Path) -> None:
    refuse_links_out(path)
    rows_of(path)


READERS = (
    Reader("sorting folder", (Sample("units", sorting),), read_whole_sorting, share=1.5),
    Reader("sorting, again", (Sample("units", sorted_before),), read_again),
    Reader("curated units", (Sample("curated", curated),), read_training_rows),
    Reader("curation log", (Sample("log", file_of("spikes", "ann.jsonl")),), read_log),
    Reader("curation of a sorting", (Sample("units", curated_sorting),), read_curated_sorting),
    Reader("labels of a labelling", (Sample("labels", labelling),), read_labelling, share=0.6),
    Reader(
        "labels", (Sample("csv", file_of("spikes", "ben.csv")), Sample("phy", phy_labels)), read_log
    ),
    Reader(
        "labels xlsx, parquet",
        (Sample("xlsx", labels_xlsx), Sample("parquet", labels_parquet)),
        read_log,
    ),
    Reader(
        "metrics",
        (Sample("own", file_of("spikes", "labels/metrics.csv")), Sample("published", metrics)),
        read_metrics,
    ),
    Reader("sort file", (Sample("csv", sort_file),), read_sort_file),
    Reader(
        "thresholds",
        (Sample("both", rules), Sample("kept", rules_of_a_labelling)),
        read_thresholds,
        share=1.5,
    ),
    Reader("parameters", (Sample("params", parameters),), read_parameters, share=1.5),
)
