"""Answers that are kept while a model is served: as many as there is room for."""

import asyncio
from itertools import count

import pytest

from application.served_model import ServedModel, ServedVersion
from entrypoints.http.kept_answers import MOST_ANSWERS, KeptAnswers
from entrypoints.http.slow_threads import SlowThreads
from tests.fakes.fixed_clock import NOON
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import a_card, a_trained_model


@pytest.fixture
def served() -> ServedVersion:
    models = InMemoryModelRepository()
    models.store(a_trained_model(), a_card())
    models.promote("v1", by="test", at=NOON)
    served = ServedModel(models)
    served.refresh()
    return served.current()


class Asked:
    """Asks for answers, and counts how often one had to be worked out."""

    def __init__(self, served: ServedVersion, most_bytes: int) -> None:
        self._served = served
        self._kept = KeptAnswers(SlowThreads("answers", at_once=1), most_bytes)
        self._works = count(1)
        self.worked = 0

    def __call__(self, what: object, size: int) -> None:
        def work() -> bytes:
            self.worked = next(self._works)
            return b"x" * size

        assert asyncio.run(self._kept.of(self._served, what, work)) == b"x" * size


def test_an_answer_is_worked_out_once(served: ServedVersion) -> None:
    asked = Asked(served, 100)
    for _ in range(3):
        asked("market", 40)
    assert asked.worked == 1


def test_where_there_is_no_room_the_longest_unasked_goes(served: ServedVersion) -> None:
    asked = Asked(served, 100)
    for what in ("a", "b", "a", "c", "a", "b"):
        asked(what, 40)
    assert asked.worked == 4  # b went for c


def test_an_answer_beyond_all_room_pushes_nothing_out(served: ServedVersion) -> None:
    asked = Asked(served, 100)
    for what, size in (("a", 40), ("huge", 101), ("a", 40)):
        asked(what, size)
    assert asked.worked == 2


def test_small_answers_are_not_kept_without_end(served: ServedVersion) -> None:
    asked = Asked(served, 10**9)
    for place in range(MOST_ANSWERS + 1):
        asked(place, 1)
    asked(0, 1)
    assert asked.worked == MOST_ANSWERS + 2
