import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard.synapses import explore_figures as explore
from dashboard.synapses import grid
from dashboard.synapses import map_figures as figures
from dashboard.synapses.raster import packed, raster
from dashboard.synapses.rows import inside, window_of
from pipelines.core.polygon import in_polygon

MEASURES = ("SynArea", "pca_1")


@pytest.fixture
def rows() -> pd.DataFrame:
    """Sixty clustered synapses as in `clusters.csv`, a third of them noise."""
    random = np.random.default_rng(0)
    numbers = ["UMAP_1", "UMAP_2", "UMAP_3", "SynArea", "pca_1", "pca_2", "pca_3"]
    places = [f"corr_{part}{axis}_micron" for part in ("", "soma_") for axis in "xyz"]
    values = pd.DataFrame(random.normal(size=(60, 13)), columns=[*numbers, *places])
    return values.assign(
        NeuronId=np.tile(["cb1", "cr1"], 30),
        SynType="as",
        SynId=range(60),
        cluster=np.repeat([-1, 0, 1], 20),
    )


def test_a_map_is_coloured_by_names_or_on_a_scale(rows: pd.DataFrame) -> None:
    assert [trace.name for trace in figures.embedding(rows).data] == [
        "noise (20)",
        "cluster 0 (20)",
        "cluster 1 (20)",
    ]
    assert len(figures.embedding(rows, "NeuronId").data) == 2
    (scale,) = figures.embedding(rows, "SynArea").data
    assert len(scale.marker.color) == 60


def test_a_synapse_is_pointed_out_and_others_are_faded(rows: pd.DataFrame) -> None:
    figure = figures.embedding(rows, marked=[3, 5])
    assert figure.data[-1].name == "pointed out (2)"
    figures.fade_others(figure, [20, 21])
    assert [len(trace.selectedpoints) for trace in figure.data[:3]] == [0, 2, 0]


