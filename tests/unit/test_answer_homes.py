"""What the homes of a part of a portfolio are worth: what each would be told by itself."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from application.answer_homes import notes_on_day
from application.portfolio_order import FIGURES
from application.value_property import ValuationRequest, ValueProperty
from domain.market_extent import GroundCircle, MarketExtent, SeenRange, Spacing
from domain.market_index import NO_INDEX
from domain.model_version import FeatureSchema
from domain.portfolio_totals import PortfolioTotals
from domain.property import PROPERTY_FIELDS, Property
from entrypoints.http.schemas import told_of
from tests.fakes.asked_portfolios import answers_to
from tests.fakes.models import EXTENT
from tests.unit.test_value_property import EQUITY, RISING, WITH_EXTRAS, serving

DAY = date(2026, 11, 22)
FEATURES = ("year_built", "heating")
ROW = dict(zip(PROPERTY_FIELDS, ("Departamento", "Ñuñoa", 80.0, 90.0, 3.0, 2.0, -33.45, -70.6), strict=True))
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"net_usable_area": 61.7, "valuation_date": date(2021, 5, 5)},
    {"valuation_date": date(2035, 1, 1), "year_built": None},
    {"valuation_date": date(1999, 1, 1), "heating": "volcano"},
    {"sector": "Atlantis", "n_rooms": 33.0},
    {"type": "castle", "heating": None},
    {"net_usable_area": 1_500.0, "net_area": 1_500.0},
    {"net_area": 9_000.0, "year_built": 2100.0},
    {"net_area": 20.0},
    {"latitude": -34.2},
    {"latitude": 33.45},
    {"net_usable_area": 1e6},
    {"year_built": 1e9},
    {"sector": None},
    {"n_bathroom": -1.0},
    {"net_usable_area": 0.5},
    # Of these each is unusual in one way alone to the model of a dense market.
    {"latitude": -33.459},  # 790 m from the nearest sale, and that is of its own sector
    {"latitude": -33.44, "longitude": -70.59},  # among the sales of another sector
    {"latitude": -33.44, "longitude": -70.59, "sector": "Las Condes"},  # of which there are few
    {"latitude": -33.43, "longitude": -70.585, "sector": "Vitacura"},  # which is in the market, not in the model
    {"type": "Parcela"},  # likewise
    {"type": "Casa"},  # which is in the model, not in the market
)


def service(features: FeatureSchema = WITH_EXTRAS, extent: MarketExtent = EXTENT, **parts: Any) -> ValueProperty:
    extent = replace(extent, extra_ranges={"year_built": SeenRange(1900, 2020)}, extra_categories={"heating": ("gas",)})
    return serving(
        features, extent=extent, unknown={"type": 1.5, "sector": 1.7, "year_built": 1.2, "heating": 1.1}, **parts
    )


DENSE = replace(
    EXTENT,
    spacing=Spacing(0.05, 0.1, 0.1),
    types=("departamento", "parcela"),
    sectors={
        name: GroundCircle(-33.45, -70.6, 0.1, sales)
        for name, sales in (("nunoa", 9), ("las condes", 3), ("vitacura", 9))
    },
    usual_sector_km=0.1,
)
SERVICES = (
    service(index=NO_INDEX),
    service(index=RISING, equity=EQUITY, typical_spread=1.3),
    service(log_ratios=(-0.1, 0.1), index=RISING),
    service(replace(WITH_EXTRAS, sectors=("las condes", "nunoa")), DENSE, index=RISING),
)
ENOUGH = SERVICES[1].served.current()


def table(changes: list[dict[str, Any]]) -> pd.DataFrame:
    rows = [{**ROW, "year_built": 1990.0, "heating": "gas", "valuation_date": None, **change} for change in changes]
    return pd.DataFrame(rows, columns=[*PROPERTY_FIELDS, *FEATURES, "valuation_date"], dtype=object)


def alone(service: ValueProperty, cells: Mapping[Any, Any], **how: Any) -> dict[str, Any] | None:
    """What is told over HTTP of the home of these cells; None where it is none."""
    fields = {name: cells[name] for name in PROPERTY_FIELDS}
    if fields["sector"] is None or fields["n_bathroom"] < 0:
        return None
    home = Property(**fields, extras={name: cells[name] for name in FEATURES})
    [valuation] = service([ValuationRequest(home, valuation_date=cells["valuation_date"])], 0.9, **how)
    return told_of(valuation)


def answered(answers: pd.DataFrame) -> list[dict[Any, Any]]:
    return answers.astype(object).where(answers.notna(), None).to_dict("records")


class TestEachRow:
    @settings(max_examples=12)
    @example(SERVICES[0], [*CHANGES])
    @example(SERVICES[1], [*CHANGES])
    @example(SERVICES[2], [*CHANGES])
    @example(SERVICES[3], [*CHANGES])
    @given(st.sampled_from(SERVICES), st.lists(st.sampled_from(CHANGES), min_size=1, max_size=25))
    def test_has_the_answer_that_it_gets_alone_to_the_last_digit(
        self, service: ValueProperty, changes: list[dict[str, Any]]
    ) -> None:
        cells, served = table(changes), service.served.current()
        of_all = notes_on_day(served.description.card, DAY)

        answers, totals = answers_to(cells, served)

        for row, told in zip(cells.to_dict("records"), answered(answers), strict=True):
            single = alone(service, row)
            if single is None:
                assert (told["status"], told["reason"]) == ("refused", "invalid_property")
                assert {told[name] for name in FIGURES} == {None}
                continue
            assert {name: told[name] for name in (*FIGURES, "status", "reason")} == {
                name: single[name] for name in (*FIGURES, "status", "reason")
            }
            warnings = "; ".join(each for each in single["warnings"] if each not in of_all)
            assert told["detail"] == (single["reason_detail"] or warnings or None)
        assert totals.rows == len(changes)
        assert totals.valued == (answers["status"] == "valued").sum()

    @settings(max_examples=12)
    @given(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=6), st.data())
    def test_does_not_depend_on_the_others(self, changes: list[dict[str, Any]], data: st.DataObject) -> None:
        order = data.draw(st.permutations(range(len(changes))))
        cells = table(changes)
        together, _ = answers_to(cells, ENOUGH)
        turned, _ = answers_to(cells.iloc[order].reset_index(drop=True), ENOUGH)
        said = [{**row, "detail": _without_place(row["detail"])} for row in answered(together)]
        assert [{**row, "detail": _without_place(row["detail"])} for row in answered(turned)] == [
            said[place] for place in order
        ]

    def test_tells_why_it_is_refused(self) -> None:
        answers, _ = answers_to(table([{}, {"n_bathroom": -1.0}, {}]), ENOUGH, broken={2: "too few cells"})
        assert answers["detail"].tolist() == [
            None,
            "line 3: n_bathroom is out of range: '-1.0' (must be at least 0)",
            "line 4: row cannot be read: too few cells",
        ]
        assert answers["model_version"].tolist() == ["v1"] * 3

    def test_has_the_explanation_and_the_comparables_of_the_single_home(self) -> None:
        cells = table([{}, {"latitude": 33.45}, {"valuation_date": date(2022, 2, 2)}, {"sector": None}])
        answers, _ = answers_to(cells, ENOUGH, explain=True, comparables=2)
        for place in (0, 2):
            single = alone(SERVICES[1], cells.iloc[place].to_dict(), explain=True, comparables=2)
            assert single is not None
            for name in ("explanation", "comparables"):
                assert json.loads(answers[name][place]) == msgspec.to_builtins(single[name])
        assert answers[["explanation", "comparables"]].iloc[[1, 3]].isna().all(axis=None)


class TestThePart:
    def test_has_the_columns_of_the_order(self) -> None:
        answers, _ = answers_to(table([{}]), ENOUGH, prefix="avm_", explain=True)
        assert answers.columns.tolist() == [
            *(f"avm_{name}" for name in (*FIGURES, "status", "reason", "model_version", "detail", "explanation"))
        ]
        assert answers.dtypes.astype(str).tolist() == ["float64"] * 5 + ["category"] * 3 + ["object"] * 2

    def test_may_have_no_home_at_all(self) -> None:
        for cells in (table([{"sector": None}]), table([{}]).iloc[:0]):
            answers, totals = answers_to(cells, ENOUGH, sample=table([{}]), explain=True, comparables=1)
            assert len(answers) == len(cells) == totals.rows
            assert totals.valued == 0

    def test_says_what_holds_for_every_row_once(self) -> None:
        cells = table([{}, {}]).drop(columns=[*FEATURES])
        later = date(2030, 1, 1)
        answers, _ = answers_to(cells, ENOUGH, day=later)
        assert answers["detail"].tolist() == [None, None]
        [said] = notes_on_day(ENOUGH.description.card, later)
        assert "the level of 2030-01-01 is a guess" in said
        assert (answers["confidence_score"] <= 85).all()

    def test_adds_up(self) -> None:
        answers, totals = answers_to(table([{}, {}, {"sector": None}, {"latitude": 33.45}]), ENOUGH)
        refused = {"invalid_property": 1, "outside_market": 1}
        by_confidence = {_level(answers["confidence_score"][0]): 2}
        assert totals == PortfolioTotals(2, refused, 2 * answers["value"][0], by_confidence)


def _level(score: float) -> str:
    return "high" if score > 85 else "low" if score < 70 else "medium"


def _without_place(detail: str | None) -> str | None:
    return detail and detail.partition(": ")[2] if detail and detail.startswith("line ") else detail
