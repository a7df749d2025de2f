"""Exercise 4.3: one step of an LSTM backward, in four parts that follow the lines of the derivation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.lent_lstm import torch_step
from course_lib.checks.lstm.hints import MISCONCEPTIONS
from course_lib.checks.lstm.steps import draw_step, sigma
from course_lib.checks.plain import Plain
from course_lib.checks.returns import Array, Fault, Only, Several
from course_lib.params import LSTMParams

BLOCKS = "ifgo"
Gates = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

GRADIENTS = Several(
    (
        Array("dx_t", "(B, D)"),
        Array("dh_prev", "(B, H)"),
        Array("dc_prev", "(B, H)"),
        Array("dW_x", "(D, 4H)"),
        Array("dW_h", "(H, 4H)"),
        Array("db", "(4H,)"),
    )
)


@dataclass(frozen=True)
class Blocks:
    """Some of the four blocks of the gradients: what the first lines of the pass are judged by.

    The gradient at the sums of a gate reaches its columns of db, dW_x and dW_h alike, so a block is right when it is
    right in one of the three: what goes wrong later, in two of these products, does not cost the lines before them.
    """

    letters: str

    def fault(self, value: Plain, expected: tuple[np.ndarray, ...]) -> Fault | None:
        """Return the fault of the block in db, if it is wrong in the products too."""
        if fault := GRADIENTS.length_fault(value):
            return fault
        faults = [self._fault_in(name, value, expected) for name in ("db", "dW_x", "dW_h")]
        return faults[0] if all(faults) else None

    def _fault_in(self, name: str, value: Plain, expected: tuple[np.ndarray, ...]) -> Fault | None:
        judged = GRADIENTS.only(name)
        mine, right = judged.of(value), judged.of(expected)
        (position,) = judged.path
        array = GRADIENTS.items[position]
        if not isinstance(mine, np.ndarray) or mine.shape != right.shape:
            return array.fault(mine, right)
        for letter in self.letters:
            fault = Array(f"the {letter} block of {name}", "(H,)").fault(block(mine, letter), block(right, letter))
            if fault:
                return fault
        return None

    def of(self, value: Plain) -> Plain:
        """Take the blocks out of db; mark anything that holds no such blocks."""
        db = GRADIENTS.only("db").of(value)
        if not isinstance(db, np.ndarray) or db.ndim != 1 or len(db) % 4:
            return ("no such blocks", db)
        return tuple(block(db, letter) for letter in self.letters)


def block(array: np.ndarray, letter: str) -> np.ndarray:
    """Return the columns of one block."""
    return np.split(array, 4, axis=-1)[BLOCKS.index(letter)]


@dataclass(frozen=True)
class Products:
    """The five results of the products: all of them but dc_prev."""

    judges: tuple[Only, ...] = tuple(GRADIENTS.only(name) for name in ("dx_t", "dh_prev", "dW_x", "dW_h", "db"))

    def fault(self, value: Plain, expected: tuple[np.ndarray, ...]) -> Fault | None:
        """Return the first fault of the five."""
        return next(filter(None, (judged.fault(value, expected) for judged in self.judges)), None)

    def of(self, value: Plain) -> Plain:
        """Leave dc_prev out."""
        return tuple(judged.of(value) for judged in self.judges)


def draw_step_back(rng: np.random.Generator, B: int, D: int, H: int) -> Inputs:
    """Draw one step, its gates, and what arrives at both of its states."""
    x_t, h_prev, c_prev, params = draw_step(rng, B, D, H).values()
    gates = gates_of(x_t, h_prev, params)
    i, f, g, _ = gates
    arrives = {"dh_t": rng.normal(size=(B, H)), "dc_next": rng.normal(size=(B, H))}
    states = {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev, "c_t": f * c_prev + i * g}
    return {**arrives, **states, "gates": gates, "params": params}


def gates_of(x_t: np.ndarray, h_prev: np.ndarray, params: LSTMParams) -> Gates:
    """Return the gates and the candidate of one step, each (B, H)."""
    a_i, a_f, a_g, a_o = np.split(x_t @ params.W_x + h_prev @ params.W_h + params.b, 4, axis=1)
    return sigma(a_i), sigma(a_f), np.tanh(a_g), sigma(a_o)


def oracle_step_backward(
    dh_t: np.ndarray,
    dc_next: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    c_t: np.ndarray,
    gates: Gates,
    params: LSTMParams,
) -> tuple[np.ndarray, ...]:
    """Let autograd go back through torch's own cell."""
    leaves = [torch.tensor(array, requires_grad=True) for array in (x_t, h_prev, c_prev, *params)]
    states = torch_step(leaves[0], leaves[1], leaves[2], tuple(leaves[3:]))
    gradients = torch.autograd.grad(states, leaves, (torch.tensor(dh_t), torch.tensor(dc_next)))
    return tuple(gradient.numpy() for gradient in gradients)


