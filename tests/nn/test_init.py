import numpy as np
import pytest
import torch

from course_lib.nn import (
    count_parameters,
    identity_rnn,
    init_gru,
    init_lstm,
    orthogonal,
    orthogonal_rnn,
    uniform_head,
    uniform_linear,
    uniform_rnn,
)
from course_lib.params import GRUParams, HeadParams, LinearParams, LSTMParams, LSTMVariantParams, RNNParams

MAKERS = [
    (uniform_rnn, (3, 5), RNNParams, [(3, 5), (5, 5), (5,)]),
    (uniform_head, (5, 2), HeadParams, [(5, 2), (2,)]),
    (uniform_linear, (3, 4), LinearParams, [(3, 4), (4,)]),
]
STRUCTURED = [
    (orthogonal_rnn, (3, 5), RNNParams, [(3, 5), (5, 5), (5,)]),
    (identity_rnn, (3, 5), RNNParams, [(3, 5), (5, 5), (5,)]),
]


@pytest.mark.parametrize(("make", "sizes", "kind", "shapes"), MAKERS + STRUCTURED)
def test_names_shapes_and_dtype(make, sizes, kind, shapes):
    params = make(*sizes, np.random.default_rng(0))
    assert type(params) is kind
    assert [array.shape for array in params] == shapes
    assert {array.dtype for array in params} == {np.dtype(np.float64)}


@pytest.mark.parametrize(("make", "sizes", "kind", "shapes"), MAKERS)
def test_the_same_generator_gives_the_same_parameters_and_another_does_not(make, sizes, kind, shapes):
    first, again, other = (make(*sizes, np.random.default_rng(seed)) for seed in (0, 0, 1))
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


@pytest.mark.parametrize(
    ("make", "layer", "fan"),
    [(uniform_rnn, torch.nn.RNN, 100), (uniform_head, torch.nn.Linear, 64), (uniform_linear, torch.nn.Linear, 64)],
)
def test_the_interval_is_that_of_torch(make, layer, fan):
    bound = 1 / np.sqrt(fan)
    torch.manual_seed(0)
    ours = np.concatenate([a.ravel() for a in make(64, 100, np.random.default_rng(0))])
    theirs = np.concatenate([p.detach().numpy().ravel() for p in layer(64, 100).parameters()])
    for values in (ours, theirs):  # more than 6000 draws each: the extremes lie close to the ends
        assert 0.999 * bound < values.max() <= bound
        assert -bound <= values.min() < -0.999 * bound
    assert ours.std() == pytest.approx(bound / np.sqrt(3), rel=0.03)


def test_no_array_repeats_the_draws_of_another():
    params = uniform_rnn(5, 5, np.random.default_rng(0))
    assert len(np.unique(np.concatenate([a.ravel() for a in params]))) == 55


@pytest.mark.parametrize("H", [1, 2, 40])
def test_an_orthogonal_matrix_has_singular_values_of_one(H):
    W = orthogonal(H, np.random.default_rng(0))
    np.testing.assert_allclose(W @ W.T, np.eye(H), atol=1e-12)
    np.testing.assert_allclose(np.linalg.svd(W, compute_uv=False), 1, rtol=1e-12)


def test_orthogonal_matrices_are_haar_distributed():
    rng = np.random.default_rng(0)
    draws = np.array([orthogonal(3, rng) for _ in range(4000)])
    # Under Haar every row is uniform on the sphere, so in three dimensions each element is uniform on [-1, 1]; and the
    # distribution stays the same when the matrix is turned. Without the correction of signs the diagonal is one-sided.
    for i, j in np.ndindex(3, 3):
        np.testing.assert_allclose(np.quantile(draws[:, i, j], [0.25, 0.5, 0.75]), [-0.5, 0, 0.5], atol=0.06)
    trace = np.trace(draws, axis1=1, axis2=2)
    assert trace.mean() == pytest.approx(0, abs=0.07)
    assert np.mean(trace**2) == pytest.approx(1, abs=0.08)  # the second moment of a trace under Haar is 1
    assert np.mean(np.linalg.det(draws) > 0) == pytest.approx(0.5, abs=0.03)


def test_an_orthogonal_network_has_no_bias_and_the_input_weights_of_the_uniform_one():
    W_xh, W_hh, b_h = orthogonal_rnn(60, 100, np.random.default_rng(0))
    np.testing.assert_allclose(W_hh @ W_hh.T, np.eye(100), atol=1e-12)
    assert 0.099 < W_xh.max() <= 0.1 and -0.1 <= W_xh.min() < -0.099
    assert not b_h.any()


