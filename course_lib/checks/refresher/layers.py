"""Exercises 0.3 and 0.4: the backward pass of a linear layer and of an embedding."""

import numpy as np
import torch

from course_lib.checks.exercise import Exercise, Inputs, Mistakes, judged_by, random_cases
from course_lib.checks.refresher.hints import MISCONCEPTIONS
from course_lib.checks.returns import Array, Several

LinearGradients = tuple[np.ndarray, np.ndarray, np.ndarray]


def draw_linear(rng: np.random.Generator, B: int, D: int, O: int) -> Inputs:
    """Draw what a linear layer has read, its matrix and the gradient that arrives at its output."""
    return {"dy": rng.normal(size=(B, O)), "x": rng.normal(size=(B, D)), "W": rng.normal(size=(D, O))}


def oracle_linear_backward(dy: np.ndarray, x: np.ndarray, W: np.ndarray) -> LinearGradients:
    """Let autograd go back through ``torch.nn.functional.linear``."""
    leaves = [torch.tensor(value, requires_grad=True) for value in (x, W, np.zeros(W.shape[1]))]
    y = torch.nn.functional.linear(leaves[0], leaves[1].T, leaves[2])
    dx, dW, db = torch.autograd.grad(y, leaves, torch.tensor(dy))
    return dx.numpy(), dW.numpy(), db.numpy()


def wrong_linear_backward(mistakes: Mistakes, dy: np.ndarray, x: np.ndarray, W: np.ndarray) -> LinearGradients:
    """Go back through a linear layer, with switches."""
    B = len(x)
    dx = dy @ W if "does-not-transpose-W" in mistakes else dy @ W.T
    dx = dx.T if "column-vectors" in mistakes else dx
    dx = dx * x if "multiplies-dx-by-x" in mistakes else dx
    dW = x @ dy if "does-not-transpose-x" in mistakes else x.T @ dy
    dW = np.outer(x.sum(axis=0), dy.sum(axis=0)) if "multiplies-the-sums" in mistakes else dW
    dW = np.outer(x[-1], dy[-1]) if "keeps-the-last-example-in-dW" in mistakes else dW
    dW = dW.T if "transposes-dW" in mistakes else dW
    dW = dW / B if "averages-dW" in mistakes else dW
    db = dy.sum(axis=1 if "sums-db-over-the-outputs" in mistakes else 0, keepdims="keeps-an-axis-in-db" in mistakes)
    db = db / B if "averages-db" in mistakes else db
    db = dy if "does-not-sum-db" in mistakes else db
    db = dy[-1] if "keeps-the-last-example-in-db" in mistakes else db
    return (dW, dx, db) if "returns-dW-first" in mistakes else (dx, dW, db)


GRADIENTS = Several((Array("dx", "(B, D)"), Array("dW", "(D, O)"), Array("db", "(O,)")))

linear_backward = Exercise(
    number="0.3",
    call="linear_backward(dy, x, W)",
    read="The linear layer, backward, equation (0.4)",
    parts={
        name: judged_by(GRADIENTS.only(name), random_cases(draw_linear, B=(1, 4), D=3, O=5))
        for name in ("dx", "dW", "db")
    },
    oracle=oracle_linear_backward,
    returns=GRADIENTS,
    wrong=wrong_linear_backward,
    misconceptions=MISCONCEPTIONS["linear_backward"],
)


def draw_sentences(rng: np.random.Generator, B: int, T: int, V: int, D: int) -> Inputs:
    """Draw sentences of ids and a matrix with a row for each of V symbols."""
    return {"ids": rng.integers(V, size=(B, T)), "E": rng.normal(size=(V, D))}


def oracle_embed(ids: np.ndarray, E: np.ndarray) -> np.ndarray:
    """Let torch look the rows up."""
    return torch.nn.functional.embedding(torch.tensor(ids), torch.tensor(E)).numpy()


