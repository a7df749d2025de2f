"""Exercise 4.5: how long a cell at rest remembers, and the bias for a number of steps."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.lstm.hints import MISCONCEPTIONS
from course_lib.checks.plain import Plain
from course_lib.checks.returns import Number

PLACE = "How much is remembered"


def draw_bias(rng: np.random.Generator) -> Inputs:
    """Draw a bias of either sign, from a cell that forgets at once to one that keeps for a thousand steps."""
    return {"b": float(rng.uniform(-2, 7))}


def oracle_half_life(b: float) -> float:
    """Ask in how many equal steps a share falls to one half; torch knows the logarithm of sigma."""
    return float(np.log(0.5) / torch.nn.functional.logsigmoid(torch.tensor(b, dtype=torch.float64)))


def wrong_half_life(mistakes: Mistakes, b: float, mine: Plain = None) -> float:
    """Return the half-life, with switches."""
    f = float(np.tanh(b)) if "takes-tanh-of-the-bias" in mistakes else 1 / (1 + np.exp(-b))
    f = 1 - f if "takes-what-is-lost" in mistakes else f
    f = b if "takes-the-bias-for-the-gate" in mistakes else f
    if "gives-the-gate" in mistakes:
        return f
    if "takes-steps-of-equal-size" in mistakes:
        return float(0.5 / (1 - f))
    if "divides-the-logarithm-by-what-is-lost" in mistakes:
        return float(np.log(2) / (1 - f))
    if "gives-the-mean-life" in mistakes:
        return float(1 / (1 - f))
    of_a_half, of_f = float(np.log(2)), -float(np.log(f))
    of_a_half = 0.5 if "forgets-the-log-of-2" in mistakes else of_a_half
    of_a_half = 1.0 if "waits-for-1-over-e" in mistakes else of_a_half
    of_a_half = -of_a_half if "loses-the-sign" in mistakes else of_a_half
    of_f = -float(np.log2(f)) if "mixes-two-logarithms" in mistakes else of_f
    of_f = -float(np.log10(f)) if "mixes-with-the-decimal-logarithm" in mistakes else of_f
    steps = of_f / of_a_half if "turns-the-quotient-over" in mistakes else of_a_half / of_f
    if "rounds-to-whole-steps" in mistakes:
        ways = (float(np.ceil(steps)), float(np.floor(steps)), float(np.round(steps)))
        return next((way for way in ways if way == mine), ways[0])
    if "rounds" in mistakes:
        return nearest([float(np.round(np.log(2), n) / of_f) for n in (2, 3, 4)] + rounded(steps), mine)
    return float(steps)


def rounded(value: float) -> list[float]:
    """Return a number as it is after rounding, from one digit to five after the point."""
    return [float(np.round(value, n)) for n in range(1, 6)]


def nearest(ways: list[float], mine: Plain) -> float:
    """Return the way to make a mistake that comes nearest to the value to be explained, or the first."""
    return min(ways, key=lambda way: abs(way - mine)) if isinstance(mine, int | float) else ways[0]


half_life = Exercise(
    number="4.5",
    call="half_life(b)",
    read=f"{PLACE}, equation (4.6)",
    parts={"values": random_cases(draw_bias)},
    oracle=oracle_half_life,
    returns=Number("steps"),
    wrong=wrong_half_life,
    misconceptions=MISCONCEPTIONS["half_life"],
)


def draw_steps(rng: np.random.Generator, T: int) -> Inputs:
    """Take the number of steps as it is: nothing else goes in."""
    return {"T": T}


def oracle_bias_for(T: int) -> float:
    """Let torch invert sigma at the gate that loses one part in T."""
    return float(torch.logit(torch.tensor(1 - 1 / T, dtype=torch.float64)))


def wrong_bias_for(mistakes: Mistakes, T: int, mine: Plain = None) -> float:
    """Return the bias for T steps, with switches."""
    if "gives-the-gate" in mistakes:
        return 1 - 1 / T
    if "takes-the-log-of-the-gate" in mistakes:
        return float(np.log(1 - 1 / T)) * (-1 if "loses-the-sign" in mistakes else 1)
    if "solves-for-exactly-1-over-e" in mistakes:
        return float(-np.log(np.exp(1 / T) - 1))
    if "makes-T-the-half-life" in mistakes:
        return float(-np.log(2 ** (1 / T) - 1))
    odds = T if "takes-T-for-the-odds" in mistakes else T - 1
    odds = T + 1 if "adds-1" in mistakes else odds
    if "takes-no-logarithm" in mistakes:
        return float(odds)
    base = 2.0 if "takes-the-logarithm-to-base-2" in mistakes else np.e
    base = 10.0 if "takes-the-decimal-logarithm" in mistakes else base
    b = float(np.log(odds) / np.log(base))
    b = float(np.log(T) - 1) if "takes-1-away-after-the-logarithm" in mistakes else b
    b = -b if "loses-the-sign" in mistakes else b
    return nearest(rounded(b), mine) if "rounds" in mistakes else b


bias_for = Exercise(
    number="4.5",
    call="bias_for(T)",
    read=f"{PLACE}, equation (4.7)",
    parts={"values": random_cases(draw_steps, T=(2, 5, 20, 100))},
    oracle=oracle_bias_for,
    returns=Number("b"),
    wrong=wrong_bias_for,
    misconceptions=MISCONCEPTIONS["bias_for"],
)
