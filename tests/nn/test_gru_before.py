import numpy as np
import pytest
import torch

from course_lib.nn import (
    GRUGates,
    gru_before_backward,
    gru_before_forward,
    gru_before_step,
    gru_before_step_backward,
    gru_forward,
    gru_step,
    init_gru,
    mirrored,
)
from course_lib.params import GRUBeforeParams, GRUParams

SHAPES = [(B, T, D, H) for B in (1, 3) for T in (1, 2, 17) for D, H in ((4, 5), (6, 2))]
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
EXACT = {"rtol": 1e-12, "atol": 1e-12}  # the sequence against its steps


def case(B, T, D, H, seed=0, dtype=np.float64):
    """Return x, h_0, params and dh, all read-only: a function that writes into its inputs raises."""
    rng = np.random.default_rng(seed)

    def draw(*size):
        array = rng.normal(size=size).astype(dtype)
        array.flags.writeable = False
        return array

    params = GRUBeforeParams(draw(D, 3 * H), draw(H, 3 * H), draw(3 * H))
    return draw(B, T, D), draw(B, H), params, draw(B, T, H)


def torch_gru_before(x, h_0, params, dh, sign=1):
    """Return the states and all gradients of a plain transcription, by autograd; sign -1 mirrors z."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, h_0, *params)]
    x, h, W_x, W_h, b = leaves
    (W_xr, W_xz, W_xn), (W_hr, W_hz, W_hn), (b_r, b_z, b_n) = (a.chunk(3, dim=-1) for a in (W_x, W_h, b))
    states = []
    for t in range(x.shape[1]):
        r = torch.sigmoid(x[:, t] @ W_xr + h @ W_hr + b_r)
        z = torch.sigmoid(sign * (x[:, t] @ W_xz + h @ W_hz + b_z))
        n = torch.tanh(x[:, t] @ W_xn + (r * h) @ W_hn + b_n)
        h = (1 - z) * n + z * h
        states.append(h)
    h = torch.stack(states, dim=1)
    return h.detach().numpy(), [g.numpy() for g in torch.autograd.grad(h, leaves, torch.tensor(dh))]


def flat(gradients):
    """Return the gradients of inputs, state and the three parameters as one tuple."""
    return (*gradients[:2], *gradients.dparams)


def assert_all_close(got, wanted, tolerance=CLOSE):
    for ours, theirs in zip(got, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, **tolerance)


@pytest.mark.parametrize("shape", SHAPES)
def test_sequence_equals_autograd_of_a_plain_transcription(shape):
    x, h_0, params, dh = case(*shape)
    h, cache = gru_before_forward(x, h_0, params)
    h_torch, wanted = torch_gru_before(x, h_0, params, dh)
    np.testing.assert_allclose(h, h_torch, **CLOSE)
    assert_all_close(flat(gru_before_backward(dh, cache)), wanted)


@pytest.mark.parametrize("B", [1, 3])
def test_sequence_equals_its_steps(B):
    x, h_0, params, dh = case(B, 6, 3, 5)
    h, cache = gru_before_forward(x, h_0, params)
    states, gates = [h_0], []
    for t in range(6):
        h_t, gates_t = gru_before_step(x[:, t], states[-1], params)
        states, gates = [*states, h_t], [*gates, gates_t]
    np.testing.assert_allclose(h, np.array(states[1:]).transpose(1, 0, 2), **EXACT)
    assert_all_close(cache.gates, map(np.array, zip(*gates, strict=True)), EXACT)
    got = gru_before_backward(dh, cache)
    dh_next, sums = np.zeros((B, 5)), [np.zeros_like(array) for array in params]
    for t in reversed(range(6)):
        step = gru_before_step_backward(dh[:, t] + dh_next, x[:, t], states[t], gates[t], params)
        np.testing.assert_allclose(got.dx[:, t], step.dx_t, **EXACT)
        dh_next = step.dh_prev
        sums = [total + share for total, share in zip(sums, step.dparams, strict=True)]
    assert_all_close((got.dh_0, *got.dparams), (dh_next, *sums), EXACT)


def test_mirrored_parameters_give_the_same_network_in_the_other_convention():
    x, h_0, params, dh = case(3, 6, 2, 4)
    h, _ = torch_gru_before(x, h_0, mirrored(params), dh, sign=-1)
    np.testing.assert_allclose(gru_before_forward(x, h_0, params)[0], h, **CLOSE)


def test_the_two_forms_agree_where_all_units_of_a_gate_do_and_differ_elsewhere():
    x, h_0, params, _ = case(3, 1, 2, 4)
    after = GRUParams(*params, np.zeros(4))
    before, reset_after = gru_before_step(x[:, 0], h_0, params)[0], gru_step(x[:, 0], h_0, after)[0]
    assert np.abs(before - reset_after).max() > 1e-3
    open_r = params.b + np.repeat([300, 0, 0], 4)  # r = 1 everywhere: nothing is reset
    np.testing.assert_allclose(
        gru_before_step(x[:, 0], h_0, params._replace(b=open_r))[0],
        gru_step(x[:, 0], h_0, after._replace(b=open_r))[0],
        **CLOSE,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_saturated_gates_overflow_nowhere(dtype):
    x, h_0, params, dh = case(3, 4, 2, 5, dtype=dtype)
    h, cache = gru_before_forward(x * dtype(1e4), h_0, params)
    h_t, gates = gru_before_step(x[:, 0], h_0, params)
    step = gru_before_step_backward(dh[:, 0], x[:, 0], h_0, gates, params)
    arrays = [h, *cache.gates, h_t, *gates, *flat(gru_before_backward(dh, cache)), *flat(step)]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}
    assert all(np.isfinite(array).all() for array in arrays)


def test_whole_numbers_are_computed_with_as_the_same_numbers_in_float64():
    x, h_0, params, dh = case(2, 4, 3, 5)
    whole = [np.rint(array).astype(int) for array in (x, h_0, *params)]
    exact = [array.astype(np.float64) for array in whole]
    got, wanted = (gru_before_forward(*arrays[:2], GRUBeforeParams(*arrays[2:]))[1] for arrays in (whole, exact))
    assert_all_close(flat(gru_before_backward(dh, got)), flat(gru_before_backward(dh, wanted)), EXACT)


def test_changing_the_input_afterwards_does_not_change_the_gradients_and_the_states_cannot_be_changed():
    x, h_0, params, dh = case(1, 4, 2, 5)
    wanted = flat(gru_before_backward(dh, gru_before_forward(x, h_0, params)[1]))
    x = x.copy()
    h, cache = gru_before_forward(x, h_0, params)
    x[:] = 9
    assert_all_close(flat(gru_before_backward(dh, cache)), wanted, {"rtol": 0})
    for state in (h, *cache.gates):
        with pytest.raises(ValueError, match="read-only"):
            state[:] = 9


def test_wrong_shapes_are_named():
    x, h_0, params, dh = case(4, 7, 3, 5)
    _, cache = gru_before_forward(x, h_0, params)
    gates = GRUGates(*np.zeros((4, 4, 5)))
    calls = {
        "dh must be (batch, time, hidden) = (4, 7, 5), got (4, 5)": lambda: gru_before_backward(dh[:, 0], cache),
        "h_0 must be (batch, hidden) = (4, 5), got (5,)": lambda: gru_before_forward(x, h_0[0], params),
        "x must be (batch, time, input), got shape (4, 3)": lambda: gru_before_forward(x[:, 0], h_0, params),
        "x_t must be (batch, input), got shape (3,)": lambda: gru_before_step(x[0, 0], h_0, params),
        "dh_t must be (batch, hidden) = (4, 5), got (5,)": lambda: gru_before_step_backward(
            dh[0, 0], x[:, 0], h_0, gates, params
        ),
        "h_prev must be (batch, hidden) = (4, 5), got (5,)": lambda: gru_before_step_backward(
            dh[:, 0], x[:, 0], h_0[0], gates, params
        ),
        "q must be (batch, hidden) = (4, 5), got (5,)": lambda: gru_before_step_backward(
            dh[:, 0], x[:, 0], h_0, gates._replace(q=np.zeros(5)), params
        ),
    }
    for message, call in calls.items():
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) == message


def test_the_parameters_of_the_other_form_are_refused_and_not_used_in_part():
    rng = np.random.default_rng(3)
    x, h_0, after = rng.normal(size=(2, 3, 4)), np.zeros((2, 5)), init_gru(4, 5, rng)
    before = GRUBeforeParams(*after[:3])
    with pytest.raises(ValueError, match=r"^params must be GRUBeforeParams, got GRUParams$"):
        gru_before_forward(x, h_0, after)
    with pytest.raises(ValueError, match=r"^params must be GRUBeforeParams, got GRUParams$"):
        gru_before_step(x[:, 0], h_0, after)
    with pytest.raises(ValueError, match=r"^params must be GRUParams, got GRUBeforeParams$"):
        gru_forward(x, h_0, before)
