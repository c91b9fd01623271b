"""What every trainer keeps, and what the recipes of the real one are."""

import io
import warnings
from collections.abc import Callable
from dataclasses import replace

import category_encoders
import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from adapters.valuation_models.trainer import RecipeTrainer
from application.ports.data_source import SourceTable
from application.ports.model_trainer import Extras, ModelTrainer, ValuationModel
from application.sales.layout import SalesLayout
from application.sales.table import check_sales
from domain.errors import UnknownRecipe
from domain.property import NUMBER_FIELDS, NUMBER_RULES, PROPERTY_FIELDS, NumberRule, Property
from domain.ratio_study import error_metrics
from tests.fakes.in_memory_model_trainer import InMemoryModelTrainer
from tests.fakes.sales import some_sales
from tests.trained_folder import few_trees

EXTRAS = Extras(("year_built",), ("heating",))
NO_EXTRAS = Extras()
RECIPES = ("notebook", "forest", "boosted")


def checked(sales: pd.DataFrame, extras: Extras = NO_EXTRAS) -> pd.DataFrame:
    return check_sales(SourceTable(sales.astype(object), "test", "row"), SalesLayout(extras=extras)).usable


def with_extras(sales: pd.DataFrame) -> pd.DataFrame:
    """Sales with a year that matters and a heating that does not, each unknown for some."""
    random = np.random.default_rng(1)
    year = random.integers(1950, 2020, len(sales)).astype(float)
    return sales.assign(
        price=(sales["price"] * np.exp((year - 1985) / 100)).round(),
        year_built=pd.Series(year).where(random.random(len(sales)) > 0.2),
        heating=pd.Series(random.choice(["gas", "wood", ""], len(sales)), dtype=object).replace("", None),
    )


def homes(sales: pd.DataFrame, extras: Extras = NO_EXTRAS) -> list[Property]:
    names = (*extras.numeric, *extras.categorical)
    return [
        replace(
            Property(*(row[name] for name in PROPERTY_FIELDS)),
            extras={name: None if pd.isna(row[name]) else row[name] for name in names},
        )
        for row in sales.to_dict("records")
    ]


def anything_lawful(rule: NumberRule) -> st.SearchStrategy[float]:
    """Any number that a property may have."""
    lowest = rule.at_least if rule.above is None else rule.above
    return st.floats(lowest, rule.at_most, exclude_min=rule.above is not None)


SALES = checked(some_sales(120))
SALES_WITH_EXTRAS = checked(with_extras(some_sales(120)), EXTRAS)


@pytest.fixture(scope="module", params=["fake", "recipes"])
def trainer(request: pytest.FixtureRequest) -> ModelTrainer:
    return InMemoryModelTrainer() if request.param == "fake" else RecipeTrainer()


@pytest.fixture(scope="module")
def fitted(trainer: ModelTrainer) -> Callable[[str], ValuationModel]:
    """Each recipe, fitted once to the sales with extras."""
    with few_trees():
        models = {name: trainer.fit(SALES_WITH_EXTRAS, name, EXTRAS, seed=0) for name in RECIPES}
    return models.__getitem__


def test_the_three_recipes_are_offered(trainer: ModelTrainer) -> None:
    assert trainer.recipes() == RECIPES


def test_an_unknown_recipe_is_refused_with_the_known_ones(trainer: ModelTrainer) -> None:
    with pytest.raises(UnknownRecipe, match=r"'magic'.*notebook, forest, boosted"):
        trainer.fit(SALES, "magic", Extras(), seed=0)


