"""The texts of ``hints.toml``: names, hints and examples of this assignment's misconceptions."""

from pathlib import Path

from course_lib.checks.exercise import load_misconceptions

MISCONCEPTIONS = load_misconceptions(Path(__file__).with_suffix(".toml"))