def wrong_step_backward(
    mistakes: Mistakes,
    dh_t: np.ndarray,
    dc_next: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    c_t: np.ndarray,
    gates: Gates,
    params: LSTMParams,
) -> tuple[Any, ...]:
    """Go back through one step, with switches."""
    f, o = gates[1], gates[3]
    from_next = wrong_share_of_next(mistakes, dc_next, c_t, f, o)
    dc_t = from_next + wrong_share_of_h(mistakes, dh_t, c_prev, c_t, o)
    da_o = wrong_da_o(mistakes, dh_t, dc_t, c_prev, c_t, o)
    da = wrong_sums(mistakes, da_o, dc_t, from_next, c_prev, c_t, gates)
    dc_prev = dc_t if "sends-dc-back-without-f" in mistakes else dc_t * f
    dc_prev = dc_next * f if "sends-back-dc_next-alone" in mistakes else dc_prev
    dc_prev = dc_t * f * (1 - f) if "takes-the-slope-of-f-to-c_prev" in mistakes else dc_prev
    if "leaves-zeros" in mistakes:
        written = np.concatenate([0 * array for array in gates[:3]] + [da_o], axis=1).sum(axis=0)
        return 0 * x_t, 0 * h_prev, 0 * c_prev, 0 * params.W_x, 0 * params.W_h, written
    return wrong_products(mistakes, da, dc_prev, x_t, h_prev, c_prev, o * np.tanh(c_t), params)


def wrong_share_of_next(
    mistakes: Mistakes, dc_next: np.ndarray, c_t: np.ndarray, f: np.ndarray, o: np.ndarray
) -> np.ndarray:
    """Return what comes to c_t from the step after, with switches."""
    slope = 1 - np.tanh(c_t) ** 2
    share = 0 * dc_next if "drops-dc_next" in mistakes else dc_next
    share = dc_next * slope if "squeezes-dc_next-too" in mistakes else share
    share = dc_next * o * slope if "adds-dc_next-to-h" in mistakes else share
    return dc_next * f if "passes-the-forget-gate-on-the-way-in" in mistakes else share


def wrong_share_of_h(
    mistakes: Mistakes, dh_t: np.ndarray, c_prev: np.ndarray, c_t: np.ndarray, o: np.ndarray
) -> np.ndarray:
    """Return what comes to c_t from h_t, with switches."""
    slope = 1 - np.tanh(c_prev if "takes-the-slope-at-c_prev" in mistakes else c_t) ** 2
    slope = 1 - np.tanh(c_t) if "does-not-square-the-tanh" in mistakes else slope
    slope = np.tanh(c_t) if "takes-tanh-for-its-slope" in mistakes else slope
    slope = 1 - c_t**2 if "squares-c-not-tanh" in mistakes else slope
    slope = np.ones_like(c_t) if "forgets-the-tanh-of-c" in mistakes else slope
    if "starts-the-cell-from-da_o" in mistakes:
        return dh_t * np.tanh(c_t) * o * (1 - o) * slope
    share = dh_t * slope * (1 if "forgets-o-on-the-way-to-c" in mistakes else o)
    return 0 * share if "drops-the-path-through-h" in mistakes else share


def wrong_da_o(
    mistakes: Mistakes, dh_t: np.ndarray, dc_t: np.ndarray, c_prev: np.ndarray, c_t: np.ndarray, o: np.ndarray
) -> np.ndarray:
    """Return the gradient at the sum of the output gate, with switches."""
    shown = c_prev if "takes-c_prev-in-da_o" in mistakes else c_t
    shown = c_t if "takes-c-without-tanh-in-da_o" in mistakes else np.tanh(shown)
    shown = np.ones_like(c_t) if "leaves-the-cell-out-of-da_o" in mistakes else shown
    shown = 1 - np.tanh(c_t) ** 2 if "takes-the-slope-of-tanh-in-da_o" in mistakes else shown
    slope = wrong_slope_of_a_gate(mistakes, o)
    slope = np.ones_like(o) if {"forgets-the-slope-of-o", "forgets-the-slopes-of-all-gates"} & mistakes else slope
    return (dc_t if "starts-da_o-from-dc" in mistakes else dh_t) * shown * slope


