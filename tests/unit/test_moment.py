"""Moments as people write them."""

from datetime import UTC, datetime

import pytest

from domain.moment import parse_moment


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T09:30", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22t09:30:15.000001z", datetime(2026, 11, 22, 9, 30, 15, 1, tzinfo=UTC)),
        ("2026-11-22T00:30:00+01:00", datetime(2026, 11, 21, 23, 30, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_and_a_time_without_a_zone_is_of_utc(text: str, meant: datetime) -> None:
    assert parse_moment(text) == meant


@pytest.mark.parametrize(
    "text",
    ["", "today", "2026-13-01", "2026-11-31", "20261122", "2026-W47-1", "0001-01-01T00:00:00+14:00", "2026-11-22T"],
)
def test_whatever_else_it_is_names_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="must be a day like 2026-11-22"):
        parse_moment(text)
