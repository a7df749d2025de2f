"""What a verdict of a check says, taken apart again: an executed notebook keeps its text alone."""

import re

LABEL = re.compile(r"^(\w+) +(?=\S)")


def labelled(text: str) -> dict[str, list[str]]:
    """Return the lines of a verdict by their label, the title under an empty one."""
    title, *lines = text.splitlines() or [""]
    told: dict[str, list[str]] = {"": [title]}
    label = ""
    for line in lines:
        if found := LABEL.match(line):
            label = found[1]
            line = line[found.end() :]
        told.setdefault(label, []).append(line.strip())
    return told


def mistake_and_hint(lines: list[str]) -> tuple[str, str]:
    """Part the lines of *likely*: the mistake goes on over lines until the hint begins, which no small letter does."""
    first, *more = lines
    begin = next((number for number, line in enumerate(more) if not line[:1].islower()), len(more))
    return " ".join([first, *more[:begin]]), " ".join(more[begin:])