@pytest.mark.parametrize("recipe", RECIPES)
class TestEveryRecipe:
    def test_values_are_positive_and_finite(self, fitted: Callable[[str], ValuationModel], recipe: str) -> None:
        values = fitted(recipe).value_table(SALES_WITH_EXTRAS)
        assert values.shape == (len(SALES_WITH_EXTRAS),)
        assert np.isfinite(values).all()
        assert (values > 0).all()

    def test_a_home_gets_the_same_value_alone_and_among_others(
        self, fitted: Callable[[str], ValuationModel], recipe: str
    ) -> None:
        model = fitted(recipe)
        table = model.value_table(SALES_WITH_EXTRAS)
        together = model.value(homes(SALES_WITH_EXTRAS, EXTRAS))
        alone = [model.value([home])[0] for home in homes(SALES_WITH_EXTRAS.head(40), EXTRAS)]
        assert together.tolist() == table.tolist()
        assert alone == table[:40].tolist()

    def test_no_home_is_no_value(self, fitted: Callable[[str], ValuationModel], recipe: str) -> None:
        assert fitted(recipe).value([]).tolist() == []

    def test_the_price_of_a_row_does_not_move_its_value(
        self, fitted: Callable[[str], ValuationModel], recipe: str
    ) -> None:
        model = fitted(recipe)
        values = model.value_table(SALES_WITH_EXTRAS).tolist()
        assert model.value_table(SALES_WITH_EXTRAS.assign(price=1.0)).tolist() == values
        assert model.value_table(SALES_WITH_EXTRAS.drop(columns="price")).tolist() == values

    def test_unknown_categories_and_missing_extras_are_valued(
        self, fitted: Callable[[str], ValuationModel], recipe: str
    ) -> None:
        home = homes(SALES_WITH_EXTRAS, EXTRAS)[0]
        strange = replace(home, type="castle", sector="atlantis", extras={"heating": "volcano"})
        assert np.isfinite(fitted(recipe).value([strange, replace(home, extras={})])).all()

    def test_the_same_sales_and_seed_give_the_same_model(self, trainer: ModelTrainer, recipe: str) -> None:
        with few_trees():
            first, second = (trainer.fit(SALES, recipe, Extras(), seed=3) for _ in range(2))
        assert first.value_table(SALES).tolist() == second.value_table(SALES).tolist()
        assert stored(first) == stored(second)

    def test_a_model_survives_being_stored(self, fitted: Callable[[str], ValuationModel], recipe: str) -> None:
        model = fitted(recipe)
        again = joblib.load(io.BytesIO(stored(model)))
        assert again.value_table(SALES_WITH_EXTRAS).tolist() == model.value_table(SALES_WITH_EXTRAS).tolist()
        assert again.features == model.features

    def test_it_knows_the_categories_that_it_has_seen(
        self, fitted: Callable[[str], ValuationModel], recipe: str
    ) -> None:
        features = fitted(recipe).features
        assert features.types == ("casa", "departamento")
        assert features.sectors == ("las condes", "nunoa", "puente alto")


