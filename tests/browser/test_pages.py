"""Every page of the book passes every gate: from the disk and from a server, light and dark, on a phone and a desk."""

import re

import pytest
import yaml

from scripts.build_book import ROOT, toc_pages
from tests.browser import gates

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("book")]

PAGES = [f"{name}.html" for name in toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text()))]
VISITS = [
    ("file", "light", 390),
    ("file", "light", 1280),
    ("file", "dark", 390),
    ("file", "dark", 1280),
    ("http", "light", 390),
    ("http", "light", 1280),
]
FROM_THE_DISK = [visit for visit in VISITS if visit[0] == "file"]

every_page = pytest.mark.parametrize("name", PAGES)
every_visit = pytest.mark.parametrize("visit", VISITS, ids=lambda visit: "-".join(map(str, visit)))
every_visit_from_the_disk = pytest.mark.parametrize("visit", FROM_THE_DISK, ids=lambda v: "-".join(map(str, v)))


@every_page
@every_visit
def test_page_is_no_wider_than_the_window(look, name, visit):
    seen = look(name, *visit)
    assert seen.inner_width == visit[2]
    assert gates.width(seen) == []


@every_page
@every_visit
def test_page_asks_for_nothing_outside_the_built_folder(look, name, visit):
    assert gates.outside_requests(look(name, *visit)) == []


@every_page
@every_visit
def test_page_says_nothing_on_the_console(look, name, visit):
    assert gates.console(look(name, *visit)) == []


@every_page
@every_visit
def test_every_formula_is_set_without_an_error(look, name, visit):
    assert gates.mathematics(look(name, *visit)) == []


@every_page
@every_visit
def test_every_picture_is_described_in_words(look, name, visit):
    assert gates.pictures(look(name, *visit)) == []


@every_page
@every_visit
def test_headings_leave_out_no_level_below_the_one_title(look, name, visit):
    assert gates.headings(look(name, *visit)) == []


@every_page
@every_visit
def test_no_two_elements_share_an_id(look, name, visit):
    assert gates.ids(look(name, *visit)) == []


@every_page
@every_visit
def test_every_link_inside_the_book_leads_to_a_place(look, name, visit):
    seen = look(name, *visit)
    assert len(seen.links) > len(PAGES)
    assert gates.links(seen) == []


@every_page
@every_visit_from_the_disk
def test_axe_finds_nothing_that_is_not_excused(look, name, visit):
    assert gates.accessibility(look(name, *visit)) == []


def test_every_excuse_is_still_needed(look):
    findings = [finding for name in PAGES for visit in FROM_THE_DISK for finding in look(name, *visit).findings]
    needed = {(finding.rule, selector) for finding in findings for selector in finding.excused}
    assert {(excuse.rule, excuse.selector) for excuse in gates.EXCUSES} == needed


def test_every_harmless_message_still_comes(look):
    messages = "\n".join(message for name in PAGES for visit in VISITS for message in look(name, *visit).console)
    assert [known for known in gates.HARMLESS if not re.search(known, messages)] == []


def test_the_notation_is_full_of_formulas(look):
    assert look("book/notation.html", "file", "light", 390).formulas > 50


@every_page
@every_visit
def test_page_comes_in_the_mode_the_reader_chose(look, name, visit):
    seen = look(name, *visit)
    assert seen.theme == visit[1]
    assert seen.hidden_colour == {"light": "#000000", "dark": "#ffffff"}[visit[1]]
