"""Other right answers to the exercises of chapter 02, for the proof of their graders; nbgrader leaves this file out.

Each uses an algorithm unlike the notebook's. ``EQUIVALENT_MUTANTS`` lists changes of the notebook's solution that
change nothing a caller can see.
"""

import math

import numpy as np

from course_lib.params import RNNParams

Gradients = tuple[np.ndarray, np.ndarray, RNNParams]
Array = np.ndarray


def two_steps_by_program() -> tuple[float, ...]:
    """Let Python do the sums."""
    h_1 = math.tanh(0.5 + 0.16 + 0.1)
    h_2 = math.tanh(-0.5 + 0.8 * h_1 + 0.1)
    da_2 = 1 - h_2**2
    delta_1 = -0.5 + 0.8 * da_2
    da_1 = delta_1 * (1 - h_1**2)
    return delta_1, da_1, da_1 - da_2, 0.2 * da_1 + h_1 * da_2, da_1 + da_2, 0.8 * da_1


def step_backward_by_einsum(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, params: RNNParams) -> Gradients:
    """Name the axes; write the derivative of tanh as a product of two sums."""
    da_t = (1 + h_t) * (1 - h_t) * dh_t
    dparams = RNNParams(
        np.einsum("bd,bh->dh", x_t, da_t), np.einsum("bi,bj->ij", h_prev, da_t), np.einsum("bh->h", da_t)
    )
    return np.einsum("bh,dh->bd", da_t, params.W_xh), np.einsum("bj,ij->bi", da_t, params.W_hh), dparams


def step_backward_by_sequences(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, params: RNNParams) -> Gradients:
    """Go back sequence by sequence, through the derivative of tanh at the sum."""
    dx_t, dh_prev = np.zeros_like(x_t), np.zeros_like(h_prev)
    W_xh, W_hh, b_h = (np.zeros_like(array) for array in params)
    for b, row in enumerate(dh_t):
        a_t = x_t[b] @ params.W_xh + h_prev[b] @ params.W_hh + params.b_h
        da_t = row / np.cosh(a_t) ** 2
        dx_t[b], dh_prev[b] = params.W_xh @ da_t, params.W_hh @ da_t
        W_xh += np.outer(x_t[b], da_t)
        W_hh += np.outer(h_prev[b], da_t)
        b_h += da_t
    return dx_t, dh_prev, RNNParams(W_xh, W_hh, b_h)


def backward_by_recursion(dh: Array, x: Array, h_0: Array, h: Array, params: RNNParams, step_backward) -> Gradients:
    """Cut the last step off; add what it sends to the loss before it, and go on with the shorter sequence."""
    T = x.shape[1]
    h_prev = h[:, T - 2] if T > 1 else h_0
    dx_T, sent, share = step_backward(dh[:, -1], x[:, -1], h_prev, h[:, -1], params)
    if T == 1:
        return dx_T[:, None], sent, share
    shorter = dh[:, :-1].copy()
    shorter[:, -1] += sent
    dx, dh_0, others = backward_by_recursion(shorter, x[:, :-1], h_0, h[:, :-1], params, step_backward)
    sums = RNNParams(*(np.add(*pair) for pair in zip(others, share, strict=True)))
    return np.concatenate([dx, dx_T[:, None]], axis=1), dh_0, sums


def backward_in_one_product(dh: Array, x: Array, h_0: Array, h: Array, params: RNNParams, step_backward) -> Gradients:
    """Only the loop waits for the step after: collect all da, then multiply once for all steps."""
    B, T, H = h.shape
    da, arriving = np.zeros_like(h), np.zeros((B, H))
    for t in reversed(range(T)):
        da[:, t] = (dh[:, t] + arriving) * (1 - h[:, t] ** 2)
        arriving = da[:, t] @ params.W_hh.T
    before = np.concatenate([h_0[:, None], h[:, :-1]], axis=1)
    sums = RNNParams(
        np.tensordot(x, da, axes=((0, 1), (0, 1))), np.tensordot(before, da, axes=((0, 1), (0, 1))), da.sum(axis=(0, 1))
    )
    return da @ params.W_xh.T, arriving, sums


def masked_by_positions(s: Array, y: Array, mask: Array) -> tuple[float, Array]:
    """Visit the positions that count, one after the other."""
    places = [tuple(place) for place in np.argwhere(mask == 1)]
    loss, ds = 0.0, np.zeros_like(s)
    for place in places:
        log_p = s[place] - np.logaddexp.reduce(s[place])
        loss -= log_p[y[place]] / len(places)
        ds[place] = np.exp(log_p) / len(places)
        ds[place][y[place]] -= 1 / len(places)
    return loss, ds


