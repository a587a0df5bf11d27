"""Voxels coloured by measures, with a legend in the same colours."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from pipelines import tasks
from pipelines.brainmap.colors.compose import compose, principal_scores
from pipelines.brainmap.colors.compose_parameters import OFFERED, ComposeParameters
from pipelines.brainmap.map.folder import FinishedMap, open_map
from pipelines.brainmap.map.maps import NEUTRAL
from pipelines.brainmap.voxels.series import Series
from pipelines.core.errors import InputError, ParameterError


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A map of voxels that answer to one cycle per series, each with a phase of its own."""
    folder = tmp_path_factory.mktemp("mapped")
    random = np.random.default_rng(0)
    phase = np.linspace(0, 2 * np.pi, 10 * 12, endpoint=False).reshape(1, 10, 12)
    times = 2 * np.pi * np.arange(16) / 16
    film = 500 + 100 * np.sin(times[:, None, None, None] + phase)
    film[:, 0, 0, :3] = 500
    film += random.normal(0, 0.01, film.shape)
    np.save(folder / "film.npy", film)
    tasks.run("brainmap fit", {"images": folder / "film.npy"}, {"k": "3, 4"}, folder / "map")
    return folder / "map"


@pytest.fixture
def found(mapped: Path) -> FinishedMap:
    return open_map(mapped)


def test_components_are_those_of_scikit_learn(fish_series: Series) -> None:
    scores, share = principal_scores(fish_series, 3)
    reference = PCA(3, svd_solver="full").fit(fish_series.astype(float))
    assert np.allclose(np.abs(scores), np.abs(reference.transform(fish_series)), atol=1e-6)
    assert share == pytest.approx(reference.explained_variance_ratio_, rel=1e-6)


def test_the_phase_is_the_hue(found: FinishedMap) -> None:
    parameters = ComposeParameters(measure="fourier", color_map="hv")
    composed = compose(found, parameters)
    plane = composed.rgb[0]
    assert (plane[0, :3] == NEUTRAL).all()  # filtered out
    across = composed.legend[0].rgb[0].astype(int)  # coherence 1, phase from 0 to 2 pi
    row = plane[5].astype(int)
    # Thunder's phase falls as a sine moves ahead; row 5 begins at half a turn.
    turn = -(2 * np.pi * np.arange(12) / 120 + np.pi) % (2 * np.pi)
    shades = across[np.round(turn / (2 * np.pi) * 63).astype(int)]
    assert np.abs(row - shades).max() < 20


@pytest.mark.parametrize(
    ("measure", "color_map"),
    [(measure, name) for measure, names in OFFERED.items() for name in names],
)
def test_every_offered_colour_map_has_a_legend(
    found: FinishedMap, measure: str, color_map: str
) -> None:
    composed = compose(found, ComposeParameters(measure=measure, color_map=color_map))
    assert composed.rgb.shape == (1, 10, 12, 3)
    squares = color_map in ("hv", "polar", "angle")
    assert len(composed.legend) == (1 if squares else 3)
    assert all((key.y is not None) == squares for key in composed.legend)


def test_each_cluster_has_its_own_colour_where_its_voxels_are(found: FinishedMap) -> None:
    parameters = ComposeParameters(measure="clusters", color_map="indexed", clusters=(0, 1, 2), k=3)
    shades = compose(found, parameters).rgb.reshape(-1, 3)[found.voxels]
    labels = found.labels[found.place(3)]
    for cluster in range(3):  # red, green and blue
        assert (shades[labels == cluster].argmax(axis=1) == cluster).mean() > 0.95


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"measure": "fourier", "color_map": "rgb"}, "rgb does not suit fourier"),
        ({"measure": "fourier", "color_map": "hv", "freq": 8}, "below half the 16"),
        ({"measure": "clusters", "color_map": "rgb", "clusters": (0, 9, 1)}, "no cluster 9"),
        ({"measure": "clusters", "color_map": "rgb", "clusters": (0, 1)}, "rgb takes 3 measures"),
        ({"measure": "clusters", "color_map": "rgb", "k": 7}, "the map has no K = 7"),
    ],
)
def test_what_does_not_suit_is_one_sentence(
    found: FinishedMap, values: dict[str, object], says: str
) -> None:
    with pytest.raises(ParameterError, match=says):
        compose(found, ComposeParameters.parse(values))


def test_the_files_are_written(mapped: Path, tmp_path: Path) -> None:
    tasks.run("brainmap colorize", {"map": mapped}, {}, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "colored.tif", "colored.png", "colored.svg", "run.json",
    }  # fmt: skip
    with pytest.raises(InputError, match="no finished map"):
        open_map(tmp_path / "out")
