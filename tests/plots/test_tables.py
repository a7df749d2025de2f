import re

import pytest

from course_lib.plots.tables import html_table


def test_a_table_has_its_head_and_its_rows_in_order():
    html = html_table(["cure", "s"], [["plain", "12"], ["penalty", "34"]])
    assert re.findall(r"<th [^>]*>(.*?)</th>", html) == ["cure", "s"]
    assert re.findall(r"<td [^>]*>(.*?)</td>", html) == ["plain", "12", "penalty", "34"]
    assert html.count("<tr>") == 3


def test_words_stand_left_and_numbers_right():
    assert re.findall(r"text-align:(\w+)", html_table(["a", "b", "c"], [])) == ["left", "right", "right"]


def test_what_stands_in_a_cell_is_text_and_not_html():
    assert "<b>" not in html_table(["a"], [["<b>"]])


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"must have 2 cells, one for each of \['a', 'b'\], got \['1'\]"):
        html_table(["a", "b"], [["1"]])
