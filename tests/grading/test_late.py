"""A late submission loses points for each day begun, and never more than it earned."""

import pytest

from course_lib.grading.configuration import POINTS_A_DAY_LATE, configure
from course_lib.grading.late import PointsADay

DAY = 24 * 60 * 60


@pytest.mark.parametrize(
    ("seconds", "days"), [(1, 1), (DAY - 1, 1), (DAY, 1), (DAY + 1, 2), (2.5 * DAY, 3)], ids=lambda value: f"{value:g}"
)
def test_each_day_begun_counts(seconds: float, days: int) -> None:
    assert PointsADay(points_a_day=7).late_submission_penalty("ada", 100, seconds) == 7 * days


def test_nobody_loses_more_than_was_earned() -> None:
    assert PointsADay(points_a_day=10).late_submission_penalty("ada", 12, 3 * DAY) == 12


def test_0_points_a_day_accept_late_work_as_it_is() -> None:
    assert PointsADay(points_a_day=0).late_submission_penalty("ada", 100, 30 * DAY) == 0


def test_the_rate_is_a_setting_of_the_course() -> None:
    from traitlets.config import Config

    config = Config()
    configure(config)
    assert config.AssignLatePenalties.plugin_class == f"{PointsADay.__module__}.PointsADay"
    assert PointsADay(config=config).points_a_day == POINTS_A_DAY_LATE
