"""Other right answers to the exercises of chapter 04, for the proof of their graders; nbgrader leaves this file out.

Each uses an algorithm unlike the notebook's. ``EQUIVALENT_MUTANTS`` lists changes of the notebook's solution that
change nothing a caller can see.
"""

import math

import numpy as np

from course_lib.params import LSTMParams, PeepholeParams

Array = np.ndarray


def latch_column_by_column() -> LSTMParams:
    """Write one block after the other; the output gate stays half open, which a latch does not mind."""
    W_x, b = np.zeros((2, 4)), np.zeros(4)
    W_x[:, 0], b[0] = (0, 30), -15
    W_x[:, 1], b[1] = (0, -30), 15
    W_x[0, 2] = 1
    return LSTMParams(W_x, np.zeros((1, 4)), b)


def latch_in_integers() -> LSTMParams:
    """Let the output gate hear whatever it likes; integers are numbers too."""
    return LSTMParams(np.array([[0, 0, 1, 7], [90, -80, 0, -3]]), np.array([[0, 0, 0, 2]]), np.array([-40, 40, 0, 1]))


def step_by_loops(x_t: Array, h_prev: Array, c_prev: Array, params: LSTMParams) -> tuple[Array, Array]:
    """Take one unit of one sequence after the other; write sigma with tanh."""
    B, H = h_prev.shape
    h_t, c_t = np.zeros((B, H)), np.zeros((B, H))
    for n in range(B):
        for j in range(H):
            columns = [j + k * H for k in range(4)]
            i, f, g, o = (x_t[n] @ params.W_x[:, k] + h_prev[n] @ params.W_h[:, k] + params.b[k] for k in columns)
            i, f, o = ((1 + math.tanh(a / 2)) / 2 for a in (i, f, o))
            c_t[n, j] = f * c_prev[n, j] + i * math.tanh(g)
            h_t[n, j] = o * math.tanh(c_t[n, j])
    return h_t, c_t


def step_in_one_product(x_t: Array, h_prev: Array, c_prev: Array, params: LSTMParams) -> tuple[Array, Array]:
    """Lay inputs, states and a 1 side by side, and the weights below each other."""
    ones = np.ones((len(x_t), 1))
    a = np.hstack([x_t, h_prev, ones]) @ np.vstack([params.W_x, params.W_h, params.b])
    i, f, g, o = a.reshape(len(x_t), 4, -1).transpose(1, 0, 2)
    c_t = c_prev / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
    return np.tanh(c_t) / (1 + np.exp(-o)), c_t


def step_backward_by_einsum(
    dh_t: Array, dc_next: Array, x_t: Array, h_prev: Array, c_prev: Array, c_t: Array, gates: tuple, params: LSTMParams
) -> tuple[Array, ...]:
    """Stack the four blocks, and let einsum name the axes."""
    i, f, g, o = gates
    shown = np.tanh(c_t)
    dc_t = dc_next + dh_t * o / np.cosh(c_t) ** 2
    slopes = np.stack([i - i * i, f - f * f, (1 - g) * (1 + g), o - o * o])
    da = slopes * np.stack([dc_t * g, dc_t * c_prev, dc_t * i, dh_t * shown])
    W_x, W_h = (W.reshape(len(W), 4, -1) for W in (params.W_x, params.W_h))
    dW_x, dW_h = np.einsum("bd,kbh->dkh", x_t, da), np.einsum("bj,kbh->jkh", h_prev, da)
    dx_t, dh_prev = np.einsum("kbh,dkh->bd", da, W_x), np.einsum("kbh,jkh->bj", da, W_h)
    return dx_t, dh_prev, f * dc_t, *(dW.reshape(len(dW), -1) for dW in (dW_x, dW_h)), da.sum(axis=1).ravel()


