"""Comparables: the sales that a model learned from, searched for those most like a home."""

import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.valuation_models.comparables import ComparableSales
from domain.great_circle import great_circle_km
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, Property, normalised
from tests.fakes.sales import some_sales

PLAIN = FeatureSchema((), (), (), ())
FURTHER = FeatureSchema(("year_built",), ("wall",), (), ())


def checked(sales: pd.DataFrame) -> pd.DataFrame:
    """Sales as `check_sales` leaves them."""
    return sales.assign(type=sales["type"].map(normalised), sector=sales["sector"].map(normalised))


def home_of(sales: pd.DataFrame, row: int, **changes: object) -> Property:
    cells = sales.iloc[row]
    fields = {name: cells[name] for name in ("type", "sector", *NUMBER_FIELDS)}
    extras = {name: None if pd.isna(cells[name]) else cells[name] for name in ("year_built", "wall") if name in sales}
    return Property(**{**fields, "extras": extras, **changes})


def kept(sales: pd.DataFrame, features: FeatureSchema = PLAIN) -> ComparableSales:
    return ComparableSales.of(checked(sales), features)


def further(sales: pd.DataFrame) -> pd.DataFrame:
    random = np.random.default_rng(7)
    year = random.integers(1900, 2020, len(sales)).astype(float)
    year[::5] = np.nan
    wall = random.choice(np.array(["brick", "wood", None], dtype=object), len(sales))
    return sales.assign(year_built=year, wall=wall)


def same_home(one: Property, other: Property) -> bool:
    return (
        normalised(one.type) == normalised(other.type)
        and 1000 * great_circle_km(one.latitude, one.longitude, other.latitude, other.longitude) <= 2.5
        and one.n_rooms == other.n_rooms
        and abs(np.log(one.net_usable_area / other.net_usable_area)) <= np.log(1.01)
        and abs(np.log(one.net_area / other.net_area)) <= np.log(1.01)
    )


@st.composite
def markets(draw: st.DrawFn) -> pd.DataFrame:
    """Few or many sales anywhere on the globe, also at one point, at a pole or about the 180th meridian."""
    count = draw(st.sampled_from([1, 2, 9, 40, 300]))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    north, east = draw(st.sampled_from([(-33.4, -70.6), (90.0, 0.0), (-90.0, 12.0), (12.0, 180.0), (0.0, 0.0)]))
    spread = draw(st.sampled_from([0.0, 1e-6, 1e-3, 0.1, 20.0]))
    sales = some_sales(count, seed=draw(st.integers(0, 100)), dated=draw(st.booleans()))
    latitude = np.clip(north + random.normal(0, spread, count), -90, 90)
    longitude = (east + random.normal(0, spread, count) + 180) % 360 - 180
    return sales.assign(latitude=latitude, longitude=longitude)


