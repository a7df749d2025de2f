"""Daily prices of five stocks, 2000 to 2013, for forecasting from several features (chapter 01, the forecasting lab).

The prices are real (public domain, from the pinned package ``bokeh_sampledata``). The number of news mentions is not:
:func:`generated_mentions` draws it, and a page that shows it says so.
"""

import csv
import gzip
from collections.abc import Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np

from course_lib.data.packages import read_member

TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


class DailyPrices(NamedTuple):
    """One stock, one entry a trading day, oldest first.

    Attributes
    ----------
    dates : ndarray of shape (N,), datetime64[D]
    open, high, low, close : ndarray of shape (N,), float64
        US dollars as traded on the day: a stock split shows as a jump (AAPL halves on 2005-02-28).
    volume : ndarray of shape (N,), float64
        Shares traded.
    adjusted_close : ndarray of shape (N,), float64
        Close with splits and dividends worked in, so ratios from day to day are returns.
    """

    dates: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    adjusted_close: np.ndarray


class MarketIndex(NamedTuple):
    """The mean price of several stocks.

    Attributes
    ----------
    dates : ndarray of shape (N,), datetime64[D]
    close : ndarray of shape (N,), float64
    """

    dates: np.ndarray
    close: np.ndarray


def load_stocks() -> dict[str, DailyPrices]:
    """Return the daily prices by ticker: AAPL, FB, GOOG, IBM, MSFT.

    12,154 rows: 3,270 each for AAPL, IBM and MSFT (from 2000-03-01), 2,148 for GOOG (from 2004-08-19) and 196 for FB
    (from 2012-05-18), all to 2013-03-01.

    Raises
    ------
    DataError
        When the pinned package is not there: its message says what to do.
    """
    packed = read_member("bokeh_sampledata", "bokeh_sampledata/_data/stocks.csv.gz")
    rows = list(csv.DictReader(gzip.decompress(packed).decode("utf-8").splitlines()))
    return {ticker: _prices([row for row in rows if row["Ticker"] == ticker]) for ticker in TICKERS}


def _prices(rows: list[dict[str, str]]) -> DailyPrices:
    dates = np.array([row["Date"] for row in rows], dtype="datetime64[D]")
    columns = ("Open", "High", "Low", "Close", "Volume", "Adj Close")
    numbers = np.array([[float(row[column]) for column in columns] for row in rows])
    oldest_first = np.argsort(dates)
    return DailyPrices(dates[oldest_first], *numbers[oldest_first].T.copy())


def market_index(stocks: Mapping[str, DailyPrices]) -> MarketIndex:
    """Return the mean of the stocks' closes on the days that all of them were traded.

    Parameters
    ----------
    stocks : mapping from ticker to DailyPrices
        All five share 196 days, because FB starts in 2012; without FB it is 2,148 days.

    Raises
    ------
    ValueError
        When no stock is given, or no day is common to all.
    """
    if not stocks:
        raise ValueError("market_index wants at least one stock, got none")
    dates = reduce(np.intersect1d, (prices.dates for prices in stocks.values()))
    if dates.size == 0:
        raise ValueError(f"market_index wants a day on which all of {', '.join(stocks)} were traded, got none")
    closes = [prices.close[np.isin(prices.dates, dates)] for prices in stocks.values()]
    return MarketIndex(dates, np.mean(closes, axis=0))


def generated_mentions(close: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a number of news mentions a day; these numbers are generated, not observed.

    A quiet day has 20 mentions on average, and each per cent that the price moved since the day before adds 10. So a
    count tells how far the price moved on its own day, never in which direction, and nothing about later days.

    Parameters
    ----------
    close : ndarray of shape (N,), positive
        Prices, one a day, adjusted for splits: a split is no news.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (N,), int64
        Poisson draws.

    Raises
    ------
    ValueError
        When close is not a row of positive numbers.
    """
    close = np.asarray(close, dtype=np.float64)
    if close.ndim != 1 or not (np.isfinite(close) & (close > 0)).all():
        raise ValueError(f"close must be positive prices of shape (N,), got shape {close.shape} and values {close[:3]}")
    moved = np.abs(np.diff(close, prepend=close[:1])) / np.concatenate([close[:1], close[:-1]])
    return rng.poisson(20 + 10 * 100 * moved)
