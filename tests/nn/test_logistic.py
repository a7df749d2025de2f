import numpy as np
import torch

from course_lib.nn import logistic


def test_it_equals_torch_from_end_to_end():
    a = np.linspace(-800, 800, 4001)
    np.testing.assert_allclose(logistic(a), torch.sigmoid(torch.tensor(a)).numpy(), rtol=1e-12, atol=1e-15)


def test_it_overflows_nowhere_and_keeps_float32():
    ends = np.array([-np.inf, -3e38, 0, 3e38, np.inf], np.float32)
    np.testing.assert_array_equal(logistic(ends), np.array([0, 0, 0.5, 1, 1], np.float32))
    assert logistic(ends).dtype == np.float32
