"""Judge an LSTM of one unit whose weights were set by hand: run it, and look at its cell.

There are many right answers, so the weights are judged by what the cell does. Wrong ones are named by the first symptom
that they show; most symptoms are a single change after which the weights do what was asked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import numpy as np
import torch

from course_lib.checks.plain import Plain
from course_lib.checks.returns import Fault, in_words
from course_lib.params import LSTMParams

SHAPES = {"W_x": (2, 4), "W_h": (1, 4), "b": (4,)}
LETTERS = {"W_x": "(D, 4H)", "W_h": "(H, 4H)", "b": "(4H,)"}
TOO_LARGE = 1e6
"""Weights below it cannot overflow, and none needs to be larger."""

I, F, G, O = range(4)
"""The order of the blocks: with one unit each is one column."""


@dataclass(frozen=True)
class Trial:
    """What an LSTM reads, where its cell is looked at, and what it must hold there.

    Attributes
    ----------
    x : ndarray of shape (B, T, 2)
    looks : tuple of int
        After so many steps the cell is looked at, in rising order; the last is T.
    wanted : ndarray of shape (B, number of looks)
    within : float
        By how much a cell may be off.
    told : callable
        ``told(sequence, look)`` says what happened until then, for a message.
    """

    x: np.ndarray
    looks: tuple[int, ...]
    wanted: np.ndarray
    within: float
    told: Callable[[int, int], str]

    def cells(self, params: LSTMParams) -> Iterator[np.ndarray]:
        """Let torch run the sequences from zero states; yield the cells (B,) at each look, as far as they are asked."""
        W_x, W_h, b = (torch.tensor(np.ascontiguousarray(array)) for array in params)
        weights = [W_x.T, W_h.T, b, torch.zeros_like(b)]
        h = c = torch.zeros(1, len(self.x), 1, dtype=torch.float64)
        for first, last in zip((0, *self.looks), self.looks, strict=False):
            x = torch.tensor(self.x[:, first:last])
            _, h, c = torch.lstm(x, (h, c), weights, True, 1, 0.0, False, False, True)
            yield c[0, :, 0].numpy()

    def fault(self, params: LSTMParams) -> Fault | None:
        """Say where the cell is first wrong, what it holds there and what it should hold."""
        for look, cells in enumerate(self.cells(params)):
            wanted = self.wanted[:, look]
            if (np.abs(cells - wanted) <= self.within).all():
                continue
            sequence = int(np.abs(cells - wanted).argmax())
            mine, right = cells[sequence], wanted[sequence]
            digits = next((n for n in (4, 8) if f"{mine:.{n}g}" != f"{right:.{n}g}"), 16)
            figures = f"the cell holds {mine:.{digits}g}, wanted {right:.{digits}g} within {self.within:g}"
            return Fault("value", f"{self.told(sequence, look)} {figures}")
        return None


@dataclass(frozen=True)
class Measured:
    """What can be asked about weights: whether they pass, or would after a change, and what their gates do."""

    trial: Trial
    params: LSTMParams

    @cached_property
    def passes(self) -> bool:
        """Whether the cell holds what it should wherever it is looked at."""
        return self.trial.fault(self.params) is None

    def gates(self, value: float, flag: float) -> np.ndarray:
        """Return i, f, g and o for one input while the hidden state is 0."""
        a = np.array([value, flag]) @ self.params.W_x + self.params.b
        squashed = torch.sigmoid(torch.tensor(a)).numpy()
        squashed[G] = np.tanh(a[G])
        return squashed

    def passes_with(self, **changed: np.ndarray) -> bool:
        """Tell whether the weights would pass with some arrays changed."""
        return Measured(self.trial, self.params._replace(**changed)).passes

    def passes_with_blocks(self, order: tuple[int, ...]) -> bool:
        """Tell whether the weights would pass with their blocks in another order."""
        return Measured(self.trial, LSTMParams(*(array[..., list(order)] for array in self.params))).passes

    def passes_in_another_order(self) -> bool:
        """Tell whether the weights would pass with their blocks in any other order."""
        return any(map(self.passes_with_blocks, permutations(range(4))))

    def passes_with_columns(self, columns: dict[int, tuple[float, float, float]]) -> bool:
        """Tell whether the weights would pass with two weights and a bias of some blocks set anew."""
        W_x, b = self.params.W_x.copy(), self.params.b.copy()
        for column, (*weights, bias) in columns.items():
            W_x[:, column], b[column] = weights, bias
        return self.passes_with(W_x=W_x, b=b)

    def passes_with_gates_times(self, factor: float) -> bool:
        """Tell whether the weights would pass with input and forget gate further from one half."""
        by = np.where(np.isin(range(4), (I, F)), factor, 1.0)
        return self.passes_with(W_x=self.params.W_x * by, b=self.params.b * by)


Symptoms = dict[str, Callable[[Measured], bool]]


@dataclass(frozen=True)
class SetByHand:
    """Weights of an LSTM with two inputs and one unit, whichever they are.

    Parameters
    ----------
    trial : Trial
    symptoms : dict of str to callable
        What the weights of a misconception show, by its id, in the order in which they are looked for; the last is
        shown by all.
    """

    trial: Trial
    symptoms: Symptoms

    def fault(self, value: Plain, expected: None) -> Fault | None:
        """Look at type, shapes and size of the arrays, then at the cell."""
        return form_fault(value) or self.trial.fault(as_params(value))

    def of(self, value: Plain) -> Plain:
        """Return the id of the first symptom, or what else is returned as it is."""
        if form_fault(value):
            return ("no such weights", value)
        measured = Measured(self.trial, as_params(value))
        return next(id for id, shows in self.symptoms.items() if shows(measured))


def as_params(value: Plain) -> LSTMParams:
    """Return float64 copies of three arrays."""
    return LSTMParams(*(np.array(array, dtype=float) for array in value))


def form_fault(value: Plain) -> Fault | None:
    """Look at what the weights of every such LSTM must be."""
    if not isinstance(value, tuple | list) or len(value) != len(SHAPES):
        return Fault("type", f"return LSTMParams(W_x, W_h, b), got {in_words(value)}")
    return next(filter(None, (array_fault(name, array) for name, array in zip(SHAPES, value, strict=True))), None)


def array_fault(name: str, array: Plain) -> Fault | None:
    """Look at one of the three arrays."""
    shape = f"{LETTERS[name]} = {SHAPES[name]}"
    if not isinstance(array, np.ndarray):
        return Fault("type", f"{name} must be a NumPy array of shape {shape}, got {in_words(array)}")
    if array.shape != SHAPES[name]:
        return Fault("shape", f"{name} has shape {array.shape}, wanted {shape}")
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > np.dtype(float).itemsize:
        return Fault("dtype", f"{name} holds {array.dtype} numbers, wanted integers, or floats of at most 64 bits")
    if not len(too_large := np.argwhere(~(np.abs(array.astype(float)) < TOO_LARGE))):  # also where it holds nan
        return None
    index = tuple(map(int, too_large[0]))
    kind = "value" if np.isfinite(array).all() else "nan"
    entry = f"{name}[{', '.join(map(str, index))}] is {array[index]:.4g}"
    return Fault(kind, f"{entry}, wanted a number between -{TOO_LARGE:g} and {TOO_LARGE:g}")


def no_one_answer() -> None:
    """Stand where other exercises compute the right output: here the cell decides."""
