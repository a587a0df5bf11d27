"""Any other table of points: its columns are chosen, and the model knows them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from pipelines.core.errors import ParameterError, TableError
from pipelines.core.progress import silent
from pipelines.synapses.classify.predict import predict
from pipelines.synapses.classify.train import load_trained, train
from pipelines.synapses.clusters.fit import fit
from pipelines.synapses.parameters import (
    CheckParameters,
    FitParameters,
    PredictParameters,
    TrainParameters,
)
from pipelines.synapses.table.arrays import Synapses
from pipelines.synapses.table.checking import check
from pipelines.synapses.table.columns import SYNAPSES, Schema
from pipelines.synapses.table.features import Projection, fit_projection
from pipelines.synapses.table.schemas import chosen_schema, comparable
from pipelines.synapses.table.table import read_table

FEATURES = ("width", "height", "skew", "rate")
CHOSEN = {"id_column": "cell", "feature_columns": "width,height,skew,rate", "log_columns": "rate"}


def points(n: int = 150, seed: int = 0) -> pd.DataFrame:
    """Three planted clusters in four columns, one of them lognormal; columns of other names."""
    random = np.random.default_rng(seed)
    cluster = random.integers(3, size=n)
    centre = np.array([[0, 0, 0, 0], [6, 0, 6, 2], [0, 6, -6, -2]])[cluster]
    values = centre + random.normal(size=(n, 4)) * [1, 1, 1, 0.3]
    table = pd.DataFrame(values, columns=list(FEATURES)).round(6)
    table["rate"] = np.exp(table["rate"]).round(6)
    table.insert(0, "cell", [f"c{i}" for i in range(n)])
    return table.assign(planted=cluster, donor=np.where(np.arange(n) % 2, "A", "B"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table, a fit of it and a bundle."""
    folder = tmp_path_factory.mktemp("points")
    points().to_csv(folder / "points.csv", index=False)
    (folder / "fit").mkdir()
    (folder / "bundle").mkdir()
    parameters = FitParameters.parse({**CHOSEN, "evidence": "none"})
    fit({"table": folder / "points.csv"}, parameters, folder / "fit", silent)
    train({"fit": folder / "fit"}, TrainParameters(classifier="knn"), folder / "bundle", silent)
    return folder


def predicted(folder: Path, table: pd.DataFrame, tmp_path: Path) -> pd.DataFrame:
    table.to_csv(tmp_path / "new.csv", index=False)
    inputs = {"bundle": folder / "bundle", "table": tmp_path / "new.csv"}
    predict(inputs, PredictParameters(), tmp_path, silent)
    return pd.read_csv(tmp_path / "predictions.csv")


def test_planted_clusters_are_found_and_named_by_the_tables_own_columns(folder: Path) -> None:
    clusters = pd.read_csv(folder / "fit" / "clusters.csv")
    assert list(clusters.columns[:1]) == ["cell"]
    assert {"UMAP_1", "UMAP_2", "cluster", "probability", *FEATURES} <= set(clusters.columns)
    assert not {"NeuronId", "SynType", "SynId", "pca_1"} & set(clusters.columns)
    assert clusters["cell"].tolist() == points()["cell"].tolist()
    assert adjusted_rand_score(points()["planted"], clusters["cluster"]) >= 0.95


def test_each_row_gets_its_own_cluster_back_alone_or_together(folder: Path, tmp_path: Path) -> None:
    clusters = pd.read_csv(folder / "fit" / "clusters.csv").set_index("cell")
    shuffled = points().sample(frac=1, random_state=1)
    answers = predicted(folder, shuffled, tmp_path).set_index("cell")
    sure = clusters.index[clusters["cluster"] >= 0]
    assert (answers.loc[sure, "cluster"] == clusters.loc[sure, "cluster"]).mean() >= 0.99
    for cell in shuffled["cell"].head(5):
        alone = predicted(folder, shuffled[shuffled["cell"] == cell], tmp_path)
        columns = ["cluster", "probability", "outlier_score", "UMAP_1", "UMAP_2"]
        assert alone[columns].iloc[0].tolist() == answers.loc[cell, columns].tolist()


def test_the_model_knows_its_columns(folder: Path, tmp_path: Path) -> None:
    schema = load_trained(folder / "bundle").projection.schema
    assert schema == Schema(id="cell", features=FEATURES, logs=("rate",))
    with pytest.raises(TableError, match="lacks the column skew"):
        predicted(folder, points().drop(columns="skew"), tmp_path)


def test_rows_are_judged_by_the_rules_of_any_table(tmp_path: Path) -> None:
    table = points().astype(object)
    table.loc[0, "width"] = "wide"
    table.loc[1, "rate"] = 0
    table.loc[2, "cell"] = None
    table.loc[4, "cell"] = table.loc[3, "cell"]
    table.loc[5] = table.loc[6]
    table.to_csv(tmp_path / "t.csv", index=False)
    results = check({"table": tmp_path / "t.csv"}, CheckParameters.parse(CHOSEN), tmp_path, silent)
    report = pd.read_csv(tmp_path / "report.csv", index_col="row", keep_default_na=False)
    assert results["n_rejected"] == 6
    assert "not a number" in report.at[2, "message"]
    assert "must be above 0, for its logarithm" in report.at[3, "message"]
    assert "empty" in report.at[4, "message"]
    assert "same cell as row 6 but other values" in report.at[5, "message"]
    assert "the same as row 7; dropped" in report.at[8, "message"]


