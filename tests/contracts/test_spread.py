"""How far off a value is expected to be: larger where errors were larger, the same alone and among others."""

import pickle
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from adapters.valuation_models import spread as spread_module
from adapters.valuation_models.columns import Matrix, Vector
from adapters.valuation_models.spread import NARROWEST, WIDEST, CompiledSpread, fit_spread, fit_trees
from adapters.valuation_models.trees import TreeEnsemble
from application.ports.model_trainer import SpreadModel
from domain.errors import ModelDisagreement
from domain.model_version import FeatureSchema
from domain.property import Property

FEATURES = FeatureSchema(("year_built",), ("wall",), ("casa", "departamento"), ("centro", "norte", "sur"))


@dataclass(frozen=True)
class Market:
    """Made-up sales: in the south, and among dear homes, values are off by more."""

    sales: pd.DataFrame
    log_errors: Vector
    values: Vector
    true_spreads: Vector


def a_market(count: int, seed: int) -> Market:
    chance = np.random.default_rng(seed)
    latitude = chance.uniform(-33.6, -33.4, count)
    usable = np.exp(chance.normal(4.4, 0.4, count))
    values = 2_000 * usable * np.exp(chance.normal(0, 0.3, count))
    true = np.where(latitude < -33.5, 0.2, 0.08) * np.exp(0.5 * (np.log(values) - np.log(values).mean()))
    year = chance.integers(1920, 2020, count).astype(float)
    year[::7] = np.nan
    sales = pd.DataFrame(
        {
            "type": chance.choice(["casa", "departamento"], count),
            "sector": np.where(latitude < -33.5, "sur", chance.choice(["centro", "norte"], count)),
            "net_usable_area": usable,
            "net_area": usable * chance.uniform(1, 2, count),
            "n_rooms": chance.integers(0, 6, count).astype(float),
            "n_bathroom": chance.integers(1, 4, count).astype(float),
            "latitude": latitude,
            "longitude": chance.uniform(-70.7, -70.5, count),
            "year_built": year,
            "wall": pd.Series(chance.choice(["brick", "wood"], count)).where(chance.random(count) > 0.1),
        }
    )
    return Market(sales, true * chance.normal(0, np.sqrt(np.pi / 2), count), values, true)


def homes_of(sales: pd.DataFrame) -> list[Property]:
    homes = []
    for row in sales.to_dict("records"):
        extras = {name: None if pd.isna(row[name]) else row[name] for name in ("year_built", "wall")}
        fields = {str(name): each for name, each in row.items() if name not in extras}
        homes.append(Property(**fields, extras=extras))
    return homes


def fitted(market: Market, features: FeatureSchema = FEATURES) -> CompiledSpread:
    return fit_spread(market.sales, market.log_errors, market.values, features, seed=0)


@pytest.fixture(scope="module")
def known() -> Market:
    return a_market(2_000, seed=1)


@pytest.fixture(scope="module")
def new() -> Market:
    return a_market(400, seed=2)


@pytest.fixture(scope="module")
def spread(known: Market) -> CompiledSpread:
    return fitted(known)


class TestWhereValuesAreOff:
    def test_it_finds_where_errors_are_large(self, spread: SpreadModel, new: Market) -> None:
        found = spread.spreads_table(new.sales, new.values)
        assert np.corrcoef(np.log(found), np.log(new.true_spreads))[0, 1] > 0.85
        assert np.median(np.abs(np.log(found / new.true_spreads))) < 0.2

    def test_the_value_itself_is_looked_at(self, spread: SpreadModel, new: Market) -> None:
        cheap, dear = (spread.spreads_table(new.sales, factor * new.values) for factor in (0.5, 2.0))
        assert dear.mean() > 1.2 * cheap.mean()

    def test_it_stays_within_sane_bounds_whatever_the_home(self, spread: SpreadModel, known: Market) -> None:
        home = homes_of(known.sales.head(1))[0]
        odd = [
            replace(home, latitude=89.0, longitude=-179.0),
            replace(home, net_usable_area=1e-3, net_area=1e9, n_rooms=1e6),
            replace(home, type="castle", sector="atlantis", extras={}),
        ]
        mean = np.abs(known.log_errors).mean()
        for value in (1e-9, 1e5, 1e300):
            found = spread.spreads(odd, np.full(3, value))
            assert (found >= NARROWEST * mean).all()
            assert (found <= WIDEST * mean).all()

    def test_one_absurd_error_does_not_rule(self, known: Market, spread: SpreadModel) -> None:
        log_errors = known.log_errors.copy()
        log_errors[17] = 14.0
        found = fitted(replace(known, log_errors=log_errors)).spreads_table(known.sales, known.values)
        before = spread.spreads_table(known.sales, known.values)
        assert np.median(np.abs(np.log(found / before))) < 0.15