class TestSimilarSales:
    @settings(max_examples=20, deadline=None)
    @given(markets(), st.data())
    def test_they_are_others_and_the_most_similar_come_first(self, sales: pd.DataFrame, data: st.DataObject) -> None:
        subject = home_of(sales, data.draw(st.integers(0, len(sales) - 1)))
        count = data.draw(st.integers(0, 12))

        found = kept(sales).similar(subject, count)

        others = sum(not same_home(subject, home_of(sales, row)) for row in range(len(sales)))
        assert len(found) == min(count, others)
        assert not any(same_home(subject, one.sale.property) for one in found)
        similarities = [one.similarity for one in found]
        assert similarities == sorted(similarities, reverse=True)
        assert all(0 < similarity <= 1 for similarity in similarities)
        for one in found:
            home = one.sale.property
            metres = 1000 * great_circle_km(subject.latitude, subject.longitude, home.latitude, home.longitude)
            assert one.distance_m == metres

    @settings(max_examples=12, deadline=None)
    @given(markets(), st.integers(0, 1000))
    def test_the_order_of_the_sales_says_nothing(self, sales: pd.DataFrame, seed: int) -> None:
        shuffled = sales.sample(frac=1, random_state=seed)
        subject = home_of(sales, 0, net_usable_area=77.0)
        anonymous = sales.drop(columns="id")

        assert kept(shuffled).similar(subject, 5) == kept(sales).similar(subject, 5)
        assert kept(anonymous.loc[shuffled.index]).similar(subject, 5) == kept(anonymous).similar(subject, 5)

    def test_a_home_that_is_known_twice_is_none_of_its_own_comparables(self) -> None:
        sales = some_sales(40)
        again = sales.iloc[[3]].assign(price=1.0, id="again", sector="elsewhere", n_bathroom=9.0)
        again["net_usable_area"] *= 1.009
        again["latitude"] += 0.00002

        found = kept(pd.concat([sales, again])).similar(home_of(sales, 3), 50)

        assert len(found) == 39
        assert not {"again", "s0003"} & {one.id for one in found}

    def test_the_flat_above_is_another_home(self) -> None:
        sales = some_sales(10)
        upstairs = home_of(sales, 3, net_usable_area=sales["net_usable_area"].iloc[3] * 1.02)

        best = kept(sales).similar(upstairs, 1)[0]

        assert best.id == "s0003"
        assert best.distance_m == 0
        assert best.similarity > 0.95

    def test_what_is_alike_in_everything_has_a_similarity_of_one(self) -> None:
        sales = further(some_sales(30, dated=True))
        last = int(sales["sold_on"].argmax())
        twin = home_of(sales, last, latitude=sales["latitude"].iloc[last] + 0.00003)

        best = kept(sales, FURTHER).similar(twin, 1)[0]

        assert best.similarity == pytest.approx(1, abs=0.01)

    @pytest.mark.parametrize(
        "changes",
        [
            {"net_usable_area": 300.0},
            {"net_area": 900.0},
            {"n_rooms": 12.0},
            {"n_bathroom": 9.0},
            {"type": "castle"},
            {"sector": "elsewhere"},
            {"latitude": -33.9},
            {"extras": {"year_built": 1700.0, "wall": "brick"}},
            {"extras": {"year_built": None, "wall": "straw"}},
        ],
    )
    def test_whatever_differs_makes_homes_less_similar(self, changes: dict[str, object]) -> None:
        sales = further(some_sales(1)).assign(year_built=1990.0, wall="brick")
        neighbour = home_of(sales, 0, latitude=sales["latitude"].iloc[0] + 0.0001)
        market = kept(sales, FURTHER)

        assert market.similar(replace(neighbour, **changes), 1)[0].similarity < (  # type: ignore[arg-type]
            market.similar(neighbour, 1)[0].similarity
        )

    def test_recent_sales_say_more_than_old_ones(self) -> None:
        sales = some_sales(1).assign(sold_on=np.array(["2020-06-01"], dtype="datetime64[us]"))
        subject = home_of(sales, 0, n_rooms=9.0)
        market = kept(sales)

        soon, late, none = (
            market.similar(subject, 1, as_of=day)[0].similarity for day in (date(2021, 1, 1), date(2030, 1, 1), None)
        )

        assert none > soon > late
        assert market.similar(subject, 1)[0].sale.sold_on == date(2020, 6, 1)

    def test_no_sale_is_asked_for_none_is_given(self) -> None:
        sales = some_sales(5)
        assert kept(sales).similar(home_of(sales, 0), 0) == []

    def test_a_home_of_a_rare_type_is_compared_with_its_like_beyond_the_nearest(self) -> None:
        sales = some_sales(1000).assign(
            type="departamento", sector="Ñuñoa", net_usable_area=100.0, net_area=120.0, n_rooms=3.0, n_bathroom=2.0
        )
        sales["latitude"] = np.linspace(-33.453, -33.45, 1000)
        sales["longitude"] = -70.6
        sales.loc[995:, "type"] = "casa"

        found = kept(sales).similar(home_of(sales, 0, type="casa"), 5)

        assert [one.sale.property.type for one in found] == ["casa"] * 5

    def test_the_sales_come_back_as_they_were(self) -> None:
        sales = further(some_sales(20, dated=True))
        found = kept(sales, FURTHER).similar(home_of(sales, 0, n_rooms=99.0), 20)
        by_id = {one.id: one.sale for one in found}

        assert len(by_id) == 20
        for row in range(20):
            cells, sale = sales.iloc[row], by_id[f"s{row:04}"]
            assert sale.price == cells["price"]
            assert sale.sold_on == cells["sold_on"].date()
            assert sale.property.net_area == cells["net_area"]
            assert sale.property.type == normalised(cells["type"])
            year, wall = sale.property.extras["year_built"], sale.property.extras["wall"]
            assert year == cells["year_built"] or (year is None and np.isnan(cells["year_built"]))
            assert wall == cells["wall"] or (wall is None and pd.isna(cells["wall"]))

    def test_sales_without_an_id_get_one_that_stays(self) -> None:
        sales = some_sales(10).drop(columns="id")
        subject = home_of(sales, 0, n_rooms=99.0)

        ids = [one.id for one in kept(sales).similar(subject, 10)]

        assert len(set(ids)) == 10
        assert all(name.startswith("sale-") and len(name) == 17 for name in ids)
        assert set(ids) == {one.id for one in kept(sales.iloc[::-1]).similar(subject, 10)}

    def test_they_are_nearer_in_price_than_any_other_sales(self) -> None:
        sales = some_sales(800, seed=3)
        sales["price"] *= 1 + 20 * (sales["latitude"] - sales["latitude"].min())
        known, asked = sales.iloc[:700], sales.iloc[700:]
        market, random = kept(known), np.random.default_rng(0)
        of_known = (known["price"] / known["net_usable_area"]).to_numpy()
        by_likeness, by_chance = [], []
        for row in range(len(asked)):
            own = asked["price"].iloc[row] / asked["net_usable_area"].iloc[row]
            found = [one.sale for one in market.similar(home_of(asked, row), 5)]
            mean = np.mean([sale.price / sale.property.net_usable_area for sale in found])
            by_likeness.append(abs(np.log(mean / own)))
            by_chance.append(abs(np.log(random.choice(of_known, 5).mean() / own)))

        assert np.mean(by_likeness) < np.mean(by_chance) / 2

    def test_what_moves_values_in_a_market_can_weigh_more(self) -> None:
        sales = pd.concat([some_sales(1)] * 2, ignore_index=True).assign(id=["roomy", "near"])
        sales["latitude"] += np.array([0.02, 0.0])
        sales["n_rooms"] += np.array([0.0, 2.0])
        subject = home_of(sales, 0, latitude=sales["latitude"].iloc[1], n_bathroom=7.0)

        def first(importance: dict[str, float]) -> str:
            return ComparableSales.of(checked(sales), PLAIN, importance).similar(subject, 1)[0].id

        assert first({"n_rooms": 9.0, "latitude": 0.0, "longitude": 0.1}) == "roomy"
        assert first({"n_rooms": 0.0, "location": 5.0, "unheard of": 3.0}) == "near"

    def test_hostile_homes_are_answered_too(self) -> None:
        sales = further(some_sales(30))
        odd = home_of(
            sales,
            0,
            type="\x00" * 500,
            net_usable_area=1e9,
            net_area=5e-324,
            n_rooms=1e6,
            latitude=90.0,
            longitude=180.0,
            extras={"year_built": 1e300, "wall": "x" * 1000},
        )

        found = kept(sales, FURTHER).similar(odd, 3)

        assert len(found) == 3
        assert all(0 < one.similarity < 1e-3 for one in found)


