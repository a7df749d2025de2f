"""Exercise 4.1: weights of a cell that holds a number until it is told to take another."""

import numpy as np

from course_lib.checks.exercise import Exercise, Mistakes, judged_by, no_inputs
from course_lib.checks.lstm.by_hand import F, G, I, Measured, SetByHand, Symptoms, Trial, no_one_answer
from course_lib.checks.lstm.hints import MISCONCEPTIONS
from course_lib.params import LSTMParams

KEPT = 200
"""Steps for which a number must stay."""

FLAGS = (0, 0, 0, 1, 1, *[0] * KEPT, 1, 0, 0)
LOOKS = (3, 4, 5, 6, 5 + KEPT, 6 + KEPT, 8 + KEPT)
"""Before anything is written, after each of three writings, and 1, 200 and 2 steps after some of them."""

LARGEST = 3.0
ONE_HALF = 0.5


def make_trial() -> Trial:
    """Draw sequences that write three numbers, of either sign, large and small; the rest must not matter."""
    rng = np.random.default_rng(4)
    x = np.stack([rng.uniform(-LARGEST, LARGEST, (6, len(FLAGS))), np.tile(np.array(FLAGS, float), (6, 1))], axis=2)
    writes = np.flatnonzero(FLAGS)
    x[:, writes, 0] = [[3, -3, 1], [-3, 0.5, -2], [0.5, 0, 3], [1, 2, -0.5], [-1, -2, 2], [2, 1, 0]]
    last = [writes[writes < look][-1] if look > writes[0] else None for look in LOOKS]
    wanted = np.stack([np.zeros(6) if step is None else np.tanh(x[:, step, 0]) for step in last], axis=1)

    def told(sequence: int, look: int) -> str:
        step = last[look]
        if step is None:
            return f"it starts from 0 and the flag is 0 for {LOOKS[look]} steps: then"
        later = LOOKS[look] - 1 - int(step)
        when = "right after that step" if not later else f"{later} step{'s' * (later > 1)} of flag 0 later"
        return f"the flag is 1 at step {step + 1}, with the value {x[sequence, step, 0]:g}: {when}"

    return Trial(x, LOOKS, wanted, 1e-3, told)


def turns_two_gates_round(m: Measured) -> bool:
    """Tell whether the weights would pass with input and forget gate exchanged, or with 0 and 1 of the flag."""
    W_x, b = m.params.W_x.copy(), m.params.b.copy()
    b[[I, F]] += W_x[1, [I, F]]
    W_x[1, [I, F]] *= -1
    return m.passes_with_blocks((1, 0, 2, 3)) or m.passes_with(W_x=W_x, b=b)


def gates_hear_the_value(m: Measured) -> bool:
    """Tell whether the weights would pass if the gates did not hear the value, or if one that does were right."""
    W_x = m.params.W_x.copy()
    W_x[0, [I, F]] = 0
    return m.passes_with(W_x=W_x) or any(abs(m.params.W_x[0, k]) > 1 and passes_with_right(m, k) for k in RIGHT)


def passes_with_right(m: Measured, gate: int) -> bool:
    """Tell whether the weights would pass with one gate set right: the rest is as it should be."""
    return m.passes_with_columns({gate: RIGHT[gate]})


RIGHT = {I: (0.0, 40.0, -20.0), F: (0.0, -40.0, 20.0)}
"""Weights of value and flag, and a bias, with which a gate does what a latch needs."""

