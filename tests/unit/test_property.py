"""What a home may be, and how its type and sector are compared."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import property as homes
from domain.errors import InvalidProperty
from domain.property import NUMBER_FIELDS, NUMBER_RULES, PROPERTY_FIELDS, Property, normalised

GOOD: dict[str, Any] = {
    "type": "Departamento",
    "sector": "Ñuñoa",
    "net_usable_area": 80.0,
    "net_area": 95.5,
    "n_rooms": 3,
    "n_bathroom": 1.5,
    "latitude": -33.45,
    "longitude": -70.6,
}


def problems_of(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidProperty) as refusal:
        Property(**{**GOOD, **changes})
    return {problem.field: problem.message for problem in refusal.value.problems}


class TestNormalised:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Ñuñoa", "NUNOA"),
            ("  Las   Condes ", "las condes"),
            ("Las\u00a0Condes", "las condes"),
            ("Peñalolén", "Pen\u0303alole\u0301n"),
            ("PEÑALOLÉN", "penalolen"),
            ("Straße", "STRASSE"),
            ("ＣＡＳＡ", "casa"),  # noqa: RUF001 (full-width letters are the point)
            ("casa\n", "\tCasa"),
        ],
    )
    def test_spellings_of_one_name_compare_equal(self, one: str, other: str) -> None:
        assert normalised(one) == normalised(other)

    @pytest.mark.parametrize(
        ("one", "other"), [("casa", "casas"), ("las condes", "lascondes"), ("1", "2"), ("a-b", "a b")]
    )
    def test_different_names_stay_apart(self, one: str, other: str) -> None:
        assert normalised(one) != normalised(other)

    @given(st.text())
    def test_what_is_in_its_plain_form_stays_as_it_is(self, text: str) -> None:
        plain = normalised(text)
        assert normalised(plain) == plain
        assert plain == plain.strip()
        assert "  " not in plain

    @given(st.text(alphabet="abcdefghijklmnñopqrstuvwxyzáéíóúü '-0123456789"))
    def test_case_makes_no_difference_to_a_name(self, text: str) -> None:
        assert normalised(text.upper()) == normalised(text) == normalised(text.title())

    def test_long_texts_are_compared_alike_but_not_remembered(self) -> None:
        remembered = homes._normalised_before.cache_info().currsize
        assert normalised("  Ñandú " * 5_000) == " ".join(["nandu"] * 5_000)
        assert homes._normalised_before.cache_info().currsize == remembered


class TestRules:
    def test_a_home_keeps_what_it_was_given(self) -> None:
        home = Property(**GOOD, extras={"year_built": 1998.0, "view": "sea", "floor": None})
        assert {name: getattr(home, name) for name in PROPERTY_FIELDS} == GOOD
        assert home.extras == {"year_built": 1998.0, "view": "sea", "floor": None}
        assert Property(**GOOD).extras == {}

    @pytest.mark.parametrize(
        "changes",
        [
            {"latitude": 90.0, "longitude": 180.0},
            {"latitude": -90.0, "longitude": -180.0},
            {"n_rooms": 0, "n_bathroom": 0},
            {"net_usable_area": 1e-9, "net_area": 1e9},
            {"n_rooms": 1e6, "n_bathroom": 1e6},
        ],
    )
    def test_bounds_belong_to_the_range(self, changes: dict[str, float]) -> None:
        Property(**{**GOOD, **changes})

    @pytest.mark.parametrize(
        ("name", "number", "message"),
        [
            ("net_usable_area", 0, "must be greater than 0"),
            ("net_usable_area", -1, "must be greater than 0"),
            ("net_area", 0.0, "must be greater than 0"),
            ("n_rooms", -1, "must be at least 0"),
            ("n_bathroom", -0.5, "must be at least 0"),
            ("latitude", 90.001, "must be at most 90"),
            ("latitude", -91, "must be at least -90"),
            ("longitude", 181, "must be at most 180"),
            ("longitude", -180.5, "must be at least -180"),
        ],
    )
    def test_a_number_out_of_range_is_named_with_its_bound(self, name: str, number: float, message: str) -> None:
        assert problems_of(**{name: number}) == {name: message}

    @pytest.mark.parametrize("name", NUMBER_FIELDS)
    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    def test_no_number_may_be_endless_or_none(self, name: str, number: float) -> None:
        assert problems_of(**{name: number}) == {name: "must be a finite number"}

    @pytest.mark.parametrize("name", ["type", "sector"])
    @pytest.mark.parametrize("text", ["", "   ", "\t\n", "\u0301", "\u00a0"])
    def test_type_and_sector_say_something(self, name: str, text: str) -> None:
        assert problems_of(**{name: text}) == {name: "must not be empty"}

    def test_every_bad_field_is_named_at_once(self) -> None:
        bad: dict[str, Any] = dict.fromkeys(NUMBER_FIELDS, math.nan) | {"type": "", "sector": " "}
        assert set(problems_of(**bad)) == set(PROPERTY_FIELDS)
        with pytest.raises(InvalidProperty, match=r"type: must not be empty; .*longitude: must be a finite number"):
            Property(**bad)

    @given(st.floats(), st.sampled_from(NUMBER_RULES))
    def test_a_home_is_refused_just_where_its_rule_finds_a_problem(self, number: float, rule: homes.NumberRule) -> None:
        message = rule.problem_with(number)
        if message is None:
            assert math.isfinite(getattr(Property(**{**GOOD, rule.name: number}), rule.name))
        else:
            assert problems_of(**{rule.name: number}) == {rule.name: message}
