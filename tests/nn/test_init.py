import numpy as np
import pytest
import torch

from course_lib.nn import uniform_head, uniform_linear, uniform_rnn
from course_lib.params import HeadParams, LinearParams, RNNParams

MAKERS = [
    (uniform_rnn, (3, 5), RNNParams, [(3, 5), (5, 5), (5,)]),
    (uniform_head, (5, 2), HeadParams, [(5, 2), (2,)]),
    (uniform_linear, (3, 4), LinearParams, [(3, 4), (4,)]),
]


@pytest.mark.parametrize(("make", "sizes", "kind", "shapes"), MAKERS)
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


@pytest.mark.parametrize(
    ("make", "sizes", "message"),
    [
        (uniform_rnn, (0, 5), "D must be at least 1, got 0"),
        (uniform_rnn, (3, -1), "H must be at least 1, got -1"),
        (uniform_head, (0, 2), "H must be at least 1, got 0"),
        (uniform_linear, (3, 0), "O must be at least 1, got 0"),
    ],
)
def test_a_size_below_one_is_named(make, sizes, message):
    with pytest.raises(ValueError) as error:
        make(*sizes, np.random.default_rng(0))
    assert str(error.value) == message
