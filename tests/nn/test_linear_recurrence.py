import numpy as np
import pytest
import torch

from course_lib.nn import linear_recurrence, linear_slope
from course_lib.params import RNNParams


def test_every_state_is_a_linear_layer_of_the_one_before():
    rng = np.random.default_rng(0)
    x, h_t = rng.normal(size=(3, 6, 2)), rng.normal(size=(3, 4))
    params = RNNParams(rng.normal(size=(2, 4)), rng.normal(size=(4, 4)), rng.normal(size=4))
    linear_recurrence(-x, -h_t, params)  # what it leaves in memory would be wrong values
    h, cache = linear_recurrence(x, h_t, params)
    W, U, b = map(torch.tensor, params)
    state = torch.tensor(h_t)
    assert h.shape == (3, 6, 4)
    np.testing.assert_array_equal(cache.h[0], h_t)
    for t in range(6):
        state = torch.tensor(x[:, t]) @ W + state @ U + b
        np.testing.assert_allclose(h[:, t], state, rtol=1e-12)
    np.testing.assert_array_equal(cache.h[1:], h.transpose(1, 0, 2))
    np.testing.assert_array_equal(cache.x, x.transpose(1, 0, 2))


@pytest.mark.parametrize("place", range(5))
def test_single_precision_is_kept_until_one_input_is_double(place):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=size).astype(np.float32) for size in ((3, 6, 2), (3, 4), (2, 4), (4, 4), (4,))]
    assert linear_recurrence(*arrays[:2], RNNParams(*arrays[2:]))[0].dtype == np.float32
    arrays[place] = arrays[place].astype(np.float64)
    assert linear_recurrence(*arrays[:2], RNNParams(*arrays[2:]))[0].dtype == np.float64


def test_changing_the_input_afterwards_does_not_change_the_cache():
    x = np.ones((2, 3, 1))
    _, cache = linear_recurrence(x, np.ones((2, 1)), RNNParams(*np.ones((2, 1, 1)), np.ones(1)))
    x[:] = 9
    np.testing.assert_array_equal(cache.x, np.ones((3, 2, 1)))


def test_the_states_cannot_be_changed():
    h, _ = linear_recurrence(np.ones((1, 2, 1)), np.ones((1, 1)), RNNParams(*np.ones((2, 1, 1)), np.ones(1)))
    with pytest.raises(ValueError, match="read-only"):
        h[:] = 9


def test_its_slope_is_one_everywhere():
    np.testing.assert_array_equal(linear_slope(np.array([[-3.0, 0.0, 7.0]])), [[1, 1, 1]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": (4, 3)}, "x must be (batch, time, input), got shape (4, 3)"),
        ({"h_0": (5, 4)}, "h_0 must be (batch, hidden) = (4, 5), got (5, 4)"),
        ({"W_xh": (5, 3)}, "W_xh must be (input, hidden) = (3, 5), got (5, 3)"),
        ({"W_hh": (4, 5)}, "W_hh must be (hidden, hidden) = (5, 5), got (4, 5)"),
        ({"b_h": (1,)}, "b_h must be (hidden,) = (5,), got (1,)"),
    ],
)
def test_a_wrong_shape_is_named(change, message):
    size = {"x": (4, 7, 3), "h_0": (4, 5), "W_xh": (3, 5), "W_hh": (5, 5), "b_h": (5,)} | change
    a = {name: np.zeros(shape) for name, shape in size.items()}
    with pytest.raises(ValueError) as error:
        linear_recurrence(a["x"], a["h_0"], RNNParams(a["W_xh"], a["W_hh"], a["b_h"]))
    assert str(error.value) == message
