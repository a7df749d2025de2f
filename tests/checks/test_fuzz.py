"""Whatever a student returns or does, a check answers with a short message, soon, and leaves everything as it was."""

import itertools
import signal
import sys
import time
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from course_lib import __version__
from course_lib.checks import CheckFailed, open_checks
from course_lib.checks.call import call_here
from course_lib.checks.faults import PUBLIC_SEED, draw_cases
from course_lib.checks.judge import judge
from course_lib.checks.limits import MOST_PRINTED
from course_lib.checks.notebook import ASSIGNMENTS, exercises_of
from course_lib.checks.plain import map_leaves
from course_lib.checks.remote import RemoteAnswers
from course_lib.checks.verdict import Verdict
from tests.checks import nasty

ROOT = Path(__file__).parents[2]
MOST_LINES, WIDEST, SECONDS = 24, 100, 3.0
GIVEN_AWAY = ("Traceback", "site-packages", " at 0x", "object at ", "course_lib/")

EXERCISES = [exercise for assignment in ASSIGNMENTS for exercise in exercises_of(assignment).values()]
PARTS = [
    pytest.param(exercise, part, id=f"{exercise.name}-{part}") for exercise in EXERCISES for part in exercise.parts
]
STEP = exercises_of("01-rnn")["rnn_step"]

LATE = ("sympy.utilities.exceptions",)
"""Modules that torch imports at its first gradient, and that add a warning filter of their own."""

FEW = settings(deadline=None, max_examples=50, derandomize=True, suppress_health_check=list(HealthCheck))


def flaws_of(check, passes=False, seconds=SECONDS):
    """Run a check and list what is wrong with how it answers: the oracle of everything below."""
    start = time.process_time()  # other work on the machine does not count
    try:
        verdict = check()
    except BaseException as escaped:
        return [f"{type(escaped).__name__} escapes"]
    taken = time.process_time() - start
    flaws = [f"takes {taken:.1f} s"] if taken > seconds else []
    if not isinstance(verdict, Verdict):
        return [*flaws, f"returns a {type(verdict).__name__}"]
    flaws += [] if verdict.passed is passes else [f"passed is {verdict.passed}"]
    for form in filter(None, (verdict, verdict.longer)):
        flaws += flaws_of_text(str(form))
        shown = CheckFailed(form)._render_traceback_()
        flaws += [] if shown == str(form).split("\n") else ["shows other lines in a notebook"]
        flaws += [] if passes or form._repr_html_() is None else ["shows a panel"]
    return flaws


def flaws_of_text(text):
    lines = text.splitlines()
    flaws = [f"{len(lines)} lines"] if len(lines) > MOST_LINES else []
    flaws += [f"a line of {len(line)} characters" for line in lines if len(line) > WIDEST]
    flaws += [f"tells {given_away!r}" for given_away in GIVEN_AWAY if given_away in text]
    flaws += [f"holds {letter!r}" for letter in {*text} - {"\n"} if not letter.isprintable()]
    return flaws


def right(exercise):
    """Answer rightly: the implementation of the misconceptions, without any of them."""
    names = [name for name in exercise.call.split("(")[1].rstrip(")").split(", ") if name]
    return lambda *values: exercise.wrong(frozenset(), **dict(zip(names, values, strict=True)))


def on(exercise, part, answer, hints="", seconds=SECONDS):
    return lambda: judge(exercise, part, call_here(answer, seconds=seconds), hints=hints)


def all_flaws(named):
    """Run checks by name and keep those that have a flaw."""
    return {name: flaws for name, check in named.items() if (flaws := flaws_of(check))}


def state():
    return {
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)],
        "timer": signal.getitimer(signal.ITIMER_REAL),
        "floating point": np.geterr(),
        "warnings": [*(kept for kept in warnings.filters if kept[2].__module__ not in LATE), warnings.showwarning],
        "profiler": sys.getprofile(),
        "recursion": sys.getrecursionlimit(),
        "streams": [sys.stdout, sys.stderr],
    }


