"""Small networks of chapter 01, one module a shape, composed of the layers of :mod:`course_lib.nn`.

Every module has the same three things: a NamedTuple of parameters with a function that draws them, a forward
pass, and a ``…_loss(params, batch) -> (loss, gradients)`` for :func:`course_lib.training.train`.
"""
