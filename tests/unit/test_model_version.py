"""Which version is served, as promotions and rollbacks follow one another."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NothingToRollBack
from domain.model_version import Promotion, dispensable, served_stack, version_before

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
names = st.sampled_from(["v1", "v2", "v3", "v10"])


def promoted(version: str, action: Literal["promote", "rollback"] = "promote") -> Promotion:
    return Promotion(version, action, NOON, "ana")


def rolled_back(history: Sequence[Promotion]) -> list[Promotion]:
    return [*history, promoted(version_before(history), "rollback")]


@st.composite
def histories(draw: st.DrawFn) -> list[Promotion]:
    """What can happen to a repository: promotions, and rollbacks where there is something to roll back to."""
    history: list[Promotion] = []
    for version in draw(st.lists(st.none() | names, max_size=20)):
        if version is not None:
            history.append(promoted(version))
        elif len(served_stack(history)) > 1:
            history = rolled_back(history)
    return history


def test_nothing_is_served_before_the_first_promotion() -> None:
    assert served_stack([]) == []
    with pytest.raises(NothingToRollBack):
        version_before([])


@given(histories(), names)
def test_what_is_promoted_is_served(history: list[Promotion], version: str) -> None:
    assert served_stack([*history, promoted(version)])[-1] == version


@given(histories(), names)
def test_promoting_twice_is_promoting_once(history: list[Promotion], version: str) -> None:
    once = [*history, promoted(version)]
    assert served_stack([*once, promoted(version)]) == served_stack(once)


@given(histories(), names)
def test_a_rollback_undoes_a_promotion(history: list[Promotion], version: str) -> None:
    before = served_stack(history)
    if not before or before[-1] == version:
        return
    assert served_stack(rolled_back([*history, promoted(version)])) == before


@given(histories())
def test_repeated_rollbacks_walk_back_to_the_first_version_and_no_further(history: list[Promotion]) -> None:
    way_back = served_stack(history)[:-1]
    while way_back:
        assert version_before(history) == way_back.pop()
        history = rolled_back(history)
        assert len(served_stack(history)) == len(way_back) + 1
    with pytest.raises(NothingToRollBack, match=r"No version .* promote .* by name"):
        version_before(history)


def test_after_a_rollback_to_the_first_version_it_is_not_said_that_none_was_served_after_it() -> None:
    history = rolled_back([promoted("v1"), promoted("v2")])
    with pytest.raises(NothingToRollBack, match="before v1 that has not been rolled back from: promote a version"):
        version_before(history)


@given(histories())
def test_neighbours_in_what_was_served_differ(history: list[Promotion]) -> None:
    stack = served_stack(history)
    assert all(one != following for one, following in pairwise(stack))


@given(histories(), st.integers(1, 4))
def test_what_is_served_and_what_the_next_rollbacks_lead_to_is_kept(history: list[Promotion], keep: int) -> None:
    versions = [f"v{number}" for number in range(1, 13)]
    removed = dispensable(versions, history, keep)
    assert not set(removed) & set(versions[-keep:])
    reached: set[str] = set()
    for version in reversed(served_stack(history)):
        reached.add(version)
        if len(reached) <= keep:
            assert version not in removed
    assert removed == [version for version in versions if version in set(removed)]
    assert len(versions) - len(removed) <= 2 * keep


def test_a_version_can_be_served_again_later_and_rolled_back_to_what_was_between() -> None:
    history = [promoted("v1"), promoted("v2"), promoted("v1")]
    assert served_stack(history) == ["v1", "v2", "v1"]
    assert version_before(history) == "v2"


@pytest.mark.parametrize(
    "history",
    [
        [promoted("v1", "rollback")],
        [promoted("v1"), promoted("v1", "rollback")],
        [promoted("v1"), promoted("v2"), promoted("v2", "rollback")],
        [promoted("v1"), promoted("v2"), promoted("v3"), promoted("v1", "rollback")],
        [promoted("v1"), promoted("v2"), promoted("v1", "rollback"), promoted("v1", "rollback")],
    ],
)
def test_a_history_that_cannot_be_is_not_made_sense_of(history: list[Promotion]) -> None:
    with pytest.raises(ValueError, match="it rolls back to"):
        served_stack(history)
