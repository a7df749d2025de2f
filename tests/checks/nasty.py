"""What a student's function may return, raise or do: the cases of ``test_fuzz.py``, by name."""

import asyncio
import ctypes
import datetime
import decimal
import functools
import itertools
import linecache
import os
import random
import signal
import sys
import threading
import time
import types
import warnings
from collections import OrderedDict, deque, namedtuple
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch


def refuse(*_, **__):
    raise RuntimeError("this object refuses")


def leave(*_, **__):
    raise SystemExit("left")


METHODS = (
    "__eq__", "__array__", "__repr__", "__str__", "__len__", "__iter__", "__bool__", "__float__", "__int__",
    "__index__", "__getattr__", "__getitem__", "__array_interface__", "__array_struct__", "__fspath__", "__format__",
    "__reduce__", "__instancecheck__", "__lt__", "__add__", "__contains__",
)  # fmt: skip


def with_methods(method, *bases):
    return type("Rude", bases, {**dict.fromkeys(METHODS, method), "__hash__": method})


class LyingMeta(type):
    @property
    def __name__(cls):
        raise SystemExit

    @property
    def __module__(cls):
        raise SystemExit

    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(float)


class Lying(metaclass=LyingMeta):
    pass


class SaysItIsAnArray:
    @property
    def __class__(self):
        return np.ndarray


class Finalizing(np.ndarray):
    def __array_finalize__(self, parent):
        if parent is not None:
            raise SystemExit

    def __getitem__(self, index):
        raise SystemExit

    __len__ = __eq__ = __repr__ = __str__ = __getitem__
    __hash__ = None
    shape = dtype = size = ndim = property(lambda self: leave())


class EndlessList(list):
    def __iter__(self):
        return itertools.count()

    def __len__(self):
        return 3


class OwnFloat(float):
    __repr__ = __str__ = __float__ = __eq__ = leave
    __hash__ = float.__hash__


class OwnInt(int):
    __repr__ = __str__ = __index__ = __eq__ = leave
    __hash__ = int.__hash__


class OwnStr(str):
    __repr__ = __str__ = __len__ = __eq__ = leave
    __hash__ = str.__hash__


def endless():
    items = []
    items.append(items)
    return items


def endless_dict():
    items = {}
    items["a"] = (items,)
    return items


def deep(levels=10_000, make=lambda inner: [inner]):
    value = 0.5
    for _ in range(levels):
        value = make(value)
    return value


def doubling(levels=60):
    value = [0.5]
    for _ in range(levels):
        value = [value, value]
    return value


async def coroutine():
    return 1


def lazily():
    refuse()
    yield


def finalizing():
    return np.ndarray.__new__(Finalizing, (2, 3))


STRUCTURED = np.dtype([(f"a_long_name_of_a_field_{i}", float) for i in range(200)])

