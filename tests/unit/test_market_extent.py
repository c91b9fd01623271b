"""Whether a home belongs to the market that a model knows."""

import json
import pickle
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.great_circle import great_circle_km
from domain.market_extent import GroundCircle, MarketExtent, MarketJudgement, SeenRange, Spacing
from domain.property import Property

CITY = MarketExtent(
    ranges={
        "net_usable_area": SeenRange(25, 400),
        "net_area": SeenRange(25, 600),
        "n_rooms": SeenRange(1, 6),
        "n_bathroom": SeenRange(1, 5),
    },
    highest_usable_share=1.0,
    spacing=Spacing(median=0.05, q90=0.2, q99=0.6),
    types=("casa", "departamento"),
    sectors={
        "nunoa": GroundCircle(-33.456, -70.597, 1.5, 400),
        "las condes": GroundCircle(-33.409, -70.567, 2.0, 600),
        "pirque": GroundCircle(-33.63, -70.55, 0.1, 2),
    },
    usual_sector_km=2.5,
    whole=GroundCircle(-33.45, -70.6, 25.0, 1002),
)
FLAT = Property("Departamento", "Ñuñoa", 80, 90, 3, 2, -33.456, -70.597)


def judged(
    home: Property = FLAT, nearest_km: float = 0.02, in_sector_km: float | None = 0.02, market: MarketExtent = CITY
) -> MarketJudgement:
    return market.judge(home, nearest_km, in_sector_km)


def reason(judgement: MarketJudgement) -> str | None:
    return judgement.refusal.reason if judgement.refusal else None


class TestAHomeOfTheMarket:
    def test_nothing_speaks_against_it(self) -> None:
        assert judged() == MarketJudgement(None, (), (), 0.0)

    def test_the_market_is_plain_data(self) -> None:
        assert pickle.loads(pickle.dumps(CITY)) == CITY  # noqa: S301
        assert json.loads(json.dumps(asdict(CITY)))["sectors"]["nunoa"]["radius_km"] == 1.5


class TestSizes:
    def test_a_palace_is_refused(self) -> None:
        judgement = judged(replace(FLAT, net_usable_area=5000, net_area=20000, n_rooms=80))
        assert reason(judgement) == "implausible_property"
        assert judgement.refusal is not None
        assert "net_usable_area of 5,000 m2 is above the 25 to 400 m2" in judgement.refusal.explanation
        assert "n_rooms of 80 is above the 1 to 6 of" in judgement.refusal.explanation

    def test_a_broom_cupboard_is_refused(self) -> None:
        assert reason(judged(replace(FLAT, net_usable_area=2, net_area=2))) == "implausible_property"

    @pytest.mark.parametrize(
        ("changes", "factors"),
        [
            ({"net_usable_area": 500.0, "net_area": 550.0}, ("beyond_seen_net_usable_area",)),
            ({"net_usable_area": 20.0}, ("beyond_seen_net_usable_area",)),
            ({"net_area": 900.0}, ("beyond_seen_net_area",)),
            ({"n_rooms": 0.0}, ("beyond_seen_n_rooms",)),
            ({"n_rooms": 14.0, "n_bathroom": 12.0}, ("beyond_seen_n_rooms", "beyond_seen_n_bathroom")),
        ],
    )
    def test_a_little_beyond_what_was_seen_is_valued_and_named(
        self, changes: dict[str, float], factors: tuple[str, ...]
    ) -> None:
        judgement = judged(replace(FLAT, **changes))  # type: ignore[arg-type]
        assert judgement.refusal is None
        assert judgement.limiting_factors == factors
        assert len(judgement.warnings) == len(factors)
        assert judgement.extrapolation > 0

    def test_too_many_rooms_for_any_home_here_are_refused(self) -> None:
        assert reason(judged(replace(FLAT, n_rooms=15))) == "implausible_property"

    def test_a_few_sales_leave_more_unseen(self) -> None:
        mansion = replace(FLAT, net_usable_area=1000, net_area=1100)
        few = replace(CITY, whole=replace(CITY.whole, sales=10))
        assert reason(judged(mansion)) == "implausible_property"
        assert judged(mansion, market=few).refusal is None

    def test_extrapolation_adds_up_the_logs_beyond_each_bound(self) -> None:
        judgement = judged(replace(FLAT, net_area=1200, n_rooms=13))
        assert judgement.extrapolation == pytest.approx(2 * 0.6931, rel=1e-3)

    def test_usable_twice_the_whole_is_refused_and_a_little_more_than_it_is_named(self) -> None:
        assert reason(judged(replace(FLAT, net_usable_area=90, net_area=44))) == "implausible_property"
        judgement = judged(replace(FLAT, net_usable_area=90, net_area=75))
        assert judgement.refusal is None
        assert judgement.limiting_factors == ("usable_above_total_area",)
        assert judged(replace(FLAT, net_usable_area=90, net_area=85)).limiting_factors == ()

    def test_where_the_whole_is_the_plot_larger_shares_are_usual(self) -> None:
        towers = replace(CITY, highest_usable_share=8.0)
        assert judged(replace(FLAT, net_usable_area=300, net_area=40), market=towers).limiting_factors == ()


