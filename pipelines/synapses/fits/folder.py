"""The folders of the synapse steps: the only place that knows their files, and opens them again.

    clusters.csv             fit: the clustered synapses, in the order of the table
    summary.csv              fit: each cluster against the rest
    sweep.csv                fit: other densities; with hdbscan only
    evidence.json            fit: how far the clusters can be believed, see `evidence.Evidence`
    model.npz model.json     fit: all that a classifier needs; arrays, and what they mean
    report.csv               check, fit, predict: what became of every row
    repaired.csv             check: the usable rows
    predictions.csv          predict: the table as it was given, then the answers
    run.json                 what was done

A bundle that `train` writes is owned by `bundles`; what is shown of it is read here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.core.csv import read_csv, write_csv
from pipelines.core.errors import BundleError, InputError
from pipelines.core.result_files import opened_arrays, read_object, unpacked
from pipelines.core.result_schema import (
    NUMBER,
    TEXT,
    WHOLE,
    TableFile,
    damage_sentence,
    require_version,
)
from pipelines.files.reading import reading
from pipelines.models import bundles
from pipelines.synapses.table.columns import OTHER_TYPE, SYNAPSES, Schema

VERSION = 1
"""Of the schema below, written as `schema` into `model.json`; a change of it counts this up."""
ADVICE = "fit the table again"
RUN_AGAIN = "copy it again, or run the step again"

MODEL, ABOUT, EVIDENCE = "model.npz", "model.json", "evidence.json"
ON_MAP = {"cluster": WHOLE, "probability": NUMBER, "UMAP_1": NUMBER, "UMAP_2": NUMBER}
CLUSTERS = TableFile("clusters.csv", ON_MAP)
SUMMARY = TableFile(
    "summary.csv",
    {"cluster": WHOLE, "measure": TEXT, "delta": NUMBER, "delta_low": NUMBER, "delta_high": NUMBER},
)
SWEEP = TableFile("sweep.csv", {"min_samples": WHOLE, "n_clusters": WHOLE}, others=NUMBER)
REPORT, REPAIRED = "report.csv", "repaired.csv"
PREDICTIONS = TableFile(
    "predictions.csv", {"cluster": NUMBER, "UMAP_1": NUMBER, "UMAP_2": NUMBER, "note": TEXT}
)
WHOLE_AS_WRITTEN = r"(?:0|-?[1-9][0-9]{0,17})"


@dataclass(frozen=True)
class FinishedFit:
    """What a fit found; each part is read when it is first asked for.

    Raises:
        InputError: in each of its parts: the file is not there, or damaged.
    """

    folder: Path

    @cached_property
    def schema(self) -> Schema:
        """Which columns it was made of."""
        with opened_arrays(self.folder / MODEL, InputError, ADVICE) as arrays:
            stored = str(arrays["schema"]) if "schema" in arrays else ""
            return Schema.from_dict(json.loads(stored)) if stored else SYNAPSES

    @cached_property
    def clusters(self) -> pd.DataFrame:
        """The clustered synapses, one line each, numbered from 0 in the order of the table.

        The key, `cluster` (-1 is noise), `probability`, `UMAP_1`, `UMAP_2`, and measures and places
        in the neuron's frame, of synapses in um and um2.

        Rows of another table of points get the names of the key, beside their own.
        """
        schema = self.schema
        names = ("NeuronId", "SynType", "SynId") if schema == SYNAPSES else schema.key_columns
        columns = {**dict.fromkeys(names, TEXT), **ON_MAP}
        rows = TableFile(CLUSTERS.name, columns).read(self.folder, InputError, ADVICE)
        if "SynId" in rows:
            rows["SynId"] = _whole_if_all_are(rows["SynId"])
        if schema == SYNAPSES:
            return rows
        ids = rows[schema.id or "point"].astype(str)
        groups = rows[schema.group].astype(str) if schema.group else "all"
        return rows.assign(NeuronId=groups, SynType=OTHER_TYPE, SynId=ids)

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """The features (synapse, feature) that were compared, in the order of `clusters`.

        Raises:
            InputError: a file is not there or damaged, or the two hold different synapses.
        """
        with opened_arrays(self.folder / MODEL, InputError, ADVICE) as arrays:
            key, features = arrays["key"][arrays["selected"]], arrays["features"]
        names = pd.MultiIndex.from_arrays(list(key.T))
        wanted = [self.clusters[name].astype(str) for name in ("NeuronId", "SynType", "SynId")]
        places = names.get_indexer(pd.MultiIndex.from_arrays(wanted))
        if len(features) != len(key) or (places < 0).any():
            file = self.folder / CLUSTERS.name
            raise InputError(damage_sentence(file, f"has other synapses than {MODEL}", ADVICE))
        ordered: NDArray[np.float64] = features[places]
        return ordered

    @cached_property
    def evidence(self) -> dict[str, Any]:
        """How far the clusters can be believed; earlier versions wrote other figures."""
        return read_object(self.folder / EVIDENCE, InputError, ADVICE)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Each cluster against the rest, one line a cluster and measure, as `effects.contrasts`."""
        return SUMMARY.read(self.folder, InputError, ADVICE)

    @cached_property
    def sweep(self) -> pd.DataFrame | None:
        """Other densities, one line each, as `sweep_min_samples` gives them.

        None where the clusters were not found by density.
        """
        if not (self.folder / SWEEP.name).exists():
            return None
        return SWEEP.read(self.folder, InputError, ADVICE)