def wrong_sums(
    mistakes: Mistakes,
    da_o: np.ndarray,
    dc_t: np.ndarray,
    from_next: np.ndarray,
    c_prev: np.ndarray,
    c_t: np.ndarray,
    gates: Gates,
) -> np.ndarray:
    """Return the gradients at the sums of the four blocks side by side, with switches."""
    i, f, g, _ = gates
    slopes = wrong_slopes(mistakes, i, f, g)
    kept = c_t if "takes-c_t-for-c_prev" in mistakes else c_prev
    partners = [i, kept, g] if "does-not-exchange-i-and-g" in mistakes else [g, kept, i]
    if "leaves-the-cell-out-of-da_f" in mistakes:
        partners[1] = np.ones_like(kept)
    if "leaves-the-partners-out" in mistakes:
        partners = [np.ones_like(g)] * 3
    if "misses-the-brackets" in mistakes:  # the sum is multiplied out, and the slope stays with its last term
        da = [
            from_next * partner + (dc_t - from_next) * partner * slope
            for partner, slope in zip(partners, slopes, strict=True)
        ]
    else:
        da = [dc_t * partner * slope for partner, slope in zip(partners, slopes, strict=True)]
    da_i, da_f, da_g = da
    if "swaps-forget-and-input" in mistakes:
        da_i, da_f = da_f, da_i
    if "takes-the-candidate-last" in mistakes:
        da_g, da_o = da_o, da_g
    below = "puts-the-blocks-below-each-other" in mistakes
    return np.concatenate([da_i, da_f, da_g, da_o], axis=0 if below else 1)


def wrong_slope_of_a_gate(mistakes: Mistakes, gate: np.ndarray) -> np.ndarray:
    """Return the derivative of sigma, from what came out of it, with switches."""
    gate = sigma(gate) if "squashes-the-gates-again" in mistakes else gate
    slope = 1 - gate**2 if "takes-the-slope-of-tanh-for-the-gates" in mistakes else gate * (1 - gate)
    slope = 1 - gate if "takes-half-of-the-slope-for-the-gates" in mistakes else slope
    return gate if "takes-the-other-half-of-the-slope" in mistakes else slope


def wrong_slopes(mistakes: Mistakes, i: np.ndarray, f: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the derivatives of the two gates and of the candidate, with switches."""
    i_slope, f_slope, g_slope = wrong_slope_of_a_gate(mistakes, i), wrong_slope_of_a_gate(mistakes, f), 1 - g**2
    i_slope = np.ones_like(i) if "forgets-the-slope-of-i" in mistakes else i_slope
    f_slope = np.ones_like(f) if "forgets-the-slope-of-f" in mistakes else f_slope
    if {"forgets-the-slopes-of-i-and-f", "forgets-the-slopes-of-all-gates"} & mistakes:
        i_slope = f_slope = np.ones_like(i)
    g_slope = g * (1 - g) if "takes-the-slope-of-sigma-for-g" in mistakes else g_slope
    g_slope = 1 - np.tanh(g) ** 2 if "squashes-g-again" in mistakes else g_slope
    return i_slope, f_slope, np.ones_like(g) if "forgets-the-slope-of-g" in mistakes else g_slope


def wrong_products(
    mistakes: Mistakes,
    da: np.ndarray,
    dc_prev: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    h_t: np.ndarray,
    params: LSTMParams,
) -> tuple[Any, ...]:
    """Send the gradients at the sums to all that went into them, with switches."""
    dx_t = da @ (params.W_x if "does-not-transpose-W_x" in mistakes else params.W_x.T)
    dh_prev = da @ (params.W_h if "does-not-transpose-W_h" in mistakes else params.W_h.T)
    heard = h_t if "pairs-with-the-state-after" in mistakes else h_prev
    heard = c_prev if "pairs-with-the-cell" in mistakes else heard
    dW_x, dW_h = x_t.T @ da, heard.T @ da
    dW_x = dW_x.T if "transposes-dW_x" in mistakes else dW_x
    dW_h = dW_h.T if "transposes-dW_h" in mistakes else dW_h
    db = da if "does-not-sum-db" in mistakes else da.sum(axis=1 if "sums-db-over-the-units" in mistakes else 0)
    db = db / len(x_t) if "averages-db-alone" in mistakes else db
    dh_prev, dc_prev = (dc_prev, dh_prev) if "returns-dc_prev-first" in mistakes else (dh_prev, dc_prev)
    dW_x, dW_h = (dW_h, dW_x) if "swaps-the-two-matrices" in mistakes else (dW_x, dW_h)
    if "averages-over-the-batch" in mistakes:
        dW_x, dW_h, db = (array / len(x_t) for array in (dW_x, dW_h, db))
    if "returns-a-record" in mistakes:
        return dx_t, dh_prev, dc_prev, LSTMParams(dW_x, dW_h, db)
    return dx_t, dh_prev, dc_prev, dW_x, dW_h, db


CASES = random_cases(draw_step_back, B=(1, 4), D=3, H=5)

lstm_step_backward = Exercise(
    number="4.3",
    call="lstm_step_backward(dh_t, dc_next, x_t, h_prev, c_prev, c_t, gates, params)",
    read="One step, equations (4.8) to (4.11)",
    parts={
        "o": judged_by(Blocks("o"), CASES),
        "c": judged_by(GRADIENTS.only("dc_prev"), CASES),
        "i, f, g": judged_by(Blocks("ifg"), CASES),
        "weights and inputs": judged_by(Products(), CASES),
    },
    oracle=oracle_step_backward,
    returns=GRADIENTS,
    wrong=wrong_step_backward,
    misconceptions=MISCONCEPTIONS["lstm_step_backward"],
)
