"""Exercises of chapter 03, vanishing and exploding gradients.

An exercise is declared beside its ``wrong_…``: one implementation whose switches are the misconceptions on file.
What is said of each misconception stands in ``hints.toml``.
"""

from course_lib.checks.exercise import Exercise
from course_lib.checks.vanishing_gradients.adding import adding_batch, baselines
from course_lib.checks.vanishing_gradients.clipping import clip
from course_lib.checks.vanishing_gradients.counterexamples import large_but_vanishing, small_but_growing
from course_lib.checks.vanishing_gradients.initialisation import orthogonal_blocks, rescale_to_radius
from course_lib.checks.vanishing_gradients.jacobians import jacobian_product
from course_lib.checks.vanishing_gradients.penalty import omega, omega_gradient
from course_lib.checks.vanishing_gradients.reservoir import ridge_readout, run_reservoir
from course_lib.checks.vanishing_gradients.unit import unit_gradient

EXERCISES: tuple[Exercise, ...] = (
    unit_gradient,
    jacobian_product,
    large_but_vanishing,
    small_but_growing,
    clip,
    rescale_to_radius,
    orthogonal_blocks,
    adding_batch,
    baselines,
    run_reservoir,
    ridge_readout,
    omega,
    omega_gradient,
)