def wrong_embed(mistakes: Mistakes, ids: np.ndarray, E: np.ndarray) -> np.ndarray:
    """Look rows up, with switches."""
    if "counts-ids-from-1" in mistakes:
        ids = ids - 1
    if "looks-up-the-position" in mistakes:
        ids = np.broadcast_to(np.arange(ids.shape[1]), ids.shape)
    if "returns-one-hot" in mistakes:
        return np.eye(len(E))[ids]
    if "looks-up-columns" in mistakes:
        return E[:, ids]
    x = E[ids]
    if "averages-the-symbols" in mistakes:
        return x.mean(axis=1)
    if "adds-up-the-symbols" in mistakes:
        return x.sum(axis=1)
    x = x.swapaxes(0, 1) if "time-first" in mistakes else x
    return x.reshape(-1, E.shape[1]) if "forgets-the-sentences" in mistakes else x


embed = Exercise(
    number="0.4",
    call="embed(ids, E)",
    read="Embedding, equation (0.5)",
    parts={"values": random_cases(draw_sentences, B=(1, 4), T=(1, 6), V=11, D=3)},
    oracle=oracle_embed,
    returns=Array("x", "(B, T, D)"),
    wrong=wrong_embed,
    misconceptions=MISCONCEPTIONS["embed"],
)


def draw_distinct(rng: np.random.Generator, B: int, T: int, D: int) -> Inputs:
    """Draw a gradient for ids of which none comes twice; some symbols, the last one among them, do not come at all."""
    V = B * T + D + 2
    return {"dx": rng.normal(size=(B, T, D)), "ids": rng.permutation(V - 1)[: B * T].reshape(B, T), "V": V}


def draw_repeated(rng: np.random.Generator, B: int, T: int, D: int) -> Inputs:
    """Draw a gradient for few ids: each comes again in a sentence, and in the others at the same time step."""
    V = D + 5
    few = rng.permutation(V - 1)[: T // 2 + 1]
    ids = rng.choice(few, size=(B, T))
    ids[:, 1] = ids[:, 0] = few[0]
    return {"dx": rng.normal(size=(B, T, D)), "ids": ids, "V": V}


def oracle_embed_backward(dx: np.ndarray, ids: np.ndarray, V: int) -> np.ndarray:
    """Let autograd go back through ``torch.nn.functional.embedding``."""
    E = torch.zeros(V, dx.shape[2], dtype=torch.float64, requires_grad=True)
    x = torch.nn.functional.embedding(torch.tensor(ids), E)
    (dE,) = torch.autograd.grad(x, E, torch.tensor(dx))
    return dE.numpy()


def wrong_embed_backward(mistakes: Mistakes, dx: np.ndarray, ids: np.ndarray, V: int) -> np.ndarray:
    """Send the gradient back to the rows, with switches."""
    dE = np.zeros((V, dx.shape[2]))
    counts = np.bincount(ids.ravel(), minlength=V)[:, None]
    rows = ids - 1 if "counts-ids-from-1" in mistakes else ids
    if "counts-a-repeated-id-once" in mistakes:
        dE[rows] += dx
    elif "counts-an-id-once-in-a-sentence" in mistakes:
        for b in range(len(rows)):
            dE[rows[b]] += dx[b]
    elif "counts-an-id-once-at-a-time-step" in mistakes:
        for t in range(rows.shape[1]):
            dE[rows[:, t]] += dx[:, t]
    else:
        np.add.at(dE, rows, dx)
    dE = dE / np.maximum(counts, 1) if "averages-a-repeated-id" in mistakes else dE
    dE = dE / ids.size if "averages-over-the-positions" in mistakes else dE
    if "takes-id-0-for-padding" in mistakes:
        dE[0] = 0
    if "stops-at-the-largest-id" in mistakes:
        dE = dE[: ids.max() + 1]
    if "keeps-the-used-rows-only" in mistakes:
        dE = dE[np.unique(ids[ids < len(dE)])]
    return dE.T if "transposes-dE" in mistakes else dE


embed_backward = Exercise(
    number="0.4",
    call="embed_backward(dx, ids, V)",
    read="Embedding, equation (0.5)",
    parts={
        "distinct ids": random_cases(draw_distinct, B=(1, 4), T=(1, 6), D=3),
        "repeated ids": random_cases(draw_repeated, B=(1, 4), T=(6, 9), D=3),
    },
    oracle=oracle_embed_backward,
    returns=Array("dE", "(V, D)"),
    wrong=wrong_embed_backward,
    misconceptions=MISCONCEPTIONS["embed_backward"],
)
