import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.checks.exercise import Misconception, load_misconceptions, random_cases


def draw(rng, **sizes):
    return {"x": rng.normal(size=tuple(sizes.values()))}


CASES = random_cases(draw, B=(1, 4), T=(1, 6), D=3, H=5)


def test_every_combination_of_sizes_is_drawn_the_largest_first():
    shapes = [tuple(case.sizes.values()) for case in CASES(np.random.default_rng(0))]
    assert set(shapes) == set(itertools.product((1, 4), (1, 6), (3,), (5,)))
    assert shapes[0] == (4, 6, 3, 5)
    assert shapes[-1] == (1, 1, 3, 5)


@given(st.integers(0, 2**32 - 1))
def test_unseen_sizes_are_larger_in_the_same_order_and_all_different(seed):
    cases = CASES(np.random.default_rng(seed), unseen=True)
    for case in cases:
        large = [size for size in case.sizes.values() if size > 1]
        assert len(large) == len(set(large))
    B, T, D, H = cases[0].sizes.values()
    assert D < B < H < T
    assert D > 3
    assert B > 4
    assert H > 5
    assert T > 6


def test_the_same_seed_draws_the_same_cases():
    first, second = (CASES(np.random.default_rng(3)) for _ in range(2))
    assert all(np.array_equal(a.inputs["x"], b.inputs["x"]) for a, b in zip(first, second, strict=True))


def test_equal_sizes_are_refused_since_a_transposed_matrix_would_pass():
    with pytest.raises(ValueError, match="sizes above 1 must all differ"):
        random_cases(draw, B=(1, 4), H=4)


@pytest.mark.parametrize("missing", ["name", "hint", "example"])
def test_a_misconception_without_a_text_says_which(missing):
    texts = {"name": "a", "hint": "b", "example": "c", missing: " "}
    with pytest.raises(ValueError, match=f"misconception 'forgets' has no {missing}"):
        Misconception("forgets", **texts)


def test_a_hint_missing_from_the_file_is_named_with_file_and_table(tmp_path):
    path = tmp_path / "hints.toml"
    path.write_text('[rnn_step.forgets]\nname = "forgets"\nexample = "1 and 1"\n')
    with pytest.raises(ValueError, match=r"hints.toml: \[rnn_step.forgets\] has no hint; write one"):
        load_misconceptions(path)


def test_a_misspelt_text_is_named(tmp_path):
    path = tmp_path / "hints.toml"
    path.write_text('[rnn_step.forgets]\nname = "a"\nhint = "b"\nexample = "c"\nhint_kr = "d"\n')
    with pytest.raises(ValueError, match=r"hints.toml: \[rnn_step.forgets\] holds \['hint_kr'\]"):
        load_misconceptions(path)
