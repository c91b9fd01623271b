"""What the homes that a model learned from look like, to be kept with it."""

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from application.appraisal import homes_of
from application.doubts import doubts_about
from application.ports.model_trainer import ComparableSales, TrainedModel
from application.sales.homes import home_numbers
from domain.market_reference import CategoryReference, JudgedHomes, MarketReference, NumberReference
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS, normalised
from domain.ratio_study import Vector

if TYPE_CHECKING:
    import pandas as pd


def describe_reference(
    trained: TrainedModel, train: "pd.DataFrame", values: Vector, unseen: "pd.DataFrame"
) -> MarketReference:
    """The reference of checked sales that a model learned from, with their out-of-fold values, shape (n,).

    A home that was sold several times counts once. `unseen` are sales to be judged as callers' homes would be; those of
    homes that the model knows are left out.
    """
    one_each = np.unique(home_numbers(train), return_index=True)[1]
    homes, features = train.iloc[one_each], trained.model.features
    return MarketReference(
        homes=len(homes),
        numbers={name: _numbers(homes[name]) for name in (*NUMBER_FIELDS, *features.numeric)},
        categories={name: _categories(homes[name]) for name in (*TEXT_FIELDS, *features.categorical)},
        log_values=NumberReference.of(np.log(values[one_each]).tolist()),
        judged=_judged(trained, trained.comparables, features, unseen),
    )


def _numbers(column: "pd.Series") -> NumberReference:
    return NumberReference.of(None if math.isnan(number) else number for number in column.astype(float).tolist())


def _categories(column: "pd.Series") -> CategoryReference:
    given = column.notna().tolist()
    return CategoryReference.of(
        normalised(str(name)) if known else None for name, known in zip(column.tolist(), given, strict=True)
    )


def _judged(
    trained: TrainedModel, known: ComparableSales, features: FeatureSchema, unseen: "pd.DataFrame"
) -> JudgedHomes:
    if not len(unseen):
        return JudgedHomes()
    strangers = unseen[~known.known_homes(unseen)]
    strangers = (
        strangers.iloc[np.unique(home_numbers(strangers), return_index=True)[1]] if len(strangers) else strangers
    )
    homes = list(homes_of(strangers, features))
    judgements = [doubts.judgement for doubts in doubts_about(trained, homes, [None] * len(homes))] if homes else []
    return JudgedHomes(
        homes=len(homes),
        refused=dict(Counter(each.refusal.reason for each in judgements if each.refusal)),
        limited=dict(Counter(factor for each in judgements for factor in each.limiting_factors)),
        limited_homes=sum(bool(each.refusal or each.limiting_factors) for each in judgements),
    )
