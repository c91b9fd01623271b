"""The boosted recipe: served as it was fitted, blind to a sale's own price, and never cheaper for more space."""

import math
import subprocess
import sys
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from adapters.model_repositories.joblib_folder import JoblibModelRepository
from adapters.model_repositories.signatures import SigningKeys
from adapters.valuation_models.boosted import BoostedRecipe
from adapters.valuation_models.geography import Plane
from adapters.valuation_models.neighbourhood import Neighbourhood
from adapters.valuation_models.recipes import Fitted
from adapters.valuation_models.target_statistics import encoded, encoded_together, out_of_part
from adapters.valuation_models.trainer import RecipeTrainer
from application.ports.model_trainer import Extras, TrainedModel, ValuationModel
from application.value_property import ValuationRequest, ValueProperty
from domain.model_version import FeatureSchema
from domain.property import TEXT_FIELDS, Property
from domain.ratio_study import Vector
from tests.contracts.test_model_trainer import EXTRAS, NO_EXTRAS, checked, homes, stored, with_extras
from tests.fakes.asked_portfolios import answers_to
from tests.fakes.models import ANYWHERE, a_card, a_trained_model
from tests.fakes.sales import some_sales
from tests.trained_folder import few_trees
from tests.unit.test_value_property import EQUITY, MANY_ERRORS, RISING, figures, serving

REPOSITORY = Path(__file__).parents[2]
TRAINER = RecipeTrainer()
SALES = checked(with_extras(some_sales(300, dated=True)), EXTRAS)
OTHERS = checked(with_extras(some_sales(200, seed=8)), EXTRAS)
AREAS = np.geomspace(4, 800, 16)


def features_of(sales: pd.DataFrame, extras: Extras) -> FeatureSchema:
    types, sectors = (tuple(sorted(sales[name].unique())) for name in TEXT_FIELDS)
    return FeatureSchema(extras.numeric, extras.categorical, types, sectors)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    """The recipe, fitted to 300 sales with further features of which some are unknown."""
    return BoostedRecipe().fit(SALES, features_of(SALES, EXTRAS), seed=1)


@pytest.fixture(scope="module")
def trained(fitted: Fitted) -> TrainedModel:
    """A whole model around it, with an equity calibration and a market index."""
    values = fitted.model.value_table(SALES)
    return a_trained_model(
        model=fitted.model,
        log_ratios=MANY_ERRORS,
        spread=TRAINER.fit_spread(SALES, np.log(SALES["price"] / values).to_numpy(), values, fitted.model.features, 0),
        index=RISING,
        equity=EQUITY,
        extent=ANYWHERE,
        comparables=TRAINER.comparables(SALES, fitted.model.features),
    )


@pytest.fixture(scope="module")
def service(trained: TrainedModel) -> ValueProperty:
    parts = {name: getattr(trained, name) for name in TrainedModel.__slots__}
    return serving(trained.model.features, **parts)


