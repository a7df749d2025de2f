import numpy as np
import pytest
import torch

from course_lib.gradcheck import relative_error
from course_lib.nn import (
    chunked_backward,
    cross_entropy,
    cross_entropy_backward,
    gradient_flow,
    irnn_forward,
    linear,
    linear_backward,
    linear_recurrence,
    linear_slope,
    relu_slope,
    rnn_backward,
    rnn_forward,
    tanh_slope,
    windowed_backward,
)
from course_lib.params import RNNParams

D, H, O = 3, 5, 4
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
SHAPES = pytest.mark.parametrize(("B", "T"), [(B, T) for B in (1, 3) for T in (1, 2, 17)])
MASKED = pytest.mark.parametrize("masked", [False, True])
LENGTHS = pytest.mark.parametrize("K", [1, 2, 3, 5, 16, 17, 30])
NETWORKS = {
    "tanh": (rnn_forward, tanh_slope, torch.tanh),
    "relu": (irnn_forward, relu_slope, torch.relu),
    "linear": (linear_recurrence, linear_slope, lambda a: a),
}
NETWORK = pytest.mark.parametrize("name", NETWORKS)


class Problem:
    """A recurrent network with a head and a cross-entropy over time, by hand and in torch."""

    def __init__(self, B, T, masked=False, name="tanh", seed=0):
        rng = np.random.default_rng(seed)
        self.forward, self.slope, self.activation = NETWORKS[name]
        self.x, self.h_0 = rng.normal(size=(B, T, D)), rng.normal(size=(B, H))
        self.params = RNNParams(rng.normal(size=(D, H)), rng.normal(size=(H, H)) / 2, rng.normal(size=H))
        self.head = rng.normal(size=(H, O)), rng.normal(size=O)
        self.y = rng.integers(O, size=(B, T))
        # Lengths fall from row to row, and one step inside is left out as well.
        lengths = np.maximum(T - 4 * np.arange(B), 1)
        self.mask = (np.arange(T) < lengths[:, None]) & (np.arange(T) != T // 2 - 1) if masked else None
        for array in (self.x, self.h_0, *self.params):
            array.flags.writeable = False

    def by_hand(self):
        """Return dh (B, T, H), from the masked loss at each step alone, and the cache."""
        h, cache = self.forward(self.x, self.h_0, self.params)
        _, loss_cache = cross_entropy(linear(h, *self.head), self.y, self.mask)
        dh = linear_backward(cross_entropy_backward(loss_cache), h, self.head[0]).dx
        dh.flags.writeable = False
        return dh, cache

    def torch_run(self, cut=lambda t: False):
        """Return one loss a step, x, h_0, the states and one copy of the parameters a step, as torch sees them.

        The gradient stops before every step t (from 0) for which `cut` is true.
        """
        B, T, _ = self.x.shape
        x, h_0 = (torch.tensor(array, requires_grad=True) for array in (self.x, self.h_0))
        copies = [[torch.tensor(array, requires_grad=True) for array in self.params] for _ in range(T)]
        W_hy, b_y = map(torch.tensor, self.head)
        keep = torch.ones(B, T, dtype=torch.bool) if self.mask is None else torch.tensor(self.mask)
        states, losses, h = [], [], h_0
        for t, (W_xh, W_hh, b_h) in enumerate(copies):
            h = h.detach() if cut(t) else h
            h = self.activation(x[:, t] @ W_xh + h @ W_hh + b_h)
            h.retain_grad()
            nll = torch.nn.functional.cross_entropy(h @ W_hy + b_y, torch.tensor(self.y[:, t]), reduction="none")
            losses.append((nll * keep[:, t]).sum() / keep.sum())
            states.append(h)
        return losses, x, h_0, states, copies


def grads(loss, wanted):
    """Return the gradients of a torch loss; zeros where it does not depend on what is wanted."""
    found = torch.autograd.grad(loss, wanted, retain_graph=True, allow_unused=True, materialize_grads=True)
    return [gradient.numpy() for gradient in found]


def flat(gradients):
    return (*gradients[:2], *gradients.dparams)


def summed(loss, x, h_0, copies):
    """Return dx, dh_0 and the parameter gradients summed over the copies."""
    dx, dh_0 = grads(loss, [x, h_0])
    return dx, dh_0, *(sum(grads(loss, list(of_all))) for of_all in zip(*copies, strict=True))


def windowed_in_torch(problem, K):
    """Return the sum over all losses of their gradients at lags 0 ... K - 1, on one copy of the parameters a step."""
    losses, x, h_0, _, copies = problem.torch_run()
    total = [np.zeros(array.shape) for array in (problem.x, problem.h_0, *problem.params)]
    for t, loss in enumerate(losses):
        first = max(0, t - K + 1)
        dx, dh_0 = grads(loss, [x, h_0])
        total[0][:, first:] += dx[:, first:]
        total[1] += dh_0 if first == 0 and t < K else 0
        for place in range(3):
            total[2 + place] += sum(grads(loss, [copy[place] for copy in copies[first : t + 1]]))
    return total


@SHAPES
@MASKED
@NETWORK
def test_every_step_has_the_share_and_the_total_derivative_of_autograd(B, T, masked, name):
    problem = Problem(B, T, masked, name)
    flow = gradient_flow(*problem.by_hand(), problem.slope)
    losses, _, _, states, copies = problem.torch_run()
    wanted = np.stack(grads(sum(losses), [W_hh for _, W_hh, _ in copies]))
    np.testing.assert_allclose(flow.delta, np.stack(grads(sum(losses), states), axis=1), **CLOSE)
    np.testing.assert_allclose(flow.dW_hh_steps, wanted, **CLOSE)
    np.testing.assert_allclose(flow.share_norms, [np.sqrt((share**2).sum()) for share in wanted], **CLOSE)


@SHAPES
@MASKED
def test_the_shares_add_up_to_the_one_gradient(B, T, masked):
    dh, cache = Problem(B, T, masked).by_hand()
    shares = gradient_flow(dh, cache).dW_hh_steps
    np.testing.assert_allclose(shares.sum(axis=0), rnn_backward(dh, cache).dparams.W_hh, **CLOSE)


@SHAPES
@MASKED
def test_the_whole_backward_pass_equals_autograd(B, T, masked):
    problem = Problem(B, T, masked)
    losses, x, h_0, _, copies = problem.torch_run()
    for got, want in zip(flat(rnn_backward(*problem.by_hand())), summed(sum(losses), x, h_0, copies), strict=True):
        np.testing.assert_allclose(got, want, **CLOSE)


@SHAPES
@MASKED
@LENGTHS
@NETWORK
def test_chunks_equal_autograd_on_a_state_detached_every_k_steps(B, T, masked, K, name):
    problem = Problem(B, T, masked, name)
    losses, x, h_0, _, copies = problem.torch_run(cut=lambda t: t > 0 and t % K == 0)
    wanted = summed(sum(losses), x, h_0, copies)
    for got, want in zip(flat(chunked_backward(*problem.by_hand(), K, problem.slope)), wanted, strict=True):
        np.testing.assert_allclose(got, want, **CLOSE)


@SHAPES
@MASKED
@LENGTHS
@NETWORK
def test_windows_equal_the_sum_of_their_lags(B, T, masked, K, name):
    problem = Problem(B, T, masked, name)
    wanted = windowed_in_torch(problem, K)
    for got, want in zip(flat(windowed_backward(*problem.by_hand(), K, problem.slope)), wanted, strict=True):
        np.testing.assert_allclose(got, want, **CLOSE)


@pytest.mark.parametrize("backward", [chunked_backward, windowed_backward])
@pytest.mark.parametrize("K", [17, 18, 100])
def test_nothing_is_cut_from_k_equal_to_the_length_on(backward, K):
    dh, cache = Problem(3, 17).by_hand()
    for got, want in zip(flat(backward(dh, cache, K)), flat(rnn_backward(dh, cache)), strict=True):
        np.testing.assert_allclose(got, want, **CLOSE)


def test_chunks_equal_separate_runs_that_carry_the_state():
    problem, K = Problem(3, 17), 5
    dh, cache = problem.by_hand()
    h_0, dx, sums = problem.h_0, [], np.zeros(3, object)
    for start in range(0, 17, K):
        h, part = rnn_forward(problem.x[:, start : start + K], h_0, problem.params)
        got = rnn_backward(dh[:, start : start + K], part)
        h_0, sums = h[:, -1], sums + np.array([*got.dparams], object)
        dx.append(got.dx)
    cut = chunked_backward(dh, cache, K)
    np.testing.assert_allclose(cut.dx, np.concatenate(dx, axis=1), **CLOSE)
    for got, want in zip(cut.dparams, sums, strict=True):
        np.testing.assert_allclose(got, want, **CLOSE)


def one_unit(w, x, h_0, T):
    """Run one linear unit on a constant input and return its cache."""
    params = RNNParams(np.array([[1.0]]), np.array([[w]]), np.zeros(1))
    return linear_recurrence(np.full((1, T, 1), x), np.full((1, 1), h_0), params)[1]


def error_of_w(backward, dh, cache, K):
    """Return the relative error of the truncated gradient of w."""
    full, cut = (backward(dh, cache, steps, linear_slope).dparams.W_hh.item() for steps in (len(cache.x), K))
    return abs(full - cut) / abs(full)


@pytest.mark.parametrize("w", [0.5, 0.9, 1.0, 1.1])
@pytest.mark.parametrize("K", [1, 3, 20, 60])
def test_a_pure_memory_loses_one_minus_k_over_t_whatever_w_is(w, K):
    T = 60
    dh = np.zeros((1, T, 1))
    dh[:, -1] = 1
    assert error_of_w(windowed_backward, dh, one_unit(w, 0.0, 0.7, T), K) == pytest.approx(1 - K / T, rel=1e-9)


@pytest.mark.parametrize("w", [-0.6, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("K", [1, 5, 20])
@pytest.mark.parametrize("at_every_step", [False, True])
def test_a_window_over_a_stationary_unit_loses_w_to_the_k(w, K, at_every_step):
    T = 3100  # 0.99 ** 2900 is below 1e-12: the start is forgotten
    dh = np.zeros((1, T, 1))
    dh[:, 2900 if at_every_step else -1 :] = 1
    cache = one_unit(w, 1.0, 1 / (1 - w), T)
    assert error_of_w(windowed_backward, dh, cache, K) == pytest.approx(abs(w**K), rel=1e-9)


@pytest.mark.parametrize("w", [-0.6, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("K", [1, 5, 20])
def test_chunks_over_a_stationary_unit_lose_the_mean_of_the_powers(w, K):
    T = 3100
    dh = np.zeros((1, T, 1))
    dh[:, 2900:] = 1  # whole chunks, for every K here
    cache = one_unit(w, 1.0, 1 / (1 - w), T)
    wanted = abs(w * (1 - w**K) / (K * (1 - w)))
    assert error_of_w(chunked_backward, dh, cache, K) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("K", [1, 4, 16])
@pytest.mark.parametrize(("backward", "T"), [(chunked_backward, 16), (windowed_backward, 16), (windowed_backward, 17)])
def test_what_a_linear_network_loses_is_the_sum_over_the_lags_that_were_cut(K, backward, T):
    problem = Problem(3, T, name="linear")
    _, cache = problem.by_hand()
    g, W = np.random.default_rng(1).normal(size=(3, H)), problem.params.W_hh
    dh = np.zeros((3, T, H))
    dh[:, -1] = g
    full, cut = (backward(dh, cache, steps, linear_slope).dparams.W_hh for steps in (T, K))
    lost = [cache.h[k - 1].T @ g @ np.linalg.matrix_power(W.T, T - k) for k in range(1, T - K + 1)]
    np.testing.assert_allclose(full - cut, sum(lost, np.zeros((H, H))), **CLOSE)
    assert K == T or relative_error(full, cut) > 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    problem = Problem(3, 4)
    _, cache = rnn_forward(problem.x.astype(dtype), problem.h_0.astype(dtype), RNNParams(*map(dtype, problem.params)))
    dh = np.ones((3, 4, H), dtype)
    arrays = [*gradient_flow(dh, cache), *flat(chunked_backward(dh, cache, 2)), *flat(windowed_backward(dh, cache, 2))]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("backward", [chunked_backward, windowed_backward])
@pytest.mark.parametrize(
    ("K", "message"),
    [
        (0, "K must be at least 1, got 0"),
        (1.5, "K must be an integer, got 1.5"),
        (2.0, "K must be an integer, got 2.0"),
        (float("nan"), "K must be an integer, got nan"),
        (None, "K must be an integer, got None"),
    ],
)
def test_a_window_of_no_whole_step_is_refused(backward, K, message):
    with pytest.raises(ValueError) as error:
        backward(*Problem(3, 4).by_hand(), K)
    assert str(error.value) == message


@pytest.mark.parametrize("backward", [chunked_backward, windowed_backward])
def test_an_integer_of_numpy_is_a_length(backward):
    problem = Problem(3, 4)
    for got, want in zip(
        flat(backward(*problem.by_hand(), np.int64(2))), flat(backward(*problem.by_hand(), 2)), strict=True
    ):
        np.testing.assert_array_equal(got, want)


@NETWORK
def test_a_sequence_without_a_step_has_no_gradient(name):
    rng, (forward, slope, _) = np.random.default_rng(0), NETWORKS[name]
    params = RNNParams(rng.normal(size=(D, H)), rng.normal(size=(H, H)), rng.normal(size=H))
    _, cache = forward(np.zeros((3, 0, D)), rng.normal(size=(3, H)), params)
    dh = np.zeros((3, 0, H))
    flow = gradient_flow(dh, cache, slope)
    assert (flow.delta.shape, flow.dW_hh_steps.shape, flow.share_norms.shape) == ((3, 0, H), (0, H, H), (0,))
    for backward in (chunked_backward, windowed_backward):
        gradients = flat(backward(dh, cache, 2, slope))
        for got, want in zip(gradients, (np.zeros((3, 0, D)), cache.h[0], *params), strict=True):
            np.testing.assert_array_equal(got, np.zeros_like(want))


@pytest.mark.parametrize(
    "call", [gradient_flow, lambda dh, cache: chunked_backward(dh, cache, 2), lambda dh, c: windowed_backward(dh, c, 2)]
)
def test_a_wrong_shape_is_named(call):
    with pytest.raises(ValueError) as error:
        call(np.zeros((4, 3, H)), Problem(3, 4).by_hand()[1])
    assert str(error.value) == "dh must be (batch, time, hidden) = (3, 4, 5), got (4, 3, 5)"
