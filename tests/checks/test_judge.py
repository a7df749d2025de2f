import numpy as np
import pytest

from course_lib.checks.call import Outcome, call_here
from course_lib.checks.judge import judge
from course_lib.checks.rnn import (
    generate,
    last_valid_state,
    make_windows,
    rnn_forward,
    rnn_step,
    tempered_softmax,
    trace,
)


def verdict_on(answer, seed=None, hints="en"):
    return judge(rnn_step, "values", call_here(answer, rnn_step.forbidden), seed, hints)


def test_a_wrong_answer_is_told_what_was_called_what_is_wrong_which_mistake_and_where_to_read(steps):
    assert str(verdict_on(steps.squashes_each_term)) == (
        "rnn_step  ✗  value\n"
        "called     rnn_step(x_t (4, 3), h_prev (4, 5), params)\n"
        "wrong      h_t[0, 0]: yours -0.5636, expected -0.7357 (20 of 20 values differ); all must lie\n"
        "           between -1 and 1\n"
        "likely     squashes each term by itself\n"
        "           Compare tanh of 1 + 1 with tanh of 1 plus tanh of 1. Which of the two is h_t?\n"
        "read       The recurrence, equation (1.3)"
    )


def test_a_right_answer_is_told_what_was_verified_and_that_unseen_cases_follow(steps):
    assert str(verdict_on(steps.right)) == (
        "rnn_step  ✓\n"
        "public     shapes and values on 6 cases (B = 1 and 4); inputs left unchanged.\n"
        "           Unseen cases of the same kind follow when your work is graded."
    )


def test_unseen_cases_are_other_cases(steps):
    seen = []

    def call(inputs):
        seen.append(inputs["x_t"].shape)
        return call_here(steps.right)(inputs)

    judge(rnn_step, "values", call)
    public = set(seen)
    seen.clear()
    assert judge(rnn_step, "values", call, seed=1).passed
    assert not public & set(seen)


def test_an_answer_that_remembers_the_public_cases_fails_on_unseen_ones(steps):
    remembered = {}
    learn = lambda *inputs: remembered.setdefault(inputs[0].tobytes(), steps.right(*inputs))  # noqa: E731
    assert verdict_on(learn).passed
    recall = lambda *inputs: remembered[inputs[0].tobytes()]  # noqa: E731
    assert verdict_on(recall).passed
    assert not verdict_on(recall, seed=1).passed


def test_two_mistakes_at_once_are_both_named(steps):
    verdict = verdict_on(steps.no_bias_and_transposed)
    assert verdict.misconceptions == ("omits-bias+transposes-W_hh",)
    assert "leaves out the bias; and transposes the recurrent matrix" in str(verdict)
    assert "Two mistakes at once. Mend one of them" in str(verdict)


def test_two_mistakes_at_once_are_told_in_korean_too(steps):
    said = str(verdict_on(steps.no_bias_and_transposed, hints="ko"))
    assert "두 가지 실수가 함께 있습니다." in said
    assert "Two mistakes at once" not in said


def test_two_explanations_of_one_error_are_both_offered(steps):
    verdict = verdict_on(steps.swapped)
    assert verdict.kind == "error"
    said = " ".join(str(verdict).split())
    assert "a matrix product does not fit: the left side has 3 columns, the right side 5 rows, at your line:" in said
    assert "mixes up the input and the state, or their matrices, or transposes the input matrix" in said
    assert "Which matrix has as many rows" in said
    assert "Does it need turning" in said


def test_an_error_that_no_misconception_raises_suspects_nothing():
    def answer(x_t, h_prev, params):
        raise ValueError("nonsense")

    assert not verdict_on(answer).misconceptions
    assert not verdict_on(lambda x_t, h_prev, params: np.stack([x_t, x_t[:1]])).misconceptions


def test_the_function_that_is_not_written_is_named():
    def helper():
        raise NotImplementedError

    verdict = verdict_on(lambda x_t, h_prev, params: helper())
    assert verdict.kind == "not written"
    assert "replace `raise NotImplementedError` in helper by your code" in str(verdict)