def stored(model: ValuationModel) -> bytes:
    file = io.BytesIO()
    joblib.dump(model, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def boosted() -> ValuationModel:
    with few_trees():
        return RecipeTrainer().fit(SALES, "boosted", NO_EXTRAS, seed=0)


class TestTheRealRecipes:
    """What holds for scikit-learn's learners alone."""

    trainer = RecipeTrainer()

    def test_the_notebook_equals_its_pipeline_built_straight_from_the_libraries(self) -> None:
        train, test = SALES.head(40), SALES.tail(30)
        columns = list(PROPERTY_FIELDS)
        pipeline = make_pipeline(
            ColumnTransformer(
                [("target", category_encoders.TargetEncoder(), ["type", "sector"])], remainder="passthrough"
            ),
            GradientBoostingRegressor(
                learning_rate=0.01, n_estimators=300, max_depth=5, loss="absolute_error", random_state=5
            ),
        )
        text = {"type": object, "sector": object}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # category-encoders 2.11 under pandas 3.1
            pipeline.fit(train[columns].astype(text), train["price"])
            expected = pipeline.predict(test[columns].astype(text))
        values = self.trainer.fit(train, "notebook", Extras(), seed=5).value_table(test)
        np.testing.assert_allclose(values, expected, rtol=1e-9)

    def test_the_forest_equals_its_pipeline_built_straight_from_the_libraries(self) -> None:
        train, test = SALES.head(90), SALES.tail(30)

        def features(sales: pd.DataFrame) -> pd.DataFrame:
            return sales[list(PROPERTY_FIELDS)].assign(
                area_per_room=sales["net_usable_area"] / sales["n_rooms"].clip(lower=1),
                usable_share=sales["net_usable_area"] / sales["net_area"],
            )

        pipeline = make_pipeline(
            ColumnTransformer(
                [
                    ("one_hot", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["type", "sector"]),
                    ("scale", StandardScaler(), ["latitude", "longitude"]),
                ],
                remainder="passthrough",
            ),
            RandomForestRegressor(n_estimators=100, random_state=5),
        )
        expected = pipeline.fit(features(train), train["price"]).predict(features(test))
        values = self.trainer.fit(train, "forest", Extras(), seed=5).value_table(test)
        np.testing.assert_allclose(values, expected, rtol=1e-9)

    def test_the_order_of_the_sales_does_not_move_the_notebook(self) -> None:
        shuffled = SALES.sample(frac=1, random_state=2)
        with few_trees():
            values, others = (
                self.trainer.fit(rows, "notebook", Extras(), 0).value_table(SALES) for rows in (SALES, shuffled)
            )
        np.testing.assert_allclose(values, others, rtol=1e-9)

    @pytest.mark.parametrize("recipe", ["forest", "boosted"])
    def test_further_features_are_learned_from(self, recipe: str) -> None:
        train, test = SALES_WITH_EXTRAS.iloc[::2], SALES_WITH_EXTRAS.iloc[1::2]
        with few_trees():
            errors = [
                error_metrics(self.trainer.fit(train, recipe, extras, 0).value_table(test), test["price"]).mae
                for extras in (Extras(), EXTRAS)
            ]
        assert errors[1] < errors[0]

    def test_the_notebook_takes_no_further_features(self) -> None:
        with few_trees():
            model = self.trainer.fit(SALES_WITH_EXTRAS, "notebook", EXTRAS, seed=0)
        assert (model.features.numeric, model.features.categorical) == ((), ())

    @settings(max_examples=50)
    @given(
        numbers=st.tuples(*(anything_lawful(rule) for rule in NUMBER_RULES)),
        texts=st.tuples(st.text(max_size=5), st.text(max_size=5)),
    )
    def test_no_property_however_absurd_gets_an_infinite_value(
        self, boosted: ValuationModel, numbers: tuple[float, ...], texts: tuple[str, str]
    ) -> None:
        table = pd.DataFrame([[*texts, *numbers]], columns=[*PROPERTY_FIELDS]).astype(
            dict.fromkeys(NUMBER_FIELDS, float)
        )
        (value,) = boosted.value_table(table)
        assert 0 < value < np.inf

    @pytest.mark.parametrize("recipe", ["notebook", "forest"])  # the boosted ones: see test_boosted.py
    @pytest.mark.parametrize(
        "poor",
        [
            SALES.head(8),
            SALES.assign(price=100.0),
            SALES.assign(sector="one", type="one"),
            SALES.assign(latitude=-33.0, longitude=-70.0),
            SALES.assign(price=np.geomspace(1, 1e6, len(SALES))),
            SALES.assign(sector=[f"sector {number}" for number in range(len(SALES))]),
        ],
        ids=["8 sales", "equal prices", "one sector", "one place", "six orders of magnitude", "a sector each"],
    )
    def test_poor_sales_still_give_a_model(self, recipe: str, poor: pd.DataFrame) -> None:
        with few_trees():
            values = self.trainer.fit(poor, recipe, Extras(), seed=0).value_table(SALES)
        assert np.isfinite(values).all()
        assert (values > 0).all()

    def test_the_notebook_values_nothing_below_half_of_the_lowest_price_and_explains_that_too(self) -> None:
        """Its trees speak of the price itself: where prices differ a million times, their sum falls below nothing."""
        sales = checked(some_sales(60).assign(price=np.geomspace(1, 1e6, 60)))
        model = self.trainer.fit(sales, "notebook", Extras(), seed=0)
        some = homes(checked(some_sales(500, seed=3)))
        values = model.value(some)
        lowest = [home for home, value in zip(some, values, strict=True) if value == 0.5]
        highest = some[int(np.argmax(values))]
        assert lowest
        for home in (lowest[0], highest):
            (value,) = np.log(model.value([home]))
            why = model.explain(home)
            assert why.base + sum(why.effects.values()) == pytest.approx(value, abs=1e-9)
            steps = model.difference(home, highest)
            assert sum(steps.values()) == pytest.approx(value - np.log(values.max()), abs=1e-9)

    @pytest.mark.parametrize("recipe", ["forest", "boosted"])
    def test_a_further_feature_that_is_never_known_is_no_obstacle(self, recipe: str) -> None:
        sales = SALES.assign(year_built=np.nan)
        with few_trees():
            values = self.trainer.fit(sales, recipe, Extras(("year_built",)), seed=0).value_table(sales)
        assert np.isfinite(values).all()

    def test_the_versions_of_the_libraries_are_told(self) -> None:
        assert {"scikit-learn", "category-encoders", "numpy", "pandas"} <= set(self.trainer.libraries())
