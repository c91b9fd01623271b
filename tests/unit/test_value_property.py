"""Valuing a home by the served model."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.served_model import PERCENTILES, ServedModel
from application.value_property import VALUATION_DATE, ValuationRequest, ValueProperty
from domain.equity import EquityCalibration
from domain.errors import InvalidProperty, NoModelServed
from domain.market_extent import CONTRADICTORY_LOCATION, IMPLAUSIBLE_PROPERTY, OUTSIDE_MARKET, GroundCircle, Spacing
from domain.market_index import NO_INDEX
from domain.model_version import FeatureSchema
from domain.property import Property
from domain.valuation import Valuation
from tests.fakes.fixed_clock import NOON, FixedClock
from tests.fakes.in_memory_model_repository import InMemoryModelRepository
from tests.fakes.models import (
    EXTENT,
    KNOWN_SALES,
    SCHEMA,
    TRADED,
    ConstantPricePerArea,
    EvenSpread,
    KnownSales,
    a_card,
    a_level_index,
    a_trained_model,
)

HOME = Property("Departamento", "Ñuñoa", 80.0, 90.0, 3.0, 2.0, -33.45, -70.6)
MANY_ERRORS = tuple(number / 100 for number in range(-20, 21))
EQUITY = EquityCalibration(1.2, 150_000.0, 1.03, reached=True, before=TRADED, after=TRADED)
RISING = a_level_index(0.4)
WITH_EXTRAS = replace(SCHEMA, numeric=("year_built",), categorical=("heating",))


def serving(
    features: FeatureSchema = SCHEMA, *, log_ratios: Sequence[float] = MANY_ERRORS, **parts: Any
) -> ValueProperty:
    """A service whose model values at 2,000 per m2; `parts` are other fields of the trained model."""
    trained = a_trained_model(log_ratios=log_ratios, model=ConstantPricePerArea(2000.0, features))
    trained = replace(trained, **parts)
    models = InMemoryModelRepository()
    models.store(trained, a_card(features=features, index=trained.index))
    models.promote("v1", NOON, "ana")
    served = ServedModel(models)
    served.refresh()
    return ValueProperty(served, FixedClock())


def valued(service: ValueProperty, home: Property = HOME, level: float | None = None, **how: Any) -> Valuation:
    """The valuation of one home, as of a day if `day` is given."""
    request = ValuationRequest(home, valuation_date=how.pop("day", None))
    [valuation] = service([request], level, **how)
    return valuation


def figures(valuation: Valuation) -> tuple[float, float, float, float]:
    """Low end, value, high end, and FSD."""
    assert valuation.value is not None
    assert valuation.interval is not None
    assert valuation.confidence is not None
    return valuation.interval.low, valuation.value, valuation.interval.high, valuation.confidence.fsd


class TestTheValue:
    def test_is_that_of_the_served_version(self) -> None:
        [valuation] = serving()([ValuationRequest(HOME, client_ref="loan 7")])
        assert valuation.value == 160_000.0
        assert (valuation.status, valuation.currency, valuation.client_ref) == ("valued", "USD", "loan 7")
        assert valuation.model.version == "v1"
        assert valuation.valuation_date == NOON.date()
        assert valuation.warnings == ()
        assert (valuation.explanation, valuation.comparables, valuation.refusal) == (None, None, None)

    def test_goes_through_the_calibration_that_training_applied(self) -> None:
        assert valued(serving(equity=EQUITY)).value == pytest.approx(EQUITY.apply(160_000.0))

    def test_of_many_homes_comes_in_their_order_each_under_its_own_id(self) -> None:
        areas = [30.0, 80.0, 55.5]
        valuations = serving()([ValuationRequest(replace(HOME, net_usable_area=area)) for area in areas])
        assert [valuation.value for valuation in valuations] == [area * 2000 for area in areas]
        assert len({valuation.id for valuation in valuations}) == 3

    def test_is_the_same_alone_and_among_others_to_the_last_digit(self) -> None:
        service = serving(equity=EQUITY, index=RISING)
        homes = [replace(HOME, net_usable_area=30.0 + number) for number in range(20)]
        together = service([ValuationRequest(home) for home in homes])
        assert [figures(valuation) for valuation in together] == [figures(valued(service, home)) for home in homes]

    def test_is_none_without_a_served_model(self) -> None:
        with pytest.raises(NoModelServed, match="tasador train"):
            ValueProperty(ServedModel(InMemoryModelRepository()), FixedClock())([ValuationRequest(HOME)])

    def test_of_nothing_is_nothing(self) -> None:
        assert serving()([]) == []


class TestHowSure:
    def test_the_interval_is_at_the_level_of_the_training_or_the_one_asked_for(self) -> None:
        usual, narrower = valued(serving()), valued(serving(), level=0.5)
        assert usual.interval is not None
        assert narrower.interval is not None
        assert (usual.interval.level, narrower.interval.level) == (0.9, 0.5)
        low, value, high, _ = figures(usual)
        assert low < narrower.interval.low < value < narrower.interval.high < high

    @pytest.mark.parametrize(("level", "below", "above"), [(0.9, 5, 95), (0.8, 10, 90), (0.5, 25, 75)])
    @pytest.mark.parametrize("parts", [{}, {"equity": EQUITY, "index": RISING}], ids=["plain", "moved"])
    def test_the_ends_of_an_interval_are_the_percentiles_of_its_tails(
        self, level: float, below: int, above: int, parts: dict[str, Any]
    ) -> None:
        valuation = valued(serving(**parts), level=level, day=date(2023, 5, 9))
        low, _, high, _ = figures(valuation)
        assert (valuation.percentiles[below], valuation.percentiles[above]) == (low, high)
        assert tuple(valuation.percentiles) == PERCENTILES
        assert list(valuation.percentiles.values()) == sorted(valuation.percentiles.values())

    def test_a_level_that_the_errors_cannot_speak_for_is_warned_about(self) -> None:
        service = serving(log_ratios=(-0.2, -0.1, 0.1, 0.2))
        assert valued(service, level=0.6).warnings == ()
        assert "up to 0.600" in valued(service, level=0.61).warnings[0]

    def test_where_more_error_is_expected_the_interval_is_wider_and_the_confidence_lower(self) -> None:
        sure, unsure = (valued(serving(spread=EvenSpread(spread))) for spread in (1.0, 3.0))
        assert figures(unsure)[0] < figures(sure)[0] < figures(sure)[2] < figures(unsure)[2]
        assert sure.confidence is not None
        assert unsure.confidence is not None
        assert (sure.confidence.score, unsure.confidence.score) == (90, 70)
        assert (sure.confidence.level, unsure.confidence.level) == ("high", "medium")

    @pytest.mark.parametrize(
        ("change", "factor"), [({"type": "castle"}, "unknown_type"), ({"sector": "Atlantis"}, "unknown_sector")]
    )
    def test_an_unknown_type_or_sector_limits_the_confidence_and_widens_the_interval(
        self, change: dict[str, Any], factor: str
    ) -> None:
        service = serving(unknown={"type": 1.5, "sector": 1.5})
        known, unknown = valued(service), valued(service, replace(HOME, **change))
        assert known.confidence is not None
        assert unknown.confidence is not None
        assert (known.confidence.limiting_factors, unknown.confidence.limiting_factors) == ((), (factor,))
        assert unknown.value == known.value
        assert figures(unknown)[3] == pytest.approx(1.5 * figures(known)[3])
        assert figures(unknown)[0] < figures(known)[0] < figures(known)[2] < figures(unknown)[2]
        assert next(iter(change.values())) in unknown.warnings[0]

    def test_what_was_not_given_widens_the_interval_by_what_it_costs(self) -> None:
        service = serving(WITH_EXTRAS, unknown={"year_built": 2.0, "heating": 1.25})
        given_all = replace(HOME, extras={"year_built": 1999.0, "heating": "gas"})
        without = [given_all, replace(HOME, extras={"heating": "gas"}), HOME]
        fsd = [figures(valued(service, home))[3] for home in without]
        assert fsd == pytest.approx([0.1, 0.2, 0.25])

    def test_a_home_larger_than_any_seen_is_valued_with_more_doubt(self) -> None:
        larger = replace(HOME, net_usable_area=1_500.0, net_area=1_500.0)
        valuation = valued(serving(), larger)
        assert valuation.confidence is not None
        assert "beyond_seen_net_usable_area" in valuation.confidence.limiting_factors
        assert figures(valuation)[3] > figures(valued(serving()))[3]

    @pytest.mark.parametrize("sector", ["ñuñoa", "NUNOA", "  Ñuñoa "])
    def test_sectors_are_compared_without_case_accents_and_space(self, sector: str) -> None:
        assert valued(serving(unknown={"sector": 9.0}), replace(HOME, sector=sector)).warnings == ()


NARROW = replace(
    EXTENT,
    spacing=Spacing(0.05, 0.1, 0.1),
    sectors={name: GroundCircle(-33.45, -70.6, 0.1, 1000) for name in SCHEMA.sectors},
)


class TestARefusedHome:
    @pytest.mark.parametrize(
        ("home", "reason"),
        [
            (replace(HOME, latitude=0.0), OUTSIDE_MARKET),
            (replace(HOME, net_usable_area=9_000.0, net_area=9_000.0), IMPLAUSIBLE_PROPERTY),
            (replace(HOME, n_rooms=70.0), IMPLAUSIBLE_PROPERTY),
            (replace(HOME, sector="Las Condes", latitude=-33.463, longitude=-70.609), CONTRADICTORY_LOCATION),
        ],
    )
    def test_has_a_reason_and_no_figure(self, home: Property, reason: str) -> None:
        valuation = valued(serving(extent=NARROW), home, explain=True, comparables=3)
        assert valuation.refusal is not None
        assert (valuation.status, valuation.refusal.reason) == ("refused", reason)
        assert (valuation.value, valuation.interval, valuation.confidence) == (None, None, None)
        assert (valuation.explanation, valuation.comparables, dict(valuation.percentiles)) == (None, None, {})

    def test_leaves_the_others_as_they_are(self) -> None:
        far = replace(HOME, latitude=0.0)
        valuations = serving()([ValuationRequest(home) for home in (HOME, far, HOME)])
        assert [valuation.status for valuation in valuations] == ["valued", "refused", "valued"]
        assert valuations[0].value == valuations[2].value == 160_000.0


class TestTheDay:
    @pytest.mark.parametrize("day", [date(2021, 3, 16), date(2023, 5, 9), date(2026, 11, 30)])
    def test_moves_all_figures_along_the_index(self, day: date) -> None:
        service = serving(index=RISING, equity=EQUITY)
        today, then = valued(service, day=RISING.reference), valued(service, day=day)
        moved = math.exp(RISING.log_level("nunoa", day))
        assert then.valuation_date == day
        assert figures(then)[:3] == pytest.approx([moved * figure for figure in figures(today)[:3]])
        assert list(then.percentiles.values()) == pytest.approx([moved * x for x in today.percentiles.values()])
        assert then.confidence == today.confidence
        assert (moved < 1) == (day < RISING.reference)

    def test_is_today_unless_another_is_asked_for(self) -> None:
        service = serving(index=RISING)
        assert valued(service).value == valued(service, day=NOON.date()).value

    @pytest.mark.parametrize("day", [date(2020, 12, 31), date(2027, 11, 1)])
    def test_beyond_the_index_is_answered_with_a_warning(self, day: date) -> None:
        valuation = valued(serving(), day=day)
        assert valuation.valuation_date == day
        assert "knows 2021-03-01 to 2026-11-30" in valuation.warnings[0]
        assert str(day) in valuation.warnings[0]

    def test_among_the_sales_is_answered_without_one(self) -> None:
        assert valued(serving(), day=date(2024, 2, 29)).warnings == ()

    def test_long_after_old_sales_is_warned_about_as_well(self) -> None:
        late = replace(serving(), clock=FixedClock(NOON + timedelta(days=400)))
        assert "price index" in late([ValuationRequest(HOME)])[0].warnings[0]

    def test_means_nothing_to_undated_sales(self) -> None:
        service = serving(index=NO_INDEX)
        assert valued(service).warnings == ()
        then = valued(service, day=date(2024, 2, 29))
        assert then.value == valued(service).value
        assert "price level" in then.warnings[0]


class TestFurtherFeatures:
    def test_are_asked_for_and_unknown_fields_named(self) -> None:
        service = serving(WITH_EXTRAS)
        complete = valued(service, replace(HOME, extras={"year_built": 1999, "heating": "gas"}))
        partial = valued(service, replace(HOME, extras={"heating": None, "yer_built": 1999}))
        assert complete.warnings == ()
        assert ["year_built" in partial.warnings[0], "heating" in partial.warnings[1]] == [True, True]
        assert "'yer_built' is not known" in partial.warnings[2]
        assert len(partial.warnings) == 3

    def test_of_the_wrong_kind_are_refused_all_at_once(self) -> None:
        with pytest.raises(InvalidProperty) as refused:
            valued(serving(WITH_EXTRAS), replace(HOME, extras={"year_built": "old", "heating": 3.0}))
        assert [problem.field for problem in refused.value.problems] == ["year_built", "heating"]

    @pytest.mark.parametrize("number", [math.nan, math.inf])
    def test_are_finite(self, number: float) -> None:
        with pytest.raises(InvalidProperty, match="year_built"):
            valued(serving(WITH_EXTRAS), replace(HOME, extras={"year_built": number}))


SERVICES = [
    serving(equity=equity, index=index) for equity in (None, EQUITY) for index in (NO_INDEX, a_level_index(), RISING)
]
services = st.sampled_from(SERVICES)
homes = st.builds(
    Property,
    type=st.sampled_from(["Casa", "Departamento", "castle"]),
    sector=st.sampled_from(["Ñuñoa", "Las Condes", "Vitacura", "Atlantis"]),
    net_usable_area=st.floats(2.0, 900.0),
    net_area=st.floats(900.0, 4_000.0),
    n_rooms=st.integers(0, 12).map(float),
    n_bathroom=st.integers(0, 12).map(float),
    latitude=st.floats(-33.48, -33.42),
    longitude=st.floats(-70.63, -70.57),
)
days = st.none() | st.dates(date(2019, 1, 1), date(2030, 1, 1))


class TestTheExplanation:
    @given(services, homes, days)
    def test_adds_up_from_the_base_value_to_the_value(
        self, service: ValueProperty, home: Property, day: date | None
    ) -> None:
        valuation = valued(service, home, day=day, explain=True)
        assert valuation.explanation is not None
        effects = [contribution.effect for contribution in valuation.explanation.contributions]
        assert math.fsum([valuation.explanation.base_value, *effects]) == pytest.approx(valuation.value, rel=1e-9)
        assert effects == sorted(effects, key=lambda effect: -abs(effect))

    def test_credits_the_day_with_what_the_index_moved(self) -> None:
        def by_feature(service: ValueProperty) -> dict[str, float]:
            explanation = valued(service, day=date(2021, 3, 16), explain=True).explanation
            assert explanation is not None
            return {each.feature: each.effect for each in explanation.contributions}

        assert by_feature(serving(index=RISING))[VALUATION_DATE] < 0
        assert VALUATION_DATE not in by_feature(serving(index=NO_INDEX))


class TestComparables:
    @given(services, homes, days, st.integers(1, 6))
    def test_lead_from_their_own_value_to_that_of_the_home_and_from_their_price_to_what_it_would_be(
        self, service: ValueProperty, home: Property, day: date | None, count: int
    ) -> None:
        valuation = valued(service, home, day=day, comparables=count)
        assert valuation.comparables is not None
        assert valuation.value is not None
        assert 0 < len(valuation.comparables) <= count
        for comparable in valuation.comparables:
            adjustments = list(comparable.adjustments.values())
            arrived = math.fsum([comparable.predicted_value, *adjustments])
            assert arrived == pytest.approx(valuation.value, rel=1e-9)
            paid = comparable.similar.sale.price
            assert comparable.adjusted_price == pytest.approx(math.fsum([paid, *adjustments]), rel=1e-9, abs=1e-6)

    def test_are_as_many_as_asked_for_and_never_the_home_itself(self) -> None:
        found = valued(serving(), comparables=3).comparables
        assert found is not None
        assert [len(found), "s6" in {comparable.similar.id for comparable in found}] == [3, False]

    def test_are_valued_as_of_the_day_that_they_were_sold(self) -> None:
        found = valued(serving(index=RISING, equity=EQUITY), comparables=5).comparables
        assert found is not None
        for comparable in found:
            sale = comparable.similar.sale
            assert sale.sold_on is not None
            level = RISING.log_level("nunoa", sale.sold_on)
            value = EQUITY.apply(2000.0 * sale.property.net_usable_area) * math.exp(level)
            assert comparable.predicted_value == pytest.approx(value)

    def test_of_an_unknown_day_were_sold_at_the_mean_level(self) -> None:
        undated = KnownSales(tuple((name, replace(sale, sold_on=None)) for name, sale in KNOWN_SALES.sales))
        valuation = valued(serving(index=RISING, comparables=undated), comparables=5)
        assert valuation.comparables is not None
        for comparable in valuation.comparables:
            value = 2000.0 * comparable.similar.sale.property.net_usable_area
            assert comparable.predicted_value == pytest.approx(value * math.exp(RISING.mean_log_level("nunoa")))
            arrived = comparable.predicted_value + math.fsum(comparable.adjustments.values())
            assert arrived == pytest.approx(valuation.value)

    def test_name_only_what_differs(self) -> None:
        found = valued(serving(index=NO_INDEX), comparables=1).comparables
        assert found is not None
        assert list(found[0].adjustments) == ["net_usable_area"]
