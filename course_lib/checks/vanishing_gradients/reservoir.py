"""Exercise 3.7: an echo state network, run and read out."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, random_cases
from course_lib.checks.returns import Array, Several
from course_lib.checks.vanishing_gradients.hints import MISCONCEPTIONS

Readout = tuple[np.ndarray, np.ndarray]


def draw_reservoir(rng: np.random.Generator, B: int, T: int, D: int, H: int) -> Inputs:
    """Draw a reservoir, sequences, a state that is not 0, and a leak that is not one half."""
    return {
        "x": rng.normal(size=(B, T, D)),
        "h_0": rng.uniform(-0.9, 0.9, (B, H)),
        "W_in": rng.normal(0, 0.7, (D, H)),
        "W": rng.normal(0, 0.7, (H, H)),
        "b": rng.normal(0, 0.7, H),
        "a": float(rng.uniform(0.15, 0.4)),
    }


def oracle_run_reservoir(
    x: np.ndarray, h_0: np.ndarray, W_in: np.ndarray, W: np.ndarray, b: np.ndarray, a: float
) -> np.ndarray:
    """Take torch's own tanh cell for what arrives, and its linear interpolation for the leak."""
    weights = (torch.tensor(W_in.T), torch.tensor(W.T), torch.tensor(b), torch.zeros(len(b), dtype=torch.float64))
    h_t, states = torch.tensor(h_0), []
    for x_t in torch.tensor(x).unbind(dim=1):
        h_t = torch.lerp(h_t, torch.rnn_tanh_cell(x_t, h_t, *weights), a)
        states.append(h_t)
    return torch.stack(states, dim=1).numpy()


def wrong_run_reservoir(
    mistakes: Mistakes, x: np.ndarray, h_0: np.ndarray, W_in: np.ndarray, W: np.ndarray, b: np.ndarray, a: float
) -> np.ndarray:
    """Run a reservoir, with switches."""
    a = 1.0 if "ignores-the-leak" in mistakes else a
    keep, take = (a, 1 - a) if "leaks-the-other-way" in mistakes else (1 - a, a)
    keep = 1.0 if "keeps-all-of-the-old-state" in mistakes else keep
    keep, take = (keep, 1.0) if "takes-all-of-the-new-state" in mistakes else (keep, take)
    W = W.T if "transposes-W" in mistakes else W
    h_t = np.zeros_like(h_0) if "starts-from-zero" in mistakes else h_0
    h_start = heard = h_t
    states = []
    for t in range(x.shape[1]):
        h_t = h_start if "uses-the-first-state-always" in mistakes else h_t
        read = heard if "reads-the-state-before-the-leak" in mistakes else h_t
        arrives = 0 if "leaves-the-input-out" in mistakes else x[:, t] @ W_in
        total = arrives + read @ W + (0 if "omits-the-bias" in mistakes else b)
        heard = total if "forgets-tanh" in mistakes else np.tanh(total)
        if "takes-a-share-of-the-sum" in mistakes:
            heard, take = np.tanh(a * total), 1.0
        h_t = np.tanh(keep * h_t + take * total) if "leaks-inside-tanh" in mistakes else keep * h_t + take * heard
        states.append(h_t)
    states = [h_start, *states] if "returns-h_0-too" in mistakes else states
    return states[-1] if "returns-the-last-state-only" in mistakes else np.stack(states, axis=1)


run_reservoir = Exercise(
    number="3.7",
    call="run_reservoir(x, h_0, W_in, W, b, a)",
    read="Echo states, equation (3.13)",
    parts={"values": random_cases(draw_reservoir, B=(1, 4), T=(1, 6), D=3, H=5)},
    oracle=oracle_run_reservoir,
    returns=Array("h", "(B, T, H)"),
    wrong=wrong_run_reservoir,
    misconceptions=MISCONCEPTIONS["run_reservoir"],
    stretch=True,
)


def draw_readout(rng: np.random.Generator, N: int, H: int, O: int) -> Inputs:
    """Draw states and targets whose means are clearly not 0, and a lambda that is not 1."""
    S, Y = rng.uniform(-0.9, 0.9, (N, H)), rng.normal(size=(N, O))
    S, Y = S - S.mean(axis=0) + rng.uniform(0.3, 0.6, H), Y - Y.mean(axis=0) + rng.uniform(1, 2, O)
    return {"S": S, "Y": Y, "lam": float(rng.uniform(0.2, 0.6))}


def oracle_ridge_readout(S: np.ndarray, Y: np.ndarray, lam: float) -> Readout:
    """Give the penalty rows of its own, which the bias does not enter, and let torch solve least squares."""
    N, H = S.shape
    rows = np.block([[S, np.ones((N, 1))], [np.sqrt(lam) * np.eye(H), np.zeros((H, 1))]])
    targets = np.concatenate([Y, np.zeros((H, Y.shape[1]))])
    solution = torch.linalg.lstsq(torch.tensor(rows), torch.tensor(targets)).solution.numpy()
    return solution[:H], solution[H]


def wrong_ridge_readout(mistakes: Mistakes, S: np.ndarray, Y: np.ndarray, lam: float) -> Readout:
    """Solve for a head, with switches."""
    N, H = S.shape
    penalty = wrong_penalty(mistakes, N, H, lam)
    S_mean, Y_mean = S.mean(axis=0), Y.mean(axis=0)
    if "penalises-the-bias" in mistakes:
        rows = np.column_stack([S, np.ones(N)])
        penalty = wrong_penalty(mistakes, N, H + 1, lam)
        W_hy, b_y = np.split(np.linalg.solve(rows.T @ rows + penalty, rows.T @ Y), [H])
        return W_hy, b_y[0]
    if {"has-no-bias", "does-not-centre-the-states"} & mistakes:
        W_hy = np.linalg.solve(S.T @ S + penalty, S.T @ Y)
    else:
        W_hy = np.linalg.solve((S - S_mean).T @ (S - S_mean) + penalty, (S - S_mean).T @ (Y - Y_mean))
    b_y = Y_mean if "takes-the-mean-for-the-bias" in mistakes else Y_mean - S_mean @ W_hy
    b_y = np.zeros_like(Y_mean) if "has-no-bias" in mistakes else b_y
    return (W_hy.T, b_y) if "transposes-W_hy" in mistakes else (W_hy, b_y)


def wrong_penalty(mistakes: Mistakes, N: int, size: int, lam: float) -> np.ndarray:
    """Return what is added to the product of the states with themselves, with switches."""
    lam = lam * N if "multiplies-lambda-by-N" in mistakes else lam
    lam = lam**2 if "squares-lambda" in mistakes else lam
    lam = 0.0 if "forgets-the-penalty" in mistakes else lam
    lam = -lam if "subtracts-the-penalty" in mistakes else lam
    return np.full((size, size), lam) if "adds-lambda-everywhere" in mistakes else lam * np.eye(size)


ridge_readout = Exercise(
    number="3.7",
    call="ridge_readout(S, Y, lam)",
    read="Echo states, equation (3.14)",
    parts={"values": random_cases(draw_readout, N=(9, 20), H=5, O=(1, 3))},
    oracle=oracle_ridge_readout,
    returns=Several((Array("W_hy", "(H, O)"), Array("b_y", "(O,)"))),
    wrong=wrong_ridge_readout,
    misconceptions=MISCONCEPTIONS["ridge_readout"],
    stretch=True,
)
