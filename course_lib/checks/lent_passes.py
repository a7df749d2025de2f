"""Backward passes of one loss, most of them wrong: what exercise 2.5 lends under names that tell nothing.

Autograd goes through a network in which every time step has parameters of its own. A right pass adds their gradients
up; a wrong one changes what autograd sees, or what is done with the gradients of the steps.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch

from course_lib.checks.lent_backward import states_of
from course_lib.params import RNNParams

B, T = 3, 4
Change = Callable[[torch.Tensor], torch.Tensor]


class Data(NamedTuple):
    """What the network reads, where it starts, and where its states should be."""

    x: torch.Tensor
    h_0: torch.Tensor
    y: torch.Tensor


class Shares(NamedTuple):
    """What each time step adds to the gradients, first axis T, with the states before and after each step."""

    dW_xh: torch.Tensor
    dW_hh: torch.Tensor
    da: torch.Tensor
    h_prev: torch.Tensor
    h: torch.Tensor


def data_for(params: RNNParams) -> Data:
    """Draw the data that belong to parameters of this size: always the same."""
    return _data(*np.shape(params.W_xh))


@cache
def _data(D: int, H: int) -> Data:
    rng = np.random.default_rng([D, H])
    x, h_0, y = rng.normal(size=(T, B, D)), rng.uniform(-0.9, 0.9, (B, H)), rng.uniform(-0.9, 0.9, (T, B, H))
    return Data(*map(torch.tensor, (x, h_0, y)))


def sequence_loss(params: RNNParams) -> float:
    """Return half the squared distance between states and targets, over a batch of sequences.

    Raises
    ------
    ValueError
        If the parameters do not fit each other.
    """
    x, h_0, y = data_for(params)
    W_xh, W_hh, b_h = weights = [torch.tensor(np.array(array, float)) for array in params]
    if W_hh.shape != 2 * b_h.shape or b_h.shape != W_xh.shape[1:]:
        raise ValueError(f"loss wants W_xh (D, H), W_hh (H, H), b_h (H,), got {[np.shape(array) for array in params]}")
    h = states_of(x.transpose(0, 1), h_0, weights)
    return float(((h - y.transpose(0, 1)) ** 2).sum()) / 2


def shares_of(params: RNNParams, squash: Change = torch.tanh, carry: Change = lambda h: h) -> Shares:
    """Let autograd find what each step adds; `squash` may have another derivative, `carry` change what a step hears."""
    x, h, y = data_for(params)
    sizes = ((T, -1, -1), (T, -1, -1), (T, B, -1))
    own = [torch.tensor(array).expand(size).clone() for array, size in zip(params, sizes, strict=True)]
    W_xh, W_hh, b_h = (array.requires_grad_() for array in own)
    states, loss = [h], torch.zeros(())
    for t in range(T):
        h = squash(x[t] @ W_xh[t] + carry(h) @ W_hh[t] + b_h[t])
        states.append(h)
        loss = loss + ((h - y[t]) ** 2).sum() / 2
    kept = torch.stack(states).detach()
    dW_xh, dW_hh, da = torch.autograd.grad(loss, [W_xh, W_hh, b_h])
    return Shares(dW_xh, dW_hh, da, kept[:-1], kept[1:])


def total(shares: Shares) -> RNNParams:
    """Add the shares of all steps up."""
    return _arrays(shares.dW_xh.sum(0), shares.dW_hh.sum(0), shares.da.sum((0, 1)))


def _arrays(*gradients: torch.Tensor) -> RNNParams:
    return RNNParams(*(gradient.detach().numpy().copy() for gradient in gradients))


def with_slope(slope: Change) -> Change:
    """Make a tanh that goes back with another derivative, a function of its value."""
    return lambda a: torch.tanh(a).detach() + (a - a.detach()) * slope(torch.tanh(a)).detach()


def right(params: RNNParams) -> RNNParams:
    """Go back as the loss asks."""
    return total(shares_of(params))


def drops_the_step_after(params: RNNParams) -> RNNParams:
    """Hear the loss at each step and not the step after it."""
    return total(shares_of(params, carry=torch.Tensor.detach))


def keeps_the_first_share(params: RNNParams) -> RNNParams:
    """Overwrite the gradients at every step."""
    shares = shares_of(params)
    return _arrays(shares.dW_xh[0], shares.dW_hh[0], shares.da[0].sum(0))


def transposes_dW_hh(params: RNNParams) -> RNNParams:
    """Exchange the two factors of one product."""
    gradients = right(params)
    return gradients._replace(W_hh=gradients.W_hh.T.copy())


def averages_db_over_the_batch(params: RNNParams) -> RNNParams:
    """Take a mean where a sum is due."""
    gradients = right(params)
    return gradients._replace(b_h=gradients.b_h / B)


def leaves_the_last_input_out(params: RNNParams) -> RNNParams:
    """Miss one share in dW_xh."""
    shares = shares_of(params)
    return total(shares)._replace(W_xh=shares.dW_xh[:-1].sum(0).numpy())


def pairs_with_the_state_after(params: RNNParams) -> RNNParams:
    """Take the state after each step for the one before it."""
    shares = shares_of(params)
    return total(shares)._replace(W_hh=torch.einsum("tbi,tbj->ij", shares.h, shares.da).numpy())


def forgets_tanh_prime(params: RNNParams) -> RNNParams:
    """Go back as if the states were the sums."""
    return total(shares_of(params, squash=with_slope(torch.ones_like)))


def squashes_the_state_again(params: RNNParams) -> RNNParams:
    """Take the derivative of tanh at the state."""
    return total(shares_of(params, squash=with_slope(lambda h: 1 - torch.tanh(h) ** 2)))


def starts_from_zero(params: RNNParams) -> RNNParams:
    """Take h_0 for zero in dW_hh."""
    shares = shares_of(params)
    return total(shares)._replace(W_hh=shares.dW_hh[1:].sum(0).numpy())


def keeps_one_sequence_in_db(params: RNNParams) -> RNNParams:
    """Forget to sum over the batch."""
    shares = shares_of(params)
    return total(shares)._replace(b_h=shares.da.sum(0)[0].numpy())


def turns_dW_xh_round(params: RNNParams) -> RNNParams:
    """Lose a minus: every norm stays as it is."""
    gradients = right(params)
    return gradients._replace(W_xh=-gradients.W_xh)


def turns_db_round(params: RNNParams) -> RNNParams:
    """Lose a minus in the smallest array."""
    gradients = right(params)
    return gradients._replace(b_h=-gradients.b_h)


def averages_dW_xh(params: RNNParams) -> RNNParams:
    """Divide by the number of steps."""
    gradients = right(params)
    return gradients._replace(W_xh=gradients.W_xh / T)


PUBLIC = {
    "backward_1": transposes_dW_hh,
    "backward_2": averages_db_over_the_batch,
    "backward_3": right,
    "backward_4": keeps_the_first_share,
    "backward_5": drops_the_step_after,
    "backward_6": leaves_the_last_input_out,
}
UNSEEN = {
    "backward_7": squashes_the_state_again,
    "backward_8": pairs_with_the_state_after,
    "backward_9": averages_dW_xh,
    "backward_10": keeps_one_sequence_in_db,
    "backward_11": forgets_tanh_prime,
    "backward_12": right,
    "backward_13": starts_from_zero,
    "backward_14": turns_db_round,
    "backward_15": turns_dW_xh_round,
}


def _under(name: str, backward: Callable[[RNNParams], RNNParams]) -> Callable[[RNNParams], RNNParams]:
    """Give a pass a name that does not say what it does."""

    def renamed(params: RNNParams) -> RNNParams:
        return backward(RNNParams(*(np.array(array, float) for array in params)))

    renamed.__name__ = renamed.__qualname__ = name
    renamed.__doc__ = "Return gradients of the loss, RNNParams(W_xh, W_hh, b_h): right or wrong."
    return renamed


PASSES = {name: _under(name, backward) for name, backward in {**PUBLIC, **UNSEEN}.items()}
"""The lent passes by name; the notebook sees the first six, graded work the others."""
