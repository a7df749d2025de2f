"""Other right answers to the exercises of chapter 05, for the proof of their graders; nbgrader leaves this file out.

Each uses an algorithm unlike the notebook's. ``EQUIVALENT_MUTANTS`` lists changes of the notebook's solution that
change nothing a caller can see.
"""

import math

import numpy as np
import torch

from course_lib.params import GRUBeforeParams, GRUParams

Array = np.ndarray
Gates = tuple[Array, Array, Array, Array]
Gradients = tuple[Array, Array, Array, Array, Array, Array]


def step_by_units(x_t: Array, h_prev: Array, params: GRUParams) -> Array:
    """Visit every unit of every sequence; the logistic function is a tanh of half the sum."""
    H, h_t = len(params.W_h), np.zeros_like(h_prev)
    for place in np.ndindex(*h_t.shape):
        b, j = place
        x_r, x_z, x_n = (x_t[b] @ params.W_x[:, j + k * H] + params.b[j + k * H] for k in range(3))
        h_r, h_z, h_n = (h_prev[b] @ params.W_h[:, j + k * H] for k in range(3))
        r, z = (0.5 + 0.5 * math.tanh(a / 2) for a in (x_r + h_r, x_z + h_z))
        h_t[place] = (1 - z) * math.tanh(x_n + r * (h_n + params.b_hn[j])) + z * h_prev[place]
    return h_t


def step_by_einsum(x_t: Array, h_prev: Array, params: GRUParams) -> Array:
    """Give the blocks an axis of their own, and move the old state towards the candidate."""
    (D, _), H = params.W_x.shape, len(params.W_h)
    from_x = np.einsum("bd,dkh->kbh", x_t, params.W_x.reshape(D, 3, H)) + params.b.reshape(3, 1, H)
    from_h = np.einsum("bi,ikh->kbh", h_prev, params.W_h.reshape(H, 3, H))
    r, z = np.exp(-np.logaddexp(0, -(from_x + from_h)[:2]))
    n = np.tanh(from_x[2] + r * from_h[2] + r * params.b_hn)
    return h_prev + (1 - z) * (n - h_prev)


def mirrored_in_place(params: GRUParams) -> GRUParams:
    """Copy, then turn the columns of z round."""
    arrays = [array.copy() for array in params]
    H = len(arrays[3])
    for array in arrays[:3]:
        array[..., H : 2 * H] *= -1
    return GRUParams(*arrays)


def mirrored_by_splitting(params: GRUParams) -> GRUParams:
    """Take the blocks apart and put them together again."""
    blocks = [np.split(array, 3, axis=-1) for array in params[:3]]
    return GRUParams(*(np.concatenate([r, -z, n], axis=-1) for r, z, n in blocks), params.b_hn)


def before_step_by_sequences(x_t: Array, h_prev: Array, params: GRUBeforeParams) -> Array:
    """Go through the batch; the matrices stand on the left of columns."""
    H, rows = len(params.W_h), []
    for x, h in zip(x_t, h_prev, strict=True):
        a = params.W_x.T @ x + params.b
        gates = 1 / (1 + np.exp(-a[: 2 * H] - params.W_h[:, : 2 * H].T @ h))
        n = np.tanh(a[2 * H :] + params.W_h[:, 2 * H :].T @ (gates[:H] * h))
        rows.append(n + gates[H:] * (h - n))
    return np.array(rows)


def before_step_with_gates_in_the_matrix(x_t: Array, h_prev: Array, params: GRUBeforeParams) -> Array:
    """Let the reset gate scale the rows of the candidate's matrix, a matrix for each sequence."""
    H = len(params.W_h)
    a = np.hstack([x_t, h_prev]) @ np.vstack([params.W_x, params.W_h]) + params.b
    r, z = np.split(0.5 + 0.5 * np.tanh(a[:, : 2 * H] / 2), 2, axis=1)
    matrices = r[:, :, None] * params.W_h[:, 2 * H :]
    from_h = np.einsum("bi,bij->bj", h_prev, matrices)
    n = np.tanh((x_t @ params.W_x + params.b)[:, 2 * H :] + from_h)
    return (1 - z) * n + z * h_prev


def differing_with_one_state() -> tuple[Array, Array]:
    """Shut the reset gate of unit 1, and let unit 2 alone hold something."""
    return np.array([[-4.0, -1.0, 0.0]]), np.array([[0.0, -1.0]])


def differing_with_integers() -> tuple[Array, Array]:
    """Use whole numbers."""
    return np.array([[1, -3, 0]]), np.array([[1, 1]])


def step_backward_by_complex_steps(
    dh_t: Array, x_t: Array, h_prev: Array, gates: Gates, params: GRUParams
) -> Gradients:
    """Find the slopes of the new state by imaginary steps, which no rounding spoils; the matrices come after."""
    a_r, a_z, x_n = np.split(x_t @ params.W_x + params.b, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ params.W_h, 3, axis=1)
    sums = a_r + h_r, a_z + h_z, x_n, h_n + params.b_hn, h_prev

    def slope(moved: int) -> Array:
        r, z, n, q, old = (a + 1e-30j * (number == moved) for number, a in enumerate(sums))
        r, z = 1 / (1 + np.exp(-r)), 1 / (1 + np.exp(-z))
        return dh_t * ((1 - z) * np.tanh(n + r * q) + z * old).imag / 1e-30

    at_x, at_h = np.hstack([slope(0), slope(1), slope(2)]), np.hstack([slope(0), slope(1), slope(3)])
    dh_prev = slope(4) + np.einsum("bk,ik->bi", at_h, params.W_h)
    dW_x, dW_h = (np.einsum("bi,bk->ik", left, at) for left, at in ((x_t, at_x), (h_prev, at_h)))
    return np.einsum("bk,dk->bd", at_x, params.W_x), dh_prev, dW_x, dW_h, at_x.sum(axis=0), slope(3).sum(axis=0)