@pytest.fixture(autouse=True)
def nothing_changes():
    options = np.get_printoptions()
    before = state()
    yield
    np.set_printoptions(**options)
    assert state() == before


@pytest.mark.parametrize(("exercise", "part"), PARTS)
def test_a_right_answer_passes(exercise, part):
    assert flaws_of(on(exercise, part, right(exercise), "en", seconds=60), passes=True) == []


ODD = {
    **{f"returns {name}": lambda *_, make=make: make() for name, make in nasty.RETURNS.items()},
    **{f"raises {name}": act for name, act in nasty.RAISES.items()},
    **{f"is {name}": answer for name, answer in nasty.CALLABLES.items()},
}
SHARE = 12


def share(named, exercise, part):
    """Take a share of the named cases, other ones for every part, so that all parts together see all of them."""
    number = [parameters.values for parameters in PARTS].index((exercise, part))
    return dict(itertools.islice(named.items(), number % SHARE, None, SHARE))


@pytest.mark.parametrize(("exercise", "part"), PARTS)
def test_whatever_an_answer_returns_raises_or_is_gets_a_short_message(exercise, part):
    assert all_flaws({name: on(exercise, part, odd) for name, odd in share(ODD, exercise, part).items()}) == {}
    assert flaws_of(on(exercise, part, right(exercise), seconds=60), passes=True) == []


@pytest.mark.slow
@pytest.mark.parametrize(("exercise", "part"), PARTS)
def test_every_part_of_every_exercise_answers_to_everything(exercise, part):
    assert all_flaws({name: on(exercise, part, odd) for name, odd in ODD.items()}) == {}


@pytest.mark.parametrize("name", nasty.ENDLESS)
def test_what_never_comes_back_is_given_up(name):
    verdict = judge(STEP, "values", call_here(nasty.ENDLESS[name], seconds=0.2))
    assert "no result after 0.2 s" in str(verdict)
    assert flaws_of(lambda: verdict) == []


def replaced(value, twist):
    """Twist every array and number of a right value."""
    return map_leaves(twist, value)


def with_first(array, value):
    array = np.array(array, float)
    array.flat[0] = value
    return array


def with_ends(array, value):
    """Change the first element and the last: a part may look at one end of an array only."""
    array = with_first(array, value)
    array.flat[-1] = value
    return array


TWISTS = {
    "float32": np.float32,
    "longdouble": np.longdouble,
    "complex": lambda value: np.asarray(value, complex),
    "objects": lambda value: np.array(value, object),
    "strings": lambda value: np.array(value, str),
    "one axis more": lambda value: np.asarray(value)[None],
    "one value more": lambda value: np.append(value, 0.5),
    "no values": lambda value: np.asarray(value).reshape(-1)[:0],
    "nan": lambda value: with_ends(value, np.nan),
    "inf": lambda value: with_ends(value, np.inf),
    "large": lambda value: with_ends(value, 1e308),
    "small": lambda value: np.asarray(value) * 5e-324,
    "negated": lambda value: -np.asarray(value) - 1,
    "masked": lambda value: np.ma.masked_array(value, mask=True),
    "nested": lambda value: [[[value]]],
}
TWISTS_THAT_ARE_RIGHT = {"big-endian": lambda value: np.asarray(value, np.asarray(value).dtype.newbyteorder(">"))}


def twisted(exercise, twist):
    answer = right(exercise)
    return lambda *values: replaced(answer(*values), twist)


@pytest.mark.parametrize(("exercise", "part"), PARTS)
def test_a_right_value_that_is_twisted_is_told_shortly(exercise, part):
    numeric = "longdouble" if exercise.returns.__class__.__name__ in ("Rounded", "Number") else None
    checks = {
        name: on(exercise, part, twisted(exercise, twist))
        for name, twist in TWISTS.items()
        if name != numeric and (name != "float32" or exercise.returns.__class__.__name__ == "Array")
    }
    assert all_flaws(checks) == {}


