"""The recipes: what is fitted, with the libraries' own estimators, and how it is turned into a CompiledModel.

A recipe sees the features of a sale and its price as the target; no recipe has a column made of the price of the row
that it values.
"""

import warnings
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from category_encoders import TargetEncoder as PlainTargetEncoder
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from threadpoolctl import threadpool_limits

from adapters.valuation_models.columns import (
    Columns,
    Derived,
    Encoded,
    Number,
    Vector,
    area_per_bathroom,
    area_per_room,
    matrix_of,
    usable_share,
)
from adapters.valuation_models.compiled import CompiledModel, table_of
from adapters.valuation_models.geography import RotatedCoordinates
from adapters.valuation_models.trees import TreeEnsemble, tree_of_histogram_boosting, tree_of_scikit_learn
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, PROPERTY_FIELDS, TEXT_FIELDS

COORDINATES = ("latitude", "longitude")
_ENCODING_FOLDS = 10
_FEWEST_SALES_FOR_THREADS = 50_000
AREAS_AND_COUNTS = tuple(name for name in NUMBER_FIELDS if name not in COORDINATES)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted pipeline as the libraries see it, and the same model compiled.

    `predict` values a checked sales table by the libraries' own code, shape (n,): what the compiled model must equal.
    """

    pipeline: Any
    model: CompiledModel
    prepare: Any

    def predict(self, sales: pd.DataFrame) -> Vector:
        """The pipeline's own values."""
        with _quiet_category_encoders():
            figure = np.asarray(self.pipeline.predict(self.prepare(sales)))
        return np.exp(figure) if self.model.log_price else figure


class Recipe(Protocol):
    """A way to learn from sales."""

    @property
    @abstractmethod
    def takes_extras(self) -> bool:
        """Whether the further features of `data_source.extra` join."""

    @abstractmethod
    def fit(self, sales: pd.DataFrame, features: FeatureSchema, seed: int) -> Fitted:
        """Fits to checked sales: features, and the column `price` as the target."""


class NotebookRecipe(Recipe):
    """The original notebook: target-encoded type and sector, gradient boosting of the absolute error."""

    takes_extras = False

    def fit(self, sales: pd.DataFrame, features: FeatureSchema, seed: int) -> Fitted:
        """Fits category-encoders' TargetEncoder and scikit-learn's GradientBoostingRegressor."""
        prepare = _plain_features
        pipeline = Pipeline(
            [
                (
                    "encode",
                    ColumnTransformer([("target", PlainTargetEncoder(), list(TEXT_FIELDS))], remainder="passthrough"),
                ),
                (
                    "learn",
                    GradientBoostingRegressor(
                        learning_rate=0.01, n_estimators=300, max_depth=5, loss="absolute_error", random_state=seed
                    ),
                ),
            ]
        )
        with _quiet_category_encoders():
            pipeline.fit(prepare(sales), sales["price"].to_numpy())
        encoder = pipeline["encode"].named_transformers_["target"]
        learner = pipeline["learn"]
        columns: list[Columns] = [
            *_codes_of_plain_encoder(encoder, prepare(sales)),
            *(Number(name) for name in NUMBER_FIELDS),
        ]
        trees = [tree_of_scikit_learn(stage[0].tree_, learner.learning_rate) for stage in learner.estimators_]
        base = float(np.ravel(learner.init_.constant_)[0])
        ensemble = TreeEnsemble.of(trees, base, single_precision=True)
        return Fitted(pipeline, CompiledModel(features, columns, ensemble, log_price=False), prepare)


class ForestRecipe(Recipe):
    """The original author's better model: scaled coordinates, one-hot categories, two ratios, a random forest."""

    takes_extras = True

    def fit(self, sales: pd.DataFrame, features: FeatureSchema, seed: int) -> Fitted:
        """Fits scikit-learn's StandardScaler, OneHotEncoder and RandomForestRegressor (100 trees)."""
        categories = [*TEXT_FIELDS, *features.categorical]
        numbers = [*AREAS_AND_COUNTS, "area_per_room", "usable_share", *features.numeric]

        def prepare(homes: pd.DataFrame) -> pd.DataFrame:
            table = table_of(homes, features)
            frame = pd.DataFrame({name: table[name] for name in (*categories, *NUMBER_FIELDS, *features.numeric)})
            return frame.assign(area_per_room=area_per_room(table), usable_share=usable_share(table))

        pipeline = Pipeline(
            [
                (
                    "encode",
                    ColumnTransformer(
                        [
                            ("one_hot", OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories),
                            ("scale", StandardScaler(), list(COORDINATES)),
                            ("keep", "passthrough", numbers),
                        ]
                    ),
                ),
                ("learn", RandomForestRegressor(n_estimators=100, random_state=seed, n_jobs=-1)),
            ]
        )
        pipeline.fit(prepare(sales), sales["price"].to_numpy())
        pipeline["learn"].n_jobs = 1
        one_hot = pipeline["encode"].named_transformers_["one_hot"]
        scaler = pipeline["encode"].named_transformers_["scale"]
        columns: list[Columns] = [
            *(_one_hot(name, known) for name, known in zip(categories, one_hot.categories_, strict=True)),
            *(
                Number(name, float(mean), float(scale))
                for name, mean, scale in zip(COORDINATES, scaler.mean_, scaler.scale_, strict=True)
            ),
            *(Number(name) for name in AREAS_AND_COUNTS),
            Derived(area_per_room),
            Derived(usable_share),
            *(Number(name) for name in features.numeric),
        ]
        share = 1 / len(pipeline["learn"].estimators_)
        trees = [tree_of_scikit_learn(estimator.tree_, share) for estimator in pipeline["learn"].estimators_]
        ensemble = TreeEnsemble.of(trees, 0.0, single_precision=True)
        return Fitted(pipeline, CompiledModel(features, columns, ensemble, log_price=False), prepare)


