import time
import warnings

import numpy as np
import pytest

from course_lib.checks.call import call_here
from course_lib.checks.plain import Foreign, Lent, Seed
from course_lib.params import RNNParams


def test_the_answer_gets_its_inputs_in_order_and_its_result_comes_back():
    outcome = call_here(lambda a, b: a - b)({"a": np.array([3.0]), "b": np.array([1.0])})
    assert outcome.value == np.array([2.0])
    assert outcome == type(outcome)(value=outcome.value)


def test_an_exception_becomes_text_with_the_students_own_line():
    def answer(a):
        return undefined_name  # noqa: F821

    outcome = call_here(answer)({"a": 1})
    assert outcome.error == "NameError: name 'undefined_name' is not defined"
    assert outcome.error_line.startswith("return undefined_name")
    assert outcome.error_function == "answer"


def test_leaving_the_interpreter_and_recursing_for_ever_are_outcomes():
    def leave():
        raise SystemExit(3)

    def recurse():
        return recurse()

    assert call_here(leave)({}).error == "SystemExit: 3"
    assert call_here(recurse)({}).error.startswith("RecursionError")


def test_an_exception_whose_text_raises_is_still_told():
    class Rude(Exception):
        def __str__(self):
            raise ValueError

    def answer():
        raise Rude

    assert call_here(answer)({}).error == "Rude"


def test_an_error_is_told_without_a_memory_address():
    def answer():
        raise TypeError(f"cannot add {object()}")

    assert call_here(answer)({}).error == "TypeError: cannot add <object object>"


def test_a_changed_input_is_noticed_and_the_original_stays():
    given = {"x": np.zeros(2), "params": RNNParams(np.ones((1, 1)), np.ones((1, 1)), np.ones(1))}

    def answer(x, params):
        x += 1
        params.b_h[:] = 5

    assert call_here(answer)(given).modified == ("x", "params")
    assert given["x"][0] == 0
    assert given["params"].b_h[0] == 1


@pytest.mark.parametrize(
    "change", [lambda arrays: arrays.append(0), lambda arrays: arrays.__setitem__(0, arrays[0] * 2), list.clear]
)
def test_a_list_that_is_changed_itself_is_noticed(change):
    given = {"gradients": [np.ones(2), np.ones(3)]}
    assert call_here(change)(given).modified == ("gradients",)
    assert len(given["gradients"]) == 2


def test_a_seed_becomes_a_generator_and_a_name_a_lent_function():
    inputs = {"rng": Seed(7), "tempered_softmax": Lent("tempered_softmax")}
    outcome = call_here(lambda rng, tempered_softmax: (rng.random(), tempered_softmax(np.zeros(2), 1.0)))(inputs)
    assert outcome.value[0] == np.random.default_rng(7).random()
    assert np.array_equal(outcome.value[1], [0.5, 0.5])


def test_a_lent_function_may_use_torch_while_the_answer_may_not():
    call = call_here(lambda tempered_softmax: tempered_softmax(np.zeros(2), 1.0), ("torch", "course_lib"))
    assert call({"tempered_softmax": Lent("tempered_softmax")}).delegated == ""


def test_an_endless_answer_is_given_up():
    def answer():
        while True:
            try:
                time.sleep(0.01)
            except Exception:  # a student's broad except must not catch the limit
                continue

    outcome = call_here(answer, seconds=0.2)({})
    assert outcome.error == "TookTooLong: no result after 0.2 s. Is there a loop that never ends?"


def test_nothing_a_student_raises_escapes():
    class OwnKind(BaseException):
        pass

    def answer():
        raise OwnKind("odd")

    assert call_here(answer)({}).error == "OwnKind: odd"


def test_settings_of_numpy_do_not_leak_out_of_the_call():
    before = np.geterr()
    call_here(lambda: np.seterr(all="raise"))({})
    assert np.geterr() == before


def test_a_lent_function_that_was_never_called_is_noted():
    inputs = {"step": Lent("rnn_step")}
    assert call_here(lambda step: 1)(inputs).unused == ("step",)


def test_a_warning_in_a_right_answer_is_no_fault():
    def answer():
        warnings.warn("a library says something", stacklevel=1)
        return 1

    assert call_here(answer)({}).value == 1


def test_what_is_not_plain_comes_back_named():
    assert call_here(lambda: iter([]))({}).value == Foreign("a list_iterator")
