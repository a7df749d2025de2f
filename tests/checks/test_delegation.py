"""What the delegation watch catches, and what it does not: it is help, not security."""

import importlib
import sys
import threading
import types

import numpy as np
import pytest
import torch

from course_lib import gradcheck, nn
from course_lib.checks.call import call_here
from course_lib.checks.plain import Lent
from course_lib.checks.rnn.recurrence import rnn_step, wrong_step
from course_lib.params import RNNParams

PARAMS = RNNParams(np.ones((3, 2)), np.ones((2, 2)), np.ones(2))
INPUTS = {"x_t": np.ones((1, 3)), "h_prev": np.ones((1, 2)), "params": PARAMS}


def by_import(x_t, h_prev, params):
    from course_lib.nn import rnn_step as lent

    return lent(x_t, h_prev, params)


def by_importlib(x_t, h_prev, params):
    return importlib.import_module("course_lib.nn.rnn").rnn_step(x_t, h_prev, params)


def by_copied_code(x_t, h_prev, params):
    original = nn.rnn_step
    return types.FunctionType(original.__code__, original.__globals__)(x_t, h_prev, params)


def by_torch_function(x_t, h_prev, params):
    return torch.tanh(torch.from_numpy(x_t @ params.W_xh + h_prev @ params.W_hh + params.b_h)).numpy()


def by_torch_module(x_t, h_prev, params):
    return torch.nn.RNNCell(3, 2)(torch.ones(1, 3)).detach().numpy()


def by_the_checks_themselves(x_t, h_prev, params):
    return wrong_step(frozenset(), x_t, h_prev, params)


def in_a_thread(x_t, h_prev, params):
    result = []
    thread = threading.Thread(target=lambda: result.append(nn.rnn_step(x_t, h_prev, params)))
    thread.start()
    thread.join()
    return result[0]


def with_the_hook_removed(x_t, h_prev, params):
    sys.setprofile(None)
    return nn.rnn_step(x_t, h_prev, params)


def by_hand(x_t, h_prev, params):
    return np.tanh(x_t @ params.W_xh + h_prev @ params.W_hh + params._replace(b_h=params.b_h).b_h)


def with_a_gradient_check(x_t, h_prev, params):
    gradcheck.relative_error(x_t, x_t)
    return by_hand(x_t, h_prev, params)


CAUGHT = [
    (by_import, "course_lib.nn.rnn.rnn_step"),
    (by_importlib, "course_lib.nn.rnn.rnn_step"),
    (by_copied_code, "course_lib.nn.rnn.rnn_step"),
    (by_torch_function, "torch"),
    (by_torch_module, "torch"),
    (by_the_checks_themselves, "course_lib.checks.rnn.recurrence.wrong_step"),
]


@pytest.mark.parametrize(("answer", "name"), CAUGHT)
def test_caught(answer, name):
    outcome = call_here(answer, rnn_step.forbidden)(INPUTS)
    assert outcome.delegated.startswith(name), outcome


@pytest.mark.parametrize("answer", [in_a_thread, with_the_hook_removed])
def test_not_caught(answer):
    assert call_here(answer, rnn_step.forbidden)(INPUTS).delegated == ""


@pytest.mark.parametrize("answer", [by_hand, with_a_gradient_check])
def test_honest_answers_pass(answer):
    assert call_here(answer, rnn_step.forbidden)(INPUTS).delegated == ""


def test_code_without_a_module_name_is_nobodys_library():
    namespace = {"__name__": None}
    exec("def f(x_t, h_prev, params): return g()\ndef g(): return 1", namespace)
    assert call_here(namespace["f"], rnn_step.forbidden)(INPUTS).value == 1


def test_a_lent_function_kept_for_later_switches_nothing_on():
    kept = []
    call_here(lambda step: kept.append(step), ("torch",))({"step": Lent("rnn_step")})
    kept[0](INPUTS["x_t"], INPUTS["h_prev"], PARAMS)
    assert sys.getprofile() is None


def test_the_profiler_that_was_there_before_is_there_afterwards():
    before = sys.getprofile()
    call_here(by_torch_function, rnn_step.forbidden)(INPUTS)
    assert sys.getprofile() is before
