from itertools import product

import numpy as np
import pytest
import torch

from course_lib.nn import LSTMVariant, lstm_backward, lstm_forward, variant_backward, variant_forward, variant_step
from course_lib.params import LSTMParams, LSTMVariantParams, PeepholeParams

CLOSE = {"rtol": 1e-9, "atol": 1e-12}
ALONE = {
    "plain": {},
    "peepholes": {"peepholes": True},
    "coupled": {"coupled": True},
    "no forget gate": {"forget_gate": False},
    "no input gate": {"input_gate": False},
    "no output gate": {"output_gate": False},
    "no output activation": {"output_activation": False},
}
TOGETHER = [
    dict(zip(ALONE["peepholes"] | ALONE["coupled"], (True, True), strict=True)),
    *({"peepholes": True} | ALONE[name] for name in list(ALONE)[3:]),
    {"coupled": True, "output_gate": False, "output_activation": False},
    {"forget_gate": False, "input_gate": False, "output_gate": False, "output_activation": False, "peepholes": True},
]
VARIANTS = [LSTMVariant(**switches) for switches in (*ALONE.values(), *TOGETHER)]
SHAPES = [(B, T, 4, 5) for B, T in product((1, 3), (1, 2, 17))]


def case(B, T, D, H, seed=0, dtype=np.float64):
    """Return x, h_0, c_0, params, dh and dc_T, all read-only: a function that writes into its inputs raises."""
    rng = np.random.default_rng(seed)

    def draw(*size):
        array = (rng.normal(size=size) / 2).astype(dtype)
        array.flags.writeable = False
        return array

    lstm = LSTMParams(draw(D, 4 * H), draw(H, 4 * H), draw(4 * H))
    params = LSTMVariantParams(lstm, PeepholeParams(draw(H), draw(H), draw(H)))
    return draw(B, T, D), draw(B, H), draw(B, H), params, draw(B, T, H), draw(B, H)


