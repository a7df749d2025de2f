"""Configuration of nbgrader: what is released, how it is cleared, how it is graded."""

from course_lib.grading.configuration import configure

configure(get_config())  # noqa: F821 - nbgrader provides it
