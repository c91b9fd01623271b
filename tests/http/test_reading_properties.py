"""The quick way to read a property and the one that names every problem: they agree on everything."""

import math
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import InvalidProperty
from domain.property import NUMBER_RULES, Property
from entrypoints.http.bodies import _property, _property_or_every_problem
from tests.http.service import HOME

odd_numbers = st.sampled_from(
    [-0.0, 0, 0.0, 1e9, 1e9 + 1, 10**6, 10**6 + 1, -90, 90.0, 180, -180.5, 5e-324, 2**63, 10**400, math.inf, math.nan]
)
values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | odd_numbers
    | st.text(max_size=5)
    | st.sampled_from(["", " ", "x" * 200, " " + "x" * 200, "x" * 201, "a\tb", "\x85", "\xa0", "\u0301", "tab\t", "Ñ "])
    | st.lists(st.integers(), max_size=1)
    | st.dictionaries(st.text(max_size=1), st.integers(), max_size=1)
)
names = st.sampled_from([*HOME, "price", "sold_on", "id", "client_ref", "year_built", "view", ""])


def outcome(read: Any, fields: dict[str, Any]) -> object:
    try:
        home: Property = read(fields, ("client_ref",))
    except InvalidProperty as error:
        return error.problems
    return home, [type(value) for value in (home.net_area, home.n_rooms, home.latitude)], repr(home.n_rooms)


def problems_of(name: str, number: float) -> list[str]:
    """What the domain has against this number in this field of a home that is in order otherwise."""
    fields: dict[str, Any] = {**HOME, name: number}
    try:
        Property(**fields)
    except InvalidProperty as error:
        return [each.message for each in error.problems if each.field == name]
    return []


@given(changes=st.dictionaries(names, values, max_size=4), missing=st.sets(names, max_size=1))
@example(changes={"n_rooms": -0.0, "n_bathroom": True}, missing=set())
def test_whatever_is_sent(changes: dict[str, Any], missing: set[str]) -> None:
    fields = {name: value for name, value in (HOME | changes).items() if name not in missing}
    assert outcome(_property, fields) == outcome(_property_or_every_problem, fields)


@given(st.sampled_from(NUMBER_RULES), st.floats() | odd_numbers.map(lambda number: float(min(number, 2**900))))
def test_the_domain_takes_what_its_rules_take(rule: Any, number: float) -> None:
    assert problems_of(rule.name, number) == [message for message in [rule.problem_with(number)] if message]


def test_the_domain_takes_a_bound_and_not_what_is_next_to_it() -> None:
    for rule in NUMBER_RULES:
        bounds = [(rule.above, math.inf), (rule.at_least, -math.inf), (rule.at_most, math.inf)]
        for bound, beyond in bounds:
            if bound is not None:
                for number in (bound, math.nextafter(bound, beyond), math.nextafter(bound, -beyond)):
                    wanted = [message for message in [rule.problem_with(number)] if message]
                    assert problems_of(rule.name, number) == wanted, (rule.name, number)
