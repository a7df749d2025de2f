"""Layers, losses and optimisers in NumPy, each forward pass beside its hand-written backward pass.

Row vectors, batch first: x (B, T, D), h (B, T, H), s (B, T, O). A name that begins with d is a gradient of the
loss, in the shape of what follows the d. No function changes its arguments.
"""

from course_lib.nn.bptt import GradientFlow, chunked_backward, gradient_flow, tanh_slope, windowed_backward
from course_lib.nn.embedding import embed, embed_backward
from course_lib.nn.init import (
    identity_rnn,
    orthogonal,
    orthogonal_rnn,
    uniform_head,
    uniform_linear,
    uniform_rnn,
)
from course_lib.nn.irnn import irnn_backward, irnn_forward, relu_slope
from course_lib.nn.linear import LinearGradients, linear, linear_backward
from course_lib.nn.linear_recurrence import linear_recurrence, linear_slope
from course_lib.nn.losses import (
    CrossEntropyCache,
    MeanSquaredErrorCache,
    cross_entropy,
    cross_entropy_backward,
    mean_squared_error,
    mean_squared_error_backward,
    softmax,
)
from course_lib.nn.omega import omega, omega_immediate_gradient
from course_lib.nn.optim import SGD, Adam, AdamState, SGDState, clip_by_global_norm
from course_lib.nn.reservoir import Reservoir, new_reservoir, ridge_readout, run_reservoir
from course_lib.nn.rnn import (
    RNNCache,
    RNNGradients,
    RNNStepGradients,
    rnn_backward,
    rnn_forward,
    rnn_step,
    rnn_step_backward,
)
from course_lib.nn.spectra import (
    growth,
    jacobian,
    jacobian_product,
    largest_singular_value,
    rescale_to_radius,
    spectral_radius,
)

__all__ = [
    "SGD",
    "Adam",
    "AdamState",
    "CrossEntropyCache",
    "GradientFlow",
    "LinearGradients",
    "MeanSquaredErrorCache",
    "RNNCache",
    "RNNGradients",
    "RNNStepGradients",
    "Reservoir",
    "SGDState",
    "chunked_backward",
    "clip_by_global_norm",
    "cross_entropy",
    "cross_entropy_backward",
    "embed",
    "embed_backward",
    "gradient_flow",
    "growth",
    "identity_rnn",
    "irnn_backward",
    "irnn_forward",
    "jacobian",
    "jacobian_product",
    "largest_singular_value",
    "linear",
    "linear_backward",
    "linear_recurrence",
    "linear_slope",
    "mean_squared_error",
    "mean_squared_error_backward",
    "new_reservoir",
    "omega",
    "omega_immediate_gradient",
    "orthogonal",
    "orthogonal_rnn",
    "relu_slope",
    "rescale_to_radius",
    "ridge_readout",
    "rnn_backward",
    "rnn_forward",
    "rnn_step",
    "rnn_step_backward",
    "run_reservoir",
    "softmax",
    "spectral_radius",
    "tanh_slope",
    "uniform_head",
    "uniform_linear",
    "uniform_rnn",
    "windowed_backward",
]
