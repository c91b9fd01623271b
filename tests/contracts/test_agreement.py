"""What is served equals what was fitted, of whatever home; and what does not is never published."""

import math
import pickle
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.valuation_models.agreement import TOLERANCE, check_agreement, hostile_homes
from adapters.valuation_models.columns import Columns, Encoded, matrix_of
from adapters.valuation_models.compiled import CompiledModel, table_of
from adapters.valuation_models.kernel import library as kernel
from adapters.valuation_models.kernel.nearest import NearestPoints
from adapters.valuation_models.neighbourhood import NEAREST, RADII_KM, Neighbourhood
from adapters.valuation_models.recipes import Fitted
from adapters.valuation_models.spread import LocalErrors
from adapters.valuation_models.trainer import RECIPES, RecipeTrainer
from adapters.valuation_models.trees import TreeEnsemble
from domain.errors import InstallationIncomplete, ModelDisagreement
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS
from tests.contracts.test_model_trainer import EXTRAS, NO_EXTRAS, checked, with_extras
from tests.fakes.sales import some_sales
from tests.trained_folder import few_trees

CROWDED = some_sales(300, seed=3)
CROWDED.loc[CROWDED.index[:120], ["latitude", "longitude"]] = [-33.45, -70.6]  # a tower
SALES = checked(with_extras(CROWDED), EXTRAS)
UNSEEN = checked(with_extras(some_sales(80, seed=9)), EXTRAS)


def features_of(recipe: str) -> FeatureSchema:
    types, sectors = (tuple(sorted(SALES[name].unique())) for name in TEXT_FIELDS)
    extras = EXTRAS if RECIPES[recipe].takes_extras else NO_EXTRAS
    return FeatureSchema(extras.numeric, extras.categorical, types, sectors)


@pytest.fixture(scope="module", params=sorted(RECIPES))
def fitted(request: pytest.FixtureRequest, boosted: Fitted) -> Fitted:
    if request.param == "boosted":
        return boosted
    with few_trees():
        return RECIPES[request.param].fit(SALES, features_of(request.param), 1)


@pytest.fixture(scope="module")
def boosted() -> Fitted:
    return RECIPES["boosted"].fit(SALES, features_of("boosted"), seed=1)


def test_every_recipe_agrees_on_known_unseen_and_hostile_homes(fitted: Fitted) -> None:
    agreement = check_agreement(fitted, SALES, UNSEEN, seed=0)
    assert agreement.homes > len(SALES) + len(UNSEEN) + 1_000
    assert agreement.furthest < 1e-12 < TOLERANCE


def test_the_kernel_writes_the_columns_that_training_saw_to_the_last_bit(boosted: Fitted) -> None:
    homes = pd.concat([SALES, UNSEEN, *hostile_homes(boosted, SALES, 0)]).reset_index(drop=True)
    features = boosted.model.features
    with np.errstate(all="ignore"):
        table = table_of(homes, features)
        trained = matrix_of(boosted.model.columns, table, len(homes))
    matrices = boosted.model._matrices
    served = matrices.matrix(*matrices.inputs.of_table(table, len(homes)))
    # But for the means over circles, whose weights are exponentials.
    circles = [place for place, name in enumerate(names_of(boosted.model.columns)) if name == "circle"]
    exact = np.setdiff1d(np.arange(trained.shape[1]), circles)
    np.testing.assert_array_equal(served[:, exact], trained[:, exact])
    np.testing.assert_allclose(served[:, circles], trained[:, circles], rtol=1e-14)


def names_of(columns: Sequence[Columns]) -> list[str]:
    """Which columns are means over circles: the last of those of each figure of the neighbourhood."""
    names: list[str] = []
    for column in columns:
        if isinstance(column, Neighbourhood):
            names += 2 * ([*["nearest"] * len(NEAREST), *["circle"] * len(RADII_KM)])
            names += ["other"] * (column.width - 2 * (len(NEAREST) + len(RADII_KM)))
        else:
            names += ["other"] * column.width
    return names


NUMBERS = st.floats(1e-6, 1e9) | st.sampled_from([0.5, 1.0, 80.0, 1e6])


HOMES = st.fixed_dictionaries(
    {
        **{name: st.sampled_from(sorted(SALES[name].unique())) | st.text(max_size=5) for name in TEXT_FIELDS},
        **dict.fromkeys(NUMBER_FIELDS, NUMBERS),
        "latitude": st.floats(-90, 90) | st.sampled_from(SALES["latitude"].tolist()),
        "longitude": st.floats(-180, 180) | st.sampled_from(SALES["longitude"].tolist()),
        **dict.fromkeys(EXTRAS.numeric, st.just(math.nan) | st.floats(-1e9, 1e9)),
        **dict.fromkeys(EXTRAS.categorical, st.none() | st.sampled_from(["gas", "?"])),
    }
)


@settings(max_examples=10, deadline=None)
@given(st.lists(HOMES, min_size=4, max_size=12))
def test_whatever_homes_it_is_asked_about(boosted: Fitted, homes: list[dict[str, Any]]) -> None:
    """Several at a time, since asking the libraries takes as long for one."""
    asked = SALES.head(len(homes)).assign(**{name: [home[name] for home in homes] for name in homes[0]})
    np.testing.assert_allclose(boosted.model.value_table(asked), boosted.predict(asked), rtol=TOLERANCE)


