"""Other right answers to the exercises of chapter 00, for the proof of their graders; nbgrader leaves this file out.

Each uses an algorithm unlike the notebook's. ``EQUIVALENT_MUTANTS`` lists changes of the notebook's solution that
change nothing a caller can see.
"""

import math

import numpy as np

Pair = tuple[float, np.ndarray]
Three = tuple[np.ndarray, np.ndarray, np.ndarray]


def softmax_by_ratios(s: np.ndarray) -> np.ndarray:
    """Compare each logit with every other of its row."""
    with np.errstate(over="ignore"):
        return 1 / np.exp(s[:, None, :] - s[:, :, None]).sum(axis=2)


def softmax_by_logsumexp(s: np.ndarray) -> np.ndarray:
    """Take the logarithm of the sum away, row by row."""
    return np.array([np.exp(row - np.logaddexp.reduce(row)) for row in s])


def cross_entropy_by_rows(s: np.ndarray, y: np.ndarray) -> Pair:
    """Add up the loss of one row after the other, with Python's own sums."""
    loss, ds = 0.0, []
    for row, target in zip(s.tolist(), y.tolist(), strict=True):
        largest = max(row)
        log_sum = largest + math.log(sum(math.exp(value - largest) for value in row))
        loss += (log_sum - row[target]) / len(s)
        ds.append([(math.exp(value - log_sum) - (k == target)) / len(s) for k, value in enumerate(row)])
    return loss, np.array(ds)


def cross_entropy_by_margins(s: np.ndarray, y: np.ndarray) -> Pair:
    """Measure every logit from that of the target, and write the gradient with one-hot rows."""
    onehot = np.eye(s.shape[1])[y]
    margins = s - (s * onehot).sum(axis=1, keepdims=True)
    losses = np.logaddexp.reduce(margins, axis=1)
    ds = np.exp(margins - losses[:, None]) - onehot
    return np.average(losses), ds / y.size


def linear_backward_by_einsum(dy: np.ndarray, x: np.ndarray, W: np.ndarray) -> Three:
    """Name the axes; what is missing on the right is summed over."""
    return np.einsum("bo,do->bd", dy, W), np.einsum("bd,bo->do", x, dy), np.einsum("bo->o", dy)


def linear_backward_by_rows(dy: np.ndarray, x: np.ndarray, W: np.ndarray) -> Three:
    """Go back row by row: what each row adds to the gradients is an outer product."""
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    for b, (dy_b, x_b) in enumerate(zip(dy, x, strict=True)):
        dx[b] = W @ dy_b
        dW += np.outer(x_b, dy_b)
        db += dy_b
    return dx, dW, db


def embed_by_loops(ids: np.ndarray, E: np.ndarray) -> np.ndarray:
    """Copy row after row."""
    return np.array([[E[symbol] for symbol in sentence] for sentence in ids])


def embed_by_product(ids: np.ndarray, E: np.ndarray) -> np.ndarray:
    """Multiply one-hot rows by the matrix."""
    onehot = (ids[..., None] == np.arange(len(E))).astype(float)
    return onehot @ E


def embed_backward_by_loops(dx: np.ndarray, ids: np.ndarray, V: int) -> np.ndarray:
    """Add row after row."""
    dE = np.zeros((V, dx.shape[-1]))
    for place in np.ndindex(ids.shape):
        dE[ids[place]] += dx[place]
    return dE


def embed_backward_by_product(dx: np.ndarray, ids: np.ndarray, V: int) -> np.ndarray:
    """Go back through the product with one-hot rows, as through any linear layer."""
    onehot = np.eye(V)[ids.ravel()]
    return onehot.T @ dx.reshape(ids.size, -1)


def numeric_gradient_in_place(f, theta: np.ndarray, h: float) -> np.ndarray:
    """Move the elements of one flat copy and put the stored value back."""
    moved, gradient = theta.copy(), []
    flat = moved.reshape(-1)
    for i, kept in enumerate(theta.ravel()):
        flat[i] = kept + h
        above = f(moved)
        flat[i] = kept - h
        gradient.append((above - f(moved)) / h / 2)
        flat[i] = kept
    return np.array(gradient).reshape(theta.shape)


def numeric_gradient_by_two_sides(f, theta: np.ndarray, h: float) -> np.ndarray:
    """Average the forward and the backward difference along the rows of an identity matrix."""
    middle = f(theta)
    rows = [h * row.reshape(theta.shape) for row in np.eye(theta.size)]
    forward = np.array([f(theta + row) - middle for row in rows]) / h
    backward = np.array([middle - f(theta - row) for row in rows]) / h
    return (0.5 * (forward + backward)).reshape(theta.shape)


def largest_stable_step_by_norm(A: np.ndarray) -> float:
    """Read the largest eigenvalue of a symmetric matrix off its largest singular value."""
    return float(2 / np.linalg.norm(A, 2))


def largest_stable_step_by_squaring(A: np.ndarray) -> float:
    """Square the matrix until one direction is left, and ask by how much A stretches it."""
    power = A
    for _ in range(50):
        power = power @ power
        power = power / np.abs(power).max()
    direction = power[:, np.abs(power).sum(axis=0).argmax()]
    return 2 * (direction @ direction) / (direction @ A @ direction)


def adam_step_by_elements(theta: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray, t: int, eta: float) -> Three:
    """Update one number after the other."""
    theta, m, v = theta.copy(), m.copy(), v.copy()
    for i in np.ndindex(g.shape):
        m[i] += (g[i] - m[i]) / 10
        v[i] += (g[i] * g[i] - v[i]) / 1000
        spread = math.sqrt(v[i] / (1 - 0.999**t))
        theta[i] -= eta * m[i] / (1 - 0.9**t) / (spread + 1e-8)
    return theta, m, v


def adam_step_by_one_rate(theta: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray, t: int, eta: float) -> Three:
    """Move both corrections into the step size and the epsilon."""
    betas = np.array([0.9, 0.999])
    share_1, share_2 = -np.expm1(t * np.log(betas))
    m, v = np.average([m, g], axis=0, weights=[9, 1]), np.average([v, g * g], axis=0, weights=[999, 1])
    rate = eta * np.sqrt(share_2) / share_1
    return theta - rate * m / (np.sqrt(v) + 1e-8 * np.sqrt(share_2)), m, v


OTHER_ANSWERS = {
    "softmax": [softmax_by_ratios, softmax_by_logsumexp],
    "cross_entropy": [cross_entropy_by_rows, cross_entropy_by_margins],
    "linear_backward": [linear_backward_by_einsum, linear_backward_by_rows],
    "embed": [embed_by_loops, embed_by_product],
    "embed_backward": [embed_backward_by_loops, embed_backward_by_product],
    "numeric_gradient": [numeric_gradient_in_place, numeric_gradient_by_two_sides],
    "largest_stable_step": [largest_stable_step_by_norm, largest_stable_step_by_squaring],
    "adam_step": [adam_step_by_elements, adam_step_by_one_rate],
}

EQUIVALENT_MUTANTS = {
    "numeric_gradient": {
        "zeros for ones at `np.zeros` in `gradient = np.zeros(theta.shape)`": "every element is written afterwards",
    },
}