@pytest.mark.parametrize(("exercise", "part"), PARTS)
def test_a_right_answer_may_do_what_it_likes_beside(exercise, part, capsys):
    def answer(deed):
        return lambda *values: (right(exercise)(*values), deed())[0]

    for name, deed in share(nasty.DEEDS, exercise, part).items():
        before = state()
        # The limit of a call counts the clock, so a busy machine must not strike here.
        assert flaws_of(on(exercise, part, answer(deed), seconds=60), passes=True) == [], name
        assert state() == before, name
    assert len(capsys.readouterr().out) < 50 * (MOST_PRINTED + 100)


@pytest.mark.parametrize(("exercise", "part"), PARTS)
def test_a_changed_input_is_told(exercise, part):
    arrays = [
        position
        for position, value in enumerate(draw_cases(exercise, part, PUBLIC_SEED, unseen=False)[0].inputs.values())
        if isinstance(value, np.ndarray)
    ]

    def answer(position, change):
        def changing(*values):
            change(values[position])
            return 0

        return changing

    for position in arrays:
        for name, change in nasty.CHANGES.items():
            verdict = on(exercise, part, answer(position, change))()
            assert flaws_of(lambda verdict=verdict: verdict) == [], name
            assert verdict.kind == "modified input" or not np.any(
                [*draw_cases(exercise, part, PUBLIC_SEED, unseen=False)[0].inputs.values()][position]
            ), name


NUMBERS = st.floats() | st.integers() | st.complex_numbers() | st.booleans()
ARRAYS = npst.arrays(
    npst.scalar_dtypes() | npst.array_dtypes(max_size=2),
    npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)
FLOATS = npst.arrays(np.float64, npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6))
NAMES = [name for name in nasty.RETURNS if "ten million" not in name]
LEAVES = st.sampled_from(NAMES).map(nasty.RETURNS.__getitem__) | (
    NUMBERS | ARRAYS | FLOATS | st.text() | st.binary() | st.dates()
).map(lambda value: lambda: value)
MAKERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda makers: lambda: [make() for make in makers])
        | st.lists(inner, max_size=4).map(lambda makers: lambda: tuple(make() for make in makers))
        | st.dictionaries(st.text(max_size=3), inner, max_size=3).map(
            lambda makers: lambda: {key: make() for key, make in makers.items()}
        )
    ),
    max_leaves=8,
)


@FEW
@given(st.sampled_from([parameters.values for parameters in PARTS]), MAKERS)
def test_combinations_of_odd_values_are_told_shortly(where, make):
    exercise, part = where
    assert flaws_of(on(exercise, part, lambda *_: make())) == []


@FEW
@given(st.text(), st.text())
def test_any_text_of_an_error_is_told_shortly(name, text):
    kind = type("E" + name.replace("\0", "").encode("utf-8", "ignore").decode(), (Exception,), {})
    assert flaws_of(on(STEP, "values", nasty.raising(lambda: kind(text)))) == []


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_check_of_a_notebook_shows_the_same_and_passes_afterwards(exercise, capsys):
    (assignment,) = (name for name in ASSIGNMENTS if exercise.name in exercises_of(name))
    check = getattr(open_checks(assignment, __version__), exercise.name)
    for odd in itertools.islice(ODD.values(), EXERCISES.index(exercise), None, 4 * len(EXERCISES)):
        with pytest.raises(CheckFailed) as failed:
            check(odd)
        assert flaws_of_text("\n".join(failed.value._render_traceback_())) == []
    assert flaws_of(lambda: check(nasty.Lying())) == ["CheckFailed escapes"]
    assert flaws_of(lambda: check(right(exercise), part=[1])) == ["CheckFailed escapes"]
    assert flaws_of(lambda: check(right(exercise), hint=np.array([1, 2]))) == ["CheckFailed escapes"]
    capsys.readouterr()


def test_the_same_is_said_when_floating_point_errors_raise():
    large = lambda x_t, h_prev, params: with_first(h_prev, -1e308)  # noqa: E731
    with np.errstate(all="raise"):
        assert flaws_of(on(STEP, "values", large, "en")) == []
        assert flaws_of(on(STEP, "values", right(STEP), "en", seconds=60), passes=True) == []