def masked_by_selection(s: Array, y: Array, mask: Array) -> tuple[float, Array]:
    """Take the rows that count out of the batch, average, and put the gradient back."""
    keep = mask.astype(bool)
    rows, targets = s[keep], y[keep]
    margins = rows - rows[np.arange(len(rows)), targets][:, None]
    losses = np.logaddexp.reduce(margins, axis=1)
    ds = np.zeros_like(s)
    ds[keep] = (np.exp(margins - losses[:, None]) - (np.arange(s.shape[-1]) == targets[:, None])) / len(rows)
    return float(np.mean(losses)), ds


def wrong_by_own_differences(loss, passes, params: RNNParams) -> Array:
    """Flatten everything; take differences of the loss along the rows of an identity matrix."""
    sizes = np.cumsum([array.size for array in params])[:-1]

    def at(flat: Array) -> float:
        parts = np.split(flat, sizes)
        return loss(RNNParams(*(part.reshape(array.shape) for part, array in zip(parts, params, strict=True))))

    theta = np.concatenate([array.ravel() for array in params])
    rows = 1e-4 * np.eye(theta.size)
    numeric = np.array([(at(theta + row) - at(theta - row)) / 2e-4 for row in rows])
    found = [np.concatenate([array.ravel() for array in backward(params)]) for backward in passes]
    return np.flatnonzero([np.abs(flat - numeric).max() > 1e-4 for flat in found])


def wrong_by_directions(loss, passes, params: RNNParams) -> list[int]:
    """Move each array in random directions: the slope along a direction is its product with the gradient."""
    rng, wrong, found = np.random.default_rng(0), set(), [backward(params) for backward in passes]
    for name in [name for name in params._fields for _ in range(5)]:
        array = getattr(params, name)
        direction = rng.normal(size=array.shape)
        above, below = (loss(params._replace(**{name: array + h * direction})) for h in (1e-5, -1e-5))
        slope = (above - below) / 2e-5
        for index, gradients in enumerate(found):
            if abs(np.vdot(getattr(gradients, name), direction) - slope) > 1e-6 * (1 + abs(slope)):
                wrong.add(index)
    return sorted(wrong)


def truncated_by_splitting(x: Array, dh: Array, h_0: Array, params: RNNParams, K: int, forward, backward) -> RNNParams:
    """Split the arrays first, then add the shares of the pieces."""
    places = np.arange(K, x.shape[1], K)
    h, shares = h_0, []
    for x_part, dh_part in zip(np.split(x, places, axis=1), np.split(dh, places, axis=1), strict=True):
        states = forward(x_part, h, params)
        shares.append(backward(dh_part, x_part, h, states, params)[2])
        h = states[:, -1]
    return RNNParams(*(np.sum(arrays, axis=0) for arrays in zip(*shares, strict=True)))


def truncated_by_one_loop(x: Array, dh: Array, h_0: Array, params: RNNParams, K: int, forward, backward) -> RNNParams:
    """Go back through the whole sequence once, and forget what is carried where a chunk begins."""
    h = forward(x, h_0, params)
    before = np.concatenate([h_0[:, None], h[:, :-1]], axis=1)
    da, carried = np.zeros_like(h), np.zeros_like(h_0)
    for t in range(x.shape[1] - 1, -1, -1):
        da[:, t] = (dh[:, t] + carried) * (1 - h[:, t] ** 2)
        carried = da[:, t] @ params.W_hh.T if t % K else np.zeros_like(h_0)
    return RNNParams(np.einsum("btd,bth->dh", x, da), np.einsum("bti,btj->ij", before, da), np.einsum("bth->h", da))


def train_by_recursion(x, y, h_0, params, K, eta, max_norm, target, most, chunk_gradients, clip):
    """Make one pass, then train on from there with one pass less."""
    h, losses = h_0, []
    for x_part, y_part in zip(*(np.split(array, np.arange(K, x.shape[1], K), axis=1) for array in (x, y)), strict=True):
        loss, gradients, h = chunk_gradients(x_part, y_part, h, params)
        losses.append(loss)
        params = RNNParams(*map(lambda old, step: old - eta * step, params, clip(gradients, max_norm)))
    mean = sum(losses) / len(losses)
    if mean <= target or most == 1:
        return params, np.array([mean])
    params, later = train_by_recursion(x, y, h_0, params, K, eta, max_norm, target, most - 1, chunk_gradients, clip)
    return params, np.concatenate([[mean], later])


