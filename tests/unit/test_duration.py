"""Lengths of time: what people write, and what it means."""

from datetime import timedelta

import pytest

from domain.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0m", timedelta(0)),
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        (" 1D ", timedelta(days=1)),
        ("2w", timedelta(days=14)),
        ("999999w", timedelta(weeks=999_999)),
    ],
)
def test_a_whole_number_and_a_unit_are_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "30", "d", "-1d", "1.5d", "1y", "1d12h", "30 days", "٣d", "01d", "9999999d", "1\nd"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None