@pytest.mark.parametrize("change", ["a leaf", "a threshold", "a code"])
def test_a_model_that_says_otherwise_is_not_published(boosted: Fitted, change: str) -> None:
    model, trees = boosted.model, boosted.model.trees
    columns = list(model.columns)
    packed, values = trees.packed.copy(), trees.values.copy()
    if change == "a leaf":
        values += 1e-6 / len(trees.roots)
    elif change == "a threshold":
        packed["key"][trees.roots[len(trees.roots) // 2]] += 2**50
    else:
        place, encoded = next((place, each) for place, each in enumerate(columns) if isinstance(each, Encoded))
        columns[place] = replace(encoded, unknown=(99.0,))
    altered = CompiledModel(
        model.features,
        columns,
        TreeEnsemble(trees.roots, packed, values, trees.cover, trees.base),
        log_price=True,
        line=model._line,
    )
    with pytest.raises(ModelDisagreement, match="differs from the fitted pipeline by up to"):
        check_agreement(replace(boosted, model=altered), SALES, UNSEEN, seed=0)


def test_publishing_asks_about_the_holdout_and_folds_do_not_pay_for_it() -> None:
    trainer = RecipeTrainer()
    with few_trees():
        model, agreement = trainer.fit_to_publish(SALES, UNSEEN, "boosted", EXTRAS, 1)
        again = trainer.fit(SALES, "boosted", EXTRAS, 1)
    assert agreement.homes > len(SALES) + len(UNSEEN)
    np.testing.assert_array_equal(model.value_table(UNSEEN), again.value_table(UNSEEN))


def test_a_model_that_values_otherwise_where_it_is_served_is_not_loaded(boosted: Fitted) -> None:
    boosted.model.remember(SALES.head(5))
    stored = pickle.dumps(boosted.model)
    assert pickle.loads(stored).value_table(UNSEEN).tolist() == boosted.model.value_table(UNSEEN).tolist()  # noqa: S301 (our own)
    assert boosted.model._samples
    boosted.model._samples[2][0] *= 1 + 1e-6  # as if another kernel had computed it
    with pytest.raises(ValueError, match="the kernel was built otherwise"):
        pickle.loads(pickle.dumps(boosted.model))  # noqa: S301 (our own)


class TestWhatTheKernelIsNotGiven:
    """It would follow whatever it is given; so Python looks first."""

    @pytest.mark.parametrize(
        "roots",
        [np.array([1], np.int32), np.array([0, 0], np.int32), np.array([], np.int32), np.array([0, 9**6], np.int32)],
    )
    def test_trees_whose_roots_are_not_theirs(self, boosted: Fitted, roots: Any) -> None:
        trees = boosted.model.trees
        with pytest.raises(ValueError, match="refer to what is not there"):
            TreeEnsemble(roots, trees.packed, trees.values, trees.cover, trees.base)

    @pytest.mark.parametrize("child", [-1, 0, 10**6])
    def test_trees_whose_nodes_lead_elsewhere(self, boosted: Fitted, child: int) -> None:
        trees = boosted.model.trees
        packed = trees.packed.copy()
        inner = np.flatnonzero(packed["child"] != np.arange(len(packed)))[3]
        packed["child"][inner] = child
        with pytest.raises(ValueError, match="refer to what is not there"):
            TreeEnsemble(trees.roots, packed, trees.values, trees.cover, trees.base)

    def test_numbers_of_another_kind(self, boosted: Fitted) -> None:
        trees = boosted.model.trees
        others: list[Any] = [trees.values.astype(np.float32), np.repeat(trees.values, 2)[::2]]
        for values in others:
            with pytest.raises(ValueError, match="wants float64 side by side"):
                TreeEnsemble(trees.roots, trees.packed, values, trees.cover, trees.base)

    def test_places_that_are_no_numbers_or_have_other_dimensions(self) -> None:
        points = NearestPoints(np.zeros((20, 2)))
        with pytest.raises(ValueError, match="is no number"):
            points.nearest(np.array([[np.nan, 0.0]]), 5)
        with pytest.raises(ValueError, match="of 2 dimensions"):
            points.nearest(np.zeros((1, 3)), 5)
        for bad in (np.zeros((0, 2)), np.array([[np.inf, 0.0]])):
            with pytest.raises(ValueError, match="no search among"):
                NearestPoints(bad)

    def test_rows_of_other_columns(self, boosted: Fitted) -> None:
        with pytest.raises(ValueError, match="A row has"):
            boosted.model._explainer.contributions(np.zeros(3))
        with pytest.raises(ValueError, match="ask for"):
            boosted.model.trees.predict(np.zeros((1, 3)))

    def test_sales_around_that_are_others(self, boosted: Fitted) -> None:
        around = next(column for column in boosted.model.columns if isinstance(column, Neighbourhood))
        with pytest.raises(ValueError, match="of other sales"):
            replace(around, figures=around.figures[:-1])
        with pytest.raises(ValueError, match="errors of sales"):
            LocalErrors(around.plane, around.points, np.zeros(3))

    def test_a_line_through_other_columns(self, boosted: Fitted) -> None:
        model, line = boosted.model, boosted.model._line
        assert line
        short = replace(line, slopes=line.slopes[:-1])
        with pytest.raises(ValueError, match="not one through"):
            CompiledModel(model.features, model.columns, model.trees, log_price=True, line=short)


def test_a_kernel_of_other_sources_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "sources_digest", lambda: 1)
    kernel.library.cache_clear()
    try:
        with pytest.raises(InstallationIncomplete, match="is of other sources: install Tasador again"):
            kernel.library()
    finally:
        monkeypatch.undo()
        kernel.library.cache_clear()
    assert kernel.library()
