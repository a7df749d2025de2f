import dataclasses
import io
import math
import time

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from course_lib.nn import linear, linear_backward, mean_squared_error, mean_squared_error_backward, uniform_linear
from course_lib.params import LinearParams
from course_lib.training import LossBelow, ProgressBar, TrainingSettings, train

SETTINGS = TrainingSettings(steps=300, batch_size=16, learning_rate=0.05, clip_norm=1.0, seed=0)
TRUE = LinearParams(np.array([[1.0], [-2.0], [0.5]]), np.array([0.3]))


def batches(rng):
    x = rng.normal(size=(SETTINGS.batch_size, 3))
    return x, linear(x, *TRUE)


def loss_and_gradients(params, batch):
    x, target = batch
    loss, cache = mean_squared_error(linear(x, *params), target)
    return loss, LinearParams(*linear_backward(mean_squared_error_backward(cache), x, params.W)[1:])


def start():
    params = uniform_linear(3, 1, np.random.default_rng(1))
    for array in params:
        array.flags.writeable = False
    return params


def test_a_linear_model_finds_the_weights_that_made_its_data():
    record = train(start(), loss_and_gradients, batches, SETTINGS)
    assert record.losses.shape == (300,)
    assert record.losses[0] > 1 and record.losses[-1] < 1e-3
    for got, want in zip(record.params, TRUE, strict=True):
        np.testing.assert_allclose(got, want, atol=0.05)
    assert 0 < record.seconds < 60


@pytest.mark.parametrize("clip_norm", [0.5, math.inf])
def test_every_update_equals_torch(clip_norm):
    record = train(start(), loss_and_gradients, batches, dataclasses.replace(SETTINGS, steps=10, clip_norm=clip_norm))
    W, b = (torch.tensor(array, requires_grad=True) for array in start())
    optimiser, rng, losses = torch.optim.Adam([W, b], lr=0.05), np.random.default_rng(0), []
    for _ in range(10):
        x, target = map(torch.tensor, batches(rng))
        loss = torch.nn.functional.mse_loss(x @ W + b, target)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([W, b], clip_norm)
        optimiser.step()
        losses.append(loss.item())
    np.testing.assert_allclose(record.losses, losses, rtol=1e-5)
    np.testing.assert_allclose(record.params.W, W.detach().numpy(), rtol=1e-5)


