"""Passwords on a command line."""

import pytest

from config.faults import ConfigurationError
from config.portfolio_places import PortfolioPlace
from config.url_passwords import refuse_password_in


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush@host/db",
        "postgresql://me:hu@sh@host/db",
        "postgresql://me:hush?@host/db",
        "postgresql://me@host/db?password=hush",
        "postgresql://me@host/db?sslpassword=hush",
        "postgresql://me@host/db?PassWord=hush",
        "postgresql://me:@hush@host/db",
        "mysql+pymysql://:hush@host",
        "postgresql:me:hush@host",
    ],
)
def test_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="INPUT holds a password") as refusal:
        refuse_password_in(url, "INPUT")
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    ["postgresql://me@host/db", "postgresql://me:@/db?host=/run/pg", "sqlite:///a:b.db", "postgresql:///db?service=s"],
)
def test_are_not_seen_where_there_are_none(url: str) -> None:
    refuse_password_in(url, "INPUT")
    assert "***" not in PortfolioPlace("INPUT", url).shown
