import pytest

from course_lib.checks.verdict import WIDTH, CheckFailed, Verdict

LONG = Verdict("rnn_step", False, "value", (("wrong", "word " * 60), ("read", "two\nparagraphs")))


def test_long_lines_are_wrapped_under_their_label():
    lines = str(LONG).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[2].startswith(" " * 11 + "word")
    assert lines[-1] == " " * 11 + "paragraphs"


def test_a_failing_check_renders_as_its_message_alone():
    failed = CheckFailed(LONG)
    assert failed._render_traceback_() == str(LONG).splitlines()
    assert str(failed) == str(LONG)


def test_the_panel_is_text_first_and_escapes_what_it_shows():
    panel = Verdict("rnn_step", True, "", (("public", "a < b"),))._repr_html_()
    assert "rnn_step ✓ passed" in panel
    assert "a &lt; b" in panel
    assert 'role="status"' in panel


def test_a_failed_verdict_never_shows_as_passed():
    assert LONG._repr_html_() is None


def test_a_notebook_shows_the_message_and_no_frame_of_the_library():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    result = shell.run_cell(
        "from course_lib.checks import open_checks\n"
        "check = open_checks('01-rnn', version='0.1.0')\n"
        "check.rnn_step(lambda x_t, h_prev, params: None)",
        silent=True,
    )
    assert isinstance(result.error_in_exec, CheckFailed)
    assert "got None (is a return missing?)" in "\n".join(result.error_in_exec._render_traceback_())


def test_verdicts_cannot_be_changed_afterwards():
    with pytest.raises(AttributeError):
        LONG.passed = True