class TestNearestSales:
    @settings(max_examples=20, deadline=None)
    @given(markets(), st.floats(-90, 90), st.floats(-180, 180))
    def test_they_are_what_a_search_of_all_finds(self, sales: pd.DataFrame, latitude: float, longitude: float) -> None:
        home = home_of(sales, 0, latitude=latitude, longitude=longitude)
        market = kept(sales)
        kilometres = {
            row: great_circle_km(latitude, longitude, sales["latitude"].iloc[row], sales["longitude"].iloc[row])
            for row in range(len(sales))
        }
        own_sector = sales["sector"].iloc[0]

        [(nearest, in_sector)] = market.distances_km([home])
        assert nearest == pytest.approx(min(kilometres.values()), rel=1e-6, abs=1e-6)
        assert in_sector == pytest.approx(
            min(away for row, away in kilometres.items() if sales["sector"].iloc[row] == own_sector),
            rel=1e-6,
            abs=1e-6,
        )

    def test_a_known_home_lies_in_the_market_and_an_unknown_sector_nowhere(self) -> None:
        sales = some_sales(50)
        market = kept(sales)
        known, written_otherwise, unknown = market.distances_km(
            [home_of(sales, 7), home_of(sales, 7, sector="  NUNOA "), home_of(sales, 7, sector="Atlantis")]
        )
        assert known[0] == 0
        assert written_otherwise[1] is not None
        assert unknown[1] is None

    @pytest.mark.parametrize("text", ["object", "category"])
    def test_are_the_same_in_a_table_to_the_last_digit(self, text: str) -> None:
        asked = checked(some_sales(40, seed=3)).assign(longitude=-70.6)
        asked.loc[3, "sector"] = "atlantis"
        table = asked.astype({"sector": text})
        one_by_one = kept(some_sales(50)).distances_km([home_of(asked, row) for row in range(len(asked))])
        in_a_table = kept(some_sales(50)).distances_table(table).tolist()
        assert [(nearest, None if np.isnan(inside) else inside) for nearest, inside in in_a_table] == one_by_one


