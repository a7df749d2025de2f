"""A table for forecasting: one stock, the index and the news, one row a trading day (chapter 01)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from course_lib.data.stocks import DailyPrices, generated_mentions

FEATURES = ("return", "index return", "mentions", "range")


class ForecastTable(NamedTuple):
    """What is known at the end of each day, and two things one may want to forecast.

    Attributes
    ----------
    dates : ndarray of shape (N,), datetime64[D]
    features : ndarray of shape (N, 4)
        Columns as in ``FEATURES``: the stock's log return, the index's log return, the logarithm of the number of
        news mentions (generated), the logarithm of the day's range.
    price : ndarray of shape (N,)
        Close in US dollars, adjusted for splits and dividends.
    log_range : ndarray of shape (N,)
        Logarithm of ln(high / low), a measure of how restless the day was.
    """

    dates: np.ndarray
    features: np.ndarray
    price: np.ndarray
    log_range: np.ndarray


def index_returns(stocks: Mapping[str, DailyPrices], dates: np.ndarray) -> np.ndarray:
    """Return the index's log return on each of ``dates`` (N,): the mean over the stocks that traded that day.

    The first day of a stock has no return; a day without any return counts as 0.
    """
    total, traded = np.zeros(len(dates)), np.zeros(len(dates))
    for prices in stocks.values():
        days = np.isin(dates, prices.dates[1:])
        total[days] += np.diff(np.log(prices.adjusted_close))[np.isin(prices.dates[1:], dates)]
        traded += days
    return total / np.maximum(traded, 1)


def forecast_table(stocks: Mapping[str, DailyPrices], ticker: str, rng: np.random.Generator) -> ForecastTable:
    """Lay out one stock for forecasting; the first day is left out, for it has no return.

    Raises
    ------
    ValueError
        If ``ticker`` is not among the stocks.
    """
    if ticker not in stocks:
        raise ValueError(f"ticker must be one of {sorted(stocks)}, got {ticker!r}")
    prices = stocks[ticker]
    log_range = np.log(np.log(prices.high / prices.low))
    mentions = np.log1p(generated_mentions(prices.adjusted_close, rng))
    own = np.diff(np.log(prices.adjusted_close))
    columns = (own, index_returns(stocks, prices.dates[1:]), mentions[1:], log_range[1:])
    return ForecastTable(prices.dates[1:], np.stack(columns, axis=1), prices.adjusted_close[1:], log_range[1:])
