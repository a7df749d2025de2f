"""What a check says: a verdict, as plain text for terminals and as a small panel for notebooks."""

import html
import textwrap
from dataclasses import dataclass

WIDTH = 96
LABEL_WIDTH = 11


@dataclass(frozen=True)
class Verdict:
    """The result of one check.

    Attributes
    ----------
    title : str
        Name of the exercise, with its part where it has several.
    passed : bool
    kind : str
        What kind of fault: ``"value"``, ``"shape"``, ``"type"`` …; empty when passed.
    lines : tuple of (label, text)
        What is told, in the order in which it is told.
    misconceptions : tuple of str
        Ids of the misconceptions that explain the fault, a pair joined by ``+``, for statistics and proofs.
    longer : Verdict, optional
        The same, with the longer hint.
    """

    title: str
    passed: bool
    kind: str
    lines: tuple[tuple[str, str], ...]
    misconceptions: tuple[str, ...] = ()
    longer: "Verdict | None" = None

    def __str__(self) -> str:
        head = f"{self.title}  ✓" if self.passed else f"{self.title}  ✗  {self.kind}"
        return "\n".join([head, *(_labelled(label, text) for label, text in self.lines)])

    def _repr_html_(self) -> str | None:
        """Return the panel a notebook shows for a passed check: text first, colour second, both page themes.

        A failed one is raised and shows as text.
        """
        if not self.passed:
            return None
        rows = "".join(
            f'<div><strong style="display:inline-block;min-width:6em">{html.escape(label)}</strong>'
            f"{html.escape(text)}</div>"
            for label, text in self.lines
        )
        head = f"<div><strong>{html.escape(self.title)} ✓ passed</strong></div>"
        return f'<div role="status" style="border-left:0.4em solid #009E73;padding:0.3em 0.8em">{head}{rows}</div>'

    def __repr__(self) -> str:
        return str(self)


class CheckFailed(Exception):
    """A failing check; in a notebook it renders as its message alone, without library frames."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict

    def _render_traceback_(self) -> list[str]:
        """Tell IPython what to show in place of a traceback."""
        return str(self).splitlines()


def _labelled(label: str, text: str) -> str:
    paragraphs = map(_readable, text.split("\n"))
    wrapped = [line for part in paragraphs for line in textwrap.wrap(part, WIDTH - LABEL_WIDTH) or [""]]
    indent = "\n" + " " * LABEL_WIDTH
    return f"{label:<{LABEL_WIDTH}}{indent.join(wrapped)}"


def _readable(text: str) -> str:
    r"""Write control characters out, as in ``\x1b``: a terminal would obey them, an encoding may have none for them."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