class TestWhatIsServed:
    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"type": "castle"},
            {"sector": "atlantis", "type": "castle"},
            {"year_built": np.nan},
            {"heating": None},
            {"year_built": np.nan, "heating": "volcano", "sector": "atlantis"},
            {"latitude": -33.9, "longitude": -71.5},
            {"n_rooms": 0.0, "n_bathroom": 0.0},
            {"n_rooms": 1e6, "net_usable_area": 1e9, "net_area": 1e9},
        ],
    )
    def test_equals_what_the_libraries_say(self, fitted: Fitted, change: dict[str, Any]) -> None:
        other = OTHERS.assign(**change)
        np.testing.assert_allclose(fitted.model.value_table(other), fitted.predict(other), rtol=1e-9)

    def test_is_the_same_alone_and_among_others_to_the_last_digit(self, fitted: Fitted) -> None:
        some = homes(OTHERS, EXTRAS)
        together = fitted.model.value(some).tolist()
        assert [fitted.model.value([home])[0] for home in some] == together
        assert fitted.model.value_table(OTHERS).tolist() == together

    def test_answers_a_portfolio_as_it_answers_each_home(self, service: ValueProperty) -> None:
        strange = OTHERS.head(40).assign(sector="atlantis", heating="volcano", latitude=-33.9)
        cells = pd.concat([OTHERS, strange, OTHERS.assign(year_built=np.nan)]).drop(columns="price")
        cells["valuation_date"] = np.datetime64("2022-03-04") + np.arange(len(cells)) * np.timedelta64(9, "D")
        answers, _ = answers_to(cells.reset_index(drop=True), service.served.current())
        days = [day.date() for day in cells["valuation_date"]]
        for row, home, day in zip(answers.to_dict("records"), homes(cells, EXTRAS), days, strict=True):
            [alone] = service([ValuationRequest(home, valuation_date=day)], 0.9)
            assert (row["value_low"], row["value"], row["value_high"], row["fsd"]) == figures(alone)

    def test_does_not_depend_on_the_order_of_the_sales(self) -> None:
        table = with_extras(some_sales(40))
        shuffled = table.sample(frac=1, random_state=4)
        with few_trees():
            one, other = (TRAINER.fit(checked(sales, EXTRAS), "boosted", EXTRAS, 3) for sales in (table, shuffled))
        assert stored(one) == stored(other)

    def test_loads_and_values_without_the_libraries_of_training(self, trained: TrainedModel, tmp_path: Path) -> None:
        keys = SigningKeys(tmp_path / "key.pem")
        JoblibModelRepository(tmp_path / "models", keys).store(trained, a_card(features=trained.model.features))
        value = trained.model.value(homes(OTHERS.head(1), EXTRAS))[0]
        script = f"""
import sys
from datetime import date
from pathlib import Path
from adapters.model_repositories.joblib_folder import JoblibModelRepository
from adapters.model_repositories.signatures import SigningKeys
from application.doubts import doubts_about
from domain.property import Property
folder = Path(sys.argv[1])
trained = JoblibModelRepository(folder / "models", SigningKeys(folder / "key.pem")).load("v1")
home = {homes(OTHERS.head(1), EXTRAS)[0]!r}
values = trained.model.value([home])
trained.model.explain(home)
trained.spread.spreads([home], values)
doubts_about(trained, [home], [None])
[sale] = trained.comparables.similar(home, 1, as_of=date(2026, 11, 22))
trained.model.difference(home, sale.sale.property)
heavy = {{"sklearn", "pandas", "category_encoders", "lightgbm"}} & set(sys.modules)
print(repr(float(values[0])), *heavy)
"""
        script = script.replace("nan", "None")
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script, str(tmp_path)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stderr, done.stdout) == ("", f"{float(value)!r}\n")


ALONE = np.arange(len(SALES))


