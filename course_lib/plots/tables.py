"""A table of numbers that a page computes, in the looks of the tables that it holds as text (chapter 03)."""

from collections.abc import Sequence
from html import escape


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in HTML: words in the first column, numbers to the right in all others.

    Parameters
    ----------
    head : sequence of str
    rows : sequence of sequences of str
        Each as long as `head`.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than the head.
    """
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"a row must have {len(head)} cells, one for each of {list(head)}, got {list(row)}")
    lines = [_line("th", head), *(_line("td", row) for row in rows)]
    return f'<table class="table"><thead>{lines[0]}</thead><tbody>{"".join(lines[1:])}</tbody></table>'


def _line(tag: str, cells: Sequence[str]) -> str:
    """Return one line of a table."""
    sides = ["left", *["right"] * (len(cells) - 1)]
    inside = (
        f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>' for side, cell in zip(sides, cells, strict=True)
    )
    return f"<tr>{''.join(inside)}</tr>"
