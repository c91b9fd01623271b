"""Peppers in an environment variable."""

from collections.abc import Callable

import pytest

from adapters.pepper_stores.environment import EnvironmentPepperStore
from domain.errors import SecretUnavailable

OLD, NEW = "ab" * 32, "CD" * 40


def store(**environment: str) -> EnvironmentPepperStore:
    return EnvironmentPepperStore("PEPPERS", environment)


def test_the_first_is_the_current_one_and_all_are_found() -> None:
    peppers = store(PEPPERS=f"2026-11:{NEW} 2025:{OLD}\n")
    assert (peppers.current().id, peppers.current().secret) == ("2026-11", bytes.fromhex(NEW))
    assert peppers.find("2026-11") == peppers.current()
    old = peppers.find("2025")
    assert old is not None
    assert old.secret == bytes.fromhex(OLD)
    assert peppers.find("2024") is None
    assert not peppers.is_empty()


@pytest.mark.parametrize(
    "content", [None, "", "abc", OLD, f"a:{OLD[:-2]}", f"a:{OLD[:-1]}", f"a:{OLD} b:", f"a b:{OLD}"]
)
def test_a_variable_that_holds_none_is_named_and_not_repeated(content: str | None) -> None:
    peppers = store() if content is None else store(PEPPERS=content)
    questions: list[Callable[[], object]] = [peppers.current, lambda: peppers.find("a")]
    for ask in questions:
        with pytest.raises(SecretUnavailable, match="environment variable PEPPERS") as caught:
            ask()
        assert not content or content not in str(caught.value)


def test_it_is_rotated_where_it_is_set() -> None:
    with pytest.raises(SecretUnavailable, match="put another before those"):
        store(PEPPERS=f"a:{OLD}").rotate()


def test_its_repr_shows_no_secret() -> None:
    assert OLD not in repr(store(PEPPERS=f"a:{OLD}"))
