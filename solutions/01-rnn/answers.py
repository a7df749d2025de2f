"""Other right answers to the exercises of chapter 01, for the proof of their graders; nbgrader leaves this file out.

Each uses an algorithm unlike the notebook's. ``EQUIVALENT_MUTANTS`` lists changes of the notebook's solution that
change nothing a caller can see.
"""

import math

import numpy as np

from course_lib.params import HeadParams, RNNParams


def trace_by_program() -> tuple[float, ...]:
    """Let Python do the sums."""
    h_1 = math.tanh(0.6 + 0.5 * 0.3 - 0.2)
    h_2 = math.tanh(-1 + 0.5 * h_1 - 0.2)
    return h_1, h_2, math.tanh(0.4 + 0.5 * h_2 - 0.2)


def step_by_loops(x_t: np.ndarray, h_prev: np.ndarray, params: RNNParams) -> np.ndarray:
    """Add up every product by hand."""
    h_t = np.empty_like(h_prev)
    for b in range(len(x_t)):
        for j in range(len(params.b_h)):
            total = params.b_h[j]
            for i in range(x_t.shape[1]):
                total += x_t[b, i] * params.W_xh[i, j]
            for k in range(len(params.b_h)):
                total += h_prev[b, k] * params.W_hh[k, j]
            h_t[b, j] = math.tanh(total)
    return h_t


def step_in_one_product(x_t: np.ndarray, h_prev: np.ndarray, params: RNNParams) -> np.ndarray:
    """Put input, state and 1 side by side and multiply once; write tanh by exponentials."""
    joined = np.concatenate([x_t, h_prev, np.ones((len(x_t), 1))], axis=1)
    a_t = np.einsum("bi,ij->bj", joined, np.concatenate([params.W_xh, params.W_hh, params.b_h[None]]))
    return 2 / (1 + np.exp(-2 * a_t)) - 1


def forward_into_an_array(x: np.ndarray, h_0: np.ndarray, params: RNNParams, step) -> np.ndarray:
    """Fill an array; read the state before from it."""
    B, T, _ = x.shape
    h = np.empty((B, T + 1, h_0.shape[1]))
    h[:, 0] = h_0
    for t in range(T):
        h[:, t + 1] = step(x[:, t], h[:, t], params)
    return h[:, 1:]


def forward_by_recursion(x: np.ndarray, h_0: np.ndarray, params: RNNParams, step) -> np.ndarray:
    """Take the first step, then run the rest from there."""
    h_1 = step(x[:, 0], h_0, params)
    if x.shape[1] == 1:
        return h_1[:, None]
    return np.concatenate([h_1[:, None], forward_by_recursion(x[:, 1:], h_1, params, step)], axis=1)


