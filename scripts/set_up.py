"""Set the course up: ``python3 scripts/set_up.py`` (``make setup`` calls it).

This file speaks the Python of long ago, so that an old interpreter can still say what is wrong with it. The work is
done in ``environment.py`` beside it.
"""

import os
import subprocess
import sys

NEWER = ("python3.12", "python3.11", "python3.13", "python3.14")


def newer_on_path():
    """Return the name of a newer interpreter on the PATH that runs, or an empty string."""
    for name in NEWER:
        try:
            with open(os.devnull, "w") as nothing:
                if subprocess.call([name, "-c", ""], stdout=nothing, stderr=nothing) == 0:
                    return name
        except OSError:
            continue
    return ""


def main():
    """Check the interpreter, then hand over."""
    if sys.version_info < (3, 11):
        have = ".".join(str(part) for part in sys.version_info[:3])
        newer = newer_on_path()
        advice = "add PYTHON=" + newer + " to the command" if newer else "install a newer one, then run again"
        sys.stderr.write("The course needs Python 3.11 or newer and this is " + have + ": " + advice + ".\n")
        return 1
    import environment

    return environment.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
