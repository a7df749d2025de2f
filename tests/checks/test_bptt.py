"""What is new with chapter 02: passes under names that tell nothing, nested values, cuts, and loops that stop."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import gradcheck
from course_lib.checks import lent_backward, lent_passes
from course_lib.checks.bptt.padding import masked_cross_entropy
from course_lib.checks.bptt.passes import TOLERANCE, wrong_passes
from course_lib.checks.bptt.steps import GRADIENTS, STEP_GRADIENTS, rnn_backward, rnn_step_backward
from course_lib.checks.bptt.training import train_loop
from course_lib.checks.bptt.truncation import truncated_bptt, windowed_bptt
from course_lib.checks.call import call_here
from course_lib.checks.faults import draw_cases
from course_lib.checks.judge import judge
from course_lib.checks.lent import LENT
from course_lib.checks.rnn.recurrence import draw_rnn
from course_lib.params import RNNParams

SEEDS = st.integers(0, 2**32 - 1)


def both(exercise, part, seed):
    """Draw public and unseen cases."""
    return draw_cases(exercise, part, seed, unseen=False) + draw_cases(exercise, part, seed, unseen=True)


def relative_errors(name, params):
    """Return how far each array of a lent pass lies from central differences of the lent loss."""
    numeric = {
        field: gradcheck.numeric_gradient(
            lambda array, field=field: lent_passes.sequence_loss(params._replace(**{field: array})), value
        )
        for field, value in params._asdict().items()
    }
    found = LENT[name](params)._asdict()
    return [gradcheck.relative_error(found[field], numeric[field]) for field in numeric]


@given(SEEDS)
@settings(max_examples=3, deadline=None, derandomize=True)
@pytest.mark.parametrize("name", lent_passes.PASSES)
def test_a_lent_pass_is_right_to_the_last_digits_or_clearly_wrong(name, seed):
    worst = max(relative_errors(name, draw_rnn(np.random.default_rng(seed), 1, 2)))
    is_right = {**lent_passes.PUBLIC, **lent_passes.UNSEEN}[name] is lent_passes.right
    assert worst < TOLERANCE / 100 if is_right else worst > 100 * TOLERANCE


def test_graded_passes_make_other_mistakes_under_names_that_tell_nothing():
    public, unseen = (set(named.values()) - {lent_passes.right} for named in (lent_passes.PUBLIC, lent_passes.UNSEEN))
    assert len(public) >= 3 and len(unseen) >= 3 and not public & unseen
    assert not lent_passes.PUBLIC.keys() & lent_passes.UNSEEN.keys()
    assert all(function.__name__ == name == LENT[name].__name__ for name, function in lent_passes.PASSES.items())
    assert len({function.__doc__ for function in lent_passes.PASSES.values()}) == 1


@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_three_of_four_passes_are_wrong_or_else_any_number(seed):
    for case in both(wrong_passes, "three of four", seed):
        assert len(wrong_passes.oracle(**case.inputs)) == 3
        assert len({lent.name for lent in case.inputs["passes"]}) == 4
    counts = {len(wrong_passes.oracle(**case.inputs)) for case in both(wrong_passes, "any number", seed)}
    assert counts == {0, 1, 2}


def test_an_answer_that_always_finds_a_wrong_pass_does_not_pass_both_parts():
    def at_least_one(loss, passes, params):
        wrong = wrong_passes.wrong(frozenset(), loss, passes, params)
        return wrong or [0]

    verdicts = [judge(wrong_passes, part, call_here(at_least_one)).passed for part in wrong_passes.parts]
    assert verdicts == [True, False]


def test_an_answer_that_always_calls_three_passes_wrong_does_not_pass_both_parts():
    def three_worst(loss, passes, params):
        numeric = gradcheck.numeric_gradient(lambda W: loss(params._replace(W_hh=W, b_h=params.b_h)), params.W_hh)
        errors = [gradcheck.relative_error(backward(params).W_hh, numeric) for backward in passes]
        return sorted(np.argsort(errors)[1:].tolist())

    assert not judge(wrong_passes, "any number", call_here(three_worst, wrong_passes.forbidden)).passed


def test_a_checker_may_use_the_courses_gradient_check():
    def answer(loss, passes, params):
        gradcheck.numeric_gradient(lambda array: float(np.sum(array)), params.b_h)
        return []

    assert judge(wrong_passes, "three of four", call_here(answer, wrong_passes.forbidden)).kind != "delegated"


def right_step(dh_t, x_t, h_prev, h_t, params):
    da_t = dh_t * (1 - h_t**2)
    dparams = RNNParams(x_t.T @ da_t, h_prev.T @ da_t, da_t.sum(axis=0))
    return da_t @ params.W_xh.T, da_t @ params.W_hh.T, dparams


def test_an_array_inside_the_record_is_judged_by_itself_and_named():
    def answer(*inputs):
        dx_t, _, dparams = right_step(*inputs)
        return dx_t, None, dparams._replace(W_hh=dparams.W_hh.T, b_h="forgotten")

    verdicts = {part: judge(rnn_step_backward, part, call_here(answer), hints="en") for part in rnn_step_backward.parts}
    assert {part: verdict.passed for part, verdict in verdicts.items()} == {
        "dx_t": True,
        "dh_prev": False,
        "dW_xh": True,
        "dW_hh": False,
        "db_h": False,
    }
    assert verdicts["dW_hh"].misconceptions == ("transposes-dW_hh",)
    assert "db_h must be a NumPy array of shape (H,), got the string 'forgotten'" in str(verdicts["db_h"])


def test_a_record_of_the_wrong_length_is_told_in_the_parts_it_holds_alone():
    def answer(*inputs):
        dx_t, dh_prev, dparams = right_step(*inputs)
        return dx_t, dh_prev, (dparams.W_xh, dparams.W_hh)

    assert judge(rnn_step_backward, "dx_t", call_here(answer)).passed
    said = judge(rnn_step_backward, "dW_xh", call_here(answer)).lines[1][1]
    assert said == "RNNParams must hold the 3 values (dW_xh, dW_hh, db_h), got a tuple of length 2"


@pytest.mark.parametrize("value", [None, 3, (), (1, 2), (1, 2, 3), (1, 2, (3, 4)), [1, 2, [3, 4, 5]], "abc"])
@pytest.mark.parametrize("returns", [STEP_GRADIENTS, GRADIENTS])
def test_one_value_of_whatever_is_returned_can_be_looked_at(returns, value):
    expected = tuple(np.zeros(1) for _ in range(2)), RNNParams(*[np.zeros(1)] * 3)
    for name in ("dW_xh", "db_h"):
        judged = returns.only(name)
        assert judged.fault(value, (*expected[0], expected[1])).kind == "type"
        judged.of(value)


def test_changing_the_gradient_that_arrives_is_told():
    def in_place(dh, x, h_0, h, params, step_backward):
        dh[:, -1] += 1
        return None

    verdict = judge(rnn_backward, "dx", call_here(in_place), hints="en")
    assert verdict.kind == "modified input"
    assert "your code changes dh in place" in str(verdict)


def test_a_lent_step_back_uses_the_state_it_is_given():
    rng = np.random.default_rng(0)
    params = draw_rnn(rng, 3, 5)
    dh_t, x_t, h_prev, h_t = rng.normal(size=(2, 5)), rng.normal(size=(2, 3)), *rng.uniform(-0.9, 0.9, (2, 2, 5))
    mine, lent = right_step(dh_t, x_t, h_prev, h_t, params), LENT["rnn_step_backward"](dh_t, x_t, h_prev, h_t, params)
    for right, found in zip((*mine[:2], *mine[2]), (*lent[:2], *lent[2]), strict=True):
        assert np.allclose(found, right, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("rnn_step_backward", ((4, 5), (4, 3), (4, 5), (3, 5)), "step_backward was called with h_t of shape (3, 5)"),
        ("rnn_forward", ((4, 0, 3), (4, 5)), "forward was called with x of shape (4, 0, 3), which holds nothing"),
        ("rnn_backward", ((4, 2, 5), (4, 2, 3), (2, 5), (4, 2, 5)), "backward was called with h_0 of shape (2, 5)"),
        ("rnn_backward", ((4, 2, 5), (4, 2, 3), (4, 5), (4, 2, 5)), "h that is not what forward returns"),
        ("chunk_gradients", ((4, 2, 3), (4, 3, 5), (4, 5)), "chunk_gradients was called with y of shape (4, 3, 5)"),
    ],
)
def test_a_wrong_call_of_a_lent_function_is_told(name, arguments, said):
    params = draw_rnn(np.random.default_rng(0), 3, 5)
    with pytest.raises(ValueError) as raised:
        LENT[name](*map(np.ones, arguments), params)
    assert said in str(raised.value)


def test_the_lent_clip_wants_all_arrays_and_leaves_short_ones():
    params = RNNParams(np.full((1, 1), 3.0), np.full((1, 1), 4.0), np.zeros(1))
    assert np.allclose(lent_backward.clip(params, 1.0).W_hh, 0.8)
    assert np.array_equal(lent_backward.clip(params, 6.0).W_hh, params.W_hh)
    with pytest.raises(ValueError, match="all three arrays together"):
        lent_backward.clip(params.W_hh, 1.0)


def total(gradients):
    return np.concatenate([array.ravel() for array in gradients])


@given(SEEDS)
@settings(max_examples=10, deadline=None, derandomize=True)
def test_chunks_windows_and_the_full_gradient_differ_where_they_are_cut_and_agree_where_not(seed):
    inputs = draw_cases(truncated_bptt, "a short last chunk", seed, unseen=False)[0].inputs
    T = inputs["x"].shape[1]
    assert T % inputs["K"] and inputs["K"] < T
    chunks, windows = total(truncated_bptt.oracle(**inputs)), total(windowed_bptt.oracle(**inputs))
    whole = {**inputs, "K": T}
    full = total(truncated_bptt.oracle(**whole))
    assert np.allclose(full, total(windowed_bptt.oracle(**whole)), rtol=1e-9)
    steps = {**inputs, "K": 1}
    assert np.allclose(total(truncated_bptt.oracle(**steps)), total(windowed_bptt.oracle(**steps)), rtol=1e-9)
    for one, other in ((chunks, windows), (chunks, full), (windows, full)):
        assert np.linalg.norm(one - other) > 1e-6


@given(SEEDS)
@settings(max_examples=5, deadline=None, derandomize=True)
def test_full_chunks_are_several_of_one_step_and_of_more(seed):
    cases = [case.inputs for case in both(truncated_bptt, "full chunks", seed)]
    assert {inputs["K"] == 1 for inputs in cases} == {True, False}
    for inputs in cases:
        chunks, rest = divmod(inputs["x"].shape[1], inputs["K"])
        assert chunks > 1 and rest == 0


@given(SEEDS)
@settings(max_examples=3, deadline=None, derandomize=True)
def test_training_is_clipped_and_stops_at_its_loss_or_after_the_most_passes(seed):
    for case in both(train_loop, "stops at the loss", seed):
        _, losses = train_loop.oracle(**case.inputs)
        assert 1 <= len(losses) < case.inputs["most"]
        assert losses[-1] <= case.inputs["target"] < losses[:-1].min(initial=np.inf)
        assert abs(losses[-1] - case.inputs["target"]) > 1e-9
    for case in both(train_loop, "parameters", seed):
        _, losses = train_loop.oracle(**case.inputs)
        assert len(losses) == case.inputs["most"]


@given(SEEDS)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_every_batch_has_padding_and_every_sequence_a_symbol(seed):
    for case in both(masked_cross_entropy, "loss", seed):
        mask = case.inputs["mask"]
        assert (mask[:, 0] == 1).all()
        assert mask.shape[1] == 1 or (mask == 0).any()
        assert len(mask) == 1 or {1, mask.shape[1]} <= set(mask.sum(axis=1))  # as little and as much as can be
        assert (case.inputs["y"][mask == 0] == 0).all()
    for case in both(masked_cross_entropy, "large logits", seed):
        with np.errstate(over="ignore"):
            assert np.isinf(np.exp(case.inputs["s"])).any()
        assert np.isfinite(masked_cross_entropy.oracle(**case.inputs)[0])


def named(exercise, part, answer):
    """Return the mistakes that a part tells a student of."""
    return judge(exercise, part, call_here(answer, exercise.forbidden), hints="en").misconceptions


def swapped(*inputs):
    dx_t, dh_prev, dparams = right_step(*inputs)
    return dx_t, dh_prev, RNNParams(dparams.W_hh, dparams.W_xh, dparams.b_h)


def with_transposed_input_share(*inputs):
    dx_t, dh_prev, dparams = right_step(*inputs)
    return dx_t, dh_prev, dparams._replace(W_xh=dparams.W_xh.T)


def with_the_tanh_before(dh_t, x_t, h_prev, h_t, params):
    dx_t, dh_prev, dparams = right_step(dh_t, x_t, h_prev, h_t, params)
    return dx_t, dh_prev * (1 - h_prev**2), dparams


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (swapped, {"dW_xh": ("swaps-the-two-matrices",), "dW_hh": ("swaps-the-two-matrices",)}),
        (with_transposed_input_share, {"dW_xh": ("transposes-dW_xh",)}),
        (with_the_tanh_before, {"dh_prev": ("passes-the-tanh-before-too",)}),
    ],
)
def test_a_mistake_of_one_step_is_named_in_the_parts_that_it_spoils(answer, found):
    assert {part: named(rnn_step_backward, part, answer) for part in rnn_step_backward.parts} == {
        part: found.get(part, ()) for part in rnn_step_backward.parts
    }


def backward_over(columns, start=np.copy):
    """Write a backward pass whose loop visits these columns, and reads this of h_0."""

    def answer(dh, x, h_0, h, params, step_backward):
        dx, sent, sums = np.zeros_like(x), np.zeros_like(h_0), [np.zeros_like(array) for array in params]
        for t in columns(x.shape[1]):
            before = h[:, t - 1] if t else start(h_0)
            dx[:, t], sent, share = step_backward(dh[:, t] + sent, x[:, t], before, h[:, t], params)
            sums = [total + part for total, part in zip(sums, share, strict=True)]
        return dx, sent, RNNParams(*sums)

    return answer


@pytest.mark.parametrize("part", rnn_backward.parts)
def test_a_loop_that_leaves_a_step_out_is_told_which_one_in_every_part(part):
    assert judge(rnn_backward, part, call_here(backward_over(lambda T: range(T - 1, -1, -1)))).passed
    assert named(rnn_backward, part, backward_over(lambda T: range(T - 1, 0, -1))) == ("leaves-step-1-out",)
    assert named(rnn_backward, part, backward_over(lambda T: range(T - 2, -1, -1))) == ("leaves-the-last-step-out",)


def test_zeros_for_h_0_are_not_taken_for_a_step_that_is_left_out_though_dW_hh_is_the_same():
    answer = backward_over(lambda T: range(T - 1, -1, -1), start=np.zeros_like)
    assert named(rnn_backward, "dW_hh", answer) == ("starts-from-zero",)


def masked_with(small=0.0, one=1, counts_all=False):
    """Write a masked loss by way of probabilities, with a small number, what the right class loses, and its mask."""

    def answer(s, y, mask):
        weights = np.exp(s - s.max(axis=2, keepdims=True))
        p, onehot = weights / weights.sum(axis=2, keepdims=True), np.eye(s.shape[2])[y]
        with np.errstate(divide="ignore"):
            losses = -np.log((p * onehot).sum(axis=2) + small)
        counted = losses if counts_all else losses * mask
        return counted.sum() / mask.sum(), (p - one * onehot) * mask[..., None] / mask.sum()

    return answer


def test_mistakes_in_the_masked_loss_and_its_gradient_are_named():
    assert judge(masked_cross_entropy, "loss", call_here(masked_with())).passed
    assert judge(masked_cross_entropy, "gradient", call_here(masked_with())).passed
    assert named(masked_cross_entropy, "gradient", masked_with(one=0)) == ("leaves-the-right-class-alone",)
    assert named(masked_cross_entropy, "loss", masked_with(counts_all=True)) == ("forgets-the-mask-in-the-loss",)
    assert named(masked_cross_entropy, "large logits", masked_with()) == ("takes-the-log-of-zero",)


@pytest.mark.parametrize("small", [1e-8, 1e-10, 1e-12, 1e-15, 1e-300])
def test_any_small_number_in_the_logarithm_is_named_by_large_logits(small):
    assert named(masked_cross_entropy, "large logits", masked_with(small)) == ("hides-the-zero",)


def trained(updates="each chunk", loss_of="before", stops=np.less_equal):
    """Write a training loop that updates, takes its losses and stops in one of several ways."""

    def answer(x, y, h_0, params, K, eta, max_norm, target, most, chunk_gradients, clip):
        def moved(params, step):
            return RNNParams(*(array - eta * part for array, part in zip(params, step, strict=True)))

        losses, in_all = [], []
        for _ in range(most):
            h, reached, found, clipped = h_0, [], [], []
            for place in (slice(first, first + K) for first in range(0, x.shape[1], K)):
                loss, gradients, h_end = chunk_gradients(x[:, place], y[:, place], h, params)
                found.append(gradients)
                clipped.append(clip(gradients, max_norm))
                params = moved(params, clipped[-1]) if updates == "each chunk" else params
                if loss_of == "after":
                    loss = chunk_gradients(x[:, place], y[:, place], h, params)[0]
                reached.append(loss)
                h = h_end
            if updates == "sum of clipped":
                params = moved(params, [sum(arrays) for arrays in zip(*clipped, strict=True)])
            if updates == "clipped sum":
                summed = RNNParams(*(sum(arrays) for arrays in zip(*found, strict=True)))
                params = moved(params, clip(summed, max_norm))
            in_all += reached
            losses.append(np.mean(in_all if loss_of == "all passes" else reached))
            if stops(losses[-1], target):
                break
        return params, np.array(losses)

    return answer


@pytest.mark.parametrize(
    ("ways", "found"),
    [
        ({}, ()),
        ({"updates": "sum of clipped"}, ("adds-clipped-gradients-up",)),
        ({"updates": "clipped sum"}, ("updates-once-a-pass",)),
        ({"loss_of": "after"}, ("takes-the-loss-after-the-update",)),
        ({"loss_of": "all passes"}, ("averages-over-all-passes",)),
        ({"stops": np.greater_equal}, ("stops-above-the-target",)),
    ],
)
def test_a_mistake_of_the_training_loop_is_named(ways, found):
    assert named(train_loop, "stops at the loss", trained(**ways)) == found