def step_backward_by_sequences(dh_t: Array, x_t: Array, h_prev: Array, gates: Gates, params: GRUParams) -> Gradients:
    """Go back sequence by sequence and block by block."""
    dx_t, dh_prev = np.zeros_like(x_t), np.zeros_like(h_prev)
    dW_x, dW_h, db, db_hn = (np.zeros_like(array) for array in params)
    H = len(params.W_h)
    for b, arriving in enumerate(dh_t):
        r, z, n, q = (gate[b] for gate in gates)
        dn, dz = arriving - arriving * z, arriving * h_prev[b] - arriving * n
        da_n = dn - dn * n**2
        sums = {0: da_n * q * (r - r**2), 1: dz * (z - z**2), 2: da_n}
        dh_prev[b] += arriving * z
        for k, da in sums.items():
            columns = slice(k * H, (k + 1) * H)
            at_h = r * da if k == 2 else da
            dx_t[b] += params.W_x[:, columns] @ da
            dh_prev[b] += params.W_h[:, columns] @ at_h
            dW_x[:, columns] += np.outer(x_t[b], da)
            dW_h[:, columns] += np.outer(h_prev[b], at_h)
            db[columns] += da
        db_hn += r * da_n
    return dx_t, dh_prev, dW_x, dW_h, db, db_hn


def from_torch_with_torch(weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array) -> GRUParams:
    """Let torch turn the matrices and add the biases."""
    b_hn = torch.tensor(bias_hh).chunk(3)[2]
    added = torch.tensor(bias_ih) + torch.tensor(bias_hh)
    added[-len(b_hn) :] -= b_hn
    exact = torch.cat([added[: -len(b_hn)], torch.tensor(bias_ih)[-len(b_hn) :]])
    W_x, W_h = (torch.tensor(weight).mT.contiguous() for weight in (weight_ih, weight_hh))
    return GRUParams(W_x.numpy(), W_h.numpy(), exact.numpy(), b_hn.numpy())


def from_torch_number_by_number(weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array) -> GRUParams:
    """Copy every number to its place."""
    n_columns, H = weight_hh.shape
    W_x, W_h = np.zeros((weight_ih.shape[1], n_columns)), np.zeros((H, n_columns))
    b, b_hn = np.zeros(n_columns), np.zeros(H)
    for column in range(n_columns):
        W_x[:, column], W_h[:, column], b[column] = weight_ih[column], weight_hh[column], bias_ih[column]
        if column < 2 * H:
            b[column] += bias_hh[column]
        else:
            b_hn[column - 2 * H] = bias_hh[column]
    return GRUParams(W_x, W_h, b, b_hn)


def widths_by_counting(P: int, D: int) -> tuple[int, ...]:
    """Make each cell wider as long as it fits."""

    def widest(k: int, second: int) -> int:
        H = 1
        while k * H * (D + H + 1) + second * H <= P:
            H += 1
        return H - 1

    return widest(1, 0), widest(3, 1), widest(4, 0)


def widths_by_bisection(P: int, D: int) -> list[int]:
    """Halve the interval in which the width lies."""
    found = []
    for k, biases in ((1, 1), (3, 4), (4, 4)):
        fits, too_wide = 0, P + 1
        while too_wide - fits > 1:
            middle = (fits + too_wide) // 2
            within = middle * (k * D + k * middle + biases) <= P
            fits, too_wide = (middle, too_wide) if within else (fits, middle)
        found.append(fits)
    return found


def reversed_row_by_row(x: Array, lengths: Array) -> Array:
    """Turn the first steps of each row round."""
    result = x.copy()
    for row, before, length in zip(result, x, lengths, strict=True):
        row[:length] = before[length - 1 :: -1] if length < len(before) else before[::-1]
    return result


def reversed_by_sorting(x: Array, lengths: Array) -> Array:
    """Sort the steps: those that count by falling time, the padding after them by rising time."""
    T = x.shape[1]
    t = np.tile(np.arange(T), (len(x), 1))
    order = np.argsort(np.where(t < np.reshape(lengths, (-1, 1)), -t, T + t), axis=1)
    return np.stack([row[places] for row, places in zip(x, order, strict=True)])


OTHER_ANSWERS = {
    "gru_step": [step_by_units, step_by_einsum],
    "mirrored": [mirrored_in_place, mirrored_by_splitting],
    "gru_before_step": [before_step_by_sequences, before_step_with_gates_in_the_matrix],
    "differing_input": [differing_with_one_state, differing_with_integers],
    "gru_step_backward": [step_backward_by_complex_steps, step_backward_by_sequences],
    "from_torch": [from_torch_with_torch, from_torch_number_by_number],
    "widths": [widths_by_counting, widths_by_bisection],
    "reverse_within_lengths": [reversed_row_by_row, reversed_by_sorting],
}

MIRRORED = "return GRUParams(params.W_x * sign, params.W_h * sign, params.b * sign, params.b_hn)"

EQUIVALENT_MUTANTS = {
    "mirrored": {
        f"other operator at `params.{name} * sign` in `{MIRRORED}`": "dividing by 1 or -1 is multiplying by it"
        for name in ("W_x", "W_h", "b")
    },
}