class TestKnownHomes:
    def test_a_home_is_known_by_its_look_or_by_its_id_nearby(self) -> None:
        sales = some_sales(60)
        asked = sales.iloc[[0, 1, 2, 3, 4]].copy()
        asked["id"] = [None, "s0001", "s0002", None, "s0004"]
        asked["net_area"] *= np.array([1.0, 2.0, 2.0, 1.0, 1.0])
        asked["latitude"] += np.array([0.0, 0.0, 0.01, 0.0, 0.0])
        asked["n_rooms"] += np.array([0.0, 0.0, 0.0, 1.0, 0.0])
        asked.loc[4, "type"] = "castle"

        assert kept(sales).known_homes(checked(asked)).tolist() == [True, True, False, False, False]

    def test_an_id_that_all_share_names_no_home(self) -> None:
        sales = some_sales(60).assign(id="batch 7", latitude=1.0, longitude=1.0, type="casa")
        asked = sales.iloc[[0]].assign(net_area=9999.0)
        assert not kept(sales).known_homes(checked(asked)).any()

    def test_all_training_sales_are_known(self) -> None:
        sales = some_sales(200)
        assert kept(sales).known_homes(checked(sales)).all()
        assert kept(sales).known_homes(checked(sales.iloc[:0])).tolist() == []


class TestKeptSales:
    def test_they_survive_storing(self) -> None:
        sales = further(some_sales(300, dated=True))
        market = kept(sales, FURTHER)
        stored = pickle.loads(pickle.dumps(market))  # noqa: S301

        assert len(stored) == len(market) == 300
        for row in range(0, 300, 50):
            assert stored.similar(home_of(sales, row), 5) == market.similar(home_of(sales, row), 5)

    def test_without_sales_there_is_nothing_to_keep(self) -> None:
        with pytest.raises(ValueError, match="no sale"):
            kept(some_sales(5).iloc[:0])

    def test_thousands_at_one_point_are_all_looked_at(self) -> None:
        sales = some_sales(3000).assign(latitude=5.0, longitude=5.0)
        wanted = home_of(sales, 2999, n_rooms=sales["n_rooms"].iloc[2999] + 1)
        assert kept(sales).similar(wanted, 1)[0].similarity > 0.5

    def test_serving_them_loads_neither_pandas_nor_scipy(self) -> None:
        program = (
            "import sys, adapters.valuation_models.comparables; print({'pandas', 'scipy', 'sklearn'} & {*sys.modules})"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "set()"
