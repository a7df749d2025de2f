import numpy as np
import pytest

from course_lib.data import sprites


@pytest.mark.parametrize("kind", sprites.KINDS)
def test_a_sprite_is_a_small_grey_picture_that_differs_each_time(kind):
    rng = np.random.default_rng(0)
    a, b = (sprites.draw_sprite(kind, rng) for _ in range(2))
    assert a.shape == (sprites.SIZE, sprites.SIZE)
    assert 0 <= a.min() <= a.max() <= 1
    assert not np.array_equal(a, b)


def test_no_single_pixel_gives_the_animal_away():
    pictures, labels = sprites.sprite_batch(400, np.random.default_rng(0))
    bright = pictures > 0.5
    right = np.maximum((bright == labels[:, None]).mean(axis=0), (bright != labels[:, None]).mean(axis=0))
    assert right.max() < 0.99


def test_a_batch_is_reproducible_and_holds_both_kinds():
    (a, labels), (b, _) = (sprites.sprite_batch(50, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert set(labels) == {0, 1}


def test_an_unknown_animal_is_refused():
    with pytest.raises(ValueError, match="got 'cow'"):
        sprites.draw_sprite("cow", np.random.default_rng(0))