class TestASalesOwnPrice:
    table = {name: SALES[name].to_numpy() for name in SALES.columns if name in {*TEXT_FIELDS, "price"}} | {
        name: SALES[name].to_numpy(dtype=float)
        for name in ("net_usable_area", "net_area", "n_rooms", "n_bathroom", "latitude", "longitude")
    }
    log_prices = np.log(SALES["price"].to_numpy())

    def columns(self, log_prices: Vector, seed: int, homes: NDArray[np.int64] = ALONE) -> list[list[float]]:
        plane = Plane.around(self.table)
        found = out_of_part(
            lambda some, prices: [
                encoded("sector", some, prices),
                encoded_together(TEXT_FIELDS, some, prices),
                Neighbourhood.of(some, prices, plane),
            ],
            self.table,
            log_prices,
            homes,
            seed,
        )
        rows: list[list[float]] = found.tolist()
        return rows

    @settings(max_examples=15)
    @given(st.integers(0, len(SALES) - 1), st.floats(-3, 3), st.integers(0, 5))
    def test_moves_none_of_its_columns(self, row: int, change: float, seed: int) -> None:
        changed = self.log_prices.copy()
        changed[row] += change
        assert self.columns(changed, seed)[row] == self.columns(self.log_prices, seed)[row]

    def test_nor_does_the_price_of_another_sale_of_the_same_home(self) -> None:
        homes = ALONE // 2  # each home was sold twice
        changed = self.log_prices.copy()
        changed[7] += 1.0
        assert self.columns(changed, 0, homes)[6] == self.columns(self.log_prices, 0, homes)[6]

    def test_moves_those_of_the_sales_around_it(self) -> None:
        changed = self.log_prices.copy()
        changed[0] += 1.0
        assert self.columns(changed, 0) != self.columns(self.log_prices, 0)

    def test_moves_not_the_columns_of_few_sales_either(self) -> None:
        few = {name: column[:3] for name, column in self.table.items()}

        def column(log_prices: Vector) -> list[float]:
            alone = np.arange(3)
            found = out_of_part(lambda some, prices: [encoded("sector", some, prices)], few, log_prices, alone, 0)
            first: list[float] = found[:, 0].tolist()
            return first

        before, after = column(self.log_prices[:3]), column(self.log_prices[:3] + np.array([5.0, 0, 0]))
        assert before[0] == after[0]
        assert before[1] != after[1]


def never_falls(model: ValuationModel, sales: pd.DataFrame) -> bool:
    """Whether no home of `sales` is worth less with more usable area, over every pair of neighbouring areas."""
    every = sales.loc[sales.index.repeat(len(AREAS))].assign(net_usable_area=np.tile(AREAS, len(sales)))
    values = model.value_table(every).reshape(len(sales), len(AREAS))
    return bool((np.diff(values, axis=1) >= -1e-12 * values[:, 1:]).all())


class TestMoreSpace:
    @pytest.mark.parametrize(("count", "seed"), [(30, 0), (300, 2)])
    def test_never_lowers_the_value(self, count: int, seed: int) -> None:
        model = TRAINER.fit(checked(some_sales(count, seed=seed)), "boosted", NO_EXTRAS, seed)
        assert never_falls(model, OTHERS)

    def test_never_lowers_it_where_the_market_pays_less_for_it(self) -> None:
        """In these sales a larger home is a cheaper one."""
        sales = checked(some_sales(60)).assign(price=lambda sales: (1e7 / sales["net_usable_area"]).round())
        assert never_falls(TRAINER.fit(sales, "boosted", NO_EXTRAS, 0), OTHERS)

    def test_never_lowers_it_with_further_features(self, fitted: Fitted) -> None:
        assert never_falls(fitted.model, OTHERS)
        assert never_falls(fitted.model, OTHERS.assign(year_built=np.nan, heating=None, sector="atlantis"))

    def test_never_lowers_what_a_caller_is_told(self, service: ValueProperty) -> None:
        for home in homes(OTHERS.head(25), EXTRAS):
            larger = [replace(home, net_usable_area=float(area)) for area in AREAS]
            told = [valuation.value for valuation in service([ValuationRequest(each) for each in larger])]
            values = [value for value in told if value is not None]
            assert len(values) > 10
            assert all(after >= before * (1 - 1e-12) for before, after in pairwise(values))


NAMES = st.sampled_from(["departamento", "Casa", "castle"]), st.sampled_from(["Ñuñoa", "Las Condes", "Atlantis"])
any_home = st.builds(
    Property,
    type=NAMES[0],
    sector=NAMES[1],
    net_usable_area=st.floats(10, 400),
    net_area=st.floats(200, 900),
    n_rooms=st.integers(0, 8).map(float),
    n_bathroom=st.integers(0, 5).map(float),
    latitude=st.floats(-33.5, -33.38),
    longitude=st.floats(-70.63, -70.53),
    extras=st.fixed_dictionaries(
        {"year_built": st.none() | st.integers(1930, 2030), "heating": st.sampled_from([None, "gas", "volcano"])}
    ),
)


