"""Valuing a home by the served model."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from application.served_model import ServedModel
from application.value_property import ValuationRequest, ValueProperty
from domain.errors import InvalidProperty, NoModelServed
from domain.model_version import FeatureSchema
from domain.property import Property
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import SCHEMA, a_card, a_trained_model

HOME = Property("Departamento", "Ñuñoa", 80.0, 90.0, 3.0, 2.0, -33.45, -70.6)


MANY_ERRORS = tuple(number / 100 for number in range(-20, 21))


def serving(
    features: FeatureSchema = SCHEMA, *, log_ratios: Sequence[float] = MANY_ERRORS, dated: bool = True
) -> ValueProperty:
    models = InMemoryModelRepository()
    card = a_card(features=features)
    if not dated:
        card = replace(card, data=replace(card.data, first_sale=None, last_sale=None))
    models.store(a_trained_model(2000.0, log_ratios=log_ratios), card)
    models.promote("v1", NOON, "ana")
    served = ServedModel(models)
    served.refresh()
    return ValueProperty(served, FixedClock())


def test_a_home_is_valued_by_the_served_version() -> None:
    [valuation] = serving()([ValuationRequest(HOME, client_ref="loan 7")])
    assert valuation.value == 160_000.0
    assert (valuation.status, valuation.currency, valuation.client_ref) == ("valued", "USD", "loan 7")
    assert valuation.model.version == "v1"
    assert valuation.valuation_date == NOON.date()
    assert valuation.warnings == ()


def test_the_interval_is_at_the_level_of_the_training_or_the_one_asked_for() -> None:
    value = serving()
    [usual], [narrower] = value([ValuationRequest(HOME)]), value([ValuationRequest(HOME)], level=0.5)
    assert (usual.interval.level, narrower.interval.level) == (0.9, 0.5)
    assert usual.interval.low < narrower.interval.low < usual.value < narrower.interval.high < usual.interval.high


def test_many_homes_are_valued_in_their_order_each_under_its_own_id() -> None:
    areas = [30.0, 80.0, 55.5]
    valuations = serving()([ValuationRequest(replace(HOME, net_usable_area=area)) for area in areas])
    assert [valuation.value for valuation in valuations] == [area * 2000 for area in areas]
    assert len({valuation.id for valuation in valuations}) == 3


def test_without_a_served_model_there_is_no_value() -> None:
    with pytest.raises(NoModelServed, match="tasador train"):
        ValueProperty(ServedModel(InMemoryModelRepository()), FixedClock())([ValuationRequest(HOME)])


def test_an_unknown_type_or_sector_is_warned_about() -> None:
    [valuation] = serving()([ValuationRequest(replace(HOME, type="castle", sector="Atlantis"))])
    assert len(valuation.warnings) == 2
    assert "castle" in valuation.warnings[0]
    assert "Atlantis" in valuation.warnings[1]


@pytest.mark.parametrize("sector", ["ñuñoa", "NUNOA", "  Ñuñoa "])
def test_sectors_are_compared_without_case_accents_and_space(sector: str) -> None:
    [valuation] = serving()([ValuationRequest(replace(HOME, sector=sector))])
    assert valuation.warnings == ()


@pytest.mark.parametrize("day", [date(2020, 12, 31), date(2027, 11, 1)])
def test_a_date_beyond_the_sales_is_answered_with_a_warning(day: date) -> None:
    [valuation] = serving()([ValuationRequest(HOME, valuation_date=day)])
    assert valuation.valuation_date == day
    assert "from 2021-03-01 to 2026-10-31" in valuation.warnings[0]


def test_a_date_among_the_sales_is_answered_without_one() -> None:
    assert serving()([ValuationRequest(HOME, valuation_date=date(2024, 2, 29))])[0].warnings == ()


def test_a_value_of_today_from_old_sales_is_warned_about_as_well() -> None:
    value = serving()
    late = replace(value, clock=FixedClock(NOON + timedelta(days=400)))
    assert "price level" in late([ValuationRequest(HOME)])[0].warnings[0]


def test_undated_sales_follow_no_date_that_is_asked_for() -> None:
    value = serving(dated=False)
    assert value([ValuationRequest(HOME)])[0].warnings == ()
    assert "price level" in value([ValuationRequest(HOME, valuation_date=date(2024, 2, 29))])[0].warnings[0]


def test_a_level_that_the_errors_cannot_speak_for_is_warned_about() -> None:
    value = serving(log_ratios=(-0.2, -0.1, 0.1, 0.2))
    assert value([ValuationRequest(HOME)], level=0.6)[0].warnings == ()
    assert "up to 0.600" in value([ValuationRequest(HOME)], level=0.61)[0].warnings[0]


def test_further_features_are_asked_for_and_unknown_fields_named() -> None:
    value = serving(replace(SCHEMA, numeric=("year_built",), categorical=("heating",)))
    [complete] = value([ValuationRequest(replace(HOME, extras={"year_built": 1999, "heating": "gas"}))])
    [partial] = value([ValuationRequest(replace(HOME, extras={"heating": None, "yer_built": 1999}))])
    assert complete.warnings == ()
    assert ["year_built" in partial.warnings[0], "heating" in partial.warnings[1], "yer_built" in partial.warnings[2]]
    assert len(partial.warnings) == 3


def test_further_features_of_the_wrong_kind_are_refused_all_at_once() -> None:
    value = serving(replace(SCHEMA, numeric=("year_built",), categorical=("heating",)))
    with pytest.raises(InvalidProperty) as refused:
        value([ValuationRequest(replace(HOME, extras={"year_built": "old", "heating": 3.0}))])
    assert [problem.field for problem in refused.value.problems] == ["year_built", "heating"]
