"""Exercise 1.6: generate, one symbol after the other."""

from typing import Any

import numpy as np

from course_lib.checks import lent
from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.plain import Lent, Seed
from course_lib.checks.returns import Array, Ids
from course_lib.checks.rnn.hints import MISCONCEPTIONS
from course_lib.checks.rnn.reading import draw_head
from course_lib.checks.rnn.recurrence import draw_rnn
from course_lib.params import HeadParams, RNNParams


def draw_logits(rng: np.random.Generator, O: int) -> Inputs:
    """Draw the logits of one symbol and a temperature."""
    return {"s_t": rng.normal(0, 2, O), "tau": float(rng.uniform(0.4, 0.8))}


def draw_large_logits(rng: np.random.Generator, O: int) -> Inputs:
    """Draw logits beyond what exp can hold in float64, one of them far below the others, and a tau far from 1."""
    s_t = rng.normal(1500, 1, O)
    s_t[rng.integers(O)] -= 3000
    return {"s_t": s_t, "tau": float(rng.choice([rng.uniform(0.3, 0.6), rng.uniform(2, 4)]))}


def wrong_tempered_softmax(mistakes: Mistakes, s_t: np.ndarray, tau: float) -> np.ndarray:
    """Turn logits into probabilities, with switches."""
    divisor = 1.0 if {"ignores-temperature", "divides-probabilities"} & mistakes else tau
    scaled = s_t * divisor if "multiplies-by-temperature" in mistakes else s_t / divisor
    if "takes-the-largest" in mistakes:
        return np.eye(len(s_t))[np.argmax(s_t)]
    if "forgets-exp" in mistakes:
        return scaled / scaled.sum()
    largest = s_t.max() if "shifts-before-scaling" in mistakes else scaled.max()
    scaled = scaled if "overflows" in mistakes else scaled - largest
    weights = 2.0**scaled if "uses-powers-of-two" in mistakes else np.exp(scaled)
    p = weights if "forgets-to-normalise" in mistakes else weights / weights.sum()
    return p / tau if "divides-probabilities" in mistakes else p


tempered_softmax = Exercise(
    number="1.6",
    call="tempered_softmax(s_t, tau)",
    read="One to many: spell what you see, equation (1.5)",
    parts={"values": random_cases(draw_logits, O=(2, 7)), "large logits": random_cases(draw_large_logits, O=(2, 7))},
    oracle=lent.tempered_softmax,
    returns=Array("p", "(O,)"),
    wrong=wrong_tempered_softmax,
    misconceptions=MISCONCEPTIONS["tempered_softmax"],
)


def draw_generation(rng: np.random.Generator, n: int, V: int, H: int) -> Inputs:
    """Draw a network over V symbols whose next symbol depends strongly on its state."""
    return {
        "first": int(rng.integers(V)),
        "n": n,
        "h_0": rng.uniform(-0.9, 0.9, (1, H)),
        "params": draw_rnn(rng, V, H),
        "head": draw_head(rng, H, V, scale=2.0),
        "tau": float(rng.uniform(0.4, 0.7)),
        "rng": Seed(int(rng.integers(2**31))),
        "step": Lent("rnn_step"),
        "tempered_softmax": Lent("tempered_softmax"),
    }


def oracle_generate(
    first: int,
    n: int,
    h_0: np.ndarray,
    params: RNNParams,
    head: HeadParams,
    tau: float,
    rng: Seed,
    step: Lent,
    tempered_softmax: Lent,
) -> list[int]:
    """Generate by looking: run torch over the whole prefix again for every new symbol, so no state is carried."""
    generator, symbols = np.random.default_rng(rng.value), [first]
    for _ in range(n):
        s_t = lent.logits_after(np.array(symbols), h_0, params, head)
        symbols.append(int(generator.choice(len(s_t), p=lent.tempered_softmax(s_t, tau))))
    return symbols[1:]


def wrong_generate(
    mistakes: Mistakes,
    first: int,
    n: int,
    h_0: np.ndarray,
    params: RNNParams,
    head: HeadParams,
    tau: float,
    rng: np.random.Generator,
    step: Any,
    tempered_softmax: Any,
) -> list[int]:
    """Generate, with switches."""
    V = len(params.W_xh)
    h = h_start = np.zeros_like(h_0) if "starts-from-zero" in mistakes else h_0
    symbol, symbols = first, [first] if "includes-the-first" in mistakes else []
    tau = 1.0 if "ignores-temperature" in mistakes else tau
    while len(symbols) < n - ("stops-one-short" in mistakes):
        given = first if "feeds-first-always" in mistakes else symbol
        asked = h
        h = step(np.eye(V)[[given]], h_start if "resets-state-each-symbol" in mistakes else h, params)
        if "steps-twice" in mistakes:
            h = step(np.eye(V)[[given]], h, params)
        asked = asked if "asks-before-the-step" in mistakes else h
        s_t = (asked @ head.W_hy + (0 if "omits-bias" in mistakes else head.b_y))[0]
        p = tempered_softmax(s_t, tau)
        drawn = np.random.default_rng(0) if "new-generator-each-symbol" in mistakes else rng
        symbol = int(np.argmax(p)) if "takes-the-largest" in mistakes else int(drawn.choice(V, p=p))
        symbols.append(symbol)
    return [first, *symbols] if "keeps-the-first-too" in mistakes else symbols


generate = Exercise(
    number="1.6",
    call="generate(first, n, h_0, params, head, tau, rng, step, tempered_softmax)",
    read="One to many: spell what you see, equation (1.5)",
    parts={"values": random_cases(draw_generation, n=(1, 12, 20), V=7, H=5)},
    oracle=oracle_generate,
    returns=Ids("symbols", "(n,)"),
    wrong=wrong_generate,
    misconceptions=MISCONCEPTIONS["generate"],
)
