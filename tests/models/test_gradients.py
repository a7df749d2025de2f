"""Every model's hand-written gradients against central differences, parameter by parameter."""

import numpy as np
import pytest

from course_lib.data.vocabulary import one_hot
from course_lib.gradcheck import numeric_gradient, relative_error
from course_lib.models import aligned, encoder_decoder, many_to_one, one_to_many, one_to_one
from course_lib.nn import uniform_linear

B, T, D, H, O = 3, 4, 5, 6, 2
RNG = np.random.default_rng(0)
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]])
X, ROWS = RNG.normal(size=(B, T, D)), RNG.normal(size=(B, D))
CLASSES, TARGETS, TAGS = RNG.integers(O, size=B), RNG.normal(size=B), RNG.integers(O, size=(B, T))
READ, TO_WRITE, SOURCE = RNG.integers(D, size=(B, T)), RNG.integers(D, size=(B, T)), RNG.integers(7, size=(B, 3))
CASES = {
    "linear classifier": (uniform_linear(D, O, RNG), one_to_one.linear_classifier_loss, (ROWS, CLASSES)),
    "one to one": (one_to_one.uniform_one_to_one(D, H, O, RNG), one_to_one.one_to_one_loss, (ROWS, CLASSES)),
    "one to one, regression": (
        one_to_one.uniform_one_to_one(D, H, 1, RNG),
        one_to_one.one_to_one_regression_loss,
        (ROWS, TARGETS),
    ),
    "many to one": (many_to_one.uniform_many_to_one(D, H, O, RNG), many_to_one.many_to_one_loss, (X, CLASSES)),
    "many to one, regression": (
        many_to_one.uniform_many_to_one(D, H, 1, RNG),
        many_to_one.many_to_one_regression_loss,
        (X, TARGETS),
    ),
    "aligned": (many_to_one.uniform_many_to_one(D, H, O, RNG), aligned.aligned_loss, (X, TAGS, MASK)),
    "bidirectional": (aligned.uniform_bidirectional(D, H, O, RNG), aligned.bidirectional_loss, (X, TAGS, MASK)),
    "one to many": (
        one_to_many.uniform_one_to_many(4, H, D, RNG),
        one_to_many.one_to_many_loss,
        (RNG.normal(size=(B, 4)), READ, TO_WRITE),
    ),
    "encoder and decoder": (
        encoder_decoder.uniform_encoder_decoder(7, H, D, RNG),
        encoder_decoder.encoder_decoder_loss,
        (SOURCE, READ, TO_WRITE, MASK),
    ),
}


def leaves(tree, path=()):
    """List the arrays of nested NamedTuples with the way to each."""
    if isinstance(tree, np.ndarray):
        return [(path, tree)]
    return [leaf for name in tree._fields for leaf in leaves(getattr(tree, name), (*path, name))]


def replaced(tree, path, array):
    """Return the tree with the array at one path exchanged."""
    if not path:
        return array
    return tree._replace(**{path[0]: replaced(getattr(tree, path[0]), path[1:], array)})


@pytest.mark.parametrize("name", CASES)
def test_gradients_agree_with_central_differences(name):
    params, loss, batch = CASES[name]
    _, gradients = loss(params, batch)
    assert type(gradients) is type(params)
    for (path, array), (gradient_path, gradient) in zip(leaves(params), leaves(gradients), strict=True):
        assert path == gradient_path
        numeric = numeric_gradient(lambda a, path=path: loss(replaced(params, path, a), batch)[0], array)
        assert relative_error(gradient, numeric) < 1e-6, path
        assert np.linalg.norm(numeric) > 1e-6, f"{path} has no influence, so this proves nothing"


def test_masked_positions_do_not_count():
    params, loss, (x, tags, mask) = CASES["bidirectional"]
    other = np.where(mask == 1, tags, 1 - tags)
    assert loss(params, (x, tags, mask))[0] == loss(params, (x, other, mask))[0]


def test_one_hot_inputs_give_the_embedding_rows_their_gradient():
    params, loss, _ = CASES["many to one"]
    _, gradients = loss(params, (one_hot(np.array([[1, 1, 3]]), D), np.array([0])))
    used = np.abs(gradients.rnn.W_xh).sum(axis=1) > 0
    np.testing.assert_array_equal(used, [False, True, False, True, False])
