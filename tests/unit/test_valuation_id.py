"""Names of valuations."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.valuation_id import made_at, new_valuation_id
from tests.fakes.fixed_clock import NOON

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_an_id_tells_when_it_was_made_to_the_millisecond(at: datetime) -> None:
    valuation_id = new_valuation_id(at)
    made = made_at(valuation_id)
    assert made is not None
    assert at - timedelta(milliseconds=1) < made <= at
    assert str(uuid.UUID(valuation_id)) == valuation_id
    assert uuid.UUID(valuation_id).version == 7


def test_ids_of_one_moment_differ_and_those_of_later_ones_sort_behind() -> None:
    ids = [new_valuation_id(NOON) for _ in range(100)]
    assert len(set(ids)) == 100
    assert max(ids) < new_valuation_id(NOON + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    "other",
    [
        "",
        "v1",
        str(uuid.UUID(int=0)),
        "6a1c2f0e-6f0c-4f0e-9a53-5f1f7a4f7f10",  # random, as ids once were
        "019AB1C2-6F0C-7F0E-9A53-5F1F7A4F7F10",
        "{019ab1c2-6f0c-7f0e-9a53-5f1f7a4f7f10}",
        "ffffffff-ffff-7fff-bfff-ffffffffffff",  # in the year 10889
    ],
)
def test_what_is_no_such_id_tells_nothing(other: str) -> None:
    assert made_at(other) is None