class TestTheSameForAll:
    def test_homes_and_rows_get_the_same_to_the_last_digit(self, spread: SpreadModel, new: Market) -> None:
        from_rows = spread.spreads_table(new.sales, new.values)
        assert (spread.spreads(homes_of(new.sales), new.values) == from_rows).all()

    def test_a_home_gets_the_same_alone_and_among_others(self, spread: SpreadModel, new: Market) -> None:
        together = spread.spreads_table(new.sales, new.values)
        for place, home in enumerate(homes_of(new.sales.head(40))):
            assert spread.spreads([home], new.values[place : place + 1])[0] == together[place]

    def test_no_homes_get_no_spreads(self, spread: SpreadModel, new: Market) -> None:
        assert spread.spreads([], np.empty(0)).shape == (0,)
        assert spread.spreads_table(new.sales.head(0), np.empty(0)).shape == (0,)

    def test_it_survives_being_stored(self, spread: SpreadModel, new: Market) -> None:
        restored = pickle.loads(pickle.dumps(spread))  # noqa: S301 (its own bytes)
        expected = spread.spreads_table(new.sales, new.values)
        assert (restored.spreads_table(new.sales, new.values) == expected).all()

    def test_the_same_sales_and_seed_give_the_same(self, known: Market, spread: SpreadModel, new: Market) -> None:
        again = fitted(known).spreads_table(new.sales, new.values)
        assert (again == spread.spreads_table(new.sales, new.values)).all()


class TestFewAndOddSales:
    @pytest.mark.parametrize("count", [1, 2, 20, 299])
    def test_few_sales_give_their_mean_error_everywhere(self, count: int, new: Market) -> None:
        market = a_market(count, seed=3)
        found = fitted(market).spreads_table(new.sales, new.values)
        assert found == pytest.approx(np.abs(market.log_errors).mean())

    def test_a_model_that_is_never_wrong_still_has_a_spread(self, known: Market, new: Market) -> None:
        found = fitted(replace(known, log_errors=np.zeros(2_000))).spreads_table(new.sales, new.values)
        assert (found > 0).all()
        assert found.max() < 1e-5

    def test_equal_errors_give_equal_spreads(self, known: Market, new: Market) -> None:
        found = fitted(replace(known, log_errors=np.full(2_000, 0.1))).spreads_table(new.sales, new.values)
        assert found == pytest.approx(0.1, rel=1e-6)

    def test_all_at_one_point_and_alike(self, new: Market) -> None:
        market = a_market(400, seed=4)
        alike = market.sales.iloc[np.ones(400, dtype=int)].assign(year_built=np.nan, wall=None)
        found = fitted(replace(market, sales=alike)).spreads_table(new.sales, new.values)
        assert np.isfinite(found).all()
        assert (found > 0).all()

    def test_without_further_features(self, known: Market, new: Market) -> None:
        bare = replace(FEATURES, numeric=(), categorical=())
        found = fitted(known, bare).spreads_table(new.sales, new.values)
        assert np.corrcoef(np.log(found), np.log(new.true_spreads))[0, 1] > 0.85


class TestTrees:
    def test_they_say_what_scikit_learn_says(self) -> None:
        chance = np.random.default_rng(0)
        matrix = chance.normal(size=(600, 4))
        matrix[::9, 2] = np.nan
        off = np.exp(matrix[:, 0]) * chance.gamma(1, 1, 600) + 1e-3
        learner, trees = fit_trees(matrix, off, seed=0)
        assert np.exp(trees.predict(matrix)) == pytest.approx(learner.predict(matrix), rel=1e-9)


class TestServing:
    def test_it_needs_neither_scikit_learn_nor_pandas(self, spread: SpreadModel, new: Market, tmp_path: Path) -> None:
        stored = tmp_path / "spread.pickle"
        stored.write_bytes(pickle.dumps((spread, homes_of(new.sales.head(3)), new.values[:3])))
        program = (
            "import pickle, sys\n"
            f"spread, homes, values = pickle.load(open({str(stored)!r}, 'rb'))\n"
            "assert spread.spreads(homes, values).shape == (3,)\n"
            "assert not {'sklearn', 'pandas', 'category_encoders'} & set(sys.modules), sorted(sys.modules)\n"
        )
        subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


def test_errors_that_are_expected_otherwise_than_they_were_fitted_are_not_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fit_and_alter(matrix: Matrix, off: Vector, seed: int) -> tuple[Any, TreeEnsemble]:
        learner, trees = fit_trees(matrix, off, seed)
        return learner, TreeEnsemble(trees.roots, trees.packed, trees.values + 1e-6, trees.cover, trees.base)

    market = a_market(400, seed=5)
    monkeypatch.setattr(spread_module, "fit_trees", fit_and_alter)
    with pytest.raises(ModelDisagreement, match="model of errors differs from the fitted one"):
        fit_spread(market.sales, market.log_errors, market.values, FEATURES, 0)