def test_the_same_seed_gives_the_same_run_and_another_does_not():
    short = dataclasses.replace(SETTINGS, steps=5)
    first, again, other = (
        train(start(), loss_and_gradients, batches, dataclasses.replace(short, seed=seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.losses, again.losses)
    np.testing.assert_array_equal(first.params.W, again.params.W)
    assert not np.array_equal(first.losses, other.losses)


def test_blas_has_one_thread_inside_and_its_own_number_afterwards():
    def blas_threads():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    inside = []

    def watch(params, batch):
        inside.append(blas_threads())
        return loss_and_gradients(params, batch)

    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        train(start(), watch, batches, dataclasses.replace(SETTINGS, steps=1))
        assert blas_threads() == before == [2] * len(before)
    assert before and inside == [[1] * len(before)]


def test_a_run_that_leaves_the_finite_numbers_says_so():
    def broken(params, batch):
        return math.nan, LinearParams(params.W * math.nan, params.b)

    with pytest.raises(ValueError, match="gradients must be finite"):
        train(start(), broken, batches, SETTINGS)


@pytest.mark.parametrize("name", ["steps", "batch_size"])
def test_settings_that_do_nothing_are_named(name):
    with pytest.raises(ValueError) as error:
        dataclasses.replace(SETTINGS, **{name: 0})
    assert str(error.value) == f"{name} must be at least 1, got 0"


def test_gradient_norms_are_recorded_before_clipping():
    short = dataclasses.replace(SETTINGS, steps=3, clip_norm=1e-3)
    seen = []

    def watch(params, batch):
        loss, gradients = loss_and_gradients(params, batch)
        seen.append(math.sqrt(sum(np.sum(g**2) for g in gradients)))
        return loss, gradients

    record = train(start(), watch, batches, short)
    np.testing.assert_allclose(record.gradient_norms, seen, rtol=1e-12)
    assert min(seen) > 1e-3


def test_a_run_that_goes_to_its_end_says_so_and_keeps_its_settings():
    short = dataclasses.replace(SETTINGS, steps=4, seed=7)
    record = train(start(), loss_and_gradients, batches, short)
    assert (record.steps, record.stopped, record.settings) == (4, "all 4 updates were made", short)


def test_a_run_stops_at_the_first_mean_below_the_loss_and_is_otherwise_the_same_run():
    whole = train(start(), loss_and_gradients, batches, SETTINGS)
    record = train(start(), loss_and_gradients, batches, SETTINGS, stop=LossBelow(0.1, window=5))
    means = np.convolve(whole.losses, np.ones(5) / 5, mode="valid")  # of the losses up to 5, 6, ...
    assert 5 < record.steps == int(np.argmax(means < 0.1)) + 5 < 300
    assert record.stopped == "the mean of the last 5 losses fell below 0.1"
    np.testing.assert_array_equal(record.losses, whole.losses[: record.steps])
    np.testing.assert_array_equal(record.gradient_norms, whole.gradient_norms[: record.steps])
    to_there = train(start(), loss_and_gradients, batches, dataclasses.replace(SETTINGS, steps=record.steps))
    np.testing.assert_array_equal(record.params.W, to_there.params.W)


def test_a_rule_sees_every_loss_so_far_and_the_parameters_after_the_update():
    seen = []

    def rule(losses, params):
        seen.append((losses.tolist(), params))
        return "three are enough" if len(losses) == 3 else ""

    record = train(start(), loss_and_gradients, batches, SETTINGS, stop=rule)
    assert (record.steps, record.stopped) == (3, "three are enough")
    assert [losses for losses, _ in seen] == [record.losses[:n].tolist() for n in (1, 2, 3)]
    assert seen[-1][1] is record.params


def test_a_loss_is_reached_by_the_mean_not_by_one_batch_and_not_before_there_are_enough():
    rule = LossBelow(1.0, window=3)
    assert rule(np.array([0.1, 0.1]), None) == ""
    assert rule(np.array([9.0, 0.1, 9.0, 0.1]), None) == ""
    assert rule(np.array([9.0, 1.0, 1.0, 1.0]), None) == ""
    assert rule(np.array([9.0, 0.9, 0.9, 0.9]), None) != ""
    assert rule(np.array([0.9, 0.9, 0.9]), None) != ""
    assert LossBelow(1.0, window=1)(np.array([0.9]), None) != ""


def test_a_mean_of_no_loss_is_refused():
    with pytest.raises(ValueError) as error:
        LossBelow(0.1, window=0)
    assert str(error.value) == "window must be at least 1, got 0"


def test_a_mean_of_nan_is_not_below_a_loss_and_a_loss_of_nan_is_refused():
    assert LossBelow(0.1, window=3)(np.full(3, math.nan), None) == ""
    assert LossBelow(0.1, window=2)(np.array([math.nan, 0.01, 0.01]), None) != ""
    with pytest.raises(ValueError) as error:
        LossBelow(math.nan)
    assert str(error.value) == "loss must be a number, got nan"


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


def shown(text):
    """Return what a terminal shows of one line of text with carriage returns, and where its cursor stands."""
    cells, column = [], 0
    for character in text:
        if character == "\r":
            column = 0
        else:
            cells[column : column + 1] = [character]
            column += 1
    return "".join(cells).rstrip(), column


def test_the_bar_shows_step_loss_speed_and_the_time_left():
    stream, clock = io.StringIO(), Clock()
    clock.now = 100.0
    with ProgressBar(200, stream, clock) as bar:
        clock.now = 102.0
        bar.show(50, 0.123456)
        assert shown(stream.getvalue())[0] == f"[{'#' * 6}{'-' * 18}] 50/200  loss 0.1235  25 steps/s  6 s left"


def test_a_shorter_line_covers_a_longer_one_and_the_end_clears_all():
    stream, clock = io.StringIO(), Clock()
    with ProgressBar(1000, stream, clock) as bar:
        clock.now = 10.0
        bar.show(1, 123456.0)
        clock.now = 20.0
        bar.show(1000, 1.0)
        assert shown(stream.getvalue())[0] == f"[{'#' * 24}] 1000/1000  loss 1  50 steps/s  0 s left"
    assert shown(stream.getvalue()) == ("", 0)
    assert "\n" not in stream.getvalue()


def test_the_bar_is_cleared_when_the_loop_breaks():
    stream, clock = io.StringIO(), Clock()
    with pytest.raises(RuntimeError), ProgressBar(10, stream, clock) as bar:
        clock.now = 1.0
        bar.show(1, 2.0)
        raise RuntimeError
    assert "1/10" in stream.getvalue()
    assert shown(stream.getvalue()) == ("", 0)


def test_the_bar_draws_at_most_ten_times_a_second():
    stream, clock = io.StringIO(), Clock()
    with ProgressBar(1000, stream, clock) as bar:
        for step in range(1, 1001):
            clock.now = step / 1000
            bar.show(step, 1.0)
        assert 8 <= stream.getvalue().count("\r") <= 10


def test_training_is_silent_unless_asked(capsys):
    def slow(params, batch):
        time.sleep(0.11)  # longer than the bar waits: it draws after every update
        return loss_and_gradients(params, batch)

    short = dataclasses.replace(SETTINGS, steps=2)
    silent = train(start(), slow, batches, short)
    assert capsys.readouterr() == ("", "")
    loud = train(start(), slow, batches, short, progress=True)
    out, err = capsys.readouterr()
    assert all(f" {n}/2  loss {silent.losses[n - 1]:.4g}  " in err for n in (1, 2))
    assert out == "" and shown(err) == ("", 0)
    np.testing.assert_array_equal(silent.losses, loud.losses)
