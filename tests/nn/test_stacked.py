import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_lib.nn import (
    gru_backward,
    gru_before_backward,
    gru_before_forward,
    gru_forward,
    init_gru,
    init_lstm,
    lstm_backward,
    lstm_forward,
    reverse_within_lengths,
    stacked_backward,
    stacked_forward,
)
from course_lib.nn.torch_weights import gru_from_torch, lstm_from_torch, rnn_from_torch
from course_lib.params import GRUBeforeParams, RNNParams

CLOSE = {"rtol": 1e-9, "atol": 1e-12}
KINDS = [(torch.nn.RNN, rnn_from_torch), (torch.nn.LSTM, lstm_from_torch), (torch.nn.GRU, gru_from_torch)]
FORMS = [(1, False), (1, True), (2, False), (2, True)]
D, H = 3, 5


def network(kind, layers, both, B, T, seed=0):
    """Return a module of torch in float64, and x, initial states, dh and gradients at the final states as leaves."""
    torch.manual_seed(seed)
    module = kind(D, H, layers, bidirectional=both, batch_first=True, dtype=torch.float64)
    rows = layers * (1 + both)
    arrays = 2 if kind is torch.nn.LSTM else 1

    def draw(*size):
        return torch.randn(*size, dtype=torch.float64)

    x = draw(B, T, D).requires_grad_()
    states = [draw(rows, B, H).requires_grad_() for _ in range(arrays)]
    return module, x, states, draw(B, T, H * (1 + both)), [draw(rows, B, H) for _ in range(arrays)]


def by_layer(tensors, both):
    """Return states (rows, B, H) of torch by layer and direction, each a tuple of arrays."""
    rows = list(zip(*(tensor.detach().numpy() for tensor in tensors), strict=True))
    return [rows[k : k + 1 + both] for k in range(0, len(rows), 1 + both)]


def run_torch(module, x, states, dh, dfinal):
    """Return h, final states and gradients of torch: dx, those of the states, and weights by name."""
    given = states if len(states) == 2 else states[0]
    h, final = module(x, tuple(given) if isinstance(given, list) else given)
    final = list(final) if len(states) == 2 else [final]
    names, weights = zip(*module.named_parameters(), strict=True)
    grads = torch.autograd.grad([h, *final], [x, *states, *weights], [dh, *dfinal])
    dx, dstates = grads[0].numpy(), grads[1 : 1 + len(states)]
    return h, final, dx, dstates, dict(zip(names, grads[1 + len(states) :], strict=True))


def assert_weights_equal(dlayers, wanted):
    """Compare dW_x, dW_h and the first bias of every layer and direction with torch's, by its names."""
    for layer, row in enumerate(dlayers):
        for direction, dparams in enumerate(row):
            ending = f"l{layer}" + "_reverse" * direction
            np.testing.assert_allclose(dparams[0], wanted[f"weight_ih_{ending}"].numpy().T, **CLOSE)
            np.testing.assert_allclose(dparams[1], wanted[f"weight_hh_{ending}"].numpy().T, **CLOSE)
            np.testing.assert_allclose(dparams[2], wanted[f"bias_ih_{ending}"].numpy(), **CLOSE)
            if len(dparams) == 4:  # a GRU's second bias of the candidate
                np.testing.assert_allclose(dparams[3], wanted[f"bias_hh_{ending}"].numpy()[2 * H :], **CLOSE)


def assert_states_equal(ours, theirs):
    """Compare states or their gradients, by layer and direction."""
    for row, wanted_row in zip(ours, theirs, strict=True):
        for state, wanted in zip(row, wanted_row, strict=True):
            for array, other in zip(state, wanted, strict=True):
                np.testing.assert_allclose(array, other, **CLOSE)


@pytest.mark.parametrize(("B", "T"), [(1, 1), (3, 2), (3, 17)])
@pytest.mark.parametrize(("layers", "both"), FORMS)
@pytest.mark.parametrize(("kind", "from_torch"), KINDS)
def test_layers_and_directions_equal_torch(kind, from_torch, layers, both, B, T):
    module, x, states, dh, dfinal = network(kind, layers, both, B, T)
    h_torch, final_torch, dx, dstates, weights = run_torch(module, x, states, dh, dfinal)
    h, final, cache = stacked_forward(x.detach().numpy(), from_torch(module), by_layer(states, both))
    np.testing.assert_allclose(h, h_torch.detach(), **CLOSE)
    assert_states_equal(final, by_layer(final_torch, both))
    gradients = stacked_backward(dh.numpy(), cache, by_layer(dfinal, both))
    np.testing.assert_allclose(gradients.dx, dx, **CLOSE)
    assert_states_equal(gradients.dstates, by_layer(dstates, both))
    assert_weights_equal(gradients.dlayers, weights)


