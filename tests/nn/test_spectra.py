import numpy as np
import pytest
import torch

from course_lib.nn import (
    growth,
    jacobian,
    jacobian_product,
    largest_singular_value,
    orthogonal,
    rescale_to_radius,
    rnn_forward,
    spectral_radius,
    uniform_rnn,
)
from course_lib.params import RNNParams

CLOSE = {"rtol": 1e-9, "atol": 1e-12}
SHEAR = np.array([[0.9, 20.0], [0.0, 0.9]])


def test_a_nilpotent_matrix_is_long_and_has_no_radius():
    W = np.array([[0.0, 10.0], [0.0, 0.0]])
    assert largest_singular_value(W) == pytest.approx(10)
    assert spectral_radius(W) == 0
    np.testing.assert_allclose(growth(W, 3), [10, 0, 0])


def test_a_rotation_has_complex_eigenvalues_of_modulus_one():
    W = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert spectral_radius(W) == largest_singular_value(W) == pytest.approx(1)


def test_the_radius_is_at_most_the_largest_singular_value_and_equal_for_a_symmetric_matrix():
    W = np.random.default_rng(0).normal(size=(6, 6))
    assert spectral_radius(W) < largest_singular_value(W)
    assert spectral_radius(W + W.T) == pytest.approx(largest_singular_value(W + W.T))


def test_the_largest_singular_value_is_that_of_torch():
    W = np.random.default_rng(0).normal(size=(6, 4))
    assert largest_singular_value(W) == pytest.approx(float(torch.linalg.svdvals(torch.tensor(W))[0]), rel=1e-12)


def test_powers_of_a_radius_below_one_may_grow_first():
    norms = growth(SHEAR, 199)
    assert norms.shape == (199,)
    assert spectral_radius(SHEAR) == pytest.approx(0.9)
    assert norms.max() > 70 and norms[-1] < 1e-5