RETURNS = {
    "nothing": lambda: None,
    "a string": lambda: "0.5",
    "bytes": lambda: b"0.5",
    "a dict": lambda: {"h": np.zeros(3)},
    "a dict with odd keys": lambda: {(1, 2): 1, 10**5000: 2, Lying: 3, object(): 4},
    "a dict of its own kind": lambda: OrderedDict(a=1),
    "a set": lambda: {1, 2},
    "a frozenset": lambda: frozenset({1}),
    "a deque": lambda: deque([1, 2]),
    "a complex number": lambda: 0.5j,
    "an object": object,
    "a class": lambda: dict,
    "a function": lambda: refuse,
    "a module": lambda: np,
    "a decimal": lambda: decimal.Decimal("0.5"),
    "a date": lambda: datetime.datetime(2020, 1, 1),
    "a namespace": lambda: types.SimpleNamespace(a=1),
    "an ellipsis": lambda: ...,
    "a named tuple": lambda: namedtuple("pair", "x y")(1, 2),
    "true": lambda: True,
    "a huge integer": lambda: 10**400,
    "an integer that cannot be written": lambda: -(10**20_000),
    "huge integers": lambda: [10**30, -(10**5000), 2**63],
    "integers at the edge": lambda: [2**63 - 1, -(2**63) + 1],
    "nan": lambda: float("nan"),
    "infinity": lambda: -float("inf"),
    "a subnormal": lambda: 5e-324,
    "the largest float": lambda: np.full((4, 5), sys.float_info.max),
    "a scalar": lambda: np.float64(0.5),
    "a longdouble": lambda: np.longdouble("0.5"),
    "longdoubles": lambda: np.zeros(3, np.longdouble),
    "a half": lambda: np.float16(0.5),
    "a NumPy string": lambda: np.str_("a"),
    "a NumPy date": lambda: np.datetime64("2020-01-01"),
    "a NumPy time span": lambda: np.timedelta64(1, "s"),
    "a NumPy record": lambda: np.zeros(1, "i4,f8")[0],
    "no axes": lambda: np.array(0.5),
    "no axes and a complex number": lambda: np.array(0.5j),
    "no axes and a date": lambda: np.array("2020-01-01", "M8[D]"),
    "no axes and an object": lambda: np.array(None),
    "empty": lambda: np.zeros(0),
    "empty axes": lambda: np.zeros((4, 0, 5)),
    "many axes": lambda: np.zeros((1,) * 64),
    "a ragged list": lambda: [[1.0], [1.0, 2.0]],
    "an array of objects": lambda: np.array([1, "a", None], object),
    "an array of strings": lambda: np.array(["a", "b"]),
    "an array of bytes": lambda: np.array([b"a"]),
    "structured": lambda: np.zeros((4, 5), STRUCTURED),
    "dates": lambda: np.zeros((4, 5), "M8[ns]"),
    "spans": lambda: np.zeros((4, 5), "m8[s]"),
    "big-endian": lambda: np.zeros((4, 5), ">f8"),
    "complex": lambda: np.zeros((4, 5), complex),
    "booleans": lambda: np.zeros((4, 5), bool),
    "float32": lambda: np.zeros((4, 5), np.float32),
    "all nan": lambda: np.full((4, 5), np.nan),
    "all infinite": lambda: np.full((4, 5), np.inf),
    "read-only": lambda: np.broadcast_to(0.5, (4, 5)),
    "masked": lambda: np.ma.masked_greater(np.arange(20.0).reshape(4, 5), 3),
    "a matrix": lambda: np.matrix(np.zeros((4, 5))),
    "a memoryview": lambda: memoryview(b"123"),
    "a ctypes array": lambda: (ctypes.c_double * 3)(),
    "a tensor": lambda: torch.zeros(4, 5, dtype=torch.float64),
    "a tensor with a gradient": lambda: torch.zeros(4, 5, requires_grad=True),
    "a subclass that leaves": finalizing,
    "a generator": lambda: (n for n in range(3)),
    "an iterator without end": itertools.count,
    "a generator that raises": lazily,
    "a coroutine": coroutine,
    "a map that raises": lambda: map(refuse, [1]),
    "a range": lambda: range(10**12),
    "an object that refuses": with_methods(refuse),
    "an object that leaves": with_methods(leave),
    "a list that refuses": with_methods(refuse, list),
    "a tuple that leaves": with_methods(leave, tuple),
    "a dict that leaves": with_methods(leave, dict),
    "a list of objects that leave": lambda: [with_methods(leave)()] * 3,
    "a list without end": lambda: EndlessList([1, 2]),
    "a float that leaves": lambda: OwnFloat(0.5),
    "an integer that leaves": lambda: OwnInt(1),
    "a string that leaves": lambda: OwnStr("a"),
    "a type that lies": Lying,
    "the type that lies": lambda: Lying,
    "an object that says it is an array": SaysItIsAnArray,
    "a type with a long name": lambda: type("N" * 10_000, (), {})(),
    "a type with colours in its name": lambda: type("\x1b[31m<b>\u2028\rname", (), {})(),
    "a type of no module": lambda: type("T", (), {"__module__": 5})(),
    "a list inside itself": endless,
    "a dict inside itself": endless_dict,
    "a deep list": deep,
    "a deep tuple": lambda: deep(make=lambda inner: (inner,)),
    "a deep dict": lambda: deep(make=lambda inner: {"a": inner}),
    "a list that doubles": doubling,
    "a view of 10**12 values": lambda: np.broadcast_to(0.5, (10**6, 10**6)),
    "ten million values": lambda: np.zeros(10**7, np.float32),
    "a list of ten million": lambda: [0] * 10**7,
    "a list of large arrays": lambda: [np.broadcast_to(0.5, (10**6,))] * 1000,
    "a string of ten million": lambda: "x" * 10**7,
    "a string of one control character": lambda: "\x1b[2J\u202e\ud800",
    "a wide integer array": lambda: np.array([2**63], np.uint64),
}
"""Makers of values that no exercise wants, by name."""

