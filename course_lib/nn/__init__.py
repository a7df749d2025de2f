"""Layers, losses and optimisers in NumPy, each forward pass beside its hand-written backward pass.

Row vectors, batch first: x (B, T, D), h (B, T, H), s (B, T, O). A name that begins with d is a gradient of the
loss, in the shape of what follows the d. No function changes its arguments.
"""

from course_lib.nn.embedding import embed, embed_backward
from course_lib.nn.init import uniform_head, uniform_linear, uniform_rnn
from course_lib.nn.linear import LinearGradients, linear, linear_backward
from course_lib.nn.losses import (
    CrossEntropyCache,
    MeanSquaredErrorCache,
    cross_entropy,
    cross_entropy_backward,
    mean_squared_error,
    mean_squared_error_backward,
    softmax,
)
from course_lib.nn.optim import SGD, Adam, AdamState, SGDState, clip_by_global_norm
from course_lib.nn.rnn import (
    RNNCache,
    RNNGradients,
    RNNStepGradients,
    rnn_backward,
    rnn_forward,
    rnn_step,
    rnn_step_backward,
)

__all__ = [
    "SGD",
    "Adam",
    "AdamState",
    "CrossEntropyCache",
    "LinearGradients",
    "MeanSquaredErrorCache",
    "RNNCache",
    "RNNGradients",
    "RNNStepGradients",
    "SGDState",
    "clip_by_global_norm",
    "cross_entropy",
    "cross_entropy_backward",
    "embed",
    "embed_backward",
    "linear",
    "linear_backward",
    "mean_squared_error",
    "mean_squared_error_backward",
    "rnn_backward",
    "rnn_forward",
    "rnn_step",
    "rnn_step_backward",
    "softmax",
    "uniform_head",
    "uniform_linear",
    "uniform_rnn",
]