class TestPlaces:
    def test_a_home_in_the_sea_is_outside_the_market(self) -> None:
        judgement = judged(replace(FLAT, longitude=-75.0), nearest_km=400, in_sector_km=401)
        assert reason(judgement) == "outside_market"
        assert judgement.refusal is not None
        assert "400 km away, while nearly all sales have another within 600 m" in judgement.refusal.explanation

    def test_swapped_coordinates_are_recognised(self) -> None:
        judgement = judged(replace(FLAT, latitude=-70.597, longitude=-33.456), 4500, 4500)
        assert reason(judgement) == "outside_market"
        assert judgement.refusal is not None
        assert "with latitude and longitude swapped it would lie among them" in judgement.refusal.explanation

    def test_a_lost_sign_is_recognised(self) -> None:
        judgement = judged(replace(FLAT, latitude=33.456), 7400, 7400)
        assert "the latitude's sign turned" in str(judgement.refusal)

    def test_a_home_a_little_off_is_valued_and_named(self) -> None:
        judgement = judged(nearest_km=1.5, in_sector_km=1.5)
        assert judgement.refusal is None
        assert judgement.limiting_factors == ("far_from_sales",)

    def test_in_the_countryside_distances_are_larger(self) -> None:
        county = replace(CITY, spacing=Spacing(median=1.0, q90=3.0, q99=6.0))
        assert judged(nearest_km=10, in_sector_km=10, market=county).limiting_factors == ()
        assert judged(nearest_km=28, in_sector_km=28, market=county).refusal is None
        assert reason(judged(nearest_km=31, in_sector_km=31, market=county)) == "outside_market"

    def test_another_sectors_corner_contradicts_the_coordinates(self) -> None:
        judgement = judged(in_sector_km=9.0)
        assert reason(judgement) == "contradictory_location"
        assert judgement.refusal is not None
        assert "the nearest sale in sector 'Ñuñoa' is 9 km away" in judgement.refusal.explanation

    def test_just_across_the_border_is_valued_and_named(self) -> None:
        judgement = judged(in_sector_km=3.0)
        assert judgement.refusal is None
        assert judgement.limiting_factors == ("sector_mismatch",)

    def test_two_sales_do_not_show_how_large_their_sector_is(self) -> None:
        rural = replace(FLAT, sector="Pirque")
        assert judged(rural, in_sector_km=3.5).limiting_factors == ("few_sales_in_sector",)
        assert reason(judged(rural, in_sector_km=11)) == "contradictory_location"


class TestNames:
    def test_an_unknown_type_and_sector_are_valued_and_named(self) -> None:
        judgement = judged(replace(FLAT, type="Loft", sector="Atlantis"), in_sector_km=None)
        assert judgement.refusal is None
        assert judgement.limiting_factors == ("unknown_type", "unknown_sector")
        assert judgement.warnings[1].startswith("sector 'Atlantis' is not among the sales that the model knows")

    def test_a_callers_own_text_is_shown_safely(self) -> None:
        for text in ("\x1b[2J\nforged line" * 100, "\u202eevil" * 9, "x" * 100_000, "\ud800 lone"):
            judgement = judged(replace(FLAT, type=text, sector=text), in_sector_km=None)
            for sentence in judgement.warnings:
                assert sentence.isprintable()
                assert len(sentence) < 500