@dataclass(frozen=True, slots=True)
class BoostedRecipe(Recipe):
    """Histogram gradient boosting of the log price on all features, type and sector target-encoded out of fold.

    `benchmarks/accuracy.py` measures what the ratios of areas and counts and the turned coordinates bring, by leaving
    them out; `docs/decisions/0004-the-boosted-recipe.md` has the figures.
    """

    ratios: bool = True
    turned_coordinates: bool = True

    @property
    def takes_extras(self) -> bool:
        """True."""
        return True

    def fit(self, sales: pd.DataFrame, features: FeatureSchema, seed: int) -> Fitted:
        """Fits scikit-learn's cross-fitting TargetEncoder and HistGradientBoostingRegressor."""
        categories = [*TEXT_FIELDS, *features.categorical]
        numbers: list[Columns] = [Number(name) for name in NUMBER_FIELDS]
        if self.ratios:
            numbers += [Derived(area_per_room), Derived(area_per_bathroom), Derived(usable_share)]
        if self.turned_coordinates:
            numbers += [RotatedCoordinates.around(table_of(sales, features))]
        # A column of which nothing is known here cannot be cut into bins, and has nothing to tell.
        numbers += [Number(name) for name in features.numeric if sales[name].notna().any()]

        def prepare(homes: pd.DataFrame) -> pd.DataFrame:
            table = table_of(homes, features)
            matrix = matrix_of(numbers, table, len(homes))
            named = {name: table[name] for name in categories}
            return pd.DataFrame(named | {f"number_{place}": matrix[:, place] for place in range(matrix.shape[1])})

        folds = KFold(min(_ENCODING_FOLDS, len(sales)), shuffle=True, random_state=seed)
        pipeline = Pipeline(
            [
                (
                    "encode",
                    ColumnTransformer(
                        [("target", TargetEncoder(target_type="continuous", cv=folds), categories)],
                        remainder="passthrough",
                    ),
                ),
                (
                    "learn",
                    HistGradientBoostingRegressor(
                        max_iter=400,
                        learning_rate=0.05,
                        max_leaf_nodes=15,
                        min_samples_leaf=15,
                        l2_regularization=1.0,
                        max_features=0.3,
                        early_stopping=False,
                        random_state=seed,
                    ),
                ),
            ]
        )
        # On few sales, OpenMP's threads spend their time waiting for each other: 1 took a fifth of the time of 2.
        with threadpool_limits(1 if len(sales) < _FEWEST_SALES_FOR_THREADS else None):
            pipeline.fit(prepare(sales), np.log(sales["price"].to_numpy()))
        encoder = pipeline["encode"].named_transformers_["target"]
        learner = pipeline["learn"]
        columns: list[Columns] = [*_codes_of_target_encoder(encoder, categories), *numbers]
        trees = [tree_of_histogram_boosting(stage[0].nodes) for stage in learner._predictors]  # noqa: SLF001
        base = float(np.ravel(learner._baseline_prediction)[0])  # noqa: SLF001
        ensemble = TreeEnsemble.of(trees, base, single_precision=False)
        return Fitted(pipeline, CompiledModel(features, columns, ensemble, log_price=True), prepare)


RECIPES: dict[str, Recipe] = {"notebook": NotebookRecipe(), "forest": ForestRecipe(), "boosted": BoostedRecipe()}


@contextmanager
def _quiet_category_encoders() -> Iterator[None]:
    """Hides what category-encoders 2.11 does wrong under pandas 3.1: it sets an option that no longer has an effect."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'future.no_silent_downcasting' is deprecated", DeprecationWarning)
        yield


def _plain_features(homes: pd.DataFrame) -> pd.DataFrame:
    return homes[list(PROPERTY_FIELDS)].astype(dict.fromkeys(TEXT_FIELDS, object))


def _one_hot(name: str, known: Sequence[str]) -> Encoded:
    nothing = (0.0,) * len(known)
    codes = {category: (*nothing[:place], 1.0, *nothing[place + 1 :]) for place, category in enumerate(known)}
    return Encoded(name, codes, nothing)


def _codes_of_target_encoder(encoder: Any, categories: Sequence[str]) -> list[Encoded]:
    """What scikit-learn's TargetEncoder learned of each category; one never seen gets the mean of the target."""
    unknown = (float(encoder.target_mean_),)
    return [
        Encoded(name, {category: (float(code),) for category, code in zip(known, codes, strict=True)}, unknown)
        for name, known, codes in zip(categories, encoder.categories_, encoder.encodings_, strict=True)
    ]


def _codes_of_plain_encoder(encoder: Any, homes: pd.DataFrame) -> list[Encoded]:
    """What category-encoders' TargetEncoder learned, read off by encoding each category and one never seen."""
    encoded = []
    for name in TEXT_FIELDS:
        known = sorted(homes[name].unique())
        probes = pd.DataFrame({other: [homes[other].iloc[0]] * (len(known) + 1) for other in TEXT_FIELDS})
        probes[name] = [*known, "\0 a category that no source can hold"]
        with _quiet_category_encoders():
            *codes, unknown = encoder.transform(probes.astype(object))[name].tolist()
        encoded.append(
            Encoded(name, {category: (code,) for category, code in zip(known, codes, strict=True)}, (unknown,))
        )
    return encoded
