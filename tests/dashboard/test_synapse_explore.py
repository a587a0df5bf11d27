import numpy as np
import pandas as pd
import pytest

from dashboard.figures import synapse_explore as explore
from dashboard.figures import synapses as figures
from dashboard.results.synapse_rows import in_polygon, inside, window_of

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
    names = [f"{axis}axis.range[{end}]" for axis in "xy" for end in (0, 1)]
    window = window_of(dict(zip(names, (-0.3, 0.3, -3, 3), strict=True)))
    closer = figures.embedding(rows, window=window)
    assert closer.data[0].type == "scattergl"
    assert closer.layout.xaxis.range == (-0.3, 0.3)
    assert window_of({"xaxis.autorange": True}) is None


def test_a_lasso_holds_the_points_in_it() -> None:
    x, y = np.array([0.5, 2.0, 0.5, 0.9]), np.array([0.5, 0.5, 2.0, 0.05])
    triangle = ([0.0, 1.0, 0.0], [0.0, 0.0, 3.0])
    assert in_polygon(x, y, *triangle).tolist() == [True, False, False, True]


def test_what_is_chosen_on_a_map_is_points_a_box_or_nothing(rows: pd.DataFrame) -> None:
    assert inside(rows, None) is None
    assert inside(rows, {"points": []}) is None
    assert inside(rows, {"points": [{"customdata": 7}]}) == [7]
    box = {"points": [], "range": {"x": [-9, 0], "y": [-9, 9]}}
    assert inside(rows, box) == rows.index[rows["UMAP_1"] <= 0].tolist()


def test_the_other_views_are_drawn(rows: pd.DataFrame) -> None:
    assert len(explore.in_space(rows).data) == 6
    assert len(explore.map_in_space(rows).data) == 3
    assert len(explore.pairs(rows, MEASURES).data) == 3
    assert np.diag(explore.correlation(rows, MEASURES).data[0].z).tolist() == [1.0, 1.0]
    assert len(explore.boxes(rows, "SynArea").data) == 3
    assert explore.density(rows).data[0].z.sum() == pytest.approx(60, rel=0.2)
    before, chosen = explore.histogram(rows, "SynArea", [1, 2, 3]).data
    assert (sum(before.y), sum(chosen.y)) == (60, 3)
