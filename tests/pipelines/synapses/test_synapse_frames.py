import numpy as np
import pytest

from pipelines.synapses.formats.sheets import Sheet
from pipelines.synapses.simulate import simulate
from pipelines.synapses.table.arrays import Synapses
from pipelines.synapses.table.features import Projection, fit_projection, fit_scaler
from pipelines.synapses.table.frames import fit_frame, fit_frames, project
from pipelines.synapses.table.table import check_sheet


@pytest.fixture(scope="module")
def synapses() -> Synapses:
    table = simulate(n_neurons=4, planted=2, seed=3).table.astype(object)
    return Synapses.from_rows(check_sheet(Sheet("t", "s", table)).rows)


def cloud(seed: int = 0) -> np.ndarray:
    """Positions around (20, 5, -3) um, long along one oblique axis."""
    random = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
    return random.normal(size=(200, 3)) * [9, 3, 1] @ turn + [20, 5, -3]


def test_the_soma_is_on_the_negative_side_of_every_axis() -> None:
    for seed in range(20):
        assert (fit_frame(cloud(seed)).project(np.zeros((1, 3))) <= 0).all()


def test_a_frame_turns_and_shifts_but_keeps_distances() -> None:
    position = cloud()
    found = fit_frame(position).project(position)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-12)
    before = np.linalg.norm(position[:50] - position[50:100], axis=1)
    np.testing.assert_allclose(np.linalg.norm(found[:50] - found[50:100], axis=1), before)


def test_the_first_axis_is_the_longest_and_the_axes_are_uncorrelated() -> None:
    position = cloud()
    covariance = np.cov(fit_frame(position).project(position).T)
    assert (np.diff(np.diag(covariance)) < 0).all()
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-9)


def test_a_turned_neuron_has_the_same_coordinates() -> None:
    position = cloud()
    turn, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    turned = position @ turn
    found = fit_frame(turned).project(turned)
    np.testing.assert_allclose(found, fit_frame(position).project(position), atol=1e-9)


def test_a_row_is_placed_the_same_alone_and_in_a_batch(synapses: Synapses) -> None:
    frames = fit_frames(synapses)
    together = project(frames, synapses)
    for row in range(0, len(synapses), 7):
        alone = project(frames, synapses.take(np.array([row])))
        assert (alone[0] == together[row]).all()


def test_the_order_of_the_rows_decides_no_frame(synapses: Synapses) -> None:
    order = np.random.default_rng(0).permutation(len(synapses))
    frames, shuffled = fit_frames(synapses), fit_frames(synapses.take(order))
    for neuron, frame in frames.items():
        assert (frame.mean == shuffled[neuron].mean).all()
        assert (frame.axes == shuffled[neuron].axes).all()


def test_four_synapses_are_too_few_for_a_frame(synapses: Synapses) -> None:
    rows = np.flatnonzero(synapses.neurons == "cb1")
    assert fit_frames(synapses.take(rows[:4])) == {}
    assert list(fit_frames(synapses.take(rows[:5]))) == ["cb1"]
    assert np.isnan(project({}, synapses)).all()


def test_one_scale_serves_the_three_axes() -> None:
    random = np.random.default_rng(0)
    coordinates, areas = random.normal(size=(5000, 3)) * [8, 2, 1], random.lognormal(size=(5000, 2))
    scaler = fit_scaler(coordinates, areas, 1.0, 1.0)
    assert scaler.spatial_scale == pytest.approx(np.sqrt((64 + 4 + 1) / 3), rel=0.05)
    features = scaler.transform(coordinates, areas)
    np.testing.assert_allclose(features[:, :3] * scaler.spatial_scale, coordinates)
    np.testing.assert_allclose(features[:, 3:].std(axis=0), 1, rtol=0.05)


def test_weights_multiply_place_and_areas() -> None:
    random = np.random.default_rng(0)
    coordinates, areas = random.normal(size=(50, 3)), random.lognormal(size=(50, 2))
    plain = fit_scaler(coordinates, areas, 1.0, 1.0).transform(coordinates, areas)
    weighted = fit_scaler(coordinates, areas, 2.0, 3.0).transform(coordinates, areas)
    np.testing.assert_allclose(weighted, plain * [2, 2, 2, 3, 3])


def test_giant_boutons_do_not_set_the_scale() -> None:
    random = np.random.default_rng(0)
    coordinates, areas = random.normal(size=(500, 3)), random.lognormal(size=(500, 2))
    usual = fit_scaler(coordinates, areas, 1.0, 1.0).area_scale
    areas[:10] *= 1000
    np.testing.assert_allclose(fit_scaler(coordinates, areas, 1.0, 1.0).area_scale, usual, rtol=0.1)


def test_equal_values_have_the_scale_one() -> None:
    scaler = fit_scaler(np.zeros((20, 3)), np.ones((20, 2)), 1.0, 1.0)
    assert (scaler.transform(np.zeros((20, 3)), np.ones((20, 2))) == 0).all()


def test_a_stored_projection_gives_the_same_features(synapses: Synapses) -> None:
    projection = fit_projection(synapses, np.ones(len(synapses), dtype=bool), 1.0, 2.0)
    again = Projection.from_arrays(projection.to_arrays())
    assert (again.features(synapses) == projection.features(synapses)).all()