def test_an_interruption_by_hand_stops_the_check():
    with pytest.raises(KeyboardInterrupt):
        judge(STEP, "values", call_here(lambda *_: signal.raise_signal(signal.SIGINT)))


def test_all_calls_of_a_check_share_one_time_limit():
    calls = []

    def slow(*values):
        calls.append(values)
        time.sleep(0.15)
        return right(STEP)(*values)

    assert "no result after 0.4 s" in str(judge(STEP, "values", call_here(slow, seconds=0.4)))
    assert len(calls) == 3


def test_an_error_is_placed_in_the_students_own_line_and_not_in_pythons():
    verdict = on(STEP, "values", lambda *_: nasty.random.sample([], 3))()
    assert "at your line: verdict = on(STEP" in " ".join(str(verdict).split())


def test_a_view_of_many_values_is_never_copied():
    tracemalloc.start()
    try:
        assert flaws_of(on(STEP, "values", lambda *_: np.broadcast_to(0.5, (10**6, 10**6)))) == []
        assert flaws_of(on(STEP, "values", lambda *_: [np.broadcast_to(0.5, 10**6)] * 10**5)) == []
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("name", nasty.LARGE_RETURNS)
def test_large_values_are_not_looked_into(name):
    large = nasty.LARGE_RETURNS[name]()
    for exercise in EXERCISES[::6]:  # the reduction to plain data knows no exercise: some are enough
        assert flaws_of(on(exercise, next(iter(exercise.parts)), lambda *_: large)) == []


SUBMISSION = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.checks import nasty
import itertools, os, signal
for kind in (nasty.RETURNS, nasty.RAISES):
    for name, make in kind.items():
        globals()[name] = (lambda make: lambda *_: make())(make)
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_another_process_says_the_same():
    parts = [(exercise, part) for exercise in EXERCISES for part in exercise.parts]
    with RemoteAnswers(SUBMISSION, grace=30) as answers:
        for number, (name, make) in enumerate({**nasty.RETURNS, **nasty.RAISES}.items()):
            exercise, part = parts[number % len(parts)]
            verdict = judge(exercise, part, answers.call(name))
            assert flaws_of(lambda verdict=verdict: verdict) == [], name
            here = on(exercise, part, lambda *_, make=make: make())()
            assert (verdict.kind, told(verdict)) == (here.kind, told(here)), name


def told(verdict):
    """Return what is wrong, without the student's line, which stands in another file there."""
    return dict(verdict.lines)["wrong"].split(", at your line")[0]


def lines(count, width=10):
    return lambda: Verdict("f", False, "value", (("wrong", "\n".join(["w" * width] * count)),))


def says(text, passed=False):
    return lambda: Verdict("f", passed, "value", (("wrong", text),))


@pytest.mark.parametrize(
    ("check", "flaw"),
    [
        (nasty.raising(ValueError), "ValueError escapes"),
        (nasty.raising(KeyboardInterrupt), "KeyboardInterrupt escapes"),
        (lambda: None, "returns a NoneType"),
        (lines(30), "31 lines"),
        (lambda: Verdict("f" * 120, False, "value", ()), "a line of 130 characters"),
        (says("ok", passed=True), "passed is True"),
        (says("Traceback (most recent call last)"), "tells 'Traceback'"),
        (says("in /lib/site-packages/x.py"), "tells 'site-packages'"),
        (says("<function f at 0x7f2a>"), "tells ' at 0x'"),
        (lambda: Verdict("f\x1b[31m", False, "value", ()), "holds '\\x1b'"),
        (lambda: Verdict("f", False, "value", (), longer=lines(30)()), "31 lines"),
        (lambda: says(f"slow {sum(range(10**7))}")(), "takes"),
    ],
)
def test_a_planted_flaw_is_found(check, flaw):
    assert any(found.startswith(flaw) for found in flaws_of(check, seconds=0.02))


def test_a_change_of_state_is_found():
    before = state()
    with np.errstate(all="raise"):
        assert state() != before
    assert state() == before
