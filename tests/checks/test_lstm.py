"""What is new with chapter 04: weights set by hand, parts that follow a derivation line by line, a lent step back."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import gradcheck
from course_lib.checks.call import call_here
from course_lib.checks.faults import draw_cases
from course_lib.checks.judge import judge
from course_lib.checks.lent import LENT
from course_lib.checks.lstm import counting, latching
from course_lib.checks.lstm.counting import COUNTER, counter
from course_lib.checks.lstm.half_lives import bias_for, half_life
from course_lib.checks.lstm.latching import LATCH, latch, with_gates
from course_lib.checks.lstm.sequence import lstm_backward
from course_lib.checks.lstm.step_backward import gates_of, lstm_step_backward
from course_lib.checks.lstm.steps import draw_lstm, lstm_step, sigma
from course_lib.checks.lstm.variants import coupled_step, peephole_step
from course_lib.params import LSTMParams, PeepholeParams

SEEDS = st.integers(0, 2**32 - 1)
FAR = st.floats(17, 1000)


def both(exercise, part, seed):
    """Draw public and unseen cases."""
    return draw_cases(exercise, part, seed, unseen=False) + draw_cases(exercise, part, seed, unseen=True)


def verdict_on(exercise, params):
    return judge(exercise, "properties", call_here(lambda: params), hints="en")


def run(params, x):
    """Run an LSTM in plain NumPy; return its cells (B, T)."""
    h, c, cells = np.zeros((len(x), 1)), np.zeros((len(x), 1)), []
    with np.errstate(over="ignore"):
        for x_t in x.transpose(1, 0, 2):
            i, f, g, o = gates_of(x_t, h, params)
            c = f * c + i * g
            h = o * np.tanh(c)
            cells.append(c[:, 0])
    return np.stack(cells, axis=1)


# 4.1 and 4.6 ---------------------------------------------------------------------------------------------------------


@given(FAR, FAR, FAR, FAR, st.tuples(*[st.floats(-50, 50)] * 4))
@settings(max_examples=8, deadline=None, derandomize=True)
def test_any_latch_with_gates_far_enough_passes_whatever_it_shows(i_0, i_1, f_0, f_1, shows):
    params = with_gates([0, i_0 + i_1, -i_0], [0, -f_0 - f_1, f_0], [1, 0, 0])
    params.W_x[:, 3], params.W_h[0, 3], params.b[3] = shows[:2], shows[2], shows[3]
    assert verdict_on(latch, params).passed


@given(SEEDS)
@settings(max_examples=6, deadline=None, derandomize=True)
def test_weights_that_are_no_latch_are_named_and_told_with_what_the_cell_holds(seed):
    rng = np.random.default_rng(seed)
    params = LSTMParams(rng.normal(0, 9, (2, 4)), rng.normal(0, 2, (1, 4)), rng.normal(0, 9, 4))
    for exercise, judged in ((latch, LATCH), (counter, COUNTER)):
        verdict = verdict_on(exercise, params)
        assert not verdict.passed and len(verdict.misconceptions) == 1
        cells = run(params, judged.trial.x)[:, [look - 1 for look in judged.trial.looks]]
        wrong = np.abs(cells - judged.trial.wanted) > judged.trial.within
        told = [f"the cell holds {mine:.4g}, wanted {right:.4g} within" for mine, right in
                zip(cells[wrong], judged.trial.wanted[wrong], strict=True)]  # fmt: skip
        assert any(figures in verdict.lines[1][1] for figures in told)


@pytest.mark.parametrize("judged", [LATCH, COUNTER])
def test_torch_runs_a_trial_as_numpy_does(judged):
    params = draw_lstm(np.random.default_rng(1), 2, 1)
    looks = [look - 1 for look in judged.trial.looks]
    assert looks[-1] == judged.trial.x.shape[1] - 1
    assert np.allclose(np.stack(list(judged.trial.cells(params)), axis=1), run(params, judged.trial.x)[:, looks])


def test_a_latch_is_asked_for_200_steps_and_for_several_writings_among_large_values():
    x = LATCH.trial.x
    writes = np.flatnonzero(x[0, :, 1])
    assert np.diff(writes).tolist() == [1, latching.KEPT + 1] and latching.KEPT == 200
    assert (writes[-1] in LATCH.trial.looks) and (writes[1] + 1 + latching.KEPT in LATCH.trial.looks)
    between = x[:, writes[1] + 1 : writes[2], 0]
    assert between.max() > 2.9 and between.min() < -2.9 and (x[:, :, 1] == x[:1, :, 1]).all()


def test_brackets_never_close_more_than_they_opened_and_go_deep():
    depths = np.cumsum(COUNTER.trial.x[:, :, 0] - COUNTER.trial.x[:, :, 1], axis=1)
    assert depths.min() == 0 and depths.max() == 58
    assert (COUNTER.trial.x.sum(axis=2) == 1).all()
    assert np.allclose(counting.STEP * depths[:, [look - 1 for look in COUNTER.trial.looks]], COUNTER.trial.wanted)


def changed(params, **places):
    """Change single weights: ``W_x=((0, 2), 5.0)``, or a list of such."""
    arrays = {name: getattr(params, name).copy() for name in places}
    for name, changes in places.items():
        for index, value in changes if isinstance(changes, list) else [changes]:
            arrays[name][index] = value
    return params._replace(**arrays)


GOOD = latching.wrong_latch(frozenset())


@pytest.mark.parametrize(
    ("params", "named"),
    [
        (changed(GOOD, W_x=((1, 1), 0.0)), "keeps-the-old-number"),
        (changed(GOOD, b=(0, 0.0)), "listens-at-every-step"),
        (changed(GOOD, b=(1, 0.0)), "forgets-at-every-step"),
        (changed(GOOD, W_x=((1, 0), 10.0)), "never-writes"),
        (changed(GOOD, W_x=((0, 2), 0.9)), "weighs-the-value"),
        (changed(GOOD, b=(2, 0.1)), "shifts-the-candidate"),
        (changed(GOOD, W_h=((0, 0), 30.0)), "lets-the-state-in"),
        (changed(GOOD, W_x=((0, 1), 15.0)), "lets-the-gates-hear-the-value"),
        (LSTMParams(*(array / 5 for array in GOOD))._replace(W_x=GOOD.W_x / [5, 5, 1, 5]), "sets-the-gates-too-weakly"),
    ],
)
def test_a_latch_with_one_thing_wrong_is_told_which(params, named):
    assert verdict_on(latch, params).misconceptions == (named,)


@pytest.mark.parametrize(
    ("params", "named", "quoted"),
    [
        (changed(GOOD, W_x=((0, 2), 2.0)), "weighs-the-value", "right after that step"),
        (changed(GOOD, W_x=[((0, 2), 2.0), ((1, 1), 0.0)]), "makes-several-mistakes", "right after that step"),
        (changed(GOOD, W_x=[((0, 0), 40.0), ((1, 0), 0.0)]), "lets-the-gates-hear-the-value", "the flag is 0 for 3"),
        (changed(GOOD, W_x=[((1, 0), 0.0), ((1, 1), 0.0)]), "makes-several-mistakes", "right after that step"),
        (changed(GOOD, W_x=((1, 0), 0.0), b=(0, 0.0)), "listens-at-every-step", "the flag is 0 for 3"),
        (changed(GOOD, W_x=((1, 1), 0.0), b=(1, 0.0)), "keeps-the-old-number", "step 5"),
        (changed(GOOD, W_x=((1, 1), 40.0), b=(1, -20.0)), "keeps-the-old-number", "step 5"),
    ],
)
def test_the_mistake_that_is_named_explains_the_look_that_is_quoted(params, named, quoted):
    verdict = verdict_on(latch, params)
    assert verdict.misconceptions == (named,) and quoted in verdict.lines[1][1]


COUNTS = counting.wrong_counter(frozenset())


@pytest.mark.parametrize(
    ("params", "named"),
    [
        (changed(COUNTS, W_x=((1, 0), -40.0)), "does-not-open-the-input-gate"),
        (COUNTS._replace(W_x=COUNTS.W_x * 0), "leaves-the-candidate-at-0"),
        (LSTMParams(*(array[..., [0, 2, 1, 3]] for array in COUNTS)), "takes-another-order-of-blocks"),
        (changed(COUNTS, W_x=[((0, 2), -0.1), ((1, 2), 0.1)]), "counts-closing-brackets-up"),
        (changed(COUNTS, W_x=[((0, 2), 0.1), ((1, 2), -0.1)]), "weighs-the-step-itself"),
        (changed(COUNTS, W_x=[((0, 2), 0.1), ((1, 2), -0.1)], b=[(0, 5.0), (1, 5.0)]), "makes-several-mistakes"),
    ],
)
def test_what_is_said_of_a_counter_accounts_for_what_its_cell_holds(params, named):
    assert verdict_on(counter, params).misconceptions == (named,)


@pytest.mark.parametrize("exercise", [lstm_step, coupled_step, peephole_step])
def test_the_cell_returned_twice_is_not_called_a_wrong_order(exercise):
    def twice(*inputs):
        c_t = exercise.oracle(*inputs)[1]
        return c_t, c_t

    verdict = judge(exercise, "h_t", call_here(twice), hints="en")
    assert verdict.misconceptions == ("returns-the-cell-twice",)


@pytest.mark.parametrize("exercise", [latch, counter])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "return LSTMParams(W_x, W_h, b), got None"),
        (LSTMParams(np.zeros((4, 2)), np.zeros((1, 4)), np.zeros(4)), "W_x has shape (4, 2), wanted (D, 4H) = (2, 4)"),
        (LSTMParams(np.zeros((2, 4)), [[0, 0, 0, 0]], np.zeros(4)), "W_h must be a NumPy array of shape (H, 4H)"),
        (LSTMParams(np.zeros((2, 4)), np.zeros((1, 4)), np.full(4, np.nan)), "b[0] is nan, wanted a number between"),
        (LSTMParams(np.full((2, 4), 1e9), np.zeros((1, 4)), np.zeros(4)), "W_x[0, 0] is 1e+09, wanted a number"),
        (LSTMParams(np.zeros((2, 4), complex), np.zeros((1, 4)), np.zeros(4)), "W_x holds complex128 numbers"),
    ],
)
def test_what_are_no_weights_is_told_in_a_sentence(exercise, value, said):
    verdict = verdict_on(exercise, value)
    assert not verdict.passed and said in verdict.lines[1][1] and verdict.misconceptions == ()


# 4.2 -----------------------------------------------------------------------------------------------------------------


def test_a_cell_multiplied_by_the_output_gate_is_called_so_and_the_order_is_not_blamed():
    def answer(x_t, h_prev, c_prev, params):
        i, f, g, o = gates_of(x_t, h_prev, params)
        c_t = o * (f * c_prev + i * g)
        return np.tanh(c_t), c_t

    verdict = judge(lstm_step, "c_t", call_here(answer), hints="en")
    assert verdict.misconceptions == ("multiplies-the-cell-by-the-output-gate",)
    verdict = judge(lstm_step, "h_t", call_here(answer), hints="en")
    assert "returns-c_t-first" not in verdict.misconceptions


@pytest.mark.parametrize(("exercise", "part"), [(lstm_step, "c_t"), (lstm_step_backward, "c")])
@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_the_number_that_is_quoted_first_is_not_near_0_where_tanh_changes_nothing(exercise, part, seed):
    for case in both(exercise, part, seed):
        step = [case.inputs[name] for name in ("x_t", "h_prev", "c_prev", "params")]
        first = lstm_step.oracle(*step)[1][0, 0]
        assert abs(np.tanh(first) / first - 1) > 0.04


# 4.3 -----------------------------------------------------------------------------------------------------------------


def right_back(dh_t, dc_next, x_t, h_prev, c_prev, c_t, gates, params):
    i, f, g, o = gates
    dc = dc_next + dh_t * o * (1 - np.tanh(c_t) ** 2)
    da = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh_t * np.tanh(c_t) * o * (1 - o)]
    da = np.concatenate(da, axis=1)
    return da @ params.W_x.T, da @ params.W_h.T, dc * f, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)


def passed_parts(spoil):
    """Return the parts that pass when the six right values are spoilt."""

    def answer(*inputs):
        return tuple(spoil(*right_back(*inputs)))

    return [part for part in lstm_step_backward.parts if judge(lstm_step_backward, part, call_here(answer)).passed]


@pytest.mark.parametrize(
    ("spoil", "passed"),
    [
        (lambda *six: six, ["o", "c", "i, f, g", "weights and inputs"]),
        (lambda dx, dh, dc, dW_x, dW_h, db: (dx, dh, dc, dW_x, dW_h, None), ["o", "c", "i, f, g"]),
        (lambda dx, dh, dc, dW_x, dW_h, db: (0, 0, dc, dW_x.T, dW_h.T, db), ["o", "c", "i, f, g"]),
        (lambda dx, dh, dc, dW_x, dW_h, db: (dx, dh, 2 * dc, dW_x, dW_h, db), ["o", "i, f, g", "weights and inputs"]),
        (lambda dx, dh, dc, dW_x, dW_h, db: (0, 0, 0, 0, 0, db * (np.arange(len(db)) >= len(db) * 3 / 4)), ["o"]),
        (lambda dx, dh, dc, dW_x, dW_h, db: (dx, dh, dc, dW_x, dW_h), []),
    ],
    ids=["right", "without db", "transposed", "another dc_prev", "o alone", "five values"],
)  # fmt: skip
def test_a_mistake_in_a_later_line_costs_an_earlier_part_nothing(spoil, passed):
    assert passed_parts(spoil) == passed


def test_a_wrong_block_is_not_saved_by_products_that_are_wrong_too():
    def without_slope(dh_t, dc_next, x_t, h_prev, c_prev, c_t, gates, params):
        six = right_back(dh_t, dc_next, x_t, h_prev, c_prev, c_t, gates, params)
        da_o = dh_t * np.tanh(c_t)
        blocks = (x_t.T @ da_o, h_prev.T @ da_o, da_o.sum(axis=0))
        H = h_prev.shape[1]
        wrong = [
            np.concatenate([array[..., : 3 * H], one], axis=-1) for array, one in zip(six[3:], blocks, strict=True)
        ]
        return (*six[:3], *wrong)

    verdict = judge(lstm_step_backward, "o", call_here(without_slope), hints="en")
    assert "the o block of db[0]" in str(verdict) and verdict.misconceptions == ("forgets-the-slope-of-o",)
    assert judge(lstm_step_backward, "i, f, g", call_here(without_slope)).passed


def test_lines_that_are_not_written_yet_are_called_so():
    def only_o(*inputs):
        *_, db = right_back(*inputs)
        db[: len(db) * 3 // 4] = 0
        return *map(np.zeros_like, (*inputs[2:5], *inputs[7][:2])), db

    for part in ("c", "i, f, g", "weights and inputs"):
        verdict = judge(lstm_step_backward, part, call_here(only_o), hints="en")
        assert verdict.misconceptions == ("leaves-zeros",), part


@given(SEEDS)
@settings(max_examples=3, deadline=None, derandomize=True)
def test_the_wanted_gradients_are_central_differences_of_what_arrives(seed):
    inputs = draw_cases(lstm_step_backward, "o", seed, unseen=False)[-1].inputs
    arrays = {name: inputs[name] for name in ("x_t", "h_prev", "c_prev")} | inputs["params"]._asdict()

    def loss(name, array):
        given_now = arrays | {name: array}
        states = lstm_step.oracle(
            given_now["x_t"], given_now["h_prev"], given_now["c_prev"], LSTMParams(*list(given_now.values())[3:])
        )
        return float(np.sum(inputs["dh_t"] * states[0]) + np.sum(inputs["dc_next"] * states[1]))

    for (name, array), wanted in zip(arrays.items(), lstm_step_backward.oracle(**inputs), strict=True):
        numeric = gradcheck.numeric_gradient(lambda moved, name=name: loss(name, moved), array)
        assert gradcheck.relative_error(numeric, wanted) < 1e-6, name


# 4.4 and the variants ------------------------------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_states_and_gates_of_a_sequence_belong_together(seed):
    for case in both(lstm_backward, "dx", seed):
        x, h, c, gates, params = (case.inputs[name] for name in ("x", "h", "c", "gates", "params"))
        for t in range(x.shape[1]):
            h_t, c_t = lstm_step.oracle(x[:, t], h[:, t], c[:, t], params)
            assert np.allclose(h_t, h[:, t + 1]) and np.allclose(c_t, c[:, t + 1])
            assert np.allclose(c_t, gates[1][:, t] * c[:, t] + gates[0][:, t] * gates[2][:, t])
            assert np.allclose(h_t, gates[3][:, t] * np.tanh(c_t))


@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_no_size_of_a_sequence_is_another_one_or_one_less(seed):
    for case in both(lstm_backward, "dx", seed):
        B, T, D, H = (case.sizes[letter] for letter in "BTDH")
        large = [size for size in (B, T, T + 1, D, H, 4 * H) if size > 1]
        assert len(set(large)) == len(large)


def test_a_lent_step_back_uses_the_cells_and_gates_it_is_given():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((2, 5), (2, 5), (2, 3), (2, 5), (2, 5), (2, 5))]
    gates, params = tuple(rng.uniform(0.1, 0.9, (4, 2, 5))), draw_lstm(rng, 3, 5)
    lent = LENT["lstm_step_backward"](*arrays, gates, params)
    for found, right in zip(lent, right_back(*arrays, gates, params), strict=True):
        assert np.allclose(found, right, rtol=1e-12)


@pytest.mark.parametrize(
    ("shapes", "n_gates", "said"),
    [
        (((4, 5), (4, 5), (4, 3), (4, 5), (4, 5), (3, 5)), 4, "step_backward was called with c_t of shape (3, 5)"),
        (((4, 5), (4, 5), (4, 3), (4, 5), (4, 5), (4, 5)), 3, "step_backward wants the four gates (i, f, g, o)"),
        (((5,), (4, 5), (4, 3), (4, 5), (4, 5), (4, 5)), 4, "step_backward was called with dh_t of shape (5,)"),
    ],
)
def test_a_wrong_call_of_the_lent_step_back_is_told(shapes, n_gates, said):
    params = draw_lstm(np.random.default_rng(0), 3, 5)
    with pytest.raises(ValueError) as raised:
        LENT["lstm_step_backward"](*map(np.ones, shapes), tuple(np.ones((n_gates, 4, 5))), params)
    assert said in str(raised.value)


@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_peepholes_of_zero_are_the_plain_step_and_coupled_gates_mix_old_and_new(seed):
    inputs = draw_cases(peephole_step, "c_t", seed, unseen=False)[0].inputs
    H = inputs["h_prev"].shape[1]
    plain = lstm_step.oracle(*[inputs[name] for name in ("x_t", "h_prev", "c_prev", "params")])
    blind = peephole_step.oracle(**{**inputs, "peepholes": PeepholeParams(*np.zeros((3, H)))})
    assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(plain, blind, strict=True))
    inputs = draw_cases(coupled_step, "c_t", seed, unseen=False)[0].inputs
    x_t, h_prev, c_prev, params = inputs.values()
    a_f, a_g, _ = np.split(x_t @ params.W_x + h_prev @ params.W_h + params.b, 3, axis=1)
    share = (coupled_step.oracle(**inputs)[1] - np.tanh(a_g)) / (c_prev - np.tanh(a_g))
    assert np.allclose(share, sigma(a_f))


def test_a_half_life_halves_and_a_bias_for_T_steps_loses_one_part_in_T():
    for b in (-2.0, 0.0, 1.0, 7.0):
        assert np.isclose(sigma(b) ** half_life.oracle(b), 0.5)
    for T in (2, 20, 100):
        assert np.isclose(sigma(bias_for.oracle(T)), 1 - 1 / T)


@pytest.mark.parametrize("whole", [np.floor, np.ceil, np.round])
def test_a_half_life_in_whole_steps_is_called_so_however_it_is_rounded(whole):
    verdict = judge(half_life, "values", call_here(lambda b: float(whole(half_life.oracle(b)))), hints="en")
    assert verdict.misconceptions == ("rounds-to-whole-steps",)


@pytest.mark.parametrize("log_of_2", [0.69, 0.693, 0.6931])
def test_a_logarithm_of_2_typed_in_is_called_rounded(log_of_2):
    verdict = judge(half_life, "values", call_here(lambda b: log_of_2 / np.log1p(np.exp(-b))), hints="en")
    assert verdict.misconceptions == ("rounds",)


@pytest.mark.parametrize("exercise", [half_life, bias_for])
@pytest.mark.parametrize("digits", [1, 2, 4])
def test_a_rounded_result_is_called_rounded(exercise, digits):
    verdict = judge(exercise, "values", call_here(lambda number: round(exercise.oracle(number), digits)), hints="en")
    assert verdict.misconceptions == ("rounds",)


def test_the_lent_cell_is_torchs_own_layer():
    rng = np.random.default_rng(3)
    params = draw_lstm(rng, 3, 5)
    cell = torch.nn.LSTMCell(3, 5, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor(params.W_x.T))
        cell.weight_hh.copy_(torch.tensor(params.W_h.T))
        cell.bias_ih.copy_(torch.tensor(params.b))
        cell.bias_hh.zero_()
    x_t, h, c = (rng.normal(size=shape) for shape in ((2, 3), (2, 5), (2, 5)))
    wanted = cell(torch.tensor(x_t), (torch.tensor(h), torch.tensor(c)))
    for found, right in zip(lstm_step.oracle(x_t, h, c, params), wanted, strict=True):
        assert np.allclose(found, right.detach().numpy(), rtol=1e-12)
