import numpy as np
import pytest
import torch

from course_lib.nn.torch_weights import (
    gru_from_torch,
    gru_to_torch,
    lstm_from_torch,
    lstm_to_torch,
    rnn_from_torch,
    rnn_to_torch,
)
from course_lib.params import GRUParams, LSTMParams, RNNParams

KINDS = [
    (torch.nn.RNN, rnn_from_torch, rnn_to_torch, RNNParams),
    (torch.nn.LSTM, lstm_from_torch, lstm_to_torch, LSTMParams),
    (torch.nn.GRU, gru_from_torch, gru_to_torch, GRUParams),
]


def zeros(kind, blocks):
    """Return parameters of one direction with D = 3 and H = 2, all 0."""
    shapes = ((3, 2 * blocks), (2, 2 * blocks), (2 * blocks,), (2,))
    return kind(*map(np.zeros, shapes[: len(kind._fields)]))


FORMS = [(1, False), (1, True), (2, False), (3, True)]


@pytest.mark.parametrize(("layers", "both"), FORMS)
@pytest.mark.parametrize(("kind", "from_torch", "to_torch", "named"), KINDS)
def test_out_and_in_again_the_module_computes_the_same(kind, from_torch, to_torch, named, layers, both):
    torch.manual_seed(0)
    module = kind(3, 5, layers, bidirectional=both, batch_first=True, dtype=torch.float64)
    params = from_torch(module)
    assert [len(row) for row in params] == [1 + both] * layers
    assert all(type(one) is named for row in params for one in row)
    again = to_torch(params)
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    np.testing.assert_allclose(again(x)[0].detach(), module(x)[0].detach(), rtol=1e-12, atol=1e-14)
    for first, second in zip(params, from_torch(again), strict=True):
        for ours, theirs in zip(first, second, strict=True):
            for one, other in zip(ours, theirs, strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("kind", "from_torch", "to_torch", "named"), KINDS)
def test_the_arrays_are_copies_in_the_dtype_of_the_module(kind, from_torch, to_torch, named):
    module = kind(3, 5, dtype=torch.float32)
    ((params,),) = from_torch(module)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    for array in params:
        assert array.dtype == np.float32
        array[...] = 9
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])
    made = to_torch(params)
    assert {tensor.dtype for tensor in made.state_dict().values()} == {torch.float32}
    params[0][...] = 1
    assert (made.weight_ih_l0 == 9).all()


@pytest.mark.parametrize(("kind", "from_torch", "to_torch", "named"), KINDS)
def test_a_module_without_biases_has_zeros(kind, from_torch, to_torch, named):
    ((params,),) = from_torch(kind(3, 5, bias=False))
    assert not any(array.any() for array in params[2:])
    assert [array.ndim for array in params[2:]] == [1] * len(params[2:])


def test_the_two_biases_of_torch_are_added_and_a_gru_keeps_the_second_of_the_candidate():
    gru = torch.nn.GRU(3, 2)
    with torch.no_grad():
        gru.bias_ih_l0[:] = torch.arange(6)
        gru.bias_hh_l0[:] = 10 * torch.arange(6)
    ((params,),) = gru_from_torch(gru)
    np.testing.assert_array_equal(params.b, [0, 11, 22, 33, 4, 5])
    np.testing.assert_array_equal(params.b_hn, [40, 50])
    lstm = torch.nn.LSTM(3, 1)
    with torch.no_grad():
        lstm.bias_ih_l0[:] = 1
        lstm.bias_hh_l0[:] = 1
    np.testing.assert_array_equal(lstm_from_torch(lstm)[0][0].b, [2, 2, 2, 2])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lstm_from_torch(torch.nn.GRU(3, 5)), "module must be a torch.nn.LSTM, got GRU"),
        (lambda: gru_from_torch(None), "module must be a torch.nn.GRU, got NoneType"),
        (lambda: rnn_from_torch(torch.nn.RNN(3, 5, nonlinearity="relu")), "nonlinearity must be tanh, got relu"),
        (lambda: lstm_from_torch(torch.nn.LSTM(3, 5, proj_size=2)), "proj_size must be 0, got 2"),
        (lambda: lstm_to_torch(()), "there must be at least one layer, got none"),
        (lambda: lstm_to_torch(zeros(GRUParams, 3)), "the parameters must be LSTMParams, got GRUParams"),
        (lambda: gru_to_torch(((zeros(LSTMParams, 4),),)), "the parameters must be GRUParams, got LSTMParams"),
        (lambda: rnn_to_torch(((zeros(GRUParams, 3),),)), "the parameters must be RNNParams, got GRUParams"),
        (
            lambda: gru_to_torch((zeros(GRUParams, 3),)),
            "layer 1 must be a tuple of the parameters of 1 or 2 directions, got GRUParams",
        ),
        (
            lambda: lstm_to_torch(((zeros(LSTMParams, 4),) * 3,)),
            "layer 1 must be a tuple of the parameters of 1 or 2 directions, got 3 of them",
        ),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


def test_layers_that_do_not_fit_each_other_are_refused():
    ((small,),), ((large,),) = lstm_from_torch(torch.nn.LSTM(3, 5)), lstm_from_torch(torch.nn.LSTM(4, 5))
    with pytest.raises(ValueError, match="the layers do not fit each other"):
        lstm_to_torch(((small,), (large,)))
