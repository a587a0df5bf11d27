"""Scale bars and seconds on figures of images."""

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.brainmap.look import look_figures
from dashboard.brainmap.map import map_figures
from dashboard.brainmap.operations import series_figures
from dashboard.kit.scale import UNKNOWN, Scale, round_length

KNOWN = Scale((0.5, 0.65), 0.4)


def label_map(scale: Scale) -> go.Figure:
    labels = np.zeros((2, 80, 110), np.int16)
    figure = map_figures.label_map(labels, labels.astype(np.float32), ["#3b6fd4"], ["0", "1"])
    return scale.pictured(figure, labels.shape[1:])


def test_each_plane_has_a_bar_as_long_as_it_says() -> None:
    figure = label_map(KNOWN)
    assert [trace.type for trace in figure.data] == ["heatmap"] * 2 + ["scatter"] * 4
    assert [trace.xaxis for trace in figure.data[2:]] == ["x", "x", "x2", "x2"]
    texts = [note.text for note in figure.layout.annotations if "µm" in note.text]
    assert texts == ["<span style='color:#ffffff'>10 µm</span>"] * 2
    for bar in figure.data[2:]:
        assert (bar.x[1] - bar.x[0]) * 0.65 == pytest.approx(10)
        assert (bar.hoverinfo, bar.showlegend) == ("skip", False)
        assert 0 < bar.y[0] < 79


def test_pixels_that_are_not_square_are_drawn_in_their_proportions() -> None:
    figure = label_map(KNOWN)
    assert figure.layout.yaxis.scaleratio == pytest.approx(0.5 / 0.65)
    assert figure.layout.yaxis2.scaleanchor == "x2"
    picture = look_figures.picture(np.zeros((8, 9), np.float32), (0, 1), "Gray")
    assert KNOWN.pictured(picture, (8, 9)).layout.yaxis.scaleratio == pytest.approx(0.5 / 0.65)


def test_series_are_drawn_over_seconds() -> None:
    figure = KNOWN.timed(map_figures.centroids(np.zeros((2, 5)), ["#000000", "#ffffff"]))
    assert figure.layout.xaxis.title.text == "time (s)"
    assert np.allclose(figure.data[1].x, [0, 0.4, 0.8, 1.2, 1.6])
    assert "%{x:.5g} s" in figure.data[0].hovertemplate
    thinned = KNOWN.timed(look_figures.voxel(np.zeros(3), 10, "a voxel"))
    assert np.allclose(thinned.data[0].x, [0, 4, 8])


def test_each_row_has_its_own_seconds() -> None:
    figure = series_figures.series(
        np.zeros(4), np.zeros(2), every=1, title="", unit="", axis="time point (frames)", first=0
    )
    KNOWN.timed(figure, row=1)
    Scale(None, 0.8).timed(figure, row=2)
    assert np.allclose(figure.data[0].x, [0, 0.4, 0.8, 1.2])
    assert np.allclose(figure.data[1].x, [0, 0.8])
    assert {axis.title.text for axis in figure.select_xaxes()} == {"time (s)"}


def test_axes_that_count_no_time_stay() -> None:
    figure = series_figures.series(
        np.zeros(4), np.zeros(2), every=1, title="", unit="", axis="measure", first=0
    )
    KNOWN.timed(figure)
    assert figure.data[1].x.tolist() == [0, 1]


def test_what_is_unknown_changes_nothing() -> None:
    assert len(label_map(UNKNOWN).data) == 2
    figure = UNKNOWN.timed(map_figures.centroids(np.zeros((2, 5)), ["#000000", "#ffffff"]))
    assert figure.layout.xaxis.title.text == "time point (frames)"
    assert (UNKNOWN.time(12), KNOWN.time(12)) == ("12", "4.8 s")


@pytest.mark.parametrize(("most", "length"), [(0.3, 0.2), (1, 1), (49.9, 20), (50, 50), (999, 500)])
def test_bars_are_of_round_lengths(most: float, length: float) -> None:
    assert round_length(most) == pytest.approx(length)


def test_sizes_come_from_the_results_of_a_task() -> None:
    assert Scale.of({"pixel_um": [0.5, 0.65], "frame_s": 0.4}) == KNOWN
    assert Scale.of({"n_voxels": 3}) == UNKNOWN
