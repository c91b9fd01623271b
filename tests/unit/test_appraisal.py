"""Values of many sales as of their own days; they are those that a caller would be told, home by home."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from application.appraisal import appraise_table, homes_of
from application.doubts import Doubts, doubts_about, unknown_fields, widened
from application.ports.model_trainer import ALL_EXTRAS, TrainedModel
from application.value_property import ValuationRequest
from domain.market_index import NO_INDEX
from domain.model_version import FeatureSchema
from domain.property import Property
from tests.fakes.models import (
    EXTENT,
    KNOWN_SALES,
    ConstantPricePerArea,
    EvenSpread,
    a_level_index,
    a_trained_model,
)
from tests.unit.test_value_property import EQUITY, HOME, MANY_ERRORS, RISING, WITH_EXTRAS, figures, serving

SALES = pd.DataFrame(
    {
        "type": ["departamento", "casa", "castle", "departamento", "casa"],
        "sector": ["nunoa", "vitacura", "nunoa", "atlantis", "nunoa"],
        "net_usable_area": [80.0, 200.0, 70.0, 1_200.0, 60.0],
        "net_area": [90.0, 220.0, 70.0, 1_200.0, 66.0],
        "n_rooms": [3.0, 5.0, 2.0, 9.0, 2.0],
        "n_bathroom": [2.0, 3.0, 1.0, 4.0, 1.0],
        "latitude": [-33.45, -33.44, -33.451, -33.44, 10.0],
        "longitude": [-70.6, -70.59, -70.6, -70.59, -70.6],
        "price": [150_000.0, 410_000.0, 150_000.0, 2e6, 1e5],
        "sold_on": pd.to_datetime(["2026-11-22", "2021-03-01", "2024-02-29", "2030-01-01", "2025-05-05"]),
        "year_built": [1999.0, np.nan, 2001.0, np.nan, 1980.0],
        "heating": ["gas", None, "wood", "gas", None],
    }
)
UNKNOWN = {"type": 1.5, "sector": 1.75, "year_built": 1.25, "heating": 1.1}


def trained(**parts: Any) -> TrainedModel:
    return a_trained_model(
        log_ratios=MANY_ERRORS, model=ConstantPricePerArea(2000.0, WITH_EXTRAS), unknown=UNKNOWN, **parts
    )


@pytest.mark.parametrize("equity", [None, EQUITY])
@pytest.mark.parametrize("index", [NO_INDEX, RISING])
def test_a_table_is_appraised_as_its_homes_would_be_valued_on_the_days_of_their_sales(equity: Any, index: Any) -> None:
    appraised = appraise_table(trained(equity=equity, index=index), SALES, 0.8)
    service = serving(WITH_EXTRAS, unknown=UNKNOWN, equity=equity, index=index)
    for place, (home, day) in enumerate(zip(homes_of(SALES, WITH_EXTRAS), SALES["sold_on"], strict=True)):
        [valuation] = service([ValuationRequest(home, valuation_date=day.date())], 0.8)
        reason = valuation.refusal.reason if valuation.refusal else ""
        assert appraised.refused[place] == reason
        if not reason:
            told = figures(valuation)
            ours = [getattr(appraised, name)[place] for name in ("low", "values", "high", "fsd")]
            assert ours == pytest.approx(list(told), rel=1e-12)


def test_what_would_be_refused_has_figures_all_the_same() -> None:
    appraised = appraise_table(trained(), SALES, 0.9)
    assert appraised.refused == ("", "", "", "", "outside_market")
    assert appraised.values[-1] == 120_000.0
    assert (appraised.low < appraised.values).all()


def test_homes_of_a_table_have_their_further_features_and_none_where_they_are_unknown() -> None:
    first, second, *_ = homes_of(SALES, WITH_EXTRAS)
    assert first.extras == {"year_built": 1999.0, "heating": "gas"}
    assert second.extras == {"year_built": None, "heating": None}
    assert next(iter(homes_of(SALES, replace(WITH_EXTRAS, numeric=(), categorical=())))).extras == {}


def test_unknown_is_a_type_or_sector_never_seen_and_a_feature_not_given() -> None:
    assert unknown_fields(replace(HOME, extras={"year_built": 0.0, "heating": ""}), WITH_EXTRAS) == []
    assert unknown_fields(replace(HOME, type="castle", sector="Atlantis"), WITH_EXTRAS) == [
        *("type", "sector", "year_built", "heating")
    ]


def _doubts_about(model: TrainedModel, home: Property, day: date | None) -> Doubts:
    [doubts] = doubts_about(model, [home], [day])
    return doubts


def test_doubts_about_several_unknown_fields_multiply() -> None:
    nothing_known = _doubts_about(trained(), replace(HOME, type="castle", sector="Atlantis"), None)
    assert nothing_known.unknown_factor == pytest.approx(1.5 * 1.75 * 1.25 * 1.1)
    plain = FeatureSchema((), (), types=("departamento",), sectors=("nunoa",))
    assert _doubts_about(a_trained_model(model=ConstantPricePerArea(1.0, plain)), HOME, None).unknown_factor is None


def test_a_field_whose_worth_was_never_measured_widens_nothing() -> None:
    strange = replace(HOME, type="castle", extras={"year_built": 1990.0, "heating": "gas"})
    assert _doubts_about(replace(trained(), unknown={}), strange, None).unknown_factor == 1.0


@pytest.mark.parametrize("area", [80.0, 1_000.0, 1_500.0, 1_900.0])
def test_the_farther_beyond_what_was_seen_the_wider(area: float) -> None:
    model = replace(trained(), spread=EvenSpread(0.1), extent=EXTENT, comparables=KNOWN_SALES, index=a_level_index())
    home = Property("Casa", "Ñuñoa", area, max(area, 100.0), 3.0, 2.0, -33.45, -70.6, {"year_built": 1, "heating": ""})
    expected = np.hypot(0.1, max(np.log(area / 1_000.0), 0.0))
    assert widened(model, 0.1, _doubts_about(model, home, None)) == pytest.approx(expected)


def test_a_sale_of_an_unknown_day_is_held_against_the_mean_level() -> None:
    undated = SALES.assign(sold_on=np.full(len(SALES), "NaT", dtype="datetime64[us]"))
    appraised = appraise_table(trained(index=RISING), undated, 0.9)
    assert appraised.values[0] == pytest.approx(160_000 * np.exp(RISING.mean_log_level("nunoa")))
    dated = appraise_table(trained(index=RISING), SALES.assign(sold_on=pd.Timestamp(date(2026, 11, 30))), 0.9)
    assert dated.values[0] == pytest.approx(160_000)


def test_a_home_of_which_something_is_unknown_is_never_surer_than_the_usual_one() -> None:
    model = replace(trained(), spread=EvenSpread(0.05), typical_spread=0.2)
    told = replace(HOME, extras={"year_built": 1990.0, "heating": "gas"})
    known, unknown = (_doubts_about(model, replace(told, sector=sector), None) for sector in ("Ñuñoa", "Atlantis"))
    assert widened(model, 0.05, unknown) >= 0.2 > widened(model, 0.05, known)


def test_all_further_features_together_may_be_missed_more_than_each_by_itself() -> None:
    model = replace(trained(), unknown={"year_built": 1.1, "heating": 1.0, ALL_EXTRAS: 1.5})
    bare = replace(HOME, extras={})
    assert _doubts_about(model, bare, None).unknown_factor == pytest.approx(1.5)
    one_known = replace(HOME, extras={"heating": "gas"})
    assert _doubts_about(model, one_known, None).unknown_factor == pytest.approx(1.25)


def test_the_farther_a_day_is_from_the_sales_the_wider() -> None:
    model = replace(trained(index=RISING), typical_spread=0.0)
    last = model.index.last_day
    years = [
        widened(model, 0.1, _doubts_about(model, HOME, last + timedelta(days=365 * years))) for years in (0, 1, 5, 20)
    ]
    assert years[0] == years[1] < years[2] < years[3]
    assert "beyond_index" in _doubts_about(model, HOME, date(1900, 1, 1)).limiting_factors
    assert "beyond_index" not in _doubts_about(model, HOME, last).limiting_factors
