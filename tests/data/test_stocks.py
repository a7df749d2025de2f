"""The prices are those of the pinned package, and what is generated is generated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.data.stocks import TICKERS, DailyPrices, generated_mentions, load_stocks, market_index


@pytest.fixture(scope="module")
def stocks() -> dict[str, DailyPrices]:
    return load_stocks()


def small(days: list[str], close: list[float]) -> DailyPrices:
    """Return prices that differ in nothing but the close."""
    numbers = np.array(close)
    return DailyPrices(np.array(days, dtype="datetime64[D]"), *[numbers] * 6)


def test_every_row_of_the_package_is_there(stocks: dict[str, DailyPrices]) -> None:
    assert tuple(stocks) == TICKERS
    assert sum(prices.dates.size for prices in stocks.values()) == 12_154


def test_the_columns_are_not_mixed_up(stocks: dict[str, DailyPrices]) -> None:
    first = DailyPrices(*(column[0] for column in stocks["AAPL"]))
    assert str(first.dates) == "2000-03-01"
    assert first[1:] == (118.56, 132.06, 118.5, 130.31, 9_616_100, 4.186662803811)


@pytest.mark.parametrize("ticker", TICKERS)
def test_days_go_forward_and_prices_are_possible(stocks: dict[str, DailyPrices], ticker: str) -> None:
    prices = stocks[ticker]
    assert (np.diff(prices.dates) > np.timedelta64(0, "D")).all()
    assert {column.shape for column in prices} == {prices.dates.shape}
    assert all(column.dtype == np.float64 for column in prices[1:])
    assert (prices.low <= prices.high).all()
    assert (prices.low > 0).all()


def test_a_split_halves_the_close_and_leaves_the_adjusted_close(stocks: dict[str, DailyPrices]) -> None:
    apple = stocks["AAPL"]
    day = int(np.flatnonzero(apple.dates == np.datetime64("2005-02-28"))[0])
    assert apple.close[day] / apple.close[day - 1] == pytest.approx(0.5, abs=0.02)
    assert apple.adjusted_close[day] / apple.adjusted_close[day - 1] == pytest.approx(1, abs=0.02)


def test_the_index_is_the_mean_on_the_days_all_were_traded(stocks: dict[str, DailyPrices]) -> None:
    index = market_index(stocks)
    assert index.dates.size == 196
    closes = [prices.close[np.searchsorted(prices.dates, index.dates[17])] for prices in stocks.values()]
    assert index.close[17] == pytest.approx(sum(closes) / 5, rel=1e-12)


def test_without_the_youngest_stock_the_index_is_longer(stocks: dict[str, DailyPrices]) -> None:
    older = {ticker: prices for ticker, prices in stocks.items() if ticker != "FB"}
    assert market_index(older).dates.size == 2_148


def test_the_index_by_hand() -> None:
    one = small(["2001-01-01", "2001-01-02", "2001-01-03"], [1, 2, 3])
    two = small(["2001-01-02", "2001-01-03", "2001-01-04"], [10, 20, 30])
    index = market_index({"one": one, "two": two})
    assert index.dates.astype(str).tolist() == ["2001-01-02", "2001-01-03"]
    assert index.close.tolist() == [6, 11.5]


def test_an_index_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="wants at least one stock, got none"):
        market_index({})
    apart = {"a": small(["2001-01-01"], [1]), "b": small(["2001-01-02"], [1])}
    with pytest.raises(ValueError, match="a day on which all of a, b were traded, got none"):
        market_index(apart)


def test_mentions_follow_the_size_of_the_move_and_not_its_direction() -> None:
    up, down, flat = (np.where(np.arange(4000) % 2, high, 100.0) for high in (110.0, 90.0, 100.0))
    means = [generated_mentions(close, np.random.default_rng(3))[1:].mean() for close in (up, down, flat)]
    # From 100 to 110 and back moves 10 % and 9.09 %; to 90 and back 10 % and 11.1 %; 10 mentions a per cent.
    expected = [20 + 10 * (10 + 100 / 11) / 2, 20 + 10 * (10 + 100 / 9) / 2, 20]
    assert means == pytest.approx(expected, rel=0.02)


def test_the_same_generator_gives_the_same_mentions(stocks: dict[str, DailyPrices]) -> None:
    close = stocks["IBM"].close
    once, again = (generated_mentions(close, np.random.default_rng(5)) for _ in range(2))
    assert once.tolist() == again.tolist()
    assert once.tolist() != generated_mentions(close, np.random.default_rng(6)).tolist()


@given(st.lists(st.floats(0.01, 1e6), max_size=30))
def test_there_is_one_count_a_day_and_none_is_negative(close: list[float]) -> None:
    mentions = generated_mentions(np.array(close), np.random.default_rng(0))
    assert mentions.shape == (len(close),)
    assert mentions.dtype == np.int64
    assert (mentions >= 0).all()


@pytest.mark.parametrize("close", [[[1.0, 2.0]], [1.0, 0.0], [1.0, -1.0], [1.0, float("nan")]])
def test_prices_that_are_none_are_refused(close: list[object]) -> None:
    with pytest.raises(ValueError, match=r"close must be positive prices of shape \(N,\)"):
        generated_mentions(np.array(close), np.random.default_rng(0))
