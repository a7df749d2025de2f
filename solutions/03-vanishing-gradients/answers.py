"""Other right answers to the exercises of chapter 03, for the proof of their graders; nbgrader leaves this file out.

Each uses an algorithm unlike the notebook's. ``EQUIVALENT_MUTANTS`` lists changes of the notebook's solution that
change nothing a caller can see.
"""

import math
from functools import reduce

import numpy as np

Array = np.ndarray


def unit_by_complex_step(w: float, h_0: float, T: int) -> float:
    """Move the start by a tiny imaginary number: what arrives is the derivative, with no difference taken."""
    h = complex(h_0, 1e-30)
    for _ in range(T):
        h = np.tanh(w * h)
    return float(h.imag / 1e-30)


def unit_by_recursion(w: float, h_0: float, T: int) -> float:
    """Take one step, then the rest from there; write the slope with the hyperbolic cosine."""
    if T == 0:
        return 1.0
    return w / math.cosh(w * h_0) ** 2 * unit_by_recursion(w, math.tanh(w * h_0), T - 1)


def jacobians_by_rows(h: Array, W_hh: Array) -> tuple[Array, float]:
    """Push one unit of h_0 after the other through all steps; the norm comes from the eigenvalues of a square."""
    rows = []
    for row in np.eye(len(W_hh)):
        for state in h:
            row = row @ W_hh * (1 - state) * (1 + state)
        rows.append(row)
    J = np.array(rows)
    return J, math.sqrt(np.linalg.eigvalsh(J @ J.T)[-1])


def jacobians_from_the_end(h: Array, W_hh: Array) -> tuple[Array, float]:
    """Make all Jacobians at once and multiply them from the last to the first."""
    steps = np.einsum("ij,tj->tij", W_hh, 1 - h**2)
    J = reduce(lambda later, earlier: earlier @ later, steps[::-1])
    return J, float(np.linalg.svd(J)[1][0])


def vanishing_in_a_turned_basis() -> Array:
    """Hide a matrix whose square is 0 in other directions: the outer product of two orthogonal vectors."""
    return np.outer([1.0, 2.0, 2.0], [2.0, 1.0, -2.0])


def vanishing_with_eigenvalues() -> Array:
    """Let the eigenvalues be one half, not 0."""
    return np.array([[0.5, 0.0], [4.0, 0.5]])


def vanishing_by_integers() -> Array:
    """Shift six places down; integers are numbers too."""
    return 4 * np.eye(6, k=-1, dtype=int)


def growing_by_a_shift() -> Array:
    """Double while shifting: seven times, then nothing is left."""
    return 2.0 * np.eye(8, k=-1)


def growing_slowly() -> Array:
    """Take an eigenvalue just below 1, and wait."""
    return np.array([[0.98, 30.0], [0.0, 0.98]])


def growing_while_turning() -> Array:
    """Let the eigenvalues be complex, two pairs of them, one driven by the other."""
    turn = 0.98 * np.array([[0.8, 0.6], [-0.6, 0.8]])
    return np.block([[turn, 20 * np.eye(2)], [np.zeros((2, 2)), turn]])


def clip_as_one_vector(gradients: list[Array], max_norm: float) -> tuple[list[Array], float]:
    """Lay all arrays end to end."""
    flat = np.concatenate([np.ravel(array) for array in gradients])
    norm = float(np.linalg.norm(flat))
    flat = flat / norm * max_norm if norm > max_norm else flat
    pieces = np.split(flat, np.cumsum([array.size for array in gradients])[:-1])
    return [piece.reshape(array.shape).copy() for piece, array in zip(pieces, gradients, strict=True)], norm


def clip_number_by_number(gradients: list[Array], max_norm: float) -> tuple[list[Array], float]:
    """Let Python add up the numbers."""
    norm = math.hypot(*(value for array in gradients for value in array.ravel().tolist()))
    if norm <= max_norm:
        return [array.copy() for array in gradients], norm
    return [np.divide(array, norm / max_norm) for array in gradients], norm


def rescale_by_powers(W: Array, rho: float) -> Array:
    """Square the matrix sixty times: the root of the norm tends to the spectral radius."""
    power, log_radius = W, 0.0
    for doublings in range(60):
        size = np.linalg.norm(power)
        log_radius += np.log(size) / 2**doublings
        power = (power / size) @ (power / size)
    return W * (rho / np.exp(log_radius))


