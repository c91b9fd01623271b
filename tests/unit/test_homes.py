"""Which sales are of one home."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.sales.homes import home_numbers
from tests.fakes.sales import some_sales

HOME = {
    "id": "a1",
    "type": "casa",
    "sector": "nunoa",
    "net_usable_area": 100.0,
    "net_area": 150.0,
    "n_rooms": 3.0,
    "n_bathroom": 2.0,
    "latitude": -33.456789,
    "longitude": -70.597531,
    "price": 5000.0,
}


def homes(*others: Mapping[str, object]) -> list[int]:
    """The numbers of `HOME` and of homes that differ from it as said."""
    return [int(number) for number in home_numbers(pd.DataFrame([HOME, *({**HOME, **other} for other in others)]))]


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"price": 7000.0},
        {"sector": "Ñuñoa oriente", "n_bathroom": 3.0},
        {"net_usable_area": 100.9, "net_area": 149.0},
        {"latitude": -33.45679, "longitude": -70.59753},
        {"latitude": -33.456785},
    ],
)
def test_a_home_listed_again_is_known_by_its_looks(written: dict[str, object]) -> None:
    assert homes(written | {"id": "b7"}) == [0, 0]
    assert homes(written | {"id": None}) == [0, 0]


@pytest.mark.parametrize(
    "other",
    [
        {"type": "departamento"},
        {"n_rooms": 4.0},
        {"net_usable_area": 103.0},
        {"net_area": 155.0},
        {"latitude": -33.4569},
    ],
)
def test_neighbours_that_differ_are_other_homes(other: dict[str, object]) -> None:
    assert homes(other | {"id": "b7"}) == [0, 1]
    assert homes(other | {"id": None}) == [0, 1]


def test_one_id_nearby_is_one_home_and_far_away_or_of_another_type_is_not() -> None:
    grown = {"net_usable_area": 140.0, "n_rooms": 5.0}
    assert homes(grown | {"latitude": -33.4562}) == [0, 0]
    assert homes(grown | {"latitude": -33.4562, "id": " a1 "}) == [0, 0]
    assert homes(grown | {"latitude": -33.4558}) == [0, 1]
    assert homes(grown | {"longitude": -70.5962}) == [0, 1]
    assert homes(grown | {"type": "departamento"}) == [0, 1]
    assert homes({"id": ""}, grown | {"id": ""}, grown | {"id": None}) == [0, 0, 1, 1]


def test_homes_are_one_through_others_too() -> None:
    moved = {"id": "b7", "latitude": -33.4562, "net_usable_area": 140.0}
    assert homes(moved, {"id": "b7"}) == [0, 0, 0]
    assert homes(moved, {"id": "c9"}) == [0, 1, 0]


def test_an_id_that_all_sales_carry_says_nothing() -> None:
    sales = some_sales(300).assign(id="1", latitude=-33.0, longitude=-70.0, n_rooms=np.arange(300.0))
    assert home_numbers(sales).tolist() == list(range(300))
    assert home_numbers(sales.assign(id="")).tolist() == list(range(300))


@pytest.mark.parametrize("steps", [30, 200])
def test_the_flats_of_a_tower_do_not_become_one_home(steps: int) -> None:
    areas = np.round(50 + 0.4 * np.arange(steps), 1)
    tower = pd.DataFrame([HOME | {"id": None, "type": "departamento"}] * steps).assign(
        net_usable_area=areas, net_area=areas + 5
    )
    numbers = home_numbers(tower)
    spread = pd.Series(areas).groupby(numbers).agg(["min", "max"])
    assert (spread["max"] - spread["min"] <= 1).all()
    assert numbers[0] == numbers[1]  # 50.0 and 50.4


@settings(max_examples=20)
@given(seed=st.integers(0, 1000))
def test_which_sales_belong_together_does_not_depend_on_their_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    sales = some_sales(20, seed=seed).sample(150, replace=True, random_state=seed).reset_index(drop=True)
    sales["net_usable_area"] *= random.choice([1, 1.009, 0.992, 1.02], len(sales))
    sales["latitude"] += random.choice([0, 1e-5, -1e-5, 8e-4], len(sales))
    sales["id"] = random.choice(["1", "2", "", "3"], len(sales)) + sales["id"].str[-1]
    order = random.permutation(len(sales))
    numbers, shuffled = home_numbers(sales), home_numbers(sales.iloc[order])
    pairs = set(zip(numbers[order].tolist(), shuffled.tolist(), strict=True))
    assert len(pairs) == len(set(numbers)) == len(set(shuffled))
    assert list(dict.fromkeys(numbers.tolist())) == list(range(numbers.max() + 1))
