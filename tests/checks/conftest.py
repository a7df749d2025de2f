from types import SimpleNamespace

import numpy as np
import pytest


def right(x_t, h_prev, params):
    return np.tanh(x_t @ params.W_xh + h_prev @ params.W_hh + params.b_h)


def squashes_each_term(x_t, h_prev, params):
    return np.tanh(x_t @ params.W_xh) + np.tanh(h_prev @ params.W_hh) + np.tanh(params.b_h)


def no_bias(x_t, h_prev, params):
    return np.tanh(x_t @ params.W_xh + h_prev @ params.W_hh)


def no_bias_and_transposed(x_t, h_prev, params):
    return np.tanh(x_t @ params.W_xh + h_prev @ params.W_hh.T)


def swapped(x_t, h_prev, params):
    return np.tanh(x_t @ params.W_hh + h_prev @ params.W_xh + params.b_h)


def stub(x_t, h_prev, params):
    raise NotImplementedError


def strange(x_t, h_prev, params):
    return np.zeros_like(h_prev) + 0.123


@pytest.fixture
def steps():
    """One right answer to rnn_step and several wrong ones."""
    answers = (right, squashes_each_term, no_bias, no_bias_and_transposed, swapped, stub, strange)
    return SimpleNamespace(**{answer.__name__: answer for answer in answers})
