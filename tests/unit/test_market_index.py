"""The level of prices on any day, from the levels of months."""

import math
from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market_index import ALL_SECTORS, DAYS_PER_MONTH, NO_INDEX, MarketIndex

INDEX = MarketIndex(
    reference=date(2014, 8, 28),
    months=("2014-05", "2014-06", "2014-08"),
    log_levels={ALL_SECTORS: (0.0, 0.02, 0.04), "price group 1": (0.0, 0.01, 0.01)},
    group_of_sector={"centro": "price group 1"},
    drift={ALL_SECTORS: 0.01, "price group 1": -0.01},
    drift_months=6,
    counts=(10, 20, 10),
)
DAYS = st.dates(date(1800, 1, 1), date(2200, 1, 1))


@pytest.mark.parametrize("sector", ["centro", "elsewhere"])
def test_the_level_is_nought_on_the_reference_day(sector: str) -> None:
    assert INDEX.log_level(sector, INDEX.reference) == 0


def test_levels_lie_on_a_line_between_the_middles_of_months() -> None:
    # The middles of June and August are the ends of 15 June and the noon of 16 August.
    first, last = INDEX.log_level("x", date(2014, 6, 16)), INDEX.log_level("x", date(2014, 8, 16))
    assert last - first == pytest.approx(0.02 * (1 - 0.5 / 61.5))
    middle = INDEX.log_level("x", date(2014, 7, 17)) - first
    assert middle == pytest.approx(0.02 * 31 / 61.5)


def test_after_the_last_month_the_level_drifts_on_for_some_months_and_then_stays() -> None:
    soon = INDEX.log_level("x", INDEX.reference + timedelta(days=30))
    assert soon == pytest.approx(0.01 * 30 / DAYS_PER_MONTH)
    late = INDEX.log_level("x", date(2015, 6, 1))
    assert late == INDEX.log_level("x", date(2040, 6, 1)) == INDEX.log_level("x", date.max)
    assert late == pytest.approx(0.06 - 0.01 * 12 / DAYS_PER_MONTH)


def test_before_the_first_month_the_level_stays() -> None:
    assert INDEX.log_level("x", date.min) == INDEX.log_level("x", date(2014, 5, 3))


def test_a_sector_follows_its_group_and_an_unknown_one_the_whole_market() -> None:
    day = INDEX.reference + timedelta(days=60)
    assert INDEX.log_level("centro", day) < 0 < INDEX.log_level("unheard of", day)


def test_a_sale_of_an_unknown_day_is_at_the_mean_level_of_the_dated_ones() -> None:
    shift = INDEX.log_level("x", date(2014, 8, 16)) - 0.04 - 0.01 * 0 / DAYS_PER_MONTH
    assert INDEX.mean_log_level("x") == pytest.approx(0.02 + shift, abs=1e-4)
    assert NO_INDEX.mean_log_level("x") == 0


def test_it_tells_which_days_it_covers() -> None:
    assert (INDEX.first_day, INDEX.last_day) == (date(2014, 5, 1), date(2014, 8, 28))
    assert INDEX.covers(date(2014, 5, 1))
    assert INDEX.covers(date(2014, 7, 4))
    assert INDEX.covers(date(2014, 8, 28))
    assert not INDEX.covers(date(2014, 8, 29))
    assert not INDEX.covers(date(2014, 4, 30))


@given(DAYS)
def test_without_dates_there_is_one_level(day: date) -> None:
    assert not NO_INDEX.is_dated
    assert NO_INDEX.log_level("centro", day) == 0
    assert NO_INDEX.covers(day)


@given(DAYS, st.sampled_from(["centro", "x"]))
def test_no_level_jumps_from_day_to_day(day: date, sector: str) -> None:
    step = INDEX.log_level(sector, day + timedelta(days=1)) - INDEX.log_level(sector, day)
    assert abs(step) <= 0.02 / 30 + 1e-12


def test_it_is_read_back_as_it_was_written() -> None:
    assert msgspec.json.decode(msgspec.json.encode(INDEX), type=MarketIndex) == INDEX
    assert msgspec.json.decode(msgspec.json.encode(NO_INDEX), type=MarketIndex) == NO_INDEX


@pytest.mark.parametrize(
    "change",
    [
        {"months": ("2014-06", "2014-05", "2014-08")},
        {"counts": (1, 2)},
        {"drift": {ALL_SECTORS: 0.01}},
        {"log_levels": {**INDEX.log_levels, ALL_SECTORS: (0.0, 0.1)}},
        {"log_levels": {**INDEX.log_levels, ALL_SECTORS: (0.0, 0.1, math.nan)}},
        {"group_of_sector": {"centro": "no such group"}},
    ],
)
def test_an_index_that_contradicts_itself_is_none(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"months|levels|group"):
        replace(INDEX, **change)  # type: ignore[arg-type]
