"""Colours: the space they are measured in, and how they are chosen."""

from time import process_time

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.brainmap.colors.fit import Objective
from pipelines.brainmap.colors.palette import (
    COLOR_BLIND,
    EarlierColors,
    color_centroids,
    cosine_distances,
    match,
)
from pipelines.brainmap.colors.space import (
    compress,
    compressed_with_jacobian,
    delta_e,
    delta_e_matrix,
    expand,
    lab_to_srgb,
    srgb_to_lab,
    to_hex,
)
from pipelines.brainmap.parameters import Palette

Floats = NDArray[np.float64]
CHOICES: tuple[Palette, Palette] = ("similarity", "notebook")

# Sharma, Wu, Dalal (2005), doi:10.1002/col.20070, table 1: L* a* b* of two colours, CIEDE2000
PAIRS = """
50.0000 2.6772 -79.7751 50.0000 0.0000 -82.7485 2.0425
50.0000 3.1571 -77.2803 50.0000 0.0000 -82.7485 2.8615
50.0000 2.8361 -74.0200 50.0000 0.0000 -82.7485 3.4412
50.0000 -1.3802 -84.2814 50.0000 0.0000 -82.7485 1.0000
50.0000 -1.1848 -84.8006 50.0000 0.0000 -82.7485 1.0000
50.0000 -0.9009 -85.5211 50.0000 0.0000 -82.7485 1.0000
50.0000 0.0000 0.0000 50.0000 -1.0000 2.0000 2.3669
50.0000 -1.0000 2.0000 50.0000 0.0000 0.0000 2.3669
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0009 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0010 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0011 7.2195
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0012 7.2195
50.0000 -0.0010 2.4900 50.0000 0.0009 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0010 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0011 -2.4900 4.7461
50.0000 2.5000 0.0000 50.0000 0.0000 -2.5000 4.3065
50.0000 2.5000 0.0000 73.0000 25.0000 -18.0000 27.1492
50.0000 2.5000 0.0000 61.0000 -5.0000 29.0000 22.8977
50.0000 2.5000 0.0000 56.0000 -27.0000 -3.0000 31.9030
50.0000 2.5000 0.0000 58.0000 24.0000 15.0000 19.4535
50.0000 2.5000 0.0000 50.0000 3.1736 0.5854 1.0000
50.0000 2.5000 0.0000 50.0000 3.2972 0.0000 1.0000
50.0000 2.5000 0.0000 50.0000 1.8634 0.5757 1.0000
50.0000 2.5000 0.0000 50.0000 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


@pytest.fixture
def some_colors() -> Floats:
    return np.random.default_rng(0).random((200, 3))


def test_ciede2000_equals_the_published_pairs() -> None:
    table = np.array([line.split() for line in PAIRS.split("\n") if line], float)
    assert len(table) == 34
    first, second, expected = table[:, :3], table[:, 3:6], table[:, 6]
    np.testing.assert_allclose(delta_e(first, second), expected, atol=5.1e-5)
    np.testing.assert_allclose(delta_e(second, first), expected, atol=5.1e-5)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    # CIELAB of the sRGB primaries under D65, http://www.brucelindbloom.com
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
    ],
)
def test_cielab_of_the_primaries(rgb: tuple[int, ...], lab: tuple[float, ...]) -> None:
    np.testing.assert_allclose(srgb_to_lab(np.array(rgb, float)), lab, atol=0.01)


def test_conversions_can_be_undone(some_colors: Floats) -> None:
    lab = srgb_to_lab(some_colors)
    np.testing.assert_allclose(lab_to_srgb(lab), some_colors, atol=1e-12)
    np.testing.assert_allclose(expand(compress(lab)), lab, atol=1e-10)


def test_compressed_cielab_is_closer_to_the_eye_than_cielab(some_colors: Floats) -> None:
    lab = srgb_to_lab(some_colors)
    above = np.triu_indices(len(lab), 1)
    seen = delta_e_matrix(lab)[above]

    def agreement(points: Floats) -> float:
        straight = np.linalg.norm(points[:, None] - points, axis=2)[above]
        return float(np.corrcoef(straight, seen)[0, 1])

    assert agreement(compress(lab)) > 0.92 > agreement(lab)


def test_the_jacobian_is_the_numeric_one(some_colors: Floats) -> None:
    _, jacobian = compressed_with_jacobian(some_colors)
    for part in range(3):
        step = np.zeros(3)
        step[part] = 1e-6
        ahead, _ = compressed_with_jacobian(some_colors + step)
        behind, _ = compressed_with_jacobian(some_colors - step)
        slope = (ahead - behind) / 2e-6
        # one colour may lie where a curve turns into a line
        np.testing.assert_allclose(jacobian[:, :, part], slope, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("separation", [0.5, 5.0, 60.0])
def test_the_gradient_is_the_numeric_one(separation: float) -> None:
    random = np.random.default_rng(3)
    objective = Objective(cosine_distances(random.normal(size=(8, 5))), separation)
    # dark, grey and bright colours, so that every penalty acts
    colors = np.concatenate([random.random(15), [0.1, 0.14, 0.1, 0.5, 0.54, 0.5, 0.99, 0.98, 0.9]])
    _, gradient = objective(colors)
    steps = 1e-6 * np.eye(len(colors))
    numeric = [(objective(colors + e)[0] - objective(colors - e)[0]) / 2e-6 for e in steps]
    np.testing.assert_allclose(gradient, numeric, atol=1e-6)


@pytest.mark.parametrize(
    ("k", "correlation", "difference"), [(30, 0.94, 5), (100, 0.92, 3), (200, 0.88, 3)]
)
def test_colours_of_the_zebrafish_tell_what_is_alike(
    fish_centroids: dict[int, Floats], k: int, correlation: float, difference: float
) -> None:
    start = process_time()
    found = color_centroids(fish_centroids[k])
    assert process_time() - start < 20  # seconds of a busy machine; a quiet one takes 2
    assert found.correlation is not None
    assert found.correlation >= correlation
    assert found.min_delta_e >= difference


def test_the_figures_are_those_of_the_colours_on_the_screen() -> None:
    centroids = np.random.default_rng(5).normal(size=(12, 6))
    found = color_centroids(centroids)
    seen = delta_e_matrix(srgb_to_lab(found.rgb / 255))[np.triu_indices(12, 1)]
    unit = centroids / np.linalg.norm(centroids, axis=1, keepdims=True)
    wanted = (1 - unit @ unit.T)[np.triu_indices(12, 1)]
    assert found.min_delta_e == pytest.approx(seen.min())
    assert found.correlation == pytest.approx(np.corrcoef(wanted, seen)[0, 1])


def test_the_same_seed_gives_the_same_colours_and_another_others() -> None:
    centroids = np.random.default_rng(6).normal(size=(15, 8))
    first, second, other = (color_centroids(centroids, seed).hex for seed in (0, 0, 1))
    assert first == second
    assert first != other


def test_colours_are_neither_dark_nor_grey() -> None:
    centroids = np.random.default_rng(7).normal(size=(20, 8))
    lab = srgb_to_lab(color_centroids(centroids).rgb / 255)
    assert lab[:, 0].min() > 30
    assert np.hypot(lab[:, 1], lab[:, 2]).min() > 10


def test_a_centroid_without_a_course_is_grey_and_apart() -> None:
    centroids = np.random.default_rng(8).normal(size=(10, 8))
    centroids[4] = 0
    found = color_centroids(centroids)
    assert found.hex[4] == "#808080"
    assert found.hex.count("#808080") == 1
    assert found.min_delta_e >= 5


def test_alike_centroids_still_get_different_colours() -> None:
    found = color_centroids(np.ones((12, 4)) * np.arange(1, 13)[:, None])
    assert found.correlation is None
    assert found.min_delta_e >= 5


@pytest.mark.parametrize("k", [1, 2, 3])
def test_few_clusters_are_coloured_too(k: int) -> None:
    found = color_centroids(np.random.default_rng(9).normal(size=(k, 5)))
    assert found.rgb.shape == (k, 3)
    assert found.min_delta_e > 5
    assert (found.correlation is None) == (k < 3)


def test_the_notebooks_colours_follow_angles_better_than_the_eye(
    fish_centroids: dict[int, Floats],
) -> None:
    ours, theirs = (color_centroids(fish_centroids[30], 0, name) for name in CHOICES)
    angles = cosine_distances(theirs.rgb.astype(float))[np.triu_indices(30, 1)]
    wanted = cosine_distances(fish_centroids[30])[np.triu_indices(30, 1)]
    assert np.corrcoef(angles, wanted)[0, 1] > 0.95
    assert ours.correlation is not None
    assert theirs.correlation is not None
    assert theirs.correlation < ours.correlation
    assert theirs.min_delta_e < ours.min_delta_e


@pytest.mark.parametrize("palette", ["similarity", "notebook", "colorblind"])
def test_a_silent_centroid_is_grey_in_every_palette(palette: Palette) -> None:
    centroids = np.random.default_rng(8).normal(size=(8, 6))
    centroids[3] = 0
    found = color_centroids(centroids, 0, palette)
    assert found.hex[3] == "#808080"
    assert len(set(found.hex)) == 8


def test_colours_stay_put_when_a_cluster_is_split(fish_centroids: dict[int, Floats]) -> None:
    few = fish_centroids[30]
    more = np.concatenate([few[::-1], few[:2] * 1.05])
    before = color_centroids(few)
    after, anew = (
        color_centroids(more, 1, "similarity", earlier)
        for earlier in (EarlierColors(few, before.rgb), None)
    )
    moved, jumped = (
        delta_e(srgb_to_lab(before.rgb[::-1] / 255), srgb_to_lab(found.rgb[:30] / 255)).mean()
        for found in (after, anew)
    )
    assert moved < 15
    assert moved < jumped
    assert after.min_delta_e >= 5


def test_centroids_are_matched_one_to_one_as_far_as_possible() -> None:
    earlier = np.eye(4)
    now = np.array([[0, 1, 0, 0.1], [1, 0, 0, 0], [0, 0, 0.2, 1], [0, 0, 1, 0], [1, 0.1, 0, 0]])
    assert match(now, earlier)[:4].tolist() == [1, 0, 3, 2]


# Machado, Oliveira, Fernandes (2009), doi:10.1109/TVCG.2009.113, severity 1.0, linear sRGB
BLINDNESS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


@pytest.mark.parametrize("kind", BLINDNESS)
def test_colour_blind_people_tell_the_palette_apart(kind: str) -> None:
    found = color_centroids(np.random.default_rng(2).normal(size=(10, 6)), 0, "colorblind")
    assert sorted(found.hex) == sorted(COLOR_BLIND)
    rgb = found.rgb / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(BLINDNESS[kind]).T, 0, 1)
    shown = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    differences = delta_e_matrix(srgb_to_lab(shown))[np.triu_indices(10, 1)]
    assert differences.min() >= 16


def test_a_colour_is_written_in_hexadecimal() -> None:
    assert to_hex(np.array([[0, 15, 255]], np.uint8)) == ["#000fff"]