def test_a_skewed_positive_feature_is_offered_its_logarithm(tmp_path: Path) -> None:
    points().to_csv(tmp_path / "t.csv", index=False)
    parameters = CheckParameters.parse({"feature_columns": "width,rate"})
    notes = check({"table": tmp_path / "t.csv"}, parameters, tmp_path, silent)["notes"]
    assert len(notes) == 1
    assert notes[0].startswith("rate is above 0 and skewed")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"feature_columns": "width"}, "at least two columns"),
        ({"coordinate_columns": "width", "feature_columns": "rate"}, "two or three columns"),
        ({"feature_columns": "width,rate", "id_column": "Rate"}, "rate was chosen twice"),
        ({"feature_columns": "width,cluster"}, "a column cluster of its own"),
        ({"feature_columns": "width,rate", "log_columns": "skew"}, "none of the feature_columns"),
        ({"log_columns": "skew"}, "choose feature_columns too"),
        ({"feature_columns": "width,rate", "profile": "published"}, "leave it at default"),
    ],
)
def test_columns_that_make_no_table_are_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        chosen_schema(FitParameters.parse(values))


def test_nothing_chosen_is_a_table_of_synapses() -> None:
    assert chosen_schema(FitParameters()) == SYNAPSES


def test_a_feature_that_says_nothing_is_refused(tmp_path: Path) -> None:
    points().assign(width=1.0).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(TableError, match="width has the same value in all rows"):
        fit({"table": tmp_path / "t.csv"}, FitParameters.parse(CHOSEN), tmp_path, silent)


def test_a_group_of_synapses_is_none_of_another_table(tmp_path: Path) -> None:
    points().to_csv(tmp_path / "t.csv", index=False)
    parameters = FitParameters.parse({**CHOSEN, "group": "as"})
    with pytest.raises(TableError, match="take all or COLUMN=VALUE"):
        fit({"table": tmp_path / "t.csv"}, parameters, tmp_path, silent)


@pytest.mark.parametrize("axes", [2, 3])
def test_groups_have_frames_with_the_largest_part_of_each_axis_positive(axes: int) -> None:
    random = np.random.default_rng(0)
    names = ("x", "y", "z")[:axes]
    schema = Schema("cell", "donor", names, features=("width",))
    table = points()
    for axis, name in enumerate(names):
        table[name] = random.normal(size=len(table)) * 10 / (axis + 1)
    rows = table.assign(NeuronId=table["donor"], SynType="point", SynId=table["cell"])
    synapses = Synapses.from_rows(rows, schema)
    projection = fit_projection(synapses, np.ones(len(rows), dtype=bool), 1.0, 1.0)
    assert sorted(projection.frames) == ["A", "B"]
    for donor, frame in projection.frames.items():
        largest = np.abs(frame.axes).argmax(axis=1)
        assert (frame.axes[np.arange(axes), largest] > 0).all()
        of_group = table.loc[table["donor"] == donor, list(names)].to_numpy()
        np.testing.assert_allclose(frame.mean, of_group.mean(axis=0))
    assert projection.names == (*(f"pca_{axis}" for axis in range(1, axes + 1)), "width")
    again = Projection.from_arrays(projection.to_arrays())
    np.testing.assert_array_equal(again.features(synapses), projection.features(synapses))


def test_without_an_id_the_order_of_the_rows_decides_nothing(tmp_path: Path) -> None:
    schema = Schema(features=FEATURES)
    table = points(40).round(0)
    table.to_csv(tmp_path / "one.csv", index=False)
    table.sample(frac=1, random_state=0).to_csv(tmp_path / "other.csv", index=False)
    found = [
        read_table(tmp_path / name, schema=schema).rows.sort_values("SynId")[list(FEATURES)]
        for name in ("one.csv", "other.csv")
    ]
    assert len(found[0]) == 40
    np.testing.assert_array_equal(found[0].to_numpy(), found[1].to_numpy())


def test_a_table_in_another_unit_than_that_of_the_fit_is_refused(tmp_path: Path) -> None:
    def written(unit: str, name: str) -> Path:
        head, _, body = points(60).to_csv(index=False).partition("\n")
        units = f"-,{unit},um,-,Hz,-,-" if unit else ""
        (tmp_path / name).write_text("\n".join(filter(None, [head, units, body])))
        return tmp_path / name

    for folder in ("fit", "bundle", "out"):
        (tmp_path / folder).mkdir()
    parameters = FitParameters.parse({**CHOSEN, "evidence": "none"})
    fit({"table": written("um", "fit.csv")}, parameters, tmp_path / "fit", silent)
    train({"fit": tmp_path / "fit"}, TrainParameters(classifier="knn"), tmp_path / "bundle", silent)

    def predict_in(unit: str) -> int:
        inputs = {"bundle": tmp_path / "bundle", "table": written(unit, "new.csv")}
        return int(predict(inputs, PredictParameters(), tmp_path / "out", silent)["n_predicted"])

    assert predict_in("µm") == predict_in("") == 60
    with pytest.raises(TableError, match=r"width is said to be in nm, .* was in um: convert it"):
        predict_in("nm")


def test_rows_of_any_table_are_compared_by_the_numbers_that_vary() -> None:
    table = points(40).assign(
        row=1.5, number=range(1, 41), same=2, note="x", day=pd.Timestamp("2007-11-11")
    )
    table.loc[3, "width"] = np.nan
    table["often blank"] = np.where(np.arange(40) % 2, table["height"], np.nan)
    assert comparable(table) == [*FEATURES, "planted"]
    as_text = table.astype("string").assign(width=lambda found: found["width"].fillna("NA"))
    assert comparable(as_text) == [*FEATURES, "planted"]
    assert comparable(table.head(0)) == []