def step_backward_by_complex_steps(
    dh_t: Array, dc_next: Array, x_t: Array, h_prev: Array, c_prev: Array, c_t: Array, gates: tuple, params: LSTMParams
) -> tuple[Array, ...]:
    """Move each sum, and the old cell, by a tiny imaginary number, and see what arrives; sequences go one by one."""

    def arrives(a: Array, c: Array) -> Array:
        a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
        cell = c / (1 + np.exp(-a_f)) + np.tanh(a_g) / (1 + np.exp(-a_i))
        return (dh_t * np.tanh(cell) / (1 + np.exp(-a_o)) + dc_next * cell).imag.sum(axis=1) / 1e-30

    a = x_t @ params.W_x + h_prev @ params.W_h + params.b
    tiny, H = 1e-30j * np.eye(a.shape[1]), h_prev.shape[1]
    da = np.stack([arrives(a + tiny[k], c_prev) for k in range(4 * H)], axis=1)
    dc_prev = np.stack([arrives(a, c_prev + tiny[k, :H]) for k in range(H)], axis=1)
    dW_x = sum(np.outer(row, sums) for row, sums in zip(x_t, da, strict=True))
    dW_h = sum(np.outer(row, sums) for row, sums in zip(h_prev, da, strict=True))
    dx_t, dh_prev = (np.stack([W @ sums for sums in da]) for W in (params.W_x, params.W_h))
    return dx_t, dh_prev, dc_prev, dW_x, dW_h, np.ones(len(da)) @ da


def backward_by_recursion(
    dh: Array, dc_T: Array, x: Array, h: Array, c: Array, gates: tuple, params: LSTMParams, step_backward
) -> tuple[Array, ...]:
    """Take the last step back, then the shorter sequence before it."""

    def back(t: int, delta_h: Array, delta_c: Array) -> tuple[list[Array], Array, Array, list[Array]]:
        if t < 0:
            return [], delta_h, delta_c, [np.zeros_like(array) for array in params]
        now = tuple(gate[:, t] for gate in gates)
        heard = step_backward(dh[:, t] + delta_h, delta_c, x[:, t], h[:, t], c[:, t], c[:, t + 1], now, params)
        dx, dh_0, dc_0, sums = back(t - 1, heard[1], heard[2])
        return [*dx, heard[0]], dh_0, dc_0, [a + b for a, b in zip(sums, heard[3:], strict=True)]

    dx, dh_0, dc_0, sums = back(x.shape[1] - 1, np.zeros_like(dc_T), dc_T)
    return np.stack(dx, axis=1), dh_0, dc_0, *sums


def backward_in_one_product(
    dh: Array, dc_T: Array, x: Array, h: Array, c: Array, gates: tuple, params: LSTMParams, step_backward
) -> tuple[Array, ...]:
    """Keep the gradients at the sums of all steps, and multiply once at the end; nothing that is lent is called."""
    i, f, g, o = gates
    da = np.zeros((*x.shape[:2], 4 * dc_T.shape[1]))
    delta_h, delta_c = np.zeros_like(dc_T), dc_T
    for t in range(x.shape[1] - 1, -1, -1):
        delta_h = delta_h + dh[:, t]
        shown = np.tanh(c[:, t + 1])
        delta_c = delta_c + delta_h * o[:, t] * (1 - shown**2)
        partners = (delta_c * g[:, t], delta_c * c[:, t], delta_c * i[:, t], delta_h * shown)
        slopes = (i[:, t] * (1 - i[:, t]), f[:, t] * (1 - f[:, t]), 1 - g[:, t] ** 2, o[:, t] * (1 - o[:, t]))
        da[:, t] = np.hstack([partner * slope for partner, slope in zip(partners, slopes, strict=True)])
        delta_h, delta_c = da[:, t] @ params.W_h.T, delta_c * f[:, t]
    dW_x, dW_h = np.einsum("btd,btk->dk", x, da), np.einsum("btj,btk->jk", h[:, :-1], da)
    return da @ params.W_x.T, delta_h, delta_c, dW_x, dW_h, da.sum(axis=(0, 1))


def half_life_by_log1p(b: float) -> float:
    """Write the logarithm of sigma without sigma."""
    return math.log(2) / math.log1p(math.exp(-b))


def half_life_in_bits(b: float) -> float:
    """Count in bits: one half is one of them."""
    return float(1 / np.logaddexp2(0, -b / math.log(2)))


def bias_from_the_gate(T: int) -> float:
    """Undo sigma at the gate: what stays over what is lost."""
    f = 1 - 1 / T
    return math.log(f / (1 - f))


def bias_by_bisection(T: int) -> float:
    """Halve an interval until sigma of its middle is the gate."""
    low, high = -1.0, 50.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if math.exp(-middle) * (T - 1) > 1 else (low, middle)
    return (low + high) / 2


