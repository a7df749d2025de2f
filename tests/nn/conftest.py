"""Every test of a layer runs with NumPy's floating-point errors turned into exceptions.

Underflow is left out: a gradient that vanishes, or a probability of exp(-2000), is 0 and rightly so.
"""

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def floating_point_errors_raise():
    with np.errstate(all="raise", under="ignore"):
        yield