LARGE_RETURNS = {
    "10**8 values": lambda: np.zeros(10**8, np.float32),
    "a list of 10**8": lambda: [0] * 10**8,
    "a string of 10**8": lambda: "x" * 10**8,
    "bytes of 10**8": lambda: bytes(10**8),
    "a list of 1,000 lists of 10**5": lambda: [[0] * 10**5] * 1000,
    "a dict of 3 million": lambda: dict.fromkeys(range(3 * 10**6)),
}


class TextRaises(Exception):
    __str__ = __repr__ = leave


class TextIsNoText(Exception):
    def __str__(self):
        return 5


class TextIsLong(Exception):
    def __str__(self):
        return "long " * 200_000


class TextHasManyLines(Exception):
    def __str__(self):
        return "line\n" * 1000


class TextIsStrange(Exception):
    def __str__(self):
        return "\x1b[31mred\x1b[0m <script>alert(1)</script> \u202e\u2028 a\x85b\x1cc \ud800 한국어 " * 50


class TextNeverComes(Exception):
    def __str__(self):
        while True:
            time.sleep(0.01)


class TraceLies(Exception):
    __traceback__ = property(leave)


class Own(BaseException):
    pass


def recursion(*_):
    return recursion()


def recursion_in_repr(*_):
    class Loop:
        def __repr__(self):
            return repr(self)

    return repr(Loop())


def raising(make):
    def act(*_):
        raise make()

    return act


def long_line(*_):
    code = "1 / 0  # " + "long <b>\x1b[31m " * 100_000
    linecache.cache["<long>"] = (len(code), None, [code], "<long>")
    return eval(compile(code, "<long>", "eval"))


def chained(*_):
    try:
        raise KeyError("first")
    except KeyError as first:
        raise ValueError("second") from first


RAISES = {
    "an error without a text": raising(ValueError),
    "an error whose text raises": raising(TextRaises),
    "an error whose text is none": raising(TextIsNoText),
    "an error with a long text": raising(TextIsLong),
    "an error with many lines": raising(TextHasManyLines),
    "an error with a strange text": raising(TextIsStrange),
    "an error with a lying trace": raising(TraceLies),
    "an error with a long name": raising(type("E" * 10_000, (Exception,), {})),
    "an error about an object that leaves": raising(lambda: KeyError(with_methods(leave)())),
    "a group": raising(lambda: ExceptionGroup("several", [ValueError("a"), KeyError("b")])),
    "a group of others": raising(lambda: BaseExceptionGroup("several", [SystemExit(1), Own()])),
    "its own kind": raising(Own),
    "SystemExit": sys.exit,
    "GeneratorExit": raising(GeneratorExit),
    "KeyboardInterrupt": raising(KeyboardInterrupt),
    "StopIteration": raising(StopIteration),
    "StopAsyncIteration": raising(StopAsyncIteration),
    "MemoryError": lambda: np.ones(10**17),
    "a chain": chained,
    "recursion": recursion,
    "recursion in a text": recursion_in_repr,
    "deep text": lambda: repr(deep(100_000)),
    "an assertion": raising(AssertionError),
    "an encoding error": lambda: "\ud800".encode(),
    "a product of a list": lambda: np.zeros(3) @ [1, 2],
    "an error inside Python's library": lambda: random.sample([], 3),
    "a long line": long_line,
}
"""Ways to raise, by name."""