def counter_by_the_input_gate() -> LSTMParams:
    """Let the candidate be 1 or -1, and the input gate one tenth."""
    W_x = np.array([[0.0, 0.0, 30.0, 0.0], [0.0, 0.0, -30.0, 0.0]])
    return LSTMParams(W_x, np.zeros((1, 4)), np.array([math.log(0.1 / 0.9), 25.0, 0.0, 0.0]))


def counter_with_a_calculator() -> LSTMParams:
    """Round the weight as a pocket calculator shows it, and open the gates through the inputs."""
    W_x = np.array([[18, 18, 0.1003, 0], [18, 18, -0.1003, 0]])
    return LSTMParams(W_x, np.zeros((1, 4)), np.zeros(4))


def coupled_as_a_mean(x_t: Array, h_prev: Array, c_prev: Array, params: LSTMParams) -> tuple[Array, Array]:
    """Go from the candidate towards the old cell by the share f."""
    H = h_prev.shape[1]
    a = params.b + np.einsum("bd,dk->bk", x_t, params.W_x) + np.einsum("bj,jk->bk", h_prev, params.W_h)
    g = np.tanh(a[:, H : 2 * H])
    c_t = g + (c_prev - g) / (1 + np.exp(-a[:, :H]))
    return np.tanh(c_t) / (1 + np.exp(-a[:, 2 * H :])), c_t


def coupled_by_two_gates(x_t: Array, h_prev: Array, c_prev: Array, params: LSTMParams) -> tuple[Array, Array]:
    """Give a plain step an input block that is the forget block with its sign turned."""
    H = h_prev.shape[1]
    four = LSTMParams(*(np.concatenate([-array[..., :H], array], axis=-1) for array in params))
    return step_in_one_product(x_t, h_prev, c_prev, four)


def peephole_by_loops(
    x_t: Array, h_prev: Array, c_prev: Array, params: LSTMParams, peepholes: PeepholeParams
) -> tuple[Array, Array]:
    """Take one unit after the other."""
    H = h_prev.shape[1]
    h_t, c_t = np.zeros_like(c_prev), np.zeros_like(c_prev)
    for j in range(H):
        a = [x_t @ params.W_x[:, k] + h_prev @ params.W_h[:, k] + params.b[k] for k in range(j, 4 * H, H)]
        i = 1 / (1 + np.exp(-a[0] - peepholes.p_i[j] * c_prev[:, j]))
        f = 1 / (1 + np.exp(-a[1] - peepholes.p_f[j] * c_prev[:, j]))
        c_t[:, j] = f * c_prev[:, j] + i * np.tanh(a[2])
        h_t[:, j] = np.tanh(c_t[:, j]) / (1 + np.exp(-a[3] - peepholes.p_o[j] * c_t[:, j]))
    return h_t, c_t


def peephole_by_diagonals(
    x_t: Array, h_prev: Array, c_prev: Array, params: LSTMParams, peepholes: PeepholeParams
) -> tuple[Array, Array]:
    """Multiply by diagonal matrices; write sigma with tanh."""
    a_i, a_f, a_g, a_o = np.hsplit(x_t @ params.W_x + h_prev @ params.W_h + params.b, 4)
    i, f = (0.5 + np.tanh((a + c_prev @ np.diag(p)) / 2) / 2 for a, p in zip((a_i, a_f), peepholes[:2], strict=True))
    c_t = f * c_prev + i * np.tanh(a_g)
    return (0.5 + np.tanh((a_o + c_t @ np.diag(peepholes.p_o)) / 2) / 2) * np.tanh(c_t), c_t


OTHER_ANSWERS = {
    "latch": [latch_column_by_column, latch_in_integers],
    "lstm_step": [step_by_loops, step_in_one_product],
    "lstm_step_backward": [step_backward_by_einsum, step_backward_by_complex_steps],
    "lstm_backward": [backward_by_recursion, backward_in_one_product],
    "half_life": [half_life_by_log1p, half_life_in_bits],
    "bias_for": [bias_from_the_gate, bias_by_bisection],
    "counter": [counter_by_the_input_gate, counter_with_a_calculator],
    "coupled_step": [coupled_as_a_mean, coupled_by_two_gates],
    "peephole_step": [peephole_by_loops, peephole_by_diagonals],
}

EQUIVALENT_MUTANTS = {
    "lstm_backward": {
        "first two arguments swapped at `zip(sums, share, strict=True)` in "
        "`sums = [total + part for total, part in zip(sums, share, strict=True)]`": (
            "a sum is the same in either order"
        ),
    },
}