@pytest.mark.parametrize(
    "convert", [np.asfortranarray, lambda h: np.ascontiguousarray(h)[::1], lambda h: h.astype(">f8")]
)
def test_right_values_may_come_in_any_layout(steps, convert):
    assert verdict_on(lambda *inputs: convert(steps.right(*inputs))).passed


@pytest.mark.parametrize("one_hot", [np.int64, np.bool_, np.float32])
def test_a_lent_step_takes_a_one_hot_row_of_any_numbers(one_hot):
    def answer(first, n, h_0, params, head, tau, rng, step, tempered_softmax):
        V, h, symbols = len(params.W_xh), h_0, [first]
        for _ in range(n):
            h = step(np.eye(V, dtype=one_hot)[[symbols[-1]]], h, params)
            p = tempered_softmax(list((h @ head.W_hy + head.b_y)[0]), tau)
            symbols.append(rng.choice(V, p=p))
        return symbols[1:]

    assert judge(generate, "values", call_here(answer, generate.forbidden)).passed


def test_a_large_logit_taken_away_too_late_is_never_accepted():
    def answer(s_t, tau):
        weights = np.exp(s_t / tau - s_t.max())
        return weights / weights.sum()

    call = call_here(answer)
    verdict = judge(tempered_softmax, "large logits", call, hints="en")
    assert verdict.misconceptions == ("shifts-before-scaling",)
    assert not any(judge(tempered_softmax, "large logits", call, seed).passed for seed in range(50))


@pytest.mark.parametrize("wrong_for", [lambda h, lengths: lengths == 1, lambda h, lengths: h.shape[1] == 1])
def test_the_shortest_sequences_are_among_the_cases(wrong_for):
    def answer(h, lengths):
        right = h[np.arange(len(h)), lengths - 1]
        return np.where(np.broadcast_to(wrong_for(h, lengths), lengths.shape)[:, None], 9.0, right)

    assert not judge(last_valid_state, "values", call_here(answer)).passed


def test_a_forecast_of_the_first_feature_is_among_the_cases():
    def answer(series, T, target):
        n = len(series) - T
        return np.stack([series[i : i + T] for i in range(n)]), series[T:, target or 1]

    assert not judge(make_windows, "values", call_here(answer)).passed


def test_an_unknown_mistake_gets_no_hint(steps):
    verdict = verdict_on(steps.strange)
    assert not verdict.misconceptions
    assert "likely" not in dict(verdict.lines)


def right_to_seven_digits(inputs):
    """As near to the right answer as to every misconception that does not show on these cases."""
    return Outcome(rnn_forward.oracle(**inputs) * (1 + 3e-8))


def test_a_known_mistake_that_does_not_show_on_these_cases_is_not_suspected():
    verdict = judge(rnn_forward, "from a zero state", right_to_seven_digits, hints="en")
    assert verdict.kind == "value"
    assert not verdict.misconceptions


def test_single_precision_is_told_as_such_and_suspects_nothing():
    def single(inputs):
        return Outcome(rnn_forward.oracle(**inputs).astype(np.float32))

    verdict = judge(rnn_forward, "from a zero state", single, hints="en")
    assert verdict.kind == "dtype"
    assert "h holds float32 numbers, wanted float64: look for float32 in your code" in str(verdict)
    assert not verdict.misconceptions


def test_an_answer_that_never_calls_what_it_is_lent_is_told():
    def inlined(x, h_0, params, step):
        return np.zeros((*x.shape[:2], h_0.shape[1]))

    verdict = judge(rnn_forward, "from any state", call_here(inlined), hints="en")
    assert "Your code never calls step, a right one that it is given" in " ".join(str(verdict).split())


def test_an_unknown_mistake_gets_advice_with_the_longer_hint(steps):
    assert "no mistake on file gives these values" in str(verdict_on(steps.strange).longer)


def overwhelmed(x_t, h_prev, params):
    raise MemoryError


def never_ending(x_t, h_prev, params):
    return never_ending(x_t, h_prev, params)


@pytest.mark.parametrize("answer", [overwhelmed, never_ending, lambda x_t: x_t])
def test_an_unknown_error_gets_advice_that_speaks_of_no_values(answer):
    verdict = verdict_on(answer)
    assert "next" not in dict(verdict.lines)
    said = " ".join(str(verdict.longer).split())
    assert "no mistake on file gives this error. Call your function in a cell of its own" in said
    assert "values" not in dict(verdict.longer.lines)["next"]