def test_an_identity_network_copies_its_state_and_hardly_listens():
    W_xh, W_hh, b_h = identity_rnn(60, 100, np.random.default_rng(0))
    np.testing.assert_array_equal(W_hh, np.eye(100))
    assert W_xh.std() == pytest.approx(0.001, rel=0.03)
    assert abs(W_xh.mean()) < 5e-5
    assert not b_h.any()


def test_of_one_number_the_orthogonal_matrix_is_its_sign():
    draws = np.array([orthogonal(1, np.random.default_rng(seed)).item() for seed in range(20)])
    np.testing.assert_array_equal(draws, [np.sign(np.random.default_rng(seed).normal()) for seed in range(20)])


def test_an_identity_network_can_forget_by_a_factor():
    np.testing.assert_array_equal(identity_rnn(2, 3, np.random.default_rng(0), 0.5).W_hh, np.eye(3) / 2)


@pytest.mark.parametrize(("make", "kind", "blocks"), [(init_lstm, LSTMParams, 4), (init_gru, GRUParams, 3)])
def test_a_cell_with_gates_starts_with_an_orthogonal_block_for_every_draw(make, kind, blocks):
    params = make(60, 40, np.random.default_rng(0))
    assert type(params) is kind
    assert {array.dtype for array in params} == {np.dtype(np.float64)}
    assert params.W_x.shape == (60, blocks * 40)
    bound = 1 / np.sqrt(40)
    assert 0.999 * bound < params.W_x.max() <= bound and -bound <= params.W_x.min() < -0.999 * bound
    squares = np.split(params.W_h, blocks, axis=1)
    for W in squares:
        np.testing.assert_allclose(W @ W.T, np.eye(40), atol=1e-12)
    assert len({W.tobytes() for W in squares}) == blocks
    again = make(60, 40, np.random.default_rng(0))
    assert all(np.array_equal(a, b) for a, b in zip(params, again, strict=True))


@pytest.mark.parametrize(("given", "wanted"), [((), 1.0), ((2.94,), 2.94), ((0.0,), 0.0)])
def test_only_the_forget_gate_has_a_bias(given, wanted):
    b = init_lstm(2, 3, np.random.default_rng(0), *given).b
    np.testing.assert_array_equal(b, [0, 0, 0, wanted, wanted, wanted, 0, 0, 0, 0, 0, 0])


def test_a_gru_starts_without_biases():
    params = init_gru(2, 3, np.random.default_rng(0))
    assert params.b.shape == (9,) and params.b_hn.shape == (3,)
    assert not params.b.any() and not params.b_hn.any()


@pytest.mark.parametrize(("D", "H"), [(3, 5), (7, 2)])
def test_parameters_are_counted_as_the_formula_says(D, H):
    rng = np.random.default_rng(0)
    assert count_parameters(uniform_rnn(D, H, rng)) == H * (D + H + 1)
    assert count_parameters(init_lstm(D, H, rng)) == 4 * H * (D + H + 1)
    assert count_parameters(init_gru(D, H, rng)) == 3 * H * (D + H + 1) + H
    theirs = sum(p.numel() for p in torch.nn.LSTM(D, H).parameters())
    assert theirs - count_parameters(init_lstm(D, H, rng)) == 4 * H  # torch's second bias


def test_parameters_are_counted_through_layers_and_nothing_counts_nothing():
    lstm = init_lstm(3, 5, np.random.default_rng(0))
    assert count_parameters(LSTMVariantParams(lstm)) == count_parameters(lstm)
    assert count_parameters([(lstm, lstm), (lstm,)]) == 3 * count_parameters(lstm)


@pytest.mark.parametrize("make", [init_lstm, init_gru])
@pytest.mark.parametrize(
    ("D", "H", "message"), [(0, 5, "D must be at least 1, got 0"), (3, 0, "H must be at least 1, got 0")]
)
def test_a_size_below_one_is_named_by_a_cell_with_gates(make, D, H, message):
    with pytest.raises(ValueError) as error:
        make(D, H, np.random.default_rng(0))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("make", "sizes", "message"),
    [
        (uniform_rnn, (0, 5), "D must be at least 1, got 0"),
        (uniform_rnn, (3, -1), "H must be at least 1, got -1"),
        (uniform_head, (0, 2), "H must be at least 1, got 0"),
        (uniform_linear, (3, 0), "O must be at least 1, got 0"),
        (orthogonal, (0,), "H must be at least 1, got 0"),
        (orthogonal_rnn, (0, 5), "D must be at least 1, got 0"),
        (orthogonal_rnn, (3, 0), "H must be at least 1, got 0"),
        (identity_rnn, (0, 5), "D must be at least 1, got 0"),
        (identity_rnn, (3, 0), "H must be at least 1, got 0"),
    ],
)
def test_a_size_below_one_is_named(make, sizes, message):
    with pytest.raises(ValueError) as error:
        make(*sizes, np.random.default_rng(0))
    assert str(error.value) == message
