"""Exercise 4.6: weights of a cell that counts brackets."""

import numpy as np

from course_lib.checks.exercise import Exercise, Mistakes, judged_by, no_inputs
from course_lib.checks.lstm.by_hand import F, G, I, Measured, SetByHand, Symptoms, Trial, no_one_answer
from course_lib.checks.lstm.hints import MISCONCEPTIONS
from course_lib.checks.lstm.latching import with_gates
from course_lib.params import LSTMParams

STEP = 0.1
"""What one bracket adds."""

DEEPEST, LONG = 50, 200
SHORT = ("(" * 8, "()" * 4, "(()())()", "((()))()", "(())((((")
LOOKS = (*range(1, 9), 8 + DEEPEST, LONG)


def make_trial() -> Trial:
    """Write brackets that go up and down, then deep, then down and up again until the end."""
    texts = [(text + "(" * DEEPEST + ")" * 40 + "(())()" * LONG)[:LONG] for text in SHORT]
    is_open = np.array([[letter == "(" for letter in text] for text in texts])
    depths = np.where(is_open, 1, -1).cumsum(axis=1)
    x = np.stack([is_open, ~is_open], axis=2).astype(float)

    def told(sequence: int, look: int) -> str:
        read, depth = LOOKS[look], int(depths[sequence, LOOKS[look] - 1])
        text = f"after {texts[sequence][:read]}" if read <= len(SHORT[0]) else f"after {read} brackets"
        return f"{text}, at depth {depth},"

    return Trial(x, LOOKS, STEP * depths[:, [look - 1 for look in LOOKS]], 1e-2, told)


def opens_a_gate(m: Measured, gate: int) -> bool:
    """Tell whether the weights would pass with one gate wide open."""
    return m.passes_with_columns({gate: (0, 0, 40)})


def candidates(m: Measured) -> list[float]:
    """Return the candidate for an opening bracket and for a closing one."""
    return [float(m.gates(*bracket)[G]) for bracket in ((1, 0), (0, 1))]


def counts_the_other_way(m: Measured) -> bool:
    """Tell whether the weights would pass with the brackets exchanged, or count down at the opening one and up."""
    opening, closing = candidates(m)
    return m.passes_with(W_x=m.params.W_x[::-1]) or opening < 0 < closing


def weighs_the_step_itself(m: Measured) -> bool:
    """Tell whether the sums of the candidate are the steps that are wanted, and all else is as it should be."""
    steps = np.tanh([STEP, -STEP])
    return bool(np.allclose(candidates(m), steps, rtol=0, atol=1e-6)) and passes_with_right_steps(m)


def counts_in_ones(m: Measured) -> bool:
    """Tell whether the cell holds the depth itself."""
    cells = np.stack(list(m.trial.cells(m.params)), axis=1)
    return bool(np.allclose(STEP * cells, m.trial.wanted, rtol=0, atol=m.trial.within))


def passes_with_right_steps(m: Measured) -> bool:
    """Tell whether the weights would pass if only the candidate's were the right ones."""
    weight = float(np.arctanh(STEP))
    return m.passes_with_columns({G: (weight, -weight, 0)})


SYMPTOMS: Symptoms = {
    "takes-the-candidate-last": lambda m: m.passes_with_blocks((0, 1, 3, 2)),
    "takes-another-order-of-blocks": lambda m: m.passes_in_another_order(),
    "counts-closing-brackets-up": counts_the_other_way,
    "lets-the-state-in": lambda m: m.passes_with(W_h=np.zeros((1, 4))),
    "sets-the-gates-too-weakly": lambda m: m.passes_with_gates_times(1000.0),
    "does-not-open-the-input-gate": lambda m: opens_a_gate(m, I),
    "does-not-open-the-forget-gate": lambda m: opens_a_gate(m, F),
    "opens-neither-gate": lambda m: m.passes_with_columns({I: (0, 0, 40), F: (0, 0, 40)}),
    "weighs-the-step-itself": weighs_the_step_itself,
    "counts-in-ones": counts_in_ones,
    "leaves-the-candidate-at-0": lambda m: not any(candidates(m)),
    "never-counts-down": lambda m: candidates(m)[1] >= 0,
    "shifts-the-candidate": lambda m: m.passes_with(b=m.params.b * (np.arange(4) != G)),
    "takes-steps-of-another-size": passes_with_right_steps,
    "makes-several-mistakes": lambda _: True,
}
"""The first that holds names the mistake."""


COUNTER = SetByHand(make_trial(), SYMPTOMS)


def wrong_counter(mistakes: Mistakes) -> LSTMParams:
    """Return weights, with switches."""
    weight = float(np.arctanh(STEP))
    i, f, g = [0.0, 0.0, 20.0], [0.0, 0.0, 20.0], [weight, -weight, 0.0]
    if "takes-the-candidate-last" in mistakes:
        return LSTMParams(*(array[..., [0, 1, 3, 2]] for array in with_gates(i, f, g)))
    if "takes-another-order-of-blocks" in mistakes:
        return LSTMParams(*(array[..., [2, 0, 1, 3]] for array in with_gates(i, f, g)))
    if "opens-neither-gate" in mistakes:
        i = f = [0, 0, 0]
    i = [0, 0, 0] if "does-not-open-the-input-gate" in mistakes else i
    f = [0, 0, 0] if "does-not-open-the-forget-gate" in mistakes else f
    f = [0, 0, 3] if "sets-the-gates-too-weakly" in mistakes else f
    g = [-weight, weight, 0] if "counts-closing-brackets-up" in mistakes else g
    g = [STEP, -STEP, 0] if "weighs-the-step-itself" in mistakes else g
    g = [20, -20, 0] if "counts-in-ones" in mistakes else g
    g = [0, 0, 0] if "leaves-the-candidate-at-0" in mistakes else g
    g = [weight, 0, 0] if "never-counts-down" in mistakes else g
    g = [weight, -weight, 0.05] if "shifts-the-candidate" in mistakes else g
    g = [0.2, -0.2, 0] if "takes-steps-of-another-size" in mistakes else g
    if "makes-several-mistakes" in mistakes:
        f, g = [0, 0, 3], [0.2, -0.2, 0]
    return with_gates(i, f, g, h=1.0 if "lets-the-state-in" in mistakes else 0.0)


counter = Exercise(
    number="4.6",
    call="counter()",
    read="The cell, equations (4.2), (4.4) and (4.5)",
    parts={"properties": judged_by(COUNTER, no_inputs)},
    oracle=no_one_answer,
    returns=COUNTER,
    wrong=wrong_counter,
    misconceptions=MISCONCEPTIONS["counter"],
    stretch=True,
)
