"""What a late submission costs: some points for each day begun."""

import math

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

SECONDS_A_DAY = 24 * 60 * 60


class PointsADay(LateSubmissionPlugin):
    """Take points off for each day begun after the due date; an assignment without a due date is never late."""

    points_a_day = Float(10.0, help="0 accepts late work as it is.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        """Return what is taken off, never more than was earned."""
        return min(score, self.points_a_day * math.ceil(total_seconds_late / SECONDS_A_DAY))