def test_many_synapses_are_a_raster_until_one_looks_closely(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MOST_POINTS", 30)
    assert figures.embedding(rows).data[0].type == "heatmap"
    window = window_of([-0.3, 0.3, -3, 3])
    closer = figures.embedding(rows, window=window)
    assert closer.data[0].type == "scattergl"
    assert closer.layout.xaxis.range == (-0.3, 0.3)
    assert window_of(None) is None


def test_a_lasso_holds_the_points_in_it() -> None:
    x, y = np.array([0.5, 2.0, 0.5, 0.9]), np.array([0.5, 0.5, 2.0, 0.05])
    triangle = ([0.0, 1.0, 0.0], [0.0, 0.0, 3.0])
    assert in_polygon(x, y, *triangle).tolist() == [True, False, False, True]


def test_what_is_chosen_on_a_map_is_points_a_box_or_nothing(rows: pd.DataFrame) -> None:
    assert inside(rows, None) is None
    assert _numbers(inside(rows, {"points": [9, 7]})) == [7, 9]
    box = {"range": {"x": [-9, 0], "y": [-9, 9]}}
    assert _numbers(inside(rows, box)) == rows.index[rows["UMAP_1"] <= 0].tolist()
    corners = {"x": [-9, 0, 0, -9], "y": [-9, -9, 9, 9]}
    assert _numbers(inside(rows, {"lassoPoints": corners})) == _numbers(inside(rows, box))


def _numbers(found: "np.ndarray | None") -> list[int]:
    assert found is not None
    return [int(row) for row in found]


def test_a_raster_shows_the_most_frequent_name_or_the_mean_of_a_pixel() -> None:
    corner = np.repeat([0.0, 1.0], [3, 2])
    rows = pd.DataFrame(
        {"UMAP_1": corner, "UMAP_2": corner, "cluster": [2, 2, 0, 0, 0], "area": np.arange(5.0)}
    )
    image, *keys = raster(rows, "cluster", True, "", None)
    assert [key.name for key in keys] == ["cluster 0 (3)", "cluster 2 (2)"]
    assert (image.z[0, 0], image.z[-1, -1]) == (1, 0)
    (means,) = raster(rows, "area", False, "area (um²)", None)
    assert (means.z[0, 0], means.z[-1, -1]) == (1.0, 3.5)
    assert np.isfinite(means.z).sum() == 2
    grey, chosen, _ = raster(rows, "cluster", True, "", np.arange(5) > 2)
    assert (np.isfinite(grey.z).sum(), np.isfinite(chosen.z).sum()) == (2, 1)


def test_boxes_have_the_quartiles_and_whiskers_of_the_values(rows: pd.DataFrame) -> None:
    box = explore.boxes(rows, "SynArea").data[1]
    values = rows[(rows["cluster"] == 0) & (rows["NeuronId"] == "cb1")]["SynArea"]
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    assert (box.q1[0], box.median[0], box.q3[0]) == pytest.approx((low, middle, high))
    inner = values[values.between(low - 1.5 * (high - low), high + 1.5 * (high - low))]
    assert (box.lowerfence[0], box.upperfence[0]) == (inner.min(), inner.max())


def test_a_long_table_is_read_page_by_page_in_the_order_that_is_asked_for(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid, "clusters", lambda _: rows)
    monkeypatch.setattr(grid, "chosen_rows", lambda *_: np.arange(10, 60))
    monkeypatch.setattr("dashboard.kit.results.folder", lambda _: None)
    order = [{"colId": "SynArea", "sort": "desc"}]
    found = grid.page({"startRow": 0, "endRow": 5, "sortModel": order}, {"source": "x"}, "j")
    assert found["rowCount"] == 50
    expected = rows.iloc[10:].sort_values("SynArea", ascending=False).index[:5]
    assert [line["number"] for line in found["rowData"]] == expected.tolist()


def test_the_other_views_are_drawn(rows: pd.DataFrame) -> None:
    assert [trace.name for trace in explore.in_space(rows).data].count("soma") == 1
    assert len(explore.in_space(rows).data) == 7
    assert len(explore.map_in_space(rows).data) == 3
    assert len(explore.pairs(rows, MEASURES).data) == 3
    assert np.diag(explore.correlation(rows, MEASURES).data[0].z).tolist() == [1.0, 1.0]
    assert len(explore.boxes(rows, "SynArea").data) == 3
    assert explore.density(rows).data[0].z.sum() == pytest.approx(60, rel=0.2)
    before, chosen = explore.histogram(rows, "SynArea", [1, 2, 3]).data
    assert (sum(before.y), sum(chosen.y)) == (60, 3)


def test_of_many_names_none_is_left_out(rows: pd.DataFrame) -> None:
    many = rows.assign(cluster=np.arange(60) - 1)
    (trace,) = figures.embedding(many).data
    assert len(trace.x) == 60
    assert trace.marker.color.tolist() == list(range(60))
    assert trace.text[0].endswith("noise")
    assert trace.text[59].endswith("cluster 58")
    unnamed = many.assign(kind=[None, *map(str, range(59))])
    assert len(figures.embedding(unnamed, "kind").data[0].x) == 59


def test_an_image_of_many_clusters_shows_all_of_them_and_a_byte_each() -> None:
    place = np.linspace(0, 1, 60)
    many = pd.DataFrame({"UMAP_1": place, "UMAP_2": place, "cluster": np.arange(60) - 1})
    traces = raster(many, "cluster", True, "", np.arange(60) >= 30)
    figure = go.Figure(traces)
    packed(figure)
    image = figure.data[0]
    assert image.z.dtype == np.uint8
    numbers = image.z[np.nonzero(image.z)]
    # the first thirty are grey, the others have a colour each
    assert (numbers == 1).sum() == 30
    assert len(set(numbers.tolist())) == 31
    steps = image.colorscale[::2]
    assert steps[0][1] == "rgba(0,0,0,0)"
    assert image.zmax - image.zmin == len(steps)