class TestWhy:
    @settings(max_examples=20)
    @given(any_home, any_home)
    def test_effects_add_up_to_the_value_and_steps_to_the_difference(
        self, fitted: Fitted, home: Property, other: Property
    ) -> None:
        value, baseline = np.log(fitted.model.value([home, other])).tolist()
        why = fitted.model.explain(home)
        assert math.fsum([why.base, *why.effects.values()]) == pytest.approx(value, abs=1e-9)
        steps = fitted.model.difference(home, other)
        assert math.fsum(steps.values()) == pytest.approx(value - baseline, abs=1e-9)
        assert steps.keys() == why.effects.keys()

    @settings(max_examples=10)
    @given(any_home, st.floats(10, 400))
    def test_fields_that_are_alike_bring_nothing(self, fitted: Fitted, home: Property, area: float) -> None:
        steps = fitted.model.difference(replace(home, net_usable_area=area), home)
        assert {name for name, step in steps.items() if step != 0} <= {"net_usable_area"}

    @settings(max_examples=15)
    @given(any_home, st.dates(RISING.first_day, RISING.last_day))
    def test_a_comparables_value_adjusted_is_the_homes_and_its_price_moves_as_far(
        self, service: ValueProperty, home: Property, day: date
    ) -> None:
        request = ValuationRequest(home, valuation_date=day)
        [valuation] = service([request], explain=True, comparables=3)
        if valuation.refusal:
            return
        assert valuation.value is not None
        assert valuation.explanation is not None
        assert valuation.comparables
        amounts = [contribution.effect for contribution in valuation.explanation.contributions]
        assert math.fsum([valuation.explanation.base_value, *amounts]) == pytest.approx(valuation.value, rel=1e-9)
        for comparable in valuation.comparables:
            steps = list(comparable.adjustments.values())
            assert math.fsum([comparable.predicted_value, *steps]) == pytest.approx(valuation.value, rel=1e-9)
            assert math.fsum([comparable.similar.sale.price, *steps]) == comparable.adjusted_price


FEW = some_sales(30)
POOR: dict[str, pd.DataFrame] = {
    "two sales": some_sales(2),
    "ten sales": some_sales(10),
    "one sector and type": FEW.assign(sector="one", type="one"),
    "equal prices": FEW.assign(price=100.0),
    "all at one point": FEW.assign(latitude=-33.0, longitude=-70.0),
    "constant columns": FEW.assign(net_usable_area=70.0, net_area=80.0, n_rooms=3.0, n_bathroom=1.0, year_built=1990.0),
    "missing extras": with_extras(some_sales(40)).assign(
        year_built=lambda sales: sales["year_built"].where(sales.index % 10 > 2)
    ),
    "no extra known at all": FEW.assign(year_built=np.nan),
    "a sector seen once": FEW.assign(sector=["alone", *FEW["sector"][1:]]),
    "a sector each": FEW.assign(sector=[f"sector {number}" for number in range(30)]),
    "six orders of magnitude": FEW.assign(price=np.geomspace(1, 1e6, 30)),
}


@pytest.mark.parametrize("poor", POOR)
def test_poor_sales_still_give_a_model_of_positive_values(poor: str) -> None:
    columns = POOR[poor].columns
    extras = Extras(("year_built",) if "year_built" in columns else (), ("heating",) if "heating" in columns else ())
    sales = checked(POOR[poor], extras)
    with few_trees():
        model = TRAINER.fit(sales, "boosted", extras, seed=2**32 - 1)
    for some in (sales, OTHERS, OTHERS.assign(sector="atlantis", year_built=np.nan, heating=None)):
        values = model.value_table(some)
        assert ((values > 0) & np.isfinite(values)).all()
    assert model.explain(homes(OTHERS.head(1), EXTRAS)[0]).effects