@pytest.mark.parametrize(("kind", "from_torch"), KINDS)
def test_states_and_gradients_that_are_left_out_are_zeros(kind, from_torch):
    module, x, states, dh, dfinal = network(kind, 2, True, 3, 6)
    nothing = [torch.zeros_like(state).requires_grad_() for state in states]
    h_torch, _, dx, _, weights = run_torch(module, x, nothing, dh, [torch.zeros_like(one) for one in dfinal])
    h, _, cache = stacked_forward(x.detach().numpy(), from_torch(module))
    np.testing.assert_allclose(h, h_torch.detach(), **CLOSE)
    gradients = stacked_backward(dh.numpy(), cache)
    np.testing.assert_allclose(gradients.dx, dx, **CLOSE)
    assert_weights_equal(gradients.dlayers, weights)


@pytest.mark.parametrize(("kind", "from_torch"), KINDS)
def test_padded_sequences_equal_packed_ones_at_every_valid_step(kind, from_torch):
    module, x, _, dh, _ = network(kind, 2, True, 4, 7)
    lengths = np.array([7, 1, 4, 3])
    packed = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    h_torch, _ = pad_packed_sequence(module(packed)[0], batch_first=True, total_length=7)
    valid = np.arange(7) < lengths[:, None]  # (B, T)
    dh = dh * torch.tensor(valid[..., None])
    names, weights = zip(*module.named_parameters(), strict=True)
    dx, *wanted = torch.autograd.grad(h_torch, [x, *weights], dh)
    h, _, cache = stacked_forward(x.detach().numpy(), from_torch(module), lengths=lengths)
    np.testing.assert_allclose(h[valid], h_torch.detach().numpy()[valid], **CLOSE)
    gradients = stacked_backward(dh.numpy(), cache)
    np.testing.assert_allclose(gradients.dx, dx, **CLOSE)
    assert_weights_equal(gradients.dlayers, dict(zip(names, wanted, strict=True)))


def test_a_reset_before_gru_runs_in_the_stack_too():
    rng = np.random.default_rng(0)
    forwards, backwards = (
        GRUBeforeParams(*(rng.normal(size=size) for size in ((D, 3 * H), (H, 3 * H), (3 * H,)))) for _ in range(2)
    )
    x, dh = rng.normal(size=(2, 6, D)), rng.normal(size=(2, 6, 2 * H))
    h, _, cache = stacked_forward(x, ((forwards, backwards),))
    zeros = np.zeros((2, H))
    h_1, cache_1 = gru_before_forward(x, zeros, forwards)
    h_2, cache_2 = gru_before_forward(x[:, ::-1], zeros, backwards)
    np.testing.assert_allclose(h, np.concatenate([h_1, h_2[:, ::-1]], axis=2), **CLOSE)
    gradients = stacked_backward(dh, cache)
    back_1, back_2 = gru_before_backward(dh[..., :H], cache_1), gru_before_backward(dh[:, ::-1, H:], cache_2)
    np.testing.assert_allclose(gradients.dx, back_1.dx + back_2.dx[:, ::-1], **CLOSE)
    for got, wanted in zip(gradients.dlayers[0], (back_1.dparams, back_2.dparams), strict=True):
        for ours, theirs in zip(got, wanted, strict=True):
            np.testing.assert_allclose(ours, theirs, **CLOSE)


@pytest.mark.parametrize("kind", [torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU])
def test_float32_stays_float32(kind):
    from_torch = dict(KINDS)[kind]
    layers = from_torch(kind(D, H, 2, bidirectional=True))
    h, final, cache = stacked_forward(np.ones((2, 4, D), np.float32), layers)
    gradients = stacked_backward(np.ones_like(h), cache)
    arrays = [h, gradients.dx, *(a for row in final for state in row for a in state)]
    arrays += [a for row in gradients.dlayers for params in row for a in params]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=4))
def test_each_sequence_is_reversed_within_its_length_and_twice_is_nothing(lengths):
    x = np.arange(len(lengths) * 6 * 2).reshape(len(lengths), 6, 2)
    turned = reverse_within_lengths(x, np.array(lengths))
    for row, before, length in zip(turned, x, lengths, strict=True):
        np.testing.assert_array_equal(row[:length], before[:length][::-1])
        np.testing.assert_array_equal(row[length:], before[length:])
    np.testing.assert_array_equal(reverse_within_lengths(turned, np.array(lengths)), x)