def rescale_by_the_polynomial(W: Array, rho: float) -> Array:
    """Take the largest root of the characteristic polynomial."""
    return W / max(abs(root) for root in np.roots(np.poly(W))) * rho


def blocks_all_at_once(H: int, n: int, rng: np.random.Generator) -> Array:
    """Decompose a stack of matrices, and turn the columns round whose entry in R is negative."""
    Q, R = np.linalg.qr(rng.normal(size=(n, H, H)))
    Q = np.where(np.diagonal(R, axis1=1, axis2=2)[:, None, :] < 0, -Q, Q)
    return Q.transpose(1, 0, 2).reshape(H, n * H)


def blocks_by_gram_schmidt(H: int, n: int, rng: np.random.Generator) -> Array:
    """Take from each column what lies along those before it, twice against rounding; no sign is left to choose."""
    W = np.zeros((H, n * H))
    for block in range(n):
        G = rng.normal(size=(H, H))
        for j in range(H):
            done, column = W[:, block * H : block * H + j], G[:, j]
            for _ in range(2):
                column = column - done @ (done.T @ column)
            W[:, block * H + j] = column / math.sqrt(column @ column)
    return W


def adding_by_loops(rng: np.random.Generator, B: int, T: int) -> tuple[Array, Array]:
    """Write one sequence after the other, marks first."""
    x, y = np.zeros((B, T, 2)), np.zeros(B)
    for b in range(B):
        for half in (range(T // 2), range(T // 2, T)):
            x[b, rng.choice(half), 1] = 1.0
        for t in range(T):
            x[b, t, 0] = rng.random()
            y[b] += x[b, t, 0] if x[b, t, 1] else 0.0
    return x, y


def adding_by_ranks(rng: np.random.Generator, B: int, T: int) -> tuple[Array, Array]:
    """Mark where the largest of other random numbers of a half stands."""
    lots, numbers = rng.normal(size=(B, T)), rng.random((B, T))
    halves = [lots[:, : T // 2], lots[:, T // 2 :]]
    marks = np.concatenate([half == half.max(axis=1, keepdims=True) for half in halves], axis=1).astype(float)
    return np.dstack([numbers, marks]), np.einsum("bt,bt->b", numbers, marks)


def baselines_by_integrals() -> tuple[float, float]:
    """Integrate the squared distance from the mean by Gauss's rule, for one number, and twice."""
    nodes, shares = np.polynomial.legendre.leggauss(3)
    one = float(np.sum(shares / 2 * (nodes / 2) ** 2))
    return 2 * one, one


def reservoir_by_recursion(x: Array, h_0: Array, W_in: Array, W: Array, b: Array, a: float) -> Array:
    """Take the first step, then run the rest from there."""
    h_1 = h_0 + a * (np.tanh(np.einsum("bd,dh->bh", x[:, 0], W_in) + np.einsum("bi,ij->bj", h_0, W) + b) - h_0)
    if x.shape[1] == 1:
        return h_1[:, None]
    return np.concatenate([h_1[:, None], reservoir_by_recursion(x[:, 1:], h_1, W_in, W, b, a)], axis=1)


def reservoir_into_an_array(x: Array, h_0: Array, W_in: Array, W: Array, b: Array, a: float) -> Array:
    """Multiply all inputs at once, and fill an array that begins with the first state."""
    B, T, _ = x.shape
    sums, h = x @ W_in + b, np.empty((B, T + 1, len(b)))
    h[:, 0] = h_0
    for t in range(T):
        h[:, t + 1] = np.average([h[:, t], np.tanh(sums[:, t] + h[:, t] @ W)], axis=0, weights=[1 - a, a])
    return h[:, 1:]


def ridge_by_more_rows(S: Array, Y: Array, lam: float) -> tuple[Array, Array]:
    """Write the penalty as further rows of a least squares problem, with 0 in the column of the bias."""
    (N, H), O = S.shape, Y.shape[1]
    rows = np.block([[S, np.ones((N, 1))], [math.sqrt(lam) * np.eye(H), np.zeros((H, 1))]])
    solution = np.linalg.lstsq(rows, np.concatenate([Y, np.zeros((H, O))]), rcond=None)[0]
    return solution[:-1], solution[-1]


def ridge_by_singular_values(S: Array, Y: Array, lam: float) -> tuple[Array, Array]:
    """Shrink each direction of the centred states by itself."""
    U, sizes, V = np.linalg.svd(S - np.average(S, axis=0), full_matrices=False)
    W_hy = V.T @ ((sizes / (sizes**2 + lam))[:, None] * (U.T @ (Y - np.average(Y, axis=0))))
    return W_hy, np.average(Y, axis=0) - np.average(S, axis=0) @ W_hy


def omega_by_steps(delta: Array, h: Array, W_hh: Array) -> float:
    """Visit the steps at which something arrives, one after the other."""
    total = 0.0
    for sequence, states in zip(delta, h, strict=True):
        for delta_t, h_t in zip(sequence, states, strict=True):
            if delta_t.any():
                u_t = W_hh @ (delta_t * (1 - h_t) * (1 + h_t))
                total += (math.hypot(*u_t) / math.hypot(*delta_t) - 1) ** 2
    return total / len(delta)


def omega_by_flattening(delta: Array, h: Array, W_hh: Array) -> float:
    """Put all steps of all sequences in one list, and shorten what arrives to length 1 first."""
    flat, states = delta.reshape(-1, delta.shape[2]), h.reshape(-1, h.shape[2])
    keep = [position for position, row in enumerate(flat) if row @ row]
    unit = flat[keep] / np.sqrt(np.einsum("nh,nh->n", flat[keep], flat[keep]))[:, None]
    back = np.einsum("nj,ij->ni", unit * (1 - states[keep] ** 2), W_hh)
    return sum((math.sqrt(row @ row) - 1) ** 2 for row in back) / len(delta)


def omega_gradient_by_steps(delta: Array, h: Array, W_hh: Array) -> Array:
    """Add one outer product for each step at which something arrives."""
    gradient = np.zeros_like(W_hh)
    for b, t in np.argwhere(delta.any(axis=2)):
        da = delta[b, t] * (1 - h[b, t] ** 2)
        u, size = W_hh @ da, math.hypot(*delta[b, t])
        gradient += 2 * (1 / size - 1 / math.hypot(*u)) / size * np.outer(u, da)
    return gradient / len(delta)


def omega_gradient_by_complex_steps(delta: Array, h: Array, W_hh: Array) -> Array:
    """Move each weight by a tiny imaginary number and read off what that does to the penalty."""
    keep = delta.any(axis=2)
    arriving, slopes = delta[keep], 1 - h[keep] ** 2
    sizes, gradient = np.sqrt((arriving**2).sum(axis=1)), np.zeros(W_hh.shape)
    for place in np.ndindex(W_hh.shape):
        moved = W_hh.astype(complex)
        moved[place] += 1e-30j
        squares = (((arriving * slopes) @ moved.T) ** 2).sum(axis=1)
        gradient[place] = ((np.sqrt(squares) / sizes - 1) ** 2).sum().imag / 1e-30 / len(delta)
    return gradient


OTHER_ANSWERS = {
    "unit_gradient": [unit_by_complex_step, unit_by_recursion],
    "jacobian_product": [jacobians_by_rows, jacobians_from_the_end],
    "large_but_vanishing": [vanishing_in_a_turned_basis, vanishing_with_eigenvalues, vanishing_by_integers],
    "small_but_growing": [growing_by_a_shift, growing_slowly, growing_while_turning],
    "clip": [clip_as_one_vector, clip_number_by_number],
    "rescale_to_radius": [rescale_by_powers, rescale_by_the_polynomial],
    "orthogonal_blocks": [blocks_all_at_once, blocks_by_gram_schmidt],
    "adding_batch": [adding_by_loops, adding_by_ranks],
    "baselines": [baselines_by_integrals],
    "run_reservoir": [reservoir_by_recursion, reservoir_into_an_array],
    "ridge_readout": [ridge_by_more_rows, ridge_by_singular_values],
    "omega": [omega_by_steps, omega_by_flattening],
    "omega_gradient": [omega_gradient_by_steps, omega_gradient_by_complex_steps],
}

EQUIVALENT_MUTANTS = {
    "clip": {
        "first two arguments swapped at `max(norm, max_norm)` in `factor = max_norm / max(norm, max_norm)`": (
            "it is the same either way"
        ),
    },
    "orthogonal_blocks": {
        "other operator at `Q * np.sign(np.diag(R))` in "
        "`return np.hstack([Q * np.sign(np.diag(R)) for Q, R in pairs])`": "dividing by 1 or -1 is multiplying by it",
    },
}