def last_by_loop(h: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Pick row by row."""
    return np.array([h[row, length - 1] for row, length in enumerate(lengths)])


def last_by_mask(h: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Multiply by a mask that is 1 at the last step and add up."""
    is_last = np.arange(h.shape[1]) == lengths[:, None] - 1
    return (h * is_last[:, :, None]).sum(axis=1)


def many_to_one_by_einsum(h: np.ndarray, head: HeadParams) -> np.ndarray:
    """Apply the head to every state, then keep the last answer."""
    return (np.einsum("bth,ho->bto", h, head.W_hy) + head.b_y)[:, -1]


def many_to_one_by_loop(h: np.ndarray, head: HeadParams) -> np.ndarray:
    """Answer sequence by sequence."""
    return np.array([states[-1] @ head.W_hy + head.b_y for states in h])


def aligned_by_einsum(h: np.ndarray, head: HeadParams) -> np.ndarray:
    """Name the axes."""
    return np.einsum("bth,ho->bto", h, head.W_hy) + head.b_y


def aligned_by_loop(h: np.ndarray, head: HeadParams) -> np.ndarray:
    """Answer step by step."""
    return np.stack([h[:, t] @ head.W_hy + head.b_y for t in range(h.shape[1])], axis=1)


def softmax_by_logsumexp(s_t: np.ndarray, tau: float) -> np.ndarray:
    """Subtract the logarithm of the sum."""
    scaled = s_t / tau
    return np.exp(scaled - np.logaddexp.reduce(scaled))


def softmax_by_ratios(s_t: np.ndarray, tau: float) -> np.ndarray:
    """Compare each symbol with every other."""
    with np.errstate(over="ignore"):
        return 1 / np.exp((s_t[None, :] - s_t[:, None]) / tau).sum(axis=1)


def generate_by_inverting(first, n, h_0, params, head, tau, rng, step, tempered_softmax) -> list[int]:
    """Draw by inverting the cumulative distribution, with a row of the identity as the one-hot vector."""
    symbols, h = [first], h_0
    while len(symbols) <= n:
        x_t = np.zeros((1, len(params.W_xh)), dtype=int)
        x_t[0, symbols[-1]] = 1
        h = step(x_t, h, params)
        p = tempered_softmax((h @ head.W_hy + head.b_y)[0], tau)
        symbols.append(int(np.searchsorted(np.cumsum(p) / p.sum(), rng.random(), side="right")))
    return symbols[1:]


def generate_by_recursion(first, n, h_0, params, head, tau, rng, step, tempered_softmax) -> list[int]:
    """Draw one symbol, then generate the rest from it."""
    if n == 0:
        return []
    V = len(params.W_xh)
    h = step(np.eye(V)[first][None], h_0, params)
    p = tempered_softmax(np.einsum("ho,h->o", head.W_hy, h[0]) + head.b_y, tau)
    symbol = int(rng.choice(np.arange(V), p=p))
    return [symbol, *generate_by_recursion(symbol, n - 1, h, params, head, tau, rng, step, tempered_softmax)]


def windows_by_view(series: np.ndarray, T: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Take NumPy's sliding view."""
    view = np.lib.stride_tricks.sliding_window_view(series, T, axis=0)
    return view[:-1].transpose(0, 2, 1).copy(), series[T:, target]


def windows_by_index(series: np.ndarray, T: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Index with a table of row numbers."""
    rows = np.arange(len(series) - T)[:, None] + np.arange(T)
    return series[rows], np.array([series[row[-1] + 1][target] for row in rows])


def scaled_by_columns(series: np.ndarray, n_train: int) -> np.ndarray:
    """Scale feature by feature, with sums."""
    columns = []
    for column in series.T:
        mean = sum(column[:n_train]) / n_train
        variance = sum((value - mean) ** 2 for value in column[:n_train]) / n_train
        columns.append((column - mean) / math.sqrt(variance))
    return np.stack(columns, axis=1)


def scaled_by_moments(series: np.ndarray, n_train: int) -> np.ndarray:
    """Centre first, then divide by the root of the mean square of the centred past."""
    centred = series - np.add.reduce(series[:n_train]) / n_train
    return centred / np.sqrt(np.square(centred[:n_train]).mean(axis=0, keepdims=True))


OTHER_ANSWERS = {
    "trace": [trace_by_program],
    "rnn_step": [step_by_loops, step_in_one_product],
    "rnn_forward": [forward_into_an_array, forward_by_recursion],
    "last_valid_state": [last_by_loop, last_by_mask],
    "many_to_one": [many_to_one_by_einsum, many_to_one_by_loop],
    "aligned": [aligned_by_einsum, aligned_by_loop],
    "tempered_softmax": [softmax_by_logsumexp, softmax_by_ratios],
    "generate": [generate_by_inverting, generate_by_recursion],
    "make_windows": [windows_by_view, windows_by_index],
    "scale_by_the_past": [scaled_by_columns, scaled_by_moments],
}

EQUIVALENT_MUTANTS = {
    "generate": {
        "minus 1 at `0` in `symbol = int(rng.choice(V, p=tempered_softmax(s[0], tau)))`": (
            "s has one row, so its first row is its last"
        ),
    },
}
