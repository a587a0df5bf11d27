"""The six special colour maps of Thunder."""

import colorsys

import numpy as np
import pytest

from pipelines.brainmap.colors import colormaps


@pytest.fixture
def images() -> np.ndarray:
    """Three images of 4 x 5 pixels from 0 to 1."""
    return np.random.default_rng(0).random((3, 4, 5))


def test_hsv_is_the_standard_librarys(images: np.ndarray) -> None:
    expected = [colorsys.hsv_to_rgb(*pixel) for pixel in images.reshape(3, -1).T]
    found = colormaps.hsv(*images)
    assert found.shape == (4, 5, 3)
    np.testing.assert_allclose(found.reshape(-1, 3), expected, atol=1e-12)


def test_hv_has_a_saturation_of_eight_tenths(images: np.ndarray) -> None:
    expected = [colorsys.hsv_to_rgb(h, 0.8, v) for h, v in images[:2].reshape(2, -1).T]
    found = colormaps.hv(*images[:2])
    np.testing.assert_allclose(found.reshape(-1, 3), expected, atol=1e-12)


def test_rgb_is_the_three_images_cut_to_the_range(images: np.ndarray) -> None:
    found = colormaps.rgb(images[0], 2 * images[1], -images[2])
    assert np.array_equal(found[..., 0], images[0])
    assert found[..., 1].max() == 1
    assert not found[..., 2].any()


def test_directions_are_hues() -> None:
    x, y = np.array([[1.0, -0.5]]), np.array([[0.0, np.sqrt(0.75)]])
    np.testing.assert_allclose(colormaps.angle(x, y), [[[1, 0, 0], [0, 1, 0]]], atol=1e-12)
    half = colormaps.polar(x, y, scale=0.5)
    np.testing.assert_allclose(half, [[[0.5, 0, 0], [0, 0.5, 0]]], atol=1e-12)


def test_the_brightest_of_the_indexed_images_wins() -> None:
    images = np.array([[[1.0, 0.2]], [[0.5, 0.9]]])
    found = colormaps.indexed(images, [(1, 0, 0), (0.5, 1, 0)])
    np.testing.assert_allclose(found, [[[1, 0.5, 0], [0.45, 0.9, 0]]])