def train_on_one_vector(x, y, h_0, params, K, eta, max_norm, target, most, chunk_gradients, clip):
    """Keep all parameters in one vector, and clip it by hand."""
    ends = np.cumsum([array.size for array in params])
    theta, losses = np.concatenate([array.ravel() for array in params]), []

    def arrays() -> RNNParams:
        return RNNParams(*(p.reshape(a.shape) for p, a in zip(np.split(theta, ends[:-1]), params, strict=True)))

    while len(losses) < most and not (losses and losses[-1] <= target):
        h, total, chunks = h_0, 0.0, range(0, x.shape[1], K)
        for first in chunks:
            loss, gradients, h = chunk_gradients(x[:, first : first + K], y[:, first : first + K], h, arrays())
            flat = np.concatenate([array.ravel() for array in gradients])
            theta = theta - eta * flat * min(1, max_norm / np.linalg.norm(flat))
            total += loss
        losses.append(total / len(chunks))
    return arrays(), np.array(losses)


def windowed_by_runs(x: Array, dh: Array, h_0: Array, params: RNNParams, K: int, forward, backward) -> RNNParams:
    """Run every window afresh from the state before it."""
    T, shares = x.shape[1], []
    for last in range(T):
        first = max(last - K + 1, 0)
        h_start = forward(x[:, :first], h_0, params)[:, -1] if first else h_0
        window = x[:, first : last + 1]
        dh_window = dh[:, first : last + 1] * (np.arange(first, last + 1) == last)[:, None]
        shares.append(backward(dh_window, window, h_start, forward(window, h_start, params), params)[2])
    return RNNParams(*(sum(arrays) for arrays in zip(*shares, strict=True)))


def windowed_by_lags(x: Array, dh: Array, h_0: Array, params: RNNParams, K: int, forward, backward) -> RNNParams:
    """Send all losses back at once, one lag after the other, and stop after K of them."""
    h = forward(x, h_0, params)
    before = np.concatenate([h_0[:, None], h[:, :-1]], axis=1)
    travelling, da = dh.copy(), np.zeros_like(dh)
    for _ in range(min(K, x.shape[1])):
        sent = travelling * (1 - h**2)
        da += sent
        travelling = np.concatenate([(sent @ params.W_hh.T)[:, 1:], np.zeros_like(h[:, :1])], axis=1)
    return RNNParams(np.einsum("btd,bth->dh", x, da), np.einsum("bti,btj->ij", before, da), da.sum(axis=(0, 1)))


OTHER_ANSWERS = {
    "two_steps": [two_steps_by_program],
    "rnn_step_backward": [step_backward_by_einsum, step_backward_by_sequences],
    "rnn_backward": [backward_by_recursion, backward_in_one_product],
    "masked_cross_entropy": [masked_by_positions, masked_by_selection],
    "wrong_passes": [wrong_by_own_differences, wrong_by_directions],
    "truncated_bptt": [truncated_by_splitting, truncated_by_one_loop],
    "train_loop": [train_by_recursion, train_on_one_vector],
    "windowed_bptt": [windowed_by_runs, windowed_by_lags],
}

SUMS = (
    "first two arguments swapped at `zip(sums, share, strict=True)` in "
    "`sums = [total + part for total, part in zip(sums, share, strict=True)]`"
)
EITHER_WAY = {SUMS: "a sum is the same in either order"}

EQUIVALENT_MUTANTS = {
    "rnn_backward": EITHER_WAY,
    "wrong_passes": {
        "other comparison at `max(errors) > 1e-05` in `if max(errors) > 1e-05:`": "no error is exactly 1e-5",
        "first two arguments swapped at `relative_error(mine, numeric[name])` in `errors = [relative_error(mine, "
        "numeric[name]) for name, mine in backward(params)._asdict().items()]`": "it is the same either way",
    },
    "truncated_bptt": EITHER_WAY,
    "train_loop": {
        "other comparison at `losses[-1] <= target` in `if losses[-1] <= target:`": (
            "no loss is exactly the target: the last bits of a mean depend on the order of its sum"
        ),
    },
    "windowed_bptt": {
        **EITHER_WAY,
        "first two arguments swapped at `max(0, end - K)` in `first = max(0, end - K)`": "it is the same either way",
    },
}