def test_the_longer_hint_names_the_equation(steps):
    verdict = verdict_on(steps.no_bias)
    assert "Equation (1.3)" not in str(verdict)
    assert "Equation (1.3)" in str(verdict.longer)
    assert verdict.longer.misconceptions == verdict.misconceptions


def test_a_korean_hint_is_shown_where_there_is_one(steps):
    assert "매개변수" in str(verdict_on(steps.no_bias, hints="ko"))


def test_the_stub_is_told_that_it_is_not_written(steps):
    verdict = verdict_on(steps.stub)
    assert verdict.kind == "not written"
    assert "replace `raise NotImplementedError` in stub by your code" in str(verdict)


def test_a_changed_input_is_named(steps):
    def answer(x_t, h_prev, params):
        h_prev *= 1.5
        return steps.right(x_t, h_prev / 1.5, params)

    verdict = verdict_on(answer)
    assert verdict.kind == "modified input"
    assert "your code changes h_prev in place" in str(verdict)


def test_delegation_is_named():
    def answer(x_t, h_prev, params):
        import torch

        return torch.tanh(torch.tensor(x_t)).numpy()

    verdict = verdict_on(answer)
    assert verdict.kind == "delegated"
    assert "write rnn_step without torch" in str(verdict)


def test_an_error_is_told_with_the_line_on_which_it_happened():
    def answer(x_t, h_prev, params):
        return x_t @ params.weights

    text = str(verdict_on(answer))
    assert "AttributeError: 'RNNParams' object has no attribute 'weights'" in text.replace("\n" + 11 * " ", " ")
    assert "return x_t @ params.weights" in text.replace("\n" + 11 * " ", " ")


def test_numbers_worked_out_by_hand_are_matched_with_misconceptions_at_their_own_precision():
    verdict = judge(trace, "values", call_here(lambda: (0.5005, -0.4296, -0.0141)), hints="en")
    assert not verdict.passed
    ignoring = tuple(round(float(np.tanh(x - 0.2)), 4) for x in (0.6, -1.0, 0.4))
    verdict = judge(trace, "values", call_here(lambda: ignoring), hints="en")
    assert verdict.misconceptions == ("ignores-the-past",)


def test_a_part_of_an_exercise_can_be_right_alone():
    def answer(x, h_0, params, step):
        states, h_t = [], np.zeros_like(h_0)
        for t in range(x.shape[1]):
            h_t = step(x[:, t], h_t, params)
            states.append(h_t)
        return np.stack(states, axis=1)

    call = call_here(answer, rnn_forward.forbidden)
    assert judge(rnn_forward, "from a zero state", call).passed
    verdict = judge(rnn_forward, "from any state", call, hints="en")
    assert verdict.misconceptions == ("starts-from-zero",)
    assert verdict.title == "rnn_forward (from any state)"


@pytest.mark.parametrize("value", [None, "text", 1.5, [], {}, (1, 2), np.zeros((0, 5)), np.zeros(1)])
def test_no_plain_value_breaks_the_judge(value):
    verdict = judge(rnn_step, "values", lambda inputs: Outcome(value=value), hints="en")
    assert not verdict.passed
    assert verdict.kind in {"type", "shape"}


def test_a_dead_process_is_a_fault_like_another():
    verdict = judge(rnn_step, "values", lambda inputs: Outcome(error="ProcessDied: the process of the answer ended"))
    assert "ProcessDied" in str(verdict)


def test_an_input_with_nothing_to_read_is_not_spoken_of_where_there_are_no_inputs():
    said = " ".join(str(judge(trace, "values", call_here(lambda extra: extra), None, "en").longer).split())
    assert "Call your function in a cell of its own; where a line is named" in said
    assert "shapes above" not in said


def test_advice_on_a_shape_speaks_of_the_shape(steps):
    said = " ".join(str(verdict_on(lambda *inputs: steps.right(*inputs)[:, :, None]).longer).split())
    assert "no mistake on file gives this shape" in said
