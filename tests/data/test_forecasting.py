import numpy as np
import pytest

from course_lib.data.forecasting import FEATURES, forecast_table, index_returns
from course_lib.data.stocks import DailyPrices


def prices(first_day, close):
    close = np.asarray(close, dtype=float)
    dates = np.datetime64(first_day) + np.arange(len(close))
    return DailyPrices(dates, close, close * 1.02, close * 0.99, close, close * 0, close)


STOCKS = {"OLD": prices("2000-01-01", [100, 110, 121, 121]), "NEW": prices("2000-01-02", [10, 10, 5])}


def test_the_index_is_the_mean_of_the_stocks_that_have_a_return_that_day():
    dates = STOCKS["OLD"].dates[1:]
    up, halved = np.log(1.1), np.log(0.5)
    np.testing.assert_allclose(index_returns(STOCKS, dates), [up, up / 2, halved / 2])


def test_a_day_without_any_return_counts_as_zero():
    assert index_returns(STOCKS, np.array(["2010-01-01"], dtype="datetime64[D]")) == [0]


def test_a_row_holds_what_is_known_on_its_day():
    table = forecast_table(STOCKS, "OLD", np.random.default_rng(0))
    assert table.features.shape == (3, len(FEATURES))
    np.testing.assert_allclose(table.features[:, 0], np.log([1.1, 1.1, 1]), atol=1e-12)
    np.testing.assert_array_equal(table.features[:, 3], table.log_range)
    np.testing.assert_allclose(table.log_range, np.log(np.log(1.02 / 0.99)))
    np.testing.assert_array_equal(table.price, [110, 121, 121])
    np.testing.assert_array_equal(table.dates, STOCKS["OLD"].dates[1:])


def test_a_split_moves_neither_the_price_nor_the_mentions():
    split = STOCKS["OLD"]._replace(close=np.array([200, 220, 121, 121.0]))
    plain, after = (forecast_table({"OLD": own}, "OLD", np.random.default_rng(0)) for own in (STOCKS["OLD"], split))
    np.testing.assert_array_equal(after.price, plain.price)
    np.testing.assert_array_equal(after.features, plain.features)


def test_no_feature_of_a_day_depends_on_a_later_day():
    changed = {**STOCKS, "OLD": prices("2000-01-01", [100, 110, 121, 500])}
    a, b = (forecast_table(stocks, "OLD", np.random.default_rng(0)).features[:2] for stocks in (STOCKS, changed))
    np.testing.assert_array_equal(a, b)


def test_an_unknown_ticker_is_named():
    with pytest.raises(ValueError, match=r"\['NEW', 'OLD'\], got 'X'"):
        forecast_table(STOCKS, "X", np.random.default_rng(0))
