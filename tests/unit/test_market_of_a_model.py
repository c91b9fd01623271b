"""What is told of the market that a model knows, and which of its sales are shown."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from application.describe_market import DescribeMarket
from application.map_sales import MapSales
from application.served_model import ServedVersion
from domain.market_survey import Bounds, KnownSector, KnownType, UsualRange
from domain.model_version import Artifact, FeatureSchema, ModelVersion
from domain.property import NUMBER_FIELDS
from tests.fakes.in_memory_model_trainer import InMemoryModelTrainer
from tests.fakes.models import KNOWN_SALES, SCHEMA, KnownSales, a_card, a_trained_model
from tests.fakes.sales import some_sales

MANY = InMemoryModelTrainer().comparables(some_sales(300, dated=True), SCHEMA)


def a_version(comparables: Any = KNOWN_SALES, features: FeatureSchema = SCHEMA) -> ServedVersion:
    model = ModelVersion("v1", a_card(features=features), Artifact("0" * 64, 1))
    return ServedVersion(model, a_trained_model(comparables=comparables))


def with_extras(**extras: list[float | str | None]) -> KnownSales:
    """The known sales, with the first of these of the first sale, and so on."""
    changed = []
    for place, (name, sale) in enumerate(KNOWN_SALES.sales):
        home = replace(sale.property, extras={each: cells[place] for each, cells in extras.items()})
        changed.append((name, replace(sale, property=home)))
    return KnownSales(tuple(changed))


class TestTheMarket:
    def test_types_and_sectors_are_told_by_name_with_their_sales(self) -> None:
        survey = DescribeMarket(10)(a_version())
        assert survey.types == (KnownType("casa", 2), KnownType("departamento", 4))
        assert [each.name for each in survey.sectors] == ["las condes", "nunoa", "vitacura"]
        # Of 151,000 / 75, 176,000 / 90, 291,000 / 140 and 158,000 / 80.
        assert survey.sectors[1] == KnownSector("nunoa", 4, -33.4495, -70.5995, 1994.17)
        assert survey.sectors[2] == KnownSector("vitacura", 1, -33.43, -70.585, 2025.0)

    def test_each_number_is_told_as_it_usually_is(self) -> None:
        survey = DescribeMarket(10)(a_version(MANY))
        areas = MANY.columns().numbers["net_usable_area"]
        usual = survey.numbers["net_usable_area"]
        assert usual is not None
        assert usual.middle == np.median(areas)
        assert (areas < usual.low).sum() == (areas > usual.high).sum() == 3
        assert list(survey.numbers) == list(NUMBER_FIELDS)

    def test_the_bounds_hold_every_sale_and_the_days_are_the_first_and_the_last(self) -> None:
        survey = DescribeMarket(10)(a_version())
        assert survey.bounds == Bounds(south=-33.452, west=-70.602, north=-33.43, east=-70.585)
        assert (survey.sales, survey.first_sale, survey.last_sale) == (6, date(2021, 3, 1), date(2026, 10, 31))

    def test_without_days_none_is_told(self) -> None:
        undated = KnownSales(tuple((name, replace(sale, sold_on=None)) for name, sale in KNOWN_SALES.sales))
        survey = DescribeMarket(10)(a_version(undated))
        assert (survey.first_sale, survey.last_sale) == (None, None)
        assert MapSales(10)(a_version(undated), 10).sold_on == [None] * 6

    def test_further_features_are_told_as_far_as_sales_tell_them(self) -> None:
        known = with_extras(
            year=[1990.0, None, 1990.0, 1990.0, 1990.0, None],
            lift=[None] * 6,
            wall=["brick", None, "adobe", *[None] * 3],
        )
        survey = DescribeMarket(10)(a_version(known, FeatureSchema(("year", "lift"), ("wall",), (), ())))
        assert survey.numbers["year"] == UsualRange(1990.0, 1990.0, 1990.0)
        assert survey.numbers["lift"] is None
        assert survey.categories == {"wall": ("adobe", "brick")}

    @pytest.mark.parametrize(("most", "can_map"), [(0, False), (1, True)])
    def test_whether_sales_are_shown_is_told(self, most: int, can_map: bool) -> None:
        assert DescribeMarket(most)(a_version()).can_map == can_map


class TestTheSales:
    def test_each_is_told_in_its_place_of_every_column(self) -> None:
        shown = MapSales(10)(a_version(), 10)
        place = shown.id.index("s4")
        assert shown.total == len(shown.id) == 6
        assert (shown.latitude[place], shown.longitude[place]) == (-33.44, -70.59)
        assert (shown.price[place], shown.net_usable_area[place], shown.price_per_m2[place]) == (118_500, 60, 1975)
        assert (shown.type[place], shown.sector[place]) == ("departamento", "las condes")
        assert shown.sold_on[place] == "2023-05-09"

    @pytest.mark.parametrize(
        ("wanted", "ids"),
        [
            ({"sector": " NUÑOA "}, ["s1", "s2", "s3", "s6"]),
            ({"sector": "nunoa", "kind": "Casa"}, ["s3"]),
            ({"kind": "casa"}, ["s3", "s5"]),
            ({"sector": "Atlantis"}, []),
            ({"sector": "nunoa", "kind": "castle"}, []),
        ],
    )
    def test_those_of_a_sector_or_a_type_can_be_chosen(self, wanted: dict[str, str], ids: list[str]) -> None:
        shown = MapSales(10)(a_version(), 10, **wanted)
        assert (shown.id, shown.total) == (ids, len(ids))

    @pytest.mark.parametrize(("limit", "most"), [(50, 90), (90, 50)])
    def test_no_more_are_shown_than_are_asked_for_or_allowed(self, limit: int, most: int) -> None:
        shown = MapSales(most)(a_version(MANY), limit)
        assert (len(shown.id), len(set(shown.id)), shown.total) == (50, 50, 300)
        assert set(shown.sector) == {"las condes", "nunoa", "puente alto"}
        assert shown == MapSales(most)(a_version(MANY), limit)

    def test_where_none_may_be_shown_none_is(self) -> None:
        shown = MapSales(0)(a_version(), 10)
        assert (shown.id, shown.total) == ([], 6)

    @pytest.mark.parametrize(("price", "told"), [(0.151, 0.00201333), (151e3, 2013.33), (151e9, 2.01333e9)])
    def test_prices_have_six_figures_in_any_currency(self, price: float, told: float) -> None:
        name, sale = KNOWN_SALES.sales[0]
        shown = MapSales(10)(a_version(KnownSales(((name, replace(sale, price=price)),))), 10)
        assert shown.price_per_m2 == pytest.approx([told], rel=1e-12)