def test_growth_holds_the_norm_of_every_power():
    W = np.random.default_rng(0).normal(size=(4, 4))
    wanted = [np.linalg.svd(np.linalg.matrix_power(W, n), compute_uv=False)[0] for n in range(1, 9)]
    np.testing.assert_allclose(growth(W, 8), wanted, **CLOSE)
    np.testing.assert_allclose(growth(W, 1), wanted[:1], **CLOSE)


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0, 1.5])
def test_rescaling_gives_the_radius_and_keeps_the_direction(rho):
    W = np.random.default_rng(0).normal(size=(8, 8))
    scaled = rescale_to_radius(W, rho)
    assert spectral_radius(scaled) == pytest.approx(rho, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(scaled * spectral_radius(W), W * rho, **CLOSE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_matrix_whose_eigenvalues_are_rounding_alone_is_not_rescaled(dtype):
    nilpotent = np.array([[1, 1], [-1, -1]], dtype)
    with pytest.raises(ValueError, match=r"^W must have a spectral radius above \S+, its rounding error, got "):
        rescale_to_radius(nilpotent, 0.9)


def test_a_radius_far_below_the_largest_singular_value_is_no_rounding():
    W = np.array([[0.0, 1e6], [1e-6, 0.0]])
    np.testing.assert_allclose(rescale_to_radius(W, 0.5), W / 2, rtol=1e-6)


def case(B=3, T=7, H=5):
    rng = np.random.default_rng(0)
    params = RNNParams(*(2 * array for array in uniform_rnn(2, H, rng)))
    x, h_0 = rng.normal(size=(B, T, 2)), rng.normal(size=(B, H))
    return x, h_0, params, rnn_forward(x, h_0, params)[0]


def torch_derivative(x, h_k, params):
    """Return dh_t / dh_k (B, H, H) in row convention, where x holds the inputs of the steps k + 1 ... t."""
    W_xh, W_hh, b_h = map(torch.tensor, params)

    def run(h, inputs):
        for x_t in inputs:
            h = torch.tanh(x_t @ W_xh + h @ W_hh + b_h)
        return h

    rows = [
        torch.autograd.functional.jacobian(lambda h, inputs=inputs: run(h, inputs), h)
        for h, inputs in zip(torch.tensor(h_k), torch.tensor(x), strict=True)
    ]
    return torch.stack(rows).transpose(1, 2).numpy()  # torch puts the output first


def test_the_jacobian_of_a_step_equals_autograd():
    x, h_0, params, h = case()
    np.testing.assert_allclose(jacobian(h[:, 0], params.W_hh), torch_derivative(x[:, :1], h_0, params), **CLOSE)


@pytest.mark.parametrize(("k", "t"), [(0, 1), (0, 7), (2, 5), (6, 7)])
def test_the_product_of_jacobians_equals_autograd(k, t):
    x, h_0, params, h = case()
    h_k = h_0 if k == 0 else h[:, k - 1]
    wanted = torch_derivative(x[:, k:t], h_k, params)
    np.testing.assert_allclose(jacobian_product(h, params.W_hh, k, t), wanted, **CLOSE)


@pytest.mark.parametrize("k", [0, 4, 7])
def test_a_state_depends_on_itself_as_the_identity(k):
    _, _, params, h = case()
    np.testing.assert_array_equal(jacobian_product(h, params.W_hh, k, k), np.tile(np.eye(5), (3, 1, 1)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("k", "t"), [(0, 7), (4, 4)])
def test_the_product_has_the_dtype_of_the_states(dtype, k, t):
    _, _, params, h = case()
    assert jacobian_product(h.astype(dtype), params.W_hh.astype(dtype), k, t).dtype == dtype


def test_a_jacobian_is_at_most_as_long_as_the_bound():
    _, _, params, h = case()
    for h_t in h.transpose(1, 0, 2):
        lengths = np.linalg.norm(jacobian(h_t, params.W_hh), 2, axis=(1, 2))
        bound = largest_singular_value(params.W_hh) * (1 - h_t**2).max(axis=1)
        assert (lengths <= bound * (1 + 1e-12)).all()


def test_one_tanh_unit_with_weight_two_vanishes_where_the_linear_unit_explodes():
    params = RNNParams(np.zeros((1, 1)), np.array([[2.0]]), np.zeros(1))
    h, _ = rnn_forward(np.zeros((1, 50, 1)), np.array([[0.3]]), params)
    assert 0 < jacobian_product(h, params.W_hh, 0, 50).item() < 1e-36
    assert growth(params.W_hh, 50)[-1] == pytest.approx(2.0**50)


def test_orthogonal_weights_keep_the_norm_only_without_tanh():
    W = orthogonal(32, np.random.default_rng(0))
    x, h_0 = np.random.default_rng(1).normal(0, 0.5, (1, 100, 32)), np.zeros((1, 32))
    h, _ = rnn_forward(x, h_0, RNNParams(np.eye(32), W, np.zeros(32)))
    np.testing.assert_allclose(growth(W, 100), 1, **CLOSE)
    assert largest_singular_value(jacobian_product(h, W, 0, 100)[0]) < 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectral_radius(np.zeros((2, 3))), "W must be (hidden, hidden) = (2, 2), got (2, 3)"),
        (lambda: spectral_radius(np.zeros((0, 0))), "W must be (hidden, hidden) = (1, 1), got (0, 0)"),
        (lambda: largest_singular_value(np.zeros(2)), "W must be (rows, columns), got shape (2,)"),
        (lambda: spectral_radius(np.zeros(2)), "W must be (hidden, hidden), got shape (2,)"),
        (lambda: growth(np.zeros((2, 3)), 1), "W must be (hidden, hidden) = (2, 2), got (2, 3)"),
        (
            lambda: jacobian_product(np.zeros((1, 4, 2)), np.eye(2), -1, 1),
            "k and t must satisfy 0 <= k <= t <= 4, got k = -1 and t = 1",
        ),
        (lambda: growth(np.eye(2), 0), "n must be at least 1, got 0"),
        *(
            (lambda rho=rho: rescale_to_radius(np.eye(2), rho), f"rho must be finite and at least 0, got {rho}")
            for rho in (-1, np.inf, np.nan)
        ),
        (
            lambda: rescale_to_radius(np.array([[0.0, 1.0], [0.0, 0.0]]), 1),
            "W must have a spectral radius above 4.4e-16, its rounding error, got 0",
        ),
        (
            lambda: rescale_to_radius(np.zeros((2, 2)), 1),
            "W must have a spectral radius above 0, its rounding error, got 0",
        ),
        (lambda: jacobian(np.zeros((1, 2)), np.ones((2, 3))), "W_hh must be (hidden, hidden) = (2, 2), got (2, 3)"),
        (lambda: jacobian(np.zeros(2), np.eye(2)), "h_t must be (batch, hidden), got shape (2,)"),
        (
            lambda: jacobian_product(np.zeros((1, 4, 2)), np.ones((2, 3)), 1, 1),
            "W_hh must be (hidden, hidden) = (2, 2), got (2, 3)",
        ),
        (
            lambda: jacobian_product(np.zeros((4, 2)), np.eye(2), 1, 1),
            "h must be (batch, time, hidden), got shape (4, 2)",
        ),
        (lambda: jacobian(np.zeros((2, 3)), np.eye(2)), "h_t must be (batch, hidden) = (2, 2), got (2, 3)"),
        (
            lambda: jacobian_product(np.zeros((1, 4, 2)), np.eye(2), 3, 5),
            "k and t must satisfy 0 <= k <= t <= 4, got k = 3 and t = 5",
        ),
        (
            lambda: jacobian_product(np.zeros((1, 4, 2)), np.eye(2), 3, 2),
            "k and t must satisfy 0 <= k <= t <= 4, got k = 3 and t = 2",
        ),
        (
            lambda: jacobian_product(np.zeros((1, 4, 2)), np.eye(3), 1, 1),
            "h must be (batch, time, hidden) = (1, 4, 3), got (1, 4, 2)",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message
