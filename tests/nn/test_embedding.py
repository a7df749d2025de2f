import numpy as np
import pytest
import torch

from course_lib.gradcheck import numeric_gradient, relative_error
from course_lib.nn import embed, embed_backward

CASES = [((4, 6), 3, 5), ((7,), 2, 3), ((2, 3, 4), 9, 2), ((), 5, 4), ((1, 1), 1, 1)]  # axes of ids, V, D


def case(axes, V, D, seed=0, dtype=np.float64):
    """Return ids, E and dx, all read-only: a function that writes into its inputs raises."""
    rng = np.random.default_rng(seed)
    ids = np.asarray(rng.integers(V, size=axes))
    arrays = ids, rng.normal(size=(V, D)).astype(dtype), np.asarray(rng.normal(size=(*axes, D))).astype(dtype)
    for array in arrays:
        array.flags.writeable = False
    return arrays


@pytest.mark.parametrize(("axes", "V", "D"), CASES)
def test_values_and_gradient_equal_torch(axes, V, D):
    ids, E, dx = case(axes, V, D)
    table = torch.tensor(E, requires_grad=True)
    x = torch.nn.functional.embedding(torch.tensor(ids), table)
    (wanted,) = torch.autograd.grad(x, table, torch.tensor(dx))

    np.testing.assert_allclose(embed(ids, E), x.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(embed_backward(dx, ids, V), wanted.numpy(), rtol=1e-9, atol=1e-12)


def test_the_gradient_equals_central_differences():
    ids, E, dx = case((4, 6), 3, 5)

    def loss(table):
        return np.sum(dx * np.tanh(embed(ids, table)))

    got = embed_backward(dx * (1 - np.tanh(embed(ids, E)) ** 2), ids, len(E))
    assert relative_error(got, numeric_gradient(loss, E)) < 1e-6


def test_a_repeated_id_counts_every_time_and_an_absent_one_not_at_all():
    dE = embed_backward(np.ones((3, 2)), np.array([1, 1, 3]), 5)
    np.testing.assert_array_equal(dE, np.array([0, 2, 0, 1, 0])[:, None] * np.ones(2))


def test_a_look_up_is_a_product_of_one_hot_rows_with_the_table():
    ids, E, dx = case((4, 6), 3, 5)
    one_hot = np.eye(len(E))[ids]
    np.testing.assert_allclose(embed(ids, E), one_hot @ E, rtol=1e-12)
    np.testing.assert_allclose(embed_backward(dx, ids, 3), np.einsum("btv,btd->vd", one_hot, dx), rtol=1e-12)


def test_what_was_looked_up_is_a_copy():
    ids, E = np.array([0, 0]), np.ones((2, 3))
    embed(ids, E)[0] = 7
    np.testing.assert_array_equal(E, np.ones((2, 3)))


def test_float32_stays_float32():
    ids, E, dx = case((4,), 3, 5, dtype=np.float32)
    assert embed(ids, E).dtype == embed_backward(dx, ids, 3).dtype == np.float32


@pytest.mark.parametrize(
    ("ids", "E", "message"),
    [
        (np.array([0, 3]), np.ones((3, 2)), "ids must be in 0 ... 2, got 3"),
        (np.array([0, -1]), np.ones((3, 2)), "ids must be in 0 ... 2, got -1"),
        (np.array([0.0]), np.ones((3, 2)), "ids must hold integers, got float64"),
        (np.array([0]), np.ones(3), "E must be (vocabulary, input), got shape (3,)"),
    ],
)
def test_what_cannot_be_looked_up_is_said(ids, E, message):
    with pytest.raises(ValueError) as error:
        embed(ids, E)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("dx", "ids", "message"),
    [
        (np.ones((3, 2)), np.array([0, 1]), "dx must be (the shape of ids, input) = (2, 2), got (3, 2)"),
        (np.array(1.0), np.array([0, 1]), "dx must be (the shape of ids, input) = (2, 0), got ()"),
        (np.ones((2, 2)), np.array([0, 4]), "ids must be in 0 ... 3, got 4"),
    ],
)
def test_a_gradient_that_does_not_fit_is_said(dx, ids, message):
    with pytest.raises(ValueError) as error:
        embed_backward(dx, ids, 4)
    assert str(error.value) == message
