"""How limits are spelt."""

import pytest

from domain.rate_limit import RateLimit, parse_rate_limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("600/minute", RateLimit(600, 60)),
        (" 5 / Second ", RateLimit(5, 1)),
        ("1 per hour", RateLimit(1, 3600)),
        ("100 per 5 minutes", RateLimit(100, 300)),
        ("100/5 minutes", RateLimit(100, 300)),
        ("1000000/31 days", RateLimit(1_000_000, 31 * 86_400)),
        ("0", None),
        ("off", None),
        ("None", None),
    ],
)
def test_a_limit_is_spelt_in_words(text: str, limit: RateLimit | None) -> None:
    assert parse_rate_limit(text) == limit


@pytest.mark.parametrize(
    "text",
    ["", "600", "0/minute", "600/", "-1/minute", "1.5/minute", "1/0 minutes", "1/month", "1000001/day", "1/32 days",
     "1/minute; 5/hour", "minute/600", "٣/minute "],
)  # fmt: skip
def test_what_is_no_limit_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='such as "600/minute" or "100 per 5 minutes", or "off"'):
        parse_rate_limit(text)
