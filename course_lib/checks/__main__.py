"""``python -m course_lib.checks --prove [ASSIGNMENT …]``: prove the declared exercises."""

import argparse
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

from course_lib.checks.notebook import ASSIGNMENTS
from course_lib.checks.prove import prove_assignment, table

SOLUTIONS = Path(__file__).parents[2] / "solutions"


def main(arguments: list[str] | None = None) -> int:
    """Print the proof table and every hole; return 1 when there is one."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.checks", description=__doc__)
    parser.add_argument("--prove", action="store_true", required=True, help="prove the graders and print the table")
    parser.add_argument("assignments", nargs="*", help=f"of {', '.join(ASSIGNMENTS)}; all when none is named")
    options = parser.parse_args(arguments)
    if unknown := set(options.assignments) - ASSIGNMENTS.keys():
        parser.error(f"no assignment {', '.join(sorted(unknown))}; there are: {', '.join(ASSIGNMENTS)}")
    holes = 0
    for assignment in options.assignments or ASSIGNMENTS:
        if not (SOLUTIONS / assignment).is_dir():
            parser.error(
                f"solutions/{assignment} is not here: the proof needs right answers, which a student's copy lacks"
            )
        try:
            with threadpool_limits(1):
                proofs = prove_assignment(assignment, SOLUTIONS / assignment)
        except ValueError as wrong:  # a declaration that is not complete says so in one sentence
            parser.error(str(wrong))
        print(f"{assignment}\n{table(proofs)}")
        for proof in proofs:
            for hole in proof.holes:
                print(f"HOLE {proof.exercise}: {hole}")
                holes += 1
    print(f"{holes} holes")
    return min(holes, 1)


if __name__ == "__main__":
    sys.exit(main())