def catch_everything():
    n = 0
    while True:
        try:
            n += 1
        except BaseException:
            n = 0


ENDLESS = {
    "a loop": lambda *_: [None for _ in iter(int, 1)],
    "a loop that catches everything": lambda *_: catch_everything(),
    "an error whose text never comes": raising(TextNeverComes),
}
"""Ways not to come back, by name."""


def flood():
    for _ in range(100):
        print("0123456789" * 10_000)


def flood_by_lines():
    sys.stdout.writelines("0123456789" * 10_000 for _ in range(100))


def close_the_output():
    sys.stdout.close()
    sys.stderr.close()


def replace_the_output():
    sys.stdout = sys.stderr = None


def ignore_signals():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)


def stop_the_clock():
    signal.setitimer(signal.ITIMER_REAL, 0)


def start_a_thread():
    threading.Thread(target=time.sleep, args=(0.01,)).start()


def lose_a_global():
    globals()["lost"] = 1
    del globals()["lost"]


def warn():
    warnings.simplefilter("error")
    warnings.showwarning = leave


def run_an_event_loop():
    # In a thread of its own: a browser test that ran before leaves a running loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine()).result()


DEEDS = {
    "reacts to floating point": lambda: np.seterr(all="raise"),
    "filters warnings": warn,
    "lowers the recursion limit": lambda: sys.setrecursionlimit(500),
    "raises the recursion limit": lambda: sys.setrecursionlimit(10**6),
    "seeds": lambda: (np.random.seed(0), random.seed(0)),  # noqa: NPY002
    "ignores signals": ignore_signals,
    "stops the clock": stop_the_clock,
    "replaces the output": replace_the_output,
    "closes the output": close_the_output,
    "floods the output": flood,
    "floods the output by lines": flood_by_lines,
    "removes the profiler": lambda: sys.setprofile(None),
    "sets a profiler": lambda: sys.setprofile(lambda *_: None),
    "starts a thread": start_a_thread,
    "loses a global": lose_a_global,
    "changes how arrays are shown": lambda: np.set_printoptions(precision=1),
    "runs an event loop": run_an_event_loop,
    "changes directory": lambda: os.chdir(os.curdir),
}
"""What a right answer may do beside answering, by name."""


def resize(value):
    value.resize((value.size + 1,), refcheck=False)


def lock(value):
    value.flags.writeable = False


def change_dtype(value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value.dtype = np.int64 if value.dtype.kind == "f" else np.float64


def flatten(value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value.shape = (value.size, 1, 1)


def add_in_place(value):
    value += 1


def add_through_a_view(value):
    value.reshape(-1)[:1] += 1


CHANGES = {
    "in place": add_in_place,
    "through a view": add_through_a_view,
    "its size": resize,
    "its dtype": change_dtype,
    "its shape": flatten,
}
"""Ways to change an array that is an input, by name."""

CALLABLES = {
    "no parameters": lambda: 1,
    "too many parameters": lambda a, b, c, d, e, f, g, h, i, j, k, l: 1,
    "keyword parameters only": lambda *, a=1: 1,
    "a class": type("answer", (), {"__init__": lambda self, *_: None}),
    "a class of lists": list,
    "a partial": functools.partial(lambda *values: values[0] if values else None),
    "a builtin": len,
    "print": print,
    "exit": sys.exit,
    "an async function": coroutine,
    "an object that can be called and leaves": type("Callable", (), {"__call__": leave, "__getattr__": leave})(),
    "a NumPy function": np.sum,
    "a lambda": lambda *_: 0,
    "identity": lambda *values: values[0] if values else None,
    "everything": lambda *values: values,
}
"""What may be given in place of the function that is asked for, by name."""