def test_the_directions_of_a_layer_may_be_cells_of_different_sizes():
    rng = np.random.default_rng(0)
    forwards, backwards = init_lstm(D, 2, rng), init_gru(D, H, rng)
    x, dh, zeros = rng.normal(size=(2, 6, D)), rng.normal(size=(2, 6, 2 + H)), np.zeros((2, H))
    h, _, cache = stacked_forward(x, ((forwards, backwards),))
    h_1, _, cache_1 = lstm_forward(x, zeros[:, :2], zeros[:, :2], forwards)
    h_2, cache_2 = gru_forward(x[:, ::-1], zeros, backwards)
    np.testing.assert_allclose(h, np.concatenate([h_1, h_2[:, ::-1]], axis=2), **CLOSE)
    back_1, back_2 = lstm_backward(dh[..., :2], cache_1), gru_backward(dh[:, ::-1, 2:], cache_2)
    np.testing.assert_allclose(stacked_backward(dh, cache).dx, back_1.dx + back_2.dx[:, ::-1], **CLOSE)


def test_gradients_are_left_as_they_were_and_lengths_may_be_a_list():
    rng = np.random.default_rng(0)
    layers = ((init_gru(D, H, rng),),)
    x, dh, dfinal = rng.normal(size=(2, 4, D)), rng.normal(size=(2, 4, H)), rng.normal(size=(2, H))
    h, _, cache = stacked_forward(x, layers, lengths=[4, 2])
    np.testing.assert_array_equal(h, stacked_forward(x, layers)[0])
    dh.flags.writeable = dfinal.flags.writeable = False
    stacked_backward(dh, cache, (((dfinal,),),))
    np.testing.assert_array_equal(reverse_within_lengths(x, [4, 1])[0], x[0, ::-1])


def test_what_does_not_fit_is_named():
    params = RNNParams(np.zeros((D, H)), np.zeros((H, H)), np.zeros(H))
    lstm = init_lstm(D, H, np.random.default_rng(0))
    x, state = np.zeros((2, 4, D)), np.zeros((2, H))
    cache = stacked_forward(x, ((params,),))[2]
    calls = {
        "layers must be a tuple of layers, got LSTMParams": lambda: stacked_forward(x, lstm),
        "layer 1 must be a tuple of the parameters of 1 or 2 directions, got ndarray": lambda: stacked_forward(
            x, (np.zeros(2),)
        ),
        "states must hold [[2]] arrays, by layer and direction, got [[1]]": lambda: stacked_forward(
            x, ((lstm,),), (((state,),),)
        ),
        "states must hold [[1], [1]] arrays, by layer and direction, got [[1]]": lambda: stacked_forward(
            x, ((params,), (params,)), (((state,),),)
        ),
        "dfinal must hold [[1]] arrays, by layer and direction, got [[2]]": lambda: stacked_backward(
            np.zeros((2, 4, H)), cache, (((state, state),),)
        ),
        "dh must be (batch, time, hidden of all directions) = (2, 4, 5), got (5,)": lambda: stacked_backward(
            np.zeros(5), cache
        ),
        "lengths must be in 0 ... 4, got [5, 4]": lambda: stacked_forward(x, ((params,),), lengths=np.array([5, 4])),
        "x must be (batch, time, ...), got shape (3,)": lambda: reverse_within_lengths(np.zeros(3), np.array([1])),
        "x must be (batch, time, input), got shape (2, 3)": lambda: stacked_forward(x[:, 0], ((params,),)),
        "there must be at least one layer, got none": lambda: stacked_forward(x, ()),
        "layer 2 must be a tuple of the parameters of 1 or 2 directions, got 3 of them": lambda: stacked_forward(
            x, ((params,), (params, params, params))
        ),
        "layer 1 must be a tuple of the parameters of 1 or 2 directions, got RNNParams": lambda: stacked_forward(
            x, (params,)
        ),
        "the parameters of a cell must be one of RNNParams, LSTMParams, GRUParams, GRUBeforeParams, got ndarray": (
            lambda: stacked_forward(x, ((np.zeros(3),),))
        ),
        "W_xh must be (input, hidden) = (5, 5), got (3, 5)": lambda: stacked_forward(x, ((params,), (params,))),
        "dh must be (batch, time, hidden of all directions) = (2, 4, 5), got (2, 4, 10)": lambda: stacked_backward(
            np.zeros((2, 4, 10)), cache
        ),
        "the gradient at the final h must be (batch, hidden) = (2, 5), got (5,)": lambda: stacked_backward(
            np.zeros((2, 4, 5)), cache, (((np.zeros(5),),),)
        ),
        "lengths must be (batch,) = (2,), got (3,)": lambda: reverse_within_lengths(x, np.array([1, 2, 3])),
        "lengths must be in 0 ... 4, got [1, 5]": lambda: reverse_within_lengths(x, np.array([1, 5])),
        "lengths must be integers, got float64": lambda: reverse_within_lengths(x, np.array([1.0, 2.0])),
    }
    for message, call in calls.items():
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) == message