DISTANCE = st.floats(0, 30_000)
HOMES = st.builds(
    Property,
    type=st.sampled_from(["casa", "loft"]),
    sector=st.sampled_from(["Ñuñoa", "Pirque", "Atlantis"]),
    net_usable_area=st.floats(5e-324, 1e9),
    net_area=st.floats(5e-324, 1e9),
    n_rooms=st.floats(0, 1e6),
    n_bathroom=st.floats(0, 1e6),
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
)


class TestLaws:
    @settings(max_examples=40)
    @given(HOMES, DISTANCE, DISTANCE, st.floats(0, 1000), st.floats(0, 1000))
    def test_moving_farther_away_never_makes_a_refused_home_acceptable(
        self, home: Property, nearest: float, detour: float, farther: float, farther_in_sector: float
    ) -> None:
        here = CITY.judge(home, nearest, nearest + detour)
        there = CITY.judge(home, nearest + farther, nearest + detour + farther_in_sector)
        assert here.refusal is None or there.refusal is not None
        assert set(here.limiting_factors) <= set(there.limiting_factors)

    @settings(max_examples=40)
    @given(HOMES, st.floats(1, 100))
    def test_a_larger_palace_never_becomes_acceptable(self, home: Property, times: float) -> None:
        area = min(max(home.net_usable_area, 401) * times, 1e9)
        larger = replace(home, net_usable_area=area)
        smaller = replace(home, net_usable_area=max(home.net_usable_area, 401))
        if CITY.judge(smaller, 0, 0).refusal:
            assert CITY.judge(larger, 0, 0).refusal
        assert CITY.judge(larger, 0, 0).extrapolation >= CITY.judge(smaller, 0, 0).extrapolation >= 0

    @settings(max_examples=40)
    @given(HOMES, DISTANCE, DISTANCE | st.none())
    def test_factors_are_named_once_each_with_a_sentence(
        self, home: Property, nearest: float, in_sector: float | None
    ) -> None:
        judgement = CITY.judge(home, nearest, in_sector)
        assert len(set(judgement.limiting_factors)) == len(judgement.limiting_factors) == len(judgement.warnings)
        assert judgement.refusal is None or judgement.limiting_factors


def test_great_circles_are_known_distances() -> None:
    assert great_circle_km(0, 179.5, 0, -179.5) == pytest.approx(111.195, rel=1e-4)
    assert great_circle_km(90, 0, 90, 120) == pytest.approx(0, abs=1e-9)
    assert great_circle_km(90, 0, -90, 0) == pytest.approx(20015.1, rel=1e-4)
    assert great_circle_km(-33.4489, -70.6693, 40.4168, -3.7038) == pytest.approx(10700, rel=0.01)


class TestFurtherFeatures:
    market = replace(
        CITY,
        extra_ranges={"year_built": SeenRange(1900.0, 2020.0)},
        extra_categories={"heating": ("gas", "wood")},
    )

    def judged(self, **extras: float | str | None) -> MarketJudgement:
        return judged(replace(FLAT, extras=extras), market=self.market)

    def test_what_was_seen_or_is_not_known_limits_nothing(self) -> None:
        assert self.judged().limiting_factors == ()
        assert self.judged(year_built=1990.0, heating=" GAS").limiting_factors == ()
        assert self.judged(year_built=None, heating=None).limiting_factors == ()

    def test_a_number_beyond_what_was_seen_limits_and_widens(self) -> None:
        found = self.judged(year_built=2026.0)
        assert found.refusal is None
        assert found.limiting_factors == ("beyond_seen_year_built",)
        assert found.extrapolation == pytest.approx(6 / 120)

    @pytest.mark.parametrize("year", [3000.0, 1e308, -5.0])
    def test_a_number_far_beyond_is_refused(self, year: float) -> None:
        assert reason(self.judged(year_built=year)) == "implausible_property"

    def test_a_category_that_no_sale_had_limits(self) -> None:
        assert self.judged(heating="lava").limiting_factors == ("unknown_heating",)
