"""What every workforce does, and that a training comes to the same whoever does the work."""

import os
import pickle
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from adapters.workforces.dask_cluster import dask_workforce
from application.compare_recipes import compare_recipes
from application.cross_validation import Way, cross_validate, learn_errors
from application.ports.data_source import SourceTable
from application.ports.model_trainer import Extras
from application.ports.workforce import Workforce
from application.sales.layout import SalesLayout
from application.sales.table import check_sales
from application.train_model import no_progress
from application.working_alone import ALONE
from domain.errors import EngineUnavailable, NoUsableSales
from domain.property import TEXT_FIELDS
from tests.fakes.in_memory_model_trainer import InMemoryModelTrainer
from tests.fakes.models import SCHEMA
from tests.fakes.sales import some_sales

NUMBERS = np.arange(5)


@pytest.fixture(scope="module")
def dask(request: pytest.FixtureRequest) -> Iterator[Workforce]:
    with dask_workforce(request.getfixturevalue("dask_scheduler")) as workforce:
        yield workforce


@pytest.fixture(params=["alone", "dask"])
def workforce(request: pytest.FixtureRequest) -> Workforce:
    found: Workforce = ALONE if request.param == "alone" else request.getfixturevalue("dask")
    return found


def picked(numbers: NDArray[np.int_], place: int) -> tuple[int, int]:
    return int(numbers[place]), os.getpid()


def refused(_: object, place: int) -> int:
    if place == 2:
        raise NoUsableSales("There are none.")
    return place


def dead_once(folder: Path, place: int) -> int:
    if place == 1 and not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return place


def dead(_: object, place: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return place


def test_what_is_found_comes_in_the_order_of_the_tasks(workforce: Workforce) -> None:
    assert [number for number, _ in workforce.map(picked, NUMBERS, [4, 0, 3])] == [4, 0, 3]
    assert list(workforce.map(picked, NUMBERS, [])) == []


def test_what_goes_wrong_is_told_as_it_is(workforce: Workforce) -> None:
    with pytest.raises(NoUsableSales, match=r"^There are none\.$"):
        list(workforce.map(refused, None, range(4)))


def test_others_do_the_work_of_a_cluster(dask: Workforce) -> None:
    assert os.getpid() not in {pid for _, pid in dask.map(picked, NUMBERS, range(5))}


def test_whoever_cross_validates_finds_the_same_to_the_last_bit(dask: Workforce) -> None:
    sales = check_sales(SourceTable(some_sales(80).astype(object), "test", "row"), SalesLayout()).usable
    way = Way(InMemoryModelTrainer(), "boosted", Extras(), seed=3)
    index = way.index(sales)
    found, elsewhere = (cross_validate(way, sales, index, no_progress, each) for each in (ALONE, dask))
    assert found.values.tobytes() == elsewhere.values.tobytes()
    assert pickle.dumps((TEXT_FIELDS, found.unknown)) == pickle.dumps((TEXT_FIELDS, elsewhere.unknown))
    compared = [compare_recipes(way, sales, each, no_progress) for each in (ALONE, dask)]
    assert compared[0] == compared[1]
    assert set(compared[0]) == {"notebook", "forest", "boosted"}
    errors = [learn_errors(way, sales, found, None, SCHEMA, 1.0, each) for each in (ALONE, dask)]
    assert [band.scores for band in errors[0].bands] == [band.scores for band in errors[1].bands]


def test_a_process_that_is_killed_costs_no_piece(dask: Workforce, tmp_path: Path) -> None:
    assert list(dask.map(dead_once, tmp_path, range(4))) == [0, 1, 2, 3]


def test_work_of_which_every_process_dies_is_given_up(dask: Workforce) -> None:
    with pytest.raises(EngineUnavailable, match="died"):
        list(dask.map(dead, None, [0]))
