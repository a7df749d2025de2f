"""What is new with chapter 05: blocks judged apart, a pair judged by property, budgets at their edge."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.checks.call import call_here
from course_lib.checks.faults import PUBLIC_SEED, draw_cases
from course_lib.checks.gru.backward import GRADIENTS, PARTS, gates_of, gru_step_backward
from course_lib.checks.gru.blocks import Blocks
from course_lib.checks.gru.budgets import count, falls_short, widths
from course_lib.checks.gru.conventions import PARAMS, mirrored
from course_lib.checks.gru.differing import WEIGHTS, differing_input
from course_lib.checks.gru.loading import from_torch
from course_lib.checks.gru.reversing import reverse_within_lengths
from course_lib.checks.gru.steps import draw_gru, gru_before_step, gru_step, oracle_before_step, oracle_step, sigma
from course_lib.checks.judge import judge
from course_lib.checks.wording import describe_call
from course_lib.gradcheck import numeric_gradient, relative_error
from course_lib.params import GRUBeforeParams, GRUParams

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=5, deadline=None, derandomize=True)


def both(exercise, part, seed):
    """Draw public and unseen cases."""
    return draw_cases(exercise, part, seed, unseen=False) + draw_cases(exercise, part, seed, unseen=True)


def verdict_on(exercise, answer, part=None, forbidden=()):
    return judge(exercise, part or next(iter(exercise.parts)), call_here(answer, forbidden), hints="en")


def plain_step(x_t, h_prev, W_x, W_h, b, b_hn, before):
    """Take a step by the equations of the page."""
    (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(x_t @ W_x + b, 3, axis=1), np.split(h_prev @ W_h, 3, axis=1)
    r, z = sigma(x_r + h_r), sigma(x_z + h_z)
    past = (r * h_prev) @ np.split(W_h, 3, axis=1)[2] if before else r * (h_n + b_hn)
    return (1 - z) * np.tanh(x_n + past) + z * h_prev


@given(SEEDS)
@FEW
def test_both_oracles_take_the_step_of_their_equation(seed):
    rng = np.random.default_rng(seed)
    x_t, h_prev, params = rng.normal(size=(4, 3)), rng.uniform(-0.9, 0.9, (4, 5)), draw_gru(rng, 3, 5)
    assert np.allclose(oracle_step(x_t, h_prev, params), plain_step(x_t, h_prev, *params, before=False), rtol=1e-12)
    found = oracle_before_step(x_t, h_prev, GRUBeforeParams(*params[:3]))
    assert np.allclose(found, plain_step(x_t, h_prev, *params, before=True), rtol=1e-12)


@given(SEEDS)
@FEW
def test_the_mirrored_parameters_give_the_same_states_in_the_other_convention(seed):
    rng = np.random.default_rng(seed)
    x_t, h_prev, params = rng.normal(size=(4, 3)), rng.uniform(-0.9, 0.9, (4, 5)), draw_gru(rng, 3, 5)
    turned = mirrored.oracle(params)
    z = sigma((x_t @ turned.W_x + turned.b + h_prev @ turned.W_h)[:, 5:10])
    ours = oracle_step(x_t, h_prev, params)
    swapped = oracle_step(x_t, h_prev, turned)  # (1 - z) n + z h: the two shares stand the other way round
    n = (swapped - z * h_prev) / (1 - z)
    assert np.allclose((1 - z) * h_prev + z * n, ours, rtol=1e-9)


@given(SEEDS)
@FEW
def test_loaded_weights_give_the_states_of_torchs_layer(seed):
    arrays = draw_cases(from_torch, "matrices", seed, unseen=False)[0].inputs
    layer = torch.nn.GRU(3, 5, dtype=torch.float64)
    with torch.no_grad():
        for name, array in arrays.items():
            getattr(layer, f"{name}_l0").copy_(torch.tensor(array))
        x = torch.tensor(np.random.default_rng(seed).normal(size=(6, 2, 3)))
        wanted = layer(x)[0].numpy()
    h, params = np.zeros((2, 5)), from_torch.oracle(**arrays)
    for x_t, h_t in zip(x.numpy(), wanted, strict=True):
        h = plain_step(x_t, h, *params, before=False)
        assert np.allclose(h, h_t, rtol=1e-9, atol=1e-12)


def test_the_oracle_of_the_step_back_agrees_with_differences():
    inputs = draw_cases(gru_step_backward, "gates", 1, unseen=False)[0].inputs
    dh_t, x_t, h_prev, _, params = inputs.values()
    found = gru_step_backward.oracle(**inputs)
    named = {"x_t": x_t, "h_prev": h_prev, **params._asdict()}
    for gradient, (name, array) in zip(found, named.items(), strict=True):

        def loss(moved, name=name):
            x, h, *arrays = {**named, name: moved}.values()
            return float(np.sum(dh_t * oracle_step(x, h, GRUParams(*arrays))))

        assert relative_error(gradient, numeric_gradient(loss, array)) < 1e-6


def test_the_gates_of_a_case_lead_to_its_state():
    rng = np.random.default_rng(0)
    x_t, h_prev, params = rng.normal(size=(4, 3)), rng.uniform(-0.9, 0.9, (4, 5)), draw_gru(rng, 3, 5)
    _, z, n, q = gates_of(x_t, h_prev, params)
    assert np.allclose((1 - z) * n + z * h_prev, oracle_step(x_t, h_prev, params), rtol=1e-12)
    assert np.allclose(q, h_prev @ params.W_h[:, 10:] + params.b_hn, rtol=1e-12)


def step_back(spoil):
    """Answer rightly, and then spoil some of the six arrays."""

    def answer(dh_t, x_t, h_prev, gates, params):
        arrays = [np.array(array) for array in gru_step_backward.wrong(frozenset(), dh_t, x_t, h_prev, gates, params)]
        return tuple(spoil(dict(zip(NAMES, arrays, strict=True)), len(params.b_hn)).values())

    return answer


NAMES = [item.name for item in GRADIENTS.items]


def passed_parts(spoil):
    return {part for part in PARTS if judge(gru_step_backward, part, call_here(step_back(spoil))).passed}


def test_a_later_mistake_does_not_cost_an_earlier_part():
    assert passed_parts(lambda arrays, H: arrays) == set(PARTS)
    assert passed_parts(lambda arrays, H: arrays | {"dx_t": 0 * arrays["dx_t"]}) == {"candidate", "gates", "dh_prev"}
    later = ("dx_t", "dW_x", "dW_h", "dh_prev")
    assert passed_parts(lambda arrays, H: arrays | {name: None for name in later}) == {"candidate", "gates"}

    def only_the_candidate(arrays, H):
        kept = np.where(np.arange(3 * H) < 2 * H, 0, arrays["db"])
        return {name: 0 * array for name, array in arrays.items()} | {"db": kept, "db_hn": arrays["db_hn"]}

    assert passed_parts(only_the_candidate) == {"candidate"}


def test_a_block_is_named_with_the_place_of_the_element_in_the_whole_array():
    def spoil(arrays, H):
        arrays["db"][2 * H + 1] += 1
        return arrays

    verdict = judge(gru_step_backward, "candidate", call_here(step_back(spoil)))
    assert "db[11]: yours" in str(verdict)
    assert "(1 of 15 values differ); this is in block n" in " ".join(str(verdict).split())
    assert verdict_on(gru_step_backward, step_back(spoil), "gates").passed


@pytest.mark.parametrize("value", [None, 3, (), (1, 2, 3, 4), [None] * 4, "abcd", tuple(np.zeros(n) for n in range(4))])
def test_blocks_of_whatever_is_returned_can_be_looked_at(value):
    judged = Blocks(PARAMS, {"W_x": "rzn", "b": "n", "b_hn": ""})
    expected = tuple(np.zeros(shape) for shape in ((3, 15), (5, 15), (15,), (5,)))
    assert judged.fault(value, expected) is not None
    judged.of(value)


@pytest.mark.parametrize("exercise", [gru_step, gru_before_step, gru_step_backward])
def test_the_other_convention_is_called_a_convention_and_not_an_error(exercise):
    names = [name.strip() for name in exercise.call.split("(")[1].rstrip(")").split(",")]

    def answer(*values):
        return exercise.wrong({"takes-the-other-convention"}, **dict(zip(names, values, strict=True)))

    said = " ".join(str(verdict_on(exercise, answer)).split())
    assert "another convention, not an error" in said


@given(SEEDS)
@FEW
def test_some_budgets_are_used_up_and_some_are_1_too_small(seed):
    for unseen in (False, True):
        cases = [case.inputs for case in draw_cases(widths, "used up", seed, unseen)]
        used_up = {
            cell
            for inputs in cases
            for cell, H in zip(("H_rnn", "H_gru", "H_lstm"), widths.oracle(**inputs), strict=True)
            if count(cell, inputs["D"], H) == inputs["P"]
        }
        assert used_up == {"H_rnn", "H_gru", "H_lstm"}
        assert any(falls_short(**inputs) for inputs in cases)


def test_the_count_of_a_gru_is_that_of_its_arrays_and_of_torchs_less_two_biases():
    params = draw_gru(np.random.default_rng(0), 7, 11)
    assert count("H_gru", 7, 11) == sum(array.size for array in params)
    torchs = sum(parameter.numel() for parameter in torch.nn.GRU(7, 11).parameters())
    assert count("H_gru", 7, 11) == torchs - 2 * 11


def test_widths_may_be_numpys_integers_but_not_fractions():
    def answer(P, D, kind):
        return tuple(map(kind, widths.oracle(P, D)))

    assert verdict_on(widths, lambda P, D: answer(P, D, np.int64), "any budget").passed
    refused = verdict_on(widths, lambda P, D: answer(P, D, float), "any budget")
    assert "H_rnn must be one integer" in str(refused)


def pair(x, h):
    return np.array([x], float), np.array([h], float)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (pair([3, 0, 0], [0, 0]), "takes-the-zero-state"),
        (pair([0, -3, 0], [1, 1]), "resets-both-units-alike"),
        (pair([3, 4, 0], [0.5, 0.5]), "keeps-the-old-state"),
        (pair([3, 0, 6], [0.5, 0.5]), "saturates-the-candidate"),
        (pair([0.05, 0, 0], [0.5, 0.5]), "differs-too-little"),
        (pair([3, 0, 0], [0.01, 0.01]), "differs-too-little"),
        (pair([3, 0, 0], [2, 0]), "takes-a-state-out-of-reach"),
        (pair([0.5, 0.5], [3, 0, 0]), "returns-the-state-first"),
    ],
)
def test_a_pair_that_does_not_tell_the_forms_apart_is_named_by_its_symptom(value, named):
    assert verdict_on(differing_input, lambda: value).misconceptions == (named,)


@given(st.tuples(*[st.floats(-6, 6)] * 3), st.tuples(*[st.floats(-1, 1)] * 2))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_a_pair_passes_exactly_where_the_two_forms_differ(x, h):
    x_t, h_prev = pair(x, h)
    forms = [plain_step(x_t, h_prev, *WEIGHTS, np.zeros(2), before) for before in (False, True)]
    apart = np.abs(forms[0] - forms[1]).max()
    verdict = verdict_on(differing_input, lambda: (x_t, h_prev))
    assert verdict.passed == (apart > 0.01)
    assert verdict.passed or len(verdict.misconceptions) == 1


@given(SEEDS)
@FEW
def test_padding_holds_numbers_and_a_batch_has_the_shortest_and_the_longest_length(seed):
    for case in both(reverse_within_lengths, "padding", seed):
        x, lengths = case.inputs.values()
        T = x.shape[1]
        assert x.all()
        assert 1 <= lengths.min() < lengths.max() <= T or len(x) == 1
        assert len(x) == 1 or {1, T - 1, T} <= set(lengths.tolist())
        assert len(x) > 1 or 1 < lengths[0] < T - 1
    for case in both(reverse_within_lengths, "no padding", seed):
        assert (case.inputs["lengths"] == case.inputs["x"].shape[1]).all()


def test_torch_may_be_used_to_load_its_own_weights_and_nowhere_else():
    def answer(*arrays):
        return torch.tanh(torch.tensor(arrays[0])).numpy()

    loaded = verdict_on(from_torch, answer, forbidden=from_torch.forbidden)
    stepped = verdict_on(gru_step, answer, forbidden=gru_step.forbidden)
    assert (loaded.kind, stepped.kind) == ("type", "delegated")


def test_a_budget_is_told_to_the_last_number():
    assert describe_call(widths, {"P": 123456, "D": 7}) == "widths(P=123456, D=7)"


def root_rounded(P, D):
    """Take the nearest widths by a formula."""
    found = []
    for k, biases in ((1, 1), (3, 4), (4, 4)):
        m = k * D + biases
        found.append(round((np.sqrt(m * m + 4 * k * P) - m) / (2 * k)))
    return tuple(found)


def count_nearest(P, D):
    """Try every width up to the budget."""

    def apart(k, biases):
        return lambda H: abs(k * H * (D + H) + biases * H - P)

    return tuple(min(range(1, P + 1), key=apart(k, biases)) for k, biases in ((1, 1), (3, 4), (4, 4)))


@pytest.mark.parametrize("part", widths.parts)
@pytest.mark.parametrize("answer", [root_rounded, count_nearest])
def test_the_nearest_width_is_named_however_it_was_found(answer, part):
    assert verdict_on(widths, answer, part).misconceptions == ("rounds-to-the-nearest",)


def test_half_way_between_two_counts_either_width_is_the_nearest():
    D, H = 4, 11
    P, left = divmod(count("H_rnn", D, H) + count("H_rnn", D, H + 1), 2)
    assert not left
    others = widths.wrong({"rounds-to-the-nearest"}, P, D)[1:]
    for nearest in (H, H + 1):
        mine = (nearest, *others)
        assert widths.wrong({"rounds-to-the-nearest"}, P, D, mine) == mine


def calls_of(answer):
    """Count how often an answer is called."""

    def counted(*values):
        counted.calls += 1
        return answer(*values)

    counted.calls = 0
    return counted


def test_an_answer_that_tries_every_width_is_called_a_few_times_on_small_budgets():
    for part in widths.parts:
        answer = calls_of(count_nearest)
        verdict_on(widths, answer, part)
        assert answer.calls < 40
        assert all(case.inputs["P"] < 11000 for case in both(widths, part, PUBLIC_SEED))


def test_b_hn_is_told_by_its_size_where_it_is_counted_in_part():
    said = str(verdict_on(widths, lambda P, D: widths.wrong({"forgets-b_hn"}, P, D), "any budget"))
    assert "or counts too few of" in said
    assert "with H units" in said


def spoilt_mirror(spoil):
    """Turn the z blocks round, and then change the arrays by name."""

    def answer(params):
        arrays = {name: np.array(array) for name, array in params._asdict().items()}
        spoil(arrays, slice(len(params.W_h), 2 * len(params.W_h)))
        return GRUParams(**arrays)

    return answer


def w_x_alone(arrays, z):
    arrays["W_x"][:, z] *= -1


def rows_for_columns(arrays, z):
    for name in ("W_x", "W_h", "b"):
        arrays[name][z] *= -1


def first_column_alone(arrays, z):
    for name in ("W_x", "W_h", "b"):
        arrays[name][..., z.start] *= -1


@pytest.mark.parametrize(
    ("spoil", "part", "named"),
    [
        (w_x_alone, "biases", "leaves-b-as-it-is"),
        (lambda arrays, z: None, "biases", "changes-nothing"),
        (rows_for_columns, "matrices", "negates-rows"),
        (first_column_alone, "matrices", "negates-one-column"),
    ],
)
def test_what_was_turned_round_in_part_is_named(spoil, part, named):
    assert verdict_on(mirrored, spoilt_mirror(spoil), part).misconceptions == (named,)


def test_torchs_arrays_turned_and_added_without_a_thought_are_two_mistakes():
    def answer(weight_ih, weight_hh, bias_ih, bias_hh):
        return GRUParams(weight_ih.T, weight_hh.T, bias_ih + bias_hh, bias_hh)

    assert verdict_on(from_torch, answer, "matrices").passed
    (named,) = verdict_on(from_torch, answer, "biases").misconceptions
    assert set(named.split("+")) == {"counts-b_hn-twice", "keeps-bias_hh-whole"}


@pytest.mark.parametrize(("name", "id"), [("dx_t", "sends-dq-to-dx_t"), ("dW_x", "sends-dq-to-dW_x")])
def test_a_reset_on_the_way_to_the_input_is_named_by_where_it_shows(name, id):
    def answer(dh_t, x_t, h_prev, gates, params):
        right = gru_step_backward.wrong(frozenset(), dh_t, x_t, h_prev, gates, params)
        reset = gru_step_backward.wrong({"sends-dq-to-the-input"}, dh_t, x_t, h_prev, gates, params)
        return tuple(wrong if item == name else value for item, value, wrong in zip(NAMES, right, reset, strict=True))

    assert verdict_on(gru_step_backward, answer, "weights and inputs").misconceptions == (id,)


def by_index(source):
    """Take the steps that an index of t and n names."""

    def answer(x, lengths):
        t, n = np.arange(x.shape[1]), lengths[:, None]
        return np.take_along_axis(x, source(t, n)[..., None], axis=1)

    return answer


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (lambda x, lengths: np.flip(x), "reverses-every-axis"),
        (
            lambda x, lengths: np.where((np.arange(x.shape[1]) < lengths[:, None])[..., None], x[:, ::-1], x),
            "takes-the-front-of-the-reversed-row",
        ),
        (by_index(lambda t, n: np.abs(n - 1 - t)), "turns-round-at-the-first-step"),
        (by_index(lambda t, n: np.maximum(n - 1 - t, 0)), "repeats-the-first-step-on-padding"),
        (by_index(lambda t, n: n - 1 - t), "turns-the-padding-round"),
    ],
)
def test_ways_to_reverse_with_an_index_are_named(answer, named):
    assert verdict_on(reverse_within_lengths, answer, "padding").misconceptions == (named,)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (pair([3, 0, 0], [1.0001, 0]), "h_prev holds a number of size 1.0001, wanted at most 1"),
        (pair([3, 0, 0], [1 + 1e-12, 0]), "h_prev holds a number of size 1.000000000001, wanted at most 1"),
        (pair([np.nan, 0, 0], [1, 0]), "x_t holds nan, wanted numbers"),
        (pair([3, 0, 0], [np.inf, 0]), "h_prev holds inf, wanted numbers"),
        (pair([1e40, 0, 0], [1, 0]), "x_t must hold numbers below 1e+30"),
    ],
)
def test_numbers_that_cannot_be_are_told_as_they_are(value, said):
    assert said in " ".join(str(verdict_on(differing_input, lambda: value)).split())