def _whole_if_all_are(texts: "pd.Series[Any]") -> "pd.Series[Any]":
    """Names as whole numbers where each is written as one, as others would be: 7, but not 07."""
    if texts.notna().all() and texts.str.fullmatch(WHOLE_AS_WRITTEN).all():
        return texts.astype(np.int64)
    return texts


def read_model(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What a fit was made from, and its arrays by name, as `write_model` wrote them.

    `Fitted` has the shape of each: of n synapses, g of them clustered, such as `key` (n, 3),
    `selected` (n,), `features` (g, d) and `labels` (g,).

    Raises:
        InputError: the folder is no fit, is of a later version, or was changed or damaged.
    """
    if not (folder / ABOUT).is_file() or not (folder / MODEL).is_file():
        raise InputError(
            f"{folder} is no result of synapses fit ({ABOUT} and {MODEL} are missing): "
            "choose the folder that a fit has written."
        )
    with reading(folder, InputError, ADVICE, "result of synapses fit"):
        about = read_object(folder / ABOUT, InputError, ADVICE)
        content = (folder / MODEL).read_bytes()
        require_version(about, VERSION, folder)
        if about["arrays_sha256"] != sha256(content).hexdigest():
            raise InputError(f"{folder} was changed after the fit: {ADVICE}.")
        return about, unpacked(content)


def write_model(folder: Path, arrays: bytes, about: Mapping[str, Any]) -> None:
    """Write the content of an `.npz` file, and what its arrays mean."""
    (folder / MODEL).write_bytes(arrays)
    record = {"schema": VERSION, "arrays_sha256": sha256(arrays).hexdigest(), **about}
    _write_json(folder / ABOUT, record)


def write_evidence(folder: Path, evidence: Mapping[str, Any]) -> None:
    """Write how far the clusters of a fit can be believed."""
    _write_json(folder / EVIDENCE, evidence)


def write_clusters(folder: Path, clusters: pd.DataFrame, summary: pd.DataFrame) -> None:
    """Write the clustered synapses, and each cluster against the rest.

    Args:
        folder: of the fit.
        clusters: one line a synapse, with the columns of `CLUSTERS`.
        summary: one line a cluster and measure, as `effects.contrasts` gives them.
    """
    write_csv(clusters, folder / CLUSTERS.name)
    write_csv(summary, folder / SUMMARY.name)


def write_sweep(folder: Path, sweep: pd.DataFrame) -> None:
    """Write what other densities give, one line a density with the columns of `SWEEP`."""
    write_csv(sweep, folder / SWEEP.name)


def write_predictions(folder: Path, rows: pd.DataFrame) -> None:
    """Write a table with its answers, one line a row with the columns of `PREDICTIONS`."""
    write_csv(rows, folder / PREDICTIONS.name)


def read_report(folder: Path) -> pd.DataFrame:
    """What became of every row of a table, one line each, all as texts.

    The columns are those of `CheckedTable.report`.

    Raises:
        InputError: it is not there, or damaged.
    """
    file = folder / REPORT
    with reading(file, InputError, RUN_AGAIN, "table"):
        report = read_csv(file, dtype=str, keep_default_na=False)
    if "message" not in report:
        raise InputError(damage_sentence(file, "has no column message", RUN_AGAIN))
    return report


def read_predictions(folder: Path) -> pd.DataFrame:
    """The rows of a table with their answers, one line each; `note` is empty where there is none.

    Raises:
        InputError: it is not there, or damaged.
    """
    return PREDICTIONS.read(folder, InputError, RUN_AGAIN).fillna({"note": ""})


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a bundle that `train` wrote, to be shown.

    Raises:
        BundleError: it is not there, or damaged.
    """
    return read_object(folder / bundles.CARD, BundleError, "train it again")


def known_places(bundle: Path) -> pd.DataFrame:
    """Where the synapses that a bundle learnt from are on the map, as `UMAP_1` and `UMAP_2`.

    One line a synapse; places on the map have no unit. Published bundles do not hold them: then
    there are no rows.

    Raises:
        InputError: its arrays are damaged.
    """
    columns = ["UMAP_1", "UMAP_2"]
    if not (bundle / bundles.ARRAYS).is_file():
        return pd.DataFrame(columns=columns, dtype=float)
    with opened_arrays(bundle / bundles.ARRAYS, InputError, "train it again") as arrays:
        return pd.DataFrame(arrays["embedding"], columns=columns)


def _write_json(file: Path, values: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