def torch_variant(x, h_0, c_0, params, dh, dc_T, variant):
    """Return h, c_T and all gradients of a plain transcription of the equations, by autograd."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, h_0, c_0, *params.lstm, *params.peepholes)]
    x, h, c, W_x, W_h, b, p_i, p_f, p_o = leaves
    H, states = h.shape[-1], []
    for t in range(x.shape[1]):
        a = x[:, t] @ W_x + h @ W_h + b
        a_i, a_f, a_g, a_o = (a[:, k * H : (k + 1) * H] for k in range(4))
        if variant.peepholes:
            a_i, a_f = a_i + p_i * c, a_f + p_f * c
        f = torch.sigmoid(a_f) if variant.forget_gate else 1.0
        i = torch.sigmoid(a_i) if variant.input_gate else 1.0
        i = 1 - f if variant.coupled else i
        c = f * c + i * torch.tanh(a_g)
        if variant.peepholes:
            a_o = a_o + p_o * c
        o = torch.sigmoid(a_o) if variant.output_gate else 1.0
        h = o * (torch.tanh(c) if variant.output_activation else c)
        states.append(h)
    h = torch.stack(states, dim=1)
    grads = torch.autograd.grad([h, c], leaves, [torch.tensor(dh), torch.tensor(dc_T)], allow_unused=True)
    grads = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, grads, strict=True)]
    return h.detach().numpy(), c.detach().numpy(), [g.numpy() for g in grads]


def flat(gradients):
    """Return the gradients of inputs, states, weights and peepholes as one tuple."""
    return (*gradients[:3], *gradients.dparams.lstm, *gradients.dparams.peepholes)


def assert_all_close(got, wanted, tolerance=CLOSE):
    for ours, theirs in zip(got, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, **tolerance)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_variant_equals_autograd_of_a_plain_transcription(variant, shape):
    x, h_0, c_0, params, dh, dc_T = inputs = case(*shape)
    h, c_T, cache = variant_forward(x, h_0, c_0, params, variant)
    h_torch, c_torch, wanted = torch_variant(*inputs, variant)
    np.testing.assert_allclose(h, h_torch, **CLOSE)
    np.testing.assert_allclose(c_T, c_torch, **CLOSE)
    assert_all_close(flat(variant_backward(dh, cache, dc_T)), wanted)


@pytest.mark.parametrize("shape", SHAPES)
def test_without_switches_it_is_the_lstm(shape):
    x, h_0, c_0, params, dh, dc_T = case(*shape)
    h, c_T, cache = variant_forward(x, h_0, c_0, LSTMVariantParams(params.lstm), LSTMVariant())
    h_lstm, c_lstm, cache_lstm = lstm_forward(x, h_0, c_0, params.lstm)
    assert_all_close((h, c_T, cache.c, *cache.gates), (h_lstm, c_lstm, cache_lstm.c, *cache_lstm.gates))
    for dc in (None, dc_T):
        got, wanted = variant_backward(dh, cache, dc), lstm_backward(dh, cache_lstm, dc)
        assert got.dparams.peepholes is None
        assert_all_close((*got[:3], *got.dparams.lstm), (*wanted[:3], *wanted.dparams))


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_a_sequence_equals_its_steps(variant):
    x, h_t, c_t, params, _, _ = case(3, 6, 4, 5)
    h, _, cache = variant_forward(x, h_t, c_t, params, variant)
    for t in range(6):
        h_t, c_t, gates = variant_step(x[:, t], h_t, c_t, params, variant)
        np.testing.assert_allclose(h[:, t], h_t, **CLOSE)
        np.testing.assert_allclose(cache.c[t + 1], c_t, **CLOSE)
        assert_all_close([gate[t] for gate in cache.gates], gates)


@pytest.mark.parametrize(
    ("switches", "gate", "block"),
    [(ALONE["no input gate"], "i", 0), (ALONE["no forget gate"], "f", 1), (ALONE["no output gate"], "o", 3)],
)
def test_a_gate_that_is_left_out_is_one_and_learns_nothing(switches, gate, block):
    x, h_0, c_0, params, dh, _ = case(3, 6, 4, 5)
    _, _, cache = variant_forward(x, h_0, c_0, params, LSTMVariant(**switches))
    assert (getattr(cache.gates, gate) == 1).all()
    for array in variant_backward(dh, cache).dparams.lstm:
        blocks = array.reshape(*array.shape[:-1], 4, 5)
        assert [bool(blocks[..., k, :].any()) for k in range(4)] == [k != block for k in range(4)]


def test_coupled_gates_add_up_to_one_and_the_block_of_the_input_gate_learns_nothing():
    x, h_0, c_0, params, dh, _ = case(3, 6, 4, 5)
    _, _, cache = variant_forward(x, h_0, c_0, params, LSTMVariant(coupled=True))
    np.testing.assert_allclose(cache.gates.i + cache.gates.f, 1, rtol=1e-15)
    for array in variant_backward(dh, cache).dparams.lstm:
        assert not array[..., :5].any() and array[..., 5:10].any()


def test_peepholes_that_are_not_used_change_nothing_and_learn_nothing():
    x, h_0, c_0, params, dh, _ = case(3, 6, 4, 5)
    h, _, cache = variant_forward(x, h_0, c_0, params, LSTMVariant())
    np.testing.assert_array_equal(h, variant_forward(x, h_0, c_0, LSTMVariantParams(params.lstm), LSTMVariant())[0])
    assert not any(array.any() for array in variant_backward(dh, cache).dparams.peepholes)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_float32_stays_float32_even_where_gates_saturate(variant):
    x, h_0, c_0, params, dh, dc_T = case(3, 4, 4, 5, dtype=np.float32)
    h, c_T, cache = variant_forward(x * np.float32(1e4), h_0, c_0, params, variant)
    arrays = [h, c_T, *cache.gates, *flat(variant_backward(dh, cache, dc_T))]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    assert all(np.isfinite(array).all() for array in arrays)


def test_peepholes_in_float64_are_enough_to_compute_in_it_if_they_are_used():
    x, h_0, c_0, params, _, _ = case(3, 4, 4, 5, dtype=np.float32)
    params = params._replace(peepholes=PeepholeParams(*(p.astype(np.float64) for p in params.peepholes)))
    for used, dtype in ((True, np.float64), (False, np.float32)):
        variant = LSTMVariant(peepholes=used)
        h_1, c_1, _ = variant_step(x[:, 0], h_0, c_0, params, variant)
        h, c_T, cache = variant_forward(x, h_0, c_0, params, variant)
        assert {array.dtype for array in (h_1, c_1, h, c_T, *cache.gates)} == {np.dtype(dtype)}


def test_changing_the_input_afterwards_does_not_change_the_gradients_and_the_states_cannot_be_changed():
    x, h_0, c_0, params, dh, _ = case(1, 4, 4, 5)
    wanted = flat(variant_backward(dh, variant_forward(x, h_0, c_0, params, LSTMVariant())[2]))
    x = x.copy()
    h, c_T, cache = variant_forward(x, h_0, c_0, params, LSTMVariant())
    x[:] = 9
    assert_all_close(flat(variant_backward(dh, cache)), wanted, {"rtol": 0})
    for state in (h, c_T, *cache.gates):
        with pytest.raises(ValueError, match="read-only"):
            state[:] = 9


@pytest.mark.parametrize("gate", ["forget_gate", "input_gate"])
def test_gates_of_which_one_is_missing_cannot_be_coupled(gate):
    with pytest.raises(ValueError) as error:
        LSTMVariant(coupled=True, **{gate: False})
    assert str(error.value) == f"coupled needs the input gate and the forget gate, got {gate}=False"


def test_missing_peepholes_and_wrong_shapes_are_named():
    x, h_0, c_0, params, dh, _ = case(3, 6, 4, 5)
    with pytest.raises(ValueError) as error:
        variant_step(x[:, 0], h_0, c_0, LSTMVariantParams(params.lstm), LSTMVariant(peepholes=True))
    assert str(error.value) == "a variant with peepholes needs PeepholeParams, got None"
    wrong = params._replace(peepholes=params.peepholes._replace(p_f=np.zeros(1)))
    with pytest.raises(ValueError) as error:
        variant_forward(x, h_0, c_0, wrong, LSTMVariant(peepholes=True))
    assert str(error.value) == "p_f must be (hidden,) = (5,), got (1,)"
    with pytest.raises(ValueError) as error:
        variant_step(x[:, 0], h_0, c_0, wrong, LSTMVariant(peepholes=True))
    assert str(error.value) == "p_f must be (hidden,) = (5,), got (1,)"
    with pytest.raises(ValueError) as error:
        variant_step(x, h_0, c_0, params, LSTMVariant())
    assert str(error.value) == "x_t must be (batch, input), got shape (3, 6, 4)"
    with pytest.raises(ValueError) as error:
        variant_forward(x[:, 0], h_0, c_0, params, LSTMVariant())
    assert str(error.value) == "x must be (batch, time, input), got shape (3, 4)"
    with pytest.raises(ValueError) as error:
        variant_forward(x, h_0, c_0[0], params, LSTMVariant())
    assert str(error.value) == "c_0 must be (batch, hidden) = (3, 5), got (5,)"
    cache = variant_forward(x, h_0, c_0, params, LSTMVariant())[2]
    with pytest.raises(ValueError) as error:
        variant_backward(dh[0], cache)
    assert str(error.value) == "dh must be (batch, time, hidden) = (3, 6, 5), got (6, 5)"
    with pytest.raises(ValueError) as error:
        variant_backward(dh, cache, c_0[0])
    assert str(error.value) == "dc_T must be (batch, hidden) = (3, 5), got (5,)"
