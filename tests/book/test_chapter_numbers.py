"""A chapter has the number in its name, in a whole build and in one that reads a single page again."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from chapter_numbers import chapter_number

CONF = "extensions = ['myst_parser', 'sphinx_external_toc', 'chapter_numbers']\n"
SETTINGS = "myst_enable_extensions = ['dollarmath']\nnumfig = math_numfig = True\nnumfig_secnum_depth = 1\n"
TOC = "format: jb-book\nroot: intro\nparts: [{caption: C, numbered: 1, chapters: [%s]}]\n"


def page(title: str) -> str:
    equations = "".join(f"$$\n{n}\n$$ (eq:{title}-{n})\n\n" for n in ("one", "two"))
    return f"# {title}\n\n{equations}## Part\n\nSee {{eq}}`eq:{title}-one`.\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Return a book of three chapters in which 02 is not written yet."""
    (tmp_path / "conf.py").write_text(CONF + SETTINGS)
    (tmp_path / "intro.md").write_text("# Intro\n")
    for name in ("00-zero", "01-one", "03-three"):
        (tmp_path / f"{name}.md").write_text(page(name.split("-")[1]))
    (tmp_path / "_toc.yml").write_text(TOC % "{file: 00-zero}, {file: 01-one}, {file: 03-three}")
    return tmp_path


def build(book: Path, extensions: Path) -> str:
    """Build what changed and return what Sphinx said; a warning is an error."""
    code = f"import sys; sys.path.insert(0, {str(extensions)!r}); from sphinx.cmd.build import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "-W", "-n", "-b", "html", str(book), str(book / "_build")]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def numbers(book: Path) -> dict[str, tuple[str, list[str], str]]:
    """Return each page's number in its title, those of its equations, and the number a reference prints."""
    found = {}
    for path in sorted((book / "_build").glob("0*.html")):
        html = path.read_text()
        title = re.search(r'<h1><span class="section-number">([\d.]+) ?</span>', html)[1]
        assert "<h2>Part<" in html  # too deep for a number of its own
        reference = re.search(r'href="#equation-[^"]+">\(([\d.]+)\)</a>', html)[1]
        found[path.stem] = title, re.findall(r'class="eqno">\(([\d.]+)\)', html), reference
    return found


@pytest.mark.slow
def test_titles_and_equations_carry_the_number_of_the_name_also_when_one_page_is_read_again(book, root):
    wanted = {
        "00-zero": ("0.", ["0.1", "0.2"], "0.1"),
        "01-one": ("1.", ["1.1", "1.2"], "1.1"),
        "03-three": ("3.", ["3.1", "3.2"], "3.1"),
    }
    build(book, root / "book" / "_ext")
    assert numbers(book) == wanted

    (book / "01-one.md").write_text(page("one") + "\nOne more sentence.\n")
    assert "0 added, 1 changed, 0 removed" in build(book, root / "book" / "_ext")
    assert numbers(book) == wanted
    toc = (book / "_build" / "intro.html").read_text()
    assert [re.search(rf'href="{name}\.html">(\d)\. ', toc)[1] for name in wanted] == ["0", "1", "3"]


@pytest.mark.slow
def test_a_page_between_chapters_has_no_number_and_takes_none_from_those_after_it(book, root):
    (book / "mixed-02.md").write_text("# mixed\n\nA question.\n\n## More\n\nAnother.\n")
    pages = "{file: 00-zero}, {file: 01-one}, {file: mixed-02}, {file: 03-three}"
    (book / "_toc.yml").write_text(TOC % pages)
    for _ in range(2):  # in a whole build, and in one that reads a single page again
        build(book, root / "book" / "_ext")
        assert {name: found[0] for name, found in numbers(book).items()} == {
            "00-zero": "0.",
            "01-one": "1.",
            "03-three": "3.",
        }
        mixed = (book / "_build" / "mixed-02.html").read_text()
        assert "<h1>mixed<" in mixed and "<h2>More<" in mixed
        assert 'href="mixed-02.html">mixed<' in (book / "_build" / "intro.html").read_text()
        (book / "01-one.md").write_text(page("one") + "\nOne more sentence.\n")


@pytest.mark.parametrize(
    ("docname", "number"), [("book/00-refresher", 0), ("01-rnn", 1), ("book/mixed-03", None), ("book/2024", None)]
)
def test_the_number_is_the_one_a_name_begins_with(docname, number):
    assert chapter_number(docname) == number