SYMPTOMS: Symptoms = {
    "turns-two-gates-round": turns_two_gates_round,
    "takes-the-candidate-last": lambda m: m.passes_with_blocks((0, 1, 3, 2)),
    "takes-another-order-of-blocks": lambda m: m.passes_in_another_order(),
    "swaps-value-and-flag": lambda m: m.passes_with(W_x=m.params.W_x[::-1]),
    "lets-the-state-in": lambda m: m.passes_with(W_h=np.zeros((1, 4))),
    "sets-the-gates-too-weakly": lambda m: m.passes_with_gates_times(1000.0),
    "lets-the-gates-hear-the-value": gates_hear_the_value,
    "weighs-the-value": lambda m: m.passes_with_columns({G: (1, m.params.W_x[1, G], m.params.b[G])}),
    "shifts-the-candidate": lambda m: m.passes_with_columns({G: (m.params.W_x[0, G], 0, 0)}),
    "listens-at-every-step": lambda m: m.gates(0, 0)[I] >= ONE_HALF and passes_with_right(m, I),
    "never-writes": lambda m: m.gates(0, 1)[I] <= ONE_HALF and passes_with_right(m, I),
    "keeps-the-old-number": lambda m: m.gates(0, 1)[F] >= ONE_HALF and passes_with_right(m, F),
    "forgets-at-every-step": lambda m: m.gates(0, 0)[F] <= ONE_HALF and passes_with_right(m, F),
    "makes-several-mistakes": lambda _: True,
}
"""The first that holds names the mistake.

Of two that one gate shows, the one stands first that spoils the earlier look, because this look is quoted.
"""

LATCH = SetByHand(make_trial(), SYMPTOMS)


def with_gates(i: list[float], f: list[float], g: list[float], h: float = 0.0) -> LSTMParams:
    """Put blocks together: weights of value and flag, and a bias; ``h`` is the candidate's weight of the state."""
    W_x, b = np.zeros((2, 4)), np.zeros(4)
    for column, (value, flag, bias) in ((I, i), (F, f), (G, g)):
        W_x[:, column], b[column] = (value, flag), bias
    return LSTMParams(W_x, np.array([[0, 0, h, 0]]), b)


def wrong_latch(mistakes: Mistakes) -> LSTMParams:
    """Return weights, with switches."""
    i, f, g = list(RIGHT[I]), list(RIGHT[F]), [1.0, 0.0, 0.0]
    if "turns-two-gates-round" in mistakes:
        i, f = f, i
    if "takes-the-candidate-last" in mistakes:
        return LSTMParams(*(array[..., [0, 1, 3, 2]] for array in with_gates(i, f, g)))
    if "takes-another-order-of-blocks" in mistakes:
        return LSTMParams(*(array[..., [2, 0, 1, 3]] for array in with_gates(i, f, g)))
    if "swaps-value-and-flag" in mistakes:
        return with_gates([40, 0, -20], [-40, 0, 20], [0, 1, 0])
    if "sets-the-gates-too-weakly" in mistakes:
        i, f = [0, 6, -3], [0, -6, 3]
    if "lets-the-gates-hear-the-value" in mistakes:
        i = [40, 40, -20]
    g = wrong_candidate(mistakes, g)
    f = [0, 0, -20] if "forgets-at-every-step" in mistakes else f
    f = [0, 0, 20] if "keeps-the-old-number" in mistakes else f
    i = [0, 0, 20] if "listens-at-every-step" in mistakes else i
    i = [0, 0, -20] if "never-writes" in mistakes else i
    if "makes-several-mistakes" in mistakes:
        i, g = [0, 6, -3], [2, 0, 0]
    return with_gates(i, f, g, h=1.0 if "lets-the-state-in" in mistakes else 0.0)


def wrong_candidate(mistakes: Mistakes, g: list[float]) -> list[float]:
    """Return the candidate's weights, with switches."""
    g = [20, 0, 0] if "weighs-the-value" in mistakes else g
    return [1, 1, 0] if "shifts-the-candidate" in mistakes else g


latch = Exercise(
    number="4.1",
    call="latch()",
    read="The cell, equations (4.2), (4.4) and (4.5)",
    parts={"properties": judged_by(LATCH, no_inputs)},
    oracle=no_one_answer,
    returns=LATCH,
    wrong=wrong_latch,
    misconceptions=MISCONCEPTIONS["latch"],
)
