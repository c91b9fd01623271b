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
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from adapters.valuation_models.columns import (
    COORDINATES,
    Columns,
    Derived,
    Encoded,
    Number,
    Vector,
    area_per_room,
    usable_share,
)
from adapters.valuation_models.compiled import CompiledModel, table_of
from adapters.valuation_models.trees import TreeEnsemble, tree_of_scikit_learn
from application.ports.model_trainer import UNSEEN_CATEGORY
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, PROPERTY_FIELDS, TEXT_FIELDS

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
            figure: Vector = np.asarray(self.pipeline.predict(self.prepare(sales)))
        return np.exp(figure) if self.model.log_price else np.maximum(figure, self.model.lowest)


class Recipe(Protocol):
    """A way to learn from sales."""

    @property
    @abstractmethod
    def takes_extras(self) -> bool:
        """Whether the further features of `data_source.extra` join."""

    @property
    @abstractmethod
    def follows_time(self) -> bool:
        """Whether it learns from prices that a market index brought to one day."""

    @abstractmethod
    def fit(self, sales: pd.DataFrame, features: FeatureSchema, seed: int) -> Fitted:
        """Fits to checked sales: features, and the column `price` as the target."""


class NotebookRecipe(Recipe):
    """The original notebook: target-encoded type and sector, gradient boosting of the absolute error."""

    takes_extras = False
    follows_time = False

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
        ensemble = TreeEnsemble.of(trees, base)
        lowest = float(sales["price"].min()) / 2
        return Fitted(pipeline, CompiledModel(features, columns, ensemble, log_price=False, lowest=lowest), prepare)


class ForestRecipe(Recipe):
    """The original author's better model: scaled coordinates, one-hot categories, two ratios, a random forest."""

    takes_extras = True
    follows_time = True

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
            Derived(area_per_room, ("net_usable_area", "n_rooms")),
            Derived(usable_share, ("net_usable_area", "net_area")),
            *(Number(name) for name in features.numeric),
        ]
        share = 1 / len(pipeline["learn"].estimators_)
        trees = [tree_of_scikit_learn(estimator.tree_, share) for estimator in pipeline["learn"].estimators_]
        ensemble = TreeEnsemble.of(trees, 0.0)
        return Fitted(pipeline, CompiledModel(features, columns, ensemble, log_price=False), prepare)


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


def _codes_of_plain_encoder(encoder: Any, homes: pd.DataFrame) -> list[Encoded]:
    """What category-encoders' TargetEncoder learned, read off by encoding each category and one never seen."""
    encoded = []
    for name in TEXT_FIELDS:
        known = sorted(homes[name].unique())
        probes = pd.DataFrame({other: [homes[other].iloc[0]] * (len(known) + 1) for other in TEXT_FIELDS})
        probes[name] = [*known, UNSEEN_CATEGORY]
        with _quiet_category_encoders():
            *codes, unknown = encoder.transform(probes.astype(object))[name].tolist()
        encoded.append(
            Encoded(name, {category: (code,) for category, code in zip(known, codes, strict=True)}, (unknown,))
        )
    return encoded
